// Objects for the tests of src/drift, made of YAML as users write it.

import { createHash } from "node:crypto";
import { load } from "js-yaml";
import { compareObject, NO_CONTEXT } from "../../src/drift/compare.ts";
import type { Comparison } from "../../src/drift/compare.ts";
import type { Change } from "../../src/core/drift.ts";
import type { DesiredObject, LiveObject, ManagedFields } from "../../src/core/objects.ts";
import { formatPath } from "../../src/core/path.ts";
import type { ObjectRef } from "../../src/core/refs.ts";
import { fieldAt, textOf, withField } from "../../src/core/value.ts";
import type { ValueMap } from "../../src/core/value.ts";
import type { FieldSchema } from "../../src/core/schema.ts";
import type { AdmissionContext } from "../../src/kinds/left-out.ts";
import { builtinSchemas } from "../../src/kinds/schemas.ts";

export function refOf(value: ValueMap): ObjectRef {
  const namespace = textOf(fieldAt(value, "metadata"), "namespace");
  return {
    apiVersion: textOf(value, "apiVersion") ?? "v1",
    kind: textOf(value, "kind") ?? "ConfigMap",
    name: textOf(fieldAt(value, "metadata"), "name") ?? "web",
    ...(namespace === undefined ? {} : { namespace }),
  };
}

export function desiredOf(value: ValueMap): DesiredObject {
  return {
    ref: refOf(value),
    value,
    origin: { file: "web.yaml", document: 0, items: [], layer: "literal", hash: "sha256:0" },
  };
}

export function liveOf(value: ValueMap, ref: ObjectRef = refOf(value)): LiveObject {
  const entries = fieldAt(value, "metadata", "managedFields");
  const managers = (Array.isArray(entries) ? entries : []).map((entry: ValueMap) => ({
    ...(entry as unknown as ManagedFields),
    fields: entry["fieldsV1"] ?? {},
  }));
  const metadata = fieldAt(value, "metadata");
  const kept = typeof metadata === "object" ? withField(metadata as ValueMap, "managedFields", undefined) : {};
  return { ref, value: { ...value, metadata: kept }, managers };
}

export function hashed(text: string): string {
  return createHash("sha256").update(text).digest("binary");
}

export function yaml(text: string): ValueMap {
  return load(text) as ValueMap;
}

/** Compares two manifests under the built-in schema, or under the one given, in a cluster of which this much is known. */
export function compared(
  desired: ValueMap,
  live: ValueMap,
  facts: Partial<AdmissionContext> & { readonly schema?: FieldSchema | undefined } = {},
): Comparison {
  const ours = desiredOf(desired);
  const { schema, ...context } = facts;
  return compareObject({
    desired: ours,
    live: liveOf(live, ours.ref),
    schema: schema ?? builtinSchemas.schemaOf(ours.ref.apiVersion, ours.ref.kind),
    context: { ...NO_CONTEXT, ...context },
  });
}

/** `replace spec.replicas`, in the order of the changes. */
export function told(changes: readonly Change[]): readonly string[] {
  return changes.map(({ operation, path }) => `${operation} ${formatPath(path)}`);
}
