/**
 * Builds a document's value from its nodes, in the order that they are written, with the meaning that go.yaml.in/yaml/v2
 * (`decode.go`) and `sigs.k8s.io/yaml` give them: kinds of nodes beat their tags, a merge overrides what stands above it,
 * the last of equal keys wins, keys become text.
 */

import { MAX_DEPTH, setField } from "../core/value.ts";
import type { Scalar, Value } from "../core/value.ts";
import { keyOf, resolveKey, resolveScalar, resolveTagged } from "./scalars.ts";

/** What a parser says of a document's nodes. Offsets are UTF-16 units into the document's text; tags are in full. */
export interface NodeSink {
  scalar(node: ScalarNode): void;
  /** A scalar without tag and anchor: nearly all of them. */
  plain(text: string, offset: number): void;
  quoted(text: string, offset: number): void;
  open(kind: "map" | "list", offset: number, anchor: string | undefined): void;
  close(): void;
  alias(name: string, offset: number): void;
}

export interface ScalarNode {
  readonly text: string;
  /** Written without quotes and not as a block. */
  readonly plain: boolean;
  readonly tag: string | undefined;
  readonly anchor: string | undefined;
  readonly offset: number;
}

export interface Built {
  readonly value: Value;
  /** Offsets of keys that repeat an earlier one of their map. */
  readonly duplicates: readonly number[];
  /** Keys that are words without quotes (`on`, `yes`) and read as booleans; the first few. */
  readonly booleanKeys: readonly BooleanKey[];
}

export interface BooleanKey {
  readonly offset: number;
  /** As it is written. */
  readonly word: string;
}

export interface Builder extends NodeSink {
  /** The finished document; `null` where it has no node. */
  result(): Built;
}

/** Why a text is no document to Kubernetes. Thrown by parsers and the builder, caught by the reader. */
export class YamlError extends Error {
  readonly offset: number;
  /** A parser's opinion on the syntax, that another parser may not share; otherwise what the nodes mean is refused. */
  readonly syntax: boolean;

  constructor(reason: string, offset: number, syntax = false) {
    super(reason);
    this.offset = offset;
    this.syntax = syntax;
  }
}

/** A map or list that is being read. */
interface Frame {
  readonly parent: Frame | undefined;
  readonly depth: number;
  readonly map: Record<string, Value> | undefined;
  readonly list: Value[] | undefined;
  readonly anchor: Anchor | undefined;
  readonly startedAt: number;
  /** Levels of containers, this one included. */
  height: number;
  key: string | undefined;
  keyOffset: number;
  /** The value that comes is merged (`<<`). */
  merging: boolean;
  /** Keys that stand in the map only because of a merge: writing one of them is no repetition. */
  merged: Set<string> | undefined;
  /** The kinds of a list's items, kept where the list is merged. */
  kinds: NodeKind[] | undefined;
}

type NodeKind = "scalar" | "map" | "list";

interface Anchor {
  finished: boolean;
  value: Value;
  kind: NodeKind;
  size: number;
  height: number;
  /** As a key; `undefined` where it can be none. */
  key: string | undefined;
  merge: boolean;
}

/** Of one document: who writes one knows then. */
const MOST_BOOLEAN_KEYS = 10;

const MERGE_TAG = "tag:yaml.org,2002:merge";

export function createBuilder(): Builder {
  let frame: Frame | undefined;
  let root: Value = null;
  let nodes = 0;
  let aliased = 0;
  let infinite: number | undefined;
  const anchors = new Map<string, Anchor>();
  const duplicates: number[] = [];
  const booleanKeys: BooleanKey[] = [];

  function count(size: number, offset: number): void {
    nodes += size;
    // Kubernetes' own measure of an alias bomb: the share of nodes that come from aliases.
    if (aliased > 100 && nodes > 1000 && aliased / nodes > allowedAliasRatio(nodes)) {
      throw new YamlError("aliases blow the document up", offset);
    }
  }

  function add(value: Value, kind: NodeKind, offset: number): void {
    if (frame === undefined) {
      root = value;
    } else if (frame.list !== undefined) {
      frame.list.push(value);
      frame.kinds?.push(kind);
    } else if (frame.merging) {
      frame.merging = false;
      mergeInto(frame, value, kind, offset);
    } else if (frame.key === undefined) {
      throw new YamlError("a map or list cannot be a key", offset);
    } else {
      addField(frame, frame.key, value);
      frame.key = undefined;
    }
  }

  function addField(into: Frame, key: string, value: Value): void {
    const map = into.map as Record<string, Value>;
    if (map[key] !== undefined && Object.hasOwn(map, key) && !into.merged?.has(key)) duplicates.push(into.keyOffset);
    into.merged?.delete(key);
    setField(map, key, value);
  }

  /** Whether the node that comes is a key of the map that is open. */
  function atKey(): boolean {
    return frame?.map !== undefined && frame.key === undefined && !frame.merging;
  }

  function setKey(key: string | undefined, offset: number): void {
    if (key === undefined) throw new YamlError("null or a number beyond 64 bits cannot be a key", offset);
    const into = frame as Frame;
    into.key = key;
    into.keyOffset = offset;
  }

  function plainKey(text: string, offset: number): string | undefined {
    const key = resolveKey(text);
    const isWord = key !== text && (key === "true" || key === "false");
    if (isWord && booleanKeys.length < MOST_BOOLEAN_KEYS) booleanKeys.push({ offset, word: text });
    return key;
  }

  function startMerge(offset: number): void {
    const into = frame as Frame;
    into.merging = true;
    into.keyOffset = offset;
  }

  function leaf(value: Scalar, offset: number): void {
    if (typeof value === "number" && !Number.isFinite(value)) infinite = offset;
    add(value, "scalar", offset);
  }

  function plain(text: string, offset: number): void {
    count(1, offset);
    if (!atKey()) leaf(resolveScalar(text), offset);
    else if (text === "<<") startMerge(offset);
    else setKey(plainKey(text, offset), offset);
  }

  function quoted(text: string, offset: number): void {
    count(1, offset);
    if (atKey()) setKey(text, offset);
    else add(text, "scalar", offset);
  }

  function scalar(node: ScalarNode): void {
    count(1, node.offset);
    const { offset } = node;
    const value = scalarValue(node);
    const resolve = atKey() ? plainKey : resolveKey;
    const key = node.plain && node.tag === undefined ? resolve(node.text, offset) : keyOf(value);
    const implicit = node.tag === "!" || (node.plain && node.tag === undefined);
    const merge = node.text === "<<" && (implicit || node.tag === MERGE_TAG);
    if (node.anchor !== undefined) {
      anchors.set(node.anchor, { finished: true, value, kind: "scalar", size: 1, height: 0, key, merge: false });
    }
    if (!atKey()) leaf(value, offset);
    else if (merge) startMerge(offset);
    else setKey(key, offset);
  }

  function open(kind: "map" | "list", offset: number, name: string | undefined): void {
    if (atKey()) throw new YamlError("a map or list cannot be a key", offset);
    const depth = (frame?.depth ?? 0) + 1;
    if (depth > MAX_DEPTH) throw new YamlError(`nested deeper than ${MAX_DEPTH} levels`, offset);
    const startedAt = nodes;
    count(1, offset);
    const anchor: Anchor | undefined =
      name === undefined
        ? undefined
        : { finished: false, value: null, kind, size: 0, height: 0, key: undefined, merge: false };
    if (name !== undefined && anchor !== undefined) anchors.set(name, anchor);
    frame = {
      parent: frame,
      depth,
      map: kind === "map" ? {} : undefined,
      list: kind === "list" ? [] : undefined,
      anchor,
      startedAt,
      height: 1,
      key: undefined,
      keyOffset: offset,
      merging: false,
      merged: undefined,
      kinds: kind === "list" && frame?.merging === true ? [] : undefined,
    };
  }

  function close(): void {
    const closed = frame as Frame;
    // A list that grew has room for more: a copy takes what it needs.
    const value = closed.map ?? (closed.list as Value[]).slice();
    const kind = closed.map === undefined ? "list" : "map";
    if (closed.anchor !== undefined) {
      Object.assign(closed.anchor, { finished: true, value, size: nodes - closed.startedAt, height: closed.height });
    }
    frame = closed.parent;
    if (frame !== undefined && closed.height >= frame.height) frame.height = closed.height + 1;
    if (closed.kinds !== undefined) mergeList(frame as Frame, closed);
    else add(value, kind, closed.keyOffset);
  }

  function alias(name: string, offset: number): void {
    const anchor = anchors.get(name);
    if (anchor === undefined) throw new YamlError("an alias names no anchor above it", offset);
    if (!anchor.finished) throw new YamlError("an anchor's value contains itself", offset);
    if ((frame?.depth ?? 0) + anchor.height > MAX_DEPTH) {
      throw new YamlError(`nested deeper than ${MAX_DEPTH} levels`, offset);
    }
    aliased += anchor.size;
    count(1 + anchor.size, offset);
    if (frame !== undefined && anchor.height >= frame.height) frame.height = anchor.height + 1;
    if (!atKey()) add(anchor.value, anchor.kind, offset);
    else if (anchor.kind === "scalar") setKey(anchor.key, offset);
    else throw new YamlError("a map or list cannot be a key", offset);
  }

  /** Later items give way to earlier ones, so they go first. */
  function mergeList(into: Frame, closed: Frame): void {
    into.merging = false;
    const items = closed.list as Value[];
    for (let index = items.length - 1; index >= 0; index--) {
      mergeInto(into, items[index] as Value, closed.kinds?.[index] as NodeKind, into.keyOffset);
    }
  }

  function mergeInto(into: Frame, value: Value, kind: NodeKind, offset: number): void {
    if (kind !== "map") throw new YamlError("only a map, or a list of maps, can be merged", offset);
    const map = into.map as Record<string, Value>;
    const source = value as Readonly<Record<string, Value>>;
    const keys = Object.keys(source);
    aliased += keys.length;
    count(keys.length, offset);
    into.merged ??= new Set();
    for (const key of keys) {
      if (!Object.hasOwn(map, key)) into.merged.add(key);
      setField(map, key, source[key] as Value);
    }
  }

  function result(): Built {
    // A later key of the same name, or a merge, may have taken its place.
    if (infinite !== undefined && !isFiniteThroughout(root)) {
      throw new YamlError("infinity and not-a-number cannot be written as JSON", infinite);
    }
    return { value: root, duplicates, booleanKeys };
  }

  return { scalar, plain, quoted, open, close, alias, result };
}

/** Aliases are looked into again and again: their number is limited. */
function isFiniteThroughout(value: Value): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  return typeof value !== "object" || value === null || Object.values(value).every(isFiniteThroughout);
}

function scalarValue(node: ScalarNode): Scalar {
  if (node.tag === undefined) return node.plain ? resolveScalar(node.text) : node.text;
  if (node.tag === "!") return node.text;
  const answer = resolveTagged(node.tag, node.text);
  if ("error" in answer) throw new YamlError(answer.error, node.offset);
  return answer.value;
}

/** `allowedAliasRatio` of go.yaml.in/yaml/v2. */
function allowedAliasRatio(nodes: number): number {
  const [low, high] = [400_000, 4_000_000];
  if (nodes <= low) return 0.99;
  return nodes >= high ? 0.1 : 0.99 - (0.89 * (nodes - low)) / (high - low);
}
