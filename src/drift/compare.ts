/**
 * `drift` says what differs between Git and the cluster: values in, values out, nothing else is touched.
 *
 * This file compares one object that both sides have. What Git declares is followed field by field, under the API's own
 * rules for lists and maps; fields that only the cluster has are not looked at, except items added to keyed lists and
 * sets that Git declares. Directions are not told yet.
 */

import { IDENTITY_FIELDS, SYSTEM_ANNOTATIONS, SYSTEM_METADATA } from "../kinds/declared.ts";
import type { Change } from "../core/drift.ts";
import type { DesiredObject, LiveObject } from "../core/objects.ts";
import { formatPath } from "../core/path.ts";
import type { FieldPath } from "../core/path.ts";
import type { FieldSchema } from "../core/schema.ts";
import { compareText, fieldOf, isMap } from "../core/value.ts";
import type { ValueMap } from "../core/value.ts";
import { compareField, compareValue } from "./fields.ts";
import { builtinSchemas } from "../kinds/schemas.ts";
import { createWalk, within } from "./walk.ts";
import type { LeftOut, Walk } from "./walk.ts";

export interface Comparison {
  /** Ordered by field. */
  readonly changes: readonly Change[];
  /** Fields of which neither sameness nor difference is known: secrets under another digest key. */
  readonly unknown: readonly FieldPath[];
  /**
   * Items that only live has and that nobody owns: counted as left out, since admission adds such. Whoever may write the
   * object may take owners away, though, so that policies have to be asked about them.
   */
  readonly unowned: readonly Change[];
  /** Differences that were seen and are no drift, by reason. */
  readonly leftOut: LeftOut;
}

export interface ComparisonInput {
  readonly desired: DesiredObject;
  readonly live: LiveObject;
  /** Of the declared version; without it lists are atomic, and values mean what they say. */
  readonly schema: FieldSchema | undefined;
  /** An autoscaler writes the object's `spec.replicas` (see `scaledObjects`). */
  readonly scaled?: boolean;
}

/**
 * Compares one object. Both values must be as readers give them (at most MAX_DEPTH levels, secrets as digests).
 * Where live is served in another version than Git declares, what live lacks is unknown instead of removed.
 */
export function compareObject({ desired, live, schema, scaled = false }: ComparisonInput): Comparison {
  const walk = createWalk({ desired, live, scaled, compare: compareValue });
  for (const name of Object.keys(desired.value)) {
    if (IDENTITY_FIELDS.has(name)) continue;
    if (name === "metadata") compareMetadata(walk, schema);
    else compareField(walk, { name, desired: desired.value, live: live.value, schema });
  }
  return {
    changes: inOrder(walk.changes),
    unknown: walk.unknown,
    unowned: walk.unowned,
    leftOut: { ...walk.leftOut },
  };
}

function compareMetadata(walk: Walk, schema: FieldSchema | undefined): void {
  const desired = without(fieldOf(walk.desired.value, "metadata"), SYSTEM_METADATA);
  const live = fieldOf(walk.live.value, "metadata");
  const known = schema?.fields?.["metadata"] ?? objectMetadata();
  within(walk, { kind: "field", name: "metadata" }, () => {
    for (const name of Object.keys(desired)) {
      const declared =
        name === "annotations" ? { annotations: without(fieldOf(desired, name), SYSTEM_ANNOTATIONS) } : desired;
      compareField(walk, { name, desired: declared, live: isMap(live) ? live : {}, schema: known });
    }
  });
}

/** All objects have the same metadata, also those of kinds of which nothing else is known. */
function objectMetadata(): FieldSchema | undefined {
  return builtinSchemas.schemaOf("v1", "ConfigMap")?.fields?.["metadata"];
}

function without(map: unknown, names: ReadonlySet<string>): ValueMap {
  if (!isMap(map as ValueMap)) return {};
  return Object.fromEntries(Object.entries(map as ValueMap).filter(([name]) => !names.has(name)));
}

function inOrder(changes: readonly Change[]): readonly Change[] {
  if (changes.length < 2) return changes;
  return changes
    .map((change) => ({ change, text: formatPath(change.path) }))
    .toSorted((a, b) => compareText(a.text, b.text))
    .map(({ change }) => change);
}
