/**
 * The stretch of a text of which the cluster has something else: of a file of settings within a ConfigMap one line, say.
 * What gives another stretch of the text is not where the difference is written.
 */

import type { Scalar, Value } from "../../core/value.ts";

export interface Focus {
  /** `[start, end)` in the text as it is rendered. */
  readonly start: number;
  readonly end: number;
  /** Of a text of several lines: the line that differs, without what it is indented by. */
  readonly line?: FocusLine;
}

interface FocusLine {
  readonly text: string;
  /** From 0. */
  readonly index: number;
  /** Where in `text` the difference begins. */
  readonly offset: number;
  /** The cluster has lines behind it that are not there: only what has both lines is where they would be. */
  readonly insertion: boolean;
}

/** `undefined` where nothing is known of the cluster's text, or nothing differs. */
export function focusOf(value: Scalar, live: Value | undefined): Focus | undefined {
  if (typeof value !== "string" || typeof live !== "string" || value === live || isDigest(value)) return undefined;
  return value.includes("\n") ? lineFocus(value, live) : differing(value, live, 0);
}

/** A secret value: its digest stands in its place. */
export function isDigest(value: Scalar): boolean {
  return typeof value === "string" && value.startsWith("hmac-sha256:");
}

/** What is between the beginning that both have, and the end. */
function differing(value: string, live: string, offset: number): { readonly start: number; readonly end: number } {
  const shorter = Math.min(value.length, live.length);
  let same = 0;
  while (same < shorter && value[same] === live[same]) same++;
  let behind = 0;
  while (behind < shorter - same && value.at(-1 - behind) === live.at(-1 - behind)) behind++;
  return { start: offset + same, end: offset + value.length - behind };
}

function lineFocus(value: string, live: string): Focus {
  const [own, others] = [value.split("\n"), live.split("\n")];
  const shorter = Math.min(own.length, others.length);
  let same = 0;
  while (same < shorter && own[same] === others[same]) same++;
  let behind = 0;
  while (behind < shorter - same && own.at(-1 - behind) === others.at(-1 - behind)) behind++;
  const changed = own.slice(same, own.length - behind);
  const instead = others.slice(same, others.length - behind);
  if (changed.length === 0) return inserted(own, same);
  const there = new Set(instead);
  // Between two lines that differ there may be some that are the same.
  const first = Math.max(
    0,
    changed.findIndex((line) => !there.has(line)),
  );
  const index = same + first;
  const start = startOf(own, index);
  const line = own[index] as string;
  const indent = line.length - line.trimStart().length;
  const whole = { start: start + indent, end: start + line.trimEnd().length };
  const other = changed.length === instead.length ? instead[first] : undefined;
  const { start: from, end } = other === undefined || line.trim() === "" ? whole : differing(line, other, start);
  const offset = Math.max(0, from - start - indent);
  return { start: from, end, line: { text: line.trim(), index, offset, insertion: false } };
}

/** The beginning of a text of several lines, of which the cluster has nothing: where it begins, it is written. */
export function beginning(value: Scalar): Focus | undefined {
  if (typeof value !== "string" || !value.includes("\n") || isDigest(value)) return undefined;
  const lines = value.split("\n");
  const index = lines.findIndex((line) => line.trim() !== "");
  const line = lines[index];
  if (line === undefined) return undefined;
  const start = startOf(lines, index) + line.length - line.trimStart().length;
  return { start, end: start + 1, line: { text: line.trim(), index, offset: 0, insertion: false } };
}

/** Lines before the one of that number: after the one before it. */
function inserted(own: readonly string[], before: number): Focus {
  const index = Math.max(0, before - 1);
  const line = own[index] as string;
  const end = startOf(own, index) + line.length;
  return { start: end, end, line: { text: line.trim(), index, offset: 0, insertion: true } };
}

function startOf(lines: readonly string[], index: number): number {
  return lines.slice(0, index).reduce((sum, line) => sum + line.length + 1, 0);
}

/** Whether what gives `[start, end)` of the text gives what differs: all of it, in a text of several lines. */
export function isWithinReach(focus: Focus, start: number, end: number, text: string): boolean {
  if (focus.line === undefined) return start <= focus.end && focus.start <= end;
  if (focus.line.insertion && !text.includes("\n")) return false;
  return start <= focus.start && focus.end <= end;
}

/** A line of a file, of which a renderer may put in some: the place in it of what differs, where the line writes it out. */
export function writtenAt(
  written: string,
  { text, offset }: FocusLine,
): { readonly start: number; readonly end: number } | undefined {
  const parts = written.trim().split(/\{\{.*?\}\}|\$\{[^}]*\}/);
  const indent = written.length - written.trimStart().length;
  const [head = ""] = parts;
  const tail = parts.at(-1) ?? "";
  if (parts.length === 1 ? text !== head : !text.startsWith(head) || !text.endsWith(tail) || !inOrder(text, parts))
    return undefined;
  const word = wordAt(text, offset);
  if (word === undefined) return undefined;
  if (word.end <= head.length) return { start: indent + word.start, end: indent + word.end };
  const fromEnd = written.trimEnd().length - text.length;
  return word.start >= text.length - tail.length && parts.length > 1
    ? { start: fromEnd + word.start, end: fromEnd + word.end }
    : undefined;
}

function inOrder(text: string, parts: readonly string[]): boolean {
  let at = 0;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length;
}

/** The word that is there; between words the one before. */
function wordAt(text: string, offset: number): { readonly start: number; readonly end: number } | undefined {
  const words = [...text.matchAll(/[^\s"'`:=,;()[\]{}<>|]+/g)].map(({ 0: word, index }) => ({
    start: index,
    end: index + word.length,
  }));
  return (
    words.find(({ start, end }) => start <= offset && offset < end) ??
    words.findLast(({ end }) => end <= offset) ??
    words[0]
  );
}
