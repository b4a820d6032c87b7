// What an older Kubernetes' kinds and types have other than the newest one's.

import type { KindEntry, TypeData } from "./kind-data.ts";

export interface KindTable {
  readonly kinds: Readonly<Record<string, KindEntry>>;
  readonly types: Readonly<Record<string, TypeData>>;
}

export interface KindDifferences extends KindTable {
  /** Kinds of the newest that the older does not serve. */
  readonly lacks: readonly string[];
}

/** Kinds and types that the newest has not, or has otherwise; of a type, the fields that it has otherwise or `lacks`. */
export function differences(newest: KindTable, older: KindTable): KindDifferences {
  return {
    lacks: missing(newest.kinds, older.kinds),
    kinds: changed(newest.kinds, older.kinds),
    types: Object.fromEntries(
      Object.entries(older.types).flatMap(([name, type]): readonly [string, TypeData][] => {
        const known = newest.types[name];
        if (known === undefined || typeof known === "string" || typeof type === "string") {
          return same(known, type) ? [] : [[name, type]];
        }
        const difference = typeDifference(known, type);
        return Object.keys(difference).length === 0 ? [] : [[name, difference]];
      }),
    ),
  };
}

type Parts = Readonly<Record<string, unknown>>;

function typeDifference(newest: Parts, older: Parts): Parts {
  const [above, below] = [(newest["fields"] ?? {}) as Parts, (older["fields"] ?? {}) as Parts];
  const lacks = missing(above, below);
  const fields = changed(above, below);
  const others = Object.fromEntries(
    ["allocated", "atomic", "list", "values", "items"]
      .filter((part) => !same(newest[part], older[part]))
      .map((part) => [part, older[part]]),
  );
  return {
    ...(lacks.length === 0 ? {} : { lacks }),
    ...others,
    ...(same(newest["defaults"], older["defaults"]) ? {} : { defaults: older["defaults"] ?? [] }),
    ...(Object.keys(fields).length === 0 ? {} : { fields }),
  };
}

function missing(newest: object, older: object): readonly string[] {
  return Object.keys(newest).filter((name) => !Object.hasOwn(older, name));
}

function changed<T>(newest: Readonly<Record<string, T>>, older: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(older).filter(([name, value]) => !same(newest[name], value)));
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
