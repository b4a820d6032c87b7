// What Git said of single objects before, in real repositories.

import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { isFault } from "../../src/core/fault.ts";
import { refKey } from "../../src/core/refs.ts";
import type { DesiredObject } from "../../src/core/objects.ts";
import type { ObjectRef } from "../../src/core/refs.ts";
import type { SourceHistory, SourceTree } from "../../src/core/stages.ts";
import { fieldAt, textOf } from "../../src/core/value.ts";
import { readDesired } from "../../src/desired/desired.ts";
import { fetchRepository } from "../../src/desired/fetch.ts";
import { readHistory } from "../../src/desired/git-history.ts";
import type { HistoryLimits } from "../../src/desired/git-history.ts";
import { objectHistories } from "../../src/desired/history.ts";
import type { ObjectHistories } from "../../src/desired/history.ts";
import { openRevision } from "../../src/desired/revision.ts";
import { openWorktree } from "../../src/desired/worktree.ts";
import {
  RENDERING,
  commitAll,
  digester,
  git,
  isNamespaced,
  repositoryOf,
  temporaryFolder,
  write,
} from "./repositories.ts";

const CONTEXT = { namespace: "shop", digester, isNamespaced };

const TARGET = { name: "t", path: "", namespace: "shop", exclude: [] };

function config(name: string, value: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { a: "${value}" }\n`;
}

function refOf(name: string): ObjectRef {
  return { apiVersion: "v1", kind: "ConfigMap", namespace: "shop", name };
}

/** Walks over all of history go by the time of commits. */
function commitAt(dir: string, date: string): void {
  git(dir, "add", "--all");
  const env = { ...process.env, GIT_COMMITTER_DATE: date, GIT_CONFIG_GLOBAL: "/dev/null" };
  const names = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
  execFileSync("git", [...names, "commit", "--quiet", "-m", "test"], { cwd: dir, env });
}

interface Opened {
  readonly tree: SourceTree;
  readonly history: SourceHistory;
  readonly histories: ObjectHistories;
}

interface Open {
  readonly path?: string;
  readonly exclude?: readonly string[];
}

/** The working tree's past, or that of a revision. */
async function open(dir: string, revision?: string, { path = "", exclude = [] }: Open = {}): Promise<Opened> {
  const tree = revision === undefined ? await openWorktree(dir) : await openRevision(dir, revision);
  if (isFault(tree)) throw new Error(tree.message);
  const history = await tree.history?.();
  if (history === undefined || isFault(history)) throw new Error(history?.message ?? "no history");
  onTestFinished(() => history.close());
  return { tree, history, histories: objectHistories({ history, context: CONTEXT, path, exclude }) };
}

/** `1 (c2), 0 (c1); beginning`: the values of `data.a` that the object had before, with their commits by name. */
async function versions({ tree, histories }: Opened, name: string, commits: readonly string[] = []): Promise<string> {
  const { objects } = await readDesired({
    tree,
    target: TARGET,
    digester,
    isNamespaced,
    ...RENDERING,
  });
  const object = objects.find(({ ref }) => ref.name === name);
  if (object === undefined) throw new Error(`nothing declares ${name}`);
  const past = await histories.versionsOf(object);
  const told = past.versions.map((version) => {
    const at = commits.indexOf(version.commit);
    const value = JSON.stringify(fieldAt(version.object.value, "data", "a"));
    return at < 0 ? value : `${value} (c${at + 1})`;
  });
  return `${told.join(", ")}; ${past.end}`;
}

async function removed({ histories }: Opened, name: string): Promise<string | undefined> {
  const ref = refOf(name);
  return (await histories.removed([ref])).get(refKey(ref))?.removedIn;
}

describe("older versions of an object", () => {
  test("newest first, each with the newest commit that had it, back to where it began", async () => {
    const dir = repositoryOf({ "a.yaml": config("web", "1") });
    const first = git(dir, "rev-parse", "HEAD").trim();
    write(dir, { "other.yaml": config("other", "1") });
    const second = commitAll(dir);
    write(dir, { "a.yaml": config("web", "2") });
    const third = commitAll(dir);
    write(dir, { "a.yaml": config("web", "3") });
    commitAll(dir);
    const opened = await open(dir, "HEAD");
    expect(await versions(opened, "web", [first, second, third])).toBe('"2" (c3), "1" (c2); beginning');
    expect(await versions(opened, "other")).toBe("; beginning");
  });

  test("a version tells whether holdfast's own commit superseded it: committed, merged or squashed", async () => {
    const signed = `Codify shop\n\nHoldfast-Commit: ${"a".repeat(43)}`;
    const dir = repositoryOf({ "web.yaml": config("web", "1") });
    const commit = (value: string, message: string): void => {
      write(dir, { "web.yaml": config("web", value) });
      commitAll(dir, message);
    };
    commit("2", "By hand");
    commit("3", signed);
    commit("4", `Codify shop (#7)\n\n* ${signed}\r\n\nCo-authored-by: A <a@example.com>`);
    commit("5", `Not ${signed.replaceAll("\n", " ")}`);
    git(dir, "checkout", "--quiet", "-b", "pull");
    commit("6", signed);
    git(dir, "checkout", "--quiet", "main");
    git(
      dir,
      "-c",
      "user.name=t",
      "-c",
      "user.email=t@example.com",
      "merge",
      "--quiet",
      "--no-ff",
      "-m",
      "Merge",
      "pull",
    );
    git(dir, "checkout", "--quiet", "-b", "updated");
    commit("7", signed);
    write(dir, { "other.yaml": config("other", "1") });
    commitAll(dir, "Somebody adds to the pull request");
    git(dir, "checkout", "--quiet", "main");
    write(dir, { "third.yaml": config("third", "1") });
    commitAll(dir, "Main goes on");
    const names = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
    git(dir, "checkout", "--quiet", "updated");
    git(dir, ...names, "merge", "--quiet", "--no-ff", "-m", "Merge main into updated", "main");
    git(dir, "checkout", "--quiet", "main");
    git(dir, ...names, "merge", "--quiet", "--no-ff", "-m", "Merge updated", "updated");
    write(dir, { "web.yaml": config("web", "8") });
    const { tree, histories } = await open(dir);
    const { objects } = await readDesired({ tree, target: TARGET, digester, isNamespaced, ...RENDERING });
    const past = await histories.versionsOf(objects.find(({ ref }) => ref.name === "web") as DesiredObject);
    const told = past.versions.map(
      (version) => `${textOf(fieldAt(version.object.value, "data"), "a")} ${version.codified}`,
    );
    expect(told).toEqual(["7 false", "6 true", "5 true", "4 false", "3 true", "2 true", "1 false"]);
  });

  test("HEAD is the first older version of a working tree, where that differs", async () => {
    const dir = repositoryOf({ "a.yaml": config("web", "1") });
    expect(await versions(await open(dir), "web")).toBe("; beginning");
    write(dir, { "a.yaml": config("web", "2") });
    const head = git(dir, "rev-parse", "HEAD").trim();
    expect(await versions(await open(dir), "web", [head])).toBe('"1" (c1); beginning');
  });

  test("a revision knows nothing of what came after it", async () => {
    const dir = repositoryOf({ "a.yaml": config("web", "1") });
    write(dir, { "a.yaml": config("web", "2") });
    commitAll(dir);
    expect(await versions(await open(dir, "HEAD~1"), "web")).toBe("; beginning");
  });

  test.each([
    [
      "a file is renamed, and rewritten all over",
      { "b/new.yaml": `${config("more", "1")}---\n${config("web", "2")}` },
      ["a.yaml"],
    ],
    [
      "an object moves to a file that was there",
      { "a.yaml": config("rest", "1"), "b.yaml": `${config("b", "1")}---\n${config("web", "2")}` },
      [],
    ],
    [
      "a list takes it in",
      {
        "l.json": `{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"web"},"data":{"a":"2"}}]}`,
      },
      ["a.yaml"],
    ],
  ])("are followed where %s", async (_what, files: Record<string, string>, gone) => {
    const dir = repositoryOf({
      "a.yaml": `${config("rest", "1")}---\n${config("web", "1")}`,
      "b.yaml": config("b", "1"),
    });
    for (const file of gone) rmSync(join(dir, file));
    write(dir, files);
    expect(await versions(await open(dir), "web"), "not committed").toBe('"1"; beginning');
    commitAll(dir);
    expect(await versions(await open(dir, "HEAD"), "web")).toBe('"1"; beginning');
    expect(await removed(await open(dir, "HEAD"), "web")).toBeUndefined();
  });

  test("only what the branch itself was: a merged branch's own states are none", async () => {
    const dir = repositoryOf({ "a.yaml": config("web", "1") });
    git(dir, "checkout", "--quiet", "-b", "feature");
    write(dir, { "a.yaml": config("web", "never-reviewed") });
    commitAt(dir, "2090-01-01T00:00:00Z");
    write(dir, { "a.yaml": config("web", "2") });
    commitAt(dir, "2090-01-02T00:00:00Z");
    git(dir, "checkout", "--quiet", "main");
    git(
      dir,
      "-c",
      "user.name=t",
      "-c",
      "user.email=t@example.com",
      "merge",
      "--quiet",
      "--no-ff",
      "-m",
      "m",
      "feature",
    );
    expect(await versions(await open(dir, "HEAD"), "web")).toBe('"1"; beginning');
  });

  test("an object that came back began when it came back", async () => {
    const dir = repositoryOf({ "a.yaml": config("web", "1"), "b.yaml": config("b", "1") });
    rmSync(join(dir, "a.yaml"));
    commitAll(dir);
    write(dir, { "a.yaml": config("web", "2") });
    commitAll(dir);
    expect(await versions(await open(dir, "HEAD"), "web")).toBe("; beginning");
  });

  test("an older file that does not parse hides what came before", async () => {
    const dir = repositoryOf({ "a.yaml": config("web", "0") });
    write(dir, { "a.yaml": "apiVersion: v1\nkind: [\n" });
    commitAll(dir);
    write(dir, { "a.yaml": config("web", "1") });
    commitAll(dir);
    expect(await versions(await open(dir, "HEAD"), "web")).toBe("; window");
  });

  test("a folder of a repository has the past of that folder", async () => {
    const dir = repositoryOf({ "prod/a.yaml": config("web", "1"), "test/a.yaml": config("web", "9") });
    write(dir, { "prod/a.yaml": config("web", "2") });
    commitAll(dir);
    expect(await versions(await open(join(dir, "prod"), "HEAD"), "web")).toBe('"1"; beginning');
    expect(await versions(await open(join(dir, "prod")), "web")).toBe('"1"; beginning');
  });

  test("what comes from outside of the target has a past that is not known", async () => {
    const dir = repositoryOf({ "docs/a.yaml": config("web", "1"), "z.yaml": config("z", "1") });
    rmSync(join(dir, "docs"), { recursive: true });
    write(dir, { "apps/a.yaml": config("web", "2") });
    commitAll(dir);
    expect(await versions(await open(dir, "HEAD", { path: "apps" }), "web")).toBe("; window");
    expect(await versions(await open(dir, "HEAD", { exclude: ["docs/"] }), "web")).toBe("; window");
  });

  test("a file behind a symbolic link is followed under its own name", async () => {
    const dir = repositoryOf({ "real/a.yaml": config("web", "1") });
    mkdirSync(join(dir, "apps"));
    symlinkSync("../real/a.yaml", join(dir, "apps/a.yaml"));
    write(dir, { "real/a.yaml": config("web", "2") });
    commitAll(dir);
    expect(await versions(await open(dir, "HEAD"), "web")).toBe('"1"; beginning');
  });
});

async function limited(dir: string, limits: Partial<HistoryLimits>): Promise<Opened> {
  const tree = await openRevision(dir, "HEAD");
  if (isFault(tree)) throw new Error(tree.message);
  const history = await readHistory({
    repository: { gitDir: join(dir, ".git") },
    commit: tree.revision,
    prefix: "",
    limits,
  });
  if (isFault(history)) throw new Error(history.message);
  onTestFinished(() => history.close());
  return { tree, history, histories: objectHistories({ history, context: CONTEXT, path: "", exclude: [] }) };
}

function ofFive(): string {
  const dir = repositoryOf({ "a.yaml": config("web", "1") });
  for (const value of ["2", "3", "4", "5"]) {
    write(dir, { "a.yaml": config("web", value) });
    commitAll(dir);
  }
  return dir;
}

describe("the window", () => {
  test.each<readonly [string, Partial<HistoryLimits>, string]>([
    ["commits", { commits: 2 }, '"4", "3"; window'],
    ["a file's bytes", { fileBytes: 10 }, "; window"],
    ["all bytes", { bytes: 200 }, '"4", "3"; window'],
    ["blobs", { blobs: 3 }, '"4", "3", "2"; window'],
    ["time", { milliseconds: -1 }, "; window"],
    ["none of them", {}, '"4", "3", "2", "1"; beginning'],
  ])("ends at the limit of %s", async (_what, limits, expected) => {
    expect(await versions(await limited(ofFive(), limits), "web")).toBe(expected);
  });

  test("a shallow clone's oldest commit is no beginning", async () => {
    const dir = ofFive();
    const clone = join(temporaryFolder(), "clone");
    execFileSync("git", ["clone", "--quiet", "--depth=2", pathToFileURL(dir).href, clone], { stdio: "ignore" });
    expect(await versions(await open(clone, "HEAD"), "web")).toBe('"4"; shallow');
    expect(await removed(await open(clone, "HEAD"), "gone")).toBeUndefined();
  });

  test("a repository without a commit has no past that could be read", async () => {
    const dir = temporaryFolder();
    git(dir, "init", "--quiet");
    write(dir, { "a.yaml": config("web", "1") });
    const tree = await openWorktree(dir);
    if (isFault(tree)) throw new Error(tree.message);
    expect(await tree.history?.()).toMatchObject({ code: "revision-unknown" });
  });

  test("a partial clone fetches the older files that are asked for", async () => {
    const dir = ofFive();
    git(dir, "config", "uploadpack.allowFilter", "true");
    git(dir, "config", "uploadpack.allowAnySHA1InWant", "true");
    const options = { url: pathToFileURL(dir).href, branch: "main", cacheDir: temporaryFolder() };
    const fetched = await fetchRepository(options);
    if (isFault(fetched)) throw new Error(fetched.message);
    onTestFinished(() => fetched.tree.close());
    const history = await fetched.tree.history?.();
    if (history === undefined || isFault(history)) throw new Error("no history");
    onTestFinished(() => history.close());
    const histories = objectHistories({ history, context: CONTEXT, path: "", exclude: [] });
    expect(await versions({ tree: fetched.tree, history, histories }, "web")).toBe('"4", "3", "2", "1"; beginning');
  });
});

describe("the commit that took an object out", () => {
  test.each<readonly [string, Readonly<Record<string, string>>, readonly string[]]>([
    ["with its file", {}, ["a.yaml"]],
    ["from a file that stays", { "a.yaml": config("rest", "1") }, []],
    ["by another name", { "a.yaml": config("web-2", "1") }, []],
  ])("is named: %s", async (_what, files, gone) => {
    const dir = repositoryOf({
      "a.yaml": `${config("rest", "1")}---\n${config("web", "1")}`,
      "z.yaml": config("z", "1"),
    });
    for (const file of gone) rmSync(join(dir, file));
    write(dir, files);
    expect(await removed(await open(dir), "web"), "not committed").toBe("worktree");
    const commit = commitAll(dir);
    write(dir, { "z.yaml": config("z", "2") });
    commitAll(dir);
    const opened = await open(dir, "HEAD");
    expect(await removed(opened, "web")).toBe(commit);
    expect(await removed(opened, "never")).toBeUndefined();
  });

  test("is the newest of them, with the object as it was then", async () => {
    const dir = repositoryOf({ "a.yaml": config("web", "1"), "z.yaml": config("z", "1") });
    rmSync(join(dir, "a.yaml"));
    commitAll(dir);
    write(dir, { "b.yaml": config("web", "2") });
    commitAll(dir);
    rmSync(join(dir, "b.yaml"));
    const last = commitAll(dir);
    const { histories } = await open(dir, "HEAD");
    const found = (await histories.removed([refOf("web")])).get(refKey(refOf("web")));
    expect([found?.removedIn, fieldAt(found?.object.value, "data", "a")]).toEqual([last, "2"]);
  });

  test("is none where only the target's edge was crossed, or the object is another of the same name", async () => {
    const dir = repositoryOf({ "apps/a.yaml": config("web", "1"), "docs/b.yaml": config("doc", "1") });
    rmSync(join(dir, "apps/a.yaml"));
    rmSync(join(dir, "docs/b.yaml"));
    write(dir, { "elsewhere/a.yaml": config("web", "1"), "apps/c.yaml": config("c", "1") });
    commitAll(dir);
    const opened = await open(dir, "HEAD", { path: "apps" });
    expect(await removed(opened, "web"), "moved out of it").toBeUndefined();
    expect(await removed(opened, "doc"), "never in it").toBeUndefined();
    const other = { ...refOf("web"), namespace: "elsewhere" };
    expect((await opened.histories.removed([other])).size).toBe(0);
  });
});

test("hostile files of the past cost themselves", async () => {
  const odd = "we\u202eb \n\"'\\.yaml";
  const dir = repositoryOf({
    "a.yaml": config("web", "1"),
    "deep.yaml": `apiVersion: v1\nweb: ${"[".repeat(5000)}`,
    "bomb.yaml": `apiVersion: v1\na: &a [web,web]\n${Array.from({ length: 30 }, (_, index) => `b${index}: &b${index} [*${index === 0 ? "a" : `b${index - 1}`},*${index === 0 ? "a" : `b${index - 1}`}]`).join("\n")}\n`,
    "proto.json":
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"web","namespace":"x","__proto__":{"a":1}}}',
    [odd]: config("odd", "1"),
  });
  for (const file of ["deep.yaml", "bomb.yaml", "proto.json", odd]) rmSync(join(dir, file));
  write(dir, { "a.yaml": config("web", "2") });
  const commit = commitAll(dir);
  const opened = await open(dir, "HEAD");
  expect(await versions(opened, "web")).toBe('"1"; beginning');
  expect(await removed(opened, "odd")).toBe(commit);
});

test("nothing that a repository's configuration names is run, and none of it changes what is read", async () => {
  const dir = repositoryOf({ "a.yaml": config("web", "1"), ".gitattributes": "* diff=x filter=x\n" });
  const trap = `touch ${join(dir, "trapped")};cat`;
  for (const name of [
    "diff.x.textconv",
    "diff.x.command",
    "filter.x.clean",
    "filter.x.smudge",
    "diff.external",
    "core.fsmonitor",
    "gpg.program",
  ])
    git(dir, "config", name, trap);
  git(dir, "config", "log.showSignature", "true");
  git(dir, "config", "diff.renames", "copies");
  git(dir, "config", "diff.noprefix", "true");
  rmSync(join(dir, "trapped"), { force: true });
  write(dir, { "a.yaml": config("web", "2") });
  expect(await versions(await open(dir), "web")).toBe('"1"; beginning');
  expect(readdirSync(dir)).not.toContain("trapped");
});
