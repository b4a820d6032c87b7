/**
 * Where no line gives a value as it is, the line of a template that works it out, of the chart's or the release's name, say.
 * Another text in the place of the expression is the proof that the value is written there.
 */

import type { DesiredObject } from "../../core/objects.ts";
import { pointerSteps } from "../../core/pointer.ts";
import type { Candidates, Leaf } from "./candidates.ts";
import { isDigest, isWithinReach } from "./focus.ts";
import type { Focus } from "./focus.ts";
import type { Piece } from "./pieces.ts";
import type { Scope } from "./scope.ts";
import type { Segment, TemplateLine } from "./template-lines.ts";

/** Lines that are as likely as each other; and less likely ones, each of which costs a rendering. */
const MAX_LIKELY = 10;
const MAX_OTHERS = 3;

export async function workedOut(scope: Scope, object: DesiredObject, leaf: Leaf): Promise<Candidates> {
  const asked = askedOf(leaf);
  const found = new Map<string, { readonly piece: Piece; readonly score: number }>();
  const own = object.origin.file;
  for (const file of scope.templatesOf(object)) {
    // What another template writes out is its own, but for what it defines for others.
    if (file !== own && scope.isTemplate(own) && (await scope.texts.text(file))?.includes("define") !== true) continue;
    for (const line of await scope.texts.templateLines(file)) {
      const score = leaf.focus?.line === undefined ? scoreOf(line, asked, file === own) : 1;
      if (score === 0) continue;
      for (const piece of piecesOf(file, line, asked)) found.set(`${file}\0${piece.start}`, { piece, score });
    }
  }
  const ranked = [...found.values()].toSorted((a, b) => b.score - a.score);
  const likely = ranked.filter(({ piece, score }) => !piece.alone && score === ranked[0]?.score).slice(0, MAX_LIKELY);
  const others = ranked.filter((one) => !likely.includes(one)).slice(0, MAX_OTHERS);
  return { free: likely.map(({ piece }) => piece), alone: others.map(({ piece }) => piece) };
}

interface Asked {
  readonly text: string;
  readonly hidden: boolean;
  readonly names: readonly string[];
  readonly item: boolean;
  readonly focus?: Focus;
}

function askedOf({ pointer, value, focus }: Leaf): Asked {
  const steps = pointerSteps(pointer);
  return {
    text: String(value),
    hidden: isDigest(value),
    names: steps.filter((name) => !/^\d+$/.test(name)),
    item: /^\d+$/.test(steps.at(-1) ?? ""),
    ...(focus === undefined ? {} : { focus }),
  };
}

/** How many of the keys are the field's, from its own on; 0 of the line of another field, and of an object's name. */
function scoreOf({ keys, anyKey, lone }: TemplateLine, { names, item }: Asked, isOwn: boolean): number {
  if (item && lone) return 0;
  const shape = keys.join("/");
  if (/^(?:apiVersion|kind|metadata\/name|metadata\/namespace)$/.test(shape)) return 0;
  const given = anyKey ? names.slice(0, -1) : names;
  let same = 0;
  while (same < keys.length && same < given.length && keys.at(-1 - same) === given.at(-1 - same)) same++;
  if (same === 0 && !(anyKey || (item && keys.length === 0))) return 0;
  // Keys that are others' further out: an item may be one of a list that a helper writes.
  const others = keys.length - same;
  return 1 + 4 * same - 2 * Math.min(others, 1) - (anyKey ? 3 : 0) + (isOwn ? 1 : 0);
}

function piecesOf(file: string, line: TemplateLine, asked: Asked): readonly Piece[] {
  const { text, hidden, focus } = asked;
  const ofLine = focus?.line;
  const segments = ofLine === undefined ? line.segments : line.whole;
  // A line that writes out nothing by itself could be any.
  if (ofLine !== undefined && !segments.some((one) => one.kind === "text" && one.text.trim() !== "")) return [];
  if (hidden) return segments.flatMap((one) => pieceOf(file, one, asked, undefined)).slice(0, 1);
  const base = ofLine === undefined || focus === undefined ? 0 : focus.start - ofLine.offset;
  const places = line.loose ? undefined : placesIn(segments, ofLine?.text ?? text);
  if (places === "another") return [];
  const found = segments.flatMap((one, index) => {
    const place = places?.[index];
    const at = place === undefined ? undefined : { start: base + place.start, end: base + place.end };
    if (
      focus !== undefined &&
      at !== undefined &&
      !isWithinReach(focus, at.start, at.end, text.slice(at.start, at.end))
    )
      return [];
    // What a line of a text writes out is found as it is.
    if (one.kind === "text" && (focus === undefined || ofLine !== undefined || at === undefined)) return [];
    return pieceOf(file, one, asked, at);
  });
  return focus === undefined ? found.slice(0, 1) : found;
}

interface Place {
  readonly start: number;
  readonly end: number;
}

/** Where in the text each is; `undefined` of those of which it is not clear. `another`: they do not make this text. */
function placesIn(segments: readonly Segment[], text: string): readonly (Place | undefined)[] | "another" {
  const places: (Place | undefined)[] = [];
  let at = 0;
  for (const [index, one] of segments.entries()) {
    if (one.kind === "action") {
      places.push(undefined);
      continue;
    }
    const last = index === segments.length - 1;
    const start = last && index > 0 ? text.length - one.text.length : text.indexOf(one.text, at);
    if (start < at || !text.startsWith(one.text, start) || (index === 0 && start > 0)) return "another";
    if (last && start + one.text.length < text.length) return "another";
    places.push({ start, end: start + one.text.length });
    at = start + one.text.length;
  }
  return places.map((place, index) => place ?? between(places, index, text.length));
}

/** Of two actions beside each other it is not clear which gives what. */
function between(places: readonly (Place | undefined)[], index: number, length: number): Place | undefined {
  const before = index === 0 ? 0 : places[index - 1]?.end;
  const behind = index === places.length - 1 ? length : places[index + 1]?.start;
  return before === undefined || behind === undefined ? undefined : { start: before, end: behind };
}

function pieceOf(file: string, segment: Segment, { text, hidden }: Asked, at: Place | undefined): readonly Piece[] {
  const common = { file, kind: "text", lead: "", alone: hidden, place: "template" } as const;
  const given = at === undefined ? text : text.slice(at.start, at.end);
  if (segment.kind === "text") {
    const { start } = segment;
    return [{ ...common, start, end: start + segment.text.length, text: segment.text, before: "", after: "" }];
  }
  const { expression } = segment.action;
  if (expression === undefined) return [];
  const { start, end, encodes } = expression;
  return [
    {
      ...common,
      start,
      end,
      text: given,
      before: '"',
      after: '"',
      workedOut: true,
      ...(hidden && !encodes ? { encoded: true as const } : {}),
    },
  ];
}
