// Which charts of a repository are roots of their own.

import { describe, expect, test } from "vitest";
import { isFault } from "../../src/core/fault.ts";
import { findRoots } from "../../src/desired/roots.ts";
import { openWorktree } from "../../src/desired/worktree.ts";
import { repositoryOf } from "./repositories.ts";

type Files = Readonly<Record<string, string>>;

function chart(folder: string, needs: readonly string[] = [], more = ""): Files {
  const dependencies = needs.map((one) => `- { name: ${one.split("/").at(-1) ?? ""}, repository: "file://${one}" }\n`);
  const text = `apiVersion: v2\nname: ${folder.split("/").at(-1) ?? ""}\nversion: 1.0.0\n${more}`;
  return { [`${folder}/Chart.yaml`]: `${text}${needs.length === 0 ? "" : `dependencies:\n${dependencies.join("")}`}` };
}

async function roots(files: Files, path = ""): Promise<readonly string[]> {
  const tree = await openWorktree(repositoryOf(files));
  if (isFault(tree)) throw new Error(tree.message);
  const [all, below] = [await tree.list(""), await tree.list(path)];
  if (isFault(all) || isFault(below)) throw new Error("not listed");
  return (await findRoots(tree, all, below)).roots.map((root) => root.path);
}

const LIBRARY = "type: library\n";

describe("roots are", () => {
  test.for<[string, Files, readonly string[]]>([
    ["charts that no other takes in", { ...chart("charts/a"), ...chart("charts/b") }, ["charts/a", "charts/b"]],
    [
      "not what another takes in from its place",
      { ...chart("charts/a", ["../b"]), ...chart("charts/b") },
      ["charts/a"],
    ],
    [
      "not what another takes in through a third",
      { ...chart("charts/a", ["../b"]), ...chart("charts/b", ["../c"]), ...chart("charts/c") },
      ["charts/a"],
    ],
    ["not libraries", { ...chart("charts/a"), ...chart("charts/lib", [], LIBRARY) }, ["charts/a"]],
    ["charts that only a library takes in", { ...chart("a"), ...chart("lib", ["../a"], LIBRARY) }, ["a"]],
    [
      "charts that take in each other, so that it is said what is wrong",
      { ...chart("a", ["../b"]), ...chart("b", ["../a"]) },
      ["a", "b"],
    ],
    ["charts that take in themselves", chart("a", ["../a"]), ["a"]],
    [
      "charts whose neighbour takes in what leaves the repository",
      { ...chart("a", ["../../b"]), ...chart("b") },
      ["a", "b"],
    ],
    ["charts whose neighbour cannot be read", { "a/Chart.yaml": "dependencies: [", ...chart("b") }, ["a", "b"]],
    [
      "not what the requirements of an older chart name",
      {
        "a/Chart.yaml": "apiVersion: v1\nname: a\nversion: 1.0.0\n",
        "a/requirements.yaml": 'dependencies: [{ name: b, repository: "file://../b" }]\n',
        ...chart("b"),
      },
      ["a"],
    ],
  ])("%s", async ([, files, expected]) => {
    expect(await roots(files)).toEqual(expected);
  });

  test.for(["charts/lib", "charts/b"])("what a target is about and nothing else: %s", async (path) => {
    const files = { ...chart("charts/a", ["../b"]), ...chart("charts/b"), ...chart("charts/lib", [], LIBRARY) };
    expect(await roots(files, path)).toEqual([path]);
  });

  test("charts that only a chart outside of the target takes in", async () => {
    const files = { ...chart("other/a", ["../../charts/b"]), ...chart("charts/b"), "charts/README.md": "Charts.\n" };
    expect(await roots(files, "charts")).toEqual(["charts/b"]);
  });
});
