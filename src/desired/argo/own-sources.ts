/** Whether two Applications are made from the same, the commit apart. */

import { fieldOf, isList, isMap } from "../../core/value.ts";
import { equalValues, setField, textOf } from "../../core/value.ts";
import type { Value, ValueMap } from "../../core/value.ts";
import { listAt } from "./objects.ts";
import { isOwn } from "./root.ts";

/** The sources of an Application's spec; `sources` goes before `source`. */
export function sourcesIn(spec: ValueMap | undefined): readonly ValueMap[] {
  const several = listAt(spec, "sources").filter(isMap);
  const one = fieldOf(spec, "source");
  return several.length > 0 ? several : isMap(one) ? [one] : [];
}

/** Whatever revision they ask for, and however they name the repository that is read. */
export function sameSources(a: readonly ValueMap[], b: readonly ValueMap[], origin: string | undefined): boolean {
  return (
    a.length === b.length && a.every((one, index) => equalValues(plain(one, origin), plain(b[index] ?? {}, origin)))
  );
}

const APART: ReadonlySet<string> = new Set(["targetRevision", "name"]);

function plain(source: ValueMap, origin: string | undefined): Value {
  const map: Record<string, Value> = {};
  for (const [name, value] of Object.entries(source)) {
    const small = name === "repoURL" && isOwn(textOf(source, name) ?? "", origin) ? "" : withoutZeros(value);
    if (!APART.has(name) && small !== undefined) setField(map, name, small);
  }
  return map;
}

/** Go leaves them out (`omitempty`); Git may write them. */
function withoutZeros(value: Value): Value | undefined {
  if (isList(value)) return value.length === 0 ? undefined : value.map((item) => withoutZeros(item) ?? null);
  if (!isMap(value)) return value === null || value === "" || value === false || value === 0 ? undefined : value;
  const map: Record<string, Value> = {};
  for (const [name, item] of Object.entries(value)) {
    const small = withoutZeros(item);
    if (small !== undefined) setField(map, name, small);
  }
  return Object.keys(map).length === 0 ? undefined : map;
}
