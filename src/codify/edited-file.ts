/** A file with the edits of its objects, put together and proved on the text. */

import { parseSource } from "../yaml/source.ts";
import type { SourceText } from "../yaml/source.ts";
import { applyCuts, orderCuts, untouchedOutside } from "./cuts.ts";
import type { ObjectEdit } from "./edit-object.ts";
import type { Cut } from "./cuts.ts";
import { proveDocuments } from "./prove-text.ts";
import { keepsEnd } from "./unended.ts";

/** One file with all edits that are made in it. */
export interface EditedFile {
  readonly path: string;
  readonly mode: string;
  readonly source: SourceText;
  readonly after: string;
  readonly edits: readonly ObjectEdit[];
  readonly cuts: readonly Cut[];
}

/** The file with exactly these edits, or `undefined` where they do not go together. */
export function withEdits(file: EditedFile, edits: readonly ObjectEdit[]): EditedFile | undefined {
  const { source } = file;
  const places = new Set(edits.map(({ found }) => `${found.document.index}/${found.items.join("/")}`));
  const cuts = orderCuts(edits.flatMap((edit) => edit.cuts));
  if (cuts === undefined || places.size !== edits.length) return undefined;
  const after = applyCuts(source.text, cuts);
  // One object's edit was proved on just this text when it was made.
  return edits.length === 1 || isProved(source, after, { edits, cuts }) ? { ...file, after, edits, cuts } : undefined;
}

function isProved(source: SourceText, after: string, { edits, cuts }: Pick<EditedFile, "edits" | "cuts">): boolean {
  const again = parseSource(after);
  const expected = edits.map((edit) => edit.expected);
  return (
    untouchedOutside(source.text, after, cuts) &&
    proveDocuments(source, again, expected) &&
    keepsEnd(source, again, cuts)
  );
}
