/** Changes that somebody made to have something happen once. */

import type { Change } from "../core/drift.ts";
import { isOperational } from "../kinds/operational.ts";

/** Shown, and nothing to be done about: a restart, say. */
export function isOperationalChange({ path, live }: Change): boolean {
  return isOperational(
    path.flatMap((step) => (step.kind === "field" ? [step.name] : [])),
    live,
  );
}
