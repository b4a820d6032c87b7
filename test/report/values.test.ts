// How a value is written on one line.

import { expect, test } from "vitest";
import type { Change } from "../../src/core/drift.ts";
import { fields } from "../../src/core/path.ts";
import type { Value } from "../../src/core/value.ts";
import { showSide } from "../../src/report/values.ts";

test.each<readonly [string, Value, Value, string]>([
  ["keys in Git's order", { b: 1, a: 2 }, { a: 3, b: 1 }, '{"b": 1, "a": 3}'],
  ["what Git lacks behind them", { b: 1 }, { a: 3, b: 1, c: 0 }, '{"b": 1, "a": 3, "c": 0}'],
  ["nothing of what Git alone has", { c: 1, b: 1 }, { b: 1 }, '{"b": 1}'],
  [
    "items as Git's at their place",
    [{ key: "x", effect: "y" }],
    [{ effect: "y", key: "x" }],
    '[{"key": "x", "effect": "y"}]',
  ],
  [
    "more items as Git's last",
    [{ b: 1, a: 1 }],
    [
      { a: 1, b: 1 },
      { a: 2, b: 2 },
    ],
    '[{"b": 1, "a": 1}, {"b": 2, "a": 2}]',
  ],
  ["what is nested", { b: { d: 1, c: 1 }, a: 1 }, { a: 1, b: { c: 1, d: 1 } }, '{"b": {"d": 1, "c": 1}, "a": 1}'],
  ["another type as it is", "x", { b: 1, a: 2 }, '{"b": 1, "a": 2}'],
  [
    "names that mean something elsewhere",
    JSON.parse('{"b": 1, "__proto__": 2}'),
    JSON.parse('{"__proto__": 3, "b": 1}'),
    '{"b": 1, "__proto__": 3}',
  ],
])("the cluster's side has %s", (_, desired, live, shown) => {
  const change: Change = { path: fields("spec"), operation: "replace", desired, live, direction: "unknown" };
  expect(showSide(change, "live")).toBe(shown);
});
