/** Looks up who set a field in `metadata.managedFields` (format: structured-merge-diff `fieldpath/serialize-pe.go`). */

import type { Actor, ManagedFields } from "./objects.ts";
import { compareText, equalValues, fieldOf, isMap } from "./value.ts";
import type { Value } from "./value.ts";
import type { FieldPath, PathStep } from "./path.ts";

/**
 * The managers that own the field at `path`: entries whose trie holds it, or something below it; where there is none,
 * those of which a leaf covers it (an atomic list or map; a map that another manager took the fields of stays as an
 * empty entry with its first owner). Newest first; entries without a time come first of all, since writes through
 * `scale` carry none.
 */
export function ownersOf(managers: readonly ManagedFields[], path: FieldPath): readonly Actor[] {
  const held = managers.map((entry) => ({ entry, how: holding(entry.fields, path) }));
  const exact = held.filter(({ how }) => how === "itself");
  return (exact.length > 0 ? exact : held.filter(({ how }) => how === "covered"))
    .map(({ entry }) => actorOf(entry))
    .toSorted((a, b) => compareText(b.time ?? "~", a.time ?? "~"));
}

function actorOf(entry: ManagedFields): Actor {
  return {
    manager: entry.manager,
    operation: entry.operation,
    ...(entry.subresource === undefined ? {} : { subresource: entry.subresource }),
    ...(entry.time === undefined ? {} : { time: entry.time }),
  };
}

function holding(trie: Value, path: FieldPath): "itself" | "covered" | "not" {
  let node: Value = trie;
  for (const [depth, step] of path.entries()) {
    const child = childOf(node, step);
    if (child === undefined) return depth > 0 && isLeaf(node) ? "covered" : "not";
    node = child;
  }
  return "itself";
}

function isLeaf(node: Value): boolean {
  return isMap(node) && Object.keys(node).length === 0;
}

function childOf(node: Value, step: PathStep): Value | undefined {
  if (!isMap(node)) return undefined;
  switch (step.kind) {
    case "field":
      return fieldOf(node, `f:${step.name}`);
    case "index":
      return fieldOf(node, `i:${step.index}`);
    case "key":
    case "value": {
      const prefix = step.kind === "key" ? "k:" : "v:";
      const wanted: Value = step.kind === "key" ? step.keys : step.value;
      const key = Object.keys(node).find(
        (name) => name.startsWith(prefix) && equalValues(parse(name.slice(2)), wanted),
      );
      return key === undefined ? undefined : node[key];
    }
  }
}

function parse(json: string): Value | undefined {
  try {
    return JSON.parse(json) as Value;
  } catch {
    return undefined;
  }
}
