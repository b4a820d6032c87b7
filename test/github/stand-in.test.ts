import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { octokit, refused, useBench } from "./bench.ts";

const bench = useBench();

describe("the stand-in", () => {
  it("keeps comments, closings and who made them", async () => {
    const { bot, github, repo, where } = bench;
    const { data } = await bot.issues.create({ ...where, title: "A violation" });
    const issue = { ...where, issue_number: data.number };
    await bot.issues.createComment({ ...issue, body: "again" });
    const path = `/repos/${repo}/issues/${data.number}/comments`;
    await github.act("alice", { method: "POST", path, body: { body: "/holdfast help" } });
    const comments = (await bot.issues.listComments(issue)).data;
    expect(comments.map(({ user }) => user?.login)).toEqual(["holdfast[bot]", "alice"]);
    await github.closeIssue(repo, data.number);
    expect(await github.issues(repo)).toMatchObject([{ state: "closed", closed_by: { login: "alice" } }]);
  });

  it("takes check runs, and SARIF only with its own permission", async () => {
    const { bot, github, repo, where, first } = bench;
    const check = { ...where, name: "holdfast", head_sha: first, status: "completed", conclusion: "success" } as const;
    expect((await bot.checks.create(check)).data.conclusion).toBe("success");
    const upload = { ...where, commit_sha: first, ref: "refs/heads/main", sarif: "H4sI" };
    expect((await refused(bot.codeScanning.uploadSarif(upload))).status).toBe(403);
    const actions = octokit(bench, await github.actionsToken(repo));
    expect((await actions.codeScanning.uploadSarif(upload)).status).toBe(202);
    expect(github.sarifs).toHaveLength(1);
  });

  it("says so loudly when it is asked for a write that it has no rule for", async () => {
    const subscription = bench.bot.request("PUT /repos/{owner}/{repo}/subscription", bench.where);
    expect((await refused(subscription)).status).toBe(501);
  });

  it("logs what clients ask and not what the helpers do", async () => {
    const { bot, github, repo, where } = bench;
    await github.commit({ repository: repo, files: { "a.yaml": "a: 1\n" } });
    await bot.issues.create({ ...where, title: "one" });
    await bot.issues.listForRepo({ ...where, state: "all" });
    const path = `/repos/${repo}/issues`;
    expect(github.requests).toMatchObject([
      { method: "POST", path, body: { title: "one" }, as: "holdfast[bot]", status: 201, wrote: true, answered: true },
      { method: "GET", path, query: "?state=all", body: undefined, status: 200, wrote: false },
    ]);
  });

  it("gives a client's environment its addresses and credentials", () => {
    const { github } = bench;
    const addresses = { GITHUB_API_URL: github.url, GITHUB_SERVER_URL: github.url };
    const PRIVATE_KEY: unknown = expect.stringMatching(/^-----BEGIN RSA PRIVATE KEY-----/);
    expect(github.appEnvironment).toMatchObject({ ...addresses, APP_ID: String(github.app.id), PRIVATE_KEY });
    expect(github.tokenEnvironment("ghp_x")).toMatchObject({ ...addresses, GITHUB_TOKEN: "ghp_x" });
  });

  it("delivers webhooks with GitHub's signature", async () => {
    const { github } = bench;
    const seen: unknown[] = [];
    const server = createServer((incoming, outgoing) => {
      const hash = createHmac("sha256", github.webhookSecret);
      incoming.on("data", (chunk: Buffer) => hash.update(chunk));
      incoming.on("end", () => {
        const genuine = incoming.headers["x-hub-signature-256"] === `sha256=${hash.digest("hex")}`;
        seen.push([incoming.headers["x-github-event"], genuine]);
        outgoing.writeHead(204).end();
      });
    });
    const listening = Promise.withResolvers<void>();
    server.listen(0, "127.0.0.1", listening.resolve);
    await listening.promise;
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const delivery = { url, event: "push", payload: { ref: "refs/heads/main" } };
    expect((await github.sendWebhook(delivery)).status).toBe(204);
    await github.sendWebhook({ ...delivery, secret: "guessed" });
    server.close();
    expect(seen).toEqual([
      ["push", true],
      ["push", false],
    ]);
  });
});
