import { describe, expect, it } from "vitest";
import { readMarker } from "../../src/publish/marker.ts";
import { FILES, octokit, useBench } from "./bench.ts";
import { deeds, issue, KEY, pass, pull, replicas } from "./publishing.ts";

const bench = useBench();

describe("a first pass", () => {
  it("opens one pull request whose only difference is the drifted bytes, and one issue", async () => {
    const { github, repo } = bench;
    const published = await pass(bench, [pull(), issue()]);
    expect(published.faults).toEqual([]);
    expect(deeds(published)).toEqual(["opened", "opened"]);
    const [opened, ...morePulls] = await github.pullRequests(repo);
    const [issued, ...moreIssues] = await github.issues(repo);
    expect([...morePulls, ...moreIssues]).toEqual([]);
    expect(published.actions.map(({ url }) => url)).toEqual([opened?.html_url, issued?.["html_url"]]);
    expect(opened).toMatchObject({ state: "open", user: { login: "holdfast[bot]" }, base: { ref: "main" } });
    expect(opened?.labels.map(({ name }) => name)).toEqual(["drift"]);
    expect(issued?.labels.map(({ name }) => name)).toEqual(["drift", "security"]);
    const [changed, ...rest] = await github.diff(repo, "main", opened?.head.sha ?? "");
    expect(rest).toEqual([]);
    expect([changed?.path, changed?.mode]).toEqual(["apps/web.yaml", "100644"]);
    expect(changed?.after?.toString()).toBe("kind: Deployment\nreplicas: 5\n");
    expect((await github.branches(repo)).get("main")).toBe(bench.first);
  });

  it("makes a commit that GitHub signs", async () => {
    await pass(bench, [pull()]);
    const { data } = await bench.bot.repos.getCommit({ ...bench.where, ref: "holdfast/aaaaaaaaaaaaaaaa" });
    expect(data.commit.verification?.verified).toBe(true);
    expect(data.commit.message).toMatch(/^Codify 1 live change of Deployment\/web in shop\n\nThe cluster has/);
  });

  it("keeps the mode of a file that may be executed", async () => {
    await pass(bench, [pull("aaaaaaaaaaaaaaaa", { files: [{ ...replicas(5), mode: "100755" }] })]);
    const [changed] = await bench.github.diff(bench.repo, "main", "holdfast/aaaaaaaaaaaaaaaa");
    expect(changed?.mode).toBe("100755");
  });

  it("writes nothing in a dry run, and says what it would open", async () => {
    const published = await pass(bench, [pull(), issue()], { input: { dryRun: true } });
    expect(deeds(published)).toEqual(["opened", "opened"]);
    expect(bench.github.writes()).toEqual([]);
  });
});

describe("a pass over the same drift", () => {
  it("writes nothing", async () => {
    await pass(bench, [pull(), issue()]);
    bench.github.forgetRequests();
    const published = await pass(bench, [pull(), issue()]);
    expect(deeds(published)).toEqual(["unchanged", "unchanged"]);
    expect(bench.github.writes()).toEqual([]);
  });

  it("keeps a person's words in the body, until its own words change", async () => {
    const { bot, github, repo, where } = bench;
    await pass(bench, [pull()]);
    const [before] = await github.pullRequests(repo);
    const path = `/repos/${repo}/pulls/${before?.number}`;
    await github.act("alice", { method: "PATCH", path, body: { body: `${before?.body}\r\n\r\nLooks right to me.` } });
    github.forgetRequests();
    await pass(bench, [pull()]);
    expect(github.writes()).toEqual([]);
    await pass(bench, [pull("aaaaaaaaaaaaaaaa", { body: "Other words." })]);
    const { data } = await bot.pulls.get({ ...where, pull_number: before?.number ?? 0 });
    expect(data.body?.endsWith("\n\nOther words.")).toBe(true);
  });

  it("does not open a pull request twice where somebody took the marker out of its body", async () => {
    const { github, repo } = bench;
    await pass(bench, [pull()]);
    await github.act("alice", { method: "PATCH", path: `/repos/${repo}/pulls/1`, body: { body: "mine now" } });
    expect(deeds(await pass(bench, [pull()]))).toEqual(["updated"]);
    const pulls = await github.pullRequests(repo);
    expect(pulls).toHaveLength(1);
    expect(readMarker(pulls[0]?.body ?? "", KEY)?.id).toBe("aaaaaaaaaaaaaaaa");
  });
});

describe("drift that changes", () => {
  it("is pushed to the same pull request, and says so in the same issue", async () => {
    const { github, repo } = bench;
    await pass(bench, [pull(), issue()]);
    const next = [
      pull("aaaaaaaaaaaaaaaa", { fingerprint: "f2", files: [replicas(7)] }),
      issue("bbbbbbbbbbbbbbbb", { fingerprint: "f2", body: "Host network." }),
    ];
    expect(deeds(await pass(bench, next))).toEqual(["updated", "updated"]);
    expect(await github.pullRequests(repo)).toHaveLength(1);
    const [changed, ...rest] = await github.diff(repo, "main", "holdfast/aaaaaaaaaaaaaaaa");
    expect(rest).toEqual([]);
    expect(changed?.after?.toString()).toContain("replicas: 7");
    expect((await github.issues(repo)).map(({ body }) => body?.endsWith("Host network."))).toEqual([true]);
  });

  it("in another file leaves nothing of the first one on the branch", async () => {
    const { github, repo } = bench;
    await pass(bench, [pull()]);
    const other = {
      path: "apps/deep/er/api.yaml",
      before: FILES["apps/deep/er/api.yaml"],
      after: "kind: Service\nspec: {}\n",
      mode: "100644",
    };
    await pass(bench, [pull("aaaaaaaaaaaaaaaa", { fingerprint: "f2", files: [other] })]);
    const files = await github.diff(repo, "main", "holdfast/aaaaaaaaaaaaaaaa");
    expect(files.map(({ path }) => path)).toEqual(["apps/deep/er/api.yaml"]);
  });

  it("is brought onto a base branch that has moved on, and only where that matters", async () => {
    const { github, repo } = bench;
    await pass(bench, [pull()]);
    const elsewhere = await github.commit({ repository: repo, files: { "readme.md": "hello\n" } });
    github.forgetRequests();
    expect(deeds(await pass(bench, [pull()], { base: elsewhere }))).toEqual(["unchanged"]);
    expect(github.writes()).toEqual([]);
    const moved = "kind: Deployment\nreplicas: 3\npaused: false\n";
    const base = await github.commit({ repository: repo, files: { "apps/web.yaml": moved } });
    await pass(bench, [pull("aaaaaaaaaaaaaaaa", { fingerprint: "f2", files: [replicas(5, moved)] })], { base });
    const [changed, ...rest] = await github.diff(repo, "main", "holdfast/aaaaaaaaaaaaaaaa");
    expect(rest).toEqual([]);
    expect([changed?.before?.toString(), changed?.after?.toString()]).toEqual([
      moved,
      "kind: Deployment\nreplicas: 5\npaused: false\n",
    ]);
    await github.mergePullRequest(repo, 1);
    expect((await github.fileAt(repo, "main", "apps/web.yaml"))?.toString()).toContain("replicas: 5\npaused");
  });

  it("of an older commit is not put on top of a newer one", async () => {
    const { github, repo, first } = bench;
    const newer = await github.commit({ repository: repo, files: { "readme.md": "hello\n" } });
    await pass(bench, [pull()], { base: newer });
    const published = await pass(bench, [pull("aaaaaaaaaaaaaaaa", { fingerprint: "f2", files: [replicas(9)] })], {
      base: first,
    });
    expect(published.faults.map(({ code }) => code)).toEqual(["forge-failed"]);
    expect((await github.fileAt(repo, "holdfast/aaaaaaaaaaaaaaaa", "readme.md"))?.toString()).toBe("hello\n");
  });
});

describe("drift that is gone", () => {
  it("closes its pull request and issue after two complete passes, and removes the branch", async () => {
    const { github, repo } = bench;
    await pass(bench, [pull(), issue()]);
    expect(deeds(await pass(bench, []))).toEqual(["updated", "updated"]);
    expect((await github.pullRequests(repo)).map(({ state }) => state)).toEqual(["open"]);
    expect(deeds(await pass(bench, []))).toEqual(["closed", "closed"]);
    const all = [...(await github.pullRequests(repo)), ...(await github.issues(repo))];
    expect(all.map(({ state }) => state)).toEqual(["closed", "closed"]);
    expect([...(await github.branches(repo)).keys()]).toEqual(["main"]);
    github.forgetRequests();
    expect(deeds(await pass(bench, []))).toEqual([]);
    expect(github.writes()).toEqual([]);
  });

  it("counts again from the start where it comes back in between", async () => {
    const { github, repo } = bench;
    await pass(bench, [pull(), issue()]);
    await pass(bench, []);
    await pass(bench, [pull(), issue()]);
    await pass(bench, []);
    const all = [...(await github.pullRequests(repo)), ...(await github.issues(repo))];
    expect(all.map(({ state }) => state)).toEqual(["open", "open"]);
  });

  it.each([
    ["a partial pass", { complete: false }],
    ["a pass over another target", { targets: ["other"] }],
    ["a dry run", { dryRun: true }],
  ])("is not closed because of %s", async (_name, input) => {
    await pass(bench, [pull(), issue()]);
    bench.github.forgetRequests();
    for (let time = 0; time < 3; time++) await pass(bench, [], { input });
    expect(bench.github.writes()).toEqual([]);
  });

  it("opens a new pull request and the same issue when it is back", async () => {
    const { github, repo } = bench;
    await pass(bench, [pull(), issue()]);
    await pass(bench, []);
    await pass(bench, []);
    expect(deeds(await pass(bench, [pull(), issue()]))).toEqual(["opened", "reopened"]);
    expect((await github.pullRequests(repo)).map(({ state }) => state).toSorted()).toEqual(["closed", "open"]);
    expect((await github.issues(repo)).map(({ state }) => state)).toEqual(["open"]);
  });

  it("after a merge is settled at once, its branch goes, and the next drift opens a new pull request", async () => {
    const { github, repo } = bench;
    await pass(bench, [pull()]);
    await github.mergePullRequest(repo, 1);
    const merged = (await github.branches(repo)).get("main") ?? "";
    expect(deeds(await pass(bench, [], { base: merged }))).toEqual([]);
    expect([...(await github.branches(repo)).keys()]).toEqual(["main"]);
    const next = pull("aaaaaaaaaaaaaaaa", {
      fingerprint: "f2",
      files: [replicas(9, "kind: Deployment\nreplicas: 5\n")],
    });
    expect(deeds(await pass(bench, [next], { base: merged }))).toEqual(["opened"]);
    expect((await github.pullRequests(repo)).map(({ state }) => state).toSorted()).toEqual(["closed", "open"]);
  });

  it("and new drift in the same pass after a squash starts the branch afresh", async () => {
    const { github, repo } = bench;
    await pass(bench, [pull()]);
    await github.act("alice", {
      method: "PUT",
      path: `/repos/${repo}/pulls/1/merge`,
      body: { merge_method: "squash" },
    });
    const merged = (await github.branches(repo)).get("main") ?? "";
    const next = pull("aaaaaaaaaaaaaaaa", {
      fingerprint: "f2",
      files: [replicas(9, "kind: Deployment\nreplicas: 5\n")],
    });
    expect(deeds(await pass(bench, [next], { base: merged }))).toEqual(["opened"]);
    const { data } = await bench.bot.pulls.listCommits({ ...bench.where, pull_number: 2 });
    expect(data).toHaveLength(1);
  });
});

describe("what people do", () => {
  it("a pull request that somebody closed stays closed until the drift changes", async () => {
    const { github, repo } = bench;
    await pass(bench, [pull()]);
    await github.closePullRequest(repo, 1);
    github.forgetRequests();
    expect(deeds(await pass(bench, [pull()]))).toEqual(["left-alone"]);
    expect(github.writes()).toEqual([]);
    const changed = pull("aaaaaaaaaaaaaaaa", { fingerprint: "f2", files: [replicas(8)] });
    expect(deeds(await pass(bench, [changed]))).toEqual(["opened"]);
    expect((await github.pullRequests(repo)).map(({ state }) => state).toSorted()).toEqual(["closed", "open"]);
  });

  it("so does one whose branch somebody removed", async () => {
    const { github, repo } = bench;
    await pass(bench, [pull()]);
    await github.act("alice", { method: "DELETE", path: `/repos/${repo}/git/refs/heads/holdfast/aaaaaaaaaaaaaaaa` });
    expect(deeds(await pass(bench, [pull()]))).toEqual(["left-alone"]);
  });

  it("an issue that somebody closed while the drift stands is reopened once, and again when the drift changes", async () => {
    const { github, repo } = bench;
    await pass(bench, [issue()]);
    await github.closeIssue(repo, 1);
    expect(deeds(await pass(bench, [issue()]))).toEqual(["reopened"]);
    expect(deeds(await pass(bench, [issue()]))).toEqual(["unchanged"]);
    await github.closeIssue(repo, 1);
    github.forgetRequests();
    expect(deeds(await pass(bench, [issue()]))).toEqual(["left-alone"]);
    expect(github.writes()).toEqual([]);
    expect(deeds(await pass(bench, [issue("bbbbbbbbbbbbbbbb", { fingerprint: "f2" })]))).toEqual(["reopened"]);
    expect(await github.issues(repo)).toHaveLength(1);
  });

  it("a commit of somebody's stops the pushing, is said once, and is never overwritten", async () => {
    const { github, repo } = bench;
    await pass(bench, [pull()]);
    const theirs = await github.commit({
      repository: repo,
      branch: "holdfast/aaaaaaaaaaaaaaaa",
      files: { "apps/web.yaml": "kind: Deployment\nreplicas: 4\n" },
    });
    const changed = pull("aaaaaaaaaaaaaaaa", { fingerprint: "f2", files: [replicas(8)] });
    expect(deeds(await pass(bench, [changed]))).toEqual(["updated"]);
    expect((await github.pullRequests(repo))[0]?.body).toContain("**Paused:**");
    github.forgetRequests();
    expect(deeds(await pass(bench, [changed]))).toEqual(["left-alone"]);
    expect(github.writes()).toEqual([]);
    expect((await github.branches(repo)).get("holdfast/aaaaaaaaaaaaaaaa")).toBe(theirs);
    await pass(bench, []);
    await pass(bench, []);
    expect((await github.pullRequests(repo))[0]?.state).toBe("open");
  });

  it("a commit by the very user whose token holdfast uses is told from holdfast's own", async () => {
    const { github, repo } = bench;
    const client = octokit(bench, github.userToken("alice"));
    const asAlice = { client, login: "alice" };
    await pass(bench, [pull()], asAlice);
    await github.commit({
      repository: repo,
      branch: "holdfast/aaaaaaaaaaaaaaaa",
      files: { "apps/web.yaml": "replicas: 4\n" },
      as: "alice",
    });
    await pass(bench, [pull("aaaaaaaaaaaaaaaa", { files: [replicas(8)] })], asAlice);
    expect((await github.fileAt(repo, "holdfast/aaaaaaaaaaaaaaaa", "apps/web.yaml"))?.toString()).toBe("replicas: 4\n");
  });

  it("goes on where the commit is taken away again", async () => {
    const { github, repo } = bench;
    await pass(bench, [pull()]);
    const branch = "holdfast/aaaaaaaaaaaaaaaa";
    const ours = (await github.branches(repo)).get(branch);
    await github.commit({ repository: repo, branch, files: { "apps/web.yaml": "replicas: 4\n" } });
    await pass(bench, [pull()]);
    await github.act("alice", {
      method: "PATCH",
      path: `/repos/${repo}/git/refs/heads/${branch}`,
      body: { sha: ours, force: true },
    });
    expect(deeds(await pass(bench, [pull()]))).toEqual(["updated"]);
    expect((await github.pullRequests(repo))[0]?.body).not.toContain("**Paused:**");
  });

  it("a marker copied into somebody else's issue is not believed", async () => {
    const { github, repo } = bench;
    await pass(bench, [issue()]);
    const [genuine] = await github.issues(repo);
    await github.act("alice", {
      method: "POST",
      path: `/repos/${repo}/issues`,
      body: { title: "mine", body: genuine?.body },
    });
    for (let time = 0; time < 3; time++) await pass(bench, []);
    const states = (await github.issues(repo)).map(({ user, state }) => `${user.login} ${state}`);
    expect(states.toSorted()).toEqual(["alice open", "holdfast[bot] closed"]);
  });

  it("a pull request that somebody else opened from the branch is left alone", async () => {
    const { github, repo, where, bot } = bench;
    await pass(bench, [pull()]);
    await bot.pulls.update({ ...where, pull_number: 1, state: "closed", body: "gone" });
    const request = { title: "mine", head: "holdfast/aaaaaaaaaaaaaaaa", base: "main" };
    await github.act("alice", { method: "POST", path: `/repos/${repo}/pulls`, body: request });
    expect(deeds(await pass(bench, [pull()]))).toEqual(["left-alone"]);
  });
});

describe("limits", () => {
  const three = ["1", "2", "3"].map((digit) => pull(digit.repeat(16), { files: [replicas(Number(digit) + 3)] }));

  it("never has more pull requests open than maxOpen; the rest waits and is said", async () => {
    const limits = { maxOpen: 2, perHour: 10 };
    const published = await pass(bench, [...three, issue()], { limits });
    expect(deeds(published)).toEqual(["opened", "opened", "waiting", "opened"]);
    expect(published.faults).toEqual([]);
    await bench.github.mergePullRequest(bench.repo, 1);
    const base = (await bench.github.branches(bench.repo)).get("main") ?? "";
    expect(deeds(await pass(bench, [...three.slice(1), issue()], { limits, base }))).toEqual([
      "unchanged",
      "opened",
      "unchanged",
    ]);
  });

  it("never opens more pull requests in an hour than perHour, across passes", async () => {
    const limits = { maxOpen: 10, perHour: 1 };
    expect(deeds(await pass(bench, three, { limits }))).toEqual(["opened", "waiting", "waiting"]);
    expect(deeds(await pass(bench, three, { limits }))).toEqual(["unchanged", "waiting", "waiting"]);
    const later = Date.now() + 3_700_000;
    expect(deeds(await pass(bench, three, { limits, now: later }))).toEqual(["unchanged", "opened", "waiting"]);
  });
});
