/**
 * The proof by rendering: what the changed files reach is rendered before and after. Edited objects must be what they
 * were but for the codified fields, which equal live; every other object must be the same. What cannot be proved is dropped.
 */

import { isFault } from "../core/fault.ts";
import type { DesiredObject } from "../core/objects.ts";
import type { Proof } from "../core/proposal.ts";
import { formatRef, refKey } from "../core/refs.ts";
import type { Renderer, RenderRoot } from "../core/stages.ts";
import { equalValues } from "../core/value.ts";
import { applyChanges } from "./assign.ts";
import type { ObjectEdit } from "./edit-object.ts";
import { withEdits } from "./edited-file.ts";
import type { EditedFile } from "./edited-file.ts";

export interface Proved {
  /** Files with the edits that hold. */
  readonly kept: readonly EditedFile[];
  /** Absent where nothing is kept. */
  readonly proof?: Proof;
}

/** Why edits are not kept, as the last rendering had it; the end of a sentence. */
export type Reasons = Map<ObjectEdit, string>;

export async function proveByRendering(
  files: readonly EditedFile[],
  renderer: Renderer,
  reasons: Reasons = new Map(),
): Promise<Proved> {
  if (files.length === 0) return { kept: [] };
  const outcome = await judge(files, renderer);
  if (outcome.kind === "proved") return { kept: files, proof: outcome.proof };
  for (const edit of outcome.kind === "offenders" ? outcome.edits : files.flatMap(({ edits }) => edits)) {
    reasons.set(edit, outcome.why(edit));
  }
  const fewer = outcome.kind === "offenders" ? withoutEdits(files, outcome.edits) : undefined;
  if (fewer !== undefined && countEdits(fewer) < countEdits(files)) return proveByRendering(fewer, renderer, reasons);
  return proveHalves(files, renderer, reasons);
}

/** Nothing tells which edit is to blame: each half is proved by itself, then what is left together. */
async function proveHalves(files: readonly EditedFile[], renderer: Renderer, reasons: Reasons): Promise<Proved> {
  const [left, right] = halves(files);
  if (right.length === 0) return { kept: [] };
  const first = await proveByRendering(left, renderer, reasons);
  const second = await proveByRendering(right, renderer, reasons);
  if (second.kept.length === 0) return first;
  if (first.kept.length === 0) return second;
  const joined = joinFiles(first.kept, second.kept);
  const outcome = joined === undefined ? undefined : await judge(joined, renderer);
  return outcome?.kind === "proved" ? { kept: joined as readonly EditedFile[], proof: outcome.proof } : first;
}

/** Two parts of the edits: by file, or by object where there is one file. The second is empty where there is one object. */
function halves(files: readonly EditedFile[]): readonly [readonly EditedFile[], readonly EditedFile[]] {
  if (files.length > 1) {
    const middle = files.length >> 1;
    return [files.slice(0, middle), files.slice(middle)];
  }
  const [file] = files;
  if (file === undefined || file.edits.length < 2) return [files, []];
  const middle = file.edits.length >> 1;
  const parts = [file.edits.slice(0, middle), file.edits.slice(middle)].map((edits) => withEdits(file, edits));
  const [left, right] = parts;
  return left === undefined || right === undefined ? [files, []] : [[left], [right]];
}

function joinFiles(a: readonly EditedFile[], b: readonly EditedFile[]): readonly EditedFile[] | undefined {
  const joined = [...Map.groupBy([...a, ...b], ({ path }) => path).values()].map((same) =>
    withEdits(
      same[0] as EditedFile,
      same.flatMap(({ edits }) => edits),
    ),
  );
  return joined.every((file) => file !== undefined) ? joined : undefined;
}

function withoutEdits(files: readonly EditedFile[], dropped: ReadonlySet<ObjectEdit>): readonly EditedFile[] {
  return files.flatMap((file) => {
    const edits = file.edits.filter((edit) => !dropped.has(edit));
    const fewer = edits.length === 0 ? undefined : withEdits(file, edits);
    return fewer === undefined ? [] : [fewer];
  });
}

function countEdits(files: readonly EditedFile[]): number {
  return files.reduce((sum, { edits }) => sum + edits.length, 0);
}

type Judged =
  | { readonly kind: "proved"; readonly proof: Proof }
  | { readonly kind: "offenders"; readonly edits: ReadonlySet<ObjectEdit>; readonly why: (edit: ObjectEdit) => string }
  | { readonly kind: "unknown"; readonly why: () => string };

const NOT_MEANT = "rendering again did not give the live value and nothing else";

async function judge(files: readonly EditedFile[], renderer: Renderer): Promise<Judged> {
  const rendered = await renderer.render(new Map(files.map(({ path, after }) => [path, after])));
  if (isFault(rendered))
    return { kind: "unknown", why: () => `with the change it cannot be rendered: ${rendered.message}` };
  const { before, after, roots } = rendered;
  const edits = new Map(files.flatMap((file) => file.edits.map((edit) => [objectKey(edit.request.desired), edit])));
  const offenders = new Set<ObjectEdit>();
  const old = Map.groupBy(before, objectKey);
  const found = Map.groupBy(after, objectKey);
  for (const [key, edit] of edits) if (!isAsMeant(old.get(key), found.get(key), edit)) offenders.add(edit);
  const unlike = new Set(offenders);
  const others = new Set<string>();
  const changedFiles = new Set<string>();
  for (const key of new Set([...old.keys(), ...found.keys()])) {
    if (edits.has(key) || areSame(old.get(key), found.get(key))) continue;
    const [other] = found.get(key) ?? old.get(key) ?? [];
    if (other === undefined) continue;
    changedFiles.add(other.origin.file);
    others.add(formatRef(other.ref));
  }
  for (const file of files) if (changedFiles.has(file.path)) for (const edit of file.edits) offenders.add(edit);
  const spread = (): string => `the change would reach other objects: ${[...others].slice(0, 3).join(", ")}`;
  const why = (edit: ObjectEdit): string => (unlike.has(edit) ? NOT_MEANT : spread());
  if (offenders.size > 0) return { kind: "offenders", edits: offenders, why };
  if (changedFiles.size > 0) return { kind: "unknown", why: spread };
  return { kind: "proved", proof: proofOf(roots, before.length, edits.size) };
}

/** An object as one file declares it: roots may share names, and files. */
function objectKey({ ref, origin }: DesiredObject): string {
  return `${refKey(ref)}\0${origin.file}`;
}

/** Every occurrence is what it was but for the codified fields. */
function isAsMeant(
  before: readonly DesiredObject[] | undefined,
  after: readonly DesiredObject[] | undefined,
  { request, accepted }: ObjectEdit,
): boolean {
  if (before === undefined || after === undefined || before.length !== after.length) return false;
  const changes = accepted.map(({ change }) => change);
  return before.every((object, index) => {
    const wanted = applyChanges(object.value, changes, request.schema);
    return wanted !== undefined && equalValues(after[index]?.value, wanted);
  });
}

function areSame(before: readonly DesiredObject[] | undefined, after: readonly DesiredObject[] | undefined): boolean {
  return (
    before !== undefined &&
    after !== undefined &&
    before.length === after.length &&
    before.every(({ value }, index) => equalValues(value, after[index]?.value))
  );
}

function proofOf(roots: readonly RenderRoot[], objectsCompared: number, editedObjects: number): Proof {
  const [root] = roots;
  return {
    renderer: root?.renderer ?? "plain",
    ...(root === undefined ? {} : { rendererVersion: root.version }),
    roots: roots.map(({ path }) => path),
    objectsCompared,
    editedObjects,
    bytesOutsideEdits: "unchanged",
  };
}
