/** Finds objects and fields among a document's nodes. */

import type { Origin } from "../core/objects.ts";
import type { FieldPath, PathStep } from "../core/path.ts";
import { groupOf } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import { entryOf, resolved } from "./source-node.ts";
import type { SourceFinder } from "./source-finder.ts";
import type { ListItem, MapEntry, MapNode, SourceNode } from "./source-node.ts";
import type { SourceDocument, SourceText } from "./source.ts";

export interface FoundObject {
  readonly document: SourceDocument;
  /** Index in the `items` of a `List`, one entry a level. */
  readonly items: readonly number[];
  readonly node: MapNode;
}

/**
 * The objects of that group, kind, namespace and name. An object that names no namespace counts where none names the
 * right one. The document that the origin speaks of is asked first; others only where they hold the name's text.
 */
export function findObjects(source: SourceText, origin: Origin, ref: ObjectRef): readonly FoundObject[] {
  const named = source.documents.flatMap((document) => {
    const hinted = document.index === origin.document;
    if (!hinted && !source.text.slice(document.start, document.end).includes(ref.name)) return [];
    const { root } = document.parse();
    return root === undefined ? [] : objectsIn(document, root).filter((found) => isNamed(found, ref));
  });
  // A cluster-scoped object has no namespace, whatever its text says.
  if (ref.namespace === undefined && named.length === 1) return named;
  const exact = named.filter(({ node }) => textAt(node, "metadata", "namespace") === ref.namespace);
  return exact.length > 0 ? exact : named.filter(({ node }) => textAt(node, "metadata", "namespace") === undefined);
}

function isNamed({ node, kind, apiVersion }: Candidate, ref: ObjectRef): boolean {
  return (
    kind === ref.kind &&
    apiVersion !== undefined &&
    groupOf(apiVersion) === groupOf(ref.apiVersion) &&
    textAt(node, "metadata", "name") === ref.name
  );
}

interface Candidate extends FoundObject {
  readonly kind: string | undefined;
  readonly apiVersion: string | undefined;
}

/** The objects of a document; the items of a list of a known kind (`ConfigMapList`) may leave their kind out. */
function objectsIn(document: SourceDocument, root: SourceNode): readonly Candidate[] {
  const found: Candidate[] = [];
  const collect = (node: SourceNode, items: readonly number[], inherited: Partial<Candidate>): void => {
    const map = resolved(node);
    if (map?.kind !== "map" || items.length > 8) return;
    const kind = textAt(map, "kind") ?? inherited.kind;
    const apiVersion = textAt(map, "apiVersion") ?? inherited.apiVersion;
    const list = kind?.endsWith("List") === true ? childOf(map, "items") : undefined;
    if (list?.kind === "list") {
      const ofItems = kind === "List" ? {} : { kind: kind?.slice(0, -"List".length), apiVersion };
      for (const [index, item] of list.items.entries()) collect(item.value, [...items, index], ofItems);
    } else {
      found.push({ document, items, node: map, kind, apiVersion });
    }
  };
  collect(root, [], {});
  return found;
}

/** The object at a place in a document, or `undefined`. */
export function objectAt(root: SourceNode, items: readonly number[]): MapNode | undefined {
  let current: SourceNode | undefined = resolved(root);
  for (const index of items) {
    const list: SourceNode | undefined = current?.kind === "map" ? childOf(current, "items") : undefined;
    const item = list?.kind === "list" ? list.items[index] : undefined;
    current = item === undefined ? undefined : resolved(item.value);
  }
  return current?.kind === "map" ? current : undefined;
}

/** The value of a local key, aliases followed. */
export function childOf(node: SourceNode | undefined, key: string): SourceNode | undefined {
  const map = node === undefined ? undefined : resolved(node);
  const entry = map?.kind === "map" ? entryOf(map, key) : undefined;
  return entry === undefined ? undefined : resolved(entry.value);
}

function textAt(node: SourceNode, ...keys: readonly string[]): string | undefined {
  let current: SourceNode | undefined = node;
  for (const key of keys) current = childOf(current, key);
  return current?.kind === "scalar" && typeof current.value === "string" ? current.value : undefined;
}

/** How far a path is written: the offset of the field, or of its nearest parent that is. The finder is for all questions about a file. */
export function offsetOf(object: MapNode, path: FieldPath, finder: SourceFinder): number {
  let offset = object.start;
  let current: SourceNode | undefined = object;
  for (const step of path) {
    const found: MapEntry | ListItem | undefined = current === undefined ? undefined : stepTo(finder, current, step);
    if (found === undefined) return offset;
    offset = "key" in found ? found.keyStart : (found.dash ?? found.value.start);
    current = resolved(found.value);
  }
  return offset;
}

function stepTo(finder: SourceFinder, node: SourceNode, step: PathStep): MapEntry | ListItem | undefined {
  if (step.kind === "field") return node.kind === "map" ? finder.shapeOf(node).entries.get(step.name) : undefined;
  if (node.kind !== "list") return undefined;
  const index = finder.indexOfItem(node, step, undefined) ?? finder.nearestItem(node, step);
  return index === undefined ? undefined : node.items[index];
}
