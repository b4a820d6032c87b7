/** The repository's own configuration, read from the tree that a pass compares: one fixed path, and nothing included from elsewhere. */

import { CONFIG_PATH, configTextOf } from "../config/config-file.ts";
import { readRepositoryConfig } from "../config/repository.ts";
import type { RepositoryConfig } from "../config/repository.ts";
import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import type { SourceTree } from "../core/stages.ts";

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
