/** Which files a target leaves out: patterns as in `.gitignore`, without negation. */

import { matchesGlob } from "../core/glob.ts";

/**
 * Whether a pattern matches the path or a folder above it. `*` and `?` stay within one name, `**` stands for any
 * number of folders. A pattern with a slash other than at its end counts from the repository's root, any other matches
 * at every depth. Takes time in proportion to path and pattern, whatever the pattern.
 */
export function matchesAny(patterns: readonly string[], path: string): boolean {
  return patterns.some((pattern) => matches(pattern, path.split("/")));
}

function matches(pattern: string, names: readonly string[]): boolean {
  const trimmed = pattern.replace(/\/+$/, "");
  if (trimmed === "") return false;
  const anchored = trimmed.includes("/");
  const steps = trimmed.split("/").filter((step, index) => step !== "" || index > 0);
  const wanted = anchored ? steps : ["**", ...steps];
  return matchesFrom(wanted, names);
}

/** Dynamic programming over folders: `reached` holds how many steps of the pattern may be used up so far. */
function matchesFrom(steps: readonly string[], names: readonly string[]): boolean {
  let reached = skipStars(steps, new Set([0]));
  for (const name of names) {
    const next = new Set<number>();
    for (const used of reached) {
      const step = steps[used];
      if (step === undefined) continue;
      if (step === "**") next.add(used).add(used + 1 === steps.length ? steps.length : used);
      else if (matchesGlob(step, name)) next.add(used + 1);
    }
    reached = skipStars(steps, next);
    // A folder above the path is matched: all below it is left out.
    if (reached.has(steps.length)) return true;
  }
  return false;
}

/** `**` may stand for no folder at all, except at the end, where something must be below. */
function skipStars(steps: readonly string[], reached: Set<number>): Set<number> {
  for (const used of reached) if (steps[used] === "**" && used + 1 < steps.length) reached.add(used + 1);
  return reached;
}
