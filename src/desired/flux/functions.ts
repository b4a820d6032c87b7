/** What the operators of Flux's substitution make of a value, as fluxcd `pkg/envsubst` v1.8.0 does it (`funcs.go`, `template.go`). */

import { mapCase, mapFirst, reverse, runeStarts } from "./byte-text.ts";
import { trimPrefix } from "./trim.ts";
import type { TrimLength } from "./trim.ts";
import { SubstitutionRefused } from "./work.ts";
import type { Work } from "./work.ts";

export interface Call {
  readonly operator: string;
  /** Bytes, as are the arguments; empty where the variable is not set. */
  readonly value: string;
  readonly args: readonly string[];
  readonly work: Work;
}

/** Throws {@link SubstitutionRefused} where Flux fails, or where it takes too much. */
export function callFunction(call: Call): string {
  const { operator, value, args, work } = call;
  work.spend(value.length + args.reduce((sum, arg) => sum + arg.length, 0));
  const [first] = args;
  switch (operator) {
    case ",":
      return mapFirst(value, "lower");
    case ",,":
      return mapCase(value, "lower");
    case "^":
      return mapFirst(value, "upper");
    case "^^":
      return mapCase(value, "upper");
    case "#":
      return first === undefined ? String(value.length) : trimPrefix(value, first, "shortest", work);
    case "##":
      return trimPrefix(value, first ?? "", "longest", work);
    case "%":
      return trimSuffix(call, "shortest");
    case "%%":
      return trimSuffix(call, "longest");
    case ":":
      return slice(value, args);
    case "/":
    case "//":
      return replace(call);
    case "/#":
    case "/%":
      return replaceEnd(call);
    default:
      // Also `${a:+b}` and `${a:?b}`, which are other things in bash.
      return value === "" ? args.join("") : value;
  }
}

/** Whether the operator says itself what becomes of a variable that is not set. */
export function isDefaultOperator(operator: string): boolean {
  return /^:?[-+=?]$/.test(operator);
}

function trimSuffix({ value, args: [pattern = ""], work }: Call, which: TrimLength): string {
  // Flux turns the pattern around as well, which makes something else of its brackets and backslashes.
  return reverse(trimPrefix(reverse(value), reverse(pattern), which, work));
}

function replace({ operator, value, args: [old = "", by = ""], work }: Call): string {
  const starts = old === "" ? runeStarts(value) : placesOf(old, value);
  const places = operator === "/" ? starts.slice(0, 1) : starts;
  work.spend(places.length * by.length);
  const ends = [0, ...places.map((place) => place + old.length)];
  return [...places, value.length].map((place, index) => value.slice(ends[index], place)).join(by);
}

function placesOf(part: string, value: string): readonly number[] {
  const places: number[] = [];
  for (let at = value.indexOf(part); at >= 0; at = value.indexOf(part, at + part.length)) places.push(at);
  return places;
}

/** Without a replacement Flux replaces nothing here, though elsewhere it deletes. */
function replaceEnd({ operator, value, args: [old = "", by] }: Call): string {
  if (by === undefined) return value;
  if (operator === "/#") return value.startsWith(old) ? by + value.slice(old.length) : value;
  return value.endsWith(old) ? value.slice(0, value.length - old.length) + by : value;
}

/** Bytes from a position on, or so many of them; negative numbers count from the end. What is no number changes nothing. */
function slice(value: string, [position = "", count]: readonly string[]): string {
  const size = BigInt(value.length);
  const written = integerOf(position);
  if (written === undefined) return value;
  const fromEnd = size + written < 0n ? 0n : size + written;
  const start = written < 0n ? fromEnd : written;
  if (count === undefined) return cut(value, start, size);
  const length = integerOf(count);
  if (length === undefined) return value;
  if (length < 0n) return cut(value, start, size + length);
  // Go's integers are 64 bits wide, and panic where a sum of two is more.
  if (BigInt.asIntN(64, start + length) < 0n) {
    throw new SubstitutionRefused("a variable is cut at a number beyond 64 bits");
  }
  return cut(value, start, start + length);
}

function cut(value: string, start: bigint, end: bigint): string {
  return end <= start || start >= value.length ? "" : value.slice(Number(start), Number(end));
}

/** Go's `strconv.Atoi`. */
function integerOf(text: string): bigint | undefined {
  const [, sign = "", digits] = /^([+-]?)0*([0-9]{1,19})$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const value = sign === "-" ? -BigInt(digits) : BigInt(digits);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}
