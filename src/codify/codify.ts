/**
 * `codify` turns compliant changes into byte-exact edits of the source files, and proves them: on the text when an
 * object's edits are made, and by rendering again when all of them are. Text is spliced, never serialised again, so a
 * reviewer sees the changed value and nothing else.
 *
 * The order: guards → {@link editObject} (plan, emit, prove on the text) → {@link proveByRendering} → answers.
 */

import type { CodifyAnswer, Codified, CodifyRequest } from "../core/codify.ts";
import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import type { Edit, FileChange, Refusal } from "../core/proposal.ts";
import type { Renderer } from "../core/stages.ts";
import { contentHash, decodeText } from "../yaml/content.ts";
import { lineStarts, positionOf } from "../yaml/locator.ts";
import { offsetOf } from "../yaml/source-find.ts";
import { sourceFinder } from "../yaml/source-finder.ts";
import type { SourceFinder } from "../yaml/source-finder.ts";
import { parseSource } from "../yaml/source.ts";
import type { SourceText } from "../yaml/source.ts";
import type { Cut } from "./cuts.ts";
import { editObject } from "./edit-object.ts";
import type { ObjectEdit } from "./edit-object.ts";
import { withEdits } from "./edited-file.ts";
import type { EditedFile } from "./edited-file.ts";
import { refuseFile } from "./guards.ts";
import type { Planned } from "./plan.ts";
import { proveByRendering } from "./prove.ts";
import type { Reasons } from "./prove.ts";
import { isRefused, refused } from "./refuse.ts";
import type { Refused } from "./refuse.ts";

export interface CodifyInput {
  readonly requests: readonly CodifyRequest[];
  /** A file's bytes, at the revision that was compared. */
  read(file: string): Promise<Uint8Array | Fault>;
  /** Git's mode of a file: `100644`, `100755`, `120000` … */
  modeOf(file: string): string;
  readonly renderer: Renderer;
}

/** Never rejects for what a file or a live value holds: what cannot be codified is refused by itself. */
export async function codify(input: CodifyInput): Promise<Codified> {
  const outcomes: Outcome[] = input.requests.map(() => refused("not-found", "not looked at"));
  const files: EditedFile[] = [];
  const lines = new Map<string, readonly number[]>();
  for (const [file, requests] of byFile(input.requests)) {
    const opened = await openFile(input, file);
    for (const { index, request } of requests) {
      const blocked =
        refuseFile(request.desired.origin, input.modeOf(file)) ?? (isRefused(opened) ? opened : undefined);
      outcomes[index] = blocked ?? editRequest(opened as OpenedFile, request);
    }
    if (isRefused(opened)) continue;
    files.push(...editedFile(opened, requests, { outcomes, mode: input.modeOf(file) }));
    lines.set(file, lineStarts(opened.source.text));
  }
  const reasons: Reasons = new Map();
  const { kept, proof } = await proveByRendering(files, input.renderer, reasons);
  const proved = new Set(kept.flatMap(({ edits }) => edits));
  return {
    answers: input.requests.map((request, index) =>
      answer(request, outcomes[index] as Outcome, {
        proved,
        reasons,
        lines: lines.get(request.desired.origin.file) ?? [],
      }),
    ),
    files: kept.map(toFileChange),
    ...(proof === undefined ? {} : { proof }),
  };
}

type Outcome = Refused | ObjectEdit;

interface OpenedFile {
  readonly path: string;
  readonly hash: string;
  readonly source: SourceText;
}

interface Indexed {
  readonly index: number;
  readonly request: CodifyRequest;
}

function byFile(requests: readonly CodifyRequest[]): ReadonlyMap<string, readonly Indexed[]> {
  return Map.groupBy(
    requests.map((request, index) => ({ index, request })),
    ({ request }) => request.desired.origin.file,
  );
}

async function openFile(input: CodifyInput, path: string): Promise<OpenedFile | Refused> {
  const request = input.requests.find(({ desired }) => desired.origin.file === path);
  const blocked = request === undefined ? undefined : refuseFile(request.desired.origin, input.modeOf(path));
  if (blocked !== undefined) return blocked;
  const bytes = await input.read(path);
  if (isFault(bytes)) {
    return refused(bytes.code === "file-changed" ? "file-changed" : "not-found", "the file could not be read");
  }
  const text = decodeText(bytes);
  if (text === undefined) return refused("not-round-trip", "the file is no UTF-8 text");
  return { path, hash: contentHash(bytes), source: parseSource(text) };
}

function editRequest(opened: OpenedFile, request: CodifyRequest): Outcome {
  if (opened.hash !== request.desired.origin.hash) {
    return refused("file-changed", "the file has changed since it was compared");
  }
  return editObject(opened.source, request);
}

/** Joins the objects' edits; one whose edits overlap an earlier one's is refused. Nothing where no edit is left. */
function editedFile(
  { path, source }: OpenedFile,
  requests: readonly Indexed[],
  { outcomes, mode }: { readonly outcomes: Outcome[]; readonly mode: string },
): readonly EditedFile[] {
  let file: EditedFile = { path, mode, source, after: source.text, edits: [], cuts: [] };
  const made = requests.flatMap(({ index }) => {
    const edit = outcomes[index];
    return edit === undefined || isRefused(edit) || edit.accepted.length === 0 ? [] : [{ index, edit }];
  });
  if (made.length === 0) return [];
  // Nearly always they go together: asked of each once more, a file of many objects would be read as often as it has them.
  const together = withEdits(
    file,
    made.map(({ edit }) => edit),
  );
  if (together !== undefined) return [together];
  for (const { index, edit } of made) {
    const joined = withEdits(file, [...file.edits, edit]);
    if (joined === undefined) outcomes[index] = refused("ambiguous", "another edit of the file overlaps this one");
    else file = joined;
  }
  return file.edits.length === 0 ? [] : [file];
}

function toFileChange({ path, source, after, mode }: EditedFile): FileChange {
  return { path, before: source.text, after, mode };
}

interface Judged {
  readonly proved: ReadonlySet<ObjectEdit>;
  readonly reasons: Reasons;
  readonly lines: readonly number[];
}

function answer(request: CodifyRequest, outcome: Outcome, { proved, reasons, lines }: Judged): CodifyAnswer {
  const { file } = request.desired.origin;
  const facts = { file, lines, finder: sourceFinder(), cuts: isRefused(outcome) ? NO_CUTS : cutsByChange(outcome) };
  return request.changes.map((change, index) => {
    const refusal = isRefused(outcome) ? outcome : outcome.refusals.get(index);
    if (refusal !== undefined) return { refusal: toRefusal(change.path, file, { refusal, lines }) };
    const edit = outcome as ObjectEdit;
    if (proved.has(edit)) return { edit: toEdit(edit, { index, change }, facts) };
    const failed = refused("proof-failed", reasons.get(edit) ?? "its edit could not be proved beside another one");
    return { refusal: toRefusal(change.path, file, { refusal: failed, lines }) };
  });
}

function toRefusal(
  path: Refusal["path"],
  file: string,
  { refusal, lines }: { readonly refusal: Refused; readonly lines: readonly number[] },
): Refusal {
  const { code, reason, offset } = refusal;
  const position = offset === undefined ? undefined : positionOf(lines, file, offset);
  return { code, path, reason, ...(position === undefined ? {} : { position }) };
}

type CutsByChange = ReadonlyMap<number, readonly Cut[]>;

const NO_CUTS: CutsByChange = new Map();

/** The splices that serve each change, by its index. */
function cutsByChange({ cuts }: ObjectEdit): CutsByChange {
  const found = new Map<number, Cut[]>();
  for (const cut of cuts) {
    for (const index of cut.by) {
      const known = found.get(index);
      if (known === undefined) found.set(index, [cut]);
      else known.push(cut);
    }
  }
  return found;
}

interface EditFacts {
  readonly file: string;
  readonly lines: readonly number[];
  readonly finder: SourceFinder;
  readonly cuts: CutsByChange;
}

function toEdit(edit: ObjectEdit, { index, change }: Planned, { file, lines, finder, cuts }: EditFacts): Edit {
  const splices = (cuts.get(index) ?? []).map(({ start, end, text }) => ({ start, end, text }));
  const offset =
    change.operation === "add"
      ? (splices[0]?.start ?? edit.found.node.start)
      : offsetOf(edit.found.node, change.path, finder);
  return {
    file,
    ref: edit.request.desired.ref,
    path: change.path,
    operation: change.operation,
    ...(change.operation === "remove" || change.live === undefined ? {} : { value: change.live }),
    splices,
    position: positionOf(lines, file, offset),
  };
}
