// Pairs of objects that somebody chose to make a comparison slow, each in any size.

import type { ManagedFields } from "../../src/core/objects.ts";
import type { FieldSchema, ListSchema } from "../../src/core/schema.ts";
import type { Value, ValueMap } from "../../src/core/value.ts";

export interface HostilePair {
  readonly desired: ValueMap;
  readonly live: ValueMap;
  readonly managers?: readonly ManagedFields[];
  /** Of a custom resource; absent for kinds that holdfast knows, and for what nobody knows a schema of. */
  readonly schema?: FieldSchema;
}

/** What comes of a pair of a size: changes, and what is left out besides. */
export interface HostileCase {
  readonly pair: (size: number) => HostilePair;
  readonly changes: (size: number) => number;
}

const NAME = { namespace: "shop", name: "web" };

/** Numbers from 0 up. */
function upTo(size: number): readonly number[] {
  return Array.from({ length: size }, (_, index) => index);
}

function mapOf(size: number, entryAt: (index: number) => readonly [string, Value]): ValueMap {
  return Object.fromEntries(upTo(size).map(entryAt));
}

function configMap(data: ValueMap): ValueMap {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: NAME, data };
}

function deployment(container: ValueMap): ValueMap {
  const labels = { app: "web" };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: NAME,
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "web", image: "web:1", ...container }] } },
    },
  };
}

function autoscaler(metrics: readonly Value[]): ValueMap {
  const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: NAME,
    spec: { maxReplicas: 3, scaleTargetRef, metrics },
  };
}

function custom(spec: Value): ValueMap {
  return { apiVersion: "example.com/v1", kind: "Widget", metadata: NAME, spec };
}

function customSchema(spec: FieldSchema): FieldSchema {
  return { type: "object", fields: { spec } };
}

function listSchema(list: ListSchema | undefined, items: FieldSchema): FieldSchema {
  return customSchema({ type: "array", items, ...(list === undefined ? {} : { list }) });
}

const KEYED: ListSchema = { kind: "map", keys: ["name"] };
const ITEM: FieldSchema = { type: "object", fields: { name: { type: "string" }, value: { type: "string" } } };

function named(index: number, value = "same"): ValueMap {
  return { name: `item-${index}`, value };
}

/** One entry of managedFields. */
function entry(manager: string, fields: Value): ManagedFields {
  return { manager, operation: "Update", time: "2026-01-01T00:00:00Z", fields };
}

function nest(levels: number, inner: Value, wrap: (value: Value) => Value): Value {
  return upTo(levels).reduce((value) => wrap(value), inner);
}

const inField = (value: Value): Value => ({ f: value });
const inList = (value: Value): Value => [value];

/** Sizes double from case to case: the work may at most do the same. */
export const HOSTILE: Readonly<Record<string, HostileCase>> = {
  "a ConfigMap of which every key has changed": {
    pair: (size) => ({
      desired: configMap(mapOf(size, (index) => [`k${index}`, "a".repeat(90)])),
      live: configMap(mapOf(size, (index) => [`k${index}`, "b".repeat(90)])),
      managers: [entry("kubectl-edit", { "f:data": mapOf(size, (index) => [`f:k${index}`, {}]) })],
    }),
    changes: (size) => size,
  },
  "a ConfigMap with one value that is nearly the whole of it": {
    pair: (size) => ({
      desired: configMap({ text: `${"x".repeat(size * 100)}a` }),
      live: configMap({ text: `${"x".repeat(size * 100)}b` }),
    }),
    changes: () => 1,
  },
  "a ConfigMap to which somebody added keys": {
    pair: (size) => ({
      desired: configMap({ a: "1" }),
      live: configMap({ a: "1", ...mapOf(size, (index) => [`k${index}`, "b"]) }),
      managers: [entry("kubectl-edit", { "f:data": mapOf(size, (index) => [`f:k${index}`, {}]) })],
    }),
    changes: (size) => size,
  },
  "keys that every object inherits": {
    pair: (size) => ({
      desired: configMap(mapOf(size, (index) => [index === 0 ? "constructor" : `toString${index}`, "a"])),
      live: configMap(
        JSON.parse(
          `{"__proto__":"x",${upTo(size)
            .map((index) => `${JSON.stringify(index === 0 ? "constructor" : `toString${index}`)}:"b"`)
            .join(",")}}`,
        ) as ValueMap,
      ),
    }),
    changes: (size) => size + 1,
  },
  "a keyed list in the opposite order": {
    pair: (size) => ({
      desired: custom(upTo(size).map((index) => named(index))),
      live: custom(
        upTo(size)
          .map((index) => named(index))
          .toReversed(),
      ),
      schema: listSchema(KEYED, ITEM),
    }),
    changes: () => 0,
  },
  "a keyed list of which every item has changed, and has an owner": {
    pair: (size) => ({
      desired: custom(upTo(size).map((index) => named(index))),
      live: custom(upTo(size).map((index) => named(index, "other"))),
      managers: [
        entry("kubectl-edit", {
          "f:spec": mapOf(size, (index) => [`k:{"name":"item-${index}"}`, { ".": {}, "f:value": {} }]),
        }),
      ],
      schema: listSchema(KEYED, ITEM),
    }),
    changes: (size) => size,
  },
  "a keyed list whose items all have the same key, on both sides": {
    pair: (size) => ({
      desired: custom(upTo(size).map((index) => ({ name: "same", value: `${index}` }))),
      live: custom(upTo(size).map((index) => ({ name: "same", value: `${size - index}` }))),
      schema: listSchema(KEYED, ITEM),
    }),
    changes: (size) => size - (size % 2 === 0 ? 1 : 0),
  },
  "a keyed list of which no item is the same": {
    pair: (size) => ({
      desired: custom(upTo(size).map((index) => named(index))),
      live: custom(upTo(size).map((index) => named(size + index))),
      schema: listSchema(KEYED, ITEM),
    }),
    changes: (size) => 2 * size,
  },
  "ports that all have new numbers and keep their names": {
    pair: (size) => ({
      desired: deployment({ ports: upTo(size).map((index) => ({ name: `p${index}`, containerPort: index + 1 })) }),
      live: deployment({
        ports: upTo(size).map((index) => ({ name: `p${index}`, containerPort: index + 1 + size, protocol: "TCP" })),
      }),
    }),
    changes: (size) => size,
  },
  "variables of a container that have all changed": {
    pair: (size) => ({
      desired: deployment({ env: upTo(size).map((index) => named(index)) }),
      live: deployment({ env: upTo(size).map((index) => named(index, "other")) }),
    }),
    changes: (size) => size,
  },
  "variables that were added to a container": {
    pair: (size) => ({
      desired: deployment({ env: [named(0)] }),
      live: deployment({ env: upTo(size + 1).map((index) => named(index)) }),
      managers: [
        entry("kubectl-set", {
          "f:spec": {
            "f:template": {
              "f:spec": {
                "f:containers": {
                  'k:{"name":"web"}': {
                    "f:env": mapOf(size + 1, (index) => [`k:{"name":"item-${index}"}`, { ".": {}, "f:value": {} }]),
                  },
                },
              },
            },
          },
        }),
      ],
    }),
    changes: (size) => size,
  },
  "a set in the opposite order, of which half is new": {
    pair: (size) => ({
      desired: custom(upTo(size).map((index) => `v${index}`)),
      live: custom(
        upTo(size)
          .map((index) => `v${index + size / 2}`)
          .toReversed(),
      ),
      managers: [entry("kubectl-edit", { "f:spec": mapOf(size, (index) => [`v:"v${index + size / 2}"`, {}]) })],
      schema: listSchema({ kind: "set" }, { type: "string" }),
    }),
    changes: (size) => size,
  },
  "a set that holds one value only, again and again": {
    pair: (size) => ({
      desired: custom(upTo(size).map(() => "a")),
      live: custom(upTo(size).map(() => "b")),
      schema: listSchema({ kind: "set" }, { type: "string" }),
    }),
    changes: () => 2,
  },
  "an atomic list in the opposite order": {
    pair: (size) => ({
      desired: custom(upTo(size).map((index) => named(index))),
      live: custom(
        upTo(size)
          .map((index) => named(index))
          .toReversed(),
      ),
      schema: listSchema({ kind: "atomic" }, ITEM),
    }),
    changes: () => 1,
  },
  "an atomic list to which everything was added": {
    pair: (size) => ({
      desired: custom([named(0)]),
      live: custom(upTo(size).map((index) => named(index))),
      managers: [entry("kubectl-edit", { "f:spec": {} })],
      schema: listSchema(undefined, ITEM),
    }),
    changes: () => 1,
  },
  "metrics of an autoscaler in the opposite order": {
    pair: (size) => ({
      desired: autoscaler(metricsOf(size)),
      live: autoscaler(metricsOf(size).toReversed()),
    }),
    // Beyond what is paired up, order counts.
    changes: () => 1,
  },
  "managers that all own the same fields, all of which have changed": {
    pair: (size) => ({
      desired: configMap(mapOf(size, (index) => [`k${index}`, "a"])),
      live: configMap(mapOf(size, (index) => [`k${index}`, "b"])),
      managers: [
        ...upTo(size).map((index) => entry(`m${index}`, { "f:data": { "f:k0": {} } })),
        ...upTo(size).map((index) => entry(`n${index}`, { "f:data": {} })),
      ],
    }),
    changes: (size) => size,
  },
  "managers of whom each owns one of the items": {
    pair: (size) => ({
      desired: custom(upTo(size).map((index) => named(index))),
      live: custom(upTo(size).map((index) => named(index, "other"))),
      managers: upTo(size).map((index) => entry(`m${index}`, { "f:spec": { [`k:{"name":"item-${index}"}`]: {} } })),
      schema: listSchema(KEYED, ITEM),
    }),
    changes: (size) => size,
  },
  "a wide map of a custom resource that only the cluster has": {
    pair: (size) => ({
      desired: custom({ a: 1 }),
      live: custom({ a: 1, wide: mapOf(size, (index) => [`k${index}`, { b: { c: index, d: [] } }]) }),
      schema: customSchema({ preserveUnknown: true }),
    }),
    changes: () => 1,
  },
};

function metricsOf(size: number): readonly Value[] {
  return upTo(size).map((index) => ({
    type: "External",
    external: { metric: { name: `m${index}` }, target: { type: "Value", value: "1" } },
  }));
}

/** Half a surrogate pair, as a JSON text may well hold it. */
const HALF = "\ud800";

/** What cannot be written as text, or is longer than any number: told as a change each, and never a reason to fail. */
export const ODD: Readonly<Record<string, HostileCase>> = {
  "half surrogate pairs in values, on both sides": {
    pair: (size) => ({
      desired: configMap(mapOf(size, (index) => [`k${index}`, `${HALF}a`])),
      live: configMap(mapOf(size, (index) => [`k${index}`, `\udc00${HALF}b`])),
    }),
    changes: (size) => size,
  },
  "half surrogate pairs in keys, on both sides": {
    pair: (size) => ({
      desired: configMap(mapOf(size, (index) => [`${HALF}${index}`, "a"])),
      live: configMap(mapOf(size, (index) => [`${HALF}${index}`, "b"])),
      managers: [entry("kubectl-edit", { "f:data": mapOf(size, (index) => [`f:${HALF}${index}`, {}]) })],
    }),
    changes: (size) => size,
  },
  "half surrogate pairs in the keys of a keyed list": {
    pair: (size) => ({
      desired: custom(upTo(size).map((index) => ({ name: `${HALF}${index}`, value: "a" }))),
      live: custom(upTo(size).map((index) => ({ name: `${HALF}${index}`, value: "b" }))),
      managers: [
        entry("kubectl-edit", {
          "f:spec": mapOf(size, (index) => [`k:{"name":"${HALF}${index}"}`, { ".": {}, "f:value": {} }]),
        }),
      ],
      schema: listSchema(KEYED, ITEM),
    }),
    changes: (size) => size,
  },
  "numbers that only look alike as floats": {
    pair: (size) => ({
      desired: custom(mapOf(size, (index) => [`k${index}`, 9_007_199_254_740_993n])),
      live: custom(mapOf(size, (index) => [`k${index}`, 9_007_199_254_740_992])),
      schema: customSchema({ type: "object", preserveUnknown: true }),
    }),
    changes: (size) => size,
  },
  "zero, and zero with a sign": {
    pair: (size) => ({
      desired: custom(mapOf(size, (index) => [`k${index}`, -0])),
      live: custom(mapOf(size, (index) => [`k${index}`, 0])),
      schema: customSchema({ type: "object", preserveUnknown: true }),
    }),
    changes: () => 0,
  },
  "floats beyond all bounds": {
    pair: (size) => ({
      desired: custom(mapOf(size, (index) => [`k${index}`, 1])),
      live: custom(mapOf(size, (index) => [`k${index}`, Number("1e400")])),
      schema: customSchema({ type: "object", preserveUnknown: true }),
    }),
    changes: (size) => size,
  },
  "integers of a thousand digits": {
    pair: (size) => ({
      desired: custom(mapOf(size, (index) => [`k${index}`, BigInt("9".repeat(1000))])),
      live: custom(mapOf(size, (index) => [`k${index}`, BigInt("9".repeat(999) + "8")])),
      schema: customSchema({ type: "object", preserveUnknown: true }),
    }),
    changes: (size) => size,
  },
  "one number with as many digits as all else": {
    pair: (size) => ({
      desired: configMap({ a: "9".repeat(size * 100) }),
      live: configMap({ a: `${"9".repeat(size * 100 - 1)}8` }),
    }),
    changes: () => 1,
  },
  "quantities of any length": {
    pair: (size) => ({
      desired: deployment({ resources: { limits: mapOf(size, (index) => [`r${index}`, `1${"0".repeat(1000)}`]) } }),
      live: deployment({ resources: { limits: mapOf(size, (index) => [`r${index}`, `2${"0".repeat(1000)}`]) } }),
    }),
    changes: (size) => size,
  },
  "ports by name or number, of any length": {
    pair: (size) => ({
      desired: ports(size, "1".repeat(1000)),
      live: ports(size, "2".repeat(1000)),
    }),
    changes: (size) => size,
  },
};

function ports(size: number, targetPort: string): ValueMap {
  const list = upTo(size).map((index) => ({ name: `p${index}`, port: index + 1, protocol: "TCP", targetPort }));
  return { apiVersion: "v1", kind: "Service", metadata: NAME, spec: { ports: list } };
}

/** As {@link HOSTILE}; the size is that of levels, and a reader takes 500 of them at most. */
export const DEEP: Readonly<Record<string, HostileCase>> = {
  "maps in maps, unequal at the bottom": {
    pair: (levels) => ({
      desired: custom(nest(levels, "a", inField)),
      live: custom(nest(levels, "b", inField)),
      schema: customSchema({ preserveUnknown: true }),
    }),
    changes: () => 1,
  },
  "lists in lists, unequal at the bottom": {
    pair: (levels) => ({
      desired: custom(nest(levels, "a", inList)),
      live: custom(nest(levels, "b", inList)),
      schema: customSchema({ preserveUnknown: true }),
    }),
    changes: () => 1,
  },
  "lists in lists with much at the bottom": {
    pair: (levels) => ({
      desired: custom(nest(levels, upTo(20_000), inList)),
      live: custom(nest(levels, upTo(20_000).toReversed(), inList)),
      schema: customSchema({ preserveUnknown: true }),
    }),
    changes: () => 1,
  },
  "maps in maps that only the cluster has": {
    pair: (levels) => ({
      desired: custom({ a: 1 }),
      live: custom({ a: 1, deep: nest(levels, upTo(1000), inField) }),
      schema: customSchema({ preserveUnknown: true }),
    }),
    changes: () => 1,
  },
  "maps in maps of a kind that nobody knows, with an owner at every level": {
    pair: (levels) => ({
      desired: custom({ a: 1 }),
      live: custom({ a: 1, f: nest(levels, "b", inField) }),
      managers: [
        entry("kubectl-edit", {
          "f:spec": nest(levels + 1, {}, (value) => ({ "f:f": value })),
        }),
      ],
    }),
    changes: () => 1,
  },
};
