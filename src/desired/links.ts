/** Symbolic links of a repository, for what is named through them. */

import type { SourceFile } from "../core/stages.ts";
import { folderOf, isWithin } from "./paths.ts";

/** Folders that are links, each with the folder that it leads to. */
export type FolderLinks = ReadonlyMap<string, string>;

export function folderLinks(files: readonly SourceFile[]): FolderLinks {
  return new Map(files.flatMap(({ path, folder }) => (folder === undefined ? [] : [[path, folder] as const])));
}

/** The path with none of its folders a link. What a link leads to has none in it (see {@link SourceFile}). */
export function throughLinks(path: string, links: FolderLinks): string {
  if (links.size === 0) return path;
  for (let current = path; current !== ""; current = folderOf(current)) {
    const folder = links.get(current);
    if (folder !== undefined) return `${folder}${path.slice(current.length)}`.replace(/^\//, "");
  }
  return path;
}

/** With what links among them lead to: the files, and all files of folders. In the order of `all`. */
export function withLinked(chosen: readonly SourceFile[], all: readonly SourceFile[]): readonly SourceFile[] {
  const wanted = new Set(chosen.map(({ path }) => path));
  let links = chosen.filter(({ mode }) => mode === "120000");
  if (links.length === 0) return chosen;
  while (links.length > 0) {
    const targets = new Set(links.flatMap(({ target }) => target ?? []));
    const folders = links.flatMap(({ folder }) => folder ?? []);
    const more = all.filter(
      ({ path }) => !wanted.has(path) && (targets.has(path) || folders.some((folder) => isWithin(path, folder))),
    );
    for (const { path } of more) wanted.add(path);
    links = more.filter(({ mode }) => mode === "120000");
  }
  return all.filter(({ path }) => wanted.has(path));
}
