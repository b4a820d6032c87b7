/** Copies of maps and lists that may be changed in place, made once each: values themselves are never changed. */

import { setField } from "./value.ts";
import type { Value, ValueMap } from "./value.ts";

/** Of one series of changes; what comes out of it is handed on when the series is over. */
export interface Drafts {
  /** The map itself where it is a copy already. */
  map(map: ValueMap): Record<string, Value>;
  list(list: readonly Value[]): Value[];
}

export function createDrafts(): Drafts {
  const maps = new Map<ValueMap, Record<string, Value>>();
  const lists = new Map<readonly Value[], Value[]>();
  return {
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
  };
}
