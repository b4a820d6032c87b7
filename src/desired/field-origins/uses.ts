/** What kustomizations use a file for: by itself a patch looks like the object that it is for. */

import { isMap } from "../../core/value.ts";
import { readYaml } from "../../yaml/read.ts";
import { KUSTOMIZATION_FILES, usedFiles } from "../kustomization.ts";
import type { FileUse } from "../kustomization.ts";
import { baseName, folderOf } from "../paths.ts";
import type { SourceTexts } from "./files.ts";

export class FileUses {
  readonly #texts: SourceTexts;
  readonly #kustomizations: readonly string[];
  readonly #used = new Map<string, ReadonlyMap<string, FileUse>>();

  /** @param files all of the repository's */
  constructor(texts: SourceTexts, files: ReadonlySet<string>) {
    this.#texts = texts;
    this.#kustomizations = [...files].filter((file) => KUSTOMIZATION_FILES.some((name) => name === baseName(file)));
  }

  /** `undefined` of what none of them uses for one of these. */
  async of(file: string): Promise<FileUse | undefined> {
    for (const one of this.#kustomizations) {
      const text = await this.#texts.text(one);
      if (text?.includes(baseName(file)) !== true) continue;
      const used = this.#used.get(one) ?? usesIn(one, text);
      this.#used.set(one, used);
      const use = used.get(file);
      if (use !== undefined) return use;
    }
    return undefined;
  }
}

function usesIn(file: string, text: string): ReadonlyMap<string, FileUse> {
  const { documents } = readYaml(text, { file });
  return new Map(documents.flatMap(({ value }) => (isMap(value) ? [...usedFiles(folderOf(file), value)] : [])));
}
