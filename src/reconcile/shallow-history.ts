/** What a shallow clone costs: told once a pass, and only where something differs of which it lacks the past. */

import type { Fault } from "../core/fault.ts";
import { formatRef, refKey } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";

export interface ShallowHistory {
  add(ref: ObjectRef): void;
  faults(): readonly Fault[];
}

export function shallowHistory(): ShallowHistory {
  const refs = new Map<string, ObjectRef>();
  return {
    add: (ref) => void refs.set(refKey(ref), ref),
    faults() {
      const [first] = refs.values();
      return first === undefined ? [] : [shallowFault(first, refs.size - 1)];
    },
  };
}

function shallowFault(first: ObjectRef, others: number): Fault {
  const more = others === 0 ? "" : ` and ${others} more ${others === 1 ? "object" : "objects"}`;
  return {
    kind: "fault",
    code: "history-shallow",
    about: "the repository's history",
    message: `the clone is shallow and lacks what would tell whether Git or the cluster was changed, of ${formatRef(first)}${more}`,
    remedy: "run git fetch --unshallow, or in GitHub Actions give actions/checkout fetch-depth: 0",
    leavesUnknown: "nothing",
  };
}
