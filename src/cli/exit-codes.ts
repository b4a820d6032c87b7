/** What the exit code says: the contract's table (README, "Exit codes"). */

import type { Pass } from "../core/pass.ts";

export const EXIT = {
  inSync: 0,
  incomplete: 1,
  compliantDrift: 2,
  violatingDrift: 3,
  interrupted: 130,
} as const;

export type FailOn = "violating" | "drift" | "none";

/**
 * The first that applies of 1 (something that Git declares is unknown), 3 (a violating drift), 2 (drift), 0.
 * `failOn` says which results count; an incomplete pass always does.
 */
export function exitCodeOf(pass: Pass, failOn: FailOn): number {
  if (!pass.complete) return EXIT.incomplete;
  if (failOn === "none") return EXIT.inSync;
  const drifts = pass.results.filter((result) => result.counts);
  if (drifts.some((result) => result.judgement.verdict !== "compliant")) return EXIT.violatingDrift;
  return failOn === "drift" && drifts.length > 0 ? EXIT.compliantDrift : EXIT.inSync;
}
