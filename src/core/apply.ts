/** Puts one side of changes into an object: what Git would be with them, or what the cluster would be without. */

import type { Change } from "./drift.ts";
import { indexOfStep } from "./path.ts";
import type { FieldPath, PathStep } from "./path.ts";
import { isList, isMap, setField, withField } from "./value.ts";
import type { Value } from "./value.ts";

type Sides = Pick<Change, "path" | "desired" | "live">;

/**
 * A copy of `value` in which each change's path holds what that side has there, or nothing where the side lacks it.
 * Parents that are missing are made (a list's item with its keys); an item that is new to a list comes last. A change
 * below something that is no map or list, and no place for it, replaces that. `value` itself is never touched.
 */
export function applyChanges(value: Value, changes: readonly Sides[], side: "desired" | "live"): Value {
  const wanted = changes.map((change) => ({ path: change.path, value: change[side] }));
  const sets = wanted.filter((change) => change.value !== undefined);
  // Positions in a list stay true only while nothing before them is taken out: removals come last, from the back.
  const removals = wanted
    .filter((change) => change.value === undefined)
    .toSorted((a, b) => lastIndex(b) - lastIndex(a));
  return [...sets, ...removals].reduce((object, change) => put(object, change.path, change.value), value);
}

function lastIndex({ path }: { readonly path: FieldPath }): number {
  const step = path.at(-1);
  return step?.kind === "index" ? step.index : 0;
}

function put(current: Value | undefined, path: FieldPath, value: Value | undefined): Value {
  const [step, ...rest] = path;
  if (step === undefined) return value ?? null;
  return step.kind === "field" ? putField(current, step.name, rest, value) : putItem(current, step, rest, value);
}

function putField(current: Value | undefined, name: string, rest: FieldPath, value: Value | undefined): Value {
  const map = isMap(current) ? current : {};
  const child = Object.hasOwn(map, name) ? map[name] : undefined;
  // There is nothing to remove below something that is not there.
  if (value === undefined && child === undefined) return current ?? map;
  return withField(map, name, rest.length === 0 ? value : put(child, rest, value));
}

function putItem(current: Value | undefined, step: PathStep, rest: FieldPath, value: Value | undefined): Value {
  const list = isList(current) ? current : [];
  const index = indexOfStep(list, step);
  if (index === undefined) return value === undefined ? (current ?? list) : [...list, newItem(step, rest, value)];
  if (rest.length > 0) return list.with(index, put(list[index], rest, value));
  return value === undefined ? list.toSpliced(index, 1) : list.with(index, value);
}

function newItem(step: PathStep, rest: FieldPath, value: Value): Value {
  if (rest.length === 0) return value;
  const item: Record<string, Value> = {};
  if (step.kind === "key") for (const name of Object.keys(step.keys)) setField(item, name, step.keys[name] as Value);
  return put(item, rest, value);
}
