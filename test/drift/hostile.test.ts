// Whoever may write an object chooses its size and shape, and managedFields besides. Nothing of that may make comparing it,
// or telling of it, take more than its share: twice the object, about twice the work. Work is counted, not timed.

import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Value } from "../../src/core/value.ts";
import { at, edited, manifest, replace } from "../codify/workbench.ts";
import type { Work, WorkOrder } from "./count-work.ts";
import { DEEP, HOSTILE, ODD } from "./hostile-objects.ts";

/** Of twice the size: linear with a logarithm to spare; four would be quadratic. */
const MAX_GROWTH = 2.1;

/** Of twice the levels: a path is as long as its place is deep, and readers take 500 levels at most. */
const MAX_DEEP_GROWTH = 3;

/**
 * So that every call counts: optimised code counts none, and when another thread has made it depends on the machine's
 * load; functions that rest for some garbage collections would be compiled anew, and count from 0.
 */
const COUNTING_FLAGS = ["--no-opt", "--no-maglev", "--no-flush-bytecode"];

interface Grown {
  readonly changes: readonly number[];
  readonly growth: number;
}

async function grownWork(order: WorkOrder): Promise<Grown> {
  const child = fork(join(import.meta.dirname, "count-work.ts"), { execArgv: COUNTING_FLAGS });
  child.send(order);
  const [answer] = (await Promise.race([
    once(child, "message"),
    once(child, "exit").then(([code]) => {
      throw new Error(`nothing was counted: exit code ${code}`);
    }),
  ])) as [readonly Work[]];
  const [small, large] = answer;
  if (small === undefined || large === undefined) throw new Error("no work was counted");
  return { changes: [small.changes, large.changes], growth: large.done / small.done };
}

describe("twice the object, about twice the work:", () => {
  const sizes = [2500, 5000];
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

describe("telling of 5,000 changes of one object, in text, Markdown and JSON, takes its share:", () => {
  test.each([
    "a ConfigMap of which every key has changed",
    "a keyed list of which every item has changed, and has an owner",
    "keys that every object inherits",
  ])("%s", async (name) => {
    const { growth } = await grownWork({ name, sizes: [2500, 5000], what: "report" });
    expect(growth).toBeLessThan(MAX_GROWTH);
  });
});

describe("putting 2,000 changes of one object into its file, and proving them, takes its share:", () => {
  test.each([
    "a ConfigMap of which every key has changed",
    "a ConfigMap to which somebody added keys",
    "a keyed list of which every item has changed, and has an owner",
    "a keyed list of which no item is the same",
    "ports that all have new numbers and keep their names",
    "variables of a container that have all changed",
    "variables that were added to a container",
    "a set in the opposite order, of which half is new",
  ])("%s", async (name) => {
    const { growth } = await grownWork({ name, sizes: [1000, 2000], what: "codify" });
    expect(growth).toBeLessThan(MAX_GROWTH);
  });
});

describe("what cannot be written as text, and digits without end, in comparisons and every report:", () => {
  const sizes = [500, 1000];
  test.each(Object.entries(ODD))("%s", async (name, { changes: expected }) => {
    const { changes, growth } = await grownWork({ name, sizes, what: "report" });
    expect(changes).toEqual(sizes.map(expected));
    expect(growth).toBeLessThan(MAX_GROWTH);
  });
});

describe("a change that cannot be codified costs no other change its edit:", () => {
  const live: readonly (readonly [string, Value])[] = [
    ["half a surrogate pair", "\ud800"],
    ["half a surrogate pair within", { list: ["a", { b: "\udc00" }] }],
    ["half a surrogate pair as a key", { "\ud800": "a" }],
    ["a number beyond all bounds", Number.POSITIVE_INFINITY],
    ["a key that would merge another map", { "<<": "a" }],
  ];
  test.each(live)("%s", async (_, value) => {
    const count = 300;
    const text = manifest(`spec:\n${Array.from({ length: count }, (_unused, index) => `  k${index}: 1\n`).join("")}`);
    const changes = Array.from({ length: count }, (_unused, index) =>
      replace(at(`spec.k${index}`), index === 200 ? value : 2),
    );
    const { codes } = await edited({ text, changes });
    expect(codes.filter((code) => code === "edited")).toHaveLength(count - 1);
    expect(codes[200]).toBe("unsupported");
  });
});
