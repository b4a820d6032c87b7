/** Parses what an API server answers, at about the speed of `JSON.parse`. */

import { isList, isMap, MAX_DEPTH } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { readJson } from "../yaml/json.ts";

/** A number that a double may not hold. An image's digest in a string does not look like one: no bracket follows it. */
const ODD_NUMBER = /[:,[\s]-?\d(?:\d{15,}[\d.]*|[\d.]*[eE][+-]?\d+)[,\]}\s]/;

/** The one value of UTF-8 JSON, as {@link readJson} reads it; `undefined` where it is none, or nested beyond all bounds. */
export function parseJson(bytes: Buffer): Value | undefined {
  const text = bytes.toString("utf8");
  if (ODD_NUMBER.test(text) || text.includes("\\ud") || text.includes("\\uD")) return parseExactly(text);
  try {
    const value = JSON.parse(text) as Value;
    return isDeeper(value, MAX_DEPTH) ? undefined : value;
  } catch {
    return undefined;
  }
}

function parseExactly(text: string): Value | undefined {
  const { values, faults } = readJson(text, { file: "" });
  return values.length === 1 && faults.length === 0 ? values[0] : undefined;
}

/** Whether more than `levels` maps and lists stand in each other. */
function isDeeper(value: Value, levels: number): boolean {
  if (!isMap(value) && !isList(value)) return false;
  if (levels === 0) return true;
  const children: readonly Value[] = isList(value) ? value : Object.values(value);
  for (const child of children) if (typeof child === "object" && isDeeper(child, levels - 1)) return true;
  return false;
}
