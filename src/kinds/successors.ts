/** Groups that kinds moved to: a manifest of the old group is of an object that now lives in the new one. */

import { groupOf, kindKey } from "../core/refs.ts";
import type { KindRef } from "../core/refs.ts";

/** By {@link kindKey}. Kubernetes' deprecated API migration guide; cert-manager's upgrade notes of 0.11. */
const SUCCESSORS: ReadonlyMap<string, string> = new Map([
  ["extensions\0DaemonSet", "apps"],
  ["extensions\0Deployment", "apps"],
  ["extensions\0ReplicaSet", "apps"],
  ["extensions\0Ingress", "networking.k8s.io"],
  ["extensions\0NetworkPolicy", "networking.k8s.io"],
  ["extensions\0PodSecurityPolicy", "policy"],
  ["\0Event", "events.k8s.io"],
  ["networking.x-k8s.io\0Gateway", "gateway.networking.k8s.io"],
  ["networking.x-k8s.io\0GatewayClass", "gateway.networking.k8s.io"],
  ["networking.x-k8s.io\0HTTPRoute", "gateway.networking.k8s.io"],
  ["certmanager.k8s.io\0Certificate", "cert-manager.io"],
  ["certmanager.k8s.io\0ClusterIssuer", "cert-manager.io"],
  ["certmanager.k8s.io\0Issuer", "cert-manager.io"],
]);

/** The kind in its new group, in a version that stands for all; `undefined` where it did not move. */
export function successorOf(kind: KindRef): KindRef | undefined {
  const group = SUCCESSORS.get(kindKey(kind));
  return group === undefined || group === groupOf(kind.apiVersion)
    ? undefined
    : { apiVersion: `${group}/v1`, kind: kind.kind };
}
