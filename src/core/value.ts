/**
 * `core` is the vocabulary that the stages share: plain data and pure functions over it. It imports nothing,
 * neither a package nor a Node module, so that any stage's output can be printed, stored and replayed.
 *
 * This file holds the JSON-like values that manifests and cluster objects are made of.
 */

/**
 * A leaf. Integers are `number` where JavaScript holds them exactly and `bigint` only beyond that
 * (Kubernetes integers are 64-bit), so equal values always have equal representations.
 */
export type Scalar = string | number | bigint | boolean | null;

/** What a manifest or a cluster object is made of. Readers guarantee at most {@link MAX_DEPTH} levels. */
export type Value = Scalar | readonly Value[] | ValueMap;

/** Own enumerable properties only: a field may be called `__proto__` or `constructor`; read it with {@link fieldOf}. */
export interface ValueMap {
  readonly [field: string]: Value;
}

/** Levels of nesting that readers accept; deeper input is a fault, so recursion over a value is bounded. */
export const MAX_DEPTH = 500;

export function isMap(value: Value | undefined): value is ValueMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

export function isScalar(value: Value): value is Scalar {
  return !isMap(value) && !isList(value);
}

/** The field's value, or `undefined` where the map lacks it (never an inherited property). */
export function fieldOf(value: Value | undefined, name: string): Value | undefined {
  return isMap(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** The text of a field, or `undefined` where it is absent or no string. */
export function textOf(value: Value | undefined, name: string): string | undefined {
  const found = fieldOf(value, name);
  return typeof found === "string" ? found : undefined;
}

/** Follows field names from map to map. */
export function fieldAt(value: Value | undefined, ...names: readonly string[]): Value | undefined {
  let current = value;
  for (const name of names) current = fieldOf(current, name);
  return current;
}

/** Sets an own property, also where its name is `__proto__`. For building new maps only: values are never changed in place. */
export function setField(map: Record<string, Value>, name: string, value: Value): void {
  if (name === "__proto__") {
    Object.defineProperty(map, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    map[name] = value;
  }
}

/** A copy of the map with one field set, or taken away where `value` is `undefined`. */
export function withField(map: ValueMap, name: string, value: Value | undefined): ValueMap {
  const copy: Record<string, Value> = {};
  for (const key of Object.keys(map)) {
    if (key !== name) setField(copy, key, map[key] as Value);
    else if (value !== undefined) setField(copy, key, value);
  }
  if (value !== undefined && !Object.hasOwn(map, name)) setField(copy, name, value);
  return copy;
}

/** Structural equality: key order does not count, list order does, `1` and `"1"` differ. */
export function equalValues(a: Value | undefined, b: Value | undefined): boolean {
  if (Object.is(a, b) || a === b) return true;
  if (isList(a)) {
    return isList(b) && a.length === b.length && a.every((item, index) => equalValues(item, b[index]));
  }
  if (!isMap(a) || !isMap(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equalValues(a[key], b[key]))
  );
}

/** Orders by UTF-16 code units: the same on every machine, whatever its locale. For `Array.prototype.sort`. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
