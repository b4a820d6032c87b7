import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { isFault } from "../../src/core/fault.ts";
import type { Fault } from "../../src/core/fault.ts";
import { OUTPUT_MARKER, SNAPSHOT_MARKER } from "../../src/core/markers.ts";
import type { SourceTree } from "../../src/core/stages.ts";
import { openRevision } from "../../src/desired/revision.ts";
import { openWorktree } from "../../src/desired/worktree.ts";
import { commitAll, git, repositoryOf, temporaryFolder, write } from "./repositories.ts";

function opened<Tree>(tree: Tree | Fault): Tree {
  if (isFault(tree)) throw new Error(`${tree.code}: ${tree.message}`);
  return tree;
}

async function names(tree: SourceTree, path = ""): Promise<readonly string[]> {
  return opened(await tree.list(path)).map((file) => file.path);
}

async function text(tree: SourceTree, file: string): Promise<string> {
  const bytes = await tree.read(file);
  return isFault(bytes) ? bytes.code : Buffer.from(bytes).toString("utf8");
}

async function openHead(dir: string, revision = "HEAD") {
  const tree = opened(await openRevision(dir, revision));
  onTestFinished(() => tree.close());
  return tree;
}

describe("the working tree", () => {
  test("holds tracked files as they stand, and untracked ones that Git does not ignore", async () => {
    const dir = repositoryOf({ ".gitignore": "ignored/\n", "a.yaml": "a\n", "gone.yaml": "b\n" });
    write(dir, { "a.yaml": "changed\n", "new/b.yaml": "new\n", "ignored/c.yaml": "c\n" });
    rmSync(join(dir, "gone.yaml"));
    const tree = opened(await openWorktree(dir));
    expect(await names(tree)).toEqual([".gitignore", "a.yaml", "new/b.yaml"]);
    expect(await text(tree, "a.yaml")).toBe("changed\n");
    expect(await text(tree, "ignored/c.yaml")).toBe("file-unreadable");
    expect(await text(tree, ".git/config")).toBe("file-unreadable");
    expect(await text(tree, "../outside")).toBe("file-unreadable");
  });

  test("lists with sizes and modes, and below a path", async () => {
    const dir = repositoryOf({ "apps/a.yaml": "12345", "apps2/b.yaml": "1", "run.sh": "x" });
    chmodSync(join(dir, "run.sh"), 0o755);
    const tree = opened(await openWorktree(dir));
    expect(await tree.list("apps/")).toEqual([{ path: "apps/a.yaml", size: 5, mode: "100644" }]);
    expect(await names(tree, "./apps/a.yaml")).toEqual(["apps/a.yaml"]);
    expect(opened(await tree.list("run.sh"))[0]?.mode).toBe("100755");
    expect(await tree.list("../other")).toMatchObject({ code: "file-unreadable" });
  });

  test("of a folder in a repository has paths relative to the folder", async () => {
    const dir = repositoryOf({ "platform/a.yaml": "a", "other/b.yaml": "b" });
    const tree = opened(await openWorktree(join(dir, "platform")));
    expect(await names(tree)).toEqual(["a.yaml"]);
    expect(await names(await openHead(join(dir, "platform")))).toEqual(["a.yaml"]);
  });

  test("is no repository, or not there, or bare: a fault that names the folder", async () => {
    const plain = temporaryFolder();
    expect(await openWorktree(plain)).toMatchObject({ code: "repository-invalid", about: plain });
    expect(await openWorktree(join(plain, "absent"))).toMatchObject({ code: "repository-invalid" });
    git(plain, "init", "--quiet", "--bare", "bare.git");
    expect(await openWorktree(join(plain, "bare.git"))).toMatchObject({ code: "repository-invalid" });
  });

  test("never enters a folder that carries a marker of holdfast's", async () => {
    const dir = repositoryOf({ "a.yaml": "a", "shown/b.yaml": "b" });
    write(dir, {
      [`out/${OUTPUT_MARKER}`]: "",
      "out/x/c.yaml": "c",
      [`snap/${SNAPSHOT_MARKER}`]: "",
      "snap/d.yaml": "d",
    });
    expect(await names(opened(await openWorktree(dir)))).toEqual(["a.yaml", "shown/b.yaml"]);
    commitAll(dir);
    expect(await names(await openHead(dir))).toEqual(["a.yaml", "shown/b.yaml"]);
  });

  test("gives a file over the limit as a fault, and the others", async () => {
    const dir = repositoryOf({ "big.yaml": "x".repeat(101), "fits.yaml": "x".repeat(100) });
    for (const tree of [
      opened(await openWorktree(dir, { maxFileBytes: 100 })),
      opened(await openRevision(dir, "HEAD", { maxFileBytes: 100 })),
    ]) {
      expect(await text(tree, "big.yaml")).toBe("file-too-large");
      expect(await text(tree, "fits.yaml")).toHaveLength(100);
    }
  });

  test("does not follow core.worktree, hooks, monitors or filters of the repository's own configuration", async () => {
    const dir = repositoryOf({ "a.yaml": "a", ".gitattributes": "* filter=evil\n" });
    const outside = temporaryFolder();
    write(outside, { "secret.yaml": "s" });
    const witness = join(outside, "witness");
    for (const [key, value] of [
      ["core.worktree", outside],
      ["core.fsmonitor", `touch ${witness}; false`],
      ["filter.evil.clean", `touch ${witness}; cat`],
      ["filter.evil.smudge", `touch ${witness}; cat`],
    ] as const) {
      git(dir, "config", key, value);
    }
    write(dir, { "b.yaml": "b" });
    expect(await names(opened(await openWorktree(dir)))).toEqual([".gitattributes", "a.yaml", "b.yaml"]);
    expect(await text(await openHead(dir), "a.yaml")).toBe("a");
    expect(existsSync(witness)).toBe(false);
  });

  test.each([
    ["GIT_DIR", ".git"],
    ["GIT_INDEX_FILE", ".git/index"],
    ["GIT_OBJECT_DIRECTORY", ".git/objects"],
  ])("does not heed %s of the caller's environment", async (variable, path) => {
    const dir = repositoryOf({ "a.yaml": "a" });
    const other = repositoryOf({ "other.yaml": "o" });
    process.env[variable] = join(other, path);
    onTestFinished(() => {
      delete process.env[variable];
    });
    expect(await names(opened(await openWorktree(dir)))).toEqual(["a.yaml"]);
    expect(await names(await openHead(dir))).toEqual(["a.yaml"]);
  });

  test("names tracked files that a sparse checkout left out as unreadable, never as absent", async () => {
    const dir = repositoryOf({ "in/a.yaml": "a", "out/b.yaml": "b" });
    git(dir, "sparse-checkout", "set", "in");
    const tree = opened(await openWorktree(dir));
    expect(await names(tree)).toEqual(["in/a.yaml", "out/b.yaml"]);
    expect(await text(tree, "out/b.yaml")).toBe("file-unreadable");
  });

  test("reads the whole tree of a linked work tree", async () => {
    const dir = repositoryOf({ "a.yaml": "a" });
    const linked = join(temporaryFolder(), "linked");
    git(dir, "worktree", "add", "--quiet", linked);
    expect(await names(opened(await openWorktree(linked)))).toEqual(["a.yaml"]);
    expect(await names(await openHead(linked))).toEqual(["a.yaml"]);
  });

  test("calls files behind a folder that has become a link deleted, as git does", async () => {
    const dir = repositoryOf({ "apps/a.yaml": "a" });
    const outside = temporaryFolder();
    renameSync(join(dir, "apps"), join(outside, "apps"));
    symlinkSync(join(outside, "apps"), join(dir, "apps"));
    const tree = opened(await openWorktree(dir));
    expect(await text(tree, "apps/a.yaml")).toBe("file-unreadable");
  });

  test("does not open a pipe in place of a file", async () => {
    const dir = repositoryOf({ "a.yaml": "a" });
    const tree = opened(await openWorktree(dir));
    expect(await names(tree)).toEqual(["a.yaml"]);
    rmSync(join(dir, "a.yaml"));
    mkdirSync(join(dir, "a.yaml"));
    expect(await text(tree, "a.yaml")).toBe("file-unreadable");
  });
});

describe("symbolic links", () => {
  const cases: readonly (readonly [string, string, string, string | undefined])[] = [
    ["to a file of the repository", "../b.yaml", "b", "b.yaml"],
    ["through a link to a folder", "../folder/b.yaml", "inner", "real/b.yaml"],
    ["to a file outside", "../../../etc/hosts", "file-unreadable", undefined],
    ["out of the repository to the name of a file in it", "../../b.yaml", "file-unreadable", undefined],
    ["to an absolute path", "/etc/hosts", "file-unreadable", undefined],
    ["into .git", "../.git/config", "file-unreadable", undefined],
    ["to nothing", "absent.yaml", "file-unreadable", undefined],
    ["to itself", "link.yaml", "file-unreadable", undefined],
  ];
  test.each(cases)("a link %s", async (_, target, content, leadsTo) => {
    const dir = repositoryOf({ "b.yaml": "b", "real/b.yaml": "inner", "links/keep": "" });
    symlinkSync("real", join(dir, "folder"));
    symlinkSync(target, join(dir, "links/link.yaml"));
    commitAll(dir);
    for (const tree of [opened(await openWorktree(dir)), await openHead(dir)]) {
      expect(await text(tree, "links/link.yaml")).toBe(content);
      const [file] = opened(await tree.list("links/link.yaml"));
      expect(file).toMatchObject({ mode: "120000" });
      expect(file?.target).toBe(leadsTo);
    }
  });
});

describe("a revision", () => {
  test("is read from Git's objects, whatever the working tree holds", async () => {
    const dir = repositoryOf({ "a.yaml": "first", "dir/b.yaml": "b" });
    const first = git(dir, "rev-parse", "HEAD").trim();
    write(dir, { "a.yaml": "second", "c.yaml": "c" });
    commitAll(dir);
    write(dir, { "a.yaml": "uncommitted" });
    const before = git(dir, "status", "--porcelain");
    const tree = await openHead(dir, "HEAD~1");
    expect(tree.revision).toBe(first);
    expect(await tree.list("")).toEqual([
      { path: "a.yaml", hash: expect.any(String), size: 5, mode: "100644" },
      { path: "dir/b.yaml", hash: expect.any(String), size: 1, mode: "100644" },
    ]);
    expect(await text(tree, "a.yaml")).toBe("first");
    expect(await text(tree, "c.yaml")).toBe("file-unreadable");
    expect(git(dir, "status", "--porcelain")).toBe(before);
  });

  test.each([
    "absent",
    "",
    "--all",
    "-h",
    "HEAD\nmain",
    "HEAD:a.yaml",
    "0000000000000000000000000000000000000000",
    "$(id)",
  ])("%j that is none is a fault", async (revision) => {
    const dir = repositoryOf({ "a.yaml": "a" });
    expect(await openRevision(dir, revision)).toMatchObject({ code: "revision-unknown", about: revision });
  });

  test("of a folder that is no repository is a fault", async () => {
    expect(await openRevision(temporaryFolder(), "HEAD")).toMatchObject({ code: "repository-invalid" });
  });

  test("may be read from a bare repository, by tag and by short hash", async () => {
    const dir = repositoryOf({ "a.yaml": "a" });
    git(dir, "-c", "user.name=t", "-c", "user.email=t@example.com", "tag", "-a", "v1", "-m", "v1");
    const bare = join(temporaryFolder(), "bare.git");
    git(dir, "clone", "--quiet", "--bare", dir, bare);
    for (const revision of ["v1", git(dir, "rev-parse", "--short", "HEAD").trim()]) {
      expect(await text(await openHead(bare, revision), "a.yaml")).toBe("a");
    }
  });

  test("answers many reads at once, each with its own file", async () => {
    const files = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`f${i}.yaml`, `${i} `.repeat(i * 7)]));
    const tree = await openHead(repositoryOf({ ...files, "odd name\n\u00e9.yaml": "odd" }));
    const read = await Promise.all(Object.keys(files).map((file) => text(tree, file)));
    expect(read).toEqual(Object.values(files));
    expect(await text(tree, "odd name\n\u00e9.yaml")).toBe("odd");
  });

  test("with an object that is gone costs the files that need it", async () => {
    const dir = repositoryOf({ "a.yaml": "a", "b.yaml": "b" });
    const hash = git(dir, "rev-parse", "HEAD:a.yaml").trim();
    const tree = await openHead(dir);
    rmSync(join(dir, ".git/objects", hash.slice(0, 2), hash.slice(2)), { force: true });
    expect(await text(tree, "a.yaml")).toMatch(/file-unreadable|git-failed/);
    expect(await text(await openHead(dir), "b.yaml")).toBe("b");
  });

  test("shows submodules as files that cannot be read", async () => {
    const dir = repositoryOf({ "a.yaml": "a" });
    const hash = git(dir, "rev-parse", "HEAD").trim();
    git(dir, "update-index", "--add", "--cacheinfo", `160000,${hash},vendor`);
    git(dir, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "-m", "module");
    for (const tree of [opened(await openWorktree(dir)), await openHead(dir)]) {
      expect(await names(tree)).toEqual(["a.yaml", "vendor"]);
      expect(await text(tree, "vendor")).toBe("file-unreadable");
    }
  });

  test("ends with the signal that it was given", async () => {
    const dir = repositoryOf({ "a.yaml": "a" });
    const controller = new AbortController();
    controller.abort();
    expect(await openRevision(dir, "HEAD", { signal: controller.signal })).toMatchObject({ code: "interrupted" });
    expect(await opened(await openWorktree(dir, { signal: controller.signal })).list("")).toMatchObject({
      code: "interrupted",
    });
  });

  test("keeps no process that would keep the program alive", async () => {
    const dir = repositoryOf({ "a.yaml": "a" });
    const script = join(temporaryFolder(), "read.ts");
    const module = JSON.stringify(join(import.meta.dirname, "../../src/desired/revision.ts"));
    writeFileSync(
      script,
      `import { openRevision } from ${module};\nconst tree = await openRevision(${JSON.stringify(dir)}, "HEAD");\nprocess.stdout.write(await tree.read("a.yaml"));\n`,
    );
    expect(execFileSync(process.execPath, [script], { encoding: "utf8", timeout: 20_000 })).toBe("a");
  });
});
