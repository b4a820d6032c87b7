/** Lines and columns of fields, looked up over the very bytes that were read. */

import { isFault } from "../core/fault.ts";
import type { Fault, SourcePosition } from "../core/fault.ts";
import type { Origin } from "../core/objects.ts";
import type { FieldPath } from "../core/path.ts";
import type { Locator } from "../core/stages.ts";
import { contentHash, decodeText } from "./content.ts";
import { objectAt, offsetOf } from "./source-find.ts";
import { sourceFinder } from "./source-finder.ts";
import type { SourceFinder } from "./source-finder.ts";
import { parseSource } from "./source.ts";
import type { SourceText } from "./source.ts";

/** UTF-16 units of parsed text that are kept; files are forgotten in the order in which they were last used. */
const KEPT_TEXT = 32 * 1024 * 1024;

/** `read` gives a file's bytes; it is called again for a file that was not kept. */
export function createLocator(read: (file: string) => Promise<Uint8Array | Fault>): Locator {
  const kept = new Map<string, KeptFile>();

  async function open(origin: Origin): Promise<KeptFile | Fault> {
    const known = kept.get(origin.file);
    if (known !== undefined && known.hash === origin.hash) {
      kept.delete(origin.file);
      kept.set(origin.file, known);
      return known;
    }
    const bytes = await read(origin.file);
    if (isFault(bytes)) return bytes;
    const hash = contentHash(bytes);
    const text = decodeText(bytes);
    if (hash !== origin.hash || text === undefined) return fileChanged(origin.file);
    const file = { hash, source: parseSource(text), lines: lineStarts(text), finder: sourceFinder() };
    kept.delete(origin.file);
    kept.set(origin.file, file);
    forgetOldest(kept);
    return file;
  }

  return {
    async locate(origin, path) {
      // No line of the file is the object's: it is what a renderer made of it.
      if (origin.layer !== "literal") return { file: origin.file, line: 1 };
      const file = await open(origin);
      return isFault(file) ? file : positionIn(file, origin, path);
    },
  };
}

interface KeptFile {
  readonly hash: string;
  readonly source: SourceText;
  readonly lines: readonly number[];
  readonly finder: SourceFinder;
}

function forgetOldest(kept: Map<string, KeptFile>): void {
  let size = 0;
  for (const { source } of kept.values()) size += source.text.length;
  for (const [name, { source }] of kept) {
    if (size <= KEPT_TEXT || kept.size === 1) return;
    kept.delete(name);
    size -= source.text.length;
  }
}

function positionIn(file: KeptFile, origin: Origin, path: FieldPath): SourcePosition {
  const document = file.source.documents[origin.document];
  const root = document?.parse().root;
  const object = root === undefined ? undefined : objectAt(root, origin.items);
  // A document that this parser rejects, and the fast reader took, still has a first line.
  const offset = object === undefined ? (document?.start ?? 0) : offsetOf(object, path, file.finder);
  return positionOf(file.lines, origin.file, offset);
}

/** Offsets at which the lines of a text start. */
export function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let next = text.indexOf("\n"); next >= 0; next = text.indexOf("\n", next + 1)) starts.push(next + 1);
  return starts;
}

/** Line and column of an offset, both from 1. */
export function positionOf(lines: readonly number[], file: string, offset: number): SourcePosition {
  let low = 0;
  let high = lines.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((lines[middle] as number) <= offset) low = middle;
    else high = middle - 1;
  }
  return { file, line: low + 1, column: offset - (lines[low] as number) + 1 };
}

function fileChanged(file: string): Fault {
  return {
    kind: "fault",
    code: "file-changed",
    about: file,
    message: `${file} has changed since it was read`,
    remedy: "Run again when nothing else writes to the repository",
    leavesUnknown: "nothing",
  };
}
