/**
 * What the system and controllers write into objects as a matter of course: each rule with its reason and its source.
 * A manager's name alone never excuses anything, since whoever writes chooses it: a rule names manager, kind and path.
 */

import { admissionRule } from "./admission.ts";
import { ALLOCATED } from "./allocated.ts";
import { explainedBy } from "./left-out.ts";
import type { AdmissionContext, DifferenceAt, LeftOutRule } from "./left-out.ts";
import { TRACKING } from "./tracking.ts";
import { WRITERS } from "./writers.ts";

const ROWS = [...ALLOCATED, ...TRACKING, ...WRITERS];

/** Fields that the server, an admission plugin or a controller owns; `undefined`: a difference like any other. */
export function leftOutRule(difference: DifferenceAt, context: AdmissionContext): LeftOutRule | undefined {
  return explainedBy(ROWS, difference, context) ?? admissionRule(difference, context);
}
