/**
 * Where the fields of rendered objects come from. A renderer does not tell; so what may be the source is given a dye of its
 * own, and everything is rendered once more by the same way: where the dye comes out, there the source is. Nothing is taken
 * for a source without that proof, and without a second one: rendered with that source alone dyed, in another colour, no
 * object and no field comes or goes, the field is as it was but for the dye, and every other field that changed is counted.
 *
 * What decides by being true or false, and what names and selects, is changed one at a time. Of what nothing gives as it is,
 * the line of a template that works it out is looked for in the same way. Nothing found is no source.
 */

import type { FieldSource, OtherSource } from "../../core/drift.ts";
import type { DesiredObject } from "../../core/objects.ts";
import type { FieldPath } from "../../core/path.ts";
import type { Scalar, Value } from "../../core/value.ts";
import type { DesiredInput } from "../desired.ts";
import { candidatesOf } from "./candidates.ts";
import type { Candidates } from "./candidates.ts";
import { besidesDeployed, differencesOf, isChecksum, isReshaped, keyOf, leavesOf, objectIn } from "./differences.ts";
import type { Changed, Objects } from "./differences.ts";
import { dyeFor, flipped } from "./dyes.ts";
import { beginning, focusOf, isDigest, writtenAt } from "./focus.ts";
import type { Focus } from "./focus.ts";
import { leafAt } from "./leaf-at.ts";
import { overlaidPlace } from "./overlaid.ts";
import type { Piece } from "./pieces.ts";
import { holds, isValueDyed, nearest, relevant, turned, undyed } from "./proof.ts";
import { placeOf, roleOf } from "./roles.ts";
import { apart, pieceId, Scope } from "./scope.ts";
import type { Budget, Dyed } from "./scope.ts";
import { workedOut } from "./worked-out.ts";

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
  /** What the cluster has there. */
  readonly live?: Value;
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
/** Of what was tried alone, the last ones are kept: each is all that was rendered. */
const MAX_TRIED = 8;

interface Tried {
  readonly dyed: readonly Dyed[];
  readonly after: Objects;
}

class Search {
  readonly #scope: Scope;
  readonly #answers = new Map<AskedField, FieldOrigin>();
  /** Fields that stay as they are, whatever of their free candidates is dyed. */
  readonly #untouched = new Set<Work>();
  readonly #tried = new Map<string, Tried>();
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
    await this.#inBatches(works);
    const open = works.filter(({ asked }) => !this.#answers.has(asked));
    const computed = await this.#workedOut(open);
    await this.#inBatches(computed);
    // What takes many renderings comes last; a line that gives the value as it is goes before one that works it out.
    for (const work of open) await this.#alone(work);
    for (const work of computed) {
      if (this.#answers.get(work.asked)?.kind === "found") continue;
      this.#answers.delete(work.asked);
      await this.#alone(work);
    }
    return this.#answers;
  }

  async #inBatches(works: readonly Work[]): Promise<void> {
    for (let start = 0; start < works.length; start += AT_ONCE) {
      await this.#together(works.slice(start, start + AT_ONCE).filter(({ candidates }) => candidates.free.length > 0));
    }
  }

  /** The same fields with what of a template may work them out; those of which something may. */
  async #workedOut(works: readonly Work[]): Promise<readonly Work[]> {
    const found: Work[] = [];
    for (const work of works) {
      const candidates = await this.#others(work);
      if (candidates.free.length + candidates.alone.length > 0) found.push({ ...work, candidates });
    }
    return found;
  }

  async #others(work: Work): Promise<Candidates> {
    const { free, alone } = await workedOut(this.#scope, work.object, work);
    const focus = work.focus === undefined ? beginning(work.value) : undefined;
    if (focus === undefined) return { free, alone };
    const begun = await candidatesOf(this.#scope, work.object, { ...work, focus });
    return { free: apart([...free, ...begun.free]), alone };
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
    const live = leaf.live === undefined ? {} : { live: leaf.live };
    return { asked, object, ...about, ...live, candidates: await candidatesOf(this.#scope, object, about) };
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
    return isValueDyed(work.value, text, own);
  }

  /** What decides more than a value: one after the other, each by itself. */
  async #alone(work: Work): Promise<void> {
    const { alone, free } = work.candidates;
    const pieces = [...alone, ...(this.#untouched.has(work) ? [] : free)].slice(0, MAX_ALONE);
    for (const piece of pieces) {
      const tried = await this.#tryAlone(piece);
      if (tried === undefined) return;
      if (tried === "no other") continue;
      const { dyed, after } = tried;
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
    if (!this.#answers.has(work.asked)) this.#answers.set(work.asked, { kind: "unknown", why: NOT_FOUND });
  }

  /** Fields beside each other may come from the same line: it is tried once. `undefined` where no more may be rendered. */
  async #tryAlone(piece: Piece): Promise<Tried | "no other" | undefined> {
    const text = piece.kind === "boolean" ? flipped(piece.text) : undefined;
    if (piece.kind === "boolean" && text === undefined) return "no other";
    const key = [pieceId(piece), piece.kind, piece.before, piece.lead, piece.encoded].join("\0");
    const known = this.#tried.get(key);
    // What it gives may be something else in another field.
    if (known !== undefined) return { ...known, dyed: known.dyed.map((one) => ({ ...one, piece })) };
    const dyed = text === undefined ? this.#dye([piece]) : [{ piece, text }];
    const after = await this.#scope.with(dyed);
    if (after === undefined) return undefined;
    const tried = { dyed, after };
    this.#tried.set(key, tried);
    const [oldest] = this.#tried.keys();
    if (this.#tried.size > MAX_TRIED && oldest !== undefined) this.#tried.delete(oldest);
    return tried;
  }

  /** The other of two; of what is hidden it is known only that it changed. */
  #isTurned(seen: Seen, dyed: readonly Dyed[], after: Objects): boolean {
    const { work } = seen;
    const now = objectIn(after, work.object);
    const [piece] = seen.winners;
    if (now === undefined || piece === undefined) return false;
    if (isDigest(work.value)) return true;
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
    const first = nearest(reaching, text, work.live) ?? any;
    if (first === undefined) throw new Error("what comes from nowhere was accepted");
    const parts = own.filter((one) => one !== first);
    const given = changed.filter((one) => !isChecksum(one) && (dyed.length === 1 || holds(String(one.after), first)));
    const overlaid = await overlaidPlace(this.#scope, work.object, work.asked.path, first.piece);
    const placed = await this.#placed(first.piece, work.object);
    const others: OtherSource[] = [];
    for (const { piece } of parts) {
      const other = await this.#placed(piece, work.object);
      // A template's line is told as a line: its words have no places of their own.
      if (piece.place !== "template" || other.file !== placed.file || other.line !== placed.line)
        others.push({ ...other, is: "part" });
    }
    if (overlaid !== undefined) others.push(overlaid);
    return {
      ...placed,
      ...(await this.#lineOf(work, first, { text, own, line: placed.line })),
      feeds: given.filter((one) => !isField(one, work)).length,
      ...((text === `${first.text}${first.piece.ends ?? ""}` && first.piece.variable !== true) ||
      first.piece.kind === "boolean" ||
      isDigest(work.value)
        ? {}
        : { part: true }),
      ...(first.piece.workedOut === true ? { computed: true } : {}),
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

function isField({ object, pointer }: Changed, work: Work): boolean {
  return keyOf(object) === keyOf(work.object) && pointer === work.pointer;
}

function textAt(object: DesiredObject, pointer: string): string {
  return String(leavesOf(object.value).get(pointer) ?? "");
}

function halves<T>(all: readonly T[]): readonly (readonly T[])[] {
  const middle = Math.ceil(all.length / 2);
  return [all.slice(0, middle), all.slice(middle)].filter((half) => half.length > 0);
}
