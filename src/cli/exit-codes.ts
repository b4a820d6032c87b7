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

/** Whether the pass fell short of what it was asked: something that Git declares is unknown, or a policy was not read. */
export function leavesUnknown({ summary, faults, policiesRead }: Pass): boolean {
  return summary.objects.unknown > 0 || !policiesRead || faults.some((fault) => fault.leavesUnknown === "declared");
}

/**
 * The first that applies of 3 (a violating drift), 1 (something that Git declares is unknown), 2 (drift), 0: a violation
 * that was seen is not hidden by what was not. `failOn` says which drift counts; an incomplete pass always does.
 */
export function exitCodeOf(pass: Pass, failOn: FailOn): number {
  const drifts = failOn === "none" ? [] : pass.results.filter((result) => result.counts);
  if (drifts.some((result) => result.judgement.verdict !== "compliant")) return EXIT.violatingDrift;
  if (leavesUnknown(pass)) return EXIT.incomplete;
  return failOn === "drift" && drifts.length > 0 ? EXIT.compliantDrift : EXIT.inSync;
}
