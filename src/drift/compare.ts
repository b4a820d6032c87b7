/**
 * `drift` says what differs between Git and the cluster: values in, values out, nothing else is touched.
 *
 * This file compares one object that both sides have: what Git declares field by field, under the API's own rules for
 * lists and maps (fields.ts, lists.ts), and what only the cluster has (additions.ts). Which side moved is told later
 * (direction.ts), by what was deployed.
 */

import { IDENTITY_FIELDS, SYSTEM_ANNOTATIONS, SYSTEM_METADATA } from "../kinds/declared.ts";
import type { Change, LeftOutField } from "../core/drift.ts";
import type { DesiredObject, LiveObject } from "../core/objects.ts";
import { formatPath } from "../core/path.ts";
import type { FieldPath } from "../core/path.ts";
import type { FieldSchema } from "../core/schema.ts";
import { compareText, fieldOf, isMap, setField } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";
import type { AdmissionContext } from "../kinds/left-out.ts";
import { compareField, compareFields, compareValue } from "./fields.ts";
import { builtinSchemas } from "../kinds/schemas.ts";
import { builtinKind } from "../kinds/scopes.ts";
import { withScalingNotes } from "./scaling.ts";
import { withoutUnsteady } from "./unsteady.ts";
import { createWalk, within } from "./walk.ts";
import type { Walk } from "./walk.ts";

export interface Comparison {
  /** Ordered by field. */
  readonly changes: readonly Change[];
  /** Fields of which neither sameness nor difference is known: secrets under another digest key. */
  readonly unknown: readonly FieldPath[];
  /** Differences that were seen and are no drift, each with its reason. */
  readonly leftOut: readonly LeftOutField[];
}

export interface ComparisonInput {
  readonly desired: DesiredObject;
  readonly live: LiveObject;
  /** Of the declared version; without it lists are atomic, and values mean what they say. */
  readonly schema: FieldSchema | undefined;
  /** What autoscalers and admission of the cluster write; absent: nothing is known of them. */
  readonly context?: AdmissionContext;
}

/**
 * Compares one object. Both values must be as readers give them (at most MAX_DEPTH levels, secrets as digests).
 * Where live is served in another version than Git declares, what live lacks is unknown instead of removed.
 */
export function compareObject(input: ComparisonInput): Comparison {
  const found = compareOnce(input);
  const { again } = input.desired;
  if (again === undefined || found.changes.length === 0) return found;
  const other = { ref: input.desired.ref, value: again, managers: [] };
  const unsteady = compareOnce({ ...input, live: other }).changes;
  const { changes, leftOut } = withoutUnsteady({ changes: found.changes, unsteady, desired: input.desired });
  return { ...found, changes, leftOut: [...found.leftOut, ...leftOut] };
}

function compareOnce({ desired, live, schema, context = NO_CONTEXT }: ComparisonInput): Comparison {
  const walk = createWalk(
    {
      desired,
      live,
      context,
      uncharted: schema === undefined,
      converted: desired.ref.apiVersion !== (live.value["apiVersion"] ?? live.ref.apiVersion),
      verbatim: builtinKind(desired.ref) === undefined,
      compare: compareValue,
    },
    schema,
  );
  const sides = { desired: desired.value, live: live.value };
  for (const name of Object.keys(desired.value)) compareRootField(walk, { ...sides, name, schema });
  for (const name of Object.keys(live.value)) {
    if (!Object.hasOwn(desired.value, name)) compareRootField(walk, { ...sides, name, schema });
  }
  return {
    changes: inOrder(withScalingNotes(walk.changes, desired.ref, context)),
    unknown: walk.unknown,
    leftOut: walk.leftOut,
  };
}

/** Of a cluster of which nothing is known. */
export const NO_CONTEXT: AdmissionContext = {
  scaled: new Map(),
  resized: new Set(),
  isDelivered: () => false,
  downscaled: new Set(),
  openShift: false,
  runtimeTolerations: new Map(),
  limitsOf: () => [],
  storageClasses: new Set(),
  ingressClasses: new Set(),
  mutatorsOf: () => [],
  isUnread: () => false,
};

interface RootField {
  readonly name: string;
  readonly desired: ValueMap;
  readonly live: ValueMap;
  readonly schema: FieldSchema | undefined;
}

function compareRootField(walk: Walk, { name, desired, live, schema }: RootField): void {
  if (name === "metadata") compareMetadata(walk, schema);
  else if (!IDENTITY_FIELDS.has(name)) compareField(walk, { name, desired, live, schema });
}

/** All objects have the same metadata, also those of kinds of which nothing else is known. */
function compareMetadata(walk: Walk, schema: FieldSchema | undefined): void {
  const desired = comparedMetadata(fieldOf(walk.desired.value, "metadata"));
  const live = comparedMetadata(fieldOf(walk.live.value, "metadata"));
  const known = schema?.fields?.["metadata"] ?? builtinSchemas.schemaOf("v1", "ConfigMap")?.fields?.["metadata"];
  within(walk, { kind: "field", name: "metadata" }, () => compareFields(walk, { desired, live, schema: known }));
}

/** Without what is identity, or the bookkeeping of the API machinery and of writers. */
function comparedMetadata(metadata: Value | undefined): ValueMap {
  const kept = without(metadata, SYSTEM_METADATA);
  const { annotations } = kept;
  if (!isMap(annotations) || !Object.keys(annotations).some((name) => SYSTEM_ANNOTATIONS.has(name))) return kept;
  return { ...kept, annotations: without(annotations, SYSTEM_ANNOTATIONS) };
}

function without(map: Value | undefined, names: ReadonlySet<string>): ValueMap {
  const kept: Record<string, Value> = {};
  if (!isMap(map)) return kept;
  for (const name of Object.keys(map)) if (!names.has(name)) setField(kept, name, map[name] as Value);
  return kept;
}

function inOrder(changes: readonly Change[]): readonly Change[] {
  if (changes.length < 2) return changes;
  return changes
    .map((change) => ({ change, text: formatPath(change.path) }))
    .toSorted((a, b) => compareText(a.text, b.text))
    .map(({ change }) => change);
}
