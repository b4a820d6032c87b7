/**
 * `report` turns a finished pass into words: text, JSON, Markdown, HTML, and the bodies of pull requests and issues.
 * It is pure; cluster text reaches a reader only through the escapes of `text`.
 *
 * This file writes values on one line.
 */

import { NOT_KNOWN } from "../core/drift.ts";
import type { Change } from "../core/drift.ts";
import { equalValues, fieldOf, isList, isMap } from "../core/value.ts";
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

/** How far into two long values their difference is looked for, and how much that is alike is shown before it. */
const LOOKED_THROUGH = 200_000;
const SHOWN_BEFORE = 60;

/**
 * One side of a change in words: its value, that it is absent, or that it is a secret. All sides have their keys in Git's
 * order (the API server answers in its own), so that what differs is seen. Of a long value that begins as the other side's
 * does, the place where they part is shown.
 */
export function showSide(change: Change, side: "desired" | "live" | "deployed", limit = 200): string {
  const value = shownValue(change, side);
  if (value === undefined) return "(absent)";
  if (value === NOT_KNOWN && side !== "live") return NOT_KNOWN;
  if (change.sensitive === true) return "(secret)";
  const like = shownValue(change, "desired");
  const start = showValue(value, limit, like);
  const other = side === "live" ? like : change.live;
  if (other === undefined || !start.endsWith("…")) return start;
  const beside = showValue(other, limit, like);
  // They part where it is shown, or both are the same to their end.
  if (partsAt(start, beside) < limit - 1) return start;
  return around(value, other, { like, limit }) ?? start;
}

/** A side's value without what only stands in for something that Git does not say. */
export function shownValue(change: Change, side: "desired" | "live" | "deployed"): Value | undefined {
  const { shown } = change;
  const value = change[side];
  if (shown === undefined || value === undefined || side === "live") return value;
  return side === "desired" || equalValues(value, change.desired) ? shown : NOT_KNOWN;
}

/** The first place at which the texts differ. */
function partsAt(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at;
}

function around(
  value: Value,
  other: Value,
  { like, limit }: { readonly like: Value | undefined; readonly limit: number },
): string | undefined {
  const text = showValue(value, LOOKED_THROUGH, like);
  const at = partsAt(text, showValue(other, LOOKED_THROUGH, like));
  if (at >= LOOKED_THROUGH) return undefined;
  const from = Math.max(0, Math.min(at - SHOWN_BEFORE, text.length - limit));
  const shown = text.slice(from, from + limit);
  return `…${shown}${from + limit < text.length ? "…" : ""}`;
}
