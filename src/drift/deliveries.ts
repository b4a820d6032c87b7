/**
 * What progressive deliveries that Git declares take over: the Services, routes and workloads that an Argo Rollouts `Rollout`
 * or a Flagger `Canary` names. Live ones do not count: whoever may make one would hide writes behind it.
 */

import { groupOf } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import { fieldAt, fieldOf, isList, isMap, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import type { Deliverer } from "../kinds/left-out.ts";

export interface Delivery {
  readonly deliverer: Deliverer;
  /** Of what it names, in its own namespace and of whatever kind. */
  readonly names: ReadonlySet<string>;
}

export function deliveryOf(ref: ObjectRef, value: Value): Delivery | undefined {
  const spec = fieldOf(value, "spec");
  switch (`${groupOf(ref.apiVersion)}/${ref.kind}`) {
    case "argoproj.io/Rollout":
      return { deliverer: "rollouts", names: namedByRollout(spec) };
    case "flagger.app/Canary":
      return { deliverer: "flagger", names: namedByCanary(spec) };
    default:
      return undefined;
  }
}

/** argo-rollouts `pkg/apis/rollouts/v1alpha1/types.go`: Services and routes stand in the strategy, a Deployment beside it. */
function namedByRollout(spec: Value | undefined): ReadonlySet<string> {
  const { canary, blueGreen } = {
    canary: fieldAt(spec, "strategy", "canary"),
    blueGreen: fieldAt(spec, "strategy", "blueGreen"),
  };
  const named = [
    textOf(fieldOf(spec, "workloadRef"), "name"),
    ...["canaryService", "stableService"].map((name) => textOf(canary, name)),
    ...["pingService", "pongService"].map((name) => textOf(fieldOf(canary, "pingPong"), name)),
    ...["activeService", "previewService"].map((name) => textOf(blueGreen, name)),
    ...textsIn(fieldOf(canary, "trafficRouting"), 0),
  ];
  return new Set(named.filter((name) => name !== undefined));
}

/** What routes traffic is configured in another way for each provider. */
function textsIn(value: Value | undefined, depth: number): readonly string[] {
  if (typeof value === "string") return [value];
  if (value === undefined || depth > MAX_DEPTH) return [];
  const inside = isList(value) ? value : isMap(value) ? Object.values(value) : [];
  return inside.flatMap((item) => textsIn(item, depth + 1));
}

const MAX_DEPTH = 8;

/** flagger `pkg/apis/flagger/v1beta1/canary.go`: the Service has the target's name, unless it is given another. */
function namedByCanary(spec: Value | undefined): ReadonlySet<string> {
  const target = textOf(fieldOf(spec, "targetRef"), "name");
  const service = textOf(fieldOf(spec, "service"), "name") ?? target;
  return new Set(
    [target, service].flatMap((name) => (name === undefined ? [] : [name, `${name}-primary`, `${name}-canary`])),
  );
}
