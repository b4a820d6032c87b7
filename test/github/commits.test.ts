import { describe, expect, it } from "vitest";
import { branchWithChange, commitOnBranch, createBranch, FILES, openPull, refused, useBench } from "./bench.ts";

const bench = useBench();

describe("createCommitOnBranch", () => {
  it("commits just the given bytes, signed, as the App", async () => {
    const { bot, github, repo, where } = bench;
    const oid = await branchWithChange(bench, "holdfast/a", { "apps/web.yaml": "replicas: 5\n", "logo.bin": null });
    expect((await github.branches(repo)).get("holdfast/a")).toBe(oid);
    const files = await github.diff(repo, "main", "holdfast/a");
    expect(files.map(({ path, after }) => [path, after?.toString()])).toEqual([
      ["apps/web.yaml", "replicas: 5\n"],
      ["logo.bin", undefined],
    ]);
    const { commit } = (await bot.repos.getCommit({ ...where, ref: oid })).data;
    expect(commit.verification?.verified).toBe(true);
    expect(commit.author?.name).toBe("holdfast[bot]");
    expect(commit.message).toBe("Keep what runs\n\nreplicas of apps/web");
  });

  it("refuses a head that has moved, and changes nothing", async () => {
    const { github, repo } = bench;
    const moved = await github.commit({ repository: repo, files: { "apps/web.yaml": "replicas: 4\n" } });
    await expect(commitOnBranch(bench, { branch: "main", files: { a: "b" } })).rejects.toMatchObject({
      errors: [{ type: "STALE_DATA", path: ["createCommitOnBranch"] }],
    });
    expect((await github.branches(repo)).get("main")).toBe(moved);
    expect(github.writes()).toEqual([]);
  });

  it.each([
    ["a branch that is not there", "NOT_FOUND", { branch: "nowhere", files: { a: "b" } }],
    ["the removal of a file that is not there", "UNPROCESSABLE", { branch: "main", files: { "no/such": null } }],
    ["a hash that is none", "INVALID", { branch: "main", head: "main", files: { a: "b" } }],
  ])("refuses %s", async (_, type, commit) => {
    await expect(commitOnBranch(bench, commit)).rejects.toMatchObject({ errors: [{ type }] });
  });

  it("refuses fields that GraphQL's types do not have", async () => {
    const errors = [{ type: "undefinedField" }];
    await expect(bench.bot.graphql("{ viewer { nickname } }")).rejects.toMatchObject({ errors });
  });

  it("leaves commits of people unsigned", async () => {
    const { bot, github, repo, where } = bench;
    const ref = await github.commit({ repository: repo, files: { "apps/web.yaml": "replicas: 4\n" } });
    expect((await bot.repos.getCommit({ ...where, ref })).data.commit.verification?.verified).toBe(false);
  });
});

describe("refs", () => {
  it("refuses one that exists, one of an unknown commit, and one inside another", async () => {
    await createBranch(bench, "holdfast/a");
    expect(await refused(createBranch(bench, "holdfast/a"))).toEqual({
      status: 422,
      message: "Reference already exists",
    });
    expect(await refused(createBranch(bench, "b", "0".repeat(40)))).toEqual({
      status: 422,
      message: "Object does not exist",
    });
    expect((await refused(createBranch(bench, "holdfast"))).status).toBe(422);
  });

  it("refuses an update that is not a fast forward, unless forced", async () => {
    const { bot, github, repo, where, first } = bench;
    await branchWithChange(bench, "holdfast/a");
    const back = { ...where, ref: "heads/holdfast/a", sha: first };
    expect(await refused(bot.git.updateRef(back))).toEqual({ status: 422, message: "Update is not a fast forward" });
    await bot.git.updateRef({ ...back, force: true });
    expect((await github.branches(repo)).get("holdfast/a")).toBe(first);
    const missing = { status: 422, message: "Reference does not exist" };
    expect(await refused(bot.git.updateRef({ ...back, ref: "heads/none" }))).toEqual(missing);
    expect(await refused(bot.git.deleteRef({ ...where, ref: "heads/none" }))).toEqual(missing);
  });
});

describe("repositories", () => {
  it("refuses every write to an archived one, and reads it", async () => {
    const { bot, github, repo, where } = bench;
    await github.archive(repo);
    const archived = { status: 403, message: "Repository was archived so is read-only." };
    expect(await refused(createBranch(bench, "x"))).toEqual(archived);
    expect(await refused(bot.issues.create({ ...where, title: "x" }))).toEqual(archived);
    expect(await refused(openPull(bench, "x"))).toEqual(archived);
    const { message } = archived;
    await expect(commitOnBranch(bench, { branch: "main", files: { a: "b" } })).rejects.toMatchObject({
      errors: [{ message }],
    });
    expect((await bot.repos.get(where)).data.archived).toBe(true);
  });

  it("answers with raw bytes when asked for them", async () => {
    const { bot, where, first } = bench;
    const headers = { accept: "application/vnd.github.raw" };
    const path = "logo.bin";
    const { data } = await bot.git.getTree({ ...where, tree_sha: first });
    const file_sha = data.tree.find((entry) => entry.path === path)?.sha ?? "";
    const raw = [
      await bot.request("GET /repos/{owner}/{repo}/contents/{path}", { ...where, path, headers }),
      await bot.request("GET /repos/{owner}/{repo}/git/blobs/{file_sha}", { ...where, file_sha, headers }),
    ];
    for (const answer of raw) expect(Buffer.from(answer.data as unknown as ArrayBuffer)).toEqual(FILES[path]);
  });

  it("answers 304 to the ETag of what has not changed", async () => {
    const { github, repo } = bench;
    const headers = { authorization: `token ${github.userToken("alice")}` };
    const url = `${github.url}/repos/${repo}/issues`;
    const etag = (await fetch(url, { headers })).headers.get("etag") ?? "";
    const again = async () => (await fetch(url, { headers: { ...headers, "if-none-match": etag } })).status;
    expect(await again()).toBe(304);
    await bench.bot.issues.create({ ...bench.where, title: "new" });
    expect(await again()).toBe(200);
  });
});
