/** Sets and removes fields of values, along paths: what the edits of text are proved against. */

import type { Change } from "../core/drift.ts";
import type { FieldPath, PathStep } from "../core/path.ts";
import type { FieldSchema } from "../core/schema.ts";
import { fieldOf, isList, isMap, withField } from "../core/value.ts";
import type { Scalar, Value, ValueMap } from "../core/value.ts";

/** Stands for the live value of a removal. */
const GONE = Symbol("gone");
type Draft = Value | typeof GONE;

/** The object after all changes, or `undefined` where one of them leads nowhere. */
export function applyChanges(
  object: ValueMap,
  changes: readonly Change[],
  schema: FieldSchema | undefined,
): Value | undefined {
  let current: Value | undefined = object;
  const removedItems: Change[] = [];
  for (const change of changes) {
    const itemGoes = change.operation === "remove" && change.path.at(-1)?.kind !== "field";
    if (itemGoes) removedItems.push(change);
    else current = current && update(current, change.path, change.operation === "remove" ? GONE : change.live, schema);
  }
  return current && removeItems(current, removedItems, schema);
}

/** Items are removed after everything else, those with the higher position first. */
function removeItems(object: Value, changes: readonly Change[], schema: FieldSchema | undefined): Value | undefined {
  let current: Value | undefined = object;
  for (const change of changes.toSorted((a, b) => lastIndex(b) - lastIndex(a))) {
    current = current && update(current, change.path, GONE, schema);
  }
  return current;
}

function lastIndex({ path }: Change): number {
  const last = path.at(-1);
  return last?.kind === "index" ? last.index : -1;
}

/** The value with `live` set at the path, parents made where they are absent or null; `undefined` where a parent is something else. */
export function assignAt(value: Value | undefined, path: FieldPath, live: Value): Value | undefined {
  return update(value, path, live, undefined);
}

function update(
  value: Value | undefined,
  path: FieldPath,
  live: Draft | undefined,
  schema: FieldSchema | undefined,
): Value | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return live === GONE ? undefined : live;
  const parent = value === null ? undefined : value;
  if (step.kind === "field") return updateField(parent, step.name, rest, live, schema);
  return updateItem(parent, step, rest, live, schema);
}

function updateField(
  parent: Value | undefined,
  name: string,
  rest: FieldPath,
  live: Draft | undefined,
  schema: FieldSchema | undefined,
): Value | undefined {
  if (parent !== undefined && !isMap(parent)) return undefined;
  const known = fieldOf(parent, name);
  if (live === GONE && known === undefined) return undefined;
  if (live === GONE && rest.length === 0) return withField(parent ?? {}, name, undefined);
  const fields = schema?.fields;
  const below = fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : schema?.values;
  const updated = update(known, rest, live, below);
  return updated === undefined ? undefined : withField(parent ?? {}, name, updated);
}

function updateItem(
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
    const created = rest.length === 0 ? live : update(seedOf(step), rest, live, schema?.items);
    return created === undefined ? undefined : [...items, created];
  }
  if (live === GONE && rest.length === 0) return items.filter((_, at) => at !== index);
  const updated = update(items[index], rest, live, schema?.items);
  return updated === undefined ? undefined : items.map((item, at) => (at === index ? updated : item));
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
  return Object.entries(keys).every(
    ([name, wanted]) =>
      (fieldOf(item, name) ?? (Object.hasOwn(defaults, name) ? defaults[name] : undefined)) === wanted,
  );
}
