/** Paths that may stand in a kustomization that cannot be read: whatever its text could mean by one. */

import type { Value } from "../core/value.ts";
import { isList, isMap } from "../core/value.ts";
import { cleanPath } from "./paths.ts";

/** Nobody knows which of them it takes in. What is nothing of the repository is among them, too. */
export interface Mentions {
  /** Clean paths, from the kustomization's folder. */
  readonly paths: ReadonlySet<string>;
  /** Words that a chart may be called by. */
  readonly names: ReadonlySet<string>;
}

/** As long as a path may be (`PATH_MAX` is 4096, and nobody writes one by hand). */
const MAX_LENGTH = 1000;
/** So that a file of garbage costs no more memory than it has to. */
const MAX_WORDS = 100_000;

// oxlint-disable-next-line no-control-regex -- what separates words, in texts that no reader takes
const WORDS = /[^\s\0-\x1F\x7F-\x9F"'`,[\]{}()<>|]+/g;
/** Names with spaces. */
const PIECES = /[^\r\n"'`,[\]{}]+/g;

/** Linear in the text, whatever stands in it. */
export function mentionsIn(folder: string, text: string): Mentions {
  const words = new Set<string>();
  for (const [word] of text.matchAll(WORDS)) {
    if (words.size >= MAX_WORDS) break;
    if (word.length <= MAX_LENGTH) for (const one of spellings(word)) words.add(one);
  }
  for (const [piece] of text.matchAll(PIECES)) {
    if (words.size >= MAX_WORDS) break;
    if (piece.length <= MAX_LENGTH && /\S\s+\S/.test(piece)) words.add(scalarOf(piece));
  }
  const paths = new Set<string>();
  const names = new Set<string>();
  for (const word of words) {
    if (!word.includes("/")) names.add(word);
    const path = word.startsWith("/") ? undefined : cleanPath(folder === "" ? word : `${folder}/${word}`);
    if (path !== undefined && path !== folder) paths.add(path);
  }
  return { paths, names };
}

/** Signs of YAML may touch a word (`-../base`, `&a`), and so may what gives it a key (`key=path`, `resources:../base`). */
function spellings(word: string): readonly string[] {
  const parts = /[:=]/.test(word) ? [word, ...word.split(/[:=]/)] : [word];
  return parts.flatMap((part) => {
    const bare = part.replace(/^[-?!&*@]+/, "");
    return bare === part ? [part] : [part, bare];
  });
}

function scalarOf(piece: string): string {
  const [text = ""] = piece.trim().split(/\s#/, 1);
  return text
    .replace(/^(?:[-?]\s+)+/, "")
    .replace(/^[\w-]+:\s+/, "")
    .trim();
}

/** kustomize's own (`api/types/kustomization.go`, and `imageTags` of `fix.go`); it refuses any other. */
const FIELDS: ReadonlySet<string> = new Set(
  (
    "apiVersion buildMetadata commonAnnotations commonLabels configMapGenerator generatorOptions generators " +
    "helmChartInflationGenerator helmCharts helmGlobals imageTags images kind labels metadata namePrefix nameSuffix " +
    "namespace openapi patches patchesJson6902 replacements replicas secretGenerator sortOptions transformers validators vars"
  )
    .split(" ")
    .map(folded),
);
const PATH_FIELDS: ReadonlySet<string> = new Set(
  ["resources", "bases", "components", "patchesStrategicMerge", "crds", "configurations"].map(folded),
);

/** Whether kustomize refuses such a kustomization for its shape: a word for a field that is none, paths that are no texts. */
export function isMisshapen(kustomization: Value): boolean {
  if (!isMap(kustomization)) return true;
  return Object.entries(kustomization).some(([key, value]) => {
    const field = folded(key);
    if (PATH_FIELDS.has(field)) return value !== null && !(isList(value) && value.every(isTextOrNothing));
    return !FIELDS.has(field);
  });
}

function isTextOrNothing(value: Value): boolean {
  return value === null || typeof value === "string";
}

/** As Unicode folds case: the Kelvin sign is a k, and the long s an s. */
export function folded(text: string): string {
  return text.toLowerCase().toUpperCase();
}
