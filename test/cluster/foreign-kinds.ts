// Definitions of kinds whose real ones come with charts and operators that are not at hand.

import { groupOf, versionOf } from "../../src/core/refs.ts";
import type { ObjectRef } from "../../src/core/refs.ts";

/** A definition that takes anything, in all versions of one kind that are asked for. */
export function definition(refs: readonly ObjectRef[]): string {
  const [{ apiVersion, kind } = { apiVersion: "", kind: "" }] = refs;
  const group = groupOf(apiVersion);
  const plural = `${kind.toLowerCase()}s`;
  const versions = [...new Set(refs.map((ref) => versionOf(ref.apiVersion)))];
  return JSON.stringify({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name: `${plural}.${group}`,
      ...(group.endsWith(".k8s.io") ? { annotations: { "api-approved.kubernetes.io": "unapproved, a test" } } : {}),
    },
    spec: {
      group,
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
      scope: /^Cluster[A-Z]/.test(kind) ? "Cluster" : "Namespaced",
      versions: versions.map((name, index) => ({
        name,
        served: true,
        storage: index === 0,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      })),
    },
  });
}
