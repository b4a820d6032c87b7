/** The text that is edited: its lines, and how its author lays documents out. */

import type { MapNode, ScalarNode, SourceNode } from "../yaml/source-node.ts";
import type { Layout } from "./value-text.ts";

export interface Page {
  readonly text: string;
  /** The line end that most of the document's lines have. */
  readonly newline: "\n" | "\r\n";
  readonly layout: Layout;
  readonly json: boolean;
  /** One level of JSON's indentation; empty where the document is one line. */
  readonly jsonUnit: string;
}

/** `root` is the document's, `within` its place in the text. */
export function pageOf(
  text: string,
  root: SourceNode,
  within: { start: number; end: number; json: boolean; blocks: boolean },
): Page {
  const own = text.slice(within.start, within.end);
  return {
    text,
    newline: (own.match(/\r\n/g)?.length ?? 0) * 2 > (own.match(/\n/g)?.length ?? 0) ? "\r\n" : "\n",
    layout: { ...layoutOf(text, root), blocks: within.blocks },
    json: within.json,
    jsonUnit: /\n([ \t]+)\S/.exec(text.slice(root.start, within.end))?.[1] ?? "",
  };
}

/** Offset of the line's first character (behind a byte order mark). */
export function lineStart(text: string, offset: number): number {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  return start === 0 && text.startsWith("\uFEFF") ? 1 : start;
}

/** Offset of the line's end: of its line break, or of the text's end. */
export function lineEnd(text: string, offset: number): number {
  const next = text.indexOf("\n", offset);
  if (next < 0) return text.length;
  return next > offset && text[next - 1] === "\r" ? next - 1 : next;
}

/** Offset of the next line's first character, or of the text's end. */
export function nextLine(text: string, offset: number): number {
  const next = text.indexOf("\n", offset);
  return next < 0 ? text.length : next + 1;
}

export function columnOf(text: string, offset: number): number {
  return offset - lineStart(text, offset);
}

/** Whether nothing but spaces stands before the offset on its line. */
export function isFirstOnLine(text: string, offset: number): boolean {
  return /^ *$/.test(text.slice(lineStart(text, offset), offset));
}

/**
 * Where the node's content ends: for a block scalar behind its last line that counts (blank lines that follow are
 * nobody's, unless it keeps them), before the line break; for a collection where its last part does.
 */
export function contentEnd(text: string, node: SourceNode): number {
  switch (node.kind) {
    case "alias":
      return node.end;
    case "scalar":
      return node.style === "literal" || node.style === "folded" ? blockEnd(text, node) : node.end;
    case "list": {
      const last = node.items.at(-1);
      if (node.flow || last === undefined) return node.end;
      return Math.max((last.dash ?? 0) + 1, contentEnd(text, last.value));
    }
    case "map": {
      const last = node.entries.at(-1);
      if (node.flow || last === undefined) return node.end;
      const written = last.value.kind !== "scalar" || last.value.style !== "empty";
      return written ? contentEnd(text, last.value) : (last.afterColon ?? last.keyEnd);
    }
  }
}

function blockEnd(text: string, node: ScalarNode): number {
  const trimBreak = (end: number): number => {
    if (text[end - 1] !== "\n") return end;
    return text[end - 2] === "\r" ? end - 2 : end - 1;
  };
  const header = text.slice(node.start, lineEnd(text, node.start));
  let end = trimBreak(node.end);
  if (blockIndicator(text, node).includes("+")) return end;
  const indent = blockIndent(text, node);
  while (end > node.start) {
    const start = lineStart(text, end);
    const line = text.slice(start, end);
    if (start <= node.start || line.trim() !== "" || line.length > indent) break;
    end = trimBreak(start);
  }
  return Math.max(end, node.start + header.length);
}

/** A block scalar's `|` or `>` with what stands behind it (`|2-`); empty for other scalars. */
export function blockIndicator(text: string, { style, start }: ScalarNode): string {
  return style === "literal" || style === "folded"
    ? (/^[|>][-+\d]*/.exec(text.slice(start, start + 4))?.[0] ?? "")
    : "";
}

/** Columns before the first line of a block scalar that holds something. */
export function blockIndent(text: string, node: SourceNode): number {
  const body = text.slice(nextLine(text, node.start), node.end);
  return /^( *)\S/m.exec(body)?.[1]?.length ?? 0;
}

function layoutOf(text: string, root: SourceNode): Omit<Layout, "blocks"> {
  const found: { step?: number; listIndent?: number } = {};
  const look = (node: SourceNode): void => {
    if (found.step !== undefined && found.listIndent !== undefined) return;
    if (node.kind === "list") for (const item of node.items) look(item.value);
    if (node.kind !== "map" || node.flow) return;
    for (const entry of node.entries) {
      const column = columnOf(text, entry.keyStart);
      if (entry.value.kind === "map" && !entry.value.flow) found.step ??= mapColumn(text, entry.value) - column;
      if (entry.value.kind === "list" && !entry.value.flow) {
        found.listIndent ??= columnOf(text, entry.value.start) - column;
      }
      look(entry.value);
    }
  };
  look(root);
  const step = found.step ?? 2;
  return { step: step > 0 ? step : 2, listIndent: Math.max(0, found.listIndent ?? step) };
}

/** The column of a block map's keys. */
function mapColumn(text: string, node: MapNode): number {
  return columnOf(text, node.entries[0]?.keyStart ?? node.start);
}
