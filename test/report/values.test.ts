// How a value is written on one line.

import { describe, expect, test } from "vitest";
import { NOT_KNOWN } from "../../src/core/drift.ts";
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

describe("what Git does not say", () => {
  const said: Change = {
    path: fields("spec"),
    operation: "replace",
    desired: "stand-in",
    shown: NOT_KNOWN,
    deployed: "stand-in-then",
    live: "example.com",
    direction: "unknown",
  };

  test("is shown as not known, now and as it was deployed", () => {
    const sides = (["desired", "deployed", "live"] as const).map((side) => showSide(said, side));
    expect(sides).toEqual([NOT_KNOWN, NOT_KNOWN, '"example.com"']);
  });

  test("is no secret, whatever the cluster has there", () => {
    const secret: Change = { ...said, sensitive: true };
    expect([showSide(secret, "desired"), showSide(secret, "live")]).toEqual([NOT_KNOWN, "(secret)"]);
  });

  test("stands beside what Git says", () => {
    const partly: Change = {
      ...said,
      desired: { a: 1, b: "stand-in" },
      shown: { a: 1, b: NOT_KNOWN },
      live: { b: "x", a: 1 },
    };
    expect(showSide(partly, "desired")).toBe('{"a": 1, "b": "(not known from Git)"}');
    expect(showSide(partly, "live")).toBe('{"a": 1, "b": "x"}');
  });
});
