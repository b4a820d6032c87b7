/** Objects that several targets declare. */

import type { Fault } from "../core/fault.ts";
import { formatRef, refKey } from "../core/refs.ts";
import { alike, byWhom } from "../desired/duplicates.ts";
import type { Declared } from "./compare-live.ts";

/** Objects that several places declare: neither is compared, since nobody knows which one is meant. */
export function withoutDuplicates(declared: readonly Declared[]): {
  readonly declared: readonly Declared[];
  readonly faults: readonly Fault[];
} {
  const byKey = Map.groupBy(declared, ({ object }) => refKey(object.ref));
  const faults: Fault[] = [];
  const unique: Declared[] = [];
  for (const group of byKey.values()) {
    const [first, second] = group;
    if (first === undefined) continue;
    if (second === undefined) unique.push(first);
    else faults.push(duplicateFault(first, second));
  }
  return { declared: unique, faults };
}

function duplicateFault(first: Declared, second: Declared): Fault {
  const places = [first, second]
    .map(({ object, target }) => `${object.origin.file}${byWhom(object)} (target ${target})`)
    .join(" and ");
  return {
    kind: "fault",
    code: "duplicate-object",
    about: formatRef(first.object.ref),
    message: `${formatRef(first.object.ref)} is declared twice, ${alike([first.object, second.object])}: in ${places}`,
    remedy: "keep one of them, or exclude one with the target's exclude",
    leavesUnknown: "declared",
  };
}
