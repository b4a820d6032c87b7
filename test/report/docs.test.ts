// The pages that scripts and users rely on say what the program does.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT, scenarioFolder, SCENARIOS } from "../reconcile/scenario.ts";

function read(...path: readonly string[]): string {
  return readFileSync(join(ROOT, ...path), "utf8");
}

const CODES: readonly string[] = [
  ...(/export type FaultCode =([^;]*);/.exec(read("src/core/fault.ts"))?.[1] ?? "").matchAll(/"([a-z-]+)"/g),
].map(([, code = ""]) => code);

test("docs/faults.md explains every fault code, in the code's order, in every column", () => {
  const rows = [...read("docs/faults.md").matchAll(/^\| `([a-z-]+)` \|(.*)\|$/gm)];
  expect(CODES.length).toBeGreaterThan(25);
  expect(rows.map(([, code]) => code)).toEqual(CODES);
  for (const [row, , cells = ""] of rows) {
    expect(
      cells.split(" | ").filter((cell) => cell.trim() !== ""),
      row,
    ).toHaveLength(3);
  }
});

test("fault codes are in alphabetical order", () => {
  expect(CODES).toEqual(CODES.toSorted((a, b) => (a < b ? -1 : 1)));
});

test("every fault code is used", () => {
  const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && file !== join("core", "fault.ts"))
    .map((file) => read("src", file));
  expect(CODES.filter((code) => !sources.some((text) => text.includes(`"${code}"`)))).toEqual([]);
});

/** Object keys by where they stand: `drifts[].changes[].field`. Values of fields may have any. */
function* keysOf(value: unknown, at = ""): Generator<string> {
  if (Array.isArray(value)) {
    for (const item of value) yield* keysOf(item, `${at}[]`);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, child] of Object.entries(value)) {
      yield `${at}.${key}`;
      if (!["desired", "live", "deployed"].includes(key) || at === ".summary.objects")
        yield* keysOf(child, `${at}.${key}`);
    }
  }
}

test("docs/report.md has every field that a report has, and reports have all that are not for later", () => {
  const example = /```jsonc\n([\s\S]*?)```/.exec(read("docs/report.md"))?.[1] ?? "";
  const documented = new Set(keysOf(JSON.parse(example.replace(/ \/\/ .*$| {2,}\/\/.*$/gm, ""))));
  const reported = new Set(
    SCENARIOS.flatMap((name) => [
      ...keysOf(JSON.parse(readFileSync(join(scenarioFolder(name), "report.json"), "utf8"))),
    ]),
  );
  expect([...reported].filter((key) => !documented.has(key))).toEqual([]);
  // A scenario has one commit, no forge and no operator, and nothing that is rendered.
  const later = [
    ".targets[].deployers",
    ".targets[].deployers[].kind",
    ".targets[].deployers[].object",
    ".targets[].deployers[].object.apiVersion",
    ".targets[].deployers[].object.kind",
    ".targets[].deployers[].object.namespace",
    ".targets[].deployers[].object.name",
    ".targets[].deployers[].from",
    ".targets[].deployers[].automated",
    ".targets[].deployers[].reverts",
    ".targets[].deployers[].interval",
    ".targets[].deployers[].prunes",
    ".targets[].deployers[].suspended",
    ".targets[].deployers[].windows",
    ".targets[].deployers[].windows.kind",
    ".targets[].deployers[].windows.automated",
    ".targets[].deployers[].windows.automated.allowed",
    ".targets[].deployers[].windows.automated.by",
    ".targets[].deployers[].windows.automated.until",
    ".targets[].deployers[].windows.manual",
    ".targets[].deployers[].windows.manual.allowed",
    ".targets[].deployers[].windows.manual.until",
    ".targets[].deployers[].lastSync",
    ".drifts[].changes[].desiredKnown",
    ".drifts[].changes[].deployedIn",
    ".drifts[].changes[].note",
    ".drifts[].changes[].unsourced",
    ".drifts[].removedIn",
    ".drifts[].deployer",
    ".drifts[].deployer.apiVersion",
    ".drifts[].deployer.kind",
    ".drifts[].deployer.namespace",
    ".drifts[].deployer.name",
    ".drifts[].keptBy",
    ".drifts[].deletion",
    ".drifts[].excuse",
    ".drifts[].actions[].url",
  ];
  expect([...documented].filter((key) => !reported.has(key))).toEqual(later);
});
