/** Takes apart what `kubectl get -o yaml` or `-o json` prints: documents, `List`s, typed lists, JSON line by line. */

import type { Fault, SourcePosition } from "../core/fault.ts";
import type { LiveObject } from "../core/objects.ts";
import type { KindRef } from "../core/refs.ts";
import { fieldOf, isList, isMap, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import type { Digester } from "../text/digest.ts";
import { decodeText } from "../yaml/content.ts";
import { splitDocuments } from "../yaml/documents.ts";
import { readJson } from "../yaml/json.ts";
import { readYaml } from "../yaml/read.ts";
import { toLiveObject } from "./objects.ts";
import { snapshotInvalid } from "./snapshot-faults.ts";

export interface Dump {
  readonly objects: readonly LiveObject[];
  /** Kinds of typed lists (`DeploymentList`), which tell that the kind was asked for even where they are empty. */
  readonly lists: readonly KindRef[];
  /** How many of the objects stand in no list. */
  readonly alone: number;
  readonly faults: readonly Fault[];
}

/** Of a file of which nothing could be read. */
export const EMPTY: Dump = { objects: [], lists: [], alone: 0, faults: [] };

/** The objects of one file. What is none (an error of kubectl's, say) is a fault at its document, and the rest is read. */
export function readDump(bytes: Uint8Array, options: { readonly file: string; readonly digester: Digester }): Dump {
  const { file } = options;
  const text = textOfDump(bytes);
  if (text === undefined) return { ...EMPTY, faults: [snapshotInvalid(file, "It is no UTF-8 text")] };
  const found: Found = { ...options, objects: [], lists: [], alone: 0, faults: [] };
  const { documents, faults } = readText(text, file);
  found.faults.push(...faults);
  for (const { value, position } of documents) {
    if (!takeList(found, value, position)) found.alone += takeObject(found, value, position) ? 1 : 0;
  }
  return found;
}

interface Found {
  readonly file: string;
  readonly digester: Digester;
  readonly objects: LiveObject[];
  readonly lists: KindRef[];
  alone: number;
  readonly faults: Fault[];
}

interface Placed {
  readonly value: Value;
  readonly position: SourcePosition;
}

/** UTF-16 is what `>` of older PowerShells writes. */
function textOfDump(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  return decodeText(bytes)?.replace(/^\uFEFF/, "");
}

function readText(text: string, file: string): { documents: readonly Placed[]; faults: readonly Fault[] } {
  if (/^\s*\{/.test(text)) {
    const { values, faults } = readJson(text, { file });
    // JSON between document separators is YAML.
    if (faults.length === 0 || !text.includes("\n---")) {
      const lineOf = valueLines(text, values.length);
      return { documents: values.map((value, index) => ({ value, position: { file, line: lineOf(index) } })), faults };
    }
  }
  const { documents, faults } = readYaml(text, { file, maxBytes: Number.MAX_SAFE_INTEGER });
  const lines = linesOf(text);
  return {
    documents: documents.map(({ index, value }) => ({ value, position: { file, line: lines.get(index) ?? 1 } })),
    faults,
  };
}

/** Where each JSON value begins, as far as it is known: in its line, where each line holds one. */
function valueLines(text: string, values: number): (index: number) => number {
  if (values < 2) return () => 1;
  const filled = text.split("\n").flatMap((line, index) => (line.trim() === "" ? [] : [index + 1]));
  return (index) => (filled.length === values ? (filled[index] ?? 1) : 1);
}

/** The first line of each document with content. */
function linesOf(text: string): ReadonlyMap<number, number> {
  const lines = new Map<number, number>();
  let line = 1;
  let offset = 0;
  for (const { index, start } of splitDocuments(text)) {
    for (let at = text.indexOf("\n", offset); at >= 0 && at < start; at = text.indexOf("\n", at + 1)) line++;
    offset = start;
    lines.set(index, line);
  }
  return lines;
}

/** Whether there was one. */
function takeObject(found: Found, value: Value, position: SourcePosition, of?: KindRef): boolean {
  if (textOf(value, "kind") === "Status" && textOf(value, "apiVersion") === "v1") {
    found.faults.push(snapshotInvalid(found.file, "An answer of the API server that refused stands here", position));
    return false;
  }
  const object = toLiveObject(value, {
    digester: found.digester,
    keepDigests: false,
    ...(of === undefined ? {} : { of }),
  });
  if (object !== undefined) found.objects.push(object);
  else
    found.faults.push(
      snapshotInvalid(found.file, "No object stands here: apiVersion, kind or name is missing", position),
    );
  return object !== undefined;
}

/** A list has items and no name of its own; a custom resource may be called `AllowList`. */
function takeList(found: Found, value: Value, position: SourcePosition): boolean {
  const kind = textOf(value, "kind");
  const metadata = fieldOf(value, "metadata");
  const items = fieldOf(value, "items");
  if (!isMap(value) || kind?.endsWith("List") !== true || textOf(metadata, "name") !== undefined) return false;
  if (!isList(items) && items !== null) return false;
  const apiVersion = textOf(value, "apiVersion");
  const of = kind === "List" || apiVersion === undefined ? undefined : { apiVersion, kind: kind.slice(0, -4) };
  if (of !== undefined) found.lists.push(of);
  for (const item of items ?? []) if (!takeList(found, item, position)) takeObject(found, item, position, of);
  if ((textOf(metadata, "continue") ?? "") !== "") {
    found.faults.push(snapshotInvalid(found.file, "The list goes on in a page that is not here", position));
  }
  return true;
}
