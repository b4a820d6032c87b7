import { Probot } from "probot";
import { describe, expect, it } from "vitest";
import type { Permissions } from "./app-manifest.ts";
import { readAppManifest } from "./app-manifest.ts";
import {
  commitOnBranch,
  createBranch,
  FILES,
  installationToken,
  octokit,
  openPull,
  refused,
  useBench,
} from "./bench.ts";
import type { Bench } from "./bench.ts";
import { startGitHub } from "./emulator.ts";
import { appJwt } from "./identities.ts";

const bench = useBench();
const NOT_ACCESSIBLE = { status: 403, message: "Resource not accessible by integration" };

describe("the App", () => {
  it("gets an installation's token for its JSON web token, and acts as its bot", async () => {
    const { bot, where, github } = bench;
    const { data } = await bot.issues.create({ ...where, title: "A violation", body: "text" });
    expect(data.user).toMatchObject({ login: "holdfast[bot]", type: "Bot" });
    expect(github.writes().map(({ as }) => as)).toEqual(["holdfast[bot]"]);
  });

  it("works through Probot's own authentication, with the API below /api/v3", async () => {
    const { app, url } = bench.github;
    const options = { appId: app.id, privateKey: app.privateKey, baseUrl: `${url}/api/v3` };
    const client = await new Probot({ ...options, logLevel: "fatal" }).auth(bench.github.installationId("acme"));
    expect((await client.rest.repos.get(bench.where)).data.full_name).toBe(bench.repo);
    const answer = await client.graphql("query { viewer { login } }");
    expect(answer).toEqual({ viewer: { login: "holdfast[bot]" } });
    expect(bench.github.requests.map(({ path }) => path)).toContain(`/repos/${bench.repo}`);
  });

  it("finds the installation of a repository, with what app.yml asks for", async () => {
    const { data } = await octokit(bench, appJwt(bench.github.app)).apps.getRepoInstallation(bench.where);
    expect(data.id).toBe(bench.github.installationId("acme"));
    expect(data.permissions).toEqual(readAppManifest().default_permissions);
  });

  it("lists the repositories of an installation page by page, and only the selected ones for a narrowed token", async () => {
    const { bot, where, repo } = bench;
    const all = await bot.paginate(bot.apps.listReposAccessibleToInstallation, { per_page: 1 });
    expect(all.map(({ full_name }) => full_name)).toContain(repo);
    expect(all.length).toBeGreaterThan(3);
    const narrowed = { repositories: [where.repo], permissions: { metadata: "read" } } as const;
    const token = await installationToken(bench, { ...narrowed, repositories: [where.repo] });
    const { data } = await octokit(bench, token).apps.listReposAccessibleToInstallation();
    expect(data.repositories.map(({ full_name }) => full_name)).toEqual([repo]);
  });

  it("gets no permission that app.yml does not ask for", async () => {
    const permissions = { metadata: "read", security_events: "write" } as const;
    expect((await refused(installationToken(bench, { permissions }))).status).toBe(422);
    const other = await startGitHub({ permissions });
    expect(await installationToken({ github: other })).toMatch(/^ghs_/);
    await other.close();
  });

  it("loses tokens that expire or are revoked", async () => {
    await bench.bot.apps.revokeInstallationAccessToken();
    expect((await refused(bench.bot.repos.get(bench.where))).status).toBe(401);
    const other = octokit(bench, await installationToken(bench));
    bench.github.expireTokens();
    expect((await refused(other.repos.get(bench.where))).status).toBe(401);
  });

  it.each<[string, Permissions, (client: ReturnType<typeof octokit>, at: Bench) => Promise<unknown>]>([
    ["contents: write", { contents: "read" }, (bot, at) => createBranch({ ...at, bot }, "x")],
    ["pull_requests: write", { contents: "write" }, (bot, at) => openPull({ ...at, bot }, "x")],
    ["issues: write", { pull_requests: "write" }, (bot, at) => bot.issues.create({ ...at.where, title: "x" })],
    ["checks: write", {}, (bot, at) => bot.checks.create({ ...at.where, name: "x", head_sha: at.first })],
    ["contents: read", { issues: "write" }, (bot, at) => bot.repos.getContent({ ...at.where, path: "logo.bin" })],
    ["pull_requests: read", { issues: "write" }, (bot, at) => bot.pulls.list(at.where)],
  ])("is refused (403) without the permission %s", async (_, permissions, request) => {
    const token = await installationToken(bench, { permissions: { metadata: "read", ...permissions } });
    expect(await refused(request(octokit(bench, token), bench))).toEqual(NOT_ACCESSIBLE);
    expect(bench.github.writes()).toEqual([]);
  });

  it("is refused a commit through GraphQL, as FORBIDDEN, without contents: write", async () => {
    const permissions = { metadata: "read", contents: "read" } as const;
    const client = octokit(bench, await installationToken(bench, { permissions }));
    const commit = commitOnBranch(bench, { branch: "main", files: { a: "b" }, client });
    await expect(commit).rejects.toMatchObject({ errors: [{ type: "FORBIDDEN", message: NOT_ACCESSIBLE.message }] });
  });
});

describe("everybody else", () => {
  it.each([
    ["no credentials", undefined, 404],
    ["a made-up token", "ghs_nonsense", 401],
    ["a made-up JSON web token", "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiI0MjQyIn0.c2lnbmF0dXJl", 401],
  ])("sees no private repository with %s", async (_, token, status) => {
    expect((await refused(octokit(bench, token).repos.get(bench.where))).status).toBe(status);
  });

  it("reads a public repository without credentials, and is refused (401) to write", async () => {
    const where = { owner: "acme", repo: `public-${bench.count}` };
    await bench.github.seedRepository({ name: where.repo, files: FILES, private: false });
    const anonymous = octokit(bench);
    expect((await anonymous.repos.get(where)).status).toBe(200);
    expect((await refused(anonymous.issues.create({ ...where, title: "x" }))).status).toBe(401);
  });

  it("does as a user what the token's scopes and the membership allow", async () => {
    const { github, where } = bench;
    const alice = octokit(bench, github.userToken("alice"));
    expect((await alice.users.getAuthenticated()).data.login).toBe("alice");
    expect((await alice.issues.create({ ...where, title: "x" })).data.user?.login).toBe("alice");
    expect((await refused(octokit(bench, github.userToken("alice", [])).repos.get(where))).status).toBe(404);
    expect((await refused(octokit(bench, github.userToken("mallory")).repos.get(where))).status).toBe(404);
  });

  it("acts as github-actions[bot] with a workflow's token, which cannot ask by REST who it is", async () => {
    const client = octokit(bench, await bench.github.actionsToken(bench.repo));
    expect((await client.issues.create({ ...bench.where, title: "x" })).data.user?.login).toBe("github-actions[bot]");
    expect(await refused(client.users.getAuthenticated())).toEqual(NOT_ACCESSIBLE);
    expect(await client.graphql("{ viewer { login } }")).toEqual({ viewer: { login: "github-actions[bot]" } });
  });

  it("has the permission read, write, admin or none, in GitHub's words", async () => {
    const { bot, where } = bench;
    const levels = ["alice", "mallory"].map((username) =>
      bot.repos.getCollaboratorPermissionLevel({ ...where, username }).then(({ data }) => data.permission),
    );
    expect(await Promise.all(levels)).toEqual(["admin", "none"]);
  });
});
