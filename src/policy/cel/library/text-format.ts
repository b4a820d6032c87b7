/** `"%s has %d".format([…])` and `strings.quote` (cel-go `ext/formatting.go`, `ext/strings.go`). */

import type { Environment } from "@marcbachmann/cel-js";
import { Duration, UnsignedInt } from "@marcbachmann/cel-js/evaluator";
import { CelFailure } from "../register.ts";
import type { Register } from "../register.ts";
import type { CelValue } from "../value.ts";
import { registerNamespace } from "./namespaces.ts";

export function registerTextFormat(environment: Environment, register: Register): void {
  const strings = registerNamespace(environment, "strings");
  register(`${strings}.quote(string): string`, (_: unknown, text: string) => quote(text));
  register("string.format(list): string", format);
}

const CLAUSE = /%(?:%|(?:\.(\d{1,3}))?([a-zA-Z]))?/g;

function format(text: string, values: readonly CelValue[]): string {
  let next = 0;
  return text.replace(CLAUSE, (clause: string, precision: string | undefined, verb: string | undefined) => {
    if (clause === "%%") return "%";
    if (verb === undefined) throw new CelFailure("a % without a verb");
    if (next >= values.length) throw new CelFailure(`index ${next} out of range`);
    return formatOne(values[next++], verb, precision === undefined ? 6 : Number(precision));
  });
}

function formatOne(value: CelValue, verb: string, precision: number): string {
  switch (verb) {
    case "s":
      return textOf(value);
    case "d":
      return integer(value).toString();
    case "b":
      return typeof value === "boolean" ? String(Number(value)) : integer(value).toString(2);
    case "o":
      return integer(value).toString(8);
    case "x":
    case "X":
      return verb === "x" ? hex(value) : hex(value).toUpperCase();
    case "f":
      return double(value).toFixed(Math.min(precision, 100));
    case "e":
      return double(value)
        .toExponential(Math.min(precision, 100))
        .replace(/e([-+])(\d)$/, "e$10$2");
    default:
      throw new CelFailure(`unrecognized formatting clause "${verb}"`);
  }
}

function textOf(value: CelValue): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join(", ")}]`;
  if (value instanceof Map) return `{${entries([...value])}}`;
  if (value instanceof Date) return value.toISOString().replace(/\.?0*Z$/, "Z");
  if (value instanceof Duration || value instanceof UnsignedInt) return value.toString();
  if (typeof value === "object" && value !== null) return `{${entries(Object.entries(value))}}`;
  return String(value);
}

function entries(pairs: readonly (readonly [CelValue, CelValue])[]): string {
  return pairs
    .map(([key, value]) => `${textOf(key)}: ${textOf(value)}`)
    .sort()
    .join(", ");
}

function integer(value: CelValue): bigint {
  if (typeof value === "bigint") return value;
  if (value instanceof UnsignedInt) return value.value;
  throw new CelFailure("this formatting clause takes integers");
}

function hex(value: CelValue): string {
  if (typeof value === "string") return Array.from(new TextEncoder().encode(value), byteHex).join("");
  if (value instanceof Uint8Array) return Array.from(value, byteHex).join("");
  return integer(value).toString(16);
}

function byteHex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

function double(value: CelValue): number {
  if (typeof value === "number" || typeof value === "bigint") return Number(value);
  throw new CelFailure("this formatting clause takes numbers");
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};

function quote(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what is to be escaped
  return `"${text.toWellFormed().replace(/[\u0007\b\f\n\r\t\v\\"]/g, (char) => ESCAPES[char] ?? char)}"`;
}
