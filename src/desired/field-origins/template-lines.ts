/**
 * The lines of a template that give a field a value which is worked out: `app: {{ include "web.name" . }}`. A template is
 * no YAML yet, so that a line is looked at by itself: its key, the keys that stand around it, and what it writes out
 * beside its actions. It is a guess of which rendering is the judge.
 */

import { actionsOf } from "./actions.ts";
import type { Action } from "./actions.ts";

export interface TemplateLine {
  /** Of the field, and those around it as far as the template shows them, the outermost first; an item has its list's. */
  readonly keys: readonly string[];
  /** The key is worked out, too. */
  readonly anyKey: boolean;
  readonly segments: readonly Segment[];
  /** What is written between the actions may come out as something else: it is escaped, or some of it is left out. */
  readonly loose: boolean;
  /** Nothing else is on the line: it may stand for many. */
  readonly lone: boolean;
  /** All of the line, as a line of a text of several lines. */
  readonly whole: readonly Segment[];
}

/** What a value is made of, in its order. */
export type Segment =
  | { readonly kind: "text"; readonly text: string; readonly start: number }
  | { readonly kind: "action"; readonly action: Action };

/** Longer lines are data. */
const MAX_LINE = 2000;
const MAX_LINES = 20_000;
/** In the place of what stands in actions. */
const MASK = "\uE000";

/** Of each value that has an action in it one. */
export function templateLines(text: string): readonly TemplateLine[] {
  const actions = actionsOf(text);
  const lines = linesOf(masked(text, actions));
  const places = lines.map((line) => (isNothing(line.text) ? undefined : placeOf(line.text)));
  const found: TemplateLine[] = [];
  let next = 0;
  for (const [index, line] of lines.entries()) {
    const end = line.start + line.text.length;
    const own: Action[] = [];
    while ((actions[next]?.start ?? Infinity) < end) own.push(actions[next++] as Action);
    if (line.text.length > MAX_LINE || !own.some(({ expression }) => expression !== undefined)) continue;
    const around = index < MAX_LINES ? keysAbove(places, index, columnOf(places[index], own)) : [];
    const blanks = line.text.length - line.text.trimStart().length;
    const whole = segmentsOf(text, own, { start: line.start + blanks, end: line.start + line.text.trimEnd().length });
    let last = -1;
    for (const action of own) {
      if (action.expression === undefined || action.start < last) continue;
      const value = valueAround(line.text, action.start - line.start, action.end - line.start);
      if (value === undefined) continue;
      last = line.start + value.end;
      const span = { start: line.start + value.start, end: last };
      const inside = own.filter((one) => one.start >= span.start && one.end <= span.end);
      const segments = segmentsOf(text, inside, span);
      const keys = [...around, ...value.keys];
      found.push({
        keys: keys.filter((key) => !key.includes(MASK)),
        anyKey: keys.at(-1)?.includes(MASK) === true,
        segments,
        loose: isLoose(segments, value.quote),
        lone: places[index] === undefined,
        whole,
      });
    }
  }
  return found;
}

function masked(text: string, actions: readonly Action[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const { start, end, expression } of actions) {
    // What writes nothing is no more than room.
    parts.push(text.slice(at, start), (expression === undefined ? " " : MASK).repeat(end - start));
    at = end;
  }
  return parts.join("") + text.slice(at);
}

interface Line {
  readonly start: number;
  readonly text: string;
}

function linesOf(text: string): readonly Line[] {
  let start = 0;
  return text.split("\n").map((line) => {
    const own = { start, text: line };
    start += line.length + 1;
    return own;
  });
}

function segmentsOf(
  text: string,
  actions: readonly Action[],
  { start, end }: { readonly start: number; readonly end: number },
): readonly Segment[] {
  const found: Segment[] = [];
  let at = start;
  const write = (until: number, trims: { before?: boolean; behind?: boolean }): void => {
    const raw = text.slice(at, until);
    const cut = trims.before === true ? raw.trimStart() : raw;
    const own = trims.behind === true ? cut.trimEnd() : cut;
    if (own !== "") found.push({ kind: "text", text: own, start: at + raw.length - cut.length });
  };
  let behind = false;
  for (const action of actions) {
    write(action.start, { before: behind, behind: action.trims.before });
    found.push({ kind: "action", action });
    behind = action.trims.behind;
    at = action.end;
  }
  write(end, { before: behind });
  return found;
}

function isLoose(segments: readonly Segment[], quote: string | undefined): boolean {
  return segments.some((one) =>
    one.kind === "action"
      ? one.action.expression === undefined
      : (quote === '"' && one.text.includes("\\")) || (quote === "'" && one.text.includes("''")),
  );
}

interface ValueSpan {
  /** In the line, quotes not included. */
  readonly start: number;
  readonly end: number;
  /** On the line itself, the outermost first. */
  readonly keys: readonly string[];
  readonly quote?: string;
}

/** The value on the line that has `[from, to)` in it; `undefined` in comments, in keys, and where the value goes on below. */
function valueAround(line: string, from: number, to: number): ValueSpan | undefined {
  const { start, keys, quote, depth, comment } = readUntil(line, from);
  if (comment) return undefined;
  const end = quote === undefined ? plainEnd(line, to, depth) : line.indexOf(quote, to);
  if (end === undefined || end < 0) return undefined;
  const behind = line.slice(quote === undefined ? end : end + 1);
  if (/^\s*:(?:\s|$)/.test(behind)) return undefined;
  return quote === undefined ? { start, end, keys } : { start: start + 1, end, keys, quote };
}

interface ReadLine {
  /** Where the value begins, with its quote. */
  readonly start: number;
  readonly keys: readonly string[];
  readonly quote: string | undefined;
  /** How many `[` and `{` are open. */
  readonly depth: number;
  readonly comment: boolean;
}

/** As YAML reads what is on one line, up to a place in it. */
function readUntil(line: string, until: number): ReadLine {
  const open: (string | undefined)[] = [];
  let key: string | undefined;
  let quote: string | undefined;
  let start = blanksEnd(line, 0);
  for (let at = start; at < until; at++) {
    const sign = line[at] as string;
    if (quote !== undefined) {
      if (sign === "\\" && quote === '"') at += 1;
      else if (sign === quote) quote = undefined;
    } else if (at === start && (sign === '"' || sign === "'")) {
      quote = sign;
    } else if (sign === "#" && (at === 0 || line[at - 1] === " ")) {
      return { start, keys: [], quote, depth: 0, comment: true };
    } else if (sign === ":" && /[\s\uE000]/.test(line[at + 1] ?? " ")) {
      key = unquoted(line.slice(start, at));
      start = blanksEnd(line, at + 1);
    } else if (sign === "-" && at === start && line[at + 1] === " ") {
      start = blanksEnd(line, at + 1);
    } else if ((sign === "{" || sign === "[") && at === start) {
      open.push(key);
      key = undefined;
      start = blanksEnd(line, at + 1);
    } else if (open.length > 0 && sign === ",") {
      key = undefined;
      start = blanksEnd(line, at + 1);
    } else if (open.length > 0 && (sign === "}" || sign === "]")) {
      open.pop();
      key = undefined;
      start = at + 1;
    }
    if (start > at) at = start - 1;
  }
  const keys = [...open, key].filter((one) => one !== undefined);
  return { start, keys, quote, depth: open.length, comment: false };
}

function blanksEnd(line: string, from: number): number {
  let at = from;
  while (line[at] === " " || line[at] === "\t") at++;
  return at;
}

function unquoted(key: string): string {
  return key.trim().replace(/^(["'])(.*)\1$/, "$2");
}

/** `undefined` where it is a key. */
function plainEnd(line: string, from: number, depth: number): number | undefined {
  let at = from;
  for (; at < line.length; at++) {
    const sign = line[at] as string;
    if (sign === "#" && line[at - 1] === " ") break;
    if (depth > 0 && (sign === "," || sign === "]" || sign === "}")) break;
    if (sign === ":" && /\s/.test(line[at + 1] ?? " ")) return undefined;
  }
  return from + line.slice(from, at).trimEnd().length;
}

/** How many lines upwards are looked at. */
const MAX_ABOVE = 400;
const LINE = /^( *)((?:- +)*)(?:("[^"]*"|'[^']*'|[^\s"'#:{}[\],][^\s#{}[\],]*):(?=[\s\uE000]|$))?/;

/** The keys that stand around a line, by its indentation, as far as they are in the same template; the outermost first. */
function keysAbove(places: readonly (LinePlace | undefined)[], from: number, left: number): readonly string[] {
  const keys: string[] = [];
  let limit = left;
  // A list may stand as far to the left as its key does.
  let item = places[from]?.dash !== undefined;
  for (let index = from - 1; index >= Math.max(0, from - MAX_ABOVE) && (limit > 0 || item); index--) {
    const place = places[index];
    if (place === undefined) continue;
    const { column, dash, key } = place;
    if (dash !== undefined && dash < limit) {
      if (key !== undefined && column < limit) keys.push(key);
      limit = dash;
      item = true;
    } else if (dash === undefined && key !== undefined && (item ? column <= limit : column < limit)) {
      keys.push(key);
      limit = column;
      item = false;
    }
  }
  return keys.toReversed();
}

/** An action that is alone on its line says how far it indents. */
function columnOf(place: LinePlace | undefined, own: readonly Action[]): number {
  return (
    place?.dash ?? place?.column ?? own.find(({ expression }) => expression !== undefined)?.expression?.indent ?? 0
  );
}

/** Of a line that has nothing but actions there is no indentation to go by. */
function isNothing(text: string): boolean {
  const first = text.trimStart()[0];
  return first === undefined || first === "#" || text.replaceAll(MASK, "").trim() === "";
}

interface LinePlace {
  readonly column: number;
  readonly dash?: number;
  readonly key?: string;
}

function placeOf(text: string): LinePlace {
  const [, blanks = "", dashes = "", key] = LINE.exec(text.slice(0, MAX_LINE)) ?? [];
  return {
    column: blanks.length + dashes.length,
    ...(dashes === "" ? {} : { dash: blanks.length }),
    ...(key === undefined ? {} : { key: unquoted(key) }),
  };
}
