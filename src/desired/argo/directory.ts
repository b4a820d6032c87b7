/** The files of a source that is a folder of manifests (argo-cd `reposerver/repository`, getPotentiallyValidManifests). */

import { isFault } from "../../core/fault.ts";
import type { SourceFile, SourceTree } from "../../core/stages.ts";
import { fieldOf, textOf } from "../../core/value.ts";
import type { ValueMap } from "../../core/value.ts";
import { folderOf, isWithin } from "../paths.ts";
import { compileGlob } from "./globs.ts";

export interface DirectoryFiles {
  /** By the names that they have where links lead to. */
  readonly files: ReadonlySet<string>;
  /** Programs that make manifests. */
  readonly jsonnet: ReadonlySet<string>;
}

export interface DirectoryInput {
  readonly path: string;
  /** `source.directory`. */
  readonly options: ValueMap;
  readonly tree: SourceTree;
  /** Of the whole repository. */
  readonly files: readonly SourceFile[];
}

/** A file with this in it is left out. */
const SKIPPED = "+argocd:skip-file-rendering";

/** What cannot be read is among them: it is told when it is read for what it declares. */
export async function directoryFiles({ path, options, tree, files }: DirectoryInput): Promise<DirectoryFiles> {
  const recurse = fieldOf(options, "recurse") === true;
  const chosen = chooser(options);
  const found = files.filter(
    (file) =>
      isWithin(file.path, path) &&
      (recurse || folderOf(file.path) === path) &&
      /\.(?:ya?ml|json|jsonnet)$/.test(file.path) &&
      file.folder === undefined &&
      (file.mode !== "120000" || file.target !== undefined) &&
      chosen(path === "" ? file.path : file.path.slice(path.length + 1)),
  );
  await tree.prefetch?.(found.map((file) => file.path)); // A fault here is a fault of each file, when it is read.
  const names = new Set<string>();
  for (const file of found) {
    const bytes = await tree.read(file.path);
    if (isFault(bytes) || !isSkipped(bytes)) names.add(file.target ?? file.path);
  }
  const jsonnet = new Set([...names].filter(isProgram));
  return { files: new Set([...names].filter((name) => !jsonnet.has(name))), jsonnet };
}

function isSkipped(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(SKIPPED);
}

function isProgram(name: string): boolean {
  return name.endsWith(".jsonnet");
}

/** What is no pattern matches nothing: it leaves nothing out, or takes nothing in. */
function chooser(options: ValueMap): (path: string) => boolean {
  const [include, exclude] = ["include", "exclude"].map((name) => {
    const pattern = textOf(options, name) ?? "";
    return pattern === "" ? undefined : (compileGlob(pattern, "gobwas") ?? (() => false));
  });
  return (path) => exclude?.(path) !== true && include?.(path) !== false;
}
