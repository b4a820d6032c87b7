/** cel-go's `ext/strings.go`: positions count Unicode code points, not UTF-16 units. */

import type { Environment } from "@marcbachmann/cel-js";
import { registeredName } from "../calls.ts";
import { CelFailure } from "../register.ts";
import type { Register } from "../register.ts";

export function registerStrings(_environment: Environment, register: Register): void {
  register("string.charAt(int): string", charAt);
  register(`string.${registeredName("indexOf")}(string): int`, (text: string, part: string) => indexOf(text, part, 0n));
  register(`string.${registeredName("indexOf")}(string, int): int`, indexOf);
  register(`string.${registeredName("lastIndexOf")}(string): int`, (text: string, part: string) =>
    lastIndexOf(text, part),
  );
  register(`string.${registeredName("lastIndexOf")}(string, int): int`, lastIndexOf);
  register(`string.${registeredName("lowerAscii")}(): string`, (text: string) =>
    text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
  );
  register(`string.${registeredName("upperAscii")}(): string`, (text: string) =>
    text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
  );
  register("string.replace(string, string): string", (text: string, old: string, by: string) =>
    replace(text, old, by, -1n),
  );
  register("string.replace(string, string, int): string", replace);
  register(`string.${registeredName("split")}(string): list<string>`, (text: string, by: string) =>
    split(text, by, -1n),
  );
  register(`string.${registeredName("split")}(string, int): list<string>`, split);
  register(`string.${registeredName("substring")}(int): string`, (text: string, start: bigint) =>
    substring(text, start, BigInt(points(text).length)),
  );
  register(`string.${registeredName("substring")}(int, int): string`, substring);
  register("string.reverse(): string", (text: string) => Array.from(text).toReversed().join(""));
}

/** Code points; of a text without surrogates each unit is one, and the text itself serves. */
function points(text: string): string | string[] {
  return /[\ud800-\udfff]/.test(text) ? Array.from(text) : text;
}

function joined(part: string | string[]): string {
  return typeof part === "string" ? part : part.join("");
}

function charAt(text: string, position: bigint): string {
  const all = points(text);
  if (position < 0n || position > BigInt(all.length)) throw new CelFailure(`index out of range: ${position}`);
  return all[Number(position)] ?? "";
}

function indexOf(text: string, part: string, from: bigint): bigint {
  const all = points(text);
  if (from < 0n || from > BigInt(all.length)) throw new CelFailure(`index out of range: ${from}`);
  if (part === "") return from;
  if (typeof all === "string") return BigInt(all.indexOf(part, Number(from)));
  const prefix = joined(all.slice(0, Number(from))).length;
  const at = text.indexOf(part, prefix);
  return at < 0 ? -1n : BigInt(Array.from(text.slice(0, at)).length);
}

function lastIndexOf(text: string, part: string, from?: bigint): bigint {
  const all = points(text);
  const length = BigInt(all.length);
  if (from !== undefined && (from < 0n || from > length)) throw new CelFailure(`index out of range: ${from}`);
  if (part === "") return from ?? length;
  if (typeof all === "string") return BigInt(all.lastIndexOf(part, Number(from ?? length)));
  const prefix = joined(all.slice(0, Number(from ?? length))).length;
  const at = text.lastIndexOf(part, prefix);
  return at < 0 ? -1n : BigInt(Array.from(text.slice(0, at)).length);
}

/** At most `limit` replacements; a negative limit means all. */
function replace(text: string, old: string, by: string, limit: bigint): string {
  if (limit < 0n) return text.replaceAll(old, () => by);
  let result = "";
  let rest = text;
  for (let done = 0n; done < limit; done++) {
    const at = rest.indexOf(old);
    if (at < 0) break;
    // An empty `old` matches before each code point, and at the end.
    const width = old === "" ? (Array.from(rest)[0] ?? "").length : old.length;
    result += rest.slice(0, at) + by + (old === "" ? rest.slice(0, width) : "");
    rest = rest.slice(at + width);
    if (old === "" && width === 0) break;
  }
  return result + rest;
}

function split(text: string, by: string, limit: bigint): string[] {
  if (limit === 0n) return [];
  const parts = by === "" ? Array.from(text) : text.split(by);
  if (limit < 0n || BigInt(parts.length) <= limit) return parts;
  const kept = Number(limit) - 1;
  return [...parts.slice(0, kept), parts.slice(kept).join(by)];
}

function substring(text: string, start: bigint, end: bigint): string {
  const all = points(text);
  if (start < 0n || end < start || end > BigInt(all.length))
    throw new CelFailure(`index out of range: ${start}, ${end}`);
  return joined(all.slice(Number(start), Number(end)));
}
