/** One object's changes as splices of its file, each refused by itself where it must be. */

import { rekeyedItems } from "../core/apply.ts";
import type { CodifyRequest } from "../core/codify.ts";
import type { Change } from "../core/drift.ts";
import { formatPath } from "../core/path.ts";
import type { FieldPath } from "../core/path.ts";
import type { ValueMap } from "../core/value.ts";
import { isMap } from "../core/value.ts";
import { findObjects, objectAt } from "../yaml/source-find.ts";
import type { FoundObject } from "../yaml/source-find.ts";
import { sourceFinder } from "../yaml/source-finder.ts";
import type { SourceFinder } from "../yaml/source-finder.ts";
import { valueOfNode } from "../yaml/source-node.ts";
import { parseSource } from "../yaml/source.ts";
import type { SourceText } from "../yaml/source.ts";
import { applyChanges } from "./assign.ts";
import { applyCuts, keepUnended, orderCuts, untouchedOutside } from "./cuts.ts";
import { emit } from "./emit.ts";
import type { Cut } from "./cuts.ts";
import { refuseChange, refuseDocument, refuseRendered } from "./guards.ts";
import { pageOf } from "./page.ts";
import { mergeChange, newItemFinder, newMapTarget } from "./plan.ts";
import type { Planned } from "./plan.ts";
import { proveDocuments } from "./prove-text.ts";
import type { Expectation } from "./prove-text.ts";
import { isRefused, refused } from "./refuse.ts";
import { keepsEnd } from "./unended.ts";
import type { Refused } from "./refuse.ts";

export interface ObjectEdit {
  readonly request: CodifyRequest;
  readonly found: FoundObject;
  /** By index of the change; every change is here or among the accepted. */
  readonly refusals: ReadonlyMap<number, Refused>;
  readonly accepted: readonly Planned[];
  /** In the text's order. */
  readonly cuts: readonly Cut[];
  readonly expected: Expectation;
}

/** The edit, which may accept nothing, or why the object cannot be edited at all. */
export function editObject(source: SourceText, request: CodifyRequest): ObjectEdit | Refused {
  const { desired } = request;
  const [found, second] = findObjects(source, desired.origin, desired.ref);
  if (found === undefined) return unread(source, request) ?? refused("not-found", "the file does not have the object");
  if (second !== undefined) return refused("ambiguous", "the file has the object twice", second.node.start);
  const blocked = refuseDocument(source, found.document);
  if (blocked !== undefined) return blocked;
  const value = valueOfNode(found.node);
  if (!isMap(value)) return refused("alias", "the object's aliases cannot be followed", found.node.start);
  return editFound({ source, request, found, value });
}

/** The document that should have held the object could not be parsed: the reason is its own. */
function unread(source: SourceText, { desired }: CodifyRequest): Refused | undefined {
  const document = source.documents[desired.origin.document];
  return document === undefined ? undefined : refuseDocument(source, document);
}

interface Work {
  readonly source: SourceText;
  readonly request: CodifyRequest;
  readonly found: FoundObject;
  readonly value: ValueMap;
}

function editFound(work: Work): ObjectEdit {
  const { request, found } = work;
  const refusals = new Map<number, Refused>();
  const open: Planned[] = [];
  for (const [index, change] of request.changes.entries()) {
    const { ref, origin } = request.desired;
    const blocked = refuseChange(change, ref) ?? refuseRendered(change, origin, work.value);
    if (blocked === undefined) open.push({ index, change });
    else refusals.set(index, blocked);
  }
  const together = tryChanges(work, open);
  const { accepted, result } = isRefused(together)
    ? inParts(work, open, refusals)
    : { accepted: open, result: together };
  const served = new Set(result.cuts.flatMap(({ by }) => [...by]));
  for (const { index } of accepted) {
    if (!served.has(index)) refusals.set(index, refused("not-found", "Git has this value already"));
  }
  const effective = accepted.filter(({ index }) => !refusals.has(index));
  return { request, found, refusals, accepted: effective, cuts: result.cuts, expected: result.expected };
}

interface Tried {
  readonly cuts: readonly Cut[];
  readonly expected: Expectation;
}

/** Changes that are tried in all, each as often as it is: what is left then is refused, and what was accepted stays. */
const MAX_TRIED = 500_000;

/** Halves, and halves of these, down to the changes that cannot be codified: each of them costs only itself. */
function inParts(work: Work, open: readonly Planned[], refusals: Map<number, Refused>) {
  let accepted: readonly Planned[] = [];
  let result: Tried = { cuts: [], expected: expectationOf(work, work.value) };
  let left = MAX_TRIED;
  const add = (part: readonly Planned[]): void => {
    left -= accepted.length + part.length;
    const tried = left < 0 ? refused("unsupported", "too many changes") : tryChanges(work, [...accepted, ...part]);
    if (!isRefused(tried)) {
      accepted = [...accepted, ...part];
      result = tried;
    } else if (part.length === 1 || left < 0) {
      for (const { index } of part) refusals.set(index, tried);
    } else addHalves(part);
  };
  const addHalves = (part: readonly Planned[]): void => {
    const middle = part.length >> 1;
    if (middle > 0) add(part.slice(0, middle));
    if (part.length > 0) add(part.slice(middle));
  };
  addHalves(open);
  return { accepted, result };
}

function expectationOf({ found }: Work, value: ValueMap): Expectation {
  return { document: found.document.index, items: found.items, value };
}

/** Ways to write, the better first. */
const MANNERS: readonly Manner[] = [
  { blocks: true, unended: true },
  // A comment below a block scalar may become part of it.
  { blocks: false, unended: true },
  // A block scalar that would be the last of a text without a line break at its end needs one.
  { blocks: true, unended: false },
];

interface Manner {
  /** Strings of several lines may become block scalars; else they are quoted. */
  readonly blocks: boolean;
  /** A text without a line break at its end stays so. */
  readonly unended: boolean;
}

/** Splices for all of these changes together, proved on the text, in the first manner that the proof holds for. */
function tryChanges(work: Work, changes: readonly Planned[]): Tried | Refused {
  let tried: Tried | Refused = refused(
    "proof-failed",
    "the edited text does not read as it should",
    work.found.node.start,
  );
  for (const manner of MANNERS) {
    tried = tryManner(work, changes, manner);
    if (!isRefused(tried) || tried.code !== "proof-failed") return tried;
  }
  return tried;
}

function tryManner(work: Work, changes: readonly Planned[], manner: Manner): Tried | Refused {
  const { source, request, found } = work;
  const cuts = cutsFor(source, found, { changes, schema: request.schema, manner });
  if (isRefused(cuts)) return cuts;
  const value = applyChanges(
    work.value,
    changes.map(({ change }) => change),
    request.schema,
  );
  if (!isMap(value)) return refused("not-found", "the field's parents do not fit the change", found.node.start);
  const expected = expectationOf(work, value);
  // Parsed once for all of the proofs: a long document takes as long as all the rest.
  const after = parseSource(applyCuts(source.text, cuts));
  const proved =
    untouchedOutside(source.text, after.text, cuts) &&
    proveDocuments(source, after, [expected]) &&
    keepsEnd(source, after, cuts) &&
    staysUnchanged(after, work, changes);
  return proved
    ? { cuts, expected }
    : refused("proof-failed", "the edited text does not read as it should", found.node.start);
}

interface CutsInput {
  readonly changes: readonly Planned[];
  readonly schema: CodifyRequest["schema"];
  readonly manner: Manner;
  readonly finder?: SourceFinder;
}

function cutsFor(
  source: SourceText,
  { document, node }: FoundObject,
  { changes, schema, manner, finder = sourceFinder() }: CutsInput,
): readonly Cut[] | Refused {
  const parsed = document.parse();
  const target = newMapTarget();
  const input = { object: node, schema, aliased: parsed.aliased, finder, newItems: newItemFinder() };
  for (const planned of changes) {
    const failed = mergeChange(target, input, planned);
    if (failed !== undefined) return failed;
  }
  if (target.entries.size === 0) return [];
  const page = pageOf(source.text, parsed.root ?? node, { ...document, json: parsed.json, blocks: manner.blocks });
  const cuts = emit(page, node, target, undefined);
  if (isRefused(cuts)) return cuts;
  const ordered = orderCuts(cuts);
  if (ordered === undefined) return refused("unsupported", "the edits would overlap", node.start);
  return manner.unended ? keepUnended(source.text, ordered) : ordered;
}

/**
 * A second run over the edited text edits nothing: it would name items whose keys were changed by the new ones. A change
 * by position means another item then, and is not asked.
 */
function staysUnchanged(source: SourceText, { request, found }: Work, changes: readonly Planned[]): boolean {
  const document = source.documents[found.document.index];
  const root = document?.parse().root;
  const node = root === undefined ? undefined : objectAt(root, found.items);
  if (document === undefined || node === undefined) return false;
  const rekeyed = rekeyedItems(changes.map(({ change }) => change));
  const again = changes
    .filter(({ change }) => !isPositional(change))
    .map(({ index, change }) => ({ index, change: { ...change, path: pathAfter(change.path, rekeyed) } }));
  const removals = again.filter(({ change }) => change.operation === "remove");
  const writes = again.filter(({ change }) => change.operation !== "remove");
  const place = { ...found, document, node };
  const common = { schema: request.schema, manner: { blocks: true, unended: true }, finder: sourceFinder() };
  const written = cutsFor(source, place, { ...common, changes: writes });
  return (
    !isRefused(written) &&
    written.length === 0 &&
    removals.every((removal) => {
      const cuts = cutsFor(source, place, { ...common, changes: [removal] });
      return isRefused(cuts) && cuts.code === "not-found";
    })
  );
}

function pathAfter(path: FieldPath, rekeyed: ReturnType<typeof rekeyedItems>): FieldPath {
  if (rekeyed.size === 0) return path;
  return path.map((step, depth) =>
    step.kind === "key"
      ? { kind: "key", keys: { ...step.keys, ...rekeyed.get(formatPath(path.slice(0, depth + 1))) } }
      : step,
  );
}

function isPositional(change: Change): boolean {
  return change.operation !== "replace" && change.path.some((step) => step.kind === "index");
}
