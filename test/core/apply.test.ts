import { describe, expect, test } from "vitest";
import { applyChanges } from "../../src/core/apply.ts";
import { field, fields } from "../../src/core/path.ts";
import type { FieldPath } from "../../src/core/path.ts";
import type { Value } from "../../src/core/value.ts";

interface Row {
  readonly name: string;
  readonly value: Value;
  readonly changes: readonly { readonly path: FieldPath; readonly desired?: Value; readonly live?: Value }[];
  readonly live: Value;
  readonly desired: Value;
}

const web: FieldPath = [field("containers"), { kind: "key", keys: { name: "web" } }];

const http: FieldPath = [field("ports"), { kind: "key", keys: { port: 80, protocol: "TCP" } }];

const ROWS: readonly Row[] = [
  {
    name: "a scalar is replaced",
    value: { spec: { replicas: 1, paused: false } },
    changes: [{ path: fields("spec", "replicas"), desired: 3, live: 5 }],
    live: { spec: { replicas: 5, paused: false } },
    desired: { spec: { replicas: 3, paused: false } },
  },
  {
    name: "a field is there on one side only",
    value: { a: 1 },
    changes: [{ path: fields("b"), live: null }],
    live: { a: 1, b: null },
    desired: { a: 1 },
  },
  {
    name: "missing parents are made, and nothing is made to remove from",
    value: {},
    changes: [{ path: fields("metadata", "labels", "app"), live: "web" }],
    live: { metadata: { labels: { app: "web" } } },
    desired: {},
  },
  {
    name: "an item is found by its key, and a new one comes last",
    value: { containers: [{ name: "log" }] },
    changes: [{ path: [...web, field("image")], live: "web:2", desired: "web:1" }],
    live: { containers: [{ name: "log" }, { name: "web", image: "web:2" }] },
    desired: { containers: [{ name: "log" }, { name: "web", image: "web:1" }] },
  },
  {
    name: "a whole item is put and taken",
    value: { containers: [{ name: "web", image: "old" }, { name: "log" }] },
    changes: [{ path: web, live: { name: "web", image: "new" } }],
    live: { containers: [{ name: "web", image: "new" }, { name: "log" }] },
    desired: { containers: [{ name: "log" }] },
  },
  {
    name: "an item whose key changes is the same item on both sides",
    value: {
      ports: [
        { port: 443, protocol: "TCP" },
        { name: "http", port: 22, protocol: "TCP", targetPort: 2 },
      ],
    },
    changes: [
      { path: [...http, field("port")], desired: 80, live: 22 },
      { path: [...http, field("targetPort")], desired: 1, live: 2 },
    ],
    live: {
      ports: [
        { port: 443, protocol: "TCP" },
        { name: "http", port: 22, protocol: "TCP", targetPort: 2 },
      ],
    },
    desired: {
      ports: [
        { port: 443, protocol: "TCP" },
        { name: "http", port: 80, protocol: "TCP", targetPort: 1 },
      ],
    },
  },
  {
    name: "an item of which all keys change is the same item on both sides",
    value: { ports: [{ name: "dns", port: 53, protocol: "UDP" }] },
    changes: [
      { path: [...http, field("port")], desired: 80, live: 53 },
      { path: [...http, field("protocol")], desired: "TCP", live: "UDP" },
    ],
    live: { ports: [{ name: "dns", port: 53, protocol: "UDP" }] },
    desired: { ports: [{ name: "dns", port: 80, protocol: "TCP" }] },
  },
  {
    name: "a set's value is put once and taken",
    value: { finalizers: ["a"] },
    changes: [
      { path: [field("finalizers"), { kind: "value", value: "a" }], live: "a" },
      { path: [field("finalizers"), { kind: "value", value: "b" }], live: "b" },
    ],
    live: { finalizers: ["a", "b"] },
    desired: { finalizers: [] },
  },
  {
    name: "positions are taken out from the back",
    value: { args: ["a", "b", "c"] },
    changes: [
      { path: [field("args"), { kind: "index", index: 0 }], live: "a" },
      { path: [field("args"), { kind: "index", index: 1 }], live: "B", desired: "b" },
      { path: [field("args"), { kind: "index", index: 2 }], live: "c" },
    ],
    live: { args: ["a", "B", "c"] },
    desired: { args: ["b"] },
  },
  {
    name: "a list gives way to a map",
    value: { spec: ["x"] },
    changes: [{ path: fields("spec", "a"), live: 1, desired: 2 }],
    live: { spec: { a: 1 } },
    desired: { spec: { a: 2 } },
  },
  {
    name: "the empty path is the object itself",
    value: { a: 1 },
    changes: [{ path: [], live: { b: 1 }, desired: "x" }],
    live: { b: 1 },
    desired: "x",
  },
];

describe("applyChanges", () => {
  test.each(ROWS)("$name", ({ value, changes, live, desired }) => {
    const before = structuredClone(value);
    expect(applyChanges(value, changes, "live")).toEqual(live);
    expect(applyChanges(value, changes, "desired")).toEqual(desired);
    expect(value).toEqual(before);
  });

  test("a field called __proto__ is a field", () => {
    const applied = applyChanges({}, [{ path: fields("__proto__", "polluted"), live: true }], "live");
    expect(JSON.stringify(applied)).toBe('{"__proto__":{"polluted":true}}');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
