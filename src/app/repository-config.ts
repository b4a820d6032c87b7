/** The repository's own configuration, read from the tree that a pass compares: one fixed path, and nothing included from elsewhere. */

import { readRepositoryConfig } from "../config/repository.ts";
import type { RepositoryConfig } from "../config/repository.ts";
import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import type { SourceTree } from "../core/stages.ts";
import { decodeText } from "../yaml/content.ts";

export const CONFIG_PATH = ".github/holdfast.yml";

/** The file's text; `undefined` where there is none. */
export async function configTextOf(tree: SourceTree): Promise<string | undefined | Fault> {
  const listed = await tree.list(".github");
  if (isFault(listed)) return listed;
  if (!listed.some((file) => file.path === CONFIG_PATH)) return undefined;
  const bytes = await tree.read(CONFIG_PATH);
  if (isFault(bytes)) return bytes;
  const text = decodeText(bytes);
  if (text !== undefined) return text;
  return {
    kind: "fault",
    code: "config-invalid",
    about: CONFIG_PATH,
    message: `${CONFIG_PATH} is no UTF-8 text`,
    remedy: "save it as UTF-8",
    leavesUnknown: "declared",
  };
}

export type ConfigReading =
  | { readonly kind: "valid"; readonly config: RepositoryConfig; readonly text: string }
  /** The problems, and the last valid one where there is such: it stays in force. */
  | { readonly kind: "invalid"; readonly faults: readonly Fault[]; readonly last: RepositoryConfig | undefined };

/** @param lastValid the text of the last valid configuration (`""` for none at all), where one is known. */
export async function readConfig(tree: SourceTree, lastValid: string | undefined): Promise<ConfigReading> {
  const text = await configTextOf(tree);
  if (isFault(text)) return { kind: "invalid", faults: [text], last: parsed(lastValid) };
  const read = readRepositoryConfig(text, CONFIG_PATH);
  if (isConfig(read)) return { kind: "valid", config: read, text: text ?? "" };
  return { kind: "invalid", faults: read, last: parsed(lastValid) };
}

function parsed(text: string | undefined): RepositoryConfig | undefined {
  if (text === undefined) return undefined;
  const read = readRepositoryConfig(text, CONFIG_PATH);
  return isConfig(read) ? read : undefined;
}

function isConfig(read: RepositoryConfig | readonly Fault[]): read is RepositoryConfig {
  return !Array.isArray(read);
}
