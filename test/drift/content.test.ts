import { describe, expect, test } from "vitest";
import type { Change, Drift } from "../../src/core/drift.ts";
import { fields } from "../../src/core/path.ts";
import type { Value } from "../../src/core/value.ts";
import { fingerprintContent } from "../../src/drift/content.ts";
import { desiredOf, liveOf, yaml } from "./objects.ts";

const WEB = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {a: 1, b: 2}}";

function change(name: string, live: Value, rest: Partial<Change> = {}): Change {
  return { path: fields("spec", name), operation: "replace", desired: 1, live, direction: "unknown", ...rest };
}

function drifted(...changes: readonly Change[]): Drift {
  const desired = desiredOf(yaml(WEB));
  return { state: "drifted", ref: desired.ref, desired, live: liveOf(yaml(WEB)), changes };
}

function unmanaged(text: string): Drift {
  const live = liveOf(yaml(text));
  return { state: "unmanaged", ref: live.ref, live };
}

function missing(text: string): Drift {
  const desired = desiredOf(yaml(text));
  return { state: "missing", ref: desired.ref, desired };
}

const BASE = drifted(change("a", 2), change("b", { x: 1, y: 2 }));

describe("what a fingerprint is made of", () => {
  test.each<[string, Drift]>([
    ["the order of the changes", drifted(change("b", { x: 1, y: 2 }), change("a", 2))],
    ["the order of map keys", drifted(change("a", 2), change("b", { y: 2, x: 1 }))],
    [
      "who and when",
      drifted(
        change("a", 2, { actor: { manager: "kubectl-edit", operation: "Update", time: "2026-01-01T00:00:00Z" } }),
        change("b", { x: 1, y: 2 }),
      ),
    ],
    ["where it is written", drifted(change("a", 2, { source: { file: "x", line: 3 } }), change("b", { x: 1, y: 2 }))],
  ])("%s is no part of it", (_, drift) => {
    expect(fingerprintContent(drift)).toBe(fingerprintContent(BASE));
  });

  test.each<[string, Drift]>([
    ["a live value", drifted(change("a", 3), change("b", { x: 1, y: 2 }))],
    ["a value's type", drifted(change("a", "2"), change("b", { x: 1, y: 2 }))],
    ["a declared value", drifted(change("a", 2, { desired: 0 }), change("b", { x: 1, y: 2 }))],
    ["the set of changes", drifted(change("a", 2))],
    ["the direction", drifted(change("a", 2, { direction: "live-changed" }), change("b", { x: 1, y: 2 }))],
    ["the state", { ...BASE, state: "pending" } as Drift],
    ["the object", { ...BASE, ref: { ...BASE.ref, name: "api" } }],
    ["text that looks like two changes", drifted(change('a" "replace', 2), change("b", { x: 1, y: 2 }))],
  ])("%s is part of it", (_, drift) => {
    expect(fingerprintContent(drift)).not.toBe(fingerprintContent(BASE));
  });

  test("an unmanaged object is what it is, without its bookkeeping", () => {
    const now = fingerprintContent(unmanaged(WEB));
    const later = WEB.replace("name: web", "name: web, resourceVersion: '8', generation: 4").replace(
      "spec:",
      "status: {x: 1}, spec:",
    );
    expect(fingerprintContent(unmanaged(later))).toBe(now);
    expect(fingerprintContent(unmanaged(WEB.replace("b: 2", "b: 3")))).not.toBe(now);
  });

  test("a missing object is missing, whatever Git says of it meanwhile", () => {
    expect(fingerprintContent(missing(WEB.replace("b: 2", "b: 3")))).toBe(fingerprintContent(missing(WEB)));
  });
});
