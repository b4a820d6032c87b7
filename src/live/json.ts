/** Parses what an API server answers, and prints what it is told. */

import type { Value } from "../core/value.ts";
import { parseJson as parseText } from "../yaml/json.ts";

/** The one value of UTF-8 JSON; `undefined` where it is none, or nested beyond all bounds. */
export function parseJson(bytes: Buffer): Value | undefined {
  return parseText(bytes.toString("utf8"));
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
