// `node bench/compare.ts [OBJECTS]`: what comparing one object costs, from memory: Deployments of 3 KB that are in sync,
// against live objects with all defaults, managedFields and status; and the same with one change each.

import { compareObject } from "../src/drift/compare.ts";
import type { DesiredObject, LiveObject } from "../src/core/objects.ts";
import type { ValueMap } from "../src/core/value.ts";
import { builtinSchemas } from "../src/kinds/schemas.ts";
import { deployment } from "./deployments.ts";

const ROUNDS = 15;
const objects = Number(process.argv[2] ?? 2000);
const schema = builtinSchemas.schemaOf("apps/v1", "Deployment");
const pairs = Array.from({ length: objects }, (_, index) => pairOf(index));
const changed = pairs.map(({ desired, live }) => ({ desired, live: scaled(live) }));

measure("in sync", pairs, 0);
measure("one change each", changed, objects);

interface ObjectPair {
  readonly desired: DesiredObject;
  readonly live: LiveObject;
}

function measure(title: string, set: readonly ObjectPair[], expected: number): void {
  const rounds: number[] = [];
  const spent: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    const before = process.cpuUsage();
    let found = 0;
    for (const pair of set) found += compareObject({ ...pair, schema }).changes.length;
    rounds.push(((performance.now() - started) * 1000) / set.length);
    const { user, system } = process.cpuUsage(before);
    spent.push((user + system) / set.length);
    if (found !== expected) throw new Error(`${title}: ${found} changes instead of ${expected}`);
  }
  const heap = Math.round(process.memoryUsage().heapUsed / 2 ** 20);
  process.stdout.write(
    `${title}: ${median(rounds)} µs an object, ${median(spent)} µs of processor time (medians of ${ROUNDS} rounds, first ${rounds[0]?.toFixed(1)}) over ${set.length} of ` +
      `${JSON.stringify(set[0]?.desired.value).length} bytes against ${JSON.stringify(set[0]?.live.value).length}; heap ${heap} MB\n`,
  );
}

function median(values: readonly number[]): string {
  return (values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN).toFixed(1);
}

function pairOf(index: number): ObjectPair {
  const name = `web-${index}`;
  const ref = { apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name };
  const desired = deployment(name, false);
  const live = deployment(name, true);
  return {
    desired: {
      ref,
      value: desired,
      origin: { file: "web.yaml", document: index, items: [], layer: "literal", hash: "" },
    },
    live: { ref, value: live, managers: [] },
  };
}

function scaled(live: LiveObject): LiveObject {
  return { ...live, value: { ...live.value, spec: { ...(live.value["spec"] as ValueMap), replicas: 7 } } };
}
