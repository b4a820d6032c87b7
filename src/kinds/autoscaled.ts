/**
 * Replicas that an autoscaler decides. It counts only where Git declares it, so that its bounds were reviewed: whoever may
 * make an autoscaler would hide any number behind it otherwise. And only within those bounds: nothing else brings a workload
 * beyond them.
 */

import { formatRef, refKey } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import type { Value } from "../core/value.ts";
import type { AdmissionContext, Autoscaler, DifferenceAt, LeftOutRow } from "./left-out.ts";

/** The controller that scales, and its like in one binary with others; KEDA's, from and to nought. */
const SCALERS: ReadonlySet<string> = new Set(["kube-controller-manager", "k3s", "keda", "keda-operator"]);

const REPLICAS = {
  place: ["spec", "replicas"],
  on: "any",
  reason: "controller",
  // The bounds are what somebody reviewed, whoever wrote the number.
  judged: false,
  source: "kubernetes pkg/controller/podautoscaler, keda pkg/scaling/executor (argo-cd#5105)",
} as const satisfies Partial<LeftOutRow>;

export const SCALED: readonly LeftOutRow[] = [
  { ...REPLICAS, by: SCALERS, test: isWithin, rule: "written by the autoscaler that scales it" },
  {
    ...REPLICAS,
    test: (difference, context) => isWithin(difference, context) && !isSwitchedOff(difference),
    rule: "within the bounds of the autoscaler that Git declares, which decides the number whoever wrote it",
  },
];

function isWithin({ ref, liveValue }: DifferenceAt, { scaled }: AdmissionContext): boolean {
  return (scaled.get(refKey(ref)) ?? []).some((scaler) => scaler.declared && allows(scaler, liveValue));
}

function allows({ bounds }: Autoscaler, replicas: Value | undefined): boolean {
  return typeof replicas === "number" && bounds.some(({ min, max }) => min <= replicas && replicas <= max);
}

/** Nought replicas switch an autoscaler off, unless it is the one that scaled to nought (`horizontal.go`: `ScalingDisabled`). */
function isSwitchedOff({ liveValue }: DifferenceAt): boolean {
  return liveValue === 0;
}

export interface Scaling {
  /** The end of a sentence. Cluster text. */
  readonly note: string;
  /** The autoscaler that takes the number back. */
  readonly contestedBy?: ObjectRef;
}

/** What autoscalers have to do with replicas that none excuses. */
export function scalingOf(
  ref: ObjectRef,
  replicas: Value | undefined,
  { scaled }: AdmissionContext,
): Scaling | undefined {
  const scalers = scaled.get(refKey(ref)) ?? [];
  const reviewed = scalers.find((scaler) => scaler.declared);
  const scaler = scalers.find((one) => !one.declared && allows(one, replicas)) ?? reviewed ?? scalers[0];
  if (scaler === undefined) return undefined;
  if (!scaler.declared) {
    return { note: `${formatRef(scaler.ref)} scales it, and Git does not declare that autoscaler` };
  }
  if (allows(scaler, replicas)) return undefined;
  const bounds = scaler.bounds.map(({ min, max }) => `${min} to ${max}`);
  const note = `beyond what ${formatRef(scaler.ref)} allows (${[...new Set(bounds)].join(", or ")})`;
  // It leaves what is switched off alone.
  return replicas === 0 || bounds.length === 0 ? { note } : { note, contestedBy: scaler.ref };
}
