/** Patches that `git apply` takes from the repository's root. */

import { createHash } from "node:crypto";
import { structuredPatch } from "diff";
import type { FileChange } from "../core/proposal.ts";

/**
 * One patch of all files, in their order, as `git diff --full-index` writes it. A file whose text was empty is created,
 * one whose text becomes empty is deleted; a file that does not change has no part. Text goes out as it came in: line ends,
 * a byte order mark and a missing end of the last line are kept. `context`: unchanged lines around each change; to be
 * shown rather than applied, a patch has none, since the lines around may hold what nobody meant to show.
 */
export function unifiedPatch(files: readonly FileChange[], context = 3): string {
  return files
    .filter(({ before, after }) => before !== after)
    .map((file) => filePatch(file, context))
    .join("");
}

function filePatch({ path, before, after, mode }: FileChange, context: number): string {
  const [old, now] = [quoted(`a/${path}`), quoted(`b/${path}`)];
  const hashes = `index ${blobHash(before)}..${blobHash(after)}`;
  const head =
    before === ""
      ? [`new file mode ${mode}`, hashes]
      : after === ""
        ? [`deleted file mode ${mode}`, hashes]
        : [`${hashes} ${mode}`];
  const sides = [`--- ${before === "" ? "/dev/null" : ended(old)}`, `+++ ${after === "" ? "/dev/null" : ended(now)}`];
  return `${[`diff --git ${old} ${now}`, ...head, ...sides, ...hunkLines(before, after, context)].join("\n")}\n`;
}

function hunkLines(before: string, after: string, context: number): readonly string[] {
  const { hunks } = structuredPatch("", "", before, after, undefined, undefined, { context });
  return hunks.flatMap((hunk) => [
    `@@ -${span(hunk.oldStart, hunk.oldLines)} +${span(hunk.newStart, hunk.newLines)} @@`,
    ...hunk.lines,
  ]);
}

/** A side without lines is named by the line before. */
function span(start: number, lines: number): string {
  if (lines === 1) return String(start);
  return `${lines === 0 ? start - 1 : start},${lines}`;
}

/** The lines of `before` that the change replaces or removes, each with its line end: from `start` to `end`, in UTF-16 units. */
export function replacedLines(
  before: string,
  after: string,
): readonly { readonly start: number; readonly end: number }[] {
  const { hunks } = structuredPatch("", "", before, after, undefined, undefined, { context: 0 });
  const starts = [0, ...[...before.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return hunks.flatMap(({ oldStart, oldLines }) =>
    Array.from({ length: oldLines }, (_, line) => ({
      start: starts[oldStart - 1 + line] ?? before.length,
      end: starts[oldStart + line] ?? before.length,
    })),
  );
}

/** Git's name of the content; all zeros where there is no file. */
function blobHash(text: string): string {
  if (text === "") return "0".repeat(40);
  return createHash("sha1")
    .update(`blob ${Buffer.byteLength(text)}\0`)
    .update(text)
    .digest("hex");
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\u0007": "\\a",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\v": "\\v",
  "\f": "\\f",
  "\r": "\\r",
};

/** As git quotes paths (`core.quotePath`): C-style, bytes beyond ASCII as octal, and only where it must. */
function quoted(path: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what must be quoted
  if (!/[\0-\x1F"\\\x7F-\uFFFF]/.test(path)) return path;
  const bytes = [...Buffer.from(path)].map((byte) => {
    const char = String.fromCharCode(byte);
    return ESCAPES[char] ?? (byte < 0x20 || byte > 0x7e ? `\\${byte.toString(8).padStart(3, "0")}` : char);
  });
  return `"${bytes.join("")}"`;
}

/** A name with a blank in it ends with a tab, so that readers know where. */
function ended(name: string): string {
  return name.includes(" ") ? `${name}\t` : name;
}
