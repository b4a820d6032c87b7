/** Why an object that Git does not declare is not unmanaged. */

import { groupOf } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import type { SystemMade } from "../kinds/system-made.ts";
import type { FoundOwner } from "./owners.ts";

export interface Excuse {
  /** The end of a sentence, the same for all objects of one cause. May name a kind of the cluster's: escape it where it is shown. */
  readonly rule: string;
  readonly owner?: ObjectRef;
  /** It rests on what whoever may write the object can choose, and nobody can check: policies are asked all the same. */
  readonly judged: boolean;
}

export const CLAIM: Excuse = { rule: "called like the claims that a StatefulSet's template makes", judged: true };

/** helm `pkg/action/hooks.go`: what no policy of deletion takes away stays until the next run makes it anew. */
export const HOOK: Excuse = { rule: "a hook of a chart, which Git declares", judged: true };

/** kubernetes `pkg/controller/endpointslicemirroring`. */
export const MIRROR: Excuse = { rule: "the mirror of Endpoints that Git declares", judged: false };

export const HASHED: Excuse = { rule: "called by a hash of what Git holds encrypted", judged: true };

export const GOING: Excuse = {
  rule: "deleted a moment ago, and held by nothing but what lets go by itself",
  judged: true,
};

/** By an object that Git declares, which names it. The name is Git's, and the content whoever may write Secrets could have put there. */
export function askedForExcuse(maker: ObjectRef): Excuse {
  const group = groupOf(maker.apiVersion);
  return {
    rule: `made of what Git declares (${maker.kind} of ${group}), its content unknown`,
    owner: maker,
    judged: true,
  };
}

/** What was compared with what the maker makes, or is put back by it, needs no other judge. */
export function systemExcuse({ source, proven }: SystemMade): Excuse {
  return { rule: `as its maker makes it (${source})`, judged: proven !== true };
}

/** @param judged of what a controller is said to have made: its template does not account for all of it. */
export function ownedExcuse({ ref, how, unread }: FoundOwner, judged: boolean): Excuse {
  const group = groupOf(ref.apiVersion);
  const kind = group === "" || how === "made" ? ref.kind : `${ref.kind} of ${group}`;
  const known = how === "made" ? "whose controller makes such objects" : "of which nobody can know what it makes";
  const read = unread === true ? ", and the owner was not read" : "";
  return { rule: `owned by a kind (${kind}) ${known}${read}`, owner: ref, judged };
}
