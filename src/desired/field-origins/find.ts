/**
 * Where the fields of rendered objects come from. A renderer does not tell; so what may be the source is given a dye of its
 * own, and everything is rendered once more by the same way: where the dye comes out, there the source is. Nothing is taken
 * for a source without that proof, and without a second one: rendered with that source alone dyed, in another colour, no
 * object and no field comes or goes, the field is as it was but for the dye, and every other field that changed is counted.
 *
 * What decides by being true or false, and what names and selects, is changed one at a time. Nothing found is no source.
 */

import type { FieldSource, OtherSource } from "../../core/drift.ts";
import type { DesiredObject } from "../../core/objects.ts";
import { indexOfStep, valueAt } from "../../core/path.ts";
import type { FieldPath } from "../../core/path.ts";
import { isList, isMap, isScalar } from "../../core/value.ts";
import type { Scalar, Value } from "../../core/value.ts";
import type { DesiredInput } from "../desired.ts";
import { candidatesOf } from "./candidates.ts";
import type { Candidates } from "./candidates.ts";
import { besidesDeployed, differencesOf, isChecksum, isReshaped, keyOf, leavesOf, objectIn } from "./differences.ts";
import type { Changed, Objects } from "./differences.ts";
import { dyeFor, flipped } from "./dyes.ts";
import { focusOf, isWithinReach, writtenAt } from "./focus.ts";
import type { Focus } from "./focus.ts";
import { overlaidPlace } from "./overlaid.ts";
import type { Piece } from "./pieces.ts";
import { placeOf, roleOf } from "./roles.ts";
import { apart, pieceId, Scope } from "./scope.ts";
import type { Budget, Dyed } from "./scope.ts";

export interface AskedField {
  readonly object: DesiredObject;
  readonly path: FieldPath;
  /** What the cluster has there: of several lines that give a part each, the one of which the part differs is told first. */
  readonly live?: Value;
}

export type FieldOrigin =
  | { readonly kind: "found"; readonly source: FieldSource }
  /** Why, as the end of a sentence. */
  | { readonly kind: "unknown"; readonly why: string };

export const NOT_FOUND = "no line was found of which rendering proves that it is written there";
export const NOT_LOOKED = "it was not looked for, since enough was rendered for this pass";

/** One for each field, in their order. Fields of what is not rendered are not asked about. */
export async function findFieldOrigins(
  input: DesiredInput,
  asked: readonly AskedField[],
  { budget, signal }: { readonly budget: Budget; readonly signal?: AbortSignal },
): Promise<readonly FieldOrigin[]> {
  const answers = new Map<AskedField, FieldOrigin>();
  const scopes = Map.groupBy(asked, ({ object }) => (object.deployer === undefined ? object.origin.root : undefined));
  for (const [root, fields] of scopes) {
    signal?.throwIfAborted();
    if (budget.left <= 0) break;
    const search = new Search(await Scope.open(input, budget, root));
    for (const [field, answer] of await search.find(fields)) answers.set(field, answer);
  }
  return asked.map((field) => answers.get(field) ?? { kind: "unknown", why: NOT_LOOKED });
}

interface Work {
  readonly asked: AskedField;
  /** As it is rendered now. */
  readonly object: DesiredObject;
  readonly pointer: string;
  readonly value: Scalar;
  /** What of it the cluster has something else of. */
  readonly focus?: Focus;
  readonly candidates: Candidates;
}

/** A field, and what its value was seen to come from. */
interface Seen {
  readonly work: Work;
  readonly winners: readonly Piece[];
}

/** Fields that are looked for at once, with this many candidates. */
const AT_ONCE = 60;
const MAX_ALONE = 5;

class Search {
  readonly #scope: Scope;
  readonly #answers = new Map<AskedField, FieldOrigin>();
  /** Fields that stay as they are, whatever of their free candidates is dyed. */
  readonly #untouched = new Set<Work>();
  #dyes = 0;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  async find(fields: readonly AskedField[]): Promise<ReadonlyMap<AskedField, FieldOrigin>> {
    const works: Work[] = [];
    for (const asked of fields) {
      const work = await this.#workOf(asked);
      if (work === undefined) this.#answers.set(asked, { kind: "unknown", why: NOT_FOUND });
      else works.push(work);
    }
    for (let start = 0; start < works.length; start += AT_ONCE) {
      await this.#together(works.slice(start, start + AT_ONCE).filter(({ candidates }) => candidates.free.length > 0));
    }
    for (const work of works) if (!this.#answers.has(work.asked)) await this.#alone(work);
    return this.#answers;
  }

  async #workOf(asked: AskedField): Promise<Work | undefined> {
    const object = this.#scope.same(asked.object);
    const leaf = object === undefined ? undefined : leafAt(object.value, asked.path, asked.live);
    if (object === undefined || leaf === undefined) return undefined;
    const { pointer, value } = leaf;
    const focus = focusOf(value, leaf.live);
    // Another value each time is written nowhere.
    if (object.again !== undefined && leavesOf(object.again).get(pointer) !== value) return undefined;
    const about = { pointer, value, ...(focus === undefined ? {} : { focus }) };
    return { asked, object, ...about, candidates: await candidatesOf(this.#scope, object, about) };
  }

  /** All that may be dyed together; where something else changed by that, halves, down to single fields. */
  async #together(works: readonly Work[]): Promise<void> {
    if (works.length === 0) return;
    const dyed = this.#dye(works.flatMap(({ candidates }) => candidates.free));
    const after = await this.#scope.with(dyed);
    if (after === undefined) return;
    const seen: Seen[] = [];
    const spoilt: Work[] = [];
    for (const work of works) {
      const now = objectIn(after, work.object);
      if (now === undefined || isReshaped(work.object, now)) {
        spoilt.push(work);
        continue;
      }
      const text = textAt(now, work.pointer);
      const there = dyed.filter((one) => holds(text, one));
      const winners = relevant(work, there, text);
      if (winners.length > 0) seen.push({ work, winners: winners.map(({ piece }) => piece) });
      else if (there.length > 0 || text === String(work.value)) this.#untouched.add(work);
    }
    await this.#confirm(seen);
    // By itself it is tried piece by piece.
    if (spoilt.length > 0 && works.length > 1) for (const half of halves(spoilt)) await this.#together(half);
  }

  /** Once more with the sources alone, in other colours. */
  async #confirm(seen: readonly Seen[]): Promise<void> {
    if (seen.length === 0) return;
    const dyed = this.#dye(seen.flatMap(({ winners }) => winners));
    const after = await this.#scope.with(dyed);
    if (after === undefined) return;
    const { good, changed } = this.#judge(seen, dyed, after);
    for (const one of good) this.#accept(one, await this.#sourceOf(one, dyed, after, changed));
    const bad = seen.filter((one) => !good.includes(one));
    if (bad.length > 0 && seen.length > 1) for (const half of halves(bad)) await this.#confirm(half);
  }

  #accept({ work }: Seen, source: FieldSource): void {
    this.#answers.set(work.asked, { kind: "found", source });
  }

  #judge(
    seen: readonly Seen[],
    dyed: readonly Dyed[],
    after: Objects,
  ): { readonly good: readonly Seen[]; readonly changed: readonly Changed[] } {
    const { changed, reshaped, added } = differencesOf(this.#scope.objects, after);
    const nothing = { good: [], changed };
    // What comes or goes is nobody's in particular.
    if (reshaped.length > 0 || added.length > 0) return nothing;
    const stray = changed.filter((one) => !isChecksum(one) && !dyed.some((dye) => holds(String(one.after), dye)));
    // Of a single source it is known whose it is.
    if (stray.length > 0 && dyed.length > 1) return nothing;
    return { good: seen.filter((one) => this.#isProved(one, dyed, after)), changed };
  }

  /** But for the dyes it is what it was. */
  #isProved({ work, winners }: Seen, dyed: readonly Dyed[], after: Objects): boolean {
    const now = objectIn(after, work.object);
    if (now === undefined) return false;
    const text = textAt(now, work.pointer);
    const ids = new Set(winners.map(pieceId));
    const own = dyed.filter(({ piece }) => ids.has(pieceId(piece)));
    if (own.length < ids.size || !own.every((one) => holds(text, one))) return false;
    if (own.some(({ piece }) => piece.variable === true)) return text === own[0]?.text;
    return undyed(text, own) === String(work.value);
  }

  /** What decides more than a value: one after the other, each by itself. */
  async #alone(work: Work): Promise<void> {
    const { alone, free } = work.candidates;
    const pieces = [...alone, ...(this.#untouched.has(work) ? [] : free)].slice(0, MAX_ALONE);
    for (const piece of pieces) {
      const text = piece.kind === "boolean" ? flipped(piece.text) : undefined;
      if (piece.kind === "boolean" && text === undefined) continue;
      const dyed = text === undefined ? this.#dye([piece]) : [{ piece, text }];
      const after = await this.#scope.with(dyed);
      if (after === undefined) return;
      const before = this.#scope.objects;
      const all = differencesOf(before, after);
      const whole = all.reshaped.length + all.added.length === 0;
      const { changed, reshaped, added } = whole ? all : besidesDeployed(all, before, after, work.object);
      if (reshaped.length > 0 || added.length > 0) continue;
      if (!changed.some((one) => isField(one, work))) continue;
      const one = { work, winners: [piece] };
      if (!this.#isTurned(one, dyed, after)) continue;
      if (piece.kind !== "boolean" && relevant(work, dyed, this.#textOf(work, after)).length === 0) continue;
      return this.#accept(one, await this.#sourceOf(one, dyed, after, changed));
    }
    this.#answers.set(work.asked, { kind: "unknown", why: NOT_FOUND });
  }

  /** The other of two; of what is hidden it is known only that it changed. */
  #isTurned(seen: Seen, dyed: readonly Dyed[], after: Objects): boolean {
    const { work } = seen;
    const now = objectIn(after, work.object);
    const [piece] = seen.winners;
    if (now === undefined || piece === undefined) return false;
    if (isHidden(work.value)) return true;
    if (piece.kind !== "boolean") return this.#isProved(seen, dyed, after);
    return turned(work, piece.text).includes(textAt(now, work.pointer));
  }

  #textOf(work: Work, after: Objects): string {
    const now = objectIn(after, work.object);
    return now === undefined ? "" : textAt(now, work.pointer);
  }

  #dye(pieces: readonly Piece[]): readonly Dyed[] {
    const different = new Map(pieces.map((piece) => [pieceId(piece), piece]));
    return apart([...different.values()]).map((piece) => ({
      piece,
      text: this.#dyeOf(piece),
    }));
  }

  #dyeOf({ lead, text, encoded }: Piece): string {
    const dye = dyeFor(text, this.#dyes++);
    return encoded === true ? Buffer.from(dye).toString("base64") : `${lead}${dye}`;
  }

  async #sourceOf(
    { work, winners }: Seen,
    dyed: readonly Dyed[],
    after: Objects,
    changed: readonly Changed[],
  ): Promise<FieldSource> {
    const now = objectIn(after, work.object) as DesiredObject;
    const text = textAt(now, work.pointer);
    const own = dyed.filter(({ piece }) => winners.some((one) => pieceId(one) === pieceId(piece)));
    const reaching = relevant(work, own, text);
    const [any] = reaching.length > 0 ? reaching : own;
    const first = nearest(reaching, text, work.asked.live) ?? any;
    if (first === undefined) throw new Error("what comes from nowhere was accepted");
    const parts = own.filter((one) => one !== first);
    const given = changed.filter((one) => !isChecksum(one) && (dyed.length === 1 || holds(String(one.after), first)));
    const overlaid = await overlaidPlace(this.#scope, work.object, work.asked.path, first.piece);
    const others: OtherSource[] = [];
    for (const { piece } of parts) others.push({ ...(await this.#placed(piece, work.object)), is: "part" });
    if (overlaid !== undefined) others.push(overlaid);
    const placed = await this.#placed(first.piece, work.object);
    return {
      ...placed,
      ...(await this.#lineOf(work, first, { text, own, line: placed.line })),
      feeds: given.filter((one) => !isField(one, work)).length,
      ...((text === first.text && first.piece.variable !== true) ||
      first.piece.kind === "boolean" ||
      isHidden(work.value)
        ? {}
        : { part: true }),
      ...(others.length === 0 ? {} : { others }),
    };
  }

  /** Of what stands on several lines, the one that differs. */
  async #lineOf(
    { focus, value }: Work,
    { piece, text: dye }: Dyed,
    { text, own, line }: { readonly text: string; readonly own: readonly Dyed[]; readonly line: number },
  ): Promise<{ readonly line?: number; readonly whole?: true }> {
    const source = ((await this.#scope.texts.text(piece.file)) ?? "").slice(piece.start, piece.end).trimEnd();
    if (!source.includes("\n")) return {};
    const written = source.split("\n");
    const at = Math.max(0, text.indexOf(dye));
    const before = undyed(text.slice(0, at), own).split("\n").length - 1;
    const found = focus?.line === undefined ? undefined : lineOfBlock(written, focus.line, { piece, before });
    if (found !== undefined) return { line: line + found };
    return piece.place === "file" && String(value) !== "" ? { whole: true } : {};
  }

  async #placed(piece: Piece, object: DesiredObject): Promise<Omit<OtherSource, "is">> {
    const path = placeOf(piece);
    // A block of text begins with its key's line.
    const line = await this.#scope.texts.line(piece.file, piece.start);
    const role = roleOf(piece, object, await this.#scope.factsOf(piece.file, object));
    return { file: piece.file, line, role, ...(path === undefined ? {} : { path }) };
  }
}

/** From its first line on; `undefined` where it is not clear which one it is. */
function lineOfBlock(
  written: readonly string[],
  line: NonNullable<Focus["line"]>,
  { piece, before }: { readonly piece: Piece; readonly before: number },
): number | undefined {
  // The block's own sign stands on the line before.
  const index = line.index - before + (piece.place === "file" ? 0 : 1);
  const isIt = (text: string): boolean => text.trim() === line.text || writtenAt(text, line) !== undefined;
  if (isIt(written[index] ?? "")) return index;
  const same = [...written.keys()].filter((one) => isIt(written[one] as string));
  return same.length === 1 ? same[0] : undefined;
}

/** Those that give what the cluster has something else of. */
function relevant(work: Work, dyed: readonly Dyed[], text: string): readonly Dyed[] {
  const { focus } = work;
  if (focus === undefined) return dyed;
  const value = String(work.value);
  const reaching = dyed.filter((one) => placesOf(one, dyed, text).some((at) => reaches(focus, one, { at, value })));
  // Of one line, what else gives a part of it is told, too.
  return focus.line === undefined && reaching.length > 0 ? dyed : reaching;
}

function reaches(
  focus: Focus,
  { piece }: Dyed,
  { at, value }: { readonly at: number; readonly value: string },
): boolean {
  if (piece.variable === true) return true;
  if (piece.line === true && value.slice(0, at).split("\n").length - 1 === focus.line?.index) return true;
  return isWithinReach(focus, at, at + piece.text.length, piece.text);
}

/** Where in the text as it was each of its places is. */
function placesOf({ text: dye }: Dyed, dyed: readonly Dyed[], text: string): readonly number[] {
  const places: number[] = [];
  for (let at = text.indexOf(dye); at >= 0; at = text.indexOf(dye, at + dye.length))
    places.push(undyed(text.slice(0, at), dyed).length);
  return places.length === 0 && text !== "" ? [0] : places;
}

/** What the value may be with the other of two words in it. */
function turned({ value, focus }: Work, word: string): readonly string[] {
  const text = String(value);
  const found: string[] = [];
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (focus === undefined || isWithinReach(focus, at, at + word.length, word))
      found.push(`${text.slice(0, at)}${flipped(word) ?? ""}${text.slice(at + word.length)}`);
  }
  return found;
}

/** The part of which the cluster has something else. */
function nearest(own: readonly Dyed[], text: string, live: Value | undefined): Dyed | undefined {
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

function isField({ object, pointer }: Changed, work: Work): boolean {
  return keyOf(object) === keyOf(work.object) && pointer === work.pointer;
}

function holds(text: string, { text: dye }: Dyed): boolean {
  return text.includes(dye) || text === Buffer.from(dye).toString("base64");
}

function undyed(text: string, dyed: readonly Dyed[]): string {
  const [only] = dyed;
  if (only !== undefined && dyed.length === 1 && text === Buffer.from(only.text).toString("base64"))
    return Buffer.from(only.piece.text).toString("base64");
  return dyed.reduce((sum, { piece, text: dye }) => sum.replaceAll(dye, piece.text), text);
}

/** A secret value: its digest. */
function isHidden(value: Scalar): boolean {
  return typeof value === "string" && value.startsWith("hmac-sha256:");
}

function textAt(object: DesiredObject, pointer: string): string {
  return String(leavesOf(object.value).get(pointer) ?? "");
}

function halves<T>(all: readonly T[]): readonly (readonly T[])[] {
  const middle = Math.ceil(all.length / 2);
  return [all.slice(0, middle), all.slice(middle)].filter((half) => half.length > 0);
}

interface AskedLeaf {
  readonly pointer: string;
  readonly value: Scalar;
  readonly live?: Value;
}

/** The field's own leaf; of a list or a map the first of which the cluster has something else, or the first. */
function leafAt(value: Value, path: FieldPath, live: Value | undefined): AskedLeaf | undefined {
  let pointer = "";
  let current: Value | undefined = value;
  for (const step of path) {
    if (current === undefined) return undefined;
    const index = step.kind === "field" ? step.name : indexOfStep(current, step);
    if (index === undefined) return undefined;
    pointer += `/${String(index).replaceAll("~", "~0").replaceAll("/", "~1")}`;
    current = valueAt(current, [step]);
  }
  if (current === undefined) return undefined;
  if (isScalar(current))
    return current === null ? undefined : { pointer, value: current, ...(live === undefined ? {} : { live }) };
  if (!isMap(current) && !isList(current)) return undefined;
  const leaves = [...leavesOf(current)].filter(([, leaf]) => leaf !== null);
  const there = live === undefined || isScalar(live) ? undefined : leavesOf(live);
  const different = there && leaves.find(([below, leaf]) => there.get(below) !== leaf);
  const [below, leaf] = different ?? leaves[0] ?? [];
  if (below === undefined || leaf === undefined) return undefined;
  const other = there?.get(below);
  return { pointer: `${pointer}${below}`, value: leaf, ...(other === undefined ? {} : { live: other }) };
}
