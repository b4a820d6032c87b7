/** The `yaml` package, loaded when it is first needed: the fast reader does without its eighty files. */

import { createRequire } from "node:module";
import type * as yaml from "yaml";

const load = createRequire(import.meta.url);

export type YamlLibrary = typeof yaml;

export function yamlLibrary(): YamlLibrary {
  return load("yaml") as YamlLibrary;
}
