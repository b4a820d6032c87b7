// A thread that compares one hostile pair and counts what that takes: how often each block of src/ was run (V8's precise
// coverage), and the lengths of the arrays and maps that built-in functions went through. The same on every machine. A thread
// of its own, because coverage is one for all that runs in a thread, and the tests' own may be running.

import { Session } from "node:inspector/promises";
import { parentPort, workerData } from "node:worker_threads";
import type { FieldSchema } from "../../src/core/schema.ts";
import { builtinSchemas } from "../../src/kinds/schemas.ts";
import { compareObject } from "../../src/drift/compare.ts";
import type { Comparison } from "../../src/drift/compare.ts";
import { markdownReport } from "../../src/report/markdown.ts";
import { jsonReport } from "../../src/report/json.ts";
import { textReport } from "../../src/report/text.ts";
import { createStyle } from "../../src/text/style.ts";
import { passOf, resultOf } from "../report/passes.ts";
import { DEEP, HOSTILE } from "./hostile-objects.ts";
import type { HostilePair } from "./hostile-objects.ts";
import { desiredOf, refOf } from "./objects.ts";

/** What is to be done: compare, or compare and then write every report. */
export interface WorkOrder {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly what: "compare" | "report";
}

export interface Work {
  readonly changes: number;
  readonly done: number;
}

const { name, sizes, what } = workerData as WorkOrder;
const found = HOSTILE[name] ?? DEEP[name];
if (found === undefined) throw new Error(`no case is called ${name}`);
// Whatever is only done once is done by now.
run(found.pair(4));
const session = new Session();
session.connect();
await session.post("Profiler.enable");
await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
const lengths = countLengths();
const all: Work[] = [];
for (const size of sizes) all.push(await counted(found.pair(size)));
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
parentPort?.postMessage(all);

function run(pair: HostilePair): number {
  const comparison = compared(pair);
  if (what === "report") reported(comparison);
  return comparison.changes.length;
}

function compared({ desired, live, managers = [], schema }: HostilePair): Comparison {
  const ref = refOf(desired);
  const known: FieldSchema | undefined = schema ?? builtinSchemas.schemaOf(ref.apiVersion, ref.kind);
  return compareObject({ desired: desiredOf(desired), live: { ref, value: live, managers }, schema: known });
}

function reported({ changes }: Comparison): void {
  const pass = passOf([resultOf("web", changes)]);
  for (const text of [jsonReport(pass), markdownReport(pass), textReport(pass, createStyle(false))]) {
    if (text.length < changes.length) throw new Error("a report that tells less than one character a change");
  }
}

async function counted(pair: HostilePair): Promise<Work> {
  await session.post("Profiler.takePreciseCoverage");
  const before = lengths();
  const changes = run(pair);
  const through = lengths() - before;
  const { result } = await session.post("Profiler.takePreciseCoverage");
  const blocks = result
    .filter(({ url }) => url.includes("/src/"))
    .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges.map(({ count }) => count)));
  return { changes, done: blocks.reduce((sum, count) => sum + count, 0) + through };
}

/** What goes through a whole array or map without running a block for each item. */
function countLengths(): () => number {
  let total = 0;
  for (const method of [
    "indexOf",
    "includes",
    "with",
    "slice",
    "concat",
    "toSpliced",
    "splice",
    "values",
    "join",
  ] as const) {
    wrap(Array.prototype, method, (self) => (self as readonly unknown[]).length);
  }
  // Spread and `for … of` ask for an iterator; iterating itself counts as blocks.
  wrap(Array.prototype, Symbol.iterator, (self) => (self as readonly unknown[]).length);
  for (const method of ["keys", "values", "entries"] as const) {
    wrap(Object, method, (_self, [value]) => (typeof value === "object" && value !== null ? sizeOf(value) : 0));
  }
  return () => total;

  function wrap(
    holder: object,
    method: string | symbol,
    lengthOf: (self: unknown, given: readonly unknown[]) => number,
  ): void {
    const original = Reflect.get(holder, method) as (...given: readonly unknown[]) => unknown;
    Object.defineProperty(holder, method, {
      configurable: true,
      writable: true,
      value(this: unknown, ...given: readonly unknown[]) {
        total += lengthOf(this, given);
        return Reflect.apply(original, this, given);
      },
    });
  }
}

function sizeOf(value: object): number {
  return Reflect.ownKeys(value).length;
}
