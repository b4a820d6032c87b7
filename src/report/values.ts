/**
 * `report` turns a finished pass into words: text, JSON, Markdown, HTML, and the bodies of pull requests and issues.
 * It is pure; cluster text reaches a reader only through the escapes of `text`.
 *
 * This file writes values on one line.
 */

import type { Change } from "../core/drift.ts";
import { isList, isMap } from "../core/value.ts";
import type { Value } from "../core/value.ts";

/** Compact JSON, integers beyond 2^53 in full, cut with `…` at `limit` UTF-16 units (an image with its digest is shown whole). Not escaped: the caller knows the medium. */
export function showValue(value: Value, limit = 200): string {
  const parts: string[] = [];
  write(value, parts, { left: limit + 1 });
  const text = parts.join("");
  return text.length <= limit ? text : `${text.slice(0, limit)}…`;
}

function write(value: Value, parts: string[], budget: { left: number }): void {
  if (budget.left <= 0) return;
  if (isList(value)) {
    writeItems(value, { parts, budget, open: "[", close: "]", item: (item) => write(item, parts, budget) });
  } else if (isMap(value)) {
    writeItems(Object.keys(value), {
      parts,
      budget,
      open: "{",
      close: "}",
      item: (key) => {
        push(`${JSON.stringify(key)}: `, parts, budget);
        write(value[key] ?? null, parts, budget);
      },
    });
  } else {
    push(typeof value === "bigint" ? value.toString() : scalar(value, budget.left), parts, budget);
  }
}

/** A long string is cut before it is quoted: a megabyte is not escaped to show a hundred characters. */
function scalar(value: string | number | boolean | null, room: number): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, Math.max(room, 0))) : String(value);
}

interface Items<T> {
  readonly parts: string[];
  readonly budget: { left: number };
  readonly open: string;
  readonly close: string;
  readonly item: (item: T) => void;
}

function writeItems<T>(items: readonly T[], { parts, budget, open, close, item }: Items<T>): void {
  push(open, parts, budget);
  for (const [index, one] of items.entries()) {
    if (budget.left <= 0) return;
    if (index > 0) push(", ", parts, budget);
    item(one);
  }
  push(close, parts, budget);
}

function push(text: string, parts: string[], budget: { left: number }): void {
  parts.push(text);
  budget.left -= text.length;
}

/** One side of a change in words: its value, that it is absent, or that it is a secret. */
export function showSide(change: Change, side: "desired" | "live" | "deployed", limit?: number): string {
  const value = change[side];
  if (value === undefined) return "(absent)";
  return change.sensitive === true ? "(secret)" : showValue(value, limit);
}
