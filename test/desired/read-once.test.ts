import { expect, test } from "vitest";
import type { Fault } from "../../src/core/fault.ts";
import type { SourceTree } from "../../src/core/stages.ts";
import { readOnce } from "../../src/desired/read-once.ts";

const FAULT: Fault = {
  kind: "fault",
  code: "file-unreadable",
  about: "x",
  message: "x",
  remedy: "x",
  leavesUnknown: "declared",
};

function treeOf(contents: Readonly<Record<string, () => Uint8Array | Fault>>): { tree: SourceTree; read: string[] } {
  const read: string[] = [];
  const tree: SourceTree = {
    revision: "worktree",
    list: async () => [],
    read: async (file) => {
      read.push(file);
      return contents[file]?.() ?? FAULT;
    },
  };
  return { tree, read };
}

test("a small file is read once, and has one content however it changes meanwhile", async () => {
  let written = "before";
  const { tree, read } = treeOf({ "a.yaml": () => Buffer.from(written) });
  const once = readOnce(tree);
  expect(await once.read("a.yaml")).toEqual(Buffer.from("before"));
  written = "after";
  expect(await once.read("a.yaml")).toEqual(Buffer.from("before"));
  expect(read).toEqual(["a.yaml"]);
  expect(await readOnce(tree).read("a.yaml")).toEqual(Buffer.from("after"));
});

test("a file that cannot be read is asked for again", async () => {
  const { tree, read } = treeOf({ "a.yaml": () => FAULT });
  const once = readOnce(tree);
  expect(await once.read("a.yaml")).toEqual(FAULT);
  await once.read("a.yaml");
  expect(read).toEqual(["a.yaml", "a.yaml"]);
});

test("large files, and what is more than 16 MB together, are not kept", async () => {
  const small = 64 * 1024;
  const names = Array.from({ length: 257 }, (_, index) => `${index}.yaml`);
  const { tree, read } = treeOf({
    "large.yaml": () => Buffer.alloc(small + 1),
    ...Object.fromEntries(names.map((name) => [name, () => Buffer.alloc(small)])),
  });
  const once = readOnce(tree);
  for (const name of ["large.yaml", ...names, "large.yaml", ...names]) await once.read(name);
  expect(read.filter((name) => name === "large.yaml").length).toBe(2);
  expect(read.filter((name) => name === "256.yaml").length).toBe(2);
  expect(read.length).toBe(4 + 256);
});
