import { describe, expect, onTestFinished, test } from "vitest";
import { isFault } from "../../src/core/fault.ts";
import type { SourceTree } from "../../src/core/stages.ts";
import { fetchRepository } from "../../src/desired/fetch.ts";
import { openRevision } from "../../src/desired/revision.ts";
import { openWorktree } from "../../src/desired/worktree.ts";
import { serveRepository } from "./git-server.ts";
import { commitAll, git, repositoryOf, temporaryFolder, write } from "./repositories.ts";

function repository() {
  const dir = repositoryOf({ "a/x.yaml": "one" });
  const one = git(dir, "rev-parse", "HEAD").trim();
  write(dir, { "a/x.yaml": "two" });
  const two = commitAll(dir);
  git(dir, "checkout", "--quiet", "-b", "side", one);
  write(dir, { "a/x.yaml": "side" });
  const side = commitAll(dir);
  git(dir, "checkout", "--quiet", "main");
  write(dir, { "a/x.yaml": "three" });
  return { dir, one, two, side };
}

async function readAt(tree: SourceTree, commit: string, file = "a/x.yaml"): Promise<string> {
  const older = await tree.at?.(commit);
  if (older === undefined) return "nothing older";
  if (isFault(older)) return older.code;
  onTestFinished(() => older.close());
  const bytes = await older.read(file);
  return isFault(bytes) ? bytes.code : Buffer.from(bytes).toString();
}

async function opened(dir: string, revision?: string): Promise<SourceTree> {
  const tree = revision === undefined ? await openWorktree(dir) : await openRevision(dir, revision);
  if (isFault(tree)) throw new Error(tree.message);
  return tree;
}

describe("the same files at an older commit", () => {
  test("are those of the commit, whatever the working tree says", async () => {
    const { dir, one, two } = repository();
    const tree = await opened(dir);
    expect([await readAt(tree, one), await readAt(tree, two)]).toEqual(["one", "two"]);
  });

  test("are in the folder that the tree is of", async () => {
    const { dir, one } = repository();
    expect(await readAt(await opened(`${dir}/a`), one, "x.yaml")).toBe("one");
  });

  test("may be those of the commit itself", async () => {
    const { dir, two } = repository();
    expect(await readAt(await opened(dir, two), two)).toBe("two");
  });

  test("are none of a commit that came later, or stands beside", async () => {
    const { dir, one, two, side } = repository();
    expect(await readAt(await opened(dir, one), two)).toBe("revision-unknown");
    expect(await readAt(await opened(dir), side)).toBe("revision-unknown");
    expect(await readAt(await opened(dir, side), one)).toBe("one");
  });

  test("are fetched where a clone has no files of its own", async () => {
    const { dir, one } = repository();
    const server = await serveRepository(dir);
    const result = await fetchRepository({ url: server.url, branch: "main", cacheDir: temporaryFolder() });
    if (isFault(result)) throw new Error(result.message);
    onTestFinished(() => result.tree.close());
    expect(await readAt(result.tree, one)).toBe("one");
    expect(await readAt(result.tree, "0".repeat(40))).toBe("revision-unknown");
  });

  test.each(["0".repeat(40), "main", "HEAD", "", "--all", "side", "a\nb", "../x"])("are none of %j", async (text) => {
    const { dir } = repository();
    expect(await readAt(await opened(dir), text)).toBe("revision-unknown");
  });
});
