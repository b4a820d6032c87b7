/** Merges an object's changes into one {@link Target} over its nodes, or says which change cannot be. */

import type { Change } from "../core/drift.ts";
import type { FieldPath, PathStep } from "../core/path.ts";
import type { FieldSchema } from "../core/schema.ts";
import { itemPlaces } from "../core/item-places.ts";
import type { ItemPlaces } from "../core/item-places.ts";
import { fieldOf, isMap, isScalar, setField } from "../core/value.ts";
import type { Scalar, Value } from "../core/value.ts";
import type { SourceFinder } from "../yaml/source-finder.ts";
import { valueOfNode, visitNodes } from "../yaml/source-node.ts";
import type { ListNode, MapEntry, MapNode, SourceNode } from "../yaml/source-node.ts";
import { assignAt } from "./assign.ts";
import { refused } from "./refuse.ts";
import type { Refused } from "./refuse.ts";
import { targetFor } from "./target.ts";
import type { ListTarget, MapTarget, NewItem, Target } from "./target.ts";

/** A change with its index in the request. */
export interface Planned {
  readonly index: number;
  readonly change: Change;
}

export interface PlanInput {
  readonly object: MapNode;
  readonly schema: FieldSchema | undefined;
  readonly aliased: ReadonlySet<string>;
  /** Of the object's nodes. */
  readonly finder: SourceFinder;
  readonly newItems: NewItemFinder;
}

/** The position of the new item that a step means, or -1. */
type NewItemFinder = (added: readonly NewItem[], step: PathStep) => number;

/** For one target. */
export function newItemFinder(): NewItemFinder {
  const keyed = new Map<readonly NewItem[], ItemPlaces>();
  const valued = new Map<readonly NewItem[], ItemPlaces>();
  return (items, step) => {
    if (step.kind === "key") return placesIn(keyed, items, keyOfItem).first(step.keys);
    return step.kind === "value" ? placesIn(valued, items, valueOfItem).first({ "": step.value }) : -1;
  };
}

function placesIn(
  known: Map<readonly NewItem[], ItemPlaces>,
  items: readonly NewItem[],
  valueOf: (item: NewItem, name: string) => Scalar | undefined,
): ItemPlaces {
  const places = known.get(items) ?? itemPlaces({ items, valueOf });
  known.set(items, places);
  return places;
}

function keyOfItem({ value }: NewItem, name: string): Scalar | undefined {
  return scalarOf(fieldOf(value, name) ?? null);
}

function valueOfItem({ value }: NewItem): Scalar | undefined {
  return scalarOf(value);
}

function scalarOf(value: Value): Scalar | undefined {
  return isScalar(value) ? value : undefined;
}

/** Merges one more change into the target. The target is of no use after a refusal. */
export function mergeChange(target: MapTarget, input: PlanInput, { index, change }: Planned): Refused | undefined {
  if (change.path.length === 0) return refused("unsupported", "the change is the whole object");
  const value = change.operation === "remove" ? undefined : change.live;
  if (value === undefined && change.operation !== "remove") return refused("unsupported", "the live value is absent");
  const place = { aliased: input.aliased, finder: input.finder, newItems: input.newItems, by: new Set([index]), value };
  return intoMap({ node: input.object, target, schema: input.schema, path: change.path }, place);
}

interface Goal {
  readonly aliased: ReadonlySet<string>;
  readonly finder: SourceFinder;
  readonly newItems: NewItemFinder;
  readonly by: Set<number>;
  /** Absent: the field is removed. */
  readonly value: Value | undefined;
}

interface At<N, T> {
  readonly node: N;
  readonly target: T;
  readonly schema: FieldSchema | undefined;
  readonly path: FieldPath;
}

function intoMap(at: At<MapNode, MapTarget>, goal: Goal): Refused | undefined {
  const [step, ...rest] = at.path as readonly [PathStep, ...PathStep[]];
  const shared = sharedNode(at.node, goal.aliased);
  if (shared !== undefined) return shared;
  if (step.kind !== "field") return refused("not-found", "a list was expected where Git has a map", at.node.start);
  const { odd, twice, entries, lastMerge } = goal.finder.shapeOf(at.node);
  if (odd !== undefined) return refused("unsupported", "a key of the map is no plain scalar", odd.keyStart);
  if (twice.has(step.name)) return refused("duplicate-key", "the key stands twice", at.node.start);
  const entry = entries.get(step.name);
  const merging = mergeRefusal(lastMerge, entry, goal, rest);
  if (merging !== undefined) return merging;
  const schema = at.schema?.fields?.[step.name] ?? at.schema?.values;
  const child = {
    node: entry?.value,
    known: at.target.entries.get(step.name),
    schema: Object.hasOwn(at.schema?.fields ?? {}, step.name) ? schema : at.schema?.values,
    path: rest,
  };
  const next = reach(child, goal);
  if ("kind" in next && next.kind === "refused") return next;
  setOrDelete(at.target.entries, step.name, (next as Reached).target);
  return undefined;
}

function setOrDelete<K>(map: Map<K, Target>, key: K, target: Target | undefined): void {
  if (target === undefined) map.delete(key);
  else map.set(key, target);
}

/** Merge keys bring fields in that another place owns; only what stands here and wins here may be touched. */
function mergeRefusal(
  last: MapEntry | undefined,
  entry: MapEntry | undefined,
  goal: Goal,
  rest: FieldPath,
): Refused | undefined {
  if (last === undefined) return undefined;
  if (goal.value === undefined && rest.length === 0) {
    return refused("merge-key", "what the merge key brings in would show through", last.keyStart);
  }
  if (entry !== undefined && entry.keyStart < last.keyStart) {
    return refused("merge-key", "readers disagree on a field that stands before a merge key", last.keyStart);
  }
  if (entry === undefined && rest.length > 0) {
    return refused("merge-key", "the field may come from the merged map", last.keyStart);
  }
  return undefined;
}

interface Child {
  readonly node: SourceNode | undefined;
  readonly known: Target | undefined;
  readonly schema: FieldSchema | undefined;
  readonly path: FieldPath;
}

interface Reached {
  readonly target: Target | undefined;
}

/** What becomes of one entry or item: the end of the path, or a step into the collection that stands there. */
function reach(child: Child, goal: Goal): Reached | Refused {
  const { node, known, path } = child;
  if (known?.kind === "remove") return refused("ambiguous", "another change removes what this one changes");
  if (known?.kind === "write") return intoWritten(known, child, goal);
  if (path.length === 0) return atEnd(child, goal);
  if (node === undefined || isEmptyNode(node)) {
    if (goal.value === undefined) return refused("not-found", "Git does not have the field");
    const blocked = node === undefined ? undefined : touchable(node, goal.aliased);
    if (blocked !== undefined) return blocked;
    const value = assignAt(undefined, path, goal.value);
    return value === undefined
      ? refused("not-found", "the field's parents cannot be made")
      : { target: { kind: "write", value, by: goal.by } };
  }
  if (node.kind === "alias")
    return refused("alias", "the field stands in an anchored value that is used here", node.start);
  if (node.kind === "scalar") return refused("not-found", "Git has a scalar where a parent was expected", node.start);
  const inner = known ?? (node.kind === "map" ? newMapTarget() : newListTarget());
  const failed =
    node.kind === "map"
      ? intoMap({ node, target: inner as MapTarget, schema: child.schema, path }, goal)
      : intoList({ node, target: inner as ListTarget, schema: child.schema, path }, goal);
  return failed ?? { target: inner };
}

/** Another change writes this place already: both values are joined. */
function intoWritten(known: Target & { kind: "write" }, { path }: Child, goal: Goal): Reached | Refused {
  if (goal.value === undefined || path.length === 0) {
    return refused("ambiguous", "another change writes the same field");
  }
  const value = assignAt(known.value, path, goal.value);
  if (value === undefined) return refused("ambiguous", "another change writes the same field");
  known.value = value;
  for (const index of goal.by) known.by.add(index);
  return { target: known };
}

function atEnd({ node, known }: Child, goal: Goal): Reached | Refused {
  if (known !== undefined) return refused("ambiguous", "another change lies within this one");
  if (goal.value === undefined) {
    if (node === undefined) return refused("not-found", "Git does not have the field");
    const blocked = innerAnchors(node, goal.aliased);
    return blocked ?? { target: { kind: "remove", by: goal.by } };
  }
  if (node === undefined) return { target: { kind: "write", value: goal.value, by: goal.by } };
  const blocked = touchable(node, goal.aliased);
  if (blocked !== undefined) return blocked;
  return { target: targetFor(node, goal.value, goal.by) };
}

function intoList(at: At<ListNode, ListTarget>, goal: Goal): Refused | undefined {
  const [step, ...rest] = at.path as readonly [PathStep, ...PathStep[]];
  const shared = sharedNode(at.node, goal.aliased);
  if (shared !== undefined) return shared;
  if (step.kind === "field") return refused("not-found", "a map was expected where Git has a list", at.node.start);
  const index = goal.finder.indexOfItem(at.node, step, at.schema);
  if (index === undefined) return intoNewItem(at, step, rest, goal);
  const child = {
    node: at.node.items[index]?.value,
    known: at.target.items.get(index),
    schema: at.schema?.items,
    path: rest,
  };
  const next = reach(child, goal);
  if ("kind" in next && next.kind === "refused") return next;
  setOrDelete(at.target.items, index, (next as Reached).target);
  return undefined;
}

/** A new item goes to the list's end; a second change of the same new item joins it. */
function intoNewItem(at: At<ListNode, ListTarget>, step: PathStep, rest: FieldPath, goal: Goal): Refused | undefined {
  const { value } = goal;
  if (value === undefined) return refused("not-found", "Git does not have the item", at.node.start);
  const end = at.node.items.length;
  const added = at.target.inserts.get(end) ?? [];
  at.target.inserts.set(end, added);
  if (step.kind === "index" && step.index !== end + added.length) {
    return refused("ambiguous", "the item's position is not the list's end", at.node.start);
  }
  const known = added[goal.newItems(added, step)];
  if (known === undefined) {
    // A change within an item means one that Git has: made anew, it would stand beside the one that was meant.
    if (rest.length > 0) return refused("not-found", "Git does not have the item", at.node.start);
    added.push({ value: keysFirst(value, step), by: new Set(goal.by) });
    return undefined;
  }
  const joined = assignAt(known.value, rest, value);
  if (joined === undefined) return refused("not-found", "the item cannot be made", at.node.start);
  known.value = joined;
  for (const by of goal.by) known.by.add(by);
  return undefined;
}

/** A person writes an item's keys first. */
function keysFirst(value: Value, step: PathStep): Value {
  if (step.kind !== "key" || !isMap(value)) return value;
  const ordered: Record<string, Value> = {};
  const first = Object.keys(step.keys).filter((key) => Object.hasOwn(value, key));
  for (const key of [...first, ...Object.keys(value)]) setField(ordered, key, value[key] as Value);
  return ordered;
}

export function newMapTarget(): MapTarget {
  return { kind: "map", entries: new Map() };
}

function newListTarget(): ListTarget {
  return { kind: "list", items: new Map(), inserts: new Map() };
}

/** Nothing, or null: Kubernetes drops both. */
function isEmptyNode(node: SourceNode): boolean {
  return node.kind === "scalar" && node.value === null;
}

/** Whether a value may be written over the node. */
function touchable(node: SourceNode, aliased: ReadonlySet<string>): Refused | undefined {
  if (node.kind === "alias") return refused("alias", "the value stands elsewhere, and is used here", node.start);
  if (valueOfNode(node) === undefined) return refused("alias", "its aliases cannot be followed", node.start);
  let found: Refused | undefined;
  visitNodes(node, (inner) => {
    if (inner.kind === "map" && inner.entries.some(({ merge }) => merge)) {
      found ??= refused("merge-key", "the value has a merge key", inner.start);
    }
    if (inner.tag !== undefined) found ??= refused("unsupported", "the value has an explicit tag", inner.start);
  });
  return innerAnchors(node, aliased) ?? found;
}

/** Anchors in it that something elsewhere may use. */
function innerAnchors(node: SourceNode, aliased: ReadonlySet<string>): Refused | undefined {
  let found: Refused | undefined;
  visitNodes(node, (inner) => {
    found ??= sharedNode(inner, aliased);
  });
  return found;
}

function sharedNode(node: SourceNode, aliased: ReadonlySet<string>): Refused | undefined {
  return node.kind !== "alias" && node.anchor !== undefined && aliased.has(node.anchor)
    ? refused("alias", `the anchor &${node.anchor.slice(0, 60)} makes other places change with it`, node.start)
    : undefined;
}
