import { expect, test } from "vitest";
import { pointerSteps, printPointer } from "../../src/core/pointer.ts";

test.each<readonly [string, readonly string[]]>([
  ["", []],
  ["/", [""]],
  ["/spec/0/a~1b", ["spec", "0", "a/b"]],
  ["/~01", ["~1"]],
  ["/~0~1", ["~/"]],
])("%j leads through its steps, and they print it", (pointer, steps) => {
  expect(pointerSteps(pointer)).toEqual(steps);
  expect(printPointer(steps)).toBe(pointer);
});

test("positions are steps", () => {
  expect(printPointer(["spec", 0])).toBe("/spec/0");
});
