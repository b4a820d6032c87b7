import { expect, test } from "vitest";
import { compileGlob } from "../../../src/desired/argo/globs.ts";
import type { GlobDialect } from "../../../src/desired/argo/globs.ts";

const MATCHES: readonly (readonly [GlobDialect, string, string, boolean])[] = [
  ["gobwas", "*.yaml", "a.yaml", true],
  ["gobwas", "*.yaml", "x/a.yaml", true],
  ["gobwas", "{a,b/*}.yaml", "b/c.yaml", true],
  ["gobwas", "{a,{b,c}}", "c", true],
  ["gobwas", "{a,b}", "a,b", false],
  ["gobwas", "[!a-c]?", "dx", true],
  ["gobwas", "[!a-c]?", "bx", false],
  ["gobwas", "\\*.yaml", "*.yaml", true],
  ["gobwas", "a.yaml", "aXyaml", false],
  ["gobwas", "a(b)+$", "a(b)+$", true],
  ["gobwas", "x{a,b", "xb", true],
  ["path", "apps/*", "apps/web", true],
  ["path", "apps/*", "apps/web/deep", false],
  ["path", "apps/**", "apps/web", true],
  ["path", "apps/**", "apps/web/deep", false],
  ["path", "a[^b]c", "abc", false],
  ["path", "a[^b]c", "a/c", false],
  ["path", "{a,b}", "{a,b}", true],
  ["pathspec", "apps/*.json", "apps/x/y.json", true],
  ["pathspec", "apps", "apps/x/y.json", true],
  ["pathspec", "apps/", "apps/x/y.json", true],
  ["pathspec", "apps", "apps2/x.json", false],
  ["pathspec", "apps/**/config.json", "apps/x/config.json", true],
  ["pathspec", "**/config.json", "config.json", false],
  ["doublestar", "env/**/*.yaml", "env/a.yaml", true],
  ["doublestar", "env/**/*.yaml", "env/x/y/a.yaml", true],
  ["doublestar", "env/*.yaml", "env/x/a.yaml", false],
  ["doublestar", "env/{a,b}.yaml", "env/b.yaml", true],
];

test.each(MATCHES)("%s: %s over %s is %s", (dialect, pattern, text, expected) => {
  expect(compileGlob(pattern, dialect)?.(text)).toBe(expected);
});

test.each<readonly [GlobDialect, string]>([
  ["path", "a\\"],
  ["gobwas", "[a"],
  ["path", "a["],
  ["path", "a\\"],
  ["gobwas", "*".repeat(2000)],
])("%s: %s is no pattern", (dialect, pattern) => {
  expect(compileGlob(pattern, dialect)).toBeUndefined();
});

test("a hostile pattern ends", () => {
  const matches = compileGlob(`${"{*a,*b}".repeat(100)}c`, "gobwas");
  expect(matches?.("a".repeat(5000))).toBe(false);
});
