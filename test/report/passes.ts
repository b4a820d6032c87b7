// Finished passes, made by hand.

import type { Change } from "../../src/core/drift.ts";
import type { DriftResult, Pass } from "../../src/core/pass.ts";

/** A Deployment in `shop` whose changes are all compliant. */
export function resultOf(name: string, changes: readonly Change[]): DriftResult {
  const ref = { apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name };
  const value = { apiVersion: ref.apiVersion, kind: ref.kind, metadata: { name, namespace: ref.namespace } };
  const origin = { file: `apps/${name}.yaml`, document: 0, items: [], layer: "literal", hash: "sha256:0" } as const;
  return {
    id: `id-${name}`,
    fingerprint: `fingerprint-${name}`,
    target: "default",
    drift: {
      state: "drifted",
      ref,
      desired: { ref, value, origin },
      live: { ref, value, managers: [] },
      changes,
    },
    judgement: {
      verdict: "compliant",
      findings: [],
      changes: changes.map(() => ({ verdict: "compliant", findings: [] })),
    },
    source: { file: origin.file, document: 0, line: 1 },
    counts: true,
    actions: [{ kind: "pull-request", reason: "codifies it" }],
  };
}

export function passOf(results: readonly DriftResult[]): Pass {
  return {
    version: "0.0.0",
    mode: "read-only",
    clusters: [{ name: "prod", version: "v1.36.3" }],
    kubernetes: { version: "v1.36.3", from: "cluster" },
    targets: [{ name: "default", cluster: "prod", revision: "worktree", path: "", roots: [] }],
    startedAt: 0,
    finishedAt: 1000,
    summary: {
      objects: {
        desired: results.length,
        live: results.length,
        inSync: 0,
        drifted: results.length,
        pending: 0,
        missing: 0,
        unmanaged: 0,
        unknown: 0,
      },
      changes: { compliant: results.length, violating: 0 },
      leftOut: { controller: 0, admission: 0, ignored: 0 },
      coverage: 1,
    },
    results,
    proposals: [],
    faults: [],
    complete: true,
    policiesRead: true,
    unseen: [],
    leftOutRules: [],
    leftOut: [],
  };
}
