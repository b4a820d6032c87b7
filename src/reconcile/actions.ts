/** What is to be done about each drift, in a word, with the reason. */

import { changesOf } from "../core/drift.ts";
import type { DriftResult } from "../core/pass.ts";
import type { Proposal } from "../core/proposal.ts";
import { compareRefs } from "../core/refs.ts";
import { compareText } from "../core/value.ts";
import { driftId } from "./identity.ts";
import { isOperationalChange } from "./operational-change.ts";

/** Says of each result what is to be done about it. */
export function withActions(results: readonly DriftResult[], proposals: readonly Proposal[]): readonly DriftResult[] {
  const known = byDrift(proposals);
  return results
    .map((result) => ({ ...result, actions: actionsOf(result, known.get(result.id) ?? []) }))
    .toSorted((a, b) => compareRefs(a.drift.ref, b.drift.ref) || compareText(a.target, b.target));
}

type ProposedFor =
  | Extract<Proposal, { readonly kind: "issue" }>
  /** A pull request's part about one drift, and the files that it edits for it. */
  | { readonly kind: "part"; readonly changes: readonly number[]; readonly files: readonly string[] };

/** By the drifts' ids, in the proposals' order. */
function byDrift(proposals: readonly Proposal[]): ReadonlyMap<string, readonly ProposedFor[]> {
  const known = new Map<string, ProposedFor[]>();
  const add = (id: string, one: ProposedFor): void => {
    const others = known.get(id);
    if (others === undefined) known.set(id, [one]);
    else others.push(one);
  };
  for (const proposal of proposals) {
    if (proposal.kind === "issue") {
      add(proposal.driftId, proposal);
      continue;
    }
    const edits = Map.groupBy(proposal.edits, ({ ref }) => driftId(proposal.target, ref));
    for (const { driftId: id, changes } of proposal.parts) {
      const files = [...new Set((edits.get(id) ?? []).map(({ file }) => file))];
      add(id, { kind: "part", changes, files });
    }
  }
  return known;
}

function actionsOf(result: DriftResult, proposed: readonly ProposedFor[]): DriftResult["actions"] {
  const actions = proposed.map((one): DriftResult["actions"][number] =>
    one.kind === "issue"
      ? { kind: "issue", reason: issueReason(result, one.refusals) }
      : {
          kind: "pull-request",
          reason: `codifies ${one.changes.length} of ${changesOf(result.drift).length} changes in ${one.files.join(", ")}${onceWords(result)}`,
        },
  );
  return actions.length > 0 ? actions : [{ kind: "none", reason: idleReason(result) }];
}

/** Why not all of them. */
function onceWords({ drift }: DriftResult): string {
  const once = changesOf(drift).filter(isOperationalChange).length;
  return once === 0 ? "" : `; ${once} of them was done once by hand, and is nothing for Git`;
}

function issueReason(result: DriftResult, refusals: readonly { readonly reason: string }[]): string {
  const [refusal] = refusals;
  if (result.drift.state === "missing") return "is in Git and not in the cluster";
  if (result.judgement.verdict !== "compliant") return "violates policy";
  return refusal === undefined ? "needs a person" : `cannot be codified: ${refusal.reason}`;
}

function idleReason(result: DriftResult): string {
  const { drift } = result;
  if (drift.state === "unmanaged") return "unmanaged, and no policy is violated";
  if (drift.state === "pending" && drift.desired === undefined) return "waits to be pruned";
  if (drift.state === "drifted" && drift.changes.some(isOperationalChange))
    return "done once by hand, and nothing for Git";
  return "waits for a deployment";
}
