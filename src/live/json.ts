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

/**
 * Whether more than `levels` maps and lists stand in each other. On the path of every page: no list of children is made,
 * and what JSON.parse made has no inherited properties that `for in` would add.
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
