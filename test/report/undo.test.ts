import { expect, test } from "vitest";
import type { Change, Drift } from "../../src/core/drift.ts";
import { fields } from "../../src/core/path.ts";
import type { FieldPath } from "../../src/core/path.ts";
import type { Value, ValueMap } from "../../src/core/value.ts";
import { undoCommand } from "../../src/report/undo.ts";
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

function undo(...changes: readonly Change[]): string | undefined {
  const desired = desiredOf(LIVE);
  const drift: Drift = { state: "drifted", ref: desired.ref, desired, live: liveOf(LIVE), changes };
  return undoCommand(drift, changes);
}

const REPLICAS = change("replace", fields("spec", "replicas"), { desired: 3, live: 5 });

test("a replaced scalar is put back, after a test of what is live", () => {
  expect(undo(REPLICAS)).toContain(
    '[{"op":"test","path":"/spec/replicas","value":5},{"op":"replace","path":"/spec/replicas","value":3}]',
  );
});

test("a field that only the cluster has is taken away, from the item that it was added to", () => {
  const added = change("add", [...CONTAINER, { kind: "field", name: "securityContext" }], {
    live: { privileged: true },
  });
  const patch = undo(added);
  expect(patch).toContain(
    '[{"op":"test","path":"/spec/template/spec/containers/1/name","value":"web"},{"op":"remove","path":"/spec/template/spec/containers/1/securityContext"}]',
  );
  expect(patch).not.toContain("privileged");
});

test("an item that only the cluster has is nothing for a patch, nor is what is gone again", () => {
  expect(undo(change("add", CONTAINER, { live: { name: "web" } }))).toBeUndefined();
  expect(undo(change("add", fields("spec", "paused"), { live: true }))).toBeUndefined();
  expect(undo(REPLICAS, change("remove", fields("spec", "paused"), { desired: true }))).toBeUndefined();
});

test("what the API server refuses to change is nothing for a patch", () => {
  expect(undo({ ...REPLICAS, immutable: true })).toBeUndefined();
});
