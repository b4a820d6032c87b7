/** Lines of what is wrong in a file. Slow, and asked for faults only. */

import type { SourcePosition } from "../core/fault.ts";
import type { FieldPath } from "../core/path.ts";
import { lineStarts, positionOf } from "../yaml/locator.ts";
import { objectAt, offsetOf } from "../yaml/source-find.ts";
import { sourceFinder } from "../yaml/source-finder.ts";
import { parseSource } from "../yaml/source.ts";
import type { SourceText } from "../yaml/source.ts";

export interface Place {
  readonly document: number;
  /** Indexes into the `items` of lists, one a level. */
  readonly items: readonly number[];
  readonly path: FieldPath;
}

/** Answers with the position of the field, or of its nearest parent that is written. The text is parsed at the first question. */
export function createPositions(file: string, text: string): (place: Place) => SourcePosition {
  const finder = sourceFinder();
  let source: SourceText | undefined;
  let lines: readonly number[] | undefined;
  return ({ document, items, path }) => {
    source ??= parseSource(text);
    lines ??= lineStarts(text);
    const found = source.documents[document];
    const root = found?.parse().root;
    const object = root === undefined ? undefined : objectAt(root, items);
    return positionOf(lines, file, object === undefined ? (found?.start ?? 0) : offsetOf(object, path, finder));
  };
}
