/** What names a list's items: their keys, their value, or, where nothing else does, their position. */

import type { PathStep } from "../core/path.ts";
import type { ListSchema } from "../core/schema.ts";
import { fieldOf, isMap, isScalar, setField } from "../core/value.ts";
import type { Scalar, Value, ValueMap } from "../core/value.ts";

export type KeyedList = Extract<ListSchema, { readonly kind: "map" }>;

/** A step for each item; items with the same keys are named by position. */
export function itemSteps(items: readonly Value[], list: ListSchema | undefined): readonly PathStep[] {
  if (list?.kind === "set" && items.every(isScalar)) return items.map((value) => ({ kind: "value", value }));
  if (list?.kind !== "map" || !items.every(isMap)) return items.map((_item, index) => ({ kind: "index", index }));
  const positions = positionsByKeys(items, list);
  const steps: PathStep[] = [];
  for (const places of positions.values()) {
    for (const index of places) steps[index] = stepOf(items, index, { list, one: places.length === 1 });
  }
  return steps;
}

/** The step to an item of a keyed list; `one`: no other item has its keys. */
export function stepOf(
  items: readonly ValueMap[],
  index: number,
  { list, one }: { readonly list: KeyedList; readonly one: boolean },
): PathStep {
  return one ? { kind: "key", keys: keysOf(items[index] as ValueMap, list) } : { kind: "index", index };
}

/** Positions by keys. */
export function positionsByKeys(items: readonly ValueMap[], list: KeyedList): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>();
  for (const [index, item] of items.entries()) {
    const identity = identityOf(item, list);
    const others = found.get(identity);
    if (others === undefined) found.set(identity, [index]);
    else others.push(index);
  }
  return found;
}

/** One text for one set of keys: `1` and `"1"` differ. */
function identityOf(item: ValueMap, list: KeyedList): string {
  const [key = "", ...more] = list.keys;
  if (more.length === 0) {
    const value = keyValue(item, key, list);
    if (typeof value === "string") return value;
  }
  return list.keys.map((name) => textOf(keyValue(item, name, list))).join("\0");
}

function textOf(value: Scalar): string {
  return typeof value === "string" ? `"${value}` : String(value);
}

function keysOf(item: ValueMap, list: KeyedList): Readonly<Record<string, Scalar>> {
  const keys: Record<string, Scalar> = {};
  for (const name of list.keys) setField(keys, name, keyValue(item, name, list));
  return keys;
}

/** A key that an item leaves out, or blank, has its default; without one it is null. */
function keyValue(item: ValueMap, name: string, list: KeyedList): Scalar {
  const value = fieldOf(item, name);
  const { defaults } = list;
  const implied = defaults !== undefined && Object.hasOwn(defaults, name) ? (defaults[name] as Scalar) : null;
  if (value === undefined || value === null || !isScalar(value)) return implied;
  return value === "" ? (implied ?? value) : value;
}
