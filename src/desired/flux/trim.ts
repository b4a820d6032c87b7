/**
 * Cutting what a pattern matches off a text's begin, as fluxcd `pkg/envsubst` does it (`funcs.go`, `path/match.go`): the
 * pattern is tried on each beginning of the text, and a bad one leaves the text alone, but only where it is looked at.
 */

import { runeAt } from "./byte-text.ts";
import type { Work } from "./work.ts";

export type TrimLength = "shortest" | "longest";

/** Texts are bytes. No pattern matches an empty beginning. */
export function trimPrefix(text: string, pattern: string, which: TrimLength, work: Work): string {
  const chunks = chunksOf(pattern);
  let shortest = 0;
  for (let end = text.length; end > 0; end--) {
    const answer = matches(chunks, { text, end, work });
    if (answer === "bad") return text;
    if (answer === "no") continue;
    if (which === "longest") return text.slice(end);
    shortest = end;
  }
  return text.slice(shortest);
}

interface Chunk {
  /** Whether anything may come before it. */
  readonly star: boolean;
  /** Without a star outside of brackets. */
  readonly pattern: string;
  readonly last: boolean;
}

function chunksOf(pattern: string): readonly Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = 0; at < pattern.length;) {
    const start = at;
    while (pattern[at] === "*") at++;
    const end = chunkEnd(pattern, at);
    chunks.push({ star: at > start, pattern: pattern.slice(at, end), last: end === pattern.length });
    at = end;
  }
  return chunks;
}

function chunkEnd(pattern: string, start: number): number {
  let bracket = false;
  let at = start;
  for (; at < pattern.length; at++) {
    const char = pattern[at];
    if (char === "*" && !bracket) break;
    if (char === "[") bracket = true;
    else if (char === "]") bracket = false;
    else if (char === "\\" && at + 1 < pattern.length) at++;
  }
  return at;
}

interface Beginning {
  readonly text: string;
  /** Where the beginning that is tried ends. */
  readonly end: number;
  readonly work: Work;
}

type Answer = "yes" | "no" | "bad";

function matches(chunks: readonly Chunk[], beginning: Beginning): Answer {
  let at = 0;
  for (const chunk of chunks) {
    if (chunk.star && chunk.pattern === "") return "yes";
    const next = findChunk(chunk, beginning, at);
    if (typeof next === "string") return next;
    at = next;
  }
  return at === beginning.end ? "yes" : "no";
}

/** Behind the chunk's first place, or why there is none. */
function findChunk({ star, pattern, last }: Chunk, beginning: Beginning, from: number): number | Answer {
  for (let at = from; at <= beginning.end; at++) {
    const next = matchChunk(pattern, beginning, at);
    if (next === "bad") return next;
    if (next !== "no" && (!last || next === beginning.end)) return next;
    if (!star) return "no";
  }
  return "no";
}

function matchChunk(pattern: string, { text, end, work }: Beginning, from: number): number | "no" | "bad" {
  let at = from;
  for (let index = 0; index < pattern.length;) {
    work.spend(1);
    // What is bad behind the text's end is not looked at.
    if (at >= end) return "no";
    switch (pattern[index]) {
      case "[": {
        const { code, width } = runeAt(text, at, end);
        const found = matchClass(pattern, index + 1, code, work);
        if (typeof found === "string") return found;
        index = found;
        at += width;
        break;
      }
      case "?":
        at += runeAt(text, at, end).width;
        index++;
        break;
      default:
        if (pattern[index] === "\\") index++;
        if (index === pattern.length) return "bad";
        if (pattern[index] !== text[at]) return "no";
        at++;
        index++;
    }
  }
  return at;
}

/** From behind the `[`: behind the `]` where the class has the character. */
function matchClass(pattern: string, start: number, code: number, work: Work): number | "no" | "bad" {
  const negated = pattern[start] === "^";
  let at = negated ? start + 1 : start;
  let found = false;
  for (let ranges = 0; ranges === 0 || pattern[at] !== "]"; ranges++) {
    work.spend(1);
    const low = classRune(pattern, at);
    if (low === "bad") return low;
    const high = pattern[low.next] === "-" ? classRune(pattern, low.next + 1) : low;
    if (high === "bad") return high;
    if (low.code <= code && code <= high.code) found = true;
    at = high.next;
  }
  return found === negated ? "no" : at + 1;
}

function classRune(pattern: string, start: number): { readonly code: number; readonly next: number } | "bad" {
  const first = pattern[start];
  if (first === undefined || first === "-" || first === "]") return "bad";
  const at = first === "\\" ? start + 1 : start;
  if (at === pattern.length) return "bad";
  const { code, width } = runeAt(pattern, at);
  const next = at + width;
  // A class that is not closed is bad.
  return (code === 0xfffd && width === 1) || next >= pattern.length ? "bad" : { code, next };
}
