/** Looks up who set a field in `metadata.managedFields` (format: structured-merge-diff `fieldpath/serialize-pe.go`). */

import type { Actor, ManagedFields } from "./objects.ts";
import type { FieldPath, PathStep } from "./path.ts";
import { compareText, isMap, isScalar, setField } from "./value.ts";
import type { Scalar, Value } from "./value.ts";

/** The owners of one object's fields, for as many lookups as there are. */
export interface OwnerIndex {
  /**
   * The managers that own the field at `path`: entries whose trie holds it, or something below it; where there is none,
   * those of which the nearest leaf covers it (an atomic list or map; a map that another manager took the fields of stays
   * as an empty entry with its first owner). Newest first; entries without a time come first of all, since writes
   * through `scale` carry none. What nobody owns by its name is looked up under its other name.
   */
  of(path: FieldPath): readonly Actor[];
}

/** The other name under which the server keeps the same, of a field in a map of this name. */
type OtherName = (holder: string | undefined, name: string) => string | undefined;

/**
 * Whether who owns the empty map or list at this place owns what is in it, too: not where its fields and items have owners
 * of their own, so that it was empty when it was written. Admission may have filled it since, which owns nothing.
 */
type IsWhole = (path: FieldPath) => boolean;

/**
 * Nothing is read before the first lookup, and each level of the tries once, whatever is looked up in it and however
 * many managers and items there are: both are chosen by whoever writes the object.
 */
export function ownerIndex(
  managers: readonly ManagedFields[],
  otherName: OtherName = () => undefined,
  isWhole: IsWhole = () => true,
): OwnerIndex {
  let root: Node | undefined;
  // Of the lookup before: a walk asks for one field after the other, and the steps that lead there are the same.
  const steps: PathStep[] = [];
  const way: Node[] = [];
  return {
    of: (path) => {
      root ??= nodeOf(managers.map((entry) => ({ entry, trie: entry.fields })));
      let depth = 0;
      while (depth < steps.length && path[depth] === steps[depth]) depth++;
      steps.length = depth;
      way.length = depth;
      for (const step of depth === 0 ? path : path.slice(depth)) {
        const children = childrenOf(way.at(-1) ?? root);
        const child = children.get(nameOf(step));
        if (child === undefined) {
          const twin = steps.length + 1 < path.length ? undefined : twinOf(children, { path, otherName });
          return twin === undefined ? coveringOf(way, (length) => isWhole(path.slice(0, length))) : actorsOf(twin);
        }
        steps.push(step);
        way.push(child);
      }
      return actorsOf(way.at(-1) ?? root);
    },
  };
}

function actorsOf(node: Node): readonly Actor[] {
  return (node.actors ??= newestFirst(node.holders));
}

function twinOf(
  children: ReadonlyMap<string, Node>,
  { path, otherName }: { readonly path: FieldPath; readonly otherName: OtherName },
): Node | undefined {
  const [holder, last] = [path.at(-2), path.at(-1)];
  if (last?.kind !== "field") return undefined;
  const other = otherName(holder?.kind === "field" ? holder.name : undefined, last.name);
  return other === undefined ? undefined : children.get(`f:${other}`);
}

/** As {@link OwnerIndex.of}, for a single lookup. */
export function ownersOf(managers: readonly ManagedFields[], path: FieldPath): readonly Actor[] {
  return ownerIndex(managers).of(path);
}

/** One place in the tries of all managers that have it. What is computed from it is kept: `children`, `actors`, `covering`. */
interface Node {
  readonly holders: readonly Holder[];
  children?: ReadonlyMap<string, Node>;
  actors?: readonly Actor[];
  covering?: readonly Actor[];
}

interface Holder {
  readonly entry: ManagedFields;
  readonly trie: Value;
}

function nodeOf(holders: readonly Holder[]): Node {
  return { holders };
}

/** Entries that end on the way to a field without holding it, as near to it as any does. */
function coveringOf(way: readonly Node[], isWhole: (length: number) => boolean): readonly Actor[] {
  for (let depth = way.length - 1; depth >= 0; depth--) {
    const node = way[depth] as Node;
    node.covering ??= newestFirst(node.holders.filter(({ trie }) => isLeaf(trie)));
    if (node.covering.length > 0) return isWhole(depth + 1) ? node.covering : [];
  }
  return [];
}

function newestFirst(holders: readonly Holder[]): readonly Actor[] {
  return holders.map(({ entry }) => actorOf(entry)).toSorted((a, b) => compareText(b.time ?? "~", a.time ?? "~"));
}

function actorOf(entry: ManagedFields): Actor {
  return {
    manager: entry.manager,
    operation: entry.operation,
    ...(entry.subresource === undefined ? {} : { subresource: entry.subresource }),
    ...(entry.time === undefined ? {} : { time: entry.time }),
  };
}

function isLeaf(trie: Value): boolean {
  return isMap(trie) && Object.keys(trie).length === 0;
}

function childrenOf(node: Node): ReadonlyMap<string, Node> {
  if (node.children !== undefined) return node.children;
  const held = new Map<string, Holder[]>();
  for (const { entry, trie } of node.holders) {
    if (!isMap(trie)) continue;
    for (const key of Object.keys(trie)) {
      const name = nameOfKey(key);
      if (name === undefined) continue;
      const child = { entry, trie: trie[key] as Value };
      const others = held.get(name);
      if (others === undefined) held.set(name, [child]);
      else if (others.at(-1)?.entry !== entry) others.push(child);
    }
  }
  return (node.children = new Map([...held].map(([name, holders]) => [name, nodeOf(holders)])));
}

/** One text for each step, however a client wrote it: keys in any order, any blanks. */
function nameOf(step: PathStep): string {
  switch (step.kind) {
    case "field":
      return `f:${step.name}`;
    case "index":
      return `i:${step.index}`;
    case "key":
      return `k:${keysText(step.keys)}`;
    case "value":
      return `v:${scalarText(step.value)}`;
  }
}

/** The same text for a key of a trie; `undefined` where it names no step. */
function nameOfKey(key: string): string | undefined {
  const kind = key.slice(0, 2);
  if (kind === "f:" || kind === "i:") return key;
  if (kind !== "k:" && kind !== "v:") return undefined;
  const value = parse(key.slice(2));
  if (kind === "v:") return value === undefined || !isScalar(value) ? undefined : `v:${scalarText(value)}`;
  const keys = scalarsOf(value);
  return keys === undefined ? undefined : `k:${keysText(keys)}`;
}

function keysText(keys: Readonly<Record<string, Scalar>>): string {
  const names = Object.keys(keys);
  const ordered = names.length < 2 ? names : names.toSorted(compareText);
  return ordered.map((name) => `${JSON.stringify(name)}:${scalarText(keys[name] as Scalar)}`).join(",");
}

/** `1` and `"1"` differ. */
function scalarText(value: Scalar): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** The map, where it holds nothing but scalars. */
function scalarsOf(value: Value | undefined): Readonly<Record<string, Scalar>> | undefined {
  if (!isMap(value)) return undefined;
  const scalars: Record<string, Scalar> = {};
  for (const name of Object.keys(value)) {
    const scalar = value[name] as Value;
    if (!isScalar(scalar)) return undefined;
    setField(scalars, name, scalar);
  }
  return scalars;
}

function parse(json: string): Value | undefined {
  try {
    return JSON.parse(json) as Value;
  } catch {
    return undefined;
  }
}
