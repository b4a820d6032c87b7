/** Parses what an API server answers. */

import type { Value } from "../core/value.ts";

/** Only a run of digits this long can be an integer that JavaScript does not hold exactly. */
const LONG_DIGITS = /[0-9]{16}/;

const INTEGER = /^-?[0-9]+$/;

/** The value of UTF-8 JSON, integers beyond 2^53 as `bigint`; `undefined` where it is no JSON. */
export function parseJson(bytes: Buffer): Value | undefined {
  const text = bytes.toString("utf8");
  try {
    return LONG_DIGITS.test(text) ? (JSON.parse(text, exact) as Value) : (JSON.parse(text) as Value);
  } catch {
    return undefined;
  }
}

function exact(_: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? "";
  return INTEGER.test(source) ? BigInt(source) : value;
}
