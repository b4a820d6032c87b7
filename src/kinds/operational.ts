/** Changes that somebody made to have something happen once: they are shown, and have no place in Git. */

import { isMap } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { standsAt } from "./left-out.ts";
import type { Place } from "./left-out.ts";

const OPERATIONAL: readonly Place[] = [
  // `kubectl rollout restart`, k9s, Argo CD's restart action (flux2#2526, k9s#3285).
  ["**", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt"],
  // Rancher's "redeploy".
  ["**", "template", "metadata", "annotations", "cattle.io/timestamp"],
  // `kubectl argo rollouts restart`.
  ["spec", "restartAt"],
  // `flux reconcile` and Argo CD's "refresh".
  ["metadata", "annotations", "reconcile.fluxcd.io/requestedAt"],
  ["metadata", "annotations", "reconcile.fluxcd.io/forceAt"],
  ["metadata", "annotations", "reconcile.fluxcd.io/resetAt"],
  ["metadata", "annotations", "argocd.argoproj.io/refresh"],
];

/**
 * Whether a change at these field names is such a mark, or a map that holds nothing else. `value` is what live has;
 * without it, as where the mark is gone again, the names decide.
 */
export function isOperational(names: readonly string[], value?: Value): boolean {
  if (OPERATIONAL.some((place) => standsAt(names, place))) return true;
  if (!isMap(value)) return false;
  const inside = Object.keys(value);
  return inside.length > 0 && inside.every((name) => isOperational([...names, name], value[name]));
}
