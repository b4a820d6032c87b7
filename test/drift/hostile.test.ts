// Whoever may write an object chooses its size and shape, and managedFields besides. Nothing of that may make comparing it,
// or telling of it, take more than its share: twice the object, about twice the work. Work is counted, not timed.

import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import type { Work, WorkOrder } from "./count-work.ts";
import { DEEP, HOSTILE } from "./hostile-objects.ts";

/** Of twice the size: linear with a logarithm to spare; four would be quadratic. */
const MAX_GROWTH = 3.3;

/** Of twice the levels: a path is as long as its place is deep, and readers take 500 levels at most. */
const MAX_DEEP_GROWTH = 3.4;

async function grownWork(order: WorkOrder): Promise<{ readonly changes: readonly number[]; readonly growth: number }> {
  const worker = new Worker(join(import.meta.dirname, "count-work.ts"), { workerData: order });
  const [small, large] = await new Promise<readonly Work[]>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  if (small === undefined || large === undefined) throw new Error("no work was counted");
  return { changes: [small.changes, large.changes], growth: large.done / small.done };
}

describe("twice the object, about twice the work:", () => {
  const sizes = [5000, 10_000];
  test.each(Object.entries(HOSTILE))("%s", async (name, { changes: expected }) => {
    const { changes, growth } = await grownWork({ name, sizes, what: "compare" });
    expect(changes).toEqual(sizes.map(expected));
    expect(growth).toBeLessThan(MAX_GROWTH);
  });

  const levels = [200, 400];
  test.each(Object.entries(DEEP))("%s", async (name, { changes: expected }) => {
    const { changes, growth } = await grownWork({ name, sizes: levels, what: "compare" });
    expect(changes).toEqual(levels.map(expected));
    expect(growth).toBeLessThan(MAX_DEEP_GROWTH);
  });
});

describe("telling of 10,000 changes of one object, in text, Markdown and JSON, takes its share:", () => {
  test.each([
    "a ConfigMap of which every key has changed",
    "a keyed list of which every item has changed, and has an owner",
    "keys that every object inherits",
  ])("%s", async (name) => {
    const { growth } = await grownWork({ name, sizes: [5000, 10_000], what: "report" });
    expect(growth).toBeLessThan(MAX_GROWTH);
  });
});
