/** Which compliant changes are not put into Git, and why: settings of deployers, conflicts, and what goes with something that is held back. */

import type { Change, Drift } from "../core/drift.ts";
import { formatPath } from "../core/path.ts";
import { formatRef } from "../core/refs.ts";
import type { Refusal } from "../core/proposal.ts";
import { bondsOf } from "../kinds/dependent-fields.ts";
import { deployerTold } from "../kinds/deployer-settings.ts";

export interface HeldChange {
  /** Among the drift's changes. */
  readonly index: number;
  readonly refusal: Refusal;
}

type Drifted = Extract<Drift, { readonly state: "drifted" }>;

/** A change that another writer takes back by itself, or that tells a deployer, or holdfast, what to do with the object. */
export function keptOut({ ref }: Drifted, change: Change): Refusal | undefined {
  if (change.contestedBy !== undefined) {
    const reason = `${formatRef(change.contestedBy)} takes it back by itself`;
    return { code: "contested", path: change.path, reason };
  }
  const names = change.path.flatMap((step) => (step.kind === "field" ? [step.name] : []));
  const deployer = deployerTold(ref, names, [change.desired, change.live]);
  if (deployer === undefined) return undefined;
  const reason = `it tells ${deployer} what to do with the object: only a person should write that into Git, or take it out`;
  return { code: "deployer-setting", path: change.path, reason };
}

/**
 * Of the changes that would be proposed, those that the API server checks against one that is `held`, or against one that
 * is held back for that: Git would be refused with the half of them.
 */
export function dependentOn(
  { ref, changes }: Drifted,
  proposed: readonly number[],
  held: readonly number[],
): readonly HeldChange[] {
  if (held.length === 0 || proposed.length === 0) return [];
  const bonds = bondsOf(ref, changes);
  const waiting = new Map<string, Set<number>>();
  for (const index of proposed) {
    for (const bond of bonds[index] ?? []) {
      const known = waiting.get(bond);
      if (known === undefined) waiting.set(bond, new Set([index]));
      else known.add(index);
    }
  }
  const found = new Map<number, HeldChange>();
  const queue = [...held];
  for (const cause of queue) {
    for (const bond of bonds[cause] ?? []) {
      for (const index of waiting.get(bond) ?? []) {
        if (found.has(index)) continue;
        found.set(index, dependent(changes, index, cause));
        queue.push(index);
      }
      waiting.delete(bond);
    }
  }
  return [...found.values()];
}

function dependent(changes: readonly Change[], index: number, cause: number): HeldChange {
  const path = changes[index]?.path ?? [];
  const reason = `it goes together with ${formatPath(changes[cause]?.path ?? [])}, which is not proposed: the API server could refuse one without the other`;
  return { index, refusal: { code: "dependent", path, reason } };
}
