// What explain shows of passes that a scan of two folders cannot give: directions, groups of facts, widths.

import { describe, expect, test } from "vitest";
import type { Change } from "../../src/core/drift.ts";
import { fields } from "../../src/core/path.ts";
import { explainReport } from "../../src/report/explain.ts";
import { wrap } from "../../src/report/wrap.ts";
import { createStyle } from "../../src/text/style.ts";
import { passOf, resultOf } from "./passes.ts";

const REPLICAS: Change = {
  path: fields("spec", "replicas"),
  operation: "replace",
  desired: 3,
  live: 5,
  direction: "unknown",
};

function explained(change: Change, width = 100): string {
  return explainReport({
    pass: passOf([resultOf("web", [change])]),
    declared: [],
    compared: [],
    deployersOf: () => [],
    notUnderstood: () => [],
    style: createStyle(false),
    width,
  });
}

describe("a conflict", () => {
  test("shows all three values, and the commit that was deployed", () => {
    const text = explained({ ...REPLICAS, direction: "both-changed", deployed: 2, deployedIn: "0123456789abcdef" });
    expect(text).toContain(
      "  Git       3\n  deployed  2  (Git as last deployed, commit 0123456789ab)\n  cluster   5\n",
    );
    expect(text).toContain("\n  direction both-changed: ");
  });

  test("says that Git had nothing there", () => {
    const text = explained({ ...REPLICAS, direction: "both-changed", deployedIn: "0123456789abcdef" });
    expect(text).toContain("  deployed  (absent)  (Git as last deployed, commit 0123456789ab)\n");
  });

  test("of a secret shows none of its values", () => {
    const secret: Change = { ...REPLICAS, desired: "hunter1", live: "hunter2", deployed: "hunter3", sensitive: true };
    const text = explained(secret);
    expect(text).not.toMatch(/hunter/);
    expect(text.match(/\(secret\)/g)).toHaveLength(3);
  });
});

test("of an object that is being deleted it says since when, and what holds it", () => {
  const { drift, ...rest } = resultOf("web", [REPLICAS]);
  if (drift.state !== "drifted") throw new Error("it is drifted");
  const metadata = { deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: ["x.io/a\u001B[31m", 5] };
  const live = { ...drift.live, value: { ...drift.live.value, metadata } };
  const text = explainReport({
    pass: passOf([{ ...rest, drift: { ...drift, live } }]),
    declared: [],
    compared: [],
    deployersOf: () => [],
    notUnderstood: () => [],
    style: createStyle(false),
    width: 200,
  });
  expect(text).toMatch(/\ndeleted +at 2026-01-01T00:00:00Z, and held by x\.io\/a.+: it goes as soon as/);
  expect(text).not.toContain("\u001B");
  expect(explained(REPLICAS)).not.toContain("deleted ");
});

test("of a change it says what else is to be known, with nothing that a terminal acts on", () => {
  const text = explained({ ...REPLICAS, note: "beyond what Scaler/a\u001B[31m allows" });
  expect(text).toMatch(/\n {2}besides +beyond what Scaler\/a.+ allows\n/);
  expect(text).not.toContain("\u001B");
});

test("of an unmanaged object it says what put it there, with nothing that a terminal acts on", () => {
  const { drift, ...rest } = resultOf("web", []);
  if (drift.state !== "drifted") throw new Error("it is drifted");
  const maker = { kind: "helm-release", name: "old\u001B[31m", namespace: "shop" } as const;
  const result = { ...rest, drift: { state: "unmanaged", ref: drift.ref, live: drift.live, maker } as const };
  const pass = passOf([result]);
  const text = explainReport({
    pass,
    declared: [],
    compared: [],
    deployersOf: () => [],
    notUnderstood: () => [],
    style: createStyle(false),
    width: 100,
  });
  expect(text).toMatch(/^origin {6}of Helm release old.*31m in shop$/m);
  expect(text).not.toContain("\u001B");
});

test("sentences are as wide as they may be, and values are never broken", () => {
  const value = "x ".repeat(100);
  const lines = explained({ ...REPLICAS, live: value }, 50).split("\n");
  expect(lines).toContain(`  cluster   ${JSON.stringify(value)}`);
  const others = lines.filter((line) => !/^ {2}(?:cluster|Git)|^field/.test(line));
  expect(others.filter((line) => line.length > 50)).toEqual([]);
});

describe("a text is wrapped", () => {
  test.each<readonly [string, number, readonly string[]]>([
    ["a b", 40, ["who   a b"]],
    ["aaaaaaaaaa bbbbbbbbbb cccccccccc", 28, ["who   aaaaaaaaaa bbbbbbbbbb", "      cccccccccc"]],
    ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b", 30, [`who   ${"a".repeat(40)}`, "      b"]],
    ["", 40, ["who   "]],
  ])("%j in %d columns", (text, width, lines) => {
    expect(wrap("who   ", text, width)).toEqual(lines);
  });
});
