// A process that does one piece of hostile work and counts what it takes: how often each block of src/ is run (V8's precise
// coverage), and how long the arrays, maps and texts are that built-in functions go through. The same at every run, on every
// machine. That takes a process of its own with COUNTING_FLAGS, and that src/ is loaded only when counting has begun: a
// function that was compiled before has no counters in its blocks.

import { Session } from "node:inspector/promises";
import type { WorkKind } from "./hostile-work.ts";

/** What is to be done. */
export interface WorkOrder {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly what: WorkKind;
}

export interface Work {
  /** How many changes came of it. */
  readonly changes: number;
  readonly done: number;
}

process.once("message", (order) => {
  void countAll(order as WorkOrder).then((all) => process.send?.(all));
});

async function countAll({ name, sizes, what }: WorkOrder): Promise<readonly Work[]> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  const { workOf } = await import("./hostile-work.ts");
  // Whatever is only done once is done by then.
  await workOf(name, 4, what).run();
  const lengths = countLengths();
  const all: Work[] = [];
  for (const size of sizes) {
    const { run } = workOf(name, size, what);
    await blocksRun(session);
    const before = lengths();
    const changes = await run();
    const through = lengths() - before;
    all.push({ changes, done: (await blocksRun(session)) + through });
  }
  return all;
}

/** Since it was last asked. */
async function blocksRun(session: Session): Promise<number> {
  const { result } = await session.post("Profiler.takePreciseCoverage");
  return result
    .filter(({ url }) => url.includes("/src/"))
    .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges.map(({ count }) => count)))
    .reduce((sum, count) => sum + count, 0);
}

/** What goes through a whole array, map or text without running a block for each item. */
function countLengths(): () => number {
  let total = 0;
  for (const method of ["indexOf", "includes", "with", "slice", "concat", "toSpliced", "values", "join"] as const) {
    wrap(Array.prototype, method, (self) => (self as readonly unknown[]).length);
  }
  // Only what stands behind is moved.
  wrap(Array.prototype, "splice", (self, [start]) => {
    const { length } = self as readonly unknown[];
    return typeof start === "number" && start >= 0 ? Math.max(0, length - start) : length;
  });
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
