/**
 * What a scalar means to Kubernetes: the rules of go.yaml.in/yaml/v2 (`resolve.go`, `decode.go`) as `sigs.k8s.io/yaml`
 * uses them, followed by encoding as JSON. One table for the fast reader, the fallback, positions and edits.
 */

import type { Scalar } from "../core/value.ts";
import { formatFloat32, MAX_INT64, resolveNumber } from "./numbers.ts";
import type { NumberScalar } from "./numbers.ts";

const WORDS: ReadonlyMap<string, Scalar> = new Map<string, Scalar>([
  ...["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"].map((word) => [word, true] as const),
  ...["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"].map((word) => [word, false] as const),
  ...["", "~", "null", "Null", "NULL"].map((word) => [word, null] as const),
  ...[".nan", ".NaN", ".NAN"].map((word) => [word, Number.NaN] as const),
  ...[".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"].map((word) => [word, Number.POSITIVE_INFINITY] as const),
  ...["-.inf", "-.Inf", "-.INF"].map((word) => [word, Number.NEGATIVE_INFINITY] as const),
]);
const LONGEST_WORD = 5;

/** By first character: 1 may be a word, 2 may be a number (or a word), 3 is a dot; 0 is always text. */
const HINTS: readonly number[] = Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code);
  if ("yYnNtTfFoO~".includes(char)) return 1;
  if ("+-0123456789".includes(char)) return 2;
  return char === "." ? 3 : 0;
});

/**
 * The value of a plain scalar without a tag. Infinities and not-a-number come out as such: Kubernetes refuses a
 * document that has one as a value, since JSON has none.
 */
export function resolveScalar(text: string): Scalar {
  if (text === "") return null;
  const hint = HINTS[text.charCodeAt(0)] ?? 0;
  if (hint === 0) return text;
  if (text.length <= LONGEST_WORD) {
    const word = WORDS.get(text);
    if (word !== undefined) return word;
  }
  if (hint === 1) return text;
  return resolveNumber(text)?.value ?? text;
}

/**
 * The key that a plain scalar without a tag becomes: `yes` is `"true"`, `0x10` is `"16"`, `1e3` is `"1000"`.
 * `undefined` where Kubernetes refuses it as a key (null, an integer over 64 bits signed).
 */
export function resolveKey(text: string): string | undefined {
  const value = resolveScalar(text);
  if (typeof value === "string") return text;
  const number = typeof value === "number" || typeof value === "bigint" ? resolveNumber(text) : undefined;
  return number === undefined ? keyOf(value) : numberKey(number);
}

function numberKey(number: NumberScalar): string | undefined {
  if (number.kind === "float") return formatFloat32(Number(number.value));
  if (number.exact === undefined) return String(number.value);
  return number.exact > MAX_INT64 ? undefined : number.exact.toString();
}

/** The key that a value with a tag becomes. */
export function keyOf(value: Scalar): string | undefined {
  if (value === null) return undefined;
  if (typeof value !== "number") return String(value);
  if (Number.isNaN(value)) return ".nan";
  return value > 0 ? ".inf" : "-.inf";
}

export type TagAnswer = { readonly value: Scalar } | { readonly error: string };

const STANDARD = "tag:yaml.org,2002:";

/** The value of a scalar with a tag (`tag` in full: `tag:yaml.org,2002:int`); an unknown tag leaves text. */
export function resolveTagged(tag: string, text: string): TagAnswer {
  if (!tag.startsWith(STANDARD)) return { value: text };
  const name = tag.slice(STANDARD.length);
  switch (name) {
    case "str":
      return { value: text };
    case "binary":
      return decodeBinary(text);
    case "timestamp":
      return isTimestamp(text) ? { value: text } : mismatch(name);
    case "null":
    case "bool":
    case "int":
    case "float": {
      const value = resolveScalar(text);
      return fits(name, text, value) ? { value } : mismatch(name);
    }
    default:
      return { value: text };
  }
}

function mismatch(name: string): TagAnswer {
  return { error: `the value does not fit its tag !!${name}` };
}

function fits(name: "null" | "bool" | "int" | "float", text: string, value: Scalar): boolean {
  if (name === "null") return value === null;
  if (name === "bool") return typeof value === "boolean";
  if (typeof value !== "number" && typeof value !== "bigint") return false;
  const number = WORDS.has(text) ? undefined : resolveNumber(text);
  if (name === "float") return number?.kind !== "integer" || number.exact === undefined || number.exact <= MAX_INT64;
  return number?.kind === "integer";
}

/** Go's standard base64 (line breaks are skipped, padding is required), then what JSON makes of the bytes. */
function decodeBinary(text: string): TagAnswer {
  const packed = text.replace(/[\r\n]/g, "");
  if (packed.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(packed)) {
    return { error: "the value of !!binary is no base64" };
  }
  return { value: Buffer.from(packed, "base64").toString("utf8") };
}

const TIMESTAMP =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?(?:Z|[-+](\d\d):(\d\d))| (\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?)?$/;

function isTimestamp(text: string): boolean {
  const match = TIMESTAMP.exec(text);
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const [hour, minute, second] = [match[4] ?? match[9], match[5] ?? match[10], match[6] ?? match[11]].map(Number);
  const days = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  if (month < 1 || month > 12 || day < 1 || day > days) return false;
  return !(
    (hour ?? 0) > 23 ||
    (minute ?? 0) > 59 ||
    (second ?? 0) > 59 ||
    Number(match[7] ?? 0) > 24 ||
    Number(match[8] ?? 0) > 60
  );
}
