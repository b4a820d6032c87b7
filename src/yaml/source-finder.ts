/**
 * Finds entries and items of nodes by name and by key. What a map or list holds is looked through at the first question,
 * and never again, whatever is asked: there may be as many questions as items.
 */

import { itemPlaces, sayingOf } from "../core/item-places.ts";
import type { ItemPlaces, Keys } from "../core/item-places.ts";
import type { PathStep } from "../core/path.ts";
import type { FieldSchema } from "../core/schema.ts";
import type { Scalar } from "../core/value.ts";
import { resolved } from "./source-node.ts";
import type { ListItem, ListNode, MapEntry, MapNode, SourceNode } from "./source-node.ts";

/** For one task: nodes never change, but a list is taken to have the schema that it was first asked for with. */
export interface SourceFinder {
  shapeOf(node: MapNode): MapShape;
  /** The position of the item that a key, value or index step means; keys that an item leaves out have the schema's defaults. */
  indexOfItem(node: ListNode, step: PathStep, schema: FieldSchema | undefined): number | undefined;
  /** For positions only: the single item that contradicts none of the keys and has at least one of them. */
  nearestItem(node: ListNode, step: PathStep): number | undefined;
}

export interface MapShape {
  /** The last entry of each key (Kubernetes lets the last duplicate win), merge keys not counted. */
  readonly entries: ReadonlyMap<string, MapEntry>;
  /** Keys that stand there more than once. */
  readonly twice: ReadonlySet<string>;
  /** The first key that is no plain scalar. */
  readonly odd?: MapEntry;
  readonly lastMerge?: MapEntry;
}

export function sourceFinder(): SourceFinder {
  const shapes = new Map<MapNode, MapShape>();
  const keyed = new Map<ListNode, ItemPlaces>();
  const valued = new Map<ListNode, ItemPlaces>();
  const nearest = new Map<ListNode, Map<string, Nearest>>();
  const shapeOf = (node: MapNode): MapShape => made(shapes, node, () => shape(node));
  const keyOf = ({ value }: ListItem, name: string): Scalar | undefined => {
    const map = resolved(value);
    const entry = map?.kind === "map" ? shapeOf(map).entries.get(name) : undefined;
    return entry === undefined ? undefined : scalarOf(entry.value);
  };
  return {
    shapeOf,
    indexOfItem(node, step, schema) {
      switch (step.kind) {
        case "field":
          return undefined;
        case "index":
          return step.index < node.items.length ? step.index : undefined;
        case "value": {
          const valueOf = ({ value }: ListItem): Scalar | undefined => scalarOf(value);
          const places = made(valued, node, () => itemPlaces({ items: node.items, valueOf }));
          return orNone(places.first({ "": step.value }));
        }
        case "key": {
          const defaults = schema?.list?.kind === "map" ? (schema.list.defaults ?? {}) : {};
          const valueOf = (item: ListItem, name: string): Scalar => withDefault(keyOf(item, name), name, defaults);
          const places = made(keyed, node, () => itemPlaces({ items: node.items, valueOf }));
          return orNone(places.first(step.keys));
        }
      }
    },
    nearestItem(node, step) {
      if (step.kind !== "key") return undefined;
      const names = Object.keys(step.keys);
      const ofList = made(nearest, node, () => new Map<string, Nearest>());
      const index = made(ofList, JSON.stringify(names), () => nearestOf(node, names, { shapeOf, keyOf }));
      return index(step.keys);
    },
  };
}

function made<K, V>(known: Map<K, V>, key: K, make: () => V): V {
  const found = known.get(key);
  if (found !== undefined) return found;
  const value = make();
  known.set(key, value);
  return value;
}

function shape(node: MapNode): MapShape {
  const entries = new Map<string, MapEntry>();
  const twice = new Set<string>();
  for (const entry of node.entries) {
    if (entry.merge) continue;
    if (entries.has(entry.key)) twice.add(entry.key);
    entries.set(entry.key, entry);
  }
  const odd = node.entries.find((entry) => entry.odd);
  const lastMerge = node.entries.findLast(({ merge }) => merge);
  return { entries, twice, ...(odd === undefined ? {} : { odd }), ...(lastMerge === undefined ? {} : { lastMerge }) };
}

function orNone(index: number): number | undefined {
  return index < 0 ? undefined : index;
}

/** Kubernetes drops nulls, and blanks of keys that have a default, then fills the default in. */
function withDefault(written: Scalar | undefined, name: string, defaults: Readonly<Record<string, Scalar>>): Scalar {
  const missing = written === undefined || written === null || written === "";
  if (!missing) return written;
  return Object.hasOwn(defaults, name) ? (defaults[name] as Scalar) : (written ?? null);
}

function scalarOf(node: SourceNode): Scalar | undefined {
  const target = resolved(node);
  return target?.kind === "scalar" ? target.value : undefined;
}

type Nearest = (keys: Keys) => number | undefined;

interface Readers {
  readonly shapeOf: (node: MapNode) => MapShape;
  readonly keyOf: (item: ListItem, name: string) => Scalar | undefined;
}

/** Items by which of the keys they write at all, and then by what they say of these. */
function nearestOf(node: ListNode, names: readonly string[], { shapeOf, keyOf }: Readers): Nearest {
  const groups = new Map<string, { readonly written: readonly string[]; readonly items: Map<string, number[]> }>();
  for (const [index, item] of node.items.entries()) {
    const map = resolved(item.value);
    const written = map?.kind === "map" ? names.filter((name) => shapeOf(map).entries.has(name)) : [];
    // What is no scalar contradicts.
    if (written.length === 0 || written.some((name) => keyOf(item, name) === undefined)) continue;
    const group = made(groups, JSON.stringify(written), () => ({ written, items: new Map<string, number[]>() }));
    made(
      group.items,
      sayingOf(written, (name) => keyOf(item, name)),
      () => [],
    ).push(index);
  }
  return (keys) => {
    const near = [...groups.values()].flatMap(
      ({ written, items }) => items.get(sayingOf(written, (name) => keys[name]))?.slice(0, 2) ?? [],
    );
    return near.length === 1 ? near[0] : undefined;
  };
}
