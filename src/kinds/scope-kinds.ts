/**
 * Which kinds are looked at for objects that Git does not declare. In managed namespaces all of them, but for those that are
 * records of what happens; of the whole cluster those that say who may do what, or that change what runs everywhere.
 */

import { groupOf, kindKey } from "../core/refs.ts";
import type { KindRef } from "../core/refs.ts";

interface ScopeKind {
  readonly group: string;
  /** Absent: every kind of the group. */
  readonly kind?: string;
  readonly why: string;
}

/** Namespaced kinds that nobody declares: made by the hundred, by controllers, as records or as views of something else. */
const RECORDS: readonly ScopeKind[] = [
  { group: "", kind: "Event", why: "what happened" },
  { group: "events.k8s.io", kind: "Event", why: "what happened" },
  { group: "", kind: "Endpoints", why: "addresses of Pods, written by a controller" },
  { group: "coordination.k8s.io", why: "who leads, who is alive" },
  { group: "storage.k8s.io", kind: "CSIStorageCapacity", why: "free space, written by provisioners" },
  { group: "metrics.k8s.io", why: "measured, not stored" },
  { group: "custom.metrics.k8s.io", why: "measured, not stored" },
  { group: "external.metrics.k8s.io", why: "measured, not stored" },
  { group: "wgpolicyk8s.io", why: "reports" },
  { group: "openreports.io", why: "reports" },
  { group: "reports.kyverno.io", why: "reports" },
  { group: "aquasecurity.github.io", why: "reports" },
  { group: "spdx.softwarecomposition.kubescape.io", why: "reports" },
  { group: "cilium.io", kind: "CiliumEndpoint", why: "one for each Pod" },
  { group: "crd.projectcalico.org", kind: "WorkloadEndpoint", why: "one for each Pod" },
  { group: "packages.operators.coreos.com", why: "a catalogue, computed" },
  { group: "subresources.kubevirt.io", why: "views" },
  // OpenShift serves these beside the kinds that they show.
  { group: "authorization.openshift.io", why: "views of rbac.authorization.k8s.io" },
  { group: "image.openshift.io", kind: "ImageStreamTag", why: "views of ImageStreams" },
  { group: "image.openshift.io", kind: "ImageTag", why: "views of ImageStreams" },
];

/** Cluster-scoped kinds that are looked at whether Git declares any or not. */
const CLUSTER_WIDE: readonly ScopeKind[] = [
  { group: "rbac.authorization.k8s.io", kind: "ClusterRole", why: "rights" },
  { group: "rbac.authorization.k8s.io", kind: "ClusterRoleBinding", why: "rights" },
  { group: "admissionregistration.k8s.io", why: "sees, changes or refuses what is written" },
  {
    group: "apiextensions.k8s.io",
    kind: "CustomResourceDefinition",
    why: "kinds, and webhooks that convert their objects",
  },
  { group: "apiregistration.k8s.io", kind: "APIService", why: "sends parts of the API to another server" },
  { group: "", kind: "Namespace", why: "holds Pod Security levels, and what nobody looks at" },
  { group: "scheduling.k8s.io", kind: "PriorityClass", why: "evicts others, and may be the default of all Pods" },
  { group: "flowcontrol.apiserver.k8s.io", why: "starves others of the API server" },
  { group: "node.k8s.io", kind: "RuntimeClass", why: "how containers are isolated" },
  { group: "storage.k8s.io", kind: "StorageClass", why: "may be the default of all claims" },
  { group: "storage.k8s.io", kind: "CSIDriver", why: "is handed ServiceAccount tokens" },
  { group: "networking.k8s.io", kind: "IngressClass", why: "may be the default of all Ingresses" },
  { group: "policy", kind: "PodSecurityPolicy", why: "rights of Pods, before Kubernetes 1.25" },
  { group: "security.openshift.io", kind: "SecurityContextConstraints", why: "rights of Pods" },
  { group: "policy.networking.k8s.io", why: "network policies of the cluster" },
  { group: "cilium.io", kind: "CiliumClusterwideNetworkPolicy", why: "network policies of the cluster" },
  { group: "projectcalico.org", kind: "GlobalNetworkPolicy", why: "network policies of the cluster" },
  { group: "crd.projectcalico.org", kind: "GlobalNetworkPolicy", why: "network policies of the cluster" },
  { group: "kyverno.io", kind: "ClusterPolicy", why: "changes or refuses what is written" },
  { group: "policies.kyverno.io", why: "changes or refuses what is written" },
  { group: "templates.gatekeeper.sh", why: "refuses what is written" },
  { group: "constraints.gatekeeper.sh", why: "refuses what is written" },
  { group: "config.gatekeeper.sh", why: "exempts namespaces from policies" },
  { group: "mutations.gatekeeper.sh", why: "changes what is written" },
  { group: "cert-manager.io", kind: "ClusterIssuer", why: "signs certificates for any namespace" },
  { group: "external-secrets.io", kind: "ClusterSecretStore", why: "hands secrets to any namespace" },
];

/** Cluster-scoped kinds that are never looked at, though Git may declare some: the cluster makes them as it runs. */
const CLUSTER_RECORDS: readonly ScopeKind[] = [
  { group: "", kind: "Node", why: "kubelets register themselves" },
  { group: "", kind: "PersistentVolume", why: "provisioned for claims" },
  { group: "", kind: "ComponentStatus", why: "measured, not stored" },
  { group: "storage.k8s.io", kind: "CSINode", why: "kubelets write it" },
  { group: "storage.k8s.io", kind: "VolumeAttachment", why: "a controller writes it" },
  { group: "certificates.k8s.io", kind: "CertificateSigningRequest", why: "kubelets ask" },
  { group: "networking.k8s.io", kind: "IPAddress", why: "allocated" },
  { group: "resource.k8s.io", kind: "ResourceSlice", why: "drivers write it" },
  { group: "internal.apiserver.k8s.io", why: "the API server's bookkeeping" },
  { group: "metrics.k8s.io", why: "measured, not stored" },
  { group: "wgpolicyk8s.io", why: "reports" },
  { group: "openreports.io", why: "reports" },
  { group: "reports.kyverno.io", why: "reports" },
  { group: "aquasecurity.github.io", why: "reports" },
  { group: "project.openshift.io", why: "views of Namespaces" },
  { group: "image.openshift.io", kind: "Image", why: "imported by the registry" },
];

/** A namespaced kind of which objects that Git does not declare are never unmanaged, unless Git declares others. */
export function isRecord(kind: KindRef): boolean {
  return lists(RECORDS, kind);
}

/** Whether objects of a cluster-scoped kind are looked at; `declared`: Git declares others of the kind. */
export function isLookedAt(kind: KindRef, declared: boolean): boolean {
  return lists(CLUSTER_WIDE, kind) || (declared && !lists(CLUSTER_RECORDS, kind));
}

function lists(kinds: readonly ScopeKind[], kind: KindRef): boolean {
  return kinds.some((one) =>
    one.kind === undefined ? one.group === groupOf(kind.apiVersion) : kindKey(kind) === `${one.group}\0${one.kind}`,
  );
}
