import { expect, test } from "vitest";
import { isMadeOf } from "../../src/core/text-parts.ts";

const oneLine = (between: string): boolean => !between.includes("\n");

test.each<readonly [string, readonly string[], boolean]>([
  ["a-x-b", ["a-", "-b"], true],
  ["a--b", ["a-", "-b"], true],
  ["a-b", ["a-", "-b"], false],
  ["x-a-b", ["a-", "b"], false],
  ["a-b-x", ["a", "b"], false],
  ["a-1-m-2-b", ["a", "m", "b"], true],
  ["a-m-b", ["a", "n", "b"], false],
  ["anything", ["", ""], true],
  ["begins so", ["begins"], true],
])("%j of %j: %s", (text, parts, expected) => {
  expect(isMadeOf(text, parts)).toBe(expected);
});

test.each<readonly [string, readonly string[], boolean]>([
  ["a x b", ["a", "b"], true],
  ["a\nb", ["a", "b"], false],
  ["a\nm b", ["a", "m", "b"], false],
  ["a\nb", ["a\n", "b"], true],
])("%j of %j, with gaps of one line: %s", (text, parts, expected) => {
  expect(isMadeOf(text, parts, oneLine)).toBe(expected);
});
