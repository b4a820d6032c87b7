/**
 * Which files of a repository source-controller leaves out of what it hands on: its own list, the repository's
 * `.sourceignore` files and the source's `spec.ignore`, in this order, the last pattern that matches deciding (fluxcd `pkg/sourceignore`).
 */

import { isFault } from "../../core/fault.ts";
import type { SourceFile, SourceTree } from "../../core/stages.ts";
import { decodeText } from "../../yaml/content.ts";
import { matchesAny } from "../glob.ts";
import { baseName, folderOf, isWithin } from "../paths.ts";

const IGNORE_FILE = ".sourceignore";

/** Of the files that could be manifests. */
const DEFAULTS: readonly string[] = [
  ".github/",
  ".circleci/",
  ".travis.yml",
  ".gitlab-ci.yml",
  "appveyor.yml",
  ".drone.yml",
  "cloudbuild.yaml",
  "codeship-services.yml",
  "codeship-steps.yml",
  ".goreleaser.yml",
  ".sops.yaml",
  ".flux.yaml",
];

/** More than anybody writes: each costs a look at each file. */
const MAX_PATTERNS = 1000;

interface Pattern {
  /** Where it counts from. */
  readonly folder: string;
  readonly glob: string;
  readonly again: boolean;
}

/** @param own the source's `spec.ignore`. */
export async function sourceIgnored(
  tree: SourceTree,
  files: readonly SourceFile[],
  own: string | undefined,
): Promise<(path: string) => boolean> {
  const patterns = DEFAULTS.map((glob): Pattern => ({ folder: "", glob, again: false }));
  for (const { path } of files) {
    if (baseName(path) !== IGNORE_FILE) continue;
    const bytes = await tree.read(path);
    const text = isFault(bytes) ? undefined : decodeText(bytes);
    if (text !== undefined) patterns.push(...patternsOf(text, folderOf(path)));
  }
  if (own !== undefined) patterns.push(...patternsOf(own, ""));
  const deciding = patterns.slice(0, MAX_PATTERNS).toReversed();
  return (path) => deciding.find((pattern) => matches(pattern, path))?.again === false;
}

function patternsOf(text: string, folder: string): readonly Pattern[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const written = line.trimEnd();
    if (written === "" || written.startsWith("#")) return [];
    const again = written.startsWith("!");
    return [{ folder, glob: again ? written.slice(1) : written, again }];
  });
}

function matches({ folder, glob }: Pattern, path: string): boolean {
  if (!isWithin(path, folder)) return false;
  return matchesAny([glob], folder === "" ? path : path.slice(folder.length + 1));
}
