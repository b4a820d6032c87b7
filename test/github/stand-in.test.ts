import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Octokit } from "@octokit/rest";
import { Probot } from "probot";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Permissions } from "./app-manifest.ts";
import { readAppManifest } from "./app-manifest.ts";
import { startGitHub } from "./emulator.ts";
import type { TestGitHub } from "./emulator.ts";
import { appJwt } from "./identities.ts";

const run = promisify(execFile);
const FILES = {
  "apps/web.yaml": "kind: Deployment\nreplicas: 3\n",
  "apps/deep/er/api.yaml": "kind: Service\n",
  "logo.bin": Buffer.from([0, 255, 254, 1, 10, 13]),
};
const COMMIT_ON_BRANCH = `mutation ($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid url signature { isValid } } }
}`;

let github: TestGitHub;
let counter = 0;
let repo: string;
let first: string;
let where: { owner: string; repo: string };
let bot: Octokit;

beforeAll(async () => {
  github = await startGitHub();
});
afterAll(() => github.close());

beforeEach(async () => {
  const name = `platform-${++counter}`;
  repo = `acme/${name}`;
  where = { owner: "acme", repo: name };
  first = await github.seedRepository({ name, files: FILES });
  bot = octokit(await installationToken(github));
  github.clearFaults();
  github.forgetRequests();
});

function octokit(auth?: string): Octokit {
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  return new Octokit({ baseUrl: github.url, log: quiet, ...(auth === undefined ? {} : { auth }) });
}

async function installationToken(from: TestGitHub, body: { permissions?: Permissions; repositories?: string[] } = {}): Promise<string> {
  const app = new Octokit({ baseUrl: from.url, auth: appJwt(from.app) });
  const { data } = await app.request("POST /app/installations/{id}/access_tokens", { id: from.installationId("acme"), ...body });
  return (data as { token: string }).token;
}

/** What a refused request shows: status, message and GitHub's list of errors. */
async function refused(request: Promise<unknown>): Promise<{ status: number; message: string; errors?: unknown }> {
  const error = await request.then(
    () => {
      throw new Error("was not refused");
    },
    (reason: unknown) => reason,
  );
  const { status, response } = error as { status: number; response?: { data: { message: string; errors?: unknown } } };
  if (!response) throw error;
  const { message, errors } = response.data;
  return { status, message, ...(errors === undefined ? {} : { errors }) };
}

async function branchWithChange(name: string, files: Record<string, string | null> = { "apps/web.yaml": "replicas: 5\n" }) {
  await bot.git.createRef({ ...where, ref: `refs/heads/${name}`, sha: first });
  return commitOnBranch(name, first, files);
}

async function commitOnBranch(branch: string, head: string, files: Record<string, string | null>, client = bot): Promise<string> {
  const additions = Object.entries(files).flatMap(([path, text]) =>
    text === null ? [] : [{ path, contents: Buffer.from(text).toString("base64") }],
  );
  const deletions = Object.entries(files).flatMap(([path, text]) => (text === null ? [{ path }] : []));
  const input = {
    branch: { repositoryNameWithOwner: repo, branchName: branch },
    expectedHeadOid: head,
    message: { headline: "Keep what runs", body: "replicas of apps/web" },
    fileChanges: { additions, deletions },
  };
  const answer = await client.graphql<{ createCommitOnBranch: { commit: { oid: string } } }>(COMMIT_ON_BRANCH, { input });
  return answer.createCommitOnBranch.commit.oid;
}

const open = (head: string, extra: object = {}) =>
  bot.pulls.create({ ...where, title: "Keep replicas", head, base: "main", body: "why", ...extra });

describe("who may do what", () => {
  it("gives an installation's token for the App's JSON web token, which acts as the App's bot", async () => {
    const { data } = await bot.issues.create({ ...where, title: "A violation", body: "text" });
    expect(data.user?.login).toBe("holdfast[bot]");
    expect(data.user?.type).toBe("Bot");
    expect(github.writes().map(({ as }) => as)).toEqual(["holdfast[bot]"]);
  });

  it("works with Probot's own authentication, and with an API below /api/v3", async () => {
    const probot = new Probot({ appId: github.app.id, privateKey: github.app.privateKey, baseUrl: `${github.url}/api/v3`, logLevel: "silent" });
    const client = await probot.auth(github.installationId("acme"));
    const { data } = await client.rest.repos.get(where);
    expect(data.full_name).toBe(repo);
    const { viewer } = await client.graphql<{ viewer: { login: string } }>("query { viewer { login } }");
    expect(viewer.login).toBe("holdfast[bot]");
  });

  it("finds the installation of a repository", async () => {
    const { data } = await octokit(appJwt(github.app)).apps.getRepoInstallation(where);
    expect(data.id).toBe(github.installationId("acme"));
    expect(data.permissions).toEqual(readAppManifest().default_permissions);
  });

  it("lists the repositories of an installation, and only the selected ones for a narrowed token", async () => {
    const all = await bot.paginate(bot.apps.listReposAccessibleToInstallation, { per_page: 1 });
    expect(all.map(({ full_name }) => full_name)).toContain(repo);
    expect(all).toHaveLength(counter);
    const narrow = octokit(await installationToken(github, { repositories: [where.repo], permissions: { metadata: "read" } }));
    const { data } = await narrow.apps.listReposAccessibleToInstallation();
    expect(data.repositories.map(({ full_name }) => full_name)).toEqual([repo]);
  });

  it.each([
    ["no credentials", undefined, 404],
    ["a made-up token", "ghs_nonsense", 401],
    ["a made-up JSON web token", "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiI0MjQyIn0.c2lnbmF0dXJl", 401],
  ])("shows a private repository to nobody with %s", async (_, token, status) => {
    expect((await refused(octokit(token).repos.get(where))).status).toBe(status);
  });

  it("refuses writes without credentials (401) on a public repository", async () => {
    await github.seedRepository({ name: `public-${counter}`, files: FILES, private: false });
    const anonymous = octokit();
    const place = { owner: "acme", repo: `public-${counter}` };
    expect((await anonymous.repos.get(place)).status).toBe(200);
    expect((await refused(anonymous.issues.create({ ...place, title: "x" }))).status).toBe(401);
  });

  it.each<[string, Permissions, (client: Octokit) => Promise<unknown>]>([
    ["contents", { contents: "read" }, (client) => client.git.createRef({ ...where, ref: "refs/heads/x", sha: first })],
    ["pull_requests", { contents: "write" }, (client) => client.pulls.create({ ...where, title: "x", head: "y", base: "main" })],
    ["issues", { pull_requests: "write" }, (client) => client.issues.create({ ...where, title: "x" })],
    ["checks", { contents: "write" }, (client) => client.checks.create({ ...where, name: "x", head_sha: first })],
    ["contents, to read", { issues: "write" }, (client) => client.repos.getContent({ ...where, path: "logo.bin" })],
  ])("refuses (403) a token that lacks the permission %s", async (_, permissions, request) => {
    const token = await installationToken(github, { permissions: { metadata: "read", ...permissions } });
    expect(await refused(request(octokit(token)))).toEqual({ status: 403, message: "Resource not accessible by integration" });
  });

  it("refuses a commit through GraphQL as FORBIDDEN without contents: write", async () => {
    const client = octokit(await installationToken(github, { permissions: { metadata: "read", contents: "read" } }));
    await expect(commitOnBranch("main", first, { a: "b" }, client)).rejects.toMatchObject({
      errors: [{ type: "FORBIDDEN", message: "Resource not accessible by integration" }],
    });
  });

  it("gives the App what app.yml asks for and nothing else", async () => {
    await expect(installationToken(github, { permissions: { security_events: "write" } })).rejects.toMatchObject({ status: 422 });
    const wider = await startGitHub({ permissions: { metadata: "read", security_events: "write" } });
    await expect(installationToken(wider)).resolves.toMatch(/^ghs_/);
    await wider.close();
  });

  it("lets a user's token do what its scopes allow", async () => {
    expect((await octokit(github.userToken("alice")).users.getAuthenticated()).data.login).toBe("alice");
    expect((await octokit(github.userToken("alice")).issues.create({ ...where, title: "x" })).data.user?.login).toBe("alice");
    expect((await refused(octokit(github.userToken("alice", [])).repos.get(where))).status).toBe(404);
    expect((await refused(octokit(github.userToken("mallory")).repos.get(where))).status).toBe(404);
  });

  it("lets a workflow's token act as github-actions[bot], which cannot ask who it is by REST", async () => {
    const client = octokit(await github.actionsToken(repo));
    expect((await client.issues.create({ ...where, title: "x" })).data.user?.login).toBe("github-actions[bot]");
    expect((await refused(client.users.getAuthenticated())).status).toBe(403);
    expect(await client.graphql("{ viewer { login } }")).toEqual({ viewer: { login: "github-actions[bot]" } });
  });

  it("says read, write and none of people's permission", async () => {
    const level = async (username: string) => (await bot.repos.getCollaboratorPermissionLevel({ ...where, username })).data.permission;
    expect([await level("alice"), await level("mallory")]).toEqual(["admin", "none"]);
  });

  it("lets tokens expire and be revoked", async () => {
    await bot.apps.revokeInstallationAccessToken();
    expect((await refused(bot.repos.get(where))).status).toBe(401);
    const other = octokit(await installationToken(github));
    github.expireTokens();
    expect((await refused(other.repos.get(where))).status).toBe(401);
  });
});

describe("refs and commits", () => {
  it("commits on a branch by GraphQL: just the given bytes, signed, by the App", async () => {
    const oid = await branchWithChange("holdfast/a", { "apps/web.yaml": "replicas: 5\n", "logo.bin": null });
    expect((await github.branches(repo)).get("holdfast/a")).toBe(oid);
    const files = await github.diff(repo, "main", "holdfast/a");
    expect(files.map(({ path, after }) => [path, after?.toString()])).toEqual([
      ["apps/web.yaml", "replicas: 5\n"],
      ["logo.bin", undefined],
    ]);
    const { data } = await bot.repos.getCommit({ ...where, ref: oid });
    expect(data.commit.verification?.verified).toBe(true);
    expect(data.commit.author?.name).toBe("holdfast[bot]");
    expect(data.commit.message).toBe("Keep what runs\n\nreplicas of apps/web");
  });

  it("refuses a commit on a head that has moved, and changes nothing", async () => {
    const moved = await github.commit({ repository: repo, files: { "apps/web.yaml": "replicas: 4\n" } });
    await expect(commitOnBranch("main", first, { a: "b" })).rejects.toMatchObject({
      errors: [{ type: "STALE_DATA", path: ["createCommitOnBranch"] }],
    });
    expect((await github.branches(repo)).get("main")).toBe(moved);
    expect(github.writes()).toEqual([]);
  });

  it("refuses a commit on a branch, or a removal of a file, that is not there", async () => {
    await expect(commitOnBranch("nowhere", first, { a: "b" })).rejects.toMatchObject({ errors: [{ type: "NOT_FOUND" }] });
    await expect(commitOnBranch("main", first, { "no/such": null })).rejects.toMatchObject({ errors: [{ type: "UNPROCESSABLE" }] });
  });

  it("refuses fields that GraphQL's types do not have", async () => {
    await expect(bot.graphql("{ viewer { nickname } }")).rejects.toMatchObject({ errors: [{ type: "undefinedField" }] });
  });

  it("refuses a ref that exists, one of an unknown commit, and one inside another", async () => {
    const ref = (name: string, sha = first) => bot.git.createRef({ ...where, ref: `refs/heads/${name}`, sha });
    await ref("holdfast/a");
    expect(await refused(ref("holdfast/a"))).toEqual({ status: 422, message: "Reference already exists" });
    expect(await refused(ref("b", "0".repeat(40)))).toEqual({ status: 422, message: "Object does not exist" });
    expect((await refused(ref("holdfast"))).status).toBe(422);
  });

  it("refuses an update that is not a fast forward, unless forced", async () => {
    await branchWithChange("holdfast/a");
    const update = (force: boolean) => bot.git.updateRef({ ...where, ref: "heads/holdfast/a", sha: first, force });
    expect(await refused(update(false))).toEqual({ status: 422, message: "Update is not a fast forward" });
    await update(true);
    expect((await github.branches(repo)).get("holdfast/a")).toBe(first);
    expect(await refused(bot.git.updateRef({ ...where, ref: "heads/none", sha: first }))).toEqual({
      status: 422,
      message: "Reference does not exist",
    });
  });

  it("refuses every write to an archived repository", async () => {
    await github.archive(repo);
    const archived = { status: 403, message: "Repository was archived so is read-only." };
    expect(await refused(bot.git.createRef({ ...where, ref: "refs/heads/x", sha: first }))).toEqual(archived);
    expect(await refused(bot.issues.create({ ...where, title: "x" }))).toEqual(archived);
    expect(await refused(open("x"))).toEqual(archived);
    await expect(commitOnBranch("main", first, { a: "b" })).rejects.toMatchObject({ errors: [{ message: archived.message }] });
    expect((await bot.repos.get(where)).data.archived).toBe(true);
  });

  it("answers with raw bytes when asked for them", async () => {
    const headers = { accept: "application/vnd.github.raw" };
    const file = await bot.request("GET /repos/{owner}/{repo}/contents/{path}", { ...where, path: "logo.bin", headers });
    expect(Buffer.from(file.data as unknown as ArrayBuffer)).toEqual(FILES["logo.bin"]);
    const sha = (await run("git", ["hash-object", "--stdin", "--no-filters"].slice(0, 0).concat("--version"))).stdout;
    expect(sha).toContain("git version");
  });

  it("answers 304 to the ETag of what has not changed", async () => {
    const headers = { authorization: `token ${github.userToken("alice")}` };
    const seen = await fetch(`${github.url}/repos/${repo}`, { headers });
    const etag = seen.headers.get("etag") ?? "";
    const again = await fetch(`${github.url}/repos/${repo}`, { headers: { ...headers, "if-none-match": etag } });
    expect([seen.status, again.status]).toEqual([200, 304]);
  });
});

describe("pull requests", () => {
  it("opens one, and refuses a second for the same head and base", async () => {
    await branchWithChange("holdfast/a");
    expect((await open("holdfast/a")).data.user.login).toBe("holdfast[bot]");
    const errors = [{ resource: "PullRequest", code: "custom", message: "A pull request already exists for acme:holdfast/a." }];
    expect(await refused(open("holdfast/a"))).toEqual({ status: 422, message: "Validation Failed", errors });
    expect(await refused(open("acme:holdfast/a"))).toEqual({ status: 422, message: "Validation Failed", errors });
    expect(await github.pullRequests(repo)).toHaveLength(1);
  });

  it("refuses one without commits, and one of a branch that is not there", async () => {
    await bot.git.createRef({ ...where, ref: "refs/heads/same", sha: first });
    expect(await refused(open("same"))).toMatchObject({
      status: 422,
      errors: [{ code: "custom", message: "No commits between main and same" }],
    });
    expect(await refused(open("nowhere"))).toMatchObject({ status: 422, errors: [{ field: "head", code: "invalid" }] });
    expect([...(await github.branches(repo)).keys()].sort()).toEqual(["main", "same"]);
  });

  it("refuses bodies over 65,536 characters, in pull requests, issues and comments", async () => {
    await branchWithChange("holdfast/a");
    const body = "x".repeat(65_537);
    const tooLong = { status: 422, errors: [{ field: "body", code: "custom" }] };
    expect(await refused(open("holdfast/a", { body }))).toMatchObject(tooLong);
    expect(await refused(bot.issues.create({ ...where, title: "x", body }))).toMatchObject(tooLong);
    const { data } = await bot.issues.create({ ...where, title: "x", body: body.slice(1) });
    expect(await refused(bot.issues.createComment({ ...where, issue_number: data.number, body }))).toMatchObject(tooLong);
    expect(await refused(bot.issues.update({ ...where, issue_number: data.number, body }))).toMatchObject(tooLong);
  });

  it("refuses bodies that GitHub's description does not allow", async () => {
    const request = bot.request("POST /repos/{owner}/{repo}/pulls", { ...where, title: "x", head: "a", base: "main", labels: ["x"] } as never);
    expect((await refused(request)).status).toBe(422);
    expect((await refused(bot.request("PUT /repos/{owner}/{repo}/subscription", where))).status).toBe(501);
  });

  it("shows the branch's head after a push, the changed files, and no more fields in a list than GitHub", async () => {
    await branchWithChange("holdfast/a");
    const { data } = await open("holdfast/a");
    const pull = { ...where, pull_number: data.number };
    const pushed = await github.commit({ repository: repo, branch: "holdfast/a", files: { "new.yaml": "a: 1\n" } });
    expect((await bot.pulls.get(pull)).data.head.sha).toBe(pushed);
    const files = (await bot.pulls.listFiles(pull)).data;
    expect(files.map(({ filename, status, additions, deletions }) => [filename, status, additions, deletions])).toEqual([
      ["apps/web.yaml", "modified", 1, 2],
      ["new.yaml", "added", 1, 0],
    ]);
    expect((await bot.pulls.listCommits(pull)).data).toHaveLength(2);
    const [listed] = (await bot.pulls.list({ ...where, head: "acme:holdfast/a" })).data;
    expect(listed).not.toHaveProperty("merged");
    expect(listed?.head.sha).toBe(pushed);
  });

  it("merges both sides' changes, and keeps what was merged", async () => {
    const head = await branchWithChange("holdfast/a");
    const { data } = await open("holdfast/a");
    await github.commit({ repository: repo, files: { "other.yaml": "b: 2\n" } });
    await github.mergePullRequest(repo, data.number);
    expect((await github.fileAt(repo, "main", "apps/web.yaml"))?.toString()).toBe("replicas: 5\n");
    expect((await github.fileAt(repo, "main", "other.yaml"))?.toString()).toBe("b: 2\n");
    const [pull] = await github.pullRequests(repo);
    expect(pull).toMatchObject({ merged: true, state: "closed", head: { sha: head }, merged_by: { login: "alice" } });
    expect((await bot.pulls.list({ ...where, state: "all" })).data[0]?.merged_at).toEqual(expect.any(String));
    await expect(github.mergePullRequest(repo, data.number)).rejects.toThrow(/405/);
  });

  it("says that conflicting changes cannot be merged", async () => {
    await branchWithChange("holdfast/a");
    const { data } = await open("holdfast/a");
    await github.commit({ repository: repo, files: { "apps/web.yaml": "replicas: 7\n" } });
    expect((await bot.pulls.get({ ...where, pull_number: data.number })).data.mergeable).toBe(false);
    await expect(github.mergePullRequest(repo, data.number)).rejects.toThrow(/405/);
  });

  it("closes pull requests of a deleted branch, and does not reopen them", async () => {
    await branchWithChange("holdfast/a");
    const { data } = await open("holdfast/a");
    await bot.git.deleteRef({ ...where, ref: "heads/holdfast/a" });
    expect((await github.pullRequests(repo))[0]?.state).toBe("closed");
    const reopen = bot.pulls.update({ ...where, pull_number: data.number, state: "open" });
    expect(await refused(reopen)).toMatchObject({ status: 422, errors: [{ field: "state" }] });
  });

  it("reopens a closed one unless another has taken its place", async () => {
    await branchWithChange("holdfast/a");
    const [one, number] = [await open("holdfast/a"), { ...where }];
    await github.closePullRequest(repo, one.data.number);
    const two = await open("holdfast/a");
    const reopen = () => bot.pulls.update({ ...number, pull_number: one.data.number, state: "open" });
    expect((await refused(reopen())).status).toBe(422);
    await github.closePullRequest(repo, two.data.number);
    expect((await reopen()).data.state).toBe("open");
  });
});

describe("issues, checks and the rest", () => {
  it("lists pull requests among the issues, as GitHub does, page by page", async () => {
    await branchWithChange("holdfast/a");
    const pull = await open("holdfast/a");
    for (const title of ["one", "two", "three"]) await bot.issues.create({ ...where, title, labels: ["holdfast"] });
    await bot.issues.addLabels({ ...where, issue_number: pull.data.number, labels: ["holdfast"] });
    const all = await bot.paginate(bot.issues.listForRepo, { ...where, state: "all", labels: "holdfast", per_page: 2, direction: "asc" });
    expect(all.map(({ title, pull_request }) => [title, pull_request !== undefined])).toEqual([
      ["Keep replicas", true],
      ["one", false],
      ["two", false],
      ["three", false],
    ]);
    expect(await github.issues(repo)).toHaveLength(3);
    expect((await bot.issues.get({ ...where, issue_number: pull.data.number })).data.pull_request).toBeDefined();
    await bot.issues.update({ ...where, issue_number: pull.data.number, title: "Renamed", labels: [] });
    expect((await github.pullRequests(repo))[0]).toMatchObject({ title: "Renamed", labels: [] });
  });

  it("keeps comments, closings and who closed", async () => {
    const { data } = await bot.issues.create({ ...where, title: "A violation" });
    const issue = { ...where, issue_number: data.number };
    await bot.issues.createComment({ ...issue, body: "again" });
    await github.act("alice", { method: "POST", path: `/repos/${repo}/issues/${data.number}/comments`, body: { body: "/holdfast help" } });
    expect((await bot.issues.listComments(issue)).data.map(({ user }) => user?.login)).toEqual(["holdfast[bot]", "alice"]);
    await github.closeIssue(repo, data.number);
    expect((await github.issues(repo))[0]).toMatchObject({ state: "closed", closed_by: { login: "alice" } });
  });

  it("takes check runs, and SARIF only with its own permission", async () => {
    const { data } = await bot.checks.create({ ...where, name: "holdfast", head_sha: first, status: "completed", conclusion: "success" });
    expect(data.conclusion).toBe("success");
    const upload = { ...where, commit_sha: first, ref: "refs/heads/main", sarif: "H4sI" };
    expect((await refused(bot.codeScanning.uploadSarif(upload))).status).toBe(403);
    const actions = octokit(await github.actionsToken(repo));
    expect((await actions.codeScanning.uploadSarif(upload)).status).toBe(202);
    expect(github.sarifs).toHaveLength(1);
  });

  it("delivers webhooks with GitHub's signature", async () => {
    const seen: string[] = [];
    const server = createServer((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        const expected = createHmac("sha256", github.webhookSecret).update(Buffer.concat(chunks)).digest("hex");
        seen.push(String(incoming.headers["x-github-event"]), String(incoming.headers["x-hub-signature-256"] === `sha256=${expected}`));
        outgoing.writeHead(204).end();
      });
    });
    const listening = Promise.withResolvers<void>();
    server.listen(0, "127.0.0.1", listening.resolve);
    await listening.promise;
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    expect((await github.sendWebhook({ url, event: "push", payload: { ref: "refs/heads/main" } })).status).toBe(204);
    server.close();
    expect(seen).toEqual(["push", "true"]);
  });
});

describe("git", () => {
  const environment = { ...process.env, GIT_TERMINAL_PROMPT: "0", GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" };
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-clone-"));
    return () => rmSync(folder, { recursive: true, force: true });
  });
  const git = (...args: string[]) => run("git", args, { env: environment, cwd: folder });
  const basic = (token: string) => `http.extraHeader=Authorization: Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`;
  const address = () => `${github.url}/${repo}.git`;

  it.each([["-c", "protocol.version=2"], ["-c", "protocol.version=0"]])("clones with %s %s the same commit and bytes", async (...version) => {
    await git(...version, "-c", basic(await installationToken(github)), "clone", "--quiet", address(), "copy");
    expect((await git("-C", "copy", "rev-parse", "HEAD")).stdout.trim()).toBe(first);
    expect(readFileSync(join(folder, "copy/logo.bin"))).toEqual(FILES["logo.bin"]);
    expect(readFileSync(join(folder, "copy/apps/deep/er/api.yaml"), "utf8")).toBe(FILES["apps/deep/er/api.yaml"]);
    await git("-C", "copy", "fsck", "--strict");
  });

  it("clones partially, and fetches what was committed since", async () => {
    const auth = ["-c", basic(await installationToken(github))];
    await git(...auth, "clone", "--quiet", "--bare", "--filter=blob:none", address(), "copy");
    expect((await git("-C", "copy", "rev-list", "--objects", "--missing=print", "HEAD")).stdout).toMatch(/^\?/m);
    const pushed = await github.commit({ repository: repo, files: { "new.yaml": "a: 1\n" } });
    await git("-C", "copy", ...auth, "fetch", "--quiet", "origin", "+refs/heads/*:refs/heads/*");
    expect((await git("-C", "copy", "rev-parse", "main")).stdout.trim()).toBe(pushed);
    expect((await git("-C", "copy", ...auth, "show", "main:new.yaml")).stdout).toBe("a: 1\n");
    expect(github.writes()).toEqual([]);
  });

  it("shows nothing without a token, with a wrong one, or with one for another repository", async () => {
    await github.seedRepository({ name: `other-${counter}`, files: FILES });
    const other = await installationToken(github, { repositories: [`other-${counter}`] });
    await expect(git("ls-remote", address())).rejects.toThrow();
    await expect(git("-c", basic("ghs_wrong"), "ls-remote", address())).rejects.toThrow();
    await expect(git("-c", basic(other), "ls-remote", address())).rejects.toThrow(/not found/);
    const { stdout } = await git("-c", basic(github.userToken("alice")), "ls-remote", address());
    expect(stdout).toContain(`${first}\trefs/heads/main`);
  });

  it("takes no pushes", async () => {
    const auth = ["-c", basic(await installationToken(github))];
    await git(...auth, "clone", "--quiet", address(), "copy");
    await expect(git("-C", "copy", ...auth, "push", "origin", "HEAD:refs/heads/pushed")).rejects.toThrow(/403/);
  });
});

describe("faults on demand", () => {
  const create = (title: string) => bot.issues.create({ ...where, title });
  const titles = async () => (await github.issues(repo)).map(({ title }) => title);

  it("answers the n-th matching request with a status, and nothing happens", async () => {
    github.inject({ method: "POST", path: /\/issues$/, nth: 2, kind: "status", status: 502, headers: { "retry-after": "1" } });
    await create("one");
    expect((await refused(create("two"))).status).toBe(502);
    await create("three");
    expect(await titles()).toEqual(["one", "three"]);
    expect(github.writes()).toHaveLength(2);
  });

  it("cuts the connection before anything happens", async () => {
    github.inject({ method: "POST", path: /\/issues$/, kind: "drop-before" });
    await expect(create("one")).rejects.toMatchObject({ status: 500 });
    expect(await titles()).toEqual([]);
    expect(github.requests.at(-1)).toMatchObject({ method: "POST", answered: false, wrote: false });
  });

  it("cuts the connection after it happened", async () => {
    github.inject({ method: "POST", path: /\/issues$/, kind: "drop-after" });
    await expect(create("one")).rejects.toMatchObject({ status: 500 });
    expect(await titles()).toEqual(["one"]);
    expect(github.writes()).toMatchObject([{ status: 201, answered: false }]);
  });

  it("stalls one request and goes on with others", async () => {
    github.inject({ method: "POST", path: /\/issues$/, kind: "stall" });
    const request = { signal: AbortSignal.timeout(200) };
    await expect(bot.issues.create({ ...where, title: "one", request })).rejects.toThrow();
    await create("two");
    expect(await titles()).toEqual(["two"]);
  });

  it("tells of each write after its effect and before its answer", async () => {
    const seen: string[] = [];
    const stop = github.onWrite(async ({ method, path }) => {
      const { rows } = { rows: await fetch(`${github.url}/nothing`, { signal: AbortSignal.timeout(50) }).catch(() => "queued") };
      seen.push(`${method} ${path} ${rows === "queued"}`);
    });
    await create("one");
    await bot.issues.listForRepo(where);
    stop();
    await create("two");
    expect(seen).toEqual([`POST /repos/${repo}/issues true`]);
  });

  it("drops the answer where the hook says so, as when the client was killed", async () => {
    const stop = github.onWrite(() => "drop");
    await expect(create("one")).rejects.toMatchObject({ status: 500 });
    stop();
    expect(await titles()).toEqual(["one"]);
  });
});
