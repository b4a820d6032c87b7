import { describe, expect, test } from "vitest";
import type { ManagedFields } from "../../src/core/objects.ts";
import { ownerIndex, ownersOf } from "../../src/core/owners.ts";
import { fields } from "../../src/core/path.ts";
import type { FieldPath } from "../../src/core/path.ts";
import type { Value } from "../../src/core/value.ts";

const NOON = "2026-01-01T12:00:00Z";
const LATER = "2026-01-01T13:00:00Z";

function entry(manager: string, owned: Value, more: Partial<ManagedFields> = {}): ManagedFields {
  return { manager, operation: "Update", time: NOON, fields: owned, ...more };
}

function managersOf(path: FieldPath, ...entries: readonly ManagedFields[]): readonly string[] {
  return ownersOf(entries, path).map(({ manager }) => manager);
}

function otherName(holder: string | undefined, name: string): string | undefined {
  return holder === "spec" && name === "new" ? "old" : undefined;
}

function named(path: FieldPath, ...entries: readonly ManagedFields[]): readonly string[] {
  return ownerIndex(entries, otherName)
    .of(path)
    .map(({ manager }) => manager);
}

describe("who owns a field", () => {
  test("is the manager of the field itself, not one whose map it was taken from in the same second", () => {
    const apply = entry("kubectl-client-side-apply", { "f:data": {} });
    const patch = entry("kubectl-patch", { "f:data": { "f:a": {} } });
    expect(managersOf(fields("data", "a"), apply, patch)).toEqual(["kubectl-patch"]);
  });

  test("is nobody below a map that was empty when it was written, and whose fields have owners of their own", () => {
    const index = ownerIndex(
      [entry("helm", { "f:spec": { "f:resources": {} } })],
      undefined,
      (path) => path.length !== 2,
    );
    expect(index.of(fields("spec", "resources", "limits"))).toEqual([]);
    expect(index.of(fields("spec", "resources")).map(({ manager }) => manager)).toEqual(["helm"]);
  });

  test("is the manager of what covers it, where nobody has the field itself", () => {
    const owned = { "f:spec": { "f:args": {} } };
    expect(managersOf([...fields("spec", "args"), { kind: "index", index: 2 }], entry("a", owned))).toEqual(["a"]);
  });

  test("is the latest of several, and one without a time before all", () => {
    const owned = { "f:spec": { "f:replicas": {} } };
    const { time: _time, ...timeless } = entry("scaler", owned, { subresource: "scale" });
    const entries = [entry("early", owned), entry("late", owned, { time: LATER }), timeless];
    expect(managersOf(fields("spec", "replicas"), ...entries)).toEqual(["scaler", "late", "early"]);
  });

  test("is found by the keys of list items, whatever their order, and by values of sets", () => {
    const owned = {
      "f:ports": { 'k:{"port":80,"protocol":"TCP"}': { "f:name": {} } },
      "f:finalizers": { 'v:"x"': {} },
    };
    const port: FieldPath = [
      ...fields("ports"),
      { kind: "key", keys: { protocol: "TCP", port: 80 } },
      ...fields("name"),
    ];
    expect(managersOf(port, entry("a", owned))).toEqual(["a"]);
    expect(managersOf([...fields("finalizers"), { kind: "value", value: "x" }], entry("a", owned))).toEqual(["a"]);
  });

  test("is the manager of the field's other name, where nobody has it by its own, and before one of what covers it", () => {
    const old = entry("old", { "f:spec": { "f:old": {} } }, { operation: "Apply" });
    const cover = entry("cover", { "f:spec": {} }, { time: LATER });
    expect(named(fields("spec", "new"), old, cover)).toEqual(["old"]);
    expect(named(fields("spec", "new"), old, entry("own", { "f:spec": { "f:new": {} } }))).toEqual(["own"]);
    expect(named(fields("spec", "old"), entry("own", { "f:spec": { "f:new": {} } }))).toEqual([]);
    expect(named(fields("spec", "new", "old"), old)).toEqual([]);
  });

  test.each<[string, FieldPath]>([
    ["another field", fields("spec", "paused")],
    ["another item", [...fields("ports"), { kind: "key", keys: { port: 81 } }]],
    ["anything of nobody's", fields("data")],
  ])("is nobody for %s", (_name, path) => {
    const owned = { "f:spec": { "f:replicas": {} }, "f:ports": { 'k:{"port":80}': {}, "k:broken": {} } };
    expect(managersOf(path, entry("a", owned))).toEqual([]);
  });
});
