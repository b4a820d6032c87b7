/** Compares values by what their schema says of them: maps field by field, lists by lists.ts, scalars by meaning. */

import type { FieldSchema } from "../core/schema.ts";
import { isList, isMap, MAX_DEPTH } from "../core/value.ts";
import type { Scalar, Value, ValueMap } from "../core/value.ts";
import { MEANINGFUL_EMPTY } from "../kinds/declared.ts";
import { sameQuantity } from "../kinds/quantity.ts";
import { compareList } from "./lists.ts";
import { differs, note, within } from "./walk.ts";
import type { Pair, Walk } from "./walk.ts";

export interface FieldInput {
  readonly name: string;
  /** The maps that hold the field on either side. */
  readonly desired: ValueMap;
  readonly live: ValueMap;
  /** Of these maps. */
  readonly schema: FieldSchema | undefined;
}

/** Compares one field of a map that both sides have. */
export function compareField(walk: Walk, { name, desired, live, schema }: FieldInput): void {
  const declared = Object.hasOwn(desired, name) ? desired[name] : undefined;
  if (declared === undefined || declared === null) return;
  const found = Object.hasOwn(live, name) ? live[name] : undefined;
  if (declared === found) return;
  const known = partOf(schema, name);
  // The server drops what its schema does not know; kinds whose fields are not known keep it.
  if ((found === undefined || found === null) && known === undefined && isClosed(schema)) {
    walk.leftOut.ignored += 1;
    return;
  }
  if (walk.steps.length > MAX_DEPTH) throw new Error("a value is deeper than readers accept");
  const step = { kind: "field", name } as const;
  walk.steps.push(step);
  walk.liveSteps.push(step);
  compareValue(walk, { desired: declared, live: found, schema: known });
  walk.steps.pop();
  walk.liveSteps.pop();
}

/** Compares what stands at one place on both sides. */
export function compareValue(walk: Walk, { desired, live, schema }: Pair): void {
  if (desired === null || desired === live) return;
  if (live === undefined || live === null) {
    compareWithNothing(walk, { desired, live, schema });
  } else if (isMap(desired)) {
    if (isMap(live)) compareMaps(walk, { desired, live, schema });
    else note(walk, { desired, live });
  } else if (isList(desired)) {
    if (isList(live)) compareList(walk, { desired, live, schema });
    else note(walk, { desired, live });
  } else if (isMap(live) || isList(live) || !sameScalar(desired, live, schema)) {
    note(walk, { desired, live });
  }
}

/** Live answers null where Go has an empty map, list or slice of bytes; that is the empty string to a map of bytes. */
function compareWithNothing(walk: Walk, { desired, live, schema }: Pair): void {
  if (live === null && desired === "") return;
  if (!sameAsAbsent(desired, schema, walk.steps.at(-1))) note(walk, { desired });
}

function compareMaps(walk: Walk, { desired, live, schema }: MapPair): void {
  if (isExact(walk, schema)) {
    if (hasOwnKeys(live, desired) || differs(walk, (probe) => compareFields(probe, { desired, live, schema }))) {
      note(walk, { desired, live });
    }
    return;
  }
  compareFields(walk, { desired, live, schema });
}

interface MapPair {
  readonly desired: ValueMap;
  readonly live: ValueMap;
  readonly schema: FieldSchema | undefined;
}

function compareFields(walk: Walk, { desired, live, schema }: MapPair): void {
  for (const name of Object.keys(desired)) compareField(walk, { name, desired, live, schema });
  if (walk.whole) noteAddedSelectors(walk, { desired, live, schema });
}

/**
 * In what Git declares whole, a label selector that only live has: nothing defaults it, and with an empty one beside its
 * `podSelector` the peer of a NetworkPolicy reaches from its own namespace into all of them.
 */
function noteAddedSelectors(walk: Walk, { desired, live, schema }: MapPair): void {
  for (const name of Object.keys(live)) {
    if ((Object.hasOwn(desired, name) && desired[name] !== null) || live[name] === null) continue;
    const known = partOf(schema, name);
    if (known === undefined || !isLabelSelector(known)) continue;
    within(walk, { kind: "field", name }, () => note(walk, { live: live[name] as Value }));
  }
}

/**
 * Maps that are compared as a whole: atomic ones of free keys (`nodeSelector`), and label selectors. An atomic map of known
 * fields (`secretKeyRef`) is compared field by field, because the server completes it with defaults.
 */
function isExact(walk: Walk, schema: FieldSchema | undefined): boolean {
  if (schema === undefined) return false;
  if (isLabelSelector(schema)) return true;
  return schema.values !== undefined && (schema.atomic === true || walk.whole);
}

/** Fields that only live has, null and empty ones apart. */
function hasOwnKeys(live: ValueMap, desired: ValueMap): boolean {
  return Object.keys(live).some(
    (name) => !(Object.hasOwn(desired, name) && desired[name] !== null) && !isEmpty(live[name] as Value),
  );
}

function isEmpty(value: Value): boolean {
  if (value === null) return true;
  if (isList(value)) return value.length === 0;
  return isMap(value) && Object.keys(value).length === 0;
}

/** An empty label selector matches everything, and an absent one nothing: they are never the same. */
function isLabelSelector(schema: FieldSchema): boolean {
  return schema.fields?.["matchLabels"] !== undefined && schema.fields["matchExpressions"] !== undefined;
}

/** Whether declaring this is the same as leaving it out: null, empty, or a zero value that the server does not write. */
function sameAsAbsent(
  desired: Value,
  schema: FieldSchema | undefined,
  step: Walk["steps"][number] | undefined,
): boolean {
  if (desired === null) return true;
  if (isList(desired)) return desired.length === 0;
  if (!isMap(desired)) return schema?.zero === true && isZero(desired);
  if (schema !== undefined && isLabelSelector(schema)) return false;
  if (step?.kind === "field" && MEANINGFUL_EMPTY.has(step.name)) return false;
  return Object.keys(desired).every((name) => {
    const known = partOf(schema, name);
    if (known === undefined && isClosed(schema)) return true;
    return sameAsAbsent(desired[name] as Value, known, { kind: "field", name });
  });
}

function isZero(value: Scalar): boolean {
  return value === "" || value === 0 || value === false;
}

/**
 * Quantities by value; ints-or-strings with their type. A number or boolean where the schema has text is that text: the
 * server takes no other, so a renderer in between must have quoted it.
 */
function sameScalar(desired: Scalar, live: Scalar, schema: FieldSchema | undefined): boolean {
  if (desired === live) return true;
  switch (schema?.type) {
    case "quantity":
      return sameQuantity(desired, live);
    case "string":
      return desired !== null && live !== null && String(desired) === String(live);
    default:
      return false;
  }
}

/** The schema of a map's field: a known one's, or that of any value of a free map. */
export function partOf(schema: FieldSchema | undefined, name: string): FieldSchema | undefined {
  if (schema === undefined) return undefined;
  const { fields } = schema;
  return fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : schema.values;
}

/** The schema knows all fields that there may be. */
function isClosed(schema: FieldSchema | undefined): boolean {
  return schema?.fields !== undefined && schema.values === undefined && schema.preserveUnknown !== true;
}
