import { describe, expect, test } from "vitest";
import type { Pass } from "../../src/core/pass.ts";
import { readOnlyReport } from "../../src/report/read-only.ts";
import { createStyle } from "../../src/text/style.ts";
import { passOf } from "./passes.ts";

function report(comparedReadOnly: Pass["comparedReadOnly"]): string {
  const pass = passOf([]);
  return readOnlyReport(comparedReadOnly === undefined ? pass : { ...pass, comparedReadOnly }, createStyle(false));
}

function secret(name: string): { readonly apiVersion: string; readonly kind: string; readonly name: string } {
  return { apiVersion: "v1", kind: "Secret", name };
}

describe("objects that a server dry run told nothing of", () => {
  test.each([undefined, []])("are not spoken of where there are none", (none) => {
    expect(report(none)).toBe("");
  });

  test("are named by cause, the first few of each, in order", () => {
    const names = ["g", "f", "e", "d", "c", "b", "a"];
    const objects = names.map((name) => ({ ref: secret(name), why: "of that" }));
    expect(report([...objects, { ref: secret("x\u001B[31m"), why: "of\u202Ethis" }]))
      .toBe(`READ-ONLY  8 objects compared without a server dry run
    7 objects: of that
      Secret/a
      Secret/b
      Secret/c
      Secret/d
      Secret/e
      … and 2 more
    1 object: of\\u{202e}this
      Secret/x\\u{1b}[31m
`);
  });
});
