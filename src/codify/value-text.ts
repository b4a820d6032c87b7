/** Whole values as text: lines of block style, or one line of flow style or JSON. */

import { isList, isMap } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { isBlockText, keyText, scalarText } from "./scalar-text.ts";
import type { ScalarContext } from "./scalar-text.ts";

/** How the document's author indents. */
export interface Layout {
  /** Columns between a map and a map below it. */
  readonly step: number;
  /** Columns between a key and the dashes of the list below it. */
  readonly listIndent: number;
  /** Whether strings of several lines may become block scalars; else they are quoted. */
  readonly blocks: boolean;
}

/**
 * What a value looks like behind a key or a dash: `inline` on the same line; `below` on lines of its own, relative to
 * the place's indentation (map lines have none, list lines have the list's); `block` is a block scalar, its header
 * on the same line.
 */
export type ValueText =
  | { readonly kind: "inline"; readonly text: string }
  | { readonly kind: "below"; readonly of: "map" | "list"; readonly lines: readonly string[] }
  | { readonly kind: "block"; readonly header: string; readonly lines: readonly string[] };

/** `undefined` where the value, or something in it, cannot be written. Lines have no indentation of their own but what nests. */
export function valueText(value: Value, layout: Layout): ValueText | undefined {
  if (isList(value) && value.length > 0) {
    const lines = listLines(value, layout);
    return lines === undefined ? undefined : { kind: "below", of: "list", lines };
  }
  if (isMap(value) && Object.keys(value).length > 0) {
    const lines = mapLines(value, layout);
    return lines === undefined ? undefined : { kind: "below", of: "map", lines };
  }
  if (typeof value === "string" && layout.blocks) {
    const block = literalText(value);
    if (block !== undefined) return block;
  }
  const text = inlineText(value, "block");
  return text === undefined ? undefined : { kind: "inline", text };
}

/** A string of several lines as a literal block, where every reader agrees on its meaning. */
function literalText(value: string): (ValueText & { kind: "block" }) | undefined {
  return value.slice(0, -1).includes("\n") ? blockText(value, "|") : undefined;
}

/** A string of one or more lines as a block scalar. The first and last line hold something, and no line begins the text with a space. */
export function blockText(value: string, indicator: "|" | ">"): (ValueText & { kind: "block" }) | undefined {
  const body = value.endsWith("\n") ? value.slice(0, -1) : value;
  if (body === "" || /^[\s]/.test(body) || /(?:^|\n)[ \t]*$/.test(body) || !isBlockText(body)) return undefined;
  // Folding would join lines; a tab at a line's start is content that some readers take for indentation.
  if ((indicator === ">" && body.includes("\n")) || /\n[ ]*\t/.test(body)) return undefined;
  const chomping = value.endsWith("\n") ? "" : "-";
  return { kind: "block", header: indicator + chomping, lines: body.split("\n") };
}

/** The lines of `key: value` for one entry. */
export function entryLines(key: string, value: Value, layout: Layout): readonly string[] | undefined {
  const name = keyText(key, "block");
  const text = valueText(value, layout);
  if (name === undefined || text === undefined) return undefined;
  switch (text.kind) {
    case "inline":
      return [`${name}: ${text.text}`];
    case "block":
      return [`${name}: ${text.header}`, ...indented(text.lines, layout.step)];
    case "below":
      return [`${name}:`, ...indented(text.lines, text.of === "map" ? layout.step : layout.listIndent)];
  }
}

/** The lines of one list item, the dash with them. `gap` spaces stand behind the dash. */
export function itemLines(value: Value, layout: Layout, gap = 1): readonly string[] | undefined {
  const text = valueText(value, layout);
  if (text === undefined) return undefined;
  switch (text.kind) {
    case "inline":
      return [`- ${text.text}`];
    case "block":
      return [`- ${text.header}`, ...indented(text.lines, layout.step)];
    case "below": {
      const spaces = " ".repeat(gap);
      const [first, ...rest] = text.lines;
      return [`-${spaces}${first}`, ...indented(rest, 1 + gap)];
    }
  }
}

function mapLines(value: Value, layout: Layout): readonly string[] | undefined {
  if (!isMap(value)) return undefined;
  return gathered(Object.keys(value).map((key) => entryLines(key, value[key] as Value, layout)));
}

function listLines(value: readonly Value[], layout: Layout): readonly string[] | undefined {
  return gathered(value.map((item) => itemLines(item, layout)));
}

function gathered(parts: readonly (readonly string[] | undefined)[]): readonly string[] | undefined {
  const lines: string[] = [];
  for (const part of parts) {
    if (part === undefined) return undefined;
    for (const line of part) lines.push(line);
  }
  return lines;
}

/** Lines that hold nothing stay so: no trailing spaces are made. */
export function indented(lines: readonly string[], columns: number): readonly string[] {
  const spaces = " ".repeat(columns);
  return lines.map((line) => (line === "" ? line : spaces + line));
}

/** The value on one line, in flow style where it is a collection. */
export function inlineText(value: Value, context: ScalarContext): string | undefined {
  if (isList(value)) {
    const items = value.map((item) => inlineText(item, nested(context)));
    return items.includes(undefined) ? undefined : `[${items.join(", ")}]`;
  }
  if (!isMap(value)) return scalarText(value, context);
  const entries = Object.keys(value).map((key) => {
    const name = keyText(key, nested(context));
    const text = inlineText(value[key] as Value, nested(context));
    return name === undefined || text === undefined ? undefined : `${name}: ${text}`;
  });
  return entries.includes(undefined) ? undefined : `{${entries.join(", ")}}`;
}

function nested(context: ScalarContext): ScalarContext {
  return context === "json" ? "json" : "flow";
}

/** JSON over several lines, as an indenting printer writes it; the first line has no indentation. */
export function jsonLines(value: Value, unit: string): readonly string[] | undefined {
  if (isList(value) && value.length > 0) {
    return jsonBody(
      "[",
      "]",
      value.map((item) => ({ prefix: "", item })),
      unit,
    );
  }
  if (isMap(value) && Object.keys(value).length > 0) {
    const parts = Object.keys(value).map((key) => ({ prefix: `${keyText(key, "json")}: `, item: value[key] as Value }));
    if (Object.keys(value).some((key) => keyText(key, "json") === undefined)) return undefined;
    return jsonBody("{", "}", parts, unit);
  }
  const text = inlineText(value, "json");
  return text === undefined ? undefined : [text];
}

function jsonBody(
  open: string,
  close: string,
  parts: readonly { readonly prefix: string; readonly item: Value }[],
  unit: string,
): readonly string[] | undefined {
  const lines = [open];
  for (const [index, { prefix, item }] of parts.entries()) {
    const body = jsonLines(item, unit);
    if (body === undefined) return undefined;
    const comma = index === parts.length - 1 ? "" : ",";
    const written = body.map((line, at) => unit + (at === 0 ? prefix : "") + line);
    written[written.length - 1] += comma;
    lines.push(...written);
  }
  return [...lines, close];
}
