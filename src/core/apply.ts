/** Puts one side of changes into an object: what Git would be with them, or what the cluster would be without. */

import { createDrafts } from "./drafts.ts";
import type { Drafts } from "./drafts.ts";
import type { Change } from "./drift.ts";
import { formatPath } from "./path.ts";
import type { FieldPath, PathStep } from "./path.ts";
import { fieldOf, isList, isMap, setField } from "./value.ts";
import type { Scalar, Value } from "./value.ts";

type Sides = Pick<Change, "path" | "desired" | "live">;

/**
 * A copy of `value` in which each change's path holds what that side has there, or nothing where the side lacks it.
 * Parents that are missing are made (a list's item with its keys); an item that is new to a list comes last. A change
 * below something that is no map or list, and no place for it, replaces that. An item whose keys themselves are among the
 * changes (a port's number) is named as Git has it, and found by what either side says. `value` itself is never touched.
 */
export function applyChanges(value: Value, changes: readonly Sides[], side: "desired" | "live"): Value {
  const wanted = changes.map((change) => ({ path: change.path, value: change[side] }));
  const sets = wanted.filter((change) => change.value !== undefined);
  // Positions in a list stay true only while nothing before them is taken out: removals come last, from the back.
  const removals = wanted
    .filter((change) => change.value === undefined)
    .toSorted((a, b) => lastIndex(b) - lastIndex(a));
  const rekeyed = rekeyedItems(changes);
  // Of the lists as they are before any change: nothing moves while changes are made.
  const places = createDrafts();
  const pathIn = (path: FieldPath): FieldPath => (rekeyed.size === 0 ? path : foundPath(places, value, path, rekeyed));
  // Or else each of many changes would copy the whole again.
  const drafts = createDrafts();
  const applied = [...sets, ...removals].reduce(
    (object, change) => put(drafts, object, pathIn(change.path), change.value),
    value,
  );
  drafts.finish();
  return applied;
}

type Keys = Readonly<Record<string, Scalar>>;

/** Items whose keys change, by the formatted path that names them as Git does: the values that live has for these keys. */
export function rekeyedItems(changes: readonly Omit<Sides, "desired">[]): ReadonlyMap<string, Keys> {
  const found = new Map<string, Keys>();
  for (const { path, live } of changes) {
    const item = path.at(-2);
    const last = path.at(-1);
    if (item?.kind !== "key" || last?.kind !== "field" || !Object.hasOwn(item.keys, last.name)) continue;
    if (live === undefined || isList(live) || isMap(live)) continue;
    const name = formatPath(path.slice(0, -1));
    found.set(name, { ...found.get(name), [last.name]: live });
  }
  return found;
}

/** The path with the places of items instead of their keys, which may be others now. */
function foundPath(places: Drafts, object: Value, path: FieldPath, rekeyed: ReadonlyMap<string, Keys>): FieldPath {
  let current: Value | undefined = object;
  return path.map((step, depth) => {
    if (step.kind === "field") {
      current = fieldOf(current, step.name);
      return step;
    }
    const list: Value | undefined = current;
    if (!isList(list)) return step;
    const index = places.find(list, step, keyOf);
    const others = step.kind === "key" && index < 0 ? rekeyed.get(formatPath(path.slice(0, depth + 1))) : undefined;
    const place = step.kind === "key" && others !== undefined ? placeOfRekeyed(places, list, step.keys, others) : index;
    current = list[place];
    return place < 0 ? step : { kind: "index", index: place };
  });
}

/** Of one item's keys; of more, only all together are looked for: the ways to choose double with each. */
const MAX_REKEYED = 3;

/** The item with all the other keys, else the first that has of each key one of the two values. */
function placeOfRekeyed(places: Drafts, list: readonly Value[], keys: Keys, others: Keys): number {
  const whole = places.find(list, { kind: "key", keys: { ...keys, ...others } }, keyOf);
  const names = Object.keys(others);
  if (whole >= 0 || names.length > MAX_REKEYED) return whole;
  const choices = names.reduce<readonly Keys[]>(
    (chosen, name) => chosen.flatMap((choice) => [choice, { ...choice, [name]: others[name] as Scalar }]),
    [keys],
  );
  const found = choices.map((choice) => places.find(list, { kind: "key", keys: choice }, keyOf));
  const there = found.filter((index) => index >= 0);
  return there.length === 0 ? -1 : Math.min(...there);
}

function lastIndex({ path }: { readonly path: FieldPath }): number {
  const step = path.at(-1);
  return step?.kind === "index" ? step.index : 0;
}

function put(drafts: Drafts, current: Value | undefined, path: FieldPath, value: Value | undefined): Value {
  const [step, ...rest] = path;
  if (step === undefined) return value ?? null;
  return step.kind === "field"
    ? putField(drafts, current, { name: step.name, rest, value })
    : putItem(drafts, current, { step, rest, value });
}

interface PutField {
  readonly name: string;
  readonly rest: FieldPath;
  readonly value: Value | undefined;
}

function putField(drafts: Drafts, current: Value | undefined, { name, rest, value }: PutField): Value {
  const map = isMap(current) ? current : {};
  const child = Object.hasOwn(map, name) ? map[name] : undefined;
  // There is nothing to remove below something that is not there.
  if (value === undefined && child === undefined) return current ?? map;
  const inner = rest.length === 0 ? value : put(drafts, child, rest, value);
  const draft = drafts.map(map);
  if (inner === undefined) Reflect.deleteProperty(draft, name);
  else setField(draft, name, inner);
  return draft;
}

interface PutItem {
  readonly step: PathStep;
  readonly rest: FieldPath;
  readonly value: Value | undefined;
}

function putItem(drafts: Drafts, current: Value | undefined, { step, rest, value }: PutItem): Value {
  const list = isList(current) ? current : [];
  const index = step.kind === "field" ? -1 : drafts.find(list, step, keyOf);
  if (index < 0 && value === undefined) return current ?? list;
  const draft = drafts.list(list);
  if (index < 0) draft.push(newItem(drafts, step, rest, value as Value));
  else if (rest.length === 0 && value === undefined) drafts.takeOut(draft, index);
  else {
    drafts.writes(draft, rest);
    draft[index] = rest.length === 0 ? (value as Value) : put(drafts, list[index], rest, value);
  }
  return draft;
}

/** A key that an item leaves out does not match. */
function keyOf(item: Value, name: string): Scalar | undefined {
  const value = fieldOf(item, name);
  return isList(value) || isMap(value) ? undefined : value;
}

function newItem(drafts: Drafts, step: PathStep, rest: FieldPath, value: Value): Value {
  if (rest.length === 0) return value;
  const item: Record<string, Value> = {};
  if (step.kind === "key") for (const name of Object.keys(step.keys)) setField(item, name, step.keys[name] as Value);
  return put(drafts, item, rest, value);
}
