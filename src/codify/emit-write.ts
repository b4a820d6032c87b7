/** Writes a value over what stands at a key or behind a dash. */

import type { Value } from "../core/value.ts";
import type { ScalarNode, SourceNode } from "../yaml/source-node.ts";
import type { Cut } from "./cuts.ts";
import { blockIndent, columnOf, contentEnd, isFirstOnLine, lineEnd, lineStart, nextLine } from "./page.ts";
import type { Page } from "./page.ts";
import { refused } from "./refuse.ts";
import type { Refused } from "./refuse.ts";
import { scalarText } from "./scalar-text.ts";
import type { WriteTarget } from "./target.ts";
import { blockText, indented, inlineText, jsonLines, valueText } from "./value-text.ts";
import type { ValueText } from "./value-text.ts";

/** Where a node hangs in block style: behind a key's colon, or behind a dash. */
export interface Slot {
  readonly kind: "entry" | "item";
  /** Offset behind the colon or the dash. */
  readonly after: number;
  /** Column of the key or the dash. */
  readonly column: number;
}

/** `slot` is `undefined` in flow style. */
export function emitWrite(
  page: Page,
  node: SourceNode,
  { value, by }: WriteTarget,
  slot: Slot | undefined,
): readonly Cut[] | Refused {
  const place = { page, node, by };
  if (page.json) return jsonWrite(place, value);
  if (slot === undefined) return flowWrite(place, value);
  const kept = scalarInStyle(node, value, page);
  const text = kept ?? valueText(value, page.layout);
  if (text === undefined) return refused("unsupported", "the live value holds what YAML cannot write", node.start);
  if (text.kind !== "inline" && (node.anchor !== undefined || node.tag !== undefined)) {
    return refused("unsupported", "the value has an anchor or a tag", node.start);
  }
  return text.kind === "inline" ? writeInline(place, text.text, slot) : writeLines(place, text, slot);
}

interface Place {
  readonly page: Page;
  readonly node: SourceNode;
  readonly by: ReadonlySet<number>;
}

/** A string in the style of the string before it, where that is legal. */
function scalarInStyle(node: SourceNode, value: Value, page: Page): ValueText | undefined {
  if (node.kind !== "scalar" || typeof value !== "string") return undefined;
  if (page.layout.blocks && (node.style === "literal" || node.style === "folded")) {
    // Without a line break at the file's end, readers disagree on whether the scalar has one.
    const atEnd = node.end === page.text.length && !page.text.endsWith("\n");
    const block = atEnd ? undefined : (blockText(value, node.style === "folded" ? ">" : "|") ?? blockText(value, "|"));
    if (block !== undefined) return block;
  }
  if (value.includes("\n")) return undefined;
  const text = scalarText(value, "block", node.style);
  return text === undefined ? undefined : { kind: "inline", text };
}

function jsonWrite({ page, node, by }: Place, value: Value): readonly Cut[] | Refused {
  const lines = page.jsonUnit === "" ? undefined : jsonLines(value, page.jsonUnit);
  const indent = /^[ \t]*/.exec(page.text.slice(lineStart(page.text, node.start)))?.[0] ?? "";
  const text = lines === undefined ? inlineText(value, "json") : lines.join(page.newline + indent);
  if (text === undefined) return refused("unsupported", "the live value holds what JSON cannot write", node.start);
  return [{ start: node.start, end: node.end, text, by }];
}

function flowWrite({ page, node, by }: Place, value: Value): readonly Cut[] | Refused {
  const style = node.kind === "scalar" ? node.style : "plain";
  const text = typeof value === "string" ? scalarText(value, "flow", style) : inlineText(value, "flow");
  if (text === undefined) return refused("unsupported", "the live value holds what YAML cannot write", node.start);
  const space = node.start === node.end && !/\s/.test(page.text[node.start - 1] ?? " ") ? " " : "";
  return [{ start: node.start, end: node.end, text: space + text, by }];
}

function isEmpty(node: SourceNode): boolean {
  return node.kind === "scalar" && node.style === "empty";
}

function isBlockScalar(node: SourceNode): node is ScalarNode {
  return node.kind === "scalar" && (node.style === "literal" || node.style === "folded");
}

function isBlockCollection(node: SourceNode): boolean {
  return (node.kind === "map" || node.kind === "list") && !node.flow;
}

function writeInline({ page, node, by }: Place, text: string, slot: Slot): readonly Cut[] {
  const source = page.text;
  if (isEmpty(node)) {
    const at = node.anchor === undefined && node.tag === undefined ? slot.after : Math.max(slot.after, node.start);
    return [{ start: at, end: at, text: ` ${text}`, by }];
  }
  if (isBlockScalar(node)) {
    const comment = headerComment(page, node);
    return [{ start: node.start, end: contentEnd(source, node), text: text + comment, by }];
  }
  if (isBlockCollection(node) && isFirstOnLine(source, node.start)) {
    const gone = {
      start: lineStart(source, node.start),
      end: nextLine(source, contentEnd(source, node)),
      text: "",
      by,
    };
    return [{ start: slot.after, end: slot.after, text: ` ${text}`, by }, gone];
  }
  return [{ start: node.start, end: contentEnd(source, node), text, by }];
}

/** ` # why`, from behind a block scalar's header. */
function headerComment(page: Page, node: ScalarNode): string {
  return /\s+#.*$/.exec(page.text.slice(node.start, lineEnd(page.text, node.start)))?.[0] ?? "";
}

function writeLines(place: Place, text: Exclude<ValueText, { kind: "inline" }>, slot: Slot): readonly Cut[] {
  const { page, node, by } = place;
  const { newline } = page;
  const source = page.text;
  const { first, below } = linesFor(place, text, slot);
  const body = below.join(newline);
  const lead = first === "" ? "" : ` ${first}`;
  if (isBlockScalar(node)) {
    const end = contentEnd(source, node);
    const glue = below.length === 0 ? "" : newline + body;
    return [{ start: slot.after, end, text: lead + headerComment(page, node) + glue, by }];
  }
  if (isBlockCollection(node)) {
    const start = isFirstOnLine(source, node.start) ? lineStart(source, node.start) : slot.after;
    if (start === slot.after) {
      return [{ start, end: contentEnd(source, node), text: below.length === 0 ? lead : lead + newline + body, by }];
    }
    const end = lineEnd(source, contentEnd(source, node));
    if (text.kind === "block") {
      // Right below its header: blank lines and comments that stood before the collection would become text.
      const at = nextLine(source, slot.after);
      return [
        { start: slot.after, end: slot.after, text: lead, by },
        { start: at, end: at, text: body + newline, by },
        { start, end: nextLine(source, end), text: "", by },
      ];
    }
    const head = lead === "" ? [] : [{ start: slot.after, end: slot.after, text: lead, by }];
    if (below.length > 0) return [...head, { start, end, text: body, by }];
    return [...head, { start, end: nextLine(source, end), text: "", by }];
  }
  const end = isEmpty(node) ? slot.after : node.end;
  const at = nextLine(source, end);
  const unended = at === source.length && source[at - 1] !== "\n";
  const inserted =
    below.length === 0 ? [] : [{ start: at, end: at, text: unended ? newline + body : body + newline, by }];
  return [{ start: slot.after, end, text: lead, by }, ...inserted];
}

/** The part on the slot's own line, and the lines below it with all their indentation. */
function linesFor(
  { page, node }: Place,
  text: Exclude<ValueText, { kind: "inline" }>,
  slot: Slot,
): { readonly first: string; readonly below: readonly string[] } {
  const { step, listIndent } = page.layout;
  if (text.kind === "block") {
    const known = isBlockScalar(node) ? blockIndent(page.text, node) : 0;
    const indent = known > slot.column ? known : slot.column + step;
    return { first: text.header, below: indented(text.lines, indent) };
  }
  if (slot.kind === "item") {
    const [first, ...rest] = text.lines as readonly [string, ...string[]];
    return { first, below: indented(rest, slot.column + 2) };
  }
  if (isBlockCollection(node) && isFirstOnLine(page.text, node.start)) {
    const known = columnOf(page.text, node.start);
    if (text.of === node.kind) return { first: "", below: indented(text.lines, known) };
  }
  return { first: "", below: indented(text.lines, slot.column + (text.of === "map" ? step : listIndent)) };
}
