/** Paths within a repository: relative, with `/`, never `..`, never inside `.git`. */

import { MARKER_FILES } from "../core/markers.ts";

/**
 * The path without `.` steps, doubled or trailing slashes (`./a//b/` is `a/b`, `.` is the root, `""`),
 * or `undefined` where it is absolute, leaves the repository, or enters a `.git` folder.
 */
export function cleanPath(path: string): string | undefined {
  if (path.startsWith("/") || path.includes("\0")) return undefined;
  const steps: string[] = [];
  for (const step of path.split("/")) {
    if (step === "" || step === ".") continue;
    if (step === "..") {
      if (steps.pop() === undefined) return undefined;
    } else if (step.toLowerCase() === ".git") {
      return undefined;
    } else {
      steps.push(step);
    }
  }
  return steps.join("/");
}

/** The folder that holds the path; `""` at the root. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** `a` and `b/c` as one path; an empty side adds nothing. */
export function joinPath(folder: string, path: string): string {
  if (folder === "" || path === "") return folder + path;
  return `${folder}/${path}`;
}

/** Whether the path is the folder itself or lies below it; everything is below `""`. */
export function isWithin(path: string, folder: string): boolean {
  return folder === "" || path === folder || path.startsWith(`${folder}/`);
}

/** Whether the path, or a folder above it, is in the set. */
export function isWithinAny(path: string, folders: ReadonlySet<string>): boolean {
  if (folders.size === 0) return false;
  for (let current = path; ; current = folderOf(current)) {
    if (folders.has(current)) return true;
    if (current === "") return false;
  }
}

/** Takes away what lies in a folder that carries one of holdfast's marker files. */
export function withoutMarked<File extends { readonly path: string }>(files: readonly File[]): readonly File[] {
  const marked = new Set(
    files.filter((file) => MARKER_FILES.includes(baseName(file.path))).map((file) => folderOf(file.path)),
  );
  return marked.size === 0 ? files : files.filter((file) => !isWithinAny(folderOf(file.path), marked));
}

/** kubectl reads these endings in a folder, in this spelling. */
export function isManifestName(path: string): boolean {
  return /\.(?:ya?ml|json)$/.test(path);
}

/** A folder as messages name it. */
export function shownFolder(path: string): string {
  return path === "" ? "the repository's root" : path;
}
