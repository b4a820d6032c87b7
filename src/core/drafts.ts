/**
 * Copies of maps and lists that may be changed in place, made once each: values themselves are never changed. Finding an
 * item of a list by what it says takes the same time however long the list is and however many changes there are.
 */

import { itemPlaces } from "./item-places.ts";
import type { ItemPlaces } from "./item-places.ts";
import type { FieldPath, PathStep } from "./path.ts";
import { setField } from "./value.ts";
import type { Scalar, Value, ValueMap } from "./value.ts";

/** Of one series of changes; what comes out of it is handed on when the series is over. */
export interface Drafts {
  /** The map itself where it is a copy already. */
  map(map: ValueMap): Record<string, Value>;
  list(list: readonly Value[]): Value[];
  /** The position of the item that the step means, or -1. */
  find(list: readonly Value[], step: ItemStep, valueOf: KeyReader): number;
  /** To be told where something in an item is written: `rest` is its path there. */
  writes(list: readonly Value[], rest: FieldPath): void;
  /** Takes an item out. The positions of the others stay until {@link finish}. */
  takeOut(list: readonly Value[], index: number): void;
  /** To be called once, at the end. */
  finish(): void;
}

type ItemStep = Exclude<PathStep, { kind: "field" }>;

/** What an item says under the name of a key; `undefined` equals nothing. The same for all lookups of a list. */
type KeyReader = (item: Value, name: string) => Scalar | undefined;

interface Finders {
  keys?: ItemPlaces;
  values?: ItemPlaces;
}

/** Stands where an item was taken out. */
const GONE: ValueMap = Object.freeze({});

export function createDrafts(): Drafts {
  const maps = new Map<ValueMap, Record<string, Value>>();
  const lists = new Map<readonly Value[], Value[]>();
  const finders = new Map<readonly Value[], Finders>();
  const gaps = new Set<Value[]>();
  const findersOf = (list: readonly Value[]): Finders => {
    const known = finders.get(list) ?? {};
    finders.set(list, known);
    return known;
  };
  const drafts: Drafts = {
    map(map) {
      const own = maps.get(map);
      if (own !== undefined) return own;
      const copy: Record<string, Value> = {};
      for (const name of Object.keys(map)) setField(copy, name, map[name] as Value);
      maps.set(copy, copy);
      return copy;
    },
    list(list) {
      const own = lists.get(list);
      if (own !== undefined) return own;
      const copy = [...list];
      lists.set(copy, copy);
      return copy;
    },
    find(list, step, valueOf) {
      const known = findersOf(list);
      switch (step.kind) {
        case "index":
          return step.index < list.length && !isGone(list[step.index]) ? step.index : -1;
        case "value":
          known.values ??= itemPlaces({ items: list, valueOf: scalarOf, isGone });
          return known.values.first({ "": step.value });
        case "key":
          known.keys ??= itemPlaces({ items: list, valueOf, isGone });
          return known.keys.first(step.keys);
      }
    },
    writes(list, rest) {
      const [step] = rest;
      const known = finders.get(list);
      if (known === undefined) return;
      if (step?.kind !== "field") finders.delete(list);
      else if (known.keys?.covers(step.name) === true) delete known.keys;
    },
    takeOut(list, index) {
      const draft = drafts.list(list);
      draft[index] = GONE;
      gaps.add(draft);
    },
    finish() {
      for (const draft of gaps) closeGaps(draft);
    },
  };
  return drafts;
}

function isGone(item: Value | undefined): boolean {
  return item === GONE;
}

function scalarOf(item: Value): Scalar | undefined {
  return typeof item === "object" && item !== null ? undefined : item;
}

function closeGaps(draft: Value[]): void {
  let length = 0;
  for (const item of draft) if (!isGone(item)) draft[length++] = item;
  draft.length = length;
}
