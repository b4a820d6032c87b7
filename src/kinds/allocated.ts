/**
 * What the API server and Kubernetes' own controllers put into objects that leave it out: allocated, bound, completed.
 * The table was checked against kapp's `pkg/kapp/config/default.go` and Argo CD's `argocd-cm.yaml`. What the registry
 * allocates has no owner, so that a value that somebody set by hand is told from an allocated one wherever it can change.
 */

import { groupOf, kindKey } from "../core/refs.ts";
import { valueAt } from "../core/path.ts";
import { fieldAt, fieldOf, isList, isMap, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { SCALED } from "./autoscaled.ts";
import { isNobodys, kindsOf, union } from "./left-out.ts";
import type { AdmissionContext, DifferenceAt, LeftOutRow } from "./left-out.ts";
import { isTokenOf, TOKEN_MAKERS } from "./token-makers.ts";

const SERVICE = kindsOf("", "Service");
const CLAIM = kindsOf("", "PersistentVolumeClaim");
const VOLUME = kindsOf("", "PersistentVolume");
const NAMESPACE = kindsOf("", "Namespace");
const ACCOUNT = kindsOf("", "ServiceAccount");
const NODE = kindsOf("", "Node");
const JOB = kindsOf("batch", "Job");
const CERTIFICATE_REQUEST = kindsOf("certificates.k8s.io", "CertificateSigningRequest");
const RBAC = kindsOf("rbac.authorization.k8s.io", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding");
const CRD = kindsOf("apiextensions.k8s.io", "CustomResourceDefinition");
const API_SERVICE = kindsOf("apiregistration.k8s.io", "APIService");
const WEBHOOKS = kindsOf(
  "admissionregistration.k8s.io",
  "MutatingWebhookConfiguration",
  "ValidatingWebhookConfiguration",
);

const POD = kindsOf("", "Pod", "PodTemplate", "ReplicationController");
const WORKLOAD = union(
  kindsOf("apps", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"),
  kindsOf("batch", "CronJob", "Job"),
);
const SCALABLE = union(
  kindsOf("apps", "Deployment", "ReplicaSet", "StatefulSet"),
  kindsOf("", "ReplicationController"),
);

const CONTROLLER_MANAGER: ReadonlySet<string> = new Set(["kube-controller-manager"]);
const NODE_WRITERS: ReadonlySet<string> = new Set([
  "cloud-controller-manager",
  "kube-controller-manager",
  "kubelet",
  "k3s",
]);
const VOLUME_WRITERS: ReadonlySet<string> = new Set(["csi-provisioner", "csi-attacher", "kube-controller-manager"]);
/** OpenShift's: before 4.4, then since. */
const OPENSHIFT: ReadonlySet<string> = new Set([
  "cluster-policy-controller",
  "kube-controller-manager",
  "openshift-apiserver",
  "openshift-controller-manager",
]);

/** Those who are known to inject CA bundles where Git leaves them out or blank (argo-cd#1487, fleet#5371). */
const INJECTORS: ReadonlySet<string> = new Set([
  "cainjector",
  "cert-manager-cainjector",
  "gatekeeper",
  "keda-operator",
  "kube-apiserver",
  "kube-webhook-certgen",
  "kyverno",
  "kyverno-admission-controller",
  "olm",
  "pilot-discovery",
  "service-ca",
  "service-ca-operator",
  "webhook",
]);

const ALLOC = { reason: "controller", rule: "allocated by the API server" } as const;
const BINDER = { reason: "controller", rule: "written by the volume controllers" } as const;
const PV_HELPERS = "component-helpers storage/volume/pv_helpers.go, kubernetes pkg/controller/volume/persistentvolume";

const SERVICES: readonly LeftOutRow[] = [
  ...["clusterIP", "clusterIPs", "ipFamilies"].map((name) => ({
    kinds: SERVICE,
    place: ["spec", name],
    ...ALLOC,
    source: "kubernetes pkg/registry/core/service/storage/alloc.go; immutable but for a second family",
  })),
  {
    kinds: SERVICE,
    place: ["spec", "ipFamilyPolicy"],
    nobody: true,
    ...ALLOC,
    source: "kubernetes pkg/registry/core/service/storage/alloc.go",
  },
  {
    kinds: SERVICE,
    place: ["spec", "ports", "nodePort"],
    nobody: true,
    ...ALLOC,
    source: "kubernetes pkg/registry/core/service/storage/alloc.go (argo-cd#7941, #18764)",
  },
  {
    // Whoever changes a port's number or protocol owns its node port too: the server keeps that, and nothing says whose it is.
    kinds: SERVICE,
    place: ["spec", "ports", "nodePort"],
    test: ({ rekeyed }) => rekeyed === true,
    ...ALLOC,
    judged: true,
    source: "kubernetes pkg/registry/core/service/storage/alloc.go; managedFields are told by port and protocol",
  },
  {
    kinds: SERVICE,
    place: ["spec", "healthCheckNodePort"],
    nobody: true,
    ...ALLOC,
    source: "kubernetes pkg/registry/core/service/storage/alloc.go",
  },
  ...["clusterIPs", "ipFamilies"].map((name) => ({
    kinds: SERVICE,
    place: ["spec", name],
    on: "any" as const,
    test: ({ desiredValue, liveValue }: DifferenceAt) => continues(desiredValue, liveValue),
    ...ALLOC,
    source: "kubernetes pkg/registry/core/service/storage/alloc.go: a second family is appended (argo-cd#7609, #18764)",
  })),
];

const VOLUMES: readonly LeftOutRow[] = [
  {
    kinds: CLAIM,
    place: ["spec", "volumeName"],
    by: CONTROLLER_MANAGER,
    nobody: true,
    ...BINDER,
    source: "kubernetes pkg/controller/volume/persistentvolume/pv_controller.go",
  },
  {
    kinds: VOLUME,
    place: ["spec", "claimRef"],
    by: VOLUME_WRITERS,
    nobody: true,
    ...BINDER,
    source: "kubernetes pkg/controller/volume/persistentvolume/pv_controller.go",
  },
  {
    kinds: VOLUME,
    place: ["spec", "claimRef", "*"],
    by: VOLUME_WRITERS,
    nobody: true,
    test: ({ names }) => ["uid", "resourceVersion", "apiVersion", "kind"].includes(names.at(-1) ?? ""),
    ...BINDER,
    source: "kubernetes pkg/controller/volume/persistentvolume/pv_controller.go: completes what Git pre-binds",
  },
  ...[
    "pv.kubernetes.io/bind-completed",
    "pv.kubernetes.io/bound-by-controller",
    "pv.kubernetes.io/migrated-to",
    "pv.kubernetes.io/provisioned-by",
    "volume.beta.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/provisioner-deletion-secret-name",
    "volume.kubernetes.io/provisioner-deletion-secret-namespace",
    "volume.kubernetes.io/selected-node",
    "volume.kubernetes.io/storage-provisioner",
  ].map((name) => ({
    kinds: union(CLAIM, VOLUME),
    place: ["metadata", "annotations", name],
    on: "any" as const,
    judged: false,
    ...BINDER,
    source: PV_HELPERS,
  })),
];

const INJECTED: readonly LeftOutRow[] = [
  {
    kinds: union(WEBHOOKS, CRD),
    place: ["**", "clientConfig", "caBundle"],
    by: INJECTORS,
    nobody: true,
    unmanaged: true,
    reason: "controller",
    rule: "a CA bundle that Git leaves to an injector",
    judged: true,
    source: "cert-manager pkg/controller/cainjector, OpenShift service-ca-operator (argo-cd#1487, fleet#5371)",
  },
  {
    kinds: API_SERVICE,
    place: ["spec", "caBundle"],
    by: INJECTORS,
    nobody: true,
    unmanaged: true,
    reason: "controller",
    rule: "a CA bundle that Git leaves to an injector",
    judged: true,
    source: "cert-manager pkg/controller/cainjector, OpenShift service-ca-operator (argo-cd#1487)",
  },
  {
    kinds: kindsOf("", "ConfigMap"),
    place: ["data", "*"],
    by: new Set(["service-ca", "service-ca-operator", "cluster-network-operator"]),
    test: ({ names, desired }) =>
      (names[1] === "service-ca.crt" && declares(desired, "service.beta.openshift.io/inject-cabundle")) ||
      (names[1] === "ca-bundle.crt" &&
        textOf(fieldAt(desired, "metadata", "labels"), "config.openshift.io/inject-trusted-cabundle") === "true"),
    reason: "controller",
    rule: "a CA bundle that Git asks OpenShift to inject",
    source: "OpenShift service-ca-operator pkg/controller/cabundleinjector, cluster-network-operator",
  },
];

const NAMESPACES: readonly LeftOutRow[] = [
  {
    kinds: NAMESPACE,
    place: ["spec", "finalizers"],
    on: "any",
    reason: "controller",
    rule: "the namespace's own finalizers",
    source: "kubernetes pkg/registry/core/namespace/strategy.go; only the finalize subresource changes them",
  },
  {
    kinds: NAMESPACE,
    place: ["spec", "finalizers"],
    on: "any",
    item: true,
    reason: "controller",
    rule: "the namespace's own finalizers",
    source: "kubernetes pkg/registry/core/namespace/strategy.go; only the finalize subresource changes them",
  },
  {
    kinds: NAMESPACE,
    place: ["metadata", "labels", "kubernetes.io/metadata.name"],
    test: ({ liveValue, ref }) => liveValue === ref.name,
    ...ALLOC,
    rule: "the namespace's name, which the API server keeps there",
    source: "kubernetes pkg/apis/core/v1/defaults.go, SetDefaults_Namespace",
  },
  ...["openshift.io/sa.scc.*", "openshift.io/backup-registered-namespaces"].map((name) => ({
    kinds: NAMESPACE,
    place: ["metadata", "annotations", name],
    by: OPENSHIFT,
    nobody: true as const,
    test: (_: DifferenceAt, { openShift }: AdmissionContext) => openShift,
    reason: "controller" as const,
    rule: "allocated by OpenShift's namespace controller",
    source: "OpenShift cluster-policy-controller pkg/security/controller (kapp default.go)",
  })),
  {
    kinds: NAMESPACE,
    place: ["metadata", "labels", "pod-security.kubernetes.io/*"],
    by: new Set(["pod-security-admission-label-synchronization-controller", "cluster-policy-controller"]),
    test: (_, { openShift }) => openShift,
    reason: "controller",
    rule: "kept by OpenShift's pod security label synchronisation",
    source: "OpenShift cluster-policy-controller pkg/psalabelsyncer",
  },
];

const ACCOUNTS: readonly LeftOutRow[] = ["secrets", "imagePullSecrets"].flatMap((name) =>
  [true as const, undefined].map((item) => ({
    kinds: ACCOUNT,
    place: [name],
    ...(item === undefined ? {} : { item }),
    by: TOKEN_MAKERS,
    nobody: true as const,
    test: ({ ref, liveValue }: DifferenceAt) => isTokens(ref.name, liveValue),
    reason: "controller" as const,
    rule: "a token that a controller made for the account",
    source:
      "kubernetes pkg/controller/serviceaccount/tokens_controller.go, openshift-controller-manager (stackrox#12124)",
  })),
);

const WORKLOADS: readonly LeftOutRow[] = [
  // The server writes both names of the field, whichever is declared.
  {
    place: ["**", "spec", "serviceAccountName"],
    test: ({ desired, path, liveValue }) =>
      liveValue !== undefined &&
      valueAt(desired, [...path.slice(0, -1), { kind: "field", name: "serviceAccount" }]) === liveValue,
    reason: "controller",
    rule: "the newer name of serviceAccount, which Git declares",
    source: "kubernetes pkg/apis/core/v1/conversion.go, Convert_core_PodSpec_To_v1_PodSpec",
  },
  ...["revision", "revision-history", "desired-replicas", "max-replicas"].map((name) => ({
    kinds: kindsOf("apps", "Deployment", "ReplicaSet"),
    place: ["metadata", "annotations", `deployment.kubernetes.io/${name}`],
    on: "any" as const,
    by: CONTROLLER_MANAGER,
    nobody: true as const,
    // Of every Deployment: a number is nothing that policies need be asked about.
    test: ({ liveValue }: DifferenceAt) =>
      liveValue === undefined || (typeof liveValue === "string" && /^[\d,]+$/.test(liveValue)),
    judged: false,
    reason: "controller" as const,
    rule: "the deployment controller's bookkeeping",
    source: "kubernetes pkg/controller/deployment/util/deployment_util.go",
  })),
  {
    kinds: kindsOf("apps", "DaemonSet"),
    place: ["metadata", "annotations", "deprecated.daemonset.template.generation"],
    on: "any",
    reason: "controller",
    rule: "the daemon set's generation, which the API server keeps there",
    source: "kubernetes pkg/apis/apps/v1/conversion.go",
  },
  ...["apiVersion", "kind", "status"].map((name) => ({
    kinds: kindsOf("apps", "StatefulSet"),
    place: ["spec", "volumeClaimTemplates", name],
    on: "any" as const,
    reason: "controller" as const,
    rule: "the API server completes claim templates",
    source: "kubernetes pkg/apis/apps/v1/defaults.go (argo-cd#11143, #4126, #16707)",
  })),
  // Without manualSelector the selector and the labels are immutable and the server's own.
  {
    kinds: JOB,
    place: ["spec", "selector"],
    test: ({ live }) => fieldAt(live, "spec", "manualSelector") !== true,
    ...ALLOC,
    source: "kubernetes pkg/registry/batch/job/strategy.go, generateSelector",
  },
  ...[
    ["metadata", "labels"],
    ["spec", "template", "metadata", "labels"],
  ].flatMap((place) =>
    ["controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"].map(
      (label) => ({
        kinds: JOB,
        place: [...place, label],
        test: ({ liveValue, live, ref }: DifferenceAt) =>
          liveValue === ref.name || liveValue === fieldAt(live, "metadata", "uid"),
        ...ALLOC,
        source: "kubernetes pkg/registry/batch/job/strategy.go, generateSelectorIfNeeded",
      }),
    ),
  ),
  {
    kinds: JOB,
    place: ["metadata", "annotations", "batch.kubernetes.io/job-tracking"],
    reason: "controller",
    rule: "the job controller's bookkeeping",
    source: "kubernetes pkg/registry/batch/job/strategy.go (before 1.27)",
  },
  // What the older version keeps beside them, `metrics` and `behavior`, is no state: somebody asks for it.
  ...["conditions", "current-metrics"].map((name) => ({
    kinds: kindsOf("autoscaling", "HorizontalPodAutoscaler"),
    place: ["metadata", "annotations", `autoscaling.alpha.kubernetes.io/${name}`],
    on: "any" as const,
    reason: "controller" as const,
    rule: "the autoscaler's state, which its older API version has no field for",
    source: "kubernetes pkg/apis/autoscaling/annotations.go",
  })),
  {
    kinds: kindsOf("", "Endpoints"),
    place: ["metadata", "annotations", "endpoints.kubernetes.io/last-change-trigger-time"],
    on: "any",
    reason: "controller",
    rule: "the endpoints controller's bookkeeping",
    source: "kubernetes pkg/controller/endpoint/endpoints_controller.go",
  },
  {
    kinds: kindsOf("", "ConfigMap", "Endpoints"),
    place: ["metadata", "annotations", "control-plane.alpha.kubernetes.io/leader"],
    on: "any",
    reason: "controller",
    rule: "a leader election's note",
    source: "client-go tools/leaderelection/resourcelock/interface.go, LeaderElectionRecordAnnotationKey",
  },
];

const ACCESS: readonly LeftOutRow[] = [
  ...[undefined, true as const].flatMap((item) =>
    [["rules"], ["rules", "**"]].map((place) => ({
      kinds: kindsOf("rbac.authorization.k8s.io", "ClusterRole"),
      place,
      ...(item === undefined ? {} : { item }),
      on: "any" as const,
      by: new Set(["clusterrole-aggregation-controller"]),
      nobody: true as const,
      test: ({ desired }: DifferenceAt) => isMap(desired["aggregationRule"]),
      reason: "controller" as const,
      rule: "aggregated from the roles that its selectors match",
      judged: true,
      source: "kubernetes pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go",
    })),
  ),
  {
    kinds: RBAC,
    place: ["metadata", "annotations", "rbac.authorization.kubernetes.io/autoupdate"],
    by: new Set(["kube-apiserver"]),
    nobody: true,
    test: ({ liveValue }) => liveValue === "true",
    reason: "controller",
    rule: "the API server keeps its own roles up to date",
    source: "kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy, pkg/registry/rbac/rest/storage_rbac.go",
  },
  {
    kinds: RBAC,
    place: ["metadata", "labels", "kubernetes.io/bootstrapping"],
    by: new Set(["kube-apiserver"]),
    nobody: true,
    reason: "controller",
    rule: "the API server keeps its own roles up to date",
    source: "kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go",
  },
  {
    kinds: API_SERVICE,
    place: ["metadata", "labels", "kube-aggregator.kubernetes.io/automanaged"],
    by: new Set(["kube-apiserver"]),
    nobody: true,
    reason: "controller",
    rule: "registered by the API server itself",
    source: "kube-aggregator pkg/controllers/autoregister/autoregister_controller.go",
  },
  ...["username", "uid", "groups", "extra"].map((name) => ({
    kinds: CERTIFICATE_REQUEST,
    place: ["spec", name],
    on: "any" as const,
    reason: "controller" as const,
    rule: "who asked, as the API server knows",
    source: "kubernetes pkg/registry/certificates/certificates/strategy.go, PrepareForCreate",
  })),
];

const NODES: readonly LeftOutRow[] = [
  ...["podCIDR", "podCIDRs", "providerID"].map((name) => ({
    kinds: NODE,
    place: ["spec", name],
    by: NODE_WRITERS,
    nobody: true as const,
    reason: "controller" as const,
    rule: "allocated to the node",
    source: "kubernetes pkg/controller/nodeipam, cloud-provider controllers/node",
  })),
  ...[{}, { item: true as const }].map((which) => ({
    kinds: NODE,
    place: ["spec", "taints"],
    ...which,
    test: isTaintedByController,
    reason: "controller" as const,
    rule: "tainted by the node controllers",
    // By the form, which anybody can write, and where there is a time, by the manager's name.
    judged: true,
    source:
      "kubernetes pkg/controller/nodelifecycle and pkg/controller/util/node, plugin/pkg/admission/nodetaint, pkg/kubelet/kubelet_node_status.go; cloud-provider controllers/nodelifecycle",
  })),
  ...[
    ["labels", "beta.kubernetes.io/*"],
    ["labels", "kubernetes.io/*"],
    ["labels", "node.kubernetes.io/*"],
    ["labels", "topology.kubernetes.io/*"],
    ["labels", "failure-domain.beta.kubernetes.io/*"],
    ["annotations", "node.alpha.kubernetes.io/ttl"],
    ["annotations", "volumes.kubernetes.io/*"],
    ["annotations", "csi.volume.kubernetes.io/*"],
    ["annotations", "kubeadm.alpha.kubernetes.io/cri-socket"],
  ].map((place) => ({
    kinds: NODE,
    place: ["metadata", ...place],
    by: union(NODE_WRITERS, new Set(["kubeadm"])),
    nobody: true as const,
    reason: "controller" as const,
    rule: "the kubelet's and the node controllers' own",
    source: "kubernetes pkg/kubelet/kubelet_node_status.go, pkg/controller/ttl",
  })),
];

/** Finalizers that protect, by kind. Any kind has those of deletion. */
const PROTECTION: readonly {
  readonly kinds?: ReadonlySet<string>;
  readonly name: string;
  readonly source: string;
}[] = [
  {
    kinds: CLAIM,
    name: "kubernetes.io/pvc-protection",
    source: "kubernetes plugin/pkg/admission/storage/storageobjectinuseprotection",
  },
  {
    kinds: VOLUME,
    name: "kubernetes.io/pv-protection",
    source: "kubernetes plugin/pkg/admission/storage/storageobjectinuseprotection",
  },
  {
    kinds: VOLUME,
    name: "external-attacher/*",
    source: "kubernetes-csi external-attacher pkg/controller",
  },
  {
    kinds: VOLUME,
    name: "external-provisioner.volume.kubernetes.io/finalizer",
    source: "kubernetes-sigs sig-storage-lib-external-provisioner",
  },
  {
    kinds: VOLUME,
    name: "kubernetes.io/pv-controller",
    source: "component-helpers storage/volume: honour reclaim policy",
  },
  {
    kinds: kindsOf("storage.k8s.io", "VolumeAttributesClass"),
    name: "kubernetes.io/vac-protection",
    source: "kubernetes pkg/controller/volume/vacprotection",
  },
  {
    kinds: kindsOf("networking.k8s.io", "ServiceCIDR"),
    name: "networking.k8s.io/service-cidr-finalizer",
    source: "kubernetes pkg/controller/servicecidrs/servicecidrs_controller.go",
  },
  {
    kinds: SERVICE,
    name: "service.kubernetes.io/load-balancer-cleanup",
    source: "cloud-provider service/helpers/helper.go",
  },
  {
    kinds: SERVICE,
    name: "service.k8s.aws/resources",
    source: "aws-load-balancer-controller pkg/k8s/finalizer.go",
  },
  {
    kinds: kindsOf("networking.k8s.io", "Ingress"),
    name: "ingress.k8s.aws/*",
    source: "aws-load-balancer-controller pkg/ingress/finalizer.go",
  },
  {
    kinds: kindsOf("networking.k8s.io", "Ingress"),
    name: "networking.gke.io/ingress-finalizer*",
    source: "kubernetes ingress-gce pkg/utils/common/finalizer.go",
  },
  {
    kinds: kindsOf("", "Pod"),
    name: "batch.kubernetes.io/job-tracking",
    source: "kubernetes pkg/controller/job/tracking_utils.go",
  },
  {
    kinds: CRD,
    name: "customresourcecleanup.apiextensions.k8s.io",
    source: "apiextensions-apiserver pkg/controller/finalizer/crd_finalizer.go",
  },
  { name: "foregroundDeletion", source: "apimachinery meta/v1/types.go: only in an object that is being deleted" },
  { name: "orphan", source: "apimachinery meta/v1/types.go: only in an object that is being deleted" },
];

const FINALIZERS: readonly LeftOutRow[] = [
  ...bothWays({
    place: ["metadata", "finalizers"],
    test: ({ ref, live, liveValue }: DifferenceAt) =>
      allItems(liveValue, (name) => isProtection(name, kindKey(ref), live)),
    reason: "controller",
    rule: "a finalizer of Kubernetes' controllers",
    source: "each in PROTECTION",
  }),
  // Controllers of custom resources protect what they look after under their own domain.
  ...bothWays({
    place: ["metadata", "finalizers"],
    test: ({ ref, liveValue, actor, statusWriters }: DifferenceAt) =>
      (actor === undefined || statusWriters?.has(actor.manager) === true) &&
      allItems(liveValue, (name) => isOwnDomain(name, ref.apiVersion)),
    reason: "controller",
    rule: "a finalizer of the kind's own controller",
    judged: true,
    source: "fluxcd pkg/runtime/controller, keda, crossplane, karpenter: `finalizers.fluxcd.io` and their like",
  }),
  ...bothWays({
    place: ["metadata", "ownerReferences"],
    test: ({ liveValue }: DifferenceAt) => {
      const items = isList(liveValue) ? liveValue : [liveValue];
      return items.every((item) => fieldOf(item, "controller") === true);
    },
    reason: "controller",
    rule: "owned by the object that its controller made it for",
    judged: true,
    source: "apimachinery meta/v1/controller_ref.go",
  }),
];

/** What the API server and Kubernetes' own controllers fill in. */
const DEVICE_TAINT: LeftOutRow = {
  kinds: kindsOf("resource.k8s.io", "DeviceTaintRule"),
  place: ["spec", "taint", "timeAdded"],
  ...ALLOC,
  source: "kubernetes pkg/apis/resource/v1beta2/defaults.go, SetDefaults_DeviceTaint: the time of the request",
};

const TOKEN_TYPE = "kubernetes.io/service-account-token";

function isTokenSecret({ desired, live }: DifferenceAt): boolean {
  return textOf(desired, "type") === TOKEN_TYPE && textOf(live, "type") === TOKEN_TYPE;
}

/** A Secret of the type is made empty, and filled for the account that its annotation names. */
const TOKENS: readonly LeftOutRow[] = [
  ...["ca.crt", "namespace", "token"].map((name) => ["data", name]),
  ["metadata", "annotations", "kubernetes.io/service-account.uid"],
  ["metadata", "labels", "kubernetes.io/legacy-token-invalid-since"],
  ["metadata", "labels", "kubernetes.io/legacy-token-last-used"],
].map((place) => ({
  kinds: kindsOf("", "Secret"),
  place,
  by: new Set(["kube-apiserver", "kube-controller-manager"]),
  test: isTokenSecret,
  reason: "controller" as const,
  rule: "filled by the token controller",
  source:
    "kubernetes pkg/controller/serviceaccount/tokens_controller.go, legacy_serviceaccount_token_cleaner.go; pkg/serviceaccount/legacy.go",
}));

export const ALLOCATED: readonly LeftOutRow[] = [
  ...SERVICES,
  ...VOLUMES,
  ...INJECTED,
  ...NAMESPACES,
  ...ACCOUNTS,
  ...WORKLOADS,
  ...ACCESS,
  ...NODES,
  DEVICE_TAINT,
  ...FINALIZERS,
  ...TOKENS,
  {
    kinds: union(POD, WORKLOAD),
    place: ["**", "projected", "sources", "clusterTrustBundle"],
    on: "any",
    test: isDroppedSource,
    reason: "ignored",
    rule: "a volume source of a feature that is off, so that the API server drops it",
    judged: false,
    source: "kubernetes pkg/api/pod/util.go, dropDisabledFields",
  },
  {
    kinds: union(POD, WORKLOAD),
    place: ["**", "projected", "sources", "podCertificate"],
    on: "any",
    test: isDroppedSource,
    reason: "ignored",
    rule: "a volume source of a feature that is off, so that the API server drops it",
    judged: false,
    source: "kubernetes pkg/api/pod/util.go, dropDisabledFields",
  },
  ...SCALED,
  {
    kinds: SCALABLE,
    place: ["spec", "replicas"],
    on: "any",
    by: CONTROLLER_MANAGER,
    test: ({ ref }, { isUnread }) => isUnread("autoscalers", ref.namespace),
    reason: "controller",
    rule: "cannot be known: an autoscaler may have written it, and autoscalers were not read",
    judged: true,
    source: "kubernetes pkg/controller/podautoscaler",
  },
];

/** The same row for the whole list, where Git has none, and for an item of it. */
function bothWays(row: LeftOutRow): readonly LeftOutRow[] {
  return [row, { ...row, item: true }];
}

function continues(declared: Value | undefined, live: Value | undefined): boolean {
  if (!isList(declared) || !isList(live) || declared.length >= live.length) return false;
  return declared.every((item, index) => item === live[index]);
}

function declares(desired: Value, annotation: string): boolean {
  return textOf(fieldAt(desired, "metadata", "annotations"), annotation) === "true";
}

/** One token or a list of nothing but tokens, by the names that their makers give them. */
function isTokens(account: string, value: Value | undefined): boolean {
  const items = isList(value) ? value : [value];
  return items.length > 0 && items.every((item) => isTokenOf(account, textOf(item, "name")));
}

/** Taints that are registered with a Node, and the one of the cloud's controller, which writes no time. */
const UNTIMED_TAINTS: ReadonlySet<string> = new Set([
  "node.cloudprovider.kubernetes.io/shutdown::NoSchedule",
  "node.cloudprovider.kubernetes.io/uninitialized:true:NoSchedule",
  "node.kubernetes.io/not-ready::NoSchedule",
]);

/** Those that the node controller adds and takes back by the Node's conditions; it always writes when. */
const TIMED_TAINTS: ReadonlySet<string> = new Set([
  "node.kubernetes.io/disk-pressure::NoSchedule",
  "node.kubernetes.io/memory-pressure::NoSchedule",
  "node.kubernetes.io/network-unavailable::NoSchedule",
  "node.kubernetes.io/not-ready::NoExecute",
  "node.kubernetes.io/not-ready::NoSchedule",
  "node.kubernetes.io/pid-pressure::NoSchedule",
  "node.kubernetes.io/unreachable::NoExecute",
  "node.kubernetes.io/unreachable::NoSchedule",
  "node.kubernetes.io/unschedulable::NoSchedule",
]);

/**
 * Just as the controllers write them; all of them come behind what is declared. `out-of-service` is a person's, and so is a
 * system taint with another effect or value. With a time it must be a controller that wrote the list last.
 */
function isTaintedByController(difference: DifferenceAt): boolean {
  const { liveValue, actor } = difference;
  const timed = isNobodys(difference) || NODE_WRITERS.has(actor?.manager ?? "");
  const taints = isList(liveValue) ? liveValue : [liveValue];
  return taints.length > 0 && taints.every((taint) => isSystemTaint(taint, timed));
}

function isSystemTaint(taint: Value | undefined, timed: boolean): boolean {
  if (!isMap(taint) || !Object.keys(taint).every((name) => TAINT_FIELDS.has(name))) return false;
  const form = [textOf(taint, "key"), textOf(taint, "value"), textOf(taint, "effect")].join(":");
  return fieldOf(taint, "timeAdded") === undefined ? UNTIMED_TAINTS.has(form) : timed && TIMED_TAINTS.has(form);
}

const TAINT_FIELDS: ReadonlySet<string> = new Set(["key", "value", "effect", "timeAdded"]);

function isProtection(name: string, kind: string, live: Value): boolean {
  return PROTECTION.some((known) => {
    const same = known.name.endsWith("*") ? name.startsWith(known.name.slice(0, -1)) : name === known.name;
    if (!same) return false;
    return known.kinds?.has(kind) ?? fieldAt(live, "metadata", "deletionTimestamp") !== undefined;
  });
}

/** The finalizer's domain and the kind's group end in the same two labels: `finalizers.fluxcd.io`, `x.toolkit.fluxcd.io`. */
function isOwnDomain(finalizer: string, apiVersion: string): boolean {
  const group = groupOf(apiVersion);
  const domain = finalizer.split("/", 1)[0] ?? "";
  const ending = lastLabels(group);
  return ending !== undefined && ending !== "k8s.io" && lastLabels(domain) === ending;
}

function lastLabels(domain: string): string | undefined {
  const labels = domain.split(".");
  return labels.length < 2 ? undefined : labels.slice(-2).join(".");
}

/** What is left of a source whose only content the server does not know: nobody writes an empty one. */
function isDroppedSource({ liveValue, live, path }: DifferenceAt): boolean {
  const source = liveValue === undefined ? valueAt(live, path.slice(0, -1)) : undefined;
  return isMap(source) && Object.keys(source).length === 0;
}

function allItems(value: Value | undefined, test: (item: string) => boolean): boolean {
  const items = isList(value) ? value : [value];
  return items.length > 0 && items.every((item) => typeof item === "string" && test(item));
}
