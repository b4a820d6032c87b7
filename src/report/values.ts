/**
 * `report` turns a finished pass into words: text, JSON, Markdown, HTML, and the bodies of pull requests and issues.
 * It is pure; cluster text reaches a reader only through the escapes of `text`.
 *
 * This file writes values on one line.
 */

import type { Change } from "../core/drift.ts";
import { fieldOf, isList, isMap } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";

/**
 * Compact JSON, integers beyond 2^53 in full, cut with `…` at `limit` UTF-16 units (an image with its digest is shown whole).
 * Not escaped: the caller knows the medium. `like`: keys come in the order that they have there, and the rest behind them.
 */
export function showValue(value: Value, limit = 200, like?: Value): string {
  const parts: string[] = [];
  write({ value, like }, parts, { left: limit + 1 });
  const text = parts.join("");
  return text.length <= limit ? text : `${text.slice(0, limit)}…`;
}

interface Written {
  readonly value: Value;
  readonly like: Value | undefined;
}

function write({ value, like }: Written, parts: string[], budget: { left: number }): void {
  if (budget.left <= 0) return;
  if (isList(value)) {
    const item = (one: Value, index: number): void => write({ value: one, like: itemLike(like, index) }, parts, budget);
    writeItems(value, { parts, budget, open: "[", close: "]", item });
  } else if (isMap(value)) {
    writeItems(keysLike(value, like), {
      parts,
      budget,
      open: "{",
      close: "}",
      item: (key) => {
        push(`${JSON.stringify(key)}: `, parts, budget);
        write({ value: value[key] ?? null, like: fieldOf(like, key) }, parts, budget);
      },
    });
  } else {
    push(typeof value === "bigint" ? value.toString() : scalar(value, budget.left), parts, budget);
  }
}

function keysLike(value: ValueMap, like: Value | undefined): readonly string[] {
  const keys = Object.keys(value);
  if (!isMap(like)) return keys;
  return [
    ...Object.keys(like).filter((key) => Object.hasOwn(value, key)),
    ...keys.filter((key) => !Object.hasOwn(like, key)),
  ];
}

/** Items of one list are written alike: where the other side has fewer, its last one shows how. */
function itemLike(like: Value | undefined, index: number): Value | undefined {
  return isList(like) ? (like[index] ?? like.at(-1)) : undefined;
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
  readonly item: (item: T, index: number) => void;
}

function writeItems<T>(items: readonly T[], { parts, budget, open, close, item }: Items<T>): void {
  push(open, parts, budget);
  for (const [index, one] of items.entries()) {
    if (budget.left <= 0) return;
    if (index > 0) push(", ", parts, budget);
    item(one, index);
  }
  push(close, parts, budget);
}

function push(text: string, parts: string[], budget: { left: number }): void {
  parts.push(text);
  budget.left -= text.length;
}

/**
 * One side of a change in words: its value, that it is absent, or that it is a secret. All sides have their keys in Git's
 * order (the API server answers in its own), so that what differs is seen.
 */
export function showSide(change: Change, side: "desired" | "live" | "deployed", limit?: number): string {
  const value = change[side];
  if (value === undefined) return "(absent)";
  return change.sensitive === true ? "(secret)" : showValue(value, limit, change.desired);
}
