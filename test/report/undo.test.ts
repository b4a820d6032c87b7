import jsonPatch from "fast-json-patch";
import { expect, test } from "vitest";
import type { Change, Drift } from "../../src/core/drift.ts";
import { fields } from "../../src/core/path.ts";
import type { FieldPath } from "../../src/core/path.ts";
import type { Value, ValueMap } from "../../src/core/value.ts";
import { undoCommand } from "../../src/report/undo.ts";
import type { UndoCommand } from "../../src/report/undo.ts";
import { desiredOf, liveOf, yaml } from "../drift/objects.ts";

const LIVE: ValueMap = yaml(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {
  replicas: 5, template: {spec: {hostPID: true, containers: [{name: side}, {name: web, securityContext: {privileged: true}}]}}}}`);
const CONTAINER: FieldPath = [
  ...fields("spec", "template", "spec", "containers"),
  { kind: "key", keys: { name: "web" } },
];

function change(
  operation: Change["operation"],
  path: FieldPath,
  sides: Partial<Record<"desired" | "live", Value>>,
): Change {
  return { operation, path, direction: "live-changed", ...sides };
}

function undo(...changes: readonly Change[]): UndoCommand | undefined {
  return undoIn(LIVE, changes);
}

function undoIn(live: ValueMap, changes: readonly Change[]): UndoCommand | undefined {
  const desired = desiredOf(live);
  const drift: Drift = { state: "drifted", ref: desired.ref, desired, live: liveOf(live), changes };
  return undoCommand(drift, changes);
}

/** The object as the command leaves it, or why the API server would refuse it. */
function afterwards(live: ValueMap, found: UndoCommand | undefined): unknown {
  const patch = /--patch '(.*)'$/s.exec(found?.command ?? "")?.[1]?.replaceAll(`'\\''`, "'") ?? "no command";
  try {
    return jsonPatch.applyPatch(structuredClone(live), JSON.parse(patch) as jsonPatch.Operation[]).newDocument;
  } catch {
    return "refused";
  }
}

const REPLICAS = change("replace", fields("spec", "replicas"), { desired: 3, live: 5 });

test("a replaced scalar is put back, after a test of what is live", () => {
  expect(undo(REPLICAS)?.command).toContain(
    '[{"op":"test","path":"/spec/replicas","value":5},{"op":"replace","path":"/spec/replicas","value":3}]',
  );
  expect(undo(REPLICAS)?.guarded).toBe(true);
});

test("a field that only the cluster has is taken away, from the item that it was added to, where it is as it was", () => {
  const added = change("add", [...CONTAINER, { kind: "field", name: "securityContext" }], {
    live: { privileged: true },
  });
  expect(undo(added)).toEqual({
    command: expect.stringContaining(
      '[{"op":"test","path":"/spec/template/spec/containers/1/name","value":"web"},{"op":"test","path":"/spec/template/spec/containers/1/securityContext","value":{"privileged":true}},{"op":"remove","path":"/spec/template/spec/containers/1/securityContext"}]',
    ) as string,
    guarded: true,
  });
});

test("a secret is taken away without being told, and without a test of it", () => {
  const live = yaml("{apiVersion: v1, kind: Secret, metadata: {name: web}, data: {a: hmac, b: hmac}}");
  const found = undoIn(live, [{ ...change("add", fields("data", "b"), { live: "hmac" }), sensitive: true }]);
  expect(found?.command).toContain('[{"op":"remove","path":"/data/b"}]');
  expect(found?.guarded).toBe(false);
});

test("a text that looks like a secret is not repeated, even where nobody marked it", () => {
  const token = `ghp_${"a1B2".repeat(9)}`;
  const live = yaml(`{apiVersion: v1, kind: ConfigMap, metadata: {name: web}, data: {a: ${token}}}`);
  const found = undoIn(live, [change("add", fields("data", "a"), { live: token })]);
  expect(found?.command).not.toContain(token);
  expect(found?.guarded).toBe(false);
});

test("a long value is taken away without a test of it", () => {
  const live = yaml(`{apiVersion: v1, kind: ConfigMap, metadata: {name: web}, data: {a: ${"x".repeat(3000)}}}`);
  const found = undoIn(live, [change("add", fields("data", "a"), { live: "x".repeat(3000) })]);
  expect(found).toEqual({
    command: expect.stringContaining('[{"op":"remove","path":"/data/a"}]') as string,
    guarded: false,
  });
});

/** A path in short: lists and fields end in `s` or are known, and what else is named is an item. */
function at(...names: readonly string[]): FieldPath {
  return names.flatMap((name): FieldPath =>
    /^[a-z]+s$|^env$|^spec$/.test(name) ? fields(name) : [{ kind: "key", keys: { name } }],
  );
}

test("items that only the cluster has are taken away from the last on, each where it still is", () => {
  const live = yaml(`{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [
    {name: one}, {name: web, env: [{name: A, value: a}, {name: B, value: b}, {name: C, value: c}]}, {name: two}]}}`);
  const found = undoIn(live, [
    change("add", at("spec", "containers", "one"), { live: { name: "one" } }),
    change("add", at("spec", "containers", "web", "env", "A"), { live: { name: "A", value: "a" } }),
    change("add", at("spec", "containers", "web", "env", "C"), { live: { name: "C", value: "c" } }),
    change("add", at("spec", "containers", "two"), { live: { name: "two" } }),
  ]);
  expect(found?.guarded).toBe(true);
  const spec = { containers: [{ name: "web", env: [{ name: "B", value: "b" }] }] };
  expect(afterwards(live, found)).toMatchObject({ spec });
  const moved = { ...live, spec: { containers: [{ name: "two" }, { name: "one" }, { name: "web" }] } };
  expect(afterwards(moved, found)).toBe("refused");
});

test("a value of a set is taken away where it still is", () => {
  const live = yaml("{apiVersion: v1, kind: ConfigMap, metadata: {name: web, finalizers: [a/b, c/d]}}");
  const path: FieldPath = [...fields("metadata", "finalizers"), { kind: "value", value: "c/d" }];
  const found = undoIn(live, [change("add", path, { live: "c/d" })]);
  expect(afterwards(live, found)).toMatchObject({ metadata: { finalizers: ["a/b"] } });
  expect(afterwards({ ...live, metadata: { finalizers: ["c/d", "a/b"] } }, found)).toBe("refused");
});

test("a field that the server keeps under two names is taken away under both", () => {
  const live = yaml(
    "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {serviceAccountName: k, serviceAccount: k}}",
  );
  const added = change("add", fields("spec", "serviceAccountName"), { live: "k" });
  const found = undoIn(live, [{ ...added, twin: fields("spec", "serviceAccount") }]);
  expect(afterwards(live, found)).toMatchObject({ spec: {} });
  expect((afterwards(live, found) as { readonly spec: object }).spec).toEqual({});
});

test("what is gone again is nothing for a patch, nor is what is gone from the cluster", () => {
  expect(undo(change("add", fields("spec", "paused"), { live: true }))).toBeUndefined();
  expect(undo(REPLICAS, change("remove", fields("spec", "paused"), { desired: true }))).toBeUndefined();
});

test("what the API server refuses to change is nothing for a patch", () => {
  expect(undo({ ...REPLICAS, immutable: true })).toBeUndefined();
});

test("of annotations only those are taken away, and told, that are among the changes", () => {
  const live = yaml("{apiVersion: v1, kind: ConfigMap, metadata: {name: web, annotations: {a: b, note: hunter2}}}");
  const found = undoIn(live, [change("add", fields("metadata", "annotations"), { live: { a: "b" } })]);
  expect(found?.command).not.toContain("hunter2");
  expect(found?.guarded).toBe(true);
  expect(afterwards(live, found)).toMatchObject({ metadata: { annotations: { note: "hunter2" } } });
});

test("what is not shown of an added value is not told by a test of it", () => {
  const live = yaml("{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {a: {b: 1, hidden: hunter2}}}");
  const found = undoIn(live, [change("add", fields("spec", "a"), { live: { b: 1 } })]);
  expect(found?.command).not.toContain("hunter2");
  expect(found?.guarded).toBe(false);
});
