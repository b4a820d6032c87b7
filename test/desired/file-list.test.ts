import { describe, expect, test } from "vitest";
import type { SourceFile } from "../../src/core/stages.ts";
import { fileAt, filesBelow, hasFilesBelow, inListOrder } from "../../src/desired/file-list.ts";
import { isWithin } from "../../src/desired/paths.ts";

const PATHS = [
  "a",
  "a!/x",
  "a-b/c",
  "a.yaml",
  "a/b",
  "a/b/c",
  "a/b0",
  "a0",
  "b/\u{1f600}",
  "b/\uffff",
  "z/z/z",
].toSorted();
const FILES: readonly SourceFile[] = PATHS.map((path) => ({ path, size: 1, mode: "100644" }));

describe("a list of files", () => {
  test.each(["", "a", "a/b", "a/b/c", "a!", "b", "c", "z", "z/z", "z/z/z/z", "\uffff"])(
    "below %j is what a walk through all of it finds",
    (folder) => {
      const walked = FILES.filter(({ path }) => isWithin(path, folder));
      expect(filesBelow(FILES, folder)).toEqual(walked);
      expect(hasFilesBelow(FILES, folder)).toBe(walked.length > 0);
    },
  );

  test("a file is found by its path, and by nothing else", () => {
    for (const file of FILES) expect(fileAt(FILES, file.path)).toBe(file);
    expect(["", "a/", "b", "zz"].map((path) => fileAt(FILES, path))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect([hasFilesBelow([], ""), hasFilesBelow([], "a"), fileAt([], "a")]).toEqual([false, false, undefined]);
  });

  test("what is chosen twice stands in it once, in the order of the list", () => {
    expect(inListOrder([...FILES.toReversed(), ...FILES])).toEqual(FILES);
  });
});
