/** Parses what an API server answers. */

import type { Value } from "../core/value.ts";
import { parseJson as parseText } from "../yaml/json.ts";

/** The one value of UTF-8 JSON; `undefined` where it is none, or nested beyond all bounds. */
export function parseJson(bytes: Buffer): Value | undefined {
  return parseText(bytes.toString("utf8"));
}
