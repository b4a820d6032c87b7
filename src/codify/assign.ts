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
  // Lists as they are before any change; nothing is made of them.
  const places = createDrafts();
  for (const change of changes) {
    const itemGoes = change.operation === "remove" && change.path.at(-1)?.kind !== "field";
    const path = placeOf(places, object, change.path, schema);
    if (itemGoes) removedItems.push(path);
    else current = current && update(drafts, current, path, change.operation === "remove" ? GONE : change.live, schema);
  }
  // Inner lists' items first: the item that they are in may go as well.
  const innerFirst = removedItems.toSorted((a, b) => b.length - a.length);
  for (const path of innerFirst) current = current && update(drafts, current, path, GONE, schema);
  drafts.finish();
  return current;
}

/** The path with the positions of items that keys name; of those that the object does not have, the keys. */
function placeOf(places: Drafts, object: ValueMap, path: FieldPath, schema: FieldSchema | undefined): FieldPath {
  let current: Value | undefined = object;
  let known = schema;
  return path.map((step) => {
    if (step.kind === "field") {
      current = fieldOf(current, step.name);
      known = schemaOfField(known, step.name);
      return step;
    }
    const index: number = isList(current) ? positionOf(places, current, step, known) : -1;
    current = isList(current) ? current[index] : undefined;
    known = known?.items;
    return step.kind === "key" && index >= 0 ? { kind: "index", index } : step;
  });
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
  const index = positionOf(drafts, items, step, schema);
  if (index < 0) {
    if (live === GONE || live === undefined) return undefined;
    if (step.kind === "index" && step.index !== items.length) return undefined;
    const created = rest.length === 0 ? live : update(drafts, seedOf(step), rest, live, schema?.items);
    if (created === undefined) return undefined;
    const longer = drafts.list(items);
    longer.push(created);
    return longer;
  }
  if (live === GONE && rest.length === 0) return withoutItem(drafts, items, index);
  const updated = update(drafts, items[index], rest, live, schema?.items);
  if (updated === undefined) return undefined;
  const draft = drafts.list(items);
  drafts.writes(draft, rest);
  draft[index] = updated;
  return draft;
}

function withoutItem(drafts: Drafts, items: readonly Value[], index: number): readonly Value[] {
  const draft = drafts.list(items);
  drafts.takeOut(draft, index);
  return draft;
}

/** What a new item holds before anything is set in it: its keys. */
function seedOf(step: PathStep): Value | undefined {
  return step.kind === "key" ? step.keys : undefined;
}

function positionOf(
  drafts: Drafts,
  items: readonly Value[],
  step: Exclude<PathStep, { kind: "field" }>,
  schema: FieldSchema | undefined,
): number {
  const defaults = schema?.list?.kind === "map" ? (schema.list.defaults ?? {}) : {};
  return drafts.find(items, step, (item, name) => keyOf(item, name, defaults));
}

/** Left out, null or blank: the default counts, as where items are compared. */
function keyOf(item: Value, name: string, defaults: Readonly<Record<string, Scalar>>): Scalar | undefined {
  const written = fieldOf(item, name);
  if (isList(written) || isMap(written)) return undefined;
  const missing = written === undefined || written === null || written === "";
  if (!missing) return written;
  return Object.hasOwn(defaults, name) ? defaults[name] : (written ?? null);
}
