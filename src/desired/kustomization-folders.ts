/** The kustomizations of a repository, looked up by folder. */

import type { SourceFile, SourceTree } from "../core/stages.ts";
import { KUSTOMIZATION_FILES, readKustomization } from "./kustomization.ts";
import type { Kustomization } from "./kustomization.ts";
import { folderLinks, throughLinks } from "./links.ts";
import type { FolderLinks } from "./links.ts";
import { baseName, folderOf } from "./paths.ts";

/** The repository's kustomizations by folder, each read once. */
export class KustomizationFolders {
  /** Folders that lead to others. */
  readonly links: FolderLinks;
  readonly #tree: SourceTree;
  readonly #files = new Map<string, string>();
  readonly #read = new Map<string, Promise<Kustomization | undefined>>();

  constructor(tree: SourceTree, files: readonly SourceFile[]) {
    this.#tree = tree;
    this.links = folderLinks(files);
    for (const name of KUSTOMIZATION_FILES.toReversed()) {
      for (const { path } of files) if (baseName(path) === name) this.#files.set(folderOf(path), path);
    }
  }

  /** The file, whatever it holds. */
  fileIn(folder: string): string | undefined {
    return this.#files.get(folder);
  }

  /** kustomize goes on from where a link leads. */
  in(named: string): Promise<Kustomization | undefined> {
    const folder = throughLinks(named, this.links);
    const file = this.#files.get(folder);
    if (file === undefined) return Promise.resolve(undefined);
    const known = this.#read.get(folder) ?? readKustomization(this.#tree, folder, file);
    this.#read.set(folder, known);
    return known;
  }
}
