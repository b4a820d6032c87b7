/**
 * What Kubernetes' own kinds own: a closed table, since their controllers are known. Whoever may write an object may name
 * any owner that is there, so that nothing but what its controller makes is believed to be a Deployment's or a Service's.
 * Of custom kinds nobody can know what their operators make.
 */

import type { LiveObject } from "../core/objects.ts";
import { groupOf, kindKey } from "../core/refs.ts";
import type { KindRef, ObjectRef } from "../core/refs.ts";
import { fieldAt, textOf } from "../core/value.ts";
import { builtinKinds } from "./scopes.ts";

/** By {@link kindKey}, the owners of what has the reference as its controller (kubernetes `pkg/controller`). */
const CONTROLLED: Readonly<Record<string, readonly string[]>> = {
  "\0Pod": ["apps\0ReplicaSet", "apps\0StatefulSet", "apps\0DaemonSet", "batch\0Job", "\0ReplicationController"],
  "apps\0ReplicaSet": ["apps\0Deployment"],
  "apps\0ControllerRevision": ["apps\0StatefulSet", "apps\0DaemonSet"],
  "batch\0Job": ["batch\0CronJob"],
  // endpointslice `utils.go`, newEndpointSlice.
  "discovery.k8s.io\0EndpointSlice": ["\0Service"],
};

/** The same where the reference need not say that the owner is the controller: older versions, kubelets and drivers do not. */
const OWNED: Readonly<Record<string, readonly string[]>> = {
  // `pkg/controller/statefulset` (persistentVolumeClaimRetentionPolicy), `pkg/controller/volume/ephemeral`.
  "\0PersistentVolumeClaim": ["apps\0StatefulSet", "\0Pod"],
  // `pkg/controller/resourceclaim`; the scheduler's for extended resources.
  "resource.k8s.io\0ResourceClaim": ["\0Pod", "scheduling.k8s.io\0PodGroup"],
  // dynamic-resource-allocation `resourceslice/resourceslicecontroller.go`: a node's driver.
  "resource.k8s.io\0ResourceSlice": ["\0Node"],
  // `pkg/controller/job/job_scheduling_manager.go`.
  "scheduling.k8s.io\0Workload": ["batch\0Job"],
  "scheduling.k8s.io\0PodGroup": ["batch\0Job", "scheduling.k8s.io\0Workload"],
  // `pkg/kubelet/podcertificate`, `pkg/kubelet/util/nodelease.go`, `pkg/volume/csi/nodeinfomanager`.
  "certificates.k8s.io\0PodCertificateRequest": ["\0Pod"],
  "coordination.k8s.io\0Lease": ["\0Node"],
  "storage.k8s.io\0CSINode": ["\0Node"],
  // external-provisioner `pkg/owner`: the Pod, or what it stands for.
  "storage.k8s.io\0CSIStorageCapacity": ["apps\0Deployment", "apps\0DaemonSet", "apps\0StatefulSet", "\0Pod"],
};

const OWN_GROUPS: ReadonlySet<string> = new Set(builtinKinds().map(({ apiVersion }) => groupOf(apiVersion)));

const OWNERS: ReadonlySet<string> = new Set([CONTROLLED, OWNED].flatMap((table) => Object.values(table).flat()));

/** Whether objects of this kind own others in the usual course of things; of custom kinds that cannot be known. */
export function ownsOthers(kind: KindRef): boolean {
  return OWNERS.has(kindKey(kind)) || !isOwn(kind);
}

export interface Owning {
  readonly owner: ObjectRef;
  readonly object: LiveObject;
  /** The reference says that the owner is its controller. */
  readonly controller: boolean;
}

/**
 * Whether an owner of this kind would own the object: `made`, its controller makes such objects; `custom`, the owner or the
 * object is of a custom kind, of which that cannot be known; `undefined`, it does not. Controllers let go of what does not
 * match their selector.
 */
export function mayOwn({ owner, object, controller }: Owning): "made" | "custom" | undefined {
  if (!isOwn(owner) || !isOwn(object.ref)) return "custom";
  const [kind, by] = [kindKey(object.ref), kindKey(owner)];
  if (kind === SLICE && !isSliceOfController(owner, object)) return undefined;
  const made = (controller && CONTROLLED[kind]?.includes(by)) || OWNED[kind]?.includes(by) === true;
  return made || isMirror(owner, object) ? "made" : undefined;
}

/**
 * What its owner's controller puts right, whoever wrote it: endpoint slices of a Service that selects, what a kubelet shows
 * of itself. Leases say nothing but who leads.
 */
export function isPutRight(owner: KindRef, object: KindRef): boolean {
  const kind = kindKey(object);
  return kind === SLICE || kind === "coordination.k8s.io\0Lease" || (kind === "\0Pod" && kindKey(owner) === "\0Node");
}

const SLICE = "discovery.k8s.io\0EndpointSlice";

/**
 * The controller deletes what bears its label and is not its own; it leaves alone what others are said to manage. Which
 * Service a slice steers is what its label says, whoever owns it (`pkg/controller/endpointslice`).
 */
function isSliceOfController(owner: ObjectRef, { value }: LiveObject): boolean {
  const labels = fieldAt(value, "metadata", "labels");
  return (
    textOf(labels, "endpointslice.kubernetes.io/managed-by") === "endpointslice-controller.k8s.io" &&
    textOf(labels, "kubernetes.io/service-name") === owner.name
  );
}

/** CustomResourceDefinitions of a group without a dot, as `apps`, are refused; those of `*.k8s.io` need its owners' leave. */
function isOwn({ apiVersion }: KindRef): boolean {
  return OWN_GROUPS.has(groupOf(apiVersion));
}

/** The kubelet shows its static Pods so, and deletes what only says that it is one (kubernetes `pkg/kubelet/pod/mirror_client.go`). */
function isMirror(owner: KindRef, { ref, value }: LiveObject): boolean {
  return (
    ref.kind === "Pod" &&
    kindKey(owner) === "\0Node" &&
    fieldAt(value, "metadata", "annotations", "kubernetes.io/config.mirror") !== undefined
  );
}
