/** Compares lists as the API server merges them: by keys, as sets, as multisets, or whole. */

import type { PathStep } from "../core/path.ts";
import type { FieldSchema } from "../core/schema.ts";
import { fieldOf, isMap, isScalar } from "../core/value.ts";
import type { Scalar, Value, ValueMap } from "../core/value.ts";
import { noteAddedItem } from "./additions.ts";
import { positionsByKeys, stepOf } from "./list-keys.ts";
import type { KeyedList } from "./list-keys.ts";
import { differs, isLeftOut, note, within } from "./walk.ts";
import type { Walk } from "./walk.ts";

export interface ListPair {
  readonly desired: readonly Value[];
  readonly live: readonly Value[];
  readonly schema: FieldSchema | undefined;
}

/** Pairing every item with every other is only for lists up to this length; longer multisets are compared in order. */
const MAX_UNORDERED = 256;

export function compareList(walk: Walk, pair: ListPair): void {
  const list = pair.schema?.list;
  if (list?.kind === "map" && pair.desired.every(isMap) && pair.live.every(isMap)) {
    compareKeyed(walk, { ...pair, desired: pair.desired, live: pair.live, list });
  } else if (list?.kind === "set" && pair.desired.every(isScalar) && pair.live.every(isScalar)) {
    compareSets(walk, { ...pair, desired: pair.desired, live: pair.live });
  } else if (differs(walk, (probe) => compareWhole(probe, pair))) {
    note(walk, { desired: pair.desired, live: pair.live });
  }
}

/** Finds any difference between lists that are one value; where it is does not matter. */
function compareWhole(probe: Walk, { desired, live, schema }: ListPair): void {
  const unordered = schema?.list?.kind === "multiset" && live.length <= MAX_UNORDERED;
  const theirs = desired.length < live.length ? withoutInjected(probe, desired, live) : live;
  if (desired.length !== theirs.length) {
    note(probe, { desired, live: theirs });
  } else if (unordered) {
    compareUnordered(probe, { desired, live: theirs, schema });
  } else {
    for (let index = 0; index < desired.length && probe.changes.length === 0; index++) {
      comparePair(probe, { index, desired: desired[index] as Value, live: theirs[index] as Value, schema });
    }
  }
}

/** Admission plugins put what they add at the end. */
function withoutInjected(walk: Walk, desired: readonly Value[], live: readonly Value[]): readonly Value[] {
  return live.filter(
    (item, index) =>
      index < desired.length || !within(walk, { kind: "index", index }, () => isLeftOut(walk, { live: item })),
  );
}

function compareUnordered(probe: Walk, { desired, live, schema }: ListPair): void {
  const left = [...live.keys()];
  for (const [index, item] of desired.entries()) {
    const same = (candidate: number): boolean =>
      !differs(probe, (inner) => comparePair(inner, { index, desired: item, live: live[candidate] as Value, schema }));
    const found = left.findIndex(same);
    if (found < 0) return note(probe, { desired, live });
    left.splice(found, 1);
  }
}

interface ItemPair {
  readonly index: number;
  readonly desired: Value;
  readonly live: Value;
  /** Of the list. */
  readonly schema: FieldSchema | undefined;
}

function comparePair(walk: Walk, { index, desired, live, schema }: ItemPair): void {
  within(walk, { kind: "index", index }, () => {
    // In a list that is one value, null is an item like any other (kubernetes#119747).
    if (desired === null ? live !== null : live === null) note(walk, { desired, live });
    else walk.compare(walk, { desired, live, schema: schema?.items });
  });
}

interface SetPair {
  readonly desired: readonly Scalar[];
  readonly live: readonly Scalar[];
  readonly schema: FieldSchema | undefined;
}

function compareSets(walk: Walk, { desired, live, schema }: SetPair): void {
  const declared = new Set(desired);
  const found = new Set(live);
  for (const value of declared) {
    if (!found.has(value)) within(walk, { kind: "value", value }, () => note(walk, { desired: value }));
  }
  for (const value of found) {
    if (!declared.has(value)) within(walk, { kind: "value", value }, () => noteAddedItem(walk, value, schema));
  }
}

interface KeyedPair {
  readonly desired: readonly ValueMap[];
  readonly live: readonly ValueMap[];
  readonly schema: FieldSchema | undefined;
  readonly list: KeyedList;
}

/** An item with its place: by its keys, or by its position where another item has the same keys. */
interface Item {
  readonly item: ValueMap;
  readonly step: PathStep;
}

/**
 * Items pair up by their keys; those that have the same keys by their name, or else by their order among themselves
 * (kubernetes#58477, #86163). Keys go before names wherever they tell items apart: owners and paths are told by keys.
 */
function compareKeyed(walk: Walk, { desired, live, schema, list }: KeyedPair): void {
  const theirs = positionsByKeys(live, list);
  const ours = positionsByKeys(desired, list);
  const removed: Item[] = [];
  const added: Item[] = [];
  for (const [identity, items] of ours) {
    const others = theirs.get(identity) ?? [];
    const one = items.length === 1 && others.length <= 1;
    const partners = one ? others : partnersOf({ items, desired }, { items: others, live });
    for (const [occurrence, place] of items.entries()) {
      const other = partners[occurrence];
      const found = itemOf(desired, place, { list, one });
      if (other === undefined) removed.push(found);
      else compareItems(walk, { ours: found, theirs: itemOf(live, other, { list, one }), schema });
    }
    const paired = new Set(partners.slice(0, items.length));
    added.push(...others.filter((place) => !paired.has(place)).map((place) => itemOf(live, place, { list, one })));
  }
  for (const [identity, items] of theirs) {
    if (!ours.has(identity))
      added.push(...items.map((place) => itemOf(live, place, { list, one: items.length === 1 })));
  }
  if (removed.length + added.length > 0) compareRest(walk, { removed, added, schema });
}

interface Ours {
  readonly items: readonly number[];
  readonly desired: readonly ValueMap[];
}

interface Theirs {
  readonly items: readonly number[];
  readonly live: readonly ValueMap[];
}

/** Of items that all have the same keys: for each of ours the place of its counterpart, if there is one. */
function partnersOf(ours: Ours, theirs: Theirs): readonly (number | undefined)[] {
  const named = new Map(theirs.items.map((place) => [fieldOf(theirs.live[place], "name"), place]));
  // Where a name does not tell them apart either, it is a key itself, or nothing.
  if (named.size < theirs.items.length) return theirs.items;
  const found = ours.items.map((place) => {
    const name = fieldOf(ours.desired[place], "name");
    const partner = typeof name === "string" ? named.get(name) : undefined;
    if (partner !== undefined) named.delete(name);
    return partner;
  });
  const rest = [...named.values()].values();
  return found.map((partner) => partner ?? rest.next().value);
}

function itemOf(
  items: readonly ValueMap[],
  index: number,
  { list, one }: { readonly list: KeyedList; readonly one: boolean },
): Item {
  return { item: items[index] as ValueMap, step: stepOf(items, index, { list, one }) };
}

function compareItems(
  walk: Walk,
  { ours, theirs, schema }: { readonly ours: Item; readonly theirs: Item; readonly schema: FieldSchema | undefined },
): void {
  within(
    walk,
    ours.step,
    () => walk.compare(walk, { desired: ours.item, live: theirs.item, schema: schema?.items }),
    theirs.step,
  );
}

interface Rest {
  readonly removed: readonly Item[];
  readonly added: readonly Item[];
  readonly schema: FieldSchema | undefined;
}

/** Items without a counterpart. Where a key itself was changed (a port's number), it is one replacement (argo-cd#4864). */
function compareRest(walk: Walk, { removed, added, schema }: Rest): void {
  const renamed = pairByName(removed, added);
  const taken = new Set(renamed.values());
  for (const ours of removed) {
    const theirs = renamed.get(ours);
    if (theirs === undefined) within(walk, ours.step, () => note(walk, { desired: ours.item }));
    else compareItems(walk, { ours, theirs, schema });
  }
  for (const theirs of added) {
    if (!taken.has(theirs)) within(walk, theirs.step, () => noteAddedItem(walk, theirs.item, schema));
  }
}

/** Items that kept their `name`; where that is a list's only key, no two of them are left over. */
function pairByName(removed: readonly Item[], added: readonly Item[]): ReadonlyMap<Item, Item> {
  const pairs = new Map<Item, Item>();
  const byName = new Map(added.map((item) => [fieldOf(item.item, "name"), item]));
  for (const item of removed) {
    const name = fieldOf(item.item, "name");
    const other = typeof name === "string" ? byName.get(name) : undefined;
    if (other === undefined) continue;
    pairs.set(item, other);
    byName.delete(name);
  }
  return pairs;
}
