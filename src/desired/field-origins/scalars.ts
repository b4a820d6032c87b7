/** The scalars that a file writes, with their places: what a value of something rendered may come from. */

import type { Scalar } from "../../core/value.ts";
import { childOf } from "../../yaml/source-find.ts";
import { resolved } from "../../yaml/source-node.ts";
import type { ScalarNode, ScalarStyle, SourceNode } from "../../yaml/source-node.ts";
import { parseSource } from "../../yaml/source.ts";
import { baseName } from "../paths.ts";
import { embeddedIn } from "./embedded.ts";

export type Step = string | number;

export interface WrittenScalar {
  readonly file: string;
  /** `[start, end)` in the file's text, quotes included. */
  readonly start: number;
  readonly end: number;
  readonly style: ScalarStyle | "text";
  readonly value: Scalar;
  /** Where the value's own text begins, where the file has it letter by letter; `undefined` where it is escaped or folded. */
  readonly textStart?: number;
  /** From the document's root. */
  readonly path: readonly Step[];
  readonly document: WrittenDocument;
  /** Of YAML within text: where that text stands, the outermost first. */
  readonly within: readonly Holder[];
}

interface Holder {
  readonly path: readonly Step[];
  readonly document: WrittenDocument;
}

/** What the document says of itself. */
export interface WrittenDocument {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly name?: string;
  /** A list at the top: of operations of a JSON patch, say. */
  readonly list: boolean;
}

/** Scalars of one file that are looked at; one with more is too large to be looked through. */
const MAX_SCALARS = 20_000;

/** In the order of the file; none where it cannot be read as YAML. */
export function scalarsOf(file: string, text: string): readonly WrittenScalar[] {
  if (!/\.(?:ya?ml|json)$/.test(file) && baseName(file) !== "Kustomization") return [];
  const found: WrittenScalar[] = [];
  collect(found, { file, read: text, offsetOf: (offset) => offset, within: [] });
  return found;
}

interface Reading {
  readonly file: string;
  /** What is read of it. */
  readonly read: string;
  readonly offsetOf: (offset: number, side: "start" | "end") => number;
  readonly within: readonly Holder[];
}

function collect(found: WrittenScalar[], reading: Reading): void {
  for (const one of parseSource(reading.read).documents) {
    const { root, problems } = one.parse();
    if (root === undefined || problems.length > 0) continue;
    const document = documentOf(root);
    // A text that is no map and no list is a text.
    if (reading.within.length > 0 && root.kind !== "map" && root.kind !== "list") continue;
    walk(root, [], (node, path) => {
      if (found.length >= MAX_SCALARS) return;
      add(found, reading, { node, path, document });
    });
  }
}

interface Added {
  readonly node: ScalarNode;
  readonly path: readonly Step[];
  readonly document: WrittenDocument;
}

function add(found: WrittenScalar[], reading: Reading, { node, path, document }: Added): void {
  if (node.style === "empty" || node.tag !== undefined) return;
  const { file, read, offsetOf, within } = reading;
  const start = offsetOf(node.start, "start");
  const end = offsetOf(node.end, "end");
  const quotes = node.style === "single" || node.style === "double" ? 1 : 0;
  const textStart = offsetOf(node.start + quotes, "start");
  const written = read.slice(node.start + quotes, node.end - quotes);
  // In quotes around it a sign of it may take two.
  const literal =
    written === String(node.value) &&
    !written.includes("\n") &&
    offsetOf(node.end - quotes, "end") - textStart === written.length;
  found.push({
    file,
    start,
    end,
    style: node.style,
    value: node.value,
    ...(literal ? { textStart } : {}),
    path,
    document,
    within,
  });
  if (within.length >= MAX_WITHIN) return;
  const embedded = embeddedIn(read, node);
  if (embedded === undefined) return;
  collect(found, {
    file,
    read: embedded.text,
    offsetOf: (offset, side) => offsetOf(embedded.offsetOf(offset, side), side),
    within: [...within, { path, document }],
  });
}

/** A patch of a Flux Kustomization may put patches into Flux Kustomizations. */
const MAX_WITHIN = 3;

function walk(node: SourceNode, path: readonly Step[], visit: (node: ScalarNode, path: readonly Step[]) => void): void {
  switch (node.kind) {
    case "scalar":
      return visit(node, path);
    case "map":
      for (const { key, value, merge, odd } of node.entries) if (!merge && !odd) walk(value, [...path, key], visit);
      return;
    case "list":
      for (const [index, { value }] of node.items.entries()) walk(value, [...path, index], visit);
      return;
    case "alias": {
      const target = resolved(node);
      // In the place of the alias a value of its own may stand.
      if (target?.kind === "scalar") visit({ ...target, start: node.start, end: node.end, style: "plain" }, path);
      return;
    }
  }
}

function documentOf(root: SourceNode): WrittenDocument {
  const kind = textIn(root, "kind");
  const apiVersion = textIn(root, "apiVersion");
  const name = textIn(childOf(root, "metadata"), "name");
  return {
    list: root.kind === "list",
    ...(kind === undefined ? {} : { kind }),
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(name === undefined ? {} : { name }),
  };
}

export function textIn(node: SourceNode | undefined, key: string): string | undefined {
  const found = childOf(node, key);
  return found?.kind === "scalar" && typeof found.value === "string" ? found.value : undefined;
}

/** `spec.values.image.tag`, `images[0].newTag`. */
export function formatSteps(path: readonly Step[]): string {
  return path
    .map((step) =>
      typeof step === "number"
        ? `[${step}]`
        : /^[A-Za-z_][A-Za-z0-9_-]*$/.test(step)
          ? `.${step}`
          : `[${JSON.stringify(step)}]`,
    )
    .join("")
    .replace(/^\./, "");
}
