import { beforeEach, describe, expect, it } from "vitest";
import { branchWithChange, createBranch, openPull, refused, useBench } from "./bench.ts";

const bench = useBench();

describe("opening a pull request", () => {
  it("is done once for a head and base", async () => {
    await branchWithChange(bench);
    expect((await openPull(bench, "holdfast/a")).data.user.login).toBe("holdfast[bot]");
    const message = "A pull request already exists for acme:holdfast/a.";
    const twice = { status: 422, message: "Validation Failed" };
    const errors = [{ resource: "PullRequest", code: "custom", message }];
    expect(await refused(openPull(bench, "holdfast/a"))).toEqual({ ...twice, errors });
    expect(await refused(openPull(bench, "acme:holdfast/a"))).toEqual({ ...twice, errors });
    expect(await bench.github.pullRequests(bench.repo)).toHaveLength(1);
  });

  it("is refused without commits, and for a branch that is not there (and is not made)", async () => {
    await createBranch(bench, "same");
    expect(await refused(openPull(bench, "same"))).toMatchObject({
      status: 422,
      errors: [{ code: "custom", message: "No commits between main and same" }],
    });
    const unknown = { status: 422, errors: [{ field: "head", code: "invalid" }] };
    expect(await refused(openPull(bench, "nowhere"))).toMatchObject(unknown);
    expect([...(await bench.github.branches(bench.repo)).keys()].toSorted()).toEqual(["main", "same"]);
  });

  it("is refused with a body over 65,536 characters, as an issue and a comment are", async () => {
    const { bot, where } = bench;
    await branchWithChange(bench);
    const body = "x".repeat(65_537);
    const tooLong = { status: 422, errors: [{ field: "body", code: "custom" }] };
    expect(await refused(openPull(bench, "holdfast/a", { body }))).toMatchObject(tooLong);
    expect(await refused(bot.issues.create({ ...where, title: "x", body }))).toMatchObject(tooLong);
    const { data } = await bot.issues.create({ ...where, title: "x", body: body.slice(1) });
    const issue = { ...where, issue_number: data.number };
    expect(await refused(bot.issues.createComment({ ...issue, body }))).toMatchObject(tooLong);
    expect(await refused(bot.issues.update({ ...issue, body }))).toMatchObject(tooLong);
  });

  it("is refused with fields that GitHub's description does not have", async () => {
    const { bot, where } = bench;
    const mistyped = { ...where, title: "x", head: "a", base: "main", labels: ["x"] };
    expect((await refused(bot.request("POST /repos/{owner}/{repo}/pulls", mistyped))).status).toBe(422);
  });
});

describe("an open pull request", () => {
  let pull: { owner: string; repo: string; pull_number: number };
  let head: string;
  beforeEach(async () => {
    head = await branchWithChange(bench);
    pull = { ...bench.where, pull_number: (await openPull(bench, "holdfast/a")).data.number };
  });

  it("follows its branch, lists the changed files, and shows no more in a list than GitHub", async () => {
    const { bot, github, repo, where } = bench;
    const pushed = await github.commit({ repository: repo, branch: "holdfast/a", files: { "new.yaml": "a: 1\n" } });
    expect((await bot.pulls.get(pull)).data).toMatchObject({ head: { sha: pushed }, changed_files: 2, commits: 2 });
    const files = (await bot.pulls.listFiles(pull)).data;
    expect(files.map(({ filename, status, additions, deletions }) => [filename, status, additions, deletions])).toEqual(
      [
        ["apps/web.yaml", "modified", 1, 2],
        ["new.yaml", "added", 1, 0],
      ],
    );
    const [listed] = (await bot.pulls.list({ ...where, head: "acme:holdfast/a" })).data;
    expect(listed?.head.sha).toBe(pushed);
    expect(listed).not.toHaveProperty("merged");
  });

  it("is merged with what happened on the base, once", async () => {
    const { bot, github, repo, where } = bench;
    await github.commit({ repository: repo, files: { "other.yaml": "b: 2\n" } });
    await github.mergePullRequest(repo, pull.pull_number);
    expect((await github.fileAt(repo, "main", "apps/web.yaml"))?.toString()).toBe("replicas: 5\n");
    expect((await github.fileAt(repo, "main", "other.yaml"))?.toString()).toBe("b: 2\n");
    const [merged] = await github.pullRequests(repo);
    expect(merged).toMatchObject({ merged: true, state: "closed", head: { sha: head }, merged_by: { login: "alice" } });
    const [listed] = (await bot.pulls.list({ ...where, state: "all" })).data;
    expect(listed?.merged_at).toEqual(expect.any(String));
    await expect(github.mergePullRequest(repo, pull.pull_number)).rejects.toThrow(/405/);
  });

  it("cannot be merged where the base changed the same lines", async () => {
    const { bot, github, repo } = bench;
    await github.commit({ repository: repo, files: { "apps/web.yaml": "replicas: 7\n" } });
    expect((await bot.pulls.get(pull)).data.mergeable).toBe(false);
    await expect(github.mergePullRequest(repo, pull.pull_number)).rejects.toThrow(/405/);
  });

  it("is closed with its branch, and cannot be reopened without it", async () => {
    const { bot, github, repo, where } = bench;
    await bot.git.deleteRef({ ...where, ref: "heads/holdfast/a" });
    expect(await github.pullRequests(repo)).toMatchObject([{ state: "closed", head: { sha: head } }]);
    const reopened = bot.pulls.update({ ...pull, state: "open" });
    expect(await refused(reopened)).toMatchObject({ status: 422, errors: [{ field: "state" }] });
  });

  it("can be reopened unless another has taken its place", async () => {
    const { bot, github, repo } = bench;
    await github.closePullRequest(repo, pull.pull_number);
    const other = await openPull(bench, "holdfast/a");
    expect((await refused(bot.pulls.update({ ...pull, state: "open" }))).status).toBe(422);
    await github.closePullRequest(repo, other.data.number);
    expect((await bot.pulls.update({ ...pull, state: "open" })).data.state).toBe("open");
  });

  it("is an issue too, in lists and by its number", async () => {
    const { bot, github, repo, where } = bench;
    for (const title of ["one", "two", "three"]) await bot.issues.create({ ...where, title, labels: ["holdfast"] });
    const issue = { ...where, issue_number: pull.pull_number };
    await bot.issues.addLabels({ ...issue, labels: ["holdfast"] });
    const query = { ...where, state: "all", labels: "holdfast", per_page: 2, direction: "asc" } as const;
    const all = await bot.paginate(bot.issues.listForRepo, query);
    expect(all.map(({ title, pull_request }) => [title, pull_request !== undefined])).toEqual([
      ["Keep replicas", true],
      ["one", false],
      ["two", false],
      ["three", false],
    ]);
    expect(await github.issues(repo)).toHaveLength(3);
    expect((await bot.issues.get(issue)).data.pull_request).toBeDefined();
    await bot.issues.update({ ...issue, title: "Renamed", labels: [] });
    expect(await github.pullRequests(repo)).toMatchObject([{ title: "Renamed", labels: [] }]);
  });
});
