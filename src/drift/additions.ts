/**
 * What only the cluster has: taken away what would be there again of itself (defaults), what rules explain, and what says
 * nothing, the rest is an addition, reported at the highest place that Git does not cover.
 */

import type { FieldSchema, ListSchema } from "../core/schema.ts";
import { equalPaths } from "../core/path.ts";
import { equalValues, fieldOf, isList, isMap, isScalar, setField } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";
import { MEANINGFUL_EMPTY } from "../kinds/declared.ts";
import { serverDefault } from "../kinds/defaults.ts";
import { sameQuantity } from "../kinds/quantity.ts";
import { isDeployer } from "./deployers.ts";
import { itemSteps } from "./list-keys.ts";
import { isLeftOut, isVerbatim, leaveOut, note, within } from "./walk.ts";
import type { Walk } from "./walk.ts";

/** A field that Git does not declare, or declares as nothing. */
export interface Addition {
  readonly name: string;
  /** The map that holds it, in the cluster. */
  readonly live: ValueMap;
  /** Of that map. */
  readonly schema: FieldSchema | undefined;
  /** What Git declares there, where that says nothing (`""`, `{}`); absent otherwise. */
  readonly declared?: Value;
  /** The map that holds it, in Git. */
  readonly beside: ValueMap;
}

/** Compares a field that Git leaves out; the walk stands at the map that holds it. */
export function compareAddition(walk: Walk, { name, live, schema, declared, beside }: Addition): void {
  const value = live[name] as Value;
  if (saysNothing(walk, { name, value, schema: partOf(schema, name) })) return;
  const rest = within(walk, { kind: "field", name }, () => residueOf(walk, { value, parent: live, schema, beside }));
  if (rest === undefined) return;
  within(walk, { kind: "field", name }, () =>
    note(walk, { live: rest, ...(declared === undefined ? {} : { desired: declared }) }),
  );
}

/** An item that only live has; `schema` is the list's, and the walk stands at the item. */
export function noteAddedItem(walk: Walk, item: Value, schema: FieldSchema | undefined): void {
  if (!isExplained(walk, item)) note(walk, { live: strippedItem(walk, item, schema) });
}

interface Place {
  readonly value: Value;
  readonly parent: ValueMap;
  /** Of the parent. */
  readonly schema: FieldSchema | undefined;
  /** What Git declares in the parent's place; absent where it declares nothing there. */
  readonly beside?: ValueMap;
}

/** What is left of a live field to be reported; `undefined`: nothing. The walk stands at the field. */
function residueOf(walk: Walk, { value, parent, schema, beside }: Place): Value | undefined {
  const name = walk.names.at(-1) ?? "";
  const part = partOf(schema, name);
  if (isDefault(walk, { value, parent, schema, ...(beside === undefined ? {} : { beside }) })) return undefined;
  if (isExplained(walk, value)) return undefined;
  return strippedValue(walk, value, part);
}

function strippedValue(walk: Walk, value: Value, schema: FieldSchema | undefined): Value | undefined {
  if (isMap(value)) return strippedMap(walk, value, schema);
  if (isList(value)) return strippedList(walk, value, schema);
  return value;
}

/** `undefined` where all that it held is explained. What is one value for the API (an atomic map) keeps its fields. */
function strippedMap(walk: Walk, value: ValueMap, schema: FieldSchema | undefined): ValueMap | undefined {
  if (schema?.atomic === true && schema.values !== undefined) return value;
  const names = Object.keys(value);
  const rest: Record<string, Value> = {};
  for (const name of names) {
    const inner = value[name] as Value;
    if (saysNothing(walk, { name, value: inner, schema: partOf(schema, name) })) continue;
    const left = within(walk, { kind: "field", name }, () => residueOf(walk, { value: inner, parent: value, schema }));
    if (left !== undefined) setField(rest, name, left);
  }
  return names.length > 0 && Object.keys(rest).length === 0 && !isMeaningful(walk, schema) ? undefined : rest;
}

/** A map whose being there means something, whatever it holds. */
function isMeaningful(walk: Walk, schema: FieldSchema | undefined): boolean {
  return (
    isVerbatim(walk) || isInDefinition(walk) || MEANINGFUL_EMPTY.has(walk.names.at(-1) ?? "") || isLabelSelector(schema)
  );
}

/** Lists that have keys lose the items that are explained; others stay whole but for the defaults within their items. */
function strippedList(walk: Walk, value: readonly Value[], schema: FieldSchema | undefined): Value | undefined {
  const steps = itemSteps(value, schema?.list);
  const rest = value.flatMap((item, index) =>
    within(walk, steps[index] ?? { kind: "index", index }, () => {
      if (!isAtomic(schema?.list) && isExplained(walk, item)) return [];
      return [strippedItem(walk, item, schema)];
    }),
  );
  return rest.length === 0 && value.length > 0 ? undefined : rest;
}

function isAtomic(list: ListSchema | undefined): boolean {
  return list === undefined || list.kind === "atomic" || list.kind === "multiset";
}

/** An item whose fields are all defaults is an item all the same, and its keys name it. */
function strippedItem(walk: Walk, item: Value, schema: FieldSchema | undefined): Value {
  if (!isMap(item)) return item;
  const stripped = strippedMap(walk, item, schema?.items);
  if (stripped === undefined) return item;
  const list = schema?.list;
  if (list?.kind !== "map") return stripped;
  const missing = list.keys.filter((key) => {
    const value = fieldOf(item, key);
    return value !== undefined && !Object.hasOwn(stripped, key) && value !== fieldOf(list.defaults, key);
  });
  if (missing.length === 0) return stripped;
  const whole: Record<string, Value> = {};
  for (const name of Object.keys(item)) {
    if (missing.includes(name)) setField(whole, name, item[name] as Value);
    else if (Object.hasOwn(stripped, name)) setField(whole, name, stripped[name] as Value);
  }
  return whole;
}

/** A rule of the system's, or that nothing can be told of the field. */
function isExplained(walk: Walk, value: Value): boolean {
  if (isLeftOut(walk, { live: value })) return true;
  if (walk.desired.sealed?.some((path) => equalPaths(path, walk.steps)) === true) {
    leaveOut(walk, { live: value }, SEALED);
    return true;
  }
  if (walk.converted) {
    leaveOut(walk, { live: value }, CONVERTED);
    return true;
  }
  if (!walk.uncharted || walk.names[0] === "metadata") return false;
  const owners = walk.owners.of(walk.liveSteps);
  if (owners.some((actor) => !isDeployer(actor))) return false;
  leaveOut(walk, { live: value }, UNCHARTED);
  return true;
}

const SEALED = {
  reason: "ignored",
  rule: "encrypted in Git, so that nobody but its owner can compare it",
  judged: true,
} as const;

const CONVERTED = {
  reason: "ignored",
  rule: "the cluster does not serve the version that Git declares, and the other one may have fields that it lacks",
  judged: true,
} as const;

const UNCHARTED = {
  reason: "ignored",
  rule: "no schema of the kind is known, and nobody but its deployer wrote the field: it may be a default",
  judged: true,
} as const;

interface Named {
  readonly name: string;
  readonly value: Value;
  /** Of the value. */
  readonly schema: FieldSchema | undefined;
}

/**
 * Null, an empty list or map, a zero value that the server does not write: the same as nothing, but for maps and lists
 * that custom resources hold, and for empty ones that mean something.
 */
export function saysNothing(walk: Walk, { name, value, schema }: Named): boolean {
  if (value === null) return true;
  if (isList(value)) return value.length === 0 && !isVerbatim(walk);
  if (!isMap(value)) return schema?.zero === true && (value === "" || value === 0 || value === false);
  if (Object.keys(value).length > 0) return false;
  if (isInDefinition(walk)) return isGoMap(name) && !isGoMap(walk.names.at(-1) ?? "");
  return !isVerbatim(walk) && !MEANINGFUL_EMPTY.has(name) && !isLabelSelector(schema);
}

/** Schemas of custom resources are pointers in Go: an empty one is there, and means "anything". */
export function isInDefinition({ desired, names }: Walk): boolean {
  return desired.ref.kind === "CustomResourceDefinition" && names[1] === "versions";
}

/** Maps of schemas, which Go leaves out where they are empty (apiextensions `v1/types_jsonschema.go`). */
export function isGoMap(name: string): boolean {
  return name === "properties" || name === "patternProperties" || name === "definitions" || name === "dependencies";
}

/** Whether the server would fill in just this, were it taken away. The walk stands at the field. */
export function isDefault(walk: Walk, { value, parent, schema, beside }: Place): boolean {
  const { ref } = walk.desired;
  const declared = beside === undefined ? {} : { declared: beside };
  const roots = { root: walk.live.value, desired: walk.desired.value };
  const query = { kind: ref, names: walk.names, parent, ...roots, schema, ...declared };
  const name = walk.names.at(-1) ?? "";
  const isSame = (filled: Value | undefined): boolean =>
    filled !== undefined && sameDefault(value, filled, partOf(schema, name));
  if (isSame(serverDefault(query))) return true;
  // Keys of free maps have no defaults that hang on each other, and there may be any number of them.
  if (beside === undefined || schema?.fields === undefined) return false;
  const before = asDeclaredBeside(parent, beside, name);
  return before !== undefined && isSame(serverDefault({ ...query, parent: before, root: walk.desired.value }));
}

/**
 * The map as it was before somebody changed what Git declares beside the field: what the server filled in for that stays
 * (an image's `imagePullPolicy` when its tag is changed). `undefined` where nothing beside it differs.
 */
function asDeclaredBeside(live: ValueMap, declared: ValueMap, name: string): ValueMap | undefined {
  const names = Object.keys(declared).filter((other) => other !== name && declared[other] !== live[other]);
  const changed = names.filter((other) => isScalar(declared[other] as Value) && declared[other] !== null);
  if (changed.length === 0) return undefined;
  const before: Record<string, Value> = { ...live };
  for (const other of changed) setField(before, other, declared[other] as Value);
  return before;
}

/** Equal by meaning: quantities by value, and null and empty as absent. */
function sameDefault(value: Value, filled: Value, schema: FieldSchema | undefined): boolean {
  if (equalValues(value, filled)) return true;
  if (isMap(value) && isMap(filled)) {
    const names = new Set([...Object.keys(value), ...Object.keys(filled)]);
    return [...names].every((name) => {
      const [a, b] = [fieldOf(value, name) ?? null, fieldOf(filled, name) ?? null];
      return isEmpty(a) && isEmpty(b) ? true : sameDefault(a, b, partOf(schema, name));
    });
  }
  return schema?.type === "quantity" && isScalar(value) && isScalar(filled) && sameQuantity(value, filled);
}

function isEmpty(value: Value): boolean {
  if (isList(value)) return value.length === 0;
  return value === null || (isMap(value) && Object.keys(value).length === 0);
}

/** An empty label selector matches everything, and an absent one nothing: they are never the same. */
export function isLabelSelector(schema: FieldSchema | undefined): boolean {
  return schema?.fields?.["matchLabels"] !== undefined && schema.fields["matchExpressions"] !== undefined;
}

/** The schema of a map's field: a known one's, or that of any value of a free map. */
export function partOf(schema: FieldSchema | undefined, name: string): FieldSchema | undefined {
  if (schema === undefined) return undefined;
  const { fields } = schema;
  return fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : schema.values;
}
