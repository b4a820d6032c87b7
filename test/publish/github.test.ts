import { Octokit } from "@octokit/rest";
import nock from "nock";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Published } from "../../src/core/proposal.ts";
import { createGitHubForge } from "../../src/publish/github.ts";
import type { GitHubForgeOptions } from "../../src/publish/github.ts";
import { markerLine, signedMessage } from "../../src/publish/marker.ts";
import { inputOf, ISSUE, PULL } from "./publications.ts";

const KEY = new Uint8Array(32).fill(1);
const BASE = "b".repeat(40);
const HEAD = "c".repeat(40);
const TREE = "d".repeat(40);
const REPO = "/repos/acme/shop";
const BRANCH = "holdfast/aaaaaaaaaaaaaaaa";
const TOKEN = "ghp_0123456789";

let api: nock.Scope;

beforeEach(() => {
  nock.disableNetConnect();
  api = nock("https://api.example.test");
  api.get(REPO).reply(200, { archived: false });
});
afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});

function publish(input = inputOf([]), more: Partial<GitHubForgeOptions> = {}): Promise<Published> {
  const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  const forge = createGitHubForge({
    octokit: new Octokit({ baseUrl: "https://api.example.test", auth: TOKEN, log }),
    owner: "acme",
    repo: "shop",
    base: { branch: "main", commit: BASE },
    key: KEY,
    identity: { login: "holdfast[bot]" },
    limits: { maxOpen: 10, perHour: 10 },
    clock: { now: Date.now },
    pacing: { betweenWrites: 0, retry: 1 },
    ...more,
  });
  return forge.publish(input);
}

/** Lists of pull requests, issues and branches that hold nothing. */
function nothing(...lists: readonly ("pulls" | "branches" | "issues")[]): void {
  if (lists.includes("pulls")) api.get(`${REPO}/pulls`).query(true).times(9).reply(200, []);
  if (lists.includes("branches")) api.get(`${REPO}/git/matching-refs/heads/holdfast`).times(9).reply(200, []);
  if (lists.includes("issues")) api.get(`${REPO}/issues`).query(true).times(9).reply(200, []);
}

function ignore(): void {}

function post(number: number, more: Readonly<Record<string, unknown>> = {}) {
  const marker = {
    kind: "issue",
    id: ISSUE.id,
    target: ISSUE.target,
    fingerprint: "old",
    words: "w",
    clean: 0,
  } as const;
  const body = `${markerLine(marker, KEY)}\n\nwords`;
  return {
    number,
    title: "t",
    body,
    state: "open",
    user: { login: "holdfast[bot]" },
    labels: [],
    html_url: `https://gh/${number}`,
    ...more,
  };
}

function codes({ faults }: Published): readonly string[] {
  return faults.map(({ code }) => code);
}

describe("a list", () => {
  it("is read to its last page, and never narrowed by author on the server", async () => {
    nothing("pulls", "branches");
    const queries: unknown[] = [];
    const page = (number: number) => (query: Readonly<Record<string, unknown>>) =>
      query["page"] === String(number) && query["state"] === "open" && queries.push(query) > 0;
    const next = { link: `<https://api.example.test${REPO}/issues?page=2>; rel="next"` };
    const others = Array.from({ length: 100 }, (_item, index) => post(1000 - index, { user: { login: "alice" } }));
    api.get(`${REPO}/issues`).query(page(1)).reply(200, others, next);
    api
      .get(`${REPO}/issues`)
      .query(page(2))
      .reply(200, [post(7)]);
    api.patch(`${REPO}/issues/7`).reply(200, {});
    const published = await publish(inputOf([ISSUE]));
    expect(published.actions.map(({ did, url }) => [did, url])).toEqual([["updated", "https://gh/7"]]);
    expect(JSON.stringify(queries)).not.toContain("creator");
  });

  it("holds posts whose author is gone, and pull requests among issues", async () => {
    nothing("pulls", "branches");
    const posts = [post(1, { user: null }), post(2, { pull_request: {} }), post(3, { body: null }), post(4)];
    api.get(`${REPO}/issues`).query(true).reply(200, posts);
    api.patch(`${REPO}/issues/4`, (body: { body: string }) => body.body.includes("words")).reply(200, {});
    expect((await publish()).actions).toMatchObject([{ did: "updated", url: "https://gh/4" }]);
  });
});

describe("a list that lags", () => {
  it("opens no second issue where the newest ones show it already", async () => {
    nothing("pulls", "branches");
    for (const state of ["open", "closed"]) {
      api
        .get(`${REPO}/issues`)
        .query((query) => query["state"] === state)
        .reply(200, []);
    }
    api
      .get(`${REPO}/issues`)
      .query({ state: "all", sort: "created", direction: "desc", per_page: "100" })
      .reply(200, [post(7)]);
    api.patch(`${REPO}/issues/7`).reply(200, {});
    expect(await publish(inputOf([ISSUE]))).toMatchObject({
      actions: [{ did: "updated", url: "https://gh/7" }],
      faults: [],
    });
  });

  it("opens no second pull request: GitHub says that there is one, and it shows a little later", async () => {
    const own = { ref: `refs/heads/${BRANCH}`, object: { sha: HEAD } };
    api.get(`${REPO}/git/matching-refs/heads/${BRANCH}`).times(9).reply(200, [own]);
    const message = signedMessage("Codify", { id: PULL.id, parents: [BASE], tree: TREE }, KEY);
    api
      .get(`${REPO}/git/commits/${HEAD}`)
      .times(9)
      .reply(200, { message, tree: { sha: TREE }, parents: [{ sha: BASE }] });
    const files = [{ filename: "apps/web.yaml", sha: "38a76ce9b8b0b2a0a6a8a0e4ad1a4e2f4c9c2c9d", status: "modified" }];
    api
      .get(/compare/)
      .query(true)
      .reply(200, { ahead_by: 1, behind_by: 0, merge_base_commit: { sha: BASE }, files });
    const exists = {
      message: "Validation Failed",
      errors: [{ message: `A pull request already exists for acme:${BRANCH}.` }],
    };
    api.post(`${REPO}/pulls`).reply(422, exists);
    api.get(`${REPO}/git/commits/${BASE}`).reply(200, { message: "m", tree: { sha: TREE }, parents: [] });
    api.post(`${REPO}/git/trees`).reply(201, { sha: TREE });
    api.patch(`${REPO}/git/refs/heads/${BRANCH}`, { sha: BASE, force: true }).reply(200, {});
    api.post("/graphql").reply(200, { data: { createCommitOnBranch: { commit: { oid: HEAD, signature: null } } } });
    api.get(`${REPO}/pulls`).query(true).times(4).reply(200, []);
    const shown = { ...post(3), head: { ref: BRANCH, sha: HEAD }, merged_at: null };
    api.get(`${REPO}/pulls`).query(true).times(9).reply(200, [shown]);
    api.post(`${REPO}/issues/3/labels`).reply(200, []);
    nothing("issues", "branches");
    const lines: string[] = [];
    const published = await publish(inputOf([PULL]), { log: (line) => lines.push(line) });
    expect(published).toMatchObject({ actions: [{ did: "opened", url: "https://gh/3" }], faults: [] });
    expect(lines).toEqual([expect.stringContaining("did not sign")]);
  });
});

describe("several open issues of one drift", () => {
  it("become one: the first stays, the others are closed as duplicates", async () => {
    nothing("pulls", "branches");
    api
      .get(`${REPO}/issues`)
      .query(true)
      .reply(200, [post(9), post(5), post(7)]);
    const closed = new Set<string>();
    for (const number of [7, 9]) {
      const asDuplicate = (body: Readonly<Record<string, unknown>>) =>
        closed.add(`${number} ${String(body["state"])} ${String(body["state_reason"])}`).size > 0;
      api.patch(`${REPO}/issues/${number}`, asDuplicate).reply(200, {});
    }
    api.patch(`${REPO}/issues/5`).reply(200, {});
    const published = await publish(inputOf([ISSUE]));
    expect(published.actions).toMatchObject([{ did: "updated", url: "https://gh/5" }]);
    expect([...closed]).toEqual(["7 closed duplicate", "9 closed duplicate"]);
  });
});

describe("GitHub's refusals", () => {
  it.each([
    ["429", 429, {}, "forge-limited"],
    ["a spent rate limit", 403, { "x-ratelimit-remaining": "0" }, "forge-limited"],
    ["bad credentials", 401, {}, "unauthorized"],
    ["a missing permission", 403, { "x-accepted-github-permissions": "pull_requests=read" }, "forge-forbidden"],
  ])("of %s has its own code", async (_name, status, headers, code) => {
    nothing("issues");
    api.get(`${REPO}/pulls`).query(true).reply(status, { message: "no" }, headers);
    expect(codes(await publish())).toEqual([code]);
  });

  it("of issues where they are disabled leaves pull requests alone", async () => {
    nothing("pulls", "branches");
    api.get(`${REPO}/issues`).query(true).reply(410, { message: "Issues has been disabled in this repository." });
    expect((await publish(inputOf([ISSUE]))).faults).toMatchObject([
      { code: "forge-failed", remedy: expect.stringContaining("enable issues") as string },
    ]);
  });

  it("that are no JSON, or hold control characters, are shown on one line without them", async () => {
    nothing("issues");
    api
      .get(`${REPO}/pulls`)
      .query(true)
      .times(3)
      .reply(502, "<html>\n<h1>Unicorn</h1>", { "content-type": "text/html" });
    const [fault] = (await publish()).faults;
    expect(fault?.message).toMatch(/^acme\/shop: GitHub or the connection failed \(GET \/pulls: 502/);
    expect(fault?.message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    nock.cleanAll();
    api.get(REPO).reply(403, { message: "no\u001b[31m \u202eway\n\n::error::x" });
    const [other] = (await publish()).faults;
    expect(other?.message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it("of a read are asked for three times and no more", async () => {
    let reads = 0;
    nothing("issues");
    api
      .get(`${REPO}/pulls`)
      .query(true)
      .times(9)
      .reply(() => [(reads += 1) > 0 ? 503 : 500, {}]);
    expect(codes(await publish())).toEqual(["forge-failed"]);
    expect(reads).toBe(3);
  });

  it.each([
    [
      "GitHub",
      () =>
        api
          .get(`${REPO}/pulls`)
          .query(true)
          .reply(400, { message: `authorization: token ${TOKEN}, bearer s3cr3t` }),
    ],
    [
      "a proxy",
      () =>
        api
          .get(`${REPO}/pulls`)
          .query(true)
          .times(3)
          .reply(502, { message: `"authorization": "Bearer ${TOKEN}"` }),
    ],
    [
      "the connection",
      () => api.get(`${REPO}/pulls`).query(true).times(3).replyWithError(`connect failed with ${TOKEN}`),
    ],
  ])("show no credential, even where %s repeats it", async (_name, answer) => {
    nothing("issues", "branches");
    answer();
    const published = await publish();
    expect(codes(published)).toEqual(["forge-failed"]);
    expect(JSON.stringify(published)).not.toMatch(/ghp_|s3cr3t/);
  });
});

/** The branch is at the base commit when it is looked at first, and at HEAD after the commit was refused. */
function staleCommit(message: string): void {
  nothing("pulls", "issues");
  const refs = `${REPO}/git/matching-refs/heads/${BRANCH}`;
  api.get(refs).reply(200, [{ ref: `refs/heads/${BRANCH}`, object: { sha: BASE } }]);
  api
    .get(refs)
    .times(9)
    .reply(200, [{ ref: `refs/heads/${BRANCH}`, object: { sha: HEAD } }]);
  api
    .get(/compare/)
    .query(true)
    .reply(200, { ahead_by: 0, behind_by: 0, merge_base_commit: { sha: BASE }, files: [] });
  api.get(`${REPO}/git/commits/${BASE}`).reply(200, { sha: BASE, message: "m", tree: { sha: TREE }, parents: [] });
  api.post(`${REPO}/git/trees`).reply(201, { sha: TREE });
  const errors = [{ type: "STALE_DATA", message: "Expected branch to point to another" }];
  api.post("/graphql").reply(200, { data: { createCommitOnBranch: null }, errors });
  const commit = { sha: HEAD, message, tree: { sha: TREE }, parents: [{ sha: BASE }] };
  api.get(`${REPO}/git/commits/${HEAD}`).times(9).reply(200, commit);
  nothing("branches");
}

describe("a commit whose expected head was stale", () => {
  it("is done already where the head is holdfast's own commit", async () => {
    staleCommit(signedMessage("Codify", { id: PULL.id, parents: [BASE], tree: TREE }, KEY));
    api.post(`${REPO}/pulls`).reply(201, post(3));
    api.post(`${REPO}/issues/3/labels`).reply(200, []);
    expect((await publish(inputOf([PULL]))).actions).toMatchObject([{ did: "opened", url: "https://gh/3" }]);
  });

  it("is a fault where somebody else's commit came in between, and no pull request is opened", async () => {
    staleCommit("mine");
    expect(await publish(inputOf([PULL]))).toMatchObject({ actions: [], faults: [{ code: "forge-failed" }] });
  });
});

function assigned(body: Readonly<Record<string, unknown>>): boolean {
  return body["assignees"] !== undefined;
}

describe("an issue whose assignees GitHub does not take", () => {
  it("is opened without them", async () => {
    nothing("pulls", "branches", "issues");
    const lines: string[] = [];
    api.post(`${REPO}/issues`, assigned).reply(422, { message: "Validation Failed" });
    api.post(`${REPO}/issues`, (body: Readonly<Record<string, unknown>>) => !assigned(body)).reply(201, post(5));
    const input = inputOf([{ ...ISSUE, assignees: ["nobody"] } as typeof ISSUE]);
    const published = await publish(input, { log: (line) => lines.push(line) });
    expect(published).toMatchObject({ actions: [{ did: "opened", url: "https://gh/5" }], faults: [] });
    expect(lines).toHaveLength(1);
  });
});

describe("writes", () => {
  it("are that far apart", async () => {
    nothing("pulls", "branches");
    const posts = ["1", "2", "3"].map((id) => {
      const marker = { kind: "issue", id, target: ISSUE.target, fingerprint: "f", words: "w", clean: 0 } as const;
      return post(Number(id), { body: markerLine(marker, KEY) });
    });
    api.get(`${REPO}/issues`).query(true).reply(200, posts);
    const times: number[] = [];
    for (const { number } of posts) {
      api.patch(`${REPO}/issues/${number}`).reply(() => [times.push(performance.now()) > 0 ? 200 : 500, {}]);
    }
    await publish(inputOf([]), { pacing: { betweenWrites: 60, retry: 1 } });
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(gaps).toHaveLength(2);
    for (const gap of gaps) expect(gap).toBeGreaterThan(50);
  });

  it("are none in a dry run, whatever there would be to do", async () => {
    nothing("branches");
    const refs = `${REPO}/git/matching-refs/heads/${BRANCH}`;
    api.get(refs).reply(200, []);
    api.get(`${REPO}/pulls`).query(true).times(9).reply(200, []);
    api
      .get(`${REPO}/issues`)
      .query(true)
      .times(9)
      .reply(200, [post(9), post(5)]);
    const published = await publish(inputOf([PULL, ISSUE], { dryRun: true }));
    expect(published.faults).toEqual([]);
    expect(published.actions.map(({ did }) => did)).toEqual(["opened", "updated"]);
  });
});

describe("a branch name", () => {
  it("that holdfast would not give is a bug, not a request", async () => {
    nothing("pulls", "issues", "branches");
    const odd = { ...PULL, branch: "holdfast/../../issues" } as typeof PULL;
    await expect(publish(inputOf([odd]))).rejects.toThrow("not a branch");
  });
});
