/** Sets and removes fields of values, along paths: what the edits of text are proved against. */

import { createDrafts } from "../core/drafts.ts";
import type { Drafts } from "../core/drafts.ts";
import type { Change } from "../core/drift.ts";
import type { FieldPath, PathStep } from "../core/path.ts";
import type { FieldSchema } from "../core/schema.ts";
import { fieldOf, isList, isMap, setField } from "../core/value.ts";
import type { Scalar, Value, ValueMap } from "../core/value.ts";

/** Stands for the live value of a removal. */
const GONE = Symbol("gone");
type Draft = Value | typeof GONE;

/**
 * The object after all changes, or `undefined` where one of them leads nowhere. Paths name items as the object has them
 * before any change: one whose key itself changes (a port's number) stays the same item to all of them.
 */
export function applyChanges(
  object: ValueMap,
  changes: readonly Change[],
  schema: FieldSchema | undefined,
): Value | undefined {
  let current: Value | undefined = object;
  const removedItems: FieldPath[] = [];
  const drafts = createDrafts();
  for (const change of changes) {
    const itemGoes = change.operation === "remove" && change.path.at(-1)?.kind !== "field";
    const path = placeOf(object, change.path, schema);
    if (itemGoes) removedItems.push(path);
    else current = current && update(drafts, current, path, change.operation === "remove" ? GONE : change.live, schema);
  }
  return current && removeItems(drafts, current, removedItems, schema);
}

/** The path with the positions of items that keys name; of those that the object does not have, the keys. */
function placeOf(object: ValueMap, path: FieldPath, schema: FieldSchema | undefined): FieldPath {
  let current: Value | undefined = object;
  let known = schema;
  return path.map((step) => {
    if (step.kind === "field") {
      current = fieldOf(current, step.name);
      known = schemaOfField(known, step.name);
      return step;
    }
    const index: number = isList(current) ? positionOf(current, step, known) : -1;
    current = isList(current) ? current[index] : undefined;
    known = known?.items;
    return step.kind === "key" && index >= 0 ? { kind: "index", index } : step;
  });
}

/** Items are removed after everything else: inner lists' first, of one list those with the higher position first. */
function removeItems(
  drafts: Drafts,
  object: Value,
  paths: readonly FieldPath[],
  schema: FieldSchema | undefined,
): Value | undefined {
  let current: Value | undefined = object;
  for (const path of paths.toSorted((a, b) => b.length - a.length || lastIndex(b) - lastIndex(a))) {
    current = current && update(drafts, current, path, GONE, schema);
  }
  return current;
}

function lastIndex(path: FieldPath): number {
  const last = path.at(-1);
  return last?.kind === "index" ? last.index : -1;
}

/** The value with `live` set at the path, parents made where they are absent or null; `undefined` where a parent is something else. */
export function assignAt(value: Value | undefined, path: FieldPath, live: Value): Value | undefined {
  return update(createDrafts(), value, path, live, undefined);
}

function update(
  drafts: Drafts,
  value: Value | undefined,
  path: FieldPath,
  live: Draft | undefined,
  schema: FieldSchema | undefined,
): Value | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return live === GONE ? undefined : live;
  const parent = value === null ? undefined : value;
  if (step.kind === "field") return updateField(drafts, parent, step.name, rest, live, schema);
  return updateItem(drafts, parent, step, rest, live, schema);
}

function updateField(
  drafts: Drafts,
  parent: Value | undefined,
  name: string,
  rest: FieldPath,
  live: Draft | undefined,
  schema: FieldSchema | undefined,
): Value | undefined {
  if (parent !== undefined && !isMap(parent)) return undefined;
  const known = fieldOf(parent, name);
  if (live === GONE && known === undefined) return undefined;
  if (live === GONE && rest.length === 0) return withoutField(drafts.map(parent ?? {}), name);
  const updated = update(drafts, known, rest, live, schemaOfField(schema, name));
  if (updated === undefined) return undefined;
  const draft = drafts.map(parent ?? {});
  setField(draft, name, updated);
  return draft;
}

function withoutField(draft: Record<string, Value>, name: string): ValueMap {
  Reflect.deleteProperty(draft, name);
  return draft;
}

function schemaOfField(schema: FieldSchema | undefined, name: string): FieldSchema | undefined {
  const fields = schema?.fields;
  return fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : schema?.values;
}

function updateItem(
  drafts: Drafts,
  parent: Value | undefined,
  step: Exclude<PathStep, { kind: "field" }>,
  rest: FieldPath,
  live: Draft | undefined,
  schema: FieldSchema | undefined,
): Value | undefined {
  if (parent !== undefined && !isList(parent)) return undefined;
  const items = parent ?? [];
  const index = positionOf(items, step, schema);
  if (index < 0) {
    if (live === GONE || live === undefined) return undefined;
    if (step.kind === "index" && step.index !== items.length) return undefined;
    const created = rest.length === 0 ? live : update(drafts, seedOf(step), rest, live, schema?.items);
    if (created === undefined) return undefined;
    const longer = drafts.list(items);
    longer.push(created);
    return longer;
  }
  if (live === GONE && rest.length === 0) return withoutItem(drafts.list(items), index);
  const updated = update(drafts, items[index], rest, live, schema?.items);
  if (updated === undefined) return undefined;
  const draft = drafts.list(items);
  draft[index] = updated;
  return draft;
}

function withoutItem(draft: Value[], index: number): readonly Value[] {
  draft.splice(index, 1);
  return draft;
}

/** What a new item holds before anything is set in it: its keys. */
function seedOf(step: PathStep): Value | undefined {
  return step.kind === "key" ? step.keys : undefined;
}

function positionOf(
  items: readonly Value[],
  step: Exclude<PathStep, { kind: "field" }>,
  schema: FieldSchema | undefined,
): number {
  switch (step.kind) {
    case "index":
      return step.index < items.length ? step.index : -1;
    case "value":
      return items.indexOf(step.value);
    case "key": {
      const defaults = schema?.list?.kind === "map" ? (schema.list.defaults ?? {}) : {};
      return items.findIndex((item) => hasKeys(item, step.keys, defaults));
    }
  }
}

function hasKeys(item: Value, keys: Readonly<Record<string, Scalar>>, defaults: Readonly<Record<string, Scalar>>) {
  return Object.entries(keys).every(([name, wanted]) => {
    const written = fieldOf(item, name);
    // Left out, null or blank: the default counts, as where items are compared.
    const missing = written === undefined || written === null || written === "";
    const implied = Object.hasOwn(defaults, name) ? (defaults[name] as Scalar) : (written ?? null);
    return (missing ? implied : written) === wanted;
  });
}
