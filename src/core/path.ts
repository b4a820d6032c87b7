/** Paths into an object, as structured-merge-diff and managedFields have them: by field, by key, by value, by index. */

import { equalValues, fieldOf, isList, isMap } from "./value.ts";
import type { Scalar, Value } from "./value.ts";

export type PathStep =
  | { readonly kind: "field"; readonly name: string }
  /** An item of a keyed list; all of the list's keys, in the schema's order. */
  | { readonly kind: "key"; readonly keys: Readonly<Record<string, Scalar>> }
  /** An item of a set. */
  | { readonly kind: "value"; readonly value: Scalar }
  /** A position; only where nothing else names the item (an atomic list's inside, duplicates of a key). */
  | { readonly kind: "index"; readonly index: number };

export type FieldPath = readonly PathStep[];

export function field(name: string): PathStep {
  return { kind: "field", name };
}

/** A path of plain fields: `fields("spec", "replicas")`. */
export function fields(...names: readonly string[]): FieldPath {
  return names.map(field);
}

/** `spec.template.spec.containers[name="web"].image`; names outside `[A-Za-z_][A-Za-z0-9_-]*` are quoted as JSON strings. */
export function formatPath(path: FieldPath): string {
  return path.map(formatStep).join("").replace(/^\./, "");
}

function formatStep(step: PathStep): string {
  switch (step.kind) {
    case "field":
      return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(step.name) ? `.${step.name}` : `[${JSON.stringify(step.name)}]`;
    case "key":
      return `[${Object.entries(step.keys)
        .map(([name, value]) => `${name}=${formatScalar(value)}`)
        .join(",")}]`;
    case "value":
      return `[${formatScalar(step.value)}]`;
    case "index":
      return `[${step.index}]`;
  }
}

/** A scalar as JSON writes it; integers beyond 2^53 in full. */
export function formatScalar(value: Scalar): string {
  return typeof value === "bigint" ? value.toString() : JSON.stringify(value);
}

export function equalSteps(a: PathStep, b: PathStep): boolean {
  switch (a.kind) {
    case "field":
      return b.kind === "field" && a.name === b.name;
    case "key":
      return b.kind === "key" && equalValues(a.keys, b.keys);
    case "value":
      return b.kind === "value" && a.value === b.value;
    case "index":
      return b.kind === "index" && a.index === b.index;
  }
}

export function equalPaths(a: FieldPath, b: FieldPath): boolean {
  return a.length === b.length && startsWith(a, b);
}

export function startsWith(path: FieldPath, prefix: FieldPath): boolean {
  return prefix.length <= path.length && prefix.every((step, index) => equalSteps(step, path[index] as PathStep));
}

/** The value at a path, or `undefined` where some step leads nowhere. A key step takes the first item that matches. */
export function valueAt(value: Value | undefined, path: FieldPath): Value | undefined {
  let current = value;
  for (const step of path) {
    if (current === undefined) return undefined;
    current = stepInto(current, step);
  }
  return current;
}

function stepInto(value: Value, step: PathStep): Value | undefined {
  if (step.kind === "field") return fieldOf(value, step.name);
  const index = indexOfStep(value, step);
  return index === undefined ? undefined : (value as readonly Value[])[index];
}

/**
 * The position that a key, value or index step means in this list, or `undefined`. A key that an item leaves out matches
 * where Kubernetes' own kinds have that value for it: of them only ports leave one out.
 */
export function indexOfStep(value: Value | undefined, step: PathStep): number | undefined {
  if (!isList(value)) return undefined;
  let index = -1;
  switch (step.kind) {
    case "key": {
      const keys = Object.entries(step.keys);
      index = value.findIndex((item) => matchesKeys(item, keys));
      break;
    }
    case "value":
      index = value.indexOf(step.value);
      break;
    case "index":
      index = step.index < value.length ? step.index : -1;
      break;
    case "field":
      break;
  }
  return index < 0 ? undefined : index;
}

function matchesKeys(item: Value, keys: readonly (readonly [string, Scalar])[]): boolean {
  return isMap(item) && keys.every(([name, value]) => (fieldOf(item, name) ?? KEY_DEFAULTS.get(name)) === value);
}

/** kubernetes `api/core/v1`: keys of lists that have a default. */
const KEY_DEFAULTS: ReadonlyMap<string, Scalar> = new Map([["protocol", "TCP"]]);
