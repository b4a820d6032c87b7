/** Scalars as text: in the style that the old value had where that is legal, and never so that two YAML readers differ. */

import type { Scalar } from "../core/value.ts";
import { resolveScalar } from "../yaml/scalars.ts";
import type { ScalarStyle } from "../yaml/source-node.ts";

export type ScalarContext = "block" | "flow" | "json";

/**
 * The scalar on one line, or `undefined` where no text gives exactly that value back: a lone surrogate, a number that
 * JSON does not have. `style` is a wish.
 */
export function scalarText(value: Scalar, context: ScalarContext, style: ScalarStyle = "plain"): string | undefined {
  if (typeof value === "string") return stringText(value, context, style);
  if (typeof value === "number" && !Number.isFinite(value)) return undefined;
  const text = typeof value === "bigint" ? value.toString() : JSON.stringify(value);
  return resolveScalar(text) === value || Object.is(value, -0) ? text : undefined;
}

function stringText(value: string, context: ScalarContext, style: ScalarStyle): string | undefined {
  if (!value.isWellFormed()) return undefined;
  if (context === "json") return jsonString(value);
  if (style === "double" || hasOddCharacters(value)) return doubleQuoted(value);
  if (style === "single") return singleQuoted(value);
  if (isSafePlain(value, context)) return value;
  return doubleQuoted(value);
}

/**
 * Characters that are escaped wherever they stand: controls, line breaks of any YAML version, invisible formatting and
 * direction marks (a reviewer must see them), private and unassigned ones.
 */
const ODD = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;
const ODD_ALL = new RegExp(ODD, "gu");

/** Whether a value can only be written with escapes. */
function hasOddCharacters(value: string): boolean {
  return ODD.test(value);
}

/** Whether a value of several lines can be written as a block scalar: no character that needs an escape, but line feeds and tabs. */
export function isBlockText(value: string): boolean {
  return value.isWellFormed() && !ODD.test(value.replace(/[\n\t]/g, ""));
}

function doubleQuoted(value: string): string {
  return `"${value.replace(/["\\]/g, "\\$&").replace(ODD_ALL, escapeYaml)}"`;
}

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\0", "\\0"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

function escapeYaml(character: string): string {
  const short = SHORT_ESCAPES.get(character);
  if (short !== undefined) return short;
  const code = character.codePointAt(0) as number;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
}

function jsonString(value: string): string {
  return JSON.stringify(value).replace(ODD_ALL, (character) =>
    [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

function singleQuoted(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** Longer plain scalars may be folded by a reader's eye, not by a reader: only a limit on the work of the checks below. */
const MAX_PLAIN = 4096;

function isSafePlain(value: string, context: ScalarContext): boolean {
  if (value === "" || value.length > MAX_PLAIN || value.trim() !== value) return false;
  if (/^[,[\]{}#&*!|>'"%@`=]/.test(value) || /^[-?:](?:$|[\s,[\]{}])/.test(value)) return false;
  if (/^(?:---|\.\.\.)/.test(value) || /:(?:\s|$)|\s#/.test(value)) return false;
  if (context === "flow" && /[,[\]{}]|:[,[\]{}]|^[?:-]/.test(value)) return false;
  return !looksLikeNonString(value) && typeof resolveScalar(value) === "string";
}

const WORD = /^(?:y|n|yes|no|on|off|true|false|null|nil|none|~|<<|[-+]?\.?inf|[-+]?infinity|\.?nan)$/i;
const NUMBER =
  /^[-+]?(?:0b[-+]?[01_]+|0o?[0-7_]+|0x[0-9a-f_]+|[0-9][0-9_]*(?::[0-5]?[0-9])*(?:\.[0-9_]*)?(?:e[-+]?[0-9_]+)?|\.[0-9_]+(?:e[-+]?[0-9_]+)?)$/i;
const DATE = /^\d{4}-\d{1,2}-\d{1,2}(?:$|[Tt\s])/;

/** Whether some reader of YAML 1.1 or 1.2 takes the plain text for a boolean, a number, a date or null. */
export function looksLikeNonString(value: string): boolean {
  return WORD.test(value) || NUMBER.test(value) || DATE.test(value);
}

/** Keys beyond this many bytes need the `? ` form in YAML. */
const MAX_KEY_BYTES = 1000;

/** A new key's text, or `undefined` where it cannot be written as a simple key. */
export function keyText(key: string, context: ScalarContext, style: ScalarStyle = "plain"): string | undefined {
  if (key === "<<" || key.length > MAX_KEY_BYTES) return undefined;
  const text = stringText(key, context, style);
  return text === undefined || Buffer.byteLength(text) > MAX_KEY_BYTES ? undefined : text;
}
