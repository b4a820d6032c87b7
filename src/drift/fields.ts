/** Compares values by what their schema says of them: maps field by field, lists by lists.ts, scalars by meaning. */

import type { FieldSchema } from "../core/schema.ts";
import { equalValues, isList, isMap, isScalar, MAX_DEPTH } from "../core/value.ts";
import type { Scalar, Value, ValueMap } from "../core/value.ts";
import { isUnsetByZero } from "../kinds/computed-defaults.ts";
import { MEANINGFUL_EMPTY } from "../kinds/declared.ts";
import { sameQuantity } from "../kinds/quantity.ts";
import {
  compareAddition,
  isDefault,
  isGoMap,
  isInDefinition,
  isLabelSelector,
  partOf,
  saysNothing,
} from "./additions.ts";
import { compareList } from "./lists.ts";
import { differs, isVerbatim, leaveOut, note } from "./walk.ts";
import type { Pair, Walk } from "./walk.ts";

export interface FieldInput {
  readonly name: string;
  /** The maps that hold the field on either side. */
  readonly desired: ValueMap;
  readonly live: ValueMap;
  /** Of these maps. */
  readonly schema: FieldSchema | undefined;
}

const DROPPED = {
  reason: "ignored",
  rule: "the kind's schema does not know the field, so that the API server drops it",
  judged: false,
} as const;

/** Compares one field that either side has, of a map that both sides have. */
export function compareField(walk: Walk, { name, desired, live, schema }: FieldInput): void {
  const declared = Object.hasOwn(desired, name) ? desired[name] : undefined;
  const found = Object.hasOwn(live, name) ? live[name] : undefined;
  if (declared === found) return;
  const known = partOf(schema, name);
  if (declared === null && isFreeKey(schema, name) && !isVerbatim(walk) && isZero(found, known)) return;
  if (declared === undefined || declared === null) {
    if (found !== undefined) compareAddition(walk, { name, live, schema, beside: desired });
    return;
  }
  if (!isMap(declared) && !hasItems(declared, known) && saysNothing(walk, { name, value: declared, schema: known })) {
    if (found !== undefined) compareAddition(walk, { name, live, schema, declared, beside: desired });
    return;
  }
  if (walk.steps.length > MAX_DEPTH) throw new Error("a value is deeper than readers accept");
  const step = { kind: "field", name } as const;
  walk.steps.push(step);
  walk.liveSteps.push(step);
  walk.names.push(name);
  if ((found === undefined || found === null) && known === undefined && isClosed(schema)) {
    // The server drops what its schema does not know; kinds whose fields are not known keep it.
    leaveOut(walk, { desired: declared }, DROPPED);
  } else if (!isFilledIn(walk, { declared, found, live, schema, beside: desired })) {
    compareValue(walk, { desired: declared, live: found, schema: known });
  }
  walk.names.pop();
  walk.steps.pop();
  walk.liveSteps.pop();
}

/** A key of a map of any keys: what Git declares there as null, the server keeps as the type's zero value. */
function isFreeKey(schema: FieldSchema | undefined, name: string): boolean {
  return schema?.values !== undefined && (schema.fields === undefined || !Object.hasOwn(schema.fields, name));
}

function isZero(value: Value | undefined, schema: FieldSchema | undefined): boolean {
  if (value === "") return schema?.type === "string";
  return schema?.type === "quantity" && value !== undefined && isScalar(value) && sameQuantity(value, "0");
}

/** A list whose items are told apart: what live has in an empty one was added item by item. */
function hasItems(declared: Value, schema: FieldSchema | undefined): boolean {
  return isList(declared) && (schema?.list?.kind === "map" || schema?.list?.kind === "set");
}

interface Filled {
  readonly declared: Value;
  readonly found: Value | undefined;
  readonly live: ValueMap;
  readonly schema: FieldSchema | undefined;
  readonly beside: ValueMap;
}

/** What is empty or blank is filled in as what is absent (`strategy: {}`, a subject's `apiGroup: ""`, `targetPort: 0`). */
function isFilledIn(walk: Walk, { declared, found, live, schema, beside }: Filled): boolean {
  if (found === undefined || declared === null) return false;
  const isUnset = declared === "" || (declared === 0 && isUnsetByZero(walk.names));
  if (typeof declared === "object" ? Object.keys(declared).length > 0 : !isUnset) return false;
  return isDefault(walk, { value: found, parent: live, schema, beside });
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

/**
 * Live answers null where Go has an empty map, list or slice of bytes; that is the empty string to a map of bytes. What is
 * the default anyway is there although it is not written.
 */
function compareWithNothing(walk: Walk, { desired, live, schema }: Pair): void {
  if (live === null && desired === "") return;
  if (schema?.default !== undefined && equalValues(desired, schema.default)) return;
  if (!sameAsAbsent(walk, { value: desired, schema, name: lastName(walk) })) note(walk, { desired });
}

/** The field that the walk stands at; none where it stands at an item. */
function lastName(walk: Walk): string | undefined {
  const step = walk.steps.at(-1);
  return step?.kind === "field" ? step.name : undefined;
}

interface MapPair {
  readonly desired: ValueMap;
  readonly live: ValueMap;
  readonly schema: FieldSchema | undefined;
}

function compareMaps(walk: Walk, { desired, live, schema }: MapPair): void {
  if (!isExact(schema)) {
    compareFields(walk, { desired, live, schema });
  } else if (differs(walk, (probe) => compareFields(probe, { desired, live, schema }))) {
    note(walk, { desired, live });
  }
}

export function compareFields(walk: Walk, { desired, live, schema }: MapPair): void {
  for (const name of Object.keys(desired)) compareField(walk, { name, desired, live, schema });
  for (const name of Object.keys(live)) {
    if (!Object.hasOwn(desired, name)) compareField(walk, { name, desired, live, schema });
  }
}

/**
 * Maps that are compared as a whole: atomic ones of free keys (`nodeSelector`), and label selectors. An atomic map of known
 * fields (`secretKeyRef`) is compared field by field, because the server completes it with defaults.
 */
function isExact(schema: FieldSchema | undefined): boolean {
  if (schema === undefined) return false;
  return isLabelSelector(schema) || (schema.values !== undefined && schema.atomic === true);
}

/** Whether declaring this is the same as leaving it out: null, empty, or a zero value that the server does not write. */
function sameAsAbsent(
  walk: Walk,
  {
    value,
    schema,
    name,
  }: { readonly value: Value; readonly schema: FieldSchema | undefined; readonly name?: string | undefined },
): boolean {
  if (!isMap(value)) return saysNothing(walk, { name: name ?? "", value, schema });
  if (isLabelSelector(schema) || isVerbatim(walk)) return false;
  if (isInDefinition(walk)) return Object.keys(value).length === 0 && isGoMap(name ?? "");
  if (name !== undefined && MEANINGFUL_EMPTY.has(name)) return false;
  return Object.keys(value).every((field) => {
    const known = partOf(schema, field);
    if (known === undefined && isClosed(schema)) return true;
    return sameAsAbsent(walk, { value: value[field] as Value, schema: known, name: field });
  });
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

/** The schema knows all fields that there may be. */
function isClosed(schema: FieldSchema | undefined): boolean {
  return schema?.fields !== undefined && schema.values === undefined && schema.preserveUnknown !== true;
}
