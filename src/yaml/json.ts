/**
 * Reads (and prints) JSON as Kubernetes does: exact 64-bit integers, values that stand one behind the other (`kubectl get -o json`
 * in a loop, `jq -c`), a limit of depth.
 */

import type { Fault } from "../core/fault.ts";
import { isList, isMap, MAX_DEPTH } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { invalid, positionAt } from "./faults.ts";
import { scanJson } from "./json-scan.ts";
import { floatNumber, integerNumber } from "./numbers.ts";

export interface ReadJson {
  /** In order; those before the first error. */
  readonly values: readonly Value[];
  /** At most one (`yaml-invalid`): behind an error nothing can be read. */
  readonly faults: readonly Fault[];
}

/** All values of a text, one behind the other; none where it is blank. Faults quote nothing of the text. */
export function readJson(text: string, { file }: { readonly file: string }): ReadJson {
  const whole = parseJson(text);
  if (whole !== undefined) return { values: [whole], faults: [] };
  const values: Value[] = [];
  let offset = text.startsWith("\uFEFF") ? 1 : 0;
  for (;;) {
    const scanned = scanJson(text, offset);
    if (scanned.kind === "end") return { values, faults: [] };
    if (scanned.kind === "error") {
      return { values, faults: [invalid("JSON", scanned.reason, positionAt(text, scanned.offset, file))] };
    }
    values.push(parseExactly(text.slice(scanned.start, scanned.end)));
    offset = scanned.end;
  }
}

/** The one value of a text, at about the speed of `JSON.parse`; `undefined` where it is none, or nested beyond all bounds. */
export function parseJson(text: string): Value | undefined {
  try {
    const value = parseExactly(text);
    return isDeeper(value, MAX_DEPTH) ? undefined : value;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

/**
 * A number within a list or map that a double may not hold. An image's digest in a string does not look like one, since no
 * bracket, comma or blank follows it; a string that does costs time only.
 */
const ODD_NUMBER = /[:,[\s]-?\d(?:\d{15}[\d.]*|[\d.]*[eE][+-]?\d+)[,\]}\s]/;

const LONE_NUMBER = /^\s*-?\d/;

function parseExactly(text: string): Value {
  const halfCharacters = text.includes("\\ud") || text.includes("\\uD");
  if (!halfCharacters && !ODD_NUMBER.test(text) && !LONE_NUMBER.test(text)) return JSON.parse(text) as Value;
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown) as Value;
}

function revive(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  // Go writes U+FFFD for half a surrogate pair.
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value !== "number") return value;
  if (!Number.isFinite(value)) throw new RangeError("a number that no double holds");
  const source = context.source ?? String(value);
  return /^-?\d+$/.test(source) && source.length <= 400 ? integerNumber(BigInt(source)) : floatNumber(value);
}

/**
 * Whether more than `levels` maps and lists stand in each other. On the path of every page of a cluster: no list of children
 * is made, and what JSON.parse made has no inherited properties that `for in` would add.
 */
function isDeeper(value: Value, levels: number): boolean {
  if (levels === 0) return typeof value === "object" && value !== null;
  if (isList(value)) {
    for (const child of value)
      if (typeof child === "object" && child !== null && isDeeper(child, levels - 1)) return true;
  } else if (isMap(value)) {
    for (const name in value) {
      const child = value[name];
      if (typeof child === "object" && child !== null && isDeeper(child, levels - 1)) return true;
    }
  }
  return false;
}

/** In one line; integers beyond 2^53 as the integers that they are. */
export function printJson(value: Value): string {
  try {
    return JSON.stringify(value);
  } catch {
    // Only integers beyond 2^53 are refused; a replacer for all would cost more than the rest.
    return JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? rawJson(inner) : inner));
  }
}

/** `JSON.rawJSON` (ES2026), which Node 22 has and the types do not name yet. */
function rawJson(integer: bigint): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(integer.toString());
}
