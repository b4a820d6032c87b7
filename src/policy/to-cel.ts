/** Values of manifests as the engine takes them: maps as `Map`s (a field may be called `constructor`), integers as bigint. */

import { isList, isMap } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import type { CelValue } from "./cel/value.ts";

/** The value as an expression sees it: whole numbers are 64-bit integers, as JSON decoding makes them in the API server. */
export function toCel(value: Value): CelValue {
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (isList(value)) return value.map(toCel);
  if (!isMap(value)) return value;
  const map = new Map<string, CelValue>();
  for (const key of Object.keys(value)) map.set(key, toCel(value[key] as Value));
  return map;
}
