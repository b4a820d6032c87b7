/** The policy packs that come with holdfast: folders of ValidatingAdmissionPolicy documents, one file a rule. */

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

export interface PackFile {
  /** `config/policies/<pack>/<rule>.yaml`, wherever holdfast is installed. */
  readonly file: string;
  readonly text: string;
}

/** The rules of the named packs, in the order of their names. Rejects where a pack is missing: the installation is broken. */
export async function readPacks(packageFolder: string, packs: readonly string[]): Promise<readonly PackFile[]> {
  const files: PackFile[] = [];
  for (const pack of packs) {
    const names = await readdir(join(packageFolder, "config", "policies", pack));
    for (const name of names.filter(isRule).toSorted()) {
      const file = ["config", "policies", pack, name];
      files.push({ file: file.join("/"), text: await readFile(join(packageFolder, ...file), "utf8") });
    }
  }
  return files;
}

function isRule(name: string): boolean {
  return name.endsWith(".yaml") && !name.endsWith(".cases.yaml");
}
