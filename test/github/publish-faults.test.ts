import { describe, expect, it } from "vitest";
import { installationToken, octokit, useBench } from "./bench.ts";
import { deeds, issue, pass, pull, replicas } from "./publishing.ts";

const bench = useBench();
const both = [pull(), issue()];

/** Every write of a first pass. */
const WRITES = [
  ["the tree", /\/git\/trees$/],
  ["the branch", /\/git\/refs$/],
  ["the commit", /^\/graphql$/],
  ["the pull request", /\/pulls$/],
  ["the labels", /\/labels$/],
  ["the issue", /\/issues$/],
] as const;

const FAULTS = [
  ["502 before it happens", { kind: "status", status: 502 }],
  ["the connection cut before it happens", { kind: "drop-before" }],
  ["the connection cut after it happened", { kind: "drop-after" }],
] as const;

async function expectOneOfEach(): Promise<void> {
  const { github, repo } = bench;
  const pulls = await github.pullRequests(repo);
  expect(pulls.map(({ state }) => state)).toEqual(["open"]);
  expect((await github.issues(repo)).map(({ state }) => state)).toEqual(["open"]);
  expect([...(await github.branches(repo)).keys()]).toHaveLength(2);
  const commits = await bench.bot.pulls.listCommits({ ...bench.where, pull_number: pulls[0]?.number ?? 0 });
  expect(commits.data).toHaveLength(1);
}

describe.each(WRITES)("a write of %s", (_what, path) => {
  it.each(FAULTS)("is made exactly once after %s", async (_name, fault) => {
    bench.github.inject({ ...fault, method: "POST", path });
    const published = await pass(bench, both);
    expect(published.faults).toEqual([]);
    await expectOneOfEach();
    bench.github.forgetRequests();
    expect(deeds(await pass(bench, both))).toEqual(["unchanged", "unchanged"]);
    expect(bench.github.writes()).toEqual([]);
  });

  it("that fails for long is a fault, and done by the next pass", async () => {
    bench.github.inject({ kind: "status", status: 502, method: "POST", path, times: 20 });
    const published = await pass(bench, both);
    const labels = path.source.includes("labels");
    expect(published.faults.map(({ code }) => code)).toEqual(labels ? [] : ["forge-failed"]);
    bench.github.clearFaults();
    expect((await pass(bench, both)).faults).toEqual([]);
    await expectOneOfEach();
  });
});

describe("a read", () => {
  it.each([
    ["the repository", /^\/repos\/acme\/[^/]+$/],
    ["the pull requests", /\/pulls$/],
    ["the branch", /\/git\/matching-refs\//],
    ["the issues", /\/issues$/],
  ])("of %s is repeated once it fails", async (_name, path) => {
    bench.github.inject({ kind: "status", status: 503, method: "GET", path });
    expect((await pass(bench, both)).faults).toEqual([]);
    await expectOneOfEach();
  });

  it.each([
    ["the pull requests", /\/pulls$/, "POST /pulls"],
    ["the branch", /\/git\/matching-refs\//, "POST /git/refs"],
    ["the issues", /\/issues$/, "POST /issues"],
  ])("of %s that fails for good creates nothing", async (_name, path, write) => {
    const { github, repo } = bench;
    github.inject({ kind: "status", status: 503, method: "GET", path, times: 50 });
    const published = await pass(bench, both);
    expect(new Set(published.faults.map(({ code }) => code))).toEqual(new Set(["forge-failed"]));
    const made = github.writes().map((one) => `${one.method} ${one.path.replace(`/repos/${repo}`, "")}`);
    expect(made).not.toContain(write);
  });

  it("of a list that lags ends with one of each, the first", async () => {
    const { github, repo } = bench;
    github.inject({ kind: "lag", method: "GET", path: /\/(issues|pulls)$/, times: 1000 });
    await pass(bench, both);
    await pass(bench, both);
    github.clearFaults();
    const published = await pass(bench, both);
    expect(published.faults).toEqual([]);
    expect((await github.pullRequests(repo)).map(({ number, state }) => [number, state])).toEqual([[1, "open"]]);
    const open = (await github.issues(repo)).filter(({ state }) => state === "open");
    expect(open.map(({ number }) => number)).toEqual([2]);
    github.forgetRequests();
    await pass(bench, both);
    expect(github.writes()).toEqual([]);
  });
});

describe("a refusal", () => {
  it("by the rate limit ends the pass, with how long to wait", async () => {
    const { github } = bench;
    const headers = { "retry-after": "60" };
    github.inject({
      kind: "status",
      status: 403,
      message: "You have exceeded a secondary rate limit",
      headers,
      path: /\/git\/refs$/,
      times: 9,
    });
    const published = await pass(bench, both);
    expect(published.faults).toMatchObject([
      { code: "forge-limited", remedy: expect.stringContaining("60 s") as string },
    ]);
    expect(github.writes()).toEqual([]);
  });

  it("of credentials is one fault", async () => {
    bench.github.expireTokens();
    const published = await pass(bench, both);
    expect(published.faults.map(({ code }) => code)).toEqual(["unauthorized"]);
  });

  it("of a workflow's pull requests says which setting to change, and issues go on", async () => {
    const message = "GitHub Actions is not permitted to create or approve pull requests.";
    bench.github.inject({ kind: "status", status: 403, message, method: "POST", path: /\/pulls$/ });
    const published = await pass(bench, both);
    expect(published.faults).toMatchObject([
      { code: "forge-forbidden", remedy: expect.stringContaining("Settings") as string },
    ]);
    expect(deeds(published)).toEqual(["opened"]);
  });

  it("for want of a permission names it, and leaves the other kind alone", async () => {
    const permissions = { metadata: "read", contents: "write", pull_requests: "write" } as const;
    const client = octokit(bench, await installationToken(bench, { permissions }));
    const published = await pass(bench, [pull("aaaaaaaaaaaaaaaa", { labels: [] }), issue()], { client });
    expect(deeds(published)).toEqual(["opened"]);
    expect(published.faults).toMatchObject([
      { code: "forge-forbidden", remedy: expect.stringContaining("issues=write") as string },
    ]);
  });

  it("of an archived repository is one fault before anything is asked for", async () => {
    await bench.github.archive(bench.repo);
    bench.github.forgetRequests();
    const published = await pass(bench, both);
    expect(published.faults.map(({ code }) => code)).toEqual(["forge-failed"]);
    expect(bench.github.requests).toHaveLength(1);
  });

  it("of a repository that the credentials may not see is one fault", async () => {
    const client = octokit(bench, bench.github.userToken("mallory"));
    const published = await pass(bench, both, { client, login: "mallory" });
    expect(published.faults.map(({ code }) => code)).toEqual(["forge-failed"]);
  });

  it("of a body that is too long costs that one alone, and is not even sent", async () => {
    const published = await pass(bench, [pull(), issue("cccccccccccccccc", { body: "x".repeat(66_000) }), issue()]);
    expect(deeds(published)).toEqual(["opened", "opened"]);
    expect(published.faults).toMatchObject([{ code: "forge-failed", about: "cccccccccccccccc" }]);
  });

  it("never shows the token", async () => {
    const token = bench.github.userToken("alice", []);
    const client = octokit(bench, token);
    const published = await pass(bench, both, { client, login: "alice" });
    expect(published.faults).not.toEqual([]);
    expect(JSON.stringify(published)).not.toContain(token);
  });
});

describe("an interruption", () => {
  it("stops before the next request, and the next pass goes on", async () => {
    const { github } = bench;
    const stop = new AbortController();
    const forget = github.onWrite(({ path }) => (path.endsWith("/git/refs") ? stop.abort() : undefined));
    const published = await pass(bench, both, { input: { signal: stop.signal } });
    forget();
    expect(published.faults.map(({ code }) => code)).toEqual(["interrupted"]);
    expect(github.writes().at(-1)?.path).toMatch(/\/git\/refs$/);
    await pass(bench, both);
    await expectOneOfEach();
  });
});

describe("two passes at once", () => {
  it("end with one pull request and one open issue, at the latest after the next pass", async () => {
    const { github, repo } = bench;
    await Promise.all([pass(bench, both), pass(bench, both)]);
    await pass(bench, both);
    expect((await github.pullRequests(repo)).map(({ state }) => state)).toEqual(["open"]);
    expect((await github.issues(repo)).filter(({ state }) => state === "open")).toHaveLength(1);
    expect(
      (await github.diff(repo, "main", "holdfast/aaaaaaaaaaaaaaaa")).map(({ after }) => after?.toString()),
    ).toEqual([replicas(5).after]);
  });
});
