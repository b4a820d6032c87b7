/** A program that is missing, or too old, is told once, however many need it. */

import type { Fault } from "../../core/fault.ts";

/** Faults of the same program as one, with how many roots need it; the others as they are. In the order of the first. */
export function withMissingOnce(faults: readonly Fault[]): readonly Fault[] {
  const counts = new Map<string, number>();
  for (const { code, message } of faults) {
    if (code === "renderer-missing") counts.set(message, (counts.get(message) ?? 0) + 1);
  }
  const told = new Set<string>();
  return faults.flatMap((fault): readonly Fault[] => {
    const count = fault.code === "renderer-missing" ? (counts.get(fault.message) ?? 1) : 1;
    if (count === 1) return [fault];
    if (told.has(fault.message)) return [];
    told.add(fault.message);
    return [{ ...fault, message: `${fault.message}: ${count} roots need it` }];
  });
}
