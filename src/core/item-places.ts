/** Where a list's items are, by what they say: looked up once for each change, and lists may have as many as changes. */

import type { Scalar } from "./value.ts";

export type Keys = Readonly<Record<string, Scalar>>;

/** Of a list that only grows, and whose items keep their keys. */
export interface ItemPlaces {
  /** The first item that has all of these values and is not passed over, or -1. */
  first(keys: Keys): number;
  /** Whether items are told apart by this name. */
  covers(name: string): boolean;
}

interface PlacesInput<T> {
  readonly items: readonly T[];
  /** What an item says under a name; `undefined` equals nothing. */
  readonly valueOf: (item: T, name: string) => Scalar | undefined;
  /** Items that are no more. */
  readonly isGone?: (item: T) => boolean;
}

interface Index {
  /** How many items it holds so far. */
  seen: number;
  readonly places: Map<string, Positions>;
}

interface Positions {
  readonly all: number[];
  /** Those before are gone. */
  from: number;
}

export function itemPlaces<T>({ items, valueOf, isGone = () => false }: PlacesInput<T>): ItemPlaces {
  const indexes = new Map<string, Index>();
  const covered = new Set<string>();
  const indexFor = (names: readonly string[]): Index => {
    const signature = JSON.stringify(names);
    let index = indexes.get(signature);
    if (index === undefined) {
      index = { seen: 0, places: new Map() };
      indexes.set(signature, index);
      for (const name of names) covered.add(name);
    }
    for (; index.seen < items.length; index.seen++) {
      const item = items[index.seen] as T;
      const text = sayingOf(names, (name) => valueOf(item, name));
      const known = index.places.get(text);
      if (known === undefined) index.places.set(text, { all: [index.seen], from: 0 });
      else known.all.push(index.seen);
    }
    return index;
  };
  return {
    first(keys) {
      const names = Object.keys(keys);
      const found = indexFor(names).places.get(sayingOf(names, (name) => keys[name]));
      if (found === undefined) return -1;
      while (found.from < found.all.length && isGone(items[found.all[found.from] as number] as T)) found.from++;
      return found.all[found.from] ?? -1;
    },
    covers: (name) => covered.has(name),
  };
}

/** One text for what is said under these names: `1`, `"1"` and `1n` differ, as they do to `===`. */
export function sayingOf(names: readonly string[], valueOf: (name: string) => Scalar | undefined): string {
  return names
    .map((name) => {
      const value = valueOf(name);
      return typeof value === "string" ? JSON.stringify(value) : `${typeof value} ${String(value)}`;
    })
    .join();
}
