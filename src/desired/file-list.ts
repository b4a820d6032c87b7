/** Looking things up in a repository's files as {@link SourceTree.list} gives them, in code-unit order: nothing is walked through. */

import type { SourceFile } from "../core/stages.ts";

/** The files below the folder, and the one that has its name; all of them below `""`. */
export function filesBelow(files: readonly SourceFile[], folder: string): readonly SourceFile[] {
  if (folder === "") return files;
  const own = fileAt(files, folder);
  // `/` is the last character before `0`: what is below stands together, between the two.
  const below = files.slice(firstFrom(files, `${folder}/`), firstFrom(files, `${folder}0`));
  return own === undefined ? below : [own, ...below];
}

export function hasFilesBelow(files: readonly SourceFile[], folder: string): boolean {
  if (folder === "") return files.length > 0;
  return (
    fileAt(files, folder) !== undefined || files[firstFrom(files, `${folder}/`)]?.path.startsWith(`${folder}/`) === true
  );
}

export function fileAt(files: readonly SourceFile[], path: string): SourceFile | undefined {
  const file = files[firstFrom(files, path)];
  return file?.path === path ? file : undefined;
}

/** Files that were chosen one by one, each once, in the order of the list. */
export function inListOrder(chosen: Iterable<SourceFile>): readonly SourceFile[] {
  return [...new Set(chosen)].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** The index of the first file whose path is `path` or comes after it. */
function firstFrom(files: readonly SourceFile[], path: string): number {
  let low = 0;
  let high = files.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((files[middle] as SourceFile).path < path) low = middle + 1;
    else high = middle;
  }
  return low;
}
