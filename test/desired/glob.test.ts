import { describe, expect, test } from "vitest";
import { matchesAny } from "../../src/desired/glob.ts";
import { cleanPath } from "../../src/desired/paths.ts";

describe("an exclude pattern", () => {
  test.each([
    ["**/testdata/**", "a/testdata/b.yaml", true],
    ["**/testdata/**", "testdata/b.yaml", true],
    ["**/testdata/**", "testdata", false],
    ["testdata/", "a/b/testdata/c/d.yaml", true],
    ["testdata", "a/testdata2/c.yaml", false],
    ["charts/**", "charts/a/b.yaml", true],
    ["charts/**", "x/charts/a.yaml", false],
    ["/charts", "charts/a.yaml", true],
    ["/charts", "x/charts/a.yaml", false],
    ["a/*/c.yaml", "a/b/c.yaml", true],
    ["a/*/c.yaml", "a/b/b/c.yaml", false],
    ["a/**/c.yaml", "a/c.yaml", true],
    ["a/**/c.yaml", "a/b/b/c.yaml", true],
    ["*.tmpl.yaml", "a/b.tmpl.yaml", true],
    ["*.tmpl.yaml", "a/b.yaml", false],
    ["values-?.yaml", "values-1.yaml", true],
    ["values-?.yaml", "values-10.yaml", false],
    ["a.yaml", "abyaml", false],
    ["", "a.yaml", false],
    ["/", "a.yaml", false],
    ["**", "a/b.yaml", true],
  ])("%j for %s: %j", (pattern, path, expected) => {
    expect(matchesAny([pattern], path)).toBe(expected);
  });

  test("takes no time that grows with the number of stars", () => {
    const started = performance.now();
    expect(
      matchesAny([`${"a*".repeat(200)}b`, `${"**/a/".repeat(200)}b`], `${"a/".repeat(400)}${"a".repeat(2000)}`),
    ).toBe(false);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe("a repository's path", () => {
  test.each([
    ["./a//b/", "a/b"],
    [".", ""],
    ["a/../b", "b"],
    ["a/../../b", undefined],
    ["/a", undefined],
    [".git/config", undefined],
    ["a/.GIT/config", undefined],
    [".github/x.yml", ".github/x.yml"],
    ["a\0b", undefined],
  ])("%j is %j", (path, expected) => {
    expect(cleanPath(path)).toBe(expected);
  });
});
