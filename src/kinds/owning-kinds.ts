/** What Kubernetes' own kinds own, of the kinds that run code or grant rights. */

import type { LiveObject } from "../core/objects.ts";
import { groupOf, kindKey } from "../core/refs.ts";
import type { KindRef } from "../core/refs.ts";
import { fieldAt } from "../core/value.ts";

/** By {@link kindKey}: what their controllers make (kubernetes `pkg/controller`). */
const MADE_BY: Readonly<Record<string, readonly string[]>> = {
  "\0Pod": ["apps\0ReplicaSet", "apps\0StatefulSet", "apps\0DaemonSet", "batch\0Job", "\0ReplicationController"],
  "apps\0ReplicaSet": ["apps\0Deployment"],
  "apps\0ControllerRevision": ["apps\0StatefulSet", "apps\0DaemonSet"],
  "batch\0Job": ["batch\0CronJob"],
  "apps\0Deployment": [],
  "apps\0StatefulSet": [],
  "apps\0DaemonSet": [],
  "batch\0CronJob": [],
  "\0ReplicationController": [],
  "rbac.authorization.k8s.io\0Role": [],
  "rbac.authorization.k8s.io\0RoleBinding": [],
  "rbac.authorization.k8s.io\0ClusterRole": [],
  "rbac.authorization.k8s.io\0ClusterRoleBinding": [],
};

/** Groups of Kubernetes' own controllers; an operator's custom resource may own what it likes. */
const OWN_GROUPS: ReadonlySet<string> = new Set(["", "apps", "batch", "autoscaling", "policy", "networking.k8s.io"]);

export interface Owning {
  readonly owner: KindRef;
  readonly object: LiveObject;
  /** The reference says that the owner is its controller. */
  readonly controller: boolean;
}

/** Whether an owner of this kind would own the object. Controllers let go of what does not match their selector. */
export function mayOwn({ owner, object, controller }: Owning): boolean {
  const makers = MADE_BY[kindKey(object.ref)];
  if (makers === undefined || !OWN_GROUPS.has(groupOf(owner.apiVersion))) return true;
  return isMirror(owner, object) || (controller && makers.includes(kindKey(owner)));
}

/** The kubelet shows its static Pods so, and deletes what only says that it is one (kubernetes `pkg/kubelet/pod/mirror_client.go`). */
function isMirror(owner: KindRef, { ref, value }: LiveObject): boolean {
  return (
    ref.kind === "Pod" &&
    kindKey(owner) === "\0Node" &&
    fieldAt(value, "metadata", "annotations", "kubernetes.io/config.mirror") !== undefined
  );
}
