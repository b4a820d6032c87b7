/** What dyes in a text that was rendered say of where the text comes from. */

import { isMadeOf } from "../../core/text-parts.ts";
import type { Scalar, Value } from "../../core/value.ts";
import { flipped } from "./dyes.ts";
import { isWithinReach } from "./focus.ts";
import type { Focus } from "./focus.ts";
import type { Dyed } from "./scope.ts";

/** A value as it was rendered first. */
export interface Asked {
  readonly value: Scalar;
  /** What of it the cluster has something else of. */
  readonly focus?: Focus;
}

/** Those that give what the cluster has something else of. */
export function relevant({ value, focus }: Asked, dyed: readonly Dyed[], text: string): readonly Dyed[] {
  if (focus === undefined) return dyed;
  const reaching = dyed.filter((one) =>
    placesOf(one, dyed, text).some((at) => reaches(focus, one, givenAt(one, { at, value: String(value), text, dyed }))),
  );
  // Of one line, what else gives a part of it is told, too.
  return focus.line === undefined && reaching.length > 0 ? dyed : reaching;
}

interface Given {
  /** `[at, end)` in the value. */
  readonly at: number;
  readonly end: number;
  readonly value: string;
}

/** What is worked out may be of any length: it is what is between what stands before the dye, and behind it. */
function givenAt(
  { piece, text: dye }: Dyed,
  { at, value, text, dyed }: Pick<Given, "at" | "value"> & { readonly text: string; readonly dyed: readonly Dyed[] },
): Given {
  if (piece.workedOut !== true) return { at, end: at + piece.text.length, value };
  const behind = undyed(text.slice(text.indexOf(dye) + dye.length), dyed);
  return { at, end: Math.max(at, value.length - behind.length), value };
}

function reaches(focus: Focus, { piece }: Dyed, { at, end, value }: Given): boolean {
  if (piece.variable === true) return true;
  if (piece.line === true && value.slice(0, at).split("\n").length - 1 === focus.line?.index) return true;
  return isWithinReach(focus, at, end, piece.workedOut === true ? value.slice(at, end) : piece.text);
}

/** Where in the text as it was each of its places is. */
function placesOf({ text: dye }: Dyed, dyed: readonly Dyed[], text: string): readonly number[] {
  const places: number[] = [];
  for (let at = text.indexOf(dye); at >= 0; at = text.indexOf(dye, at + dye.length))
    places.push(undyed(text.slice(0, at), dyed).length);
  return places.length === 0 && text !== "" ? [0] : places;
}

/** Whether the text is the value but for the dyes: for those of what is worked out anything may have stood. */
export function isValueDyed(value: Scalar, text: string, dyed: readonly Dyed[]): boolean {
  const free = dyed.filter(({ piece }) => piece.workedOut === true);
  const rest = undyed(
    text,
    dyed.filter((one) => !free.includes(one)),
  );
  if (free.length === 0) return rest === String(value);
  const parts = free.reduce<readonly string[]>((sum, { text: dye }) => sum.flatMap((part) => part.split(dye)), [rest]);
  return parts.length > 1 && isMadeOf(String(value), parts);
}

/** What the value may be with the other of two words in it. */
export function turned({ value, focus }: Asked, word: string): readonly string[] {
  const text = String(value);
  const found: string[] = [];
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (focus === undefined || isWithinReach(focus, at, at + word.length, word))
      found.push(`${text.slice(0, at)}${flipped(word) ?? ""}${text.slice(at + word.length)}`);
  }
  return found;
}

/** The part of which the cluster has something else. */
export function nearest(own: readonly Dyed[], text: string, live: Value | undefined): Dyed | undefined {
  if (typeof live !== "string" && typeof live !== "number") return undefined;
  const there = String(live);
  return own.find((one) => {
    const at = text.indexOf(one.text);
    const others = own.filter((other) => other !== one);
    const before = undyed(text.slice(0, at), others);
    const behind = undyed(text.slice(at + one.text.length), others);
    return there.startsWith(before) && there.endsWith(behind) && there.length >= before.length + behind.length;
  });
}

export function holds(text: string, { text: dye }: Dyed): boolean {
  return text.includes(dye) || text === Buffer.from(dye).toString("base64");
}

export function undyed(text: string, dyed: readonly Dyed[]): string {
  const [only] = dyed;
  if (only !== undefined && dyed.length === 1 && text === Buffer.from(only.text).toString("base64"))
    return Buffer.from(only.piece.text).toString("base64");
  return dyed.reduce((sum, { piece, text: dye }) => sum.replaceAll(dye, piece.text), text);
}
