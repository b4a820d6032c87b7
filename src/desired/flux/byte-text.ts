/**
 * Text as Go sees it: a string of which each unit is one byte of UTF-8 (0 to 255). Flux counts and cuts bytes, so what it
 * makes of a text need be no valid UTF-8 on the way; only what comes out at the end must be.
 */

import { decodeText } from "../../yaml/content.ts";

export function toBytes(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** `undefined` where the bytes are no valid UTF-8. */
export function fromBytes(bytes: string): string | undefined {
  return decodeText(Buffer.from(bytes, "latin1"));
}

export interface Rune {
  readonly code: number;
  /** In bytes. */
  readonly width: number;
}

const REPLACEMENT = 0xfffd;
const INVALID: Rune = { code: REPLACEMENT, width: 1 };
const LEAST = [0, 0, 0x80, 0x800, 0x10000] as const;

/** The character at a byte, as Go's `utf8.DecodeRuneInString` tells it: a byte that begins none is U+FFFD by itself. */
export function runeAt(bytes: string, at: number, end = bytes.length): Rune {
  const first = bytes.charCodeAt(at);
  if (first < 0x80) return { code: first, width: 1 };
  const width = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + width > end) return INVALID;
  let code = first & (0xff >> (width + 1));
  for (let index = at + 1; index < at + width; index++) {
    const next = bytes.charCodeAt(index);
    if ((next & 0xc0) !== 0x80) return INVALID;
    code = (code << 6) | (next & 0x3f);
  }
  const surrogate = code >= 0xd800 && code <= 0xdfff;
  return code < (LEAST[width] ?? 0) || surrogate || code > 0x10ffff ? INVALID : { code, width };
}

/** What each character begins with, and where it begins. */
function* runesOf(bytes: string): Generator<Rune & { readonly at: number }> {
  for (let at = 0; at < bytes.length;) {
    const rune = runeAt(bytes, at);
    yield { ...rune, at };
    at += rune.width;
  }
}

/** The offsets at which characters begin, and the end. */
export function runeStarts(bytes: string): readonly number[] {
  return [...Array.from(runesOf(bytes), ({ at }) => at), bytes.length];
}

/** Character by character; bytes that are none come out as U+FFFD. */
export function reverse(bytes: string): string {
  const runes = Array.from(runesOf(bytes), ({ code }) => encodeRune(code));
  return runes.toReversed().join("");
}

export type CaseMapping = "lower" | "upper";

export function mapCase(bytes: string, to: CaseMapping): string {
  if (isAscii(bytes)) return to === "lower" ? bytes.toLowerCase() : bytes.toUpperCase();
  return Array.from(runesOf(bytes), ({ code }) => encodeRune(mapRune(code, to))).join("");
}

export function mapFirst(bytes: string, to: CaseMapping): string {
  if (bytes === "") return bytes;
  const { code, width } = runeAt(bytes, 0);
  return encodeRune(mapRune(code, to)) + bytes.slice(width);
}

function isAscii(bytes: string): boolean {
  // oxlint-disable-next-line no-control-regex -- all of ASCII
  return /^[\0-\x7F]*$/.test(bytes);
}

function encodeRune(code: number): string {
  return code < 0x80 ? String.fromCharCode(code) : toBytes(String.fromCodePoint(code));
}

/**
 * Unicode's simple mapping (Go's `unicode.ToLower`, `unicode.ToUpper`): one character for one. JavaScript has the full
 * mapping, which is the simple one wherever it gives one character; the others are these. Letters that came after the
 * Unicode of the Go that a Flux was built with are left alone there, and mapped here.
 */
function mapRune(code: number, to: CaseMapping): number {
  const letter = String.fromCodePoint(code);
  const mapped = to === "lower" ? letter.toLowerCase() : letter.toUpperCase();
  const point = mapped.codePointAt(0) ?? code;
  if (mapped.length === (point > 0xffff ? 2 : 1)) return point;
  if (to === "lower") return code === 0x130 ? 0x69 : code;
  // Greek letters with an iota below: what is simple is their title case.
  const iota = code >= 0x1f80 && code <= 0x1faf && (code & 0xf) < 8;
  if (iota) return code + 8;
  return code === 0x1fb3 || code === 0x1fc3 || code === 0x1ff3 ? code + 9 : code;
}
