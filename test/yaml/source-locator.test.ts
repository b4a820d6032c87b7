import { describe, expect, it } from "vitest";
import type { Fault } from "../../src/core/fault.ts";
import { contentHash } from "../../src/yaml/content.ts";
import { createLocator } from "../../src/yaml/locator.ts";
import { at } from "../codify/workbench.ts";

const TEXT = "# head\napiVersion: v1\nkind: A\nspec:\n  a: 1\n---\nkind: List\nitems:\n- kind: B\n  spec:\n    b: 2\n";
const origin = {
  file: "a.yaml",
  document: 0,
  items: [],
  layer: "literal",
  hash: contentHash(Buffer.from(TEXT)),
} as const;

function counted(texts: Readonly<Record<string, string>>) {
  const reads: string[] = [];
  const locator = createLocator((file) => {
    reads.push(file);
    return Promise.resolve(Buffer.from(texts[file] ?? ""));
  });
  return { locator, reads };
}

describe("the locator", () => {
  it.each([
    { name: "a field's line", place: origin, path: "spec.a", position: { line: 5, column: 3 } },
    { name: "the object's first line for an empty path", place: origin, path: "", position: { line: 2, column: 1 } },
    { name: "the nearest parent's line", place: origin, path: "spec.x.z", position: { line: 4, column: 1 } },
    {
      name: "a field of a list's item",
      place: { ...origin, document: 1, items: [0] },
      path: "spec.b",
      position: { line: 11, column: 5 },
    },
    {
      name: "a list's item",
      place: { ...origin, document: 1, items: [0] },
      path: "",
      position: { line: 9, column: 3 },
    },
  ])("finds $name", async ({ place, path, position }) => {
    const { locator } = counted({ "a.yaml": TEXT });
    expect(await locator.locate(place, at(path))).toEqual({ file: "a.yaml", ...position });
  });

  it("reads a file once", async () => {
    const { locator, reads } = counted({ "a.yaml": TEXT });
    await locator.locate(origin, at("spec"));
    await locator.locate(origin, at("spec.a"));
    expect(reads).toEqual(["a.yaml"]);
  });

  it("says that a file has changed since it was read", async () => {
    const { locator } = counted({ "a.yaml": `${TEXT} ` });
    expect(await locator.locate(origin, at("spec"))).toMatchObject({ kind: "fault", code: "file-changed" });
  });

  it("says that a file has changed, though it is kept as it was", async () => {
    const { locator } = counted({ "a.yaml": TEXT });
    await locator.locate(origin, at("spec"));
    const other = { ...origin, hash: "sha256:other" };
    expect(await locator.locate(other, at("spec"))).toMatchObject({ code: "file-changed" });
  });

  it("hands on why a file cannot be read", async () => {
    const fault: Fault = {
      kind: "fault",
      code: "file-unreadable",
      about: "x",
      message: "x",
      remedy: "x",
      leavesUnknown: "nothing",
    };
    const locator = createLocator(() => Promise.resolve(fault));
    expect(await locator.locate(origin, [])).toBe(fault);
  });

  it("forgets the files that were used longest ago, so that memory has a bound", async () => {
    const texts = { a: big("A"), b: big("B"), c: big("C") };
    const { locator, reads } = counted(texts);
    const ask = async (file: "a" | "b" | "c"): Promise<void> => {
      await locator.locate({ ...origin, file, hash: contentHash(Buffer.from(texts[file])) }, at("kind"));
    };
    for (const file of ["a", "b", "a", "c", "a", "b"] as const) await ask(file);
    expect(reads).toEqual(["a", "b", "c", "b"]);
  });

  it("gives the document's first line where only the fast reader takes the document", async () => {
    const text = "a: 1\n---\nb: [\n";
    const { locator } = counted({ "a.yaml": text });
    const place = { ...origin, document: 1, hash: contentHash(Buffer.from(text)) };
    expect(await locator.locate(place, at("b"))).toEqual({ file: "a.yaml", line: 3, column: 1 });
  });
});

function big(name: string): string {
  return `kind: ${name}\n# ${"x".repeat(15 * 1024 * 1024)}\n`;
}
