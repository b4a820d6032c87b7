/** A document's nodes with their places in the file's text: what edits and line numbers are made from. */

import { setField } from "../core/value.ts";
import type { Scalar, Value, ValueMap } from "../core/value.ts";

interface Placed {
  /** `[start, end)` of the value as written, in UTF-16 units of the file: without anchor, tag and trailing comment. */
  readonly start: number;
  readonly end: number;
  readonly anchor?: string;
  /** An explicit tag, as written. */
  readonly tag?: string;
}

export type ScalarStyle = "plain" | "single" | "double" | "literal" | "folded" | "empty";

export interface ScalarNode extends Placed {
  readonly kind: "scalar";
  /** `empty` takes no room: the text has nothing where the value would stand. */
  readonly style: ScalarStyle;
  readonly value: Scalar;
}

export interface MapNode extends Placed {
  readonly kind: "map";
  readonly flow: boolean;
  readonly entries: readonly MapEntry[];
}

export interface MapEntry {
  /** The key as Kubernetes reads it: always text. */
  readonly key: string;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly keyStyle: ScalarStyle;
  /** Offset behind the colon; absent where none is written (`{a, b}`). */
  readonly afterColon?: number;
  /** Written with `? `, or with a key that is no plain scalar: readable, and never edited. */
  readonly odd: boolean;
  /** `<<`: the entry brings another map's fields in. */
  readonly merge: boolean;
  readonly value: SourceNode;
}

export interface ListNode extends Placed {
  readonly kind: "list";
  readonly flow: boolean;
  readonly items: readonly ListItem[];
}

export interface ListItem {
  /** Offset of the `-`; absent in flow lists. */
  readonly dash?: number;
  readonly value: SourceNode;
}

interface AliasNode extends Placed {
  readonly kind: "alias";
  readonly name: string;
  /** What the alias stands for; absent where the document has no such anchor. */
  readonly target?: SourceNode;
}

export type SourceNode = ScalarNode | MapNode | ListNode | AliasNode;

/** The last entry of that key (Kubernetes lets the last duplicate win), or `undefined`. Merged keys are not looked at. */
export function entryOf(node: MapNode, key: string): MapEntry | undefined {
  return node.entries.findLast((entry) => entry.key === key && !entry.merge);
}

/** The node itself, or what an alias stands for. */
export function resolved(node: SourceNode): SourceNode | undefined {
  let current: SourceNode | undefined = node;
  // An alias' target may be an alias no more than once over: anchors on aliases are no YAML.
  for (let hops = 0; current?.kind === "alias" && hops < 8; hops++) current = current.target;
  return current?.kind === "alias" ? undefined : current;
}

/** Nodes that a value may expand to; beyond that aliases are taken for a bomb. */
const MAX_NODES = 2_000_000;

/** The value that Kubernetes reads, aliases and merge keys followed; `undefined` where they expand beyond any use, or lead nowhere. */
export function valueOfNode(node: SourceNode): Value | undefined {
  const budget = { left: MAX_NODES };
  try {
    return expand(node, budget, 0);
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

class Unreadable extends Error {}

function expand(node: SourceNode, budget: { left: number }, depth: number): Value {
  if (--budget.left < 0 || depth > 1000) throw new Unreadable("too large");
  switch (node.kind) {
    case "scalar":
      return node.value;
    case "list":
      return node.items.map((item) => expand(item.value, budget, depth + 1));
    case "map":
      return expandMap(node, budget, depth);
    case "alias":
      if (node.target === undefined) throw new Unreadable("no such anchor");
      return expand(node.target, budget, depth + 1);
  }
}

function expandMap(node: MapNode, budget: { left: number }, depth: number): ValueMap {
  const map: Record<string, Value> = {};
  for (const entry of node.entries.filter((candidate) => candidate.merge)) {
    const source = expand(entry.value, budget, depth + 1);
    // Of several merged maps the earlier wins; a local key wins over all.
    const sources = Array.isArray(source) ? (source as readonly Value[]).toReversed() : [source];
    for (const merged of sources) {
      if (typeof merged !== "object" || merged === null || Array.isArray(merged)) throw new Unreadable("merges no map");
      for (const key of Object.keys(merged)) setField(map, key, (merged as ValueMap)[key] as Value);
    }
  }
  for (const entry of node.entries) {
    if (!entry.merge) setField(map, entry.key, expand(entry.value, budget, depth + 1));
  }
  return map;
}

/** Calls `visit` for the node and all nodes below it as written (aliases are not followed), parents first. */
export function visitNodes(node: SourceNode, visit: (node: SourceNode) => void): void {
  visit(node);
  if (node.kind === "map") for (const entry of node.entries) visitNodes(entry.value, visit);
  if (node.kind === "list") for (const item of node.items) visitNodes(item.value, visit);
}
