/** Grants what directions claim, where no policy objects, and makes drift that only waits for a deployment `pending`. */

import type { Change, Drift, Judgement } from "../core/drift.ts";
import { unmanagedOf } from "../drift/unmanaged.ts";
import type { TargetDrift } from "./compare-live.ts";

/**
 * The drift without claims: a change that only forgeable evidence calls `git-ahead` keeps that unless policy objects to it;
 * then which side changed is unknown. Where Git itself had the value, and all that could be forged is when it was deployed, it
 * must violate a policy as it stands: that the change would be one to object to, had the cluster moved, is no matter. `drift`
 * has the changes that are to be reported.
 */
export async function settleDirection(
  drift: Drift,
  { questioned = [], claimed }: Pick<TargetDrift, "questioned" | "claimed">,
  judge: (drift: Drift) => Promise<Judgement>,
): Promise<Drift> {
  if (drift.state === "pending" && (questioned.length > 0 || claimed === true)) return await prunable(drift, judge);
  if (drift.state !== "drifted") return drift;
  const doubted = await withoutRefused(drift, judge);
  return doubted.changes.length > 0 && doubted.changes.every(isAhead) ? { ...doubted, state: "pending" } : doubted;
}

type Drifted = Extract<Drift, { readonly state: "drifted" }>;

async function withoutRefused(drift: Drifted, judge: (drift: Drift) => Promise<Judgement>): Promise<Drifted> {
  if (!drift.changes.some(isClaim)) return drift;
  const asked = { ...drift, changes: drift.changes.map((change) => (isClaim(change) ? doubt(change) : change)) };
  const judgement = await judge(asked);
  const changes = drift.changes.map((change, index) =>
    isClaim(change) && isRefused(change, judgement, index) ? doubt(change) : change,
  );
  return { ...drift, changes };
}

function isRefused({ claimed }: Change, { changes, findings }: Judgement, index: number): boolean {
  const verdict = changes[index];
  if (verdict?.verdict === "compliant") return false;
  if (claimed === true || verdict === undefined) return true;
  const weakened = verdict.findings.filter((at) => findings[at]?.status === "weakened").length;
  return weakened === 0 || weakened < verdict.findings.length;
}

/**
 * An object that Git gave up, where that it waits to be pruned rests on evidence that can be forged: a deployer's note, or
 * what it holds more than Git had.
 */
async function prunable(
  drift: Extract<Drift, { readonly state: "pending" }>,
  judge: (drift: Drift) => Promise<Judgement>,
): Promise<Drift> {
  const { live, removedIn } = drift;
  if (live === undefined) return drift;
  const unmanaged = { ...unmanagedOf(live), ...(removedIn === undefined ? {} : { removedIn }) };
  return (await judge(unmanaged)).verdict === "compliant" ? drift : unmanaged;
}

function doubt(change: Change): Change {
  const { claimed: _, dated: _dated, ...others } = change;
  return { ...others, direction: "unknown" };
}

function isClaim(change: Change): boolean {
  return isAhead(change) && (change.claimed === true || change.dated === true);
}

function isAhead({ direction }: Change): boolean {
  return direction === "git-ahead";
}
