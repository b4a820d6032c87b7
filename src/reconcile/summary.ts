/** The numbers of a pass. */

import { changesOf } from "../core/drift.ts";
import type { LeftOutField } from "../core/drift.ts";
import type { DriftResult, Summary } from "../core/pass.ts";
import type { LiveComparison } from "./compare-live.ts";
import type { AdmittedField } from "./left-out.ts";

export interface SummaryInput {
  readonly compared: LiveComparison;
  readonly results: readonly DriftResult[];
  readonly admitted: readonly AdmittedField[];
  readonly objected: number;
  readonly desired: number;
  /** Objects that are declared more than once, and so are unknown. */
  readonly duplicates: number;
}

export function summaryOf({ compared, results, admitted, objected, desired, duplicates }: SummaryInput): Summary {
  const count = (state: DriftResult["drift"]["state"]): number =>
    results.filter((one) => one.drift.state === state).length;
  // What waits for a deployment is no drift, and has no verdict.
  const verdicts = results.flatMap(({ drift, judgement }) =>
    changesOf(drift).flatMap(({ direction }, index) =>
      direction === "git-ahead" ? [] : (judgement.changes[index]?.verdict ?? []),
    ),
  );
  const unmanaged = count("unmanaged");
  const prunable = results.filter(({ drift }) => drift.state === "pending" && drift.desired === undefined).length;
  const live = compared.matched + unmanaged + prunable;
  return {
    objects: {
      desired,
      live,
      // Objects whose additions without an owner are all that admission may have made.
      inSync: compared.inSync + compared.drifts.length + objected - results.length,
      drifted: count("drifted"),
      pending: count("pending"),
      missing: count("missing"),
      unmanaged,
      unknown: compared.unknown + duplicates,
      ...(compared.ignored === 0 ? {} : { ignored: compared.ignored }),
    },
    changes: {
      compliant: verdicts.filter((verdict) => verdict === "compliant").length,
      violating: verdicts.filter((verdict) => verdict === "violating").length,
    },
    leftOut: withoutAdmitted(compared.leftOut.counts, admitted),
    // Of nothing all is covered, but where something was to be looked at and could not be.
    coverage: live > 0 ? compared.matched / live : compared.unknown + duplicates > 0 ? 0 : 1,
  };
}

function withoutAdmitted(counts: Summary["leftOut"], admitted: readonly AdmittedField[]): Summary["leftOut"] {
  const less = (reason: LeftOutField["reason"]): number => admitted.filter((field) => field.reason === reason).length;
  return {
    controller: counts.controller - less("controller"),
    admission: counts.admission - less("admission"),
    ignored: counts.ignored - less("ignored"),
  };
}
