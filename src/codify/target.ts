/**
 * What is to become of a document's nodes: the changes of an object, merged into one tree over the nodes that are
 * written, so that each map and list knows everything that happens to it.
 */

import { equalValues, fieldOf, isList, isMap } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";
import { valueOfNode } from "../yaml/source-node.ts";
import type { ListNode, MapNode, SourceNode } from "../yaml/source-node.ts";

export type Target = WriteTarget | RemoveTarget | MapTarget | ListTarget;

/** The value is written, over what stands there or anew. */
export interface WriteTarget {
  readonly kind: "write";
  value: Value;
  readonly by: Set<number>;
}

/** The entry or item goes. */
interface RemoveTarget {
  readonly kind: "remove";
  readonly by: Set<number>;
}

/** Something below changes. Keys that the map does not have are written at its end, in this order. */
export interface MapTarget {
  readonly kind: "map";
  readonly entries: Map<string, Target>;
}

export interface ListTarget {
  readonly kind: "list";
  readonly items: Map<number, Target>;
  /** New items, by the index of the written item that they go before; the list's length for its end. */
  readonly inserts: Map<number, NewItem[]>;
}

export interface NewItem {
  value: Value;
  /** Indexes of the changes that asked for it. */
  readonly by: Set<number>;
}

/** The smallest target that makes the node say `value`; `undefined` where it does already. */
export function targetFor(node: SourceNode, value: Value, by: Set<number>): Target | undefined {
  if (equalValues(valueOfNode(node), value)) return undefined;
  if (node.kind === "map" && isMap(value) && isPlainMap(node) && Object.keys(value).length > 0) {
    return mapTarget(node, value, by);
  }
  if (node.kind === "list" && isList(value) && value.length > 0 && node.items.length > 0) {
    return listTarget(node, value, by);
  }
  return { kind: "write", value, by };
}

function isPlainMap(node: MapNode): boolean {
  return node.entries.length > 0 && node.entries.every((entry) => !entry.merge && !entry.odd);
}

function mapTarget(node: MapNode, value: ValueMap, by: Set<number>): Target {
  const entries = new Map<string, Target>();
  for (const entry of node.entries) {
    const wanted = fieldOf(value, entry.key);
    const target: Target | undefined =
      wanted === undefined ? { kind: "remove", by } : targetFor(entry.value, wanted, by);
    if (target !== undefined) entries.set(entry.key, target);
  }
  const written = new Set(node.entries.map(({ key }) => key));
  for (const key of Object.keys(value)) {
    if (!written.has(key)) entries.set(key, { kind: "write", value: value[key] as Value, by });
  }
  return { kind: "map", entries };
}

/** Items that are equal at both ends stay; what is between is paired in order, then removed or inserted. */
function listTarget(node: ListNode, value: readonly Value[], by: Set<number>): Target {
  const old = node.items.map((item) => valueOfNode(item.value));
  const shorter = Math.min(old.length, value.length);
  let head = 0;
  while (head < shorter && equalValues(old[head], value[head])) head++;
  let tail = 0;
  while (tail < shorter - head && equalValues(old.at(-1 - tail), value.at(-1 - tail))) tail++;
  const items = new Map<number, Target>();
  const paired = shorter - tail;
  for (let index = head; index < paired; index++) {
    const target = targetFor((node.items[index] as ListNode["items"][number]).value, value[index] as Value, by);
    if (target !== undefined) items.set(index, target);
  }
  for (let index = Math.max(head, paired); index < old.length - tail; index++) items.set(index, { kind: "remove", by });
  const added = value.slice(Math.max(head, paired), value.length - tail).map((item) => ({ value: item, by }));
  const inserts = new Map(added.length === 0 ? [] : [[old.length - tail, added]]);
  return { kind: "list", items, inserts };
}

/** The indexes of all changes that a target serves. */
export function changesBehind(target: Target): Set<number> {
  switch (target.kind) {
    case "write":
    case "remove":
      return target.by;
    case "map":
      return union([...target.entries.values()].map(changesBehind));
    case "list": {
      const inserted = [...target.inserts.values()].flat().map(({ by }) => by);
      return union([...[...target.items.values()].map(changesBehind), ...inserted]);
    }
  }
}

function union(sets: readonly Set<number>[]): Set<number> {
  return new Set(sets.flatMap((set) => [...set]));
}
