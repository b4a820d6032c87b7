import { describe, expect, test } from "vitest";
import type { Actor } from "../../src/core/objects.ts";
import type { PathStep } from "../../src/core/path.ts";
import { refKey } from "../../src/core/refs.ts";
import type { KindRef } from "../../src/core/refs.ts";
import type { Value, ValueMap } from "../../src/core/value.ts";
import { ALLOCATED } from "../../src/kinds/allocated.ts";
import { leftOutRule } from "../../src/kinds/controllers.ts";
import { explainedBy } from "../../src/kinds/left-out.ts";
import type { AdmissionContext, Deliverer, LeftOutRow, LeftOutRule } from "../../src/kinds/left-out.ts";
import { TRACKING } from "../../src/kinds/tracking.ts";
import { WRITERS } from "../../src/kinds/writers.ts";
import { isOperational } from "../../src/kinds/operational.ts";

/** A difference in short. `path`: field names, `[]` for an item of the list before it, `[x]` for one with that name. */
interface Case {
  readonly of: string;
  readonly path: string;
  readonly git?: Value;
  readonly live?: Value;
  readonly by?: string;
  readonly desired?: ValueMap;
  readonly object?: ValueMap;
  readonly managed?: false;
  readonly context?: Partial<AdmissionContext>;
}

/** A template that Argo CD's types print where there is none. */
const BLANK: Value = { metadata: {}, spec: { destination: {}, project: "" } };

const NOTHING: AdmissionContext = {
  scaled: new Map(),
  resized: new Set(),
  isDelivered: () => false,
  downscaled: new Set(),
  openShift: false,
  runtimeTolerations: new Map(),
  limitsOf: () => [],
  storageClasses: new Set(),
  ingressClasses: new Set(),
  mutatorsOf: () => [],
  isUnread: () => false,
};

/** `controller`, `controller, judged`, or nothing where it is a difference like any other. */
function told({ of, path, git, live, by, desired, object, managed, context }: Case): string | undefined {
  const [apiVersion = "", kind = ""] = of.split(" ");
  const steps = stepsOf(path);
  const actor: Actor | undefined = by === undefined ? undefined : { manager: by, operation: "Update" };
  const rule = leftOutRule(
    {
      ref: { apiVersion, kind, namespace: "shop", name: "web" },
      path: steps,
      names: steps.flatMap((step) => (step.kind === "field" ? [step.name] : [])),
      desired: desired ?? {},
      live: object ?? {},
      ...(git === undefined ? {} : { desiredValue: git }),
      ...(live === undefined ? {} : { liveValue: live }),
      managed: managed ?? true,
      ...(actor === undefined ? {} : { actor }),
    },
    { ...NOTHING, ...context },
  );
  return rule === undefined ? undefined : `${rule.reason}${rule.judged ? ", judged" : ""}`;
}

function stepsOf(path: string): readonly PathStep[] {
  return path.split(" ").map((part): PathStep => {
    if (part === "[]") return { kind: "index", index: 0 };
    const name = /^\[(.*)\]$/.exec(part)?.[1];
    return name === undefined ? { kind: "field", name: part } : { kind: "key", keys: { name } };
  });
}

const WEB = refKey({ apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name: "web" });
const RESIZED = { resized: new Set([WEB]) };

/** Git declares a Rollout, or a Canary, that names the object. */
function deliveredBy(wanted: Deliverer): Pick<AdmissionContext, "isDelivered"> {
  return { isDelivered: ({ name }, by) => name === "web" && by === wanted };
}

function scaledBy(min: number, max: number, declared = true): Pick<AdmissionContext, "scaled"> {
  const ref = { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", namespace: "shop", name: "web" };
  return { scaled: new Map([[WEB, [{ ref, declared, bounds: [{ min, max }] }]]]) };
}

const SCALED = scaledBy(0, 5);
const LIMITS = {
  limitsOf: (namespace: string): readonly Value[] =>
    namespace === "shop" ? [[{ type: "Container", default: { cpu: "500m" }, defaultRequest: { cpu: 1 } }]] : [],
};
const CPU = "spec containers [web] resources requests cpu";
const TEMPLATE = "spec template metadata labels";
const ANNOTATION = "metadata annotations";

const LEFT_OUT: readonly (readonly [sentence: string, left: Case, reason: string])[] = [
  ["a cluster IP is allocated", { of: "v1 Service", path: "spec clusterIP", live: "10.0.0.1" }, "controller"],
  [
    "when a device was tainted",
    {
      of: "resource.k8s.io/v1beta2 DeviceTaintRule",
      path: "spec taint timeAdded",
      live: "2026-01-01T00:00:00Z",
      by: "kubectl",
    },
    "controller",
  ],
  [
    "who leads",
    {
      of: "v1 ConfigMap",
      path: `${ANNOTATION} control-plane.alpha.kubernetes.io/leader`,
      git: "{}",
      live: "{ }",
      by: "x",
    },
    "controller",
  ],
  ["a blank cluster IP too", { of: "v1 Service", path: "spec clusterIP", git: "", live: "10.0.0.1" }, "controller"],
  [
    "a second cluster IP is appended to a declared one",
    { of: "v1 Service", path: "spec clusterIPs", git: ["10.0.0.1"], live: ["10.0.0.1", "fd00::1"] },
    "controller",
  ],
  ["a node port that nobody set", { of: "v1 Service", path: "spec ports [http] nodePort", live: 30080 }, "controller"],
  [
    "whose owner the API server forgot",
    { of: "v1 Service", path: "spec ports [http] nodePort", live: 30080, by: "ancient-changes" },
    "controller",
  ],
  ["families and their policy", { of: "v1 Service", path: "spec ipFamilyPolicy", live: "SingleStack" }, "controller"],
  [
    "the volume that a claim is bound to",
    { of: "v1 PersistentVolumeClaim", path: "spec volumeName", live: "pv-1", by: "kube-controller-manager" },
    "controller, judged",
  ],
  [
    "what binding notes down",
    { of: "v1 PersistentVolumeClaim", path: `${ANNOTATION} volume.kubernetes.io/selected-node`, live: "n1" },
    "controller",
  ],
  [
    "the claim of a volume",
    { of: "v1 PersistentVolume", path: "spec claimRef", live: { name: "data" }, by: "kube-controller-manager" },
    "controller, judged",
  ],
  [
    "the default storage class",
    {
      of: "v1 PersistentVolumeClaim",
      path: "spec storageClassName",
      live: "fast",
      context: { storageClasses: new Set(["fast"]) },
    },
    "admission",
  ],
  [
    "that the controller gave later",
    {
      of: "v1 PersistentVolumeClaim",
      path: "spec storageClassName",
      live: "fast",
      by: "kube-controller-manager",
      context: { storageClasses: new Set(["fast"]) },
    },
    "admission, judged",
  ],
  [
    "the default ingress class",
    {
      of: "networking.k8s.io/v1 Ingress",
      path: "spec ingressClassName",
      live: "nginx",
      context: { ingressClasses: new Set(["nginx"]) },
    },
    "admission",
  ],
  [
    "a CA bundle that cert-manager injected",
    {
      of: "admissionregistration.k8s.io/v1 MutatingWebhookConfiguration",
      path: "webhooks [a] clientConfig caBundle",
      git: "Cg==",
      live: "Q0E=",
      by: "cert-manager-cainjector",
    },
    "controller, judged",
  ],
  [
    "one of a CRD's conversion",
    {
      of: "apiextensions.k8s.io/v1 CustomResourceDefinition",
      path: "spec conversion webhook clientConfig caBundle",
      live: "Q0E=",
      by: "cainjector",
    },
    "controller, judged",
  ],
  [
    "one of an APIService, in a dump without managedFields",
    { of: "apiregistration.k8s.io/v1 APIService", path: "spec caBundle", live: "Q0E=", managed: false },
    "controller, judged",
  ],
  ["a namespace's finalizers", { of: "v1 Namespace", path: "spec finalizers", live: ["kubernetes"] }, "controller"],
  [
    "a namespace's own name",
    { of: "v1 Namespace", path: "metadata labels kubernetes.io/metadata.name", live: "web" },
    "controller",
  ],
  [
    "what OpenShift allocates to a namespace",
    {
      of: "v1 Namespace",
      path: `${ANNOTATION} openshift.io/sa.scc.uid-range`,
      live: "1000/10000",
      by: "cluster-policy-controller",
      context: { openShift: true },
    },
    "controller, judged",
  ],
  [
    "an account's token",
    { of: "v1 ServiceAccount", path: "secrets [web-token-abcde]", live: { name: "web-token-abcde" } },
    "controller, judged",
  ],
  [
    "all of an account's pull secrets, OpenShift's",
    {
      of: "v1 ServiceAccount",
      path: "imagePullSecrets",
      live: [{ name: "web-dockercfg-x1y2z" }],
      by: "openshift-controller-manager",
    },
    "controller, judged",
  ],
  [
    "a deployment's revision",
    { of: "apps/v1 Deployment", path: `${ANNOTATION} deployment.kubernetes.io/revision`, live: "3" },
    "controller",
  ],
  [
    "a claim template's status",
    { of: "apps/v1 StatefulSet", path: "spec volumeClaimTemplates [data] status", live: { phase: "Pending" } },
    "controller",
  ],
  ["a Job's selector", { of: "batch/v1 Job", path: "spec selector", live: { matchLabels: {} } }, "controller"],
  [
    "a Job's labels",
    { of: "batch/v1 Job", path: `${TEMPLATE} batch.kubernetes.io/job-name`, live: "web" },
    "controller",
  ],
  [
    "a Job's uid",
    { of: "batch/v1 Job", path: `${TEMPLATE} controller-uid`, live: "u1", object: { metadata: { uid: "u1" } } },
    "controller",
  ],
  [
    "aggregated rules, also declared ones",
    {
      of: "rbac.authorization.k8s.io/v1 ClusterRole",
      path: "rules",
      git: [],
      live: [{ verbs: ["get"] }],
      by: "clusterrole-aggregation-controller",
      desired: { aggregationRule: {} },
    },
    "controller, judged",
  ],
  [
    "the API server's mark on its own roles",
    {
      of: "rbac.authorization.k8s.io/v1 ClusterRole",
      path: `${ANNOTATION} rbac.authorization.kubernetes.io/autoupdate`,
      live: "true",
      by: "kube-apiserver",
    },
    "controller, judged",
  ],
  [
    "a requester",
    { of: "certificates.k8s.io/v1 CertificateSigningRequest", path: "spec username", live: "u" },
    "controller",
  ],
  [
    "a node's addresses",
    { of: "v1 Node", path: "spec podCIDR", live: "10.1.0.0/24", by: "kube-controller-manager" },
    "controller, judged",
  ],
  [
    "the taint with which a node is created",
    { of: "v1 Node", path: "spec taints", live: [{ key: "node.kubernetes.io/not-ready", effect: "NoSchedule" }] },
    "controller, judged",
  ],
  [
    "a taint of the node controller's",
    {
      of: "v1 Node",
      path: "spec taints []",
      live: { key: "node.kubernetes.io/unreachable", effect: "NoExecute", timeAdded: "2026-01-01T00:00:00Z" },
      by: "kube-controller-manager",
    },
    "controller, judged",
  ],
  [
    "a taint of the cloud's",
    {
      of: "v1 Node",
      path: "spec taints []",
      live: { key: "node.cloudprovider.kubernetes.io/uninitialized", value: "true", effect: "NoSchedule" },
      by: "kubelet",
    },
    "controller, judged",
  ],
  [
    "a protection finalizer",
    { of: "v1 PersistentVolumeClaim", path: "metadata finalizers []", live: "kubernetes.io/pvc-protection" },
    "controller",
  ],
  [
    "a finalizer of deletion in what is being deleted",
    {
      of: "apps/v1 Deployment",
      path: "metadata finalizers",
      live: ["foregroundDeletion"],
      object: { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } },
    },
    "controller",
  ],
  [
    "a finalizer of the kind's own domain",
    { of: "kustomize.toolkit.fluxcd.io/v1 Kustomization", path: "metadata finalizers", live: ["finalizers.fluxcd.io"] },
    "controller, judged",
  ],
  [
    "replicas under an autoscaler",
    { of: "apps/v1 Deployment", path: "spec replicas", git: 1, live: 4, context: SCALED },
    "controller",
  ],
  [
    "replicas that Git leaves out",
    { of: "apps/v1 Deployment", path: "spec replicas", live: 4, context: SCALED },
    "controller",
  ],
  [
    "KEDA scales to nought",
    { of: "apps/v1 Deployment", path: "spec replicas", git: 1, live: 0, by: "keda-operator", context: SCALED },
    "controller",
  ],
  [
    "requests that a VerticalPodAutoscaler wrote",
    {
      of: "apps/v1 Deployment",
      path: "spec template spec containers [web] resources requests cpu",
      git: "1",
      live: "2",
      by: "vpa-updater",
      context: RESIZED,
    },
    "controller, judged",
  ],
  [
    "Argo Rollouts' hash in a Service's selector",
    {
      of: "v1 Service",
      path: "spec selector",
      git: { app: "web" },
      live: { app: "web", "rollouts-pod-template-hash": "abc" },
      by: "rollouts-controller",
      context: deliveredBy("rollouts"),
    },
    "controller, judged",
  ],
  [
    "a sync that Argo CD begins",
    {
      of: "argoproj.io/v1alpha1 Application",
      path: "operation",
      live: { initiatedBy: { automated: true }, sync: { revision: "abc" } },
      by: "argocd-application-controller",
    },
    "controller, judged",
  ],
  [
    "blank templates of generators",
    {
      of: "argoproj.io/v1alpha1 ApplicationSet",
      path: "spec generators",
      git: [{ matrix: { generators: [{ list: { elements: [] } }] } }],
      live: [{ matrix: { generators: [{ list: { elements: [], template: BLANK } }], template: BLANK } }],
      by: "argocd-applicationset-controller",
    },
    "controller, judged",
  ],
  [
    "Flagger's primary",
    {
      of: "v1 Service",
      path: "spec selector",
      git: { app: "web" },
      live: { app: "web-primary" },
      by: "flagger",
      context: deliveredBy("flagger"),
    },
    "controller, judged",
  ],
  [
    "what Flagger scales down",
    {
      of: "apps/v1 Deployment",
      path: "spec replicas",
      git: 3,
      live: 0,
      by: "flagger",
      context: deliveredBy("flagger"),
    },
    "controller, judged",
  ],
  [
    "Flagger's weights",
    {
      of: "networking.istio.io/v1 VirtualService",
      path: "spec http",
      git: [{ route: [{ destination: { host: "a" }, weight: 100 }] }],
      live: [{ route: [{ destination: { host: "a" }, weight: 90 }] }],
      by: "flagger",
      context: deliveredBy("flagger"),
    },
    "controller, judged",
  ],
  [
    "a downscaler's replicas",
    {
      of: "apps/v1 Deployment",
      path: "spec replicas",
      git: 3,
      live: 0,
      by: "pykube-ng",
      object: { metadata: { annotations: { "downscaler/original-replicas": "3" } } },
      context: { downscaled: new Set(["shop"]) },
    },
    "controller, judged",
  ],
  [
    "a downscaler's replicas, of what asks for it itself",
    {
      of: "apps/v1 Deployment",
      path: "spec replicas",
      git: 3,
      live: 1,
      by: "pykube-ng",
      desired: { metadata: { annotations: { "downscaler/uptime": "Mon-Fri 08:00-18:00 UTC" } } },
      object: { metadata: { annotations: { "downscaler/original-replicas": "3" } } },
    },
    "controller, judged",
  ],
  [
    "OpenShift's pod security labels",
    {
      of: "v1 Namespace",
      path: "metadata labels pod-security.kubernetes.io/enforce",
      live: "restricted",
      by: "cluster-policy-controller",
      context: { openShift: true },
    },
    "controller, judged",
  ],
  [
    "the runtime class's tolerations",
    {
      of: "v1 Pod",
      path: "spec tolerations",
      live: [{ key: "x" }],
      object: { spec: { runtimeClassName: "kata", tolerations: [{ key: "x" }] } },
      context: { runtimeTolerations: new Map([["kata", [{ key: "x" }]]]) },
    },
    "admission",
  ],
  [
    "tolerations, where runtime classes could not be read",
    {
      of: "v1 Pod",
      path: "spec tolerations",
      live: [{ key: "x" }],
      object: { spec: { runtimeClassName: "kata", tolerations: [{ key: "x" }] } },
      context: { isUnread: (what) => what === "runtime-classes" },
    },
    "admission, judged",
  ],
  [
    "Reloader's variable",
    {
      of: "apps/v1 Deployment",
      path: "spec template spec containers [web] env [STAKATER_WEB_CONFIGMAP]",
      live: { name: "STAKATER_WEB_CONFIGMAP", value: "1" },
      by: "Reloader",
    },
    "controller, judged",
  ],
  [
    "Argo CD's tracking",
    {
      of: "apps/v1 Deployment",
      path: `${ANNOTATION} argocd.argoproj.io/tracking-id`,
      live: "a",
      by: "argocd-controller",
    },
    "ignored, judged",
  ],
  [
    "Argo CD's label over Git's",
    {
      of: "apps/v1 Deployment",
      path: "metadata labels app.kubernetes.io/instance",
      git: "web",
      live: "shop",
      by: "argocd-controller",
    },
    "ignored, judged",
  ],
  [
    "Flux's labels in a dump without managedFields",
    { of: "v1 ConfigMap", path: "metadata labels kustomize.toolkit.fluxcd.io/name", live: "apps", managed: false },
    "ignored, judged",
  ],
  [
    "Helm's label",
    { of: "v1 ConfigMap", path: "metadata labels app.kubernetes.io/managed-by", live: "Helm", by: "helm" },
    "ignored, judged",
  ],
  [
    "Helm's note where Terraform ran it",
    {
      of: "v1 ConfigMap",
      path: `${ANNOTATION} meta.helm.sh/release-name`,
      live: "web",
      by: "terraform-provider-helm_v2.17.0_x5",
    },
    "ignored, judged",
  ],
  [
    "the label of kustomize, of another version",
    {
      of: "v1 ConfigMap",
      path: "metadata labels app.kubernetes.io/managed-by",
      git: "kustomize-v5.8.1",
      live: "kustomize-v5.7.0",
      by: "kustomize-controller",
    },
    "ignored",
  ],
  [
    "Helm's label, of an object without managedFields that Helm annotated",
    {
      of: "v1 ConfigMap",
      path: "metadata labels app.kubernetes.io/managed-by",
      live: "Helm",
      managed: false,
      object: { metadata: { annotations: { "meta.helm.sh/release-name": "web" } } },
    },
    "ignored, judged",
  ],
  ["a Pod's account", { of: "v1 Pod", path: "spec serviceAccountName", live: "default" }, "admission"],
  [
    "a Pod's tolerations",
    {
      of: "v1 Pod",
      path: "spec tolerations",
      live: [{ key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 }],
    },
    "admission",
  ],
  [
    "a Pod's token",
    {
      of: "v1 Pod",
      path: "spec volumes [kube-api-access-abcde]",
      live: { name: "kube-api-access-abcde", projected: { sources: [{ serviceAccountToken: { path: "token" } }] } },
    },
    "admission",
  ],
  ["a Pod's node", { of: "v1 Pod", path: "spec nodeName", live: "n1" }, "admission"],
  ["a Pod's pull secrets", { of: "v1 Pod", path: "spec imagePullSecrets", live: [{ name: "r" }] }, "admission, judged"],
  ["a LimitRange's default by value", { of: "v1 Pod", path: CPU, live: "1000m", context: LIMITS }, "admission"],
  [
    "what nobody owns where a webhook may have been",
    {
      of: "apps/v1 Deployment",
      path: "spec template spec containers [proxy]",
      live: { name: "proxy" },
      context: { mutatorsOf: () => ["webhook sidecar.example.com"] },
    },
    "admission, judged",
  ],
];

const HOOKED = { mutatorsOf: () => ["webhook sidecar.example.com"] };

/** The same manager on another path, the same path by another manager, another kind: changes like any other. */
const CHANGES: readonly (readonly [sentence: string, change: Case])[] = [
  [
    "a node port that somebody set",
    { of: "v1 Service", path: "spec ports [http] nodePort", live: 30080, by: "kubectl-patch" },
  ],
  ["another node port than Git's", { of: "v1 Service", path: "spec ports [http] nodePort", git: 30000, live: 30080 }],
  [
    "a family policy that somebody set",
    { of: "v1 Service", path: "spec ipFamilyPolicy", live: "PreferDualStack", by: "kubectl" },
  ],
  ["an external IP", { of: "v1 Service", path: "spec externalIPs", live: ["192.0.2.1"] }],
  [
    "another first cluster IP",
    { of: "v1 Service", path: "spec clusterIPs", git: ["10.0.0.2"], live: ["10.0.0.1", "fd00::1"] },
  ],
  ["a cluster IP of another kind", { of: "v1 ConfigMap", path: "spec clusterIP", live: "10.0.0.1" }],
  [
    "a volume that somebody chose",
    { of: "v1 PersistentVolumeClaim", path: "spec volumeName", live: "pv-1", by: "kubectl-edit" },
  ],
  [
    "a storage class that is no default",
    { of: "v1 PersistentVolumeClaim", path: "spec storageClassName", live: "fast" },
  ],
  [
    "an ingress class that somebody set",
    {
      of: "networking.k8s.io/v1 Ingress",
      path: "spec ingressClassName",
      live: "nginx",
      by: "kubectl-edit",
      context: { ingressClasses: new Set(["nginx"]) },
    },
  ],
  [
    "a CA bundle that somebody wrote",
    {
      of: "admissionregistration.k8s.io/v1 MutatingWebhookConfiguration",
      path: "webhooks [a] clientConfig caBundle",
      live: "Q0E=",
      by: "kubectl-edit",
    },
  ],
  [
    "a CA bundle where Git declares another",
    {
      of: "admissionregistration.k8s.io/v1 MutatingWebhookConfiguration",
      path: "webhooks [a] clientConfig caBundle",
      git: "T1VSUw==",
      live: "Q0E=",
      by: "cainjector",
    },
  ],
  [
    "an injector beside its path",
    {
      of: "admissionregistration.k8s.io/v1 MutatingWebhookConfiguration",
      path: "webhooks [a] failurePolicy",
      live: "Ignore",
      by: "cainjector",
    },
  ],
  [
    "a pull secret of another name",
    { of: "v1 ServiceAccount", path: "imagePullSecrets [r]", live: { name: "registry" } },
  ],
  [
    "a pull secret that is called like OpenShift's, and was patched in",
    {
      of: "v1 ServiceAccount",
      path: "imagePullSecrets",
      live: [{ name: "web-dockercfg-evil1" }],
      by: "kubectl-patch",
    },
  ],
  [
    "a token that is called like the controller's, and was patched in",
    {
      of: "v1 ServiceAccount",
      path: "secrets [web-token-evil1]",
      live: { name: "web-token-evil1" },
      by: "kubectl-patch",
    },
  ],
  ["another's token", { of: "v1 ServiceAccount", path: "secrets [t]", live: { name: "api-token-abcde" } }],
  [
    "Helm's label in an object without managedFields that Helm did not annotate",
    { of: "v1 ConfigMap", path: "metadata labels app.kubernetes.io/managed-by", live: "Helm", managed: false },
  ],
  [
    "a Job's selector of its own",
    { of: "batch/v1 Job", path: "spec selector", live: {}, object: { spec: { manualSelector: true } } },
  ],
  ["a label that only looks like a Job's", { of: "batch/v1 Job", path: `${TEMPLATE} job-name`, live: "other" }],
  [
    "rules that somebody wrote into an aggregated role",
    {
      of: "rbac.authorization.k8s.io/v1 ClusterRole",
      path: "rules",
      live: [{ verbs: ["*"] }],
      by: "kubectl-edit",
      desired: { aggregationRule: {} },
    },
  ],
  [
    "rules of a role that is not aggregated in Git",
    {
      of: "rbac.authorization.k8s.io/v1 ClusterRole",
      path: "rules",
      live: [{ verbs: ["*"] }],
      by: "clusterrole-aggregation-controller",
      object: { aggregationRule: {} },
    },
  ],
  [
    "a finalizer of another domain",
    { of: "kustomize.toolkit.fluxcd.io/v1 Kustomization", path: "metadata finalizers []", live: "evil.example/hold" },
  ],
  [
    "a protection finalizer of another kind",
    { of: "v1 ConfigMap", path: "metadata finalizers []", live: "kubernetes.io/pvc-protection" },
  ],
  ["a finalizer of deletion in what lives on", { of: "v1 ConfigMap", path: "metadata finalizers []", live: "orphan" }],
  [
    "replicas without an autoscaler",
    { of: "apps/v1 Deployment", path: "spec replicas", git: 1, live: 4, by: "kube-controller-manager" },
  ],
  [
    "replicas beyond what the autoscaler allows, whoever is said to have written them",
    {
      of: "apps/v1 Deployment",
      path: "spec replicas",
      git: 2,
      live: 40,
      by: "kube-controller-manager",
      context: scaledBy(1, 3),
    },
  ],
  [
    "replicas below what the autoscaler allows",
    { of: "apps/v1 Deployment", path: "spec replicas", git: 4, live: 2, by: "kubectl", context: scaledBy(3, 5) },
  ],
  [
    "replicas under an autoscaler that Git does not declare",
    {
      of: "apps/v1 Deployment",
      path: "spec replicas",
      git: 2,
      live: 3,
      by: "kube-controller-manager",
      context: scaledBy(1, 50, false),
    },
  ],
  [
    "replicas of another object",
    { of: "apps/v1 StatefulSet", path: "spec replicas", git: 1, live: 4, context: SCALED },
  ],
  [
    "somebody switched the autoscaler off",
    { of: "apps/v1 Deployment", path: "spec replicas", git: 3, live: 0, by: "kubectl", context: SCALED },
  ],
  [
    "requests under a VerticalPodAutoscaler that somebody edited",
    {
      of: "apps/v1 Deployment",
      path: "spec template spec containers [web] resources requests cpu",
      git: "1",
      live: "2",
      by: "kubectl-edit",
      context: RESIZED,
    },
  ],
  [
    "a selector that changes beside the hash",
    {
      of: "v1 Service",
      path: "spec selector",
      git: { app: "web" },
      live: { app: "evil", "rollouts-pod-template-hash": "abc" },
      by: "rollouts-controller",
    },
  ],
  [
    "a sync that somebody asks for by hand",
    {
      of: "argoproj.io/v1alpha1 Application",
      path: "operation",
      live: { sync: { revision: "abc" } },
      by: "kubectl-patch",
    },
  ],
  [
    "a generator's template that is not blank",
    {
      of: "argoproj.io/v1alpha1 ApplicationSet",
      path: "spec generators",
      git: [{ list: { elements: [] } }],
      live: [{ list: { elements: [], template: { metadata: {}, spec: { destination: {}, project: "evil" } } } }],
      by: "argocd-applicationset-controller",
    },
  ],
  [
    "a generator that changes beside a blank template",
    {
      of: "argoproj.io/v1alpha1 ApplicationSet",
      path: "spec generators",
      git: [{ list: { elements: [] } }],
      live: [{ list: { elements: [{ a: "b" }], template: BLANK } }],
      by: "argocd-applicationset-controller",
    },
  ],
  [
    "a hash that somebody wrote",
    {
      of: "v1 Service",
      path: "spec selector",
      git: { app: "web" },
      live: { app: "web", "rollouts-pod-template-hash": "abc" },
      by: "kubectl-edit",
    },
  ],
  [
    "a destination that changes with the weights",
    {
      of: "networking.istio.io/v1 VirtualService",
      path: "spec http",
      git: [{ route: [{ destination: { host: "a" }, weight: 100 }] }],
      live: [{ route: [{ destination: { host: "evil" }, weight: 90 }] }],
      by: "flagger",
    },
  ],
  [
    "a mirror that comes with the weights",
    {
      of: "networking.istio.io/v1 VirtualService",
      path: "spec http",
      git: [{ route: [] }],
      live: [{ route: [], mirror: { host: "evil" } }],
      by: "flagger",
    },
  ],
  [
    "Argo Rollouts' hash, where Git declares no Rollout of the Service",
    {
      of: "v1 Service",
      path: "spec selector",
      git: { app: "web" },
      live: { app: "web", "rollouts-pod-template-hash": "abc" },
      by: "rollouts-controller",
      context: deliveredBy("flagger"),
    },
  ],
  [
    "Flagger's primary, where Git declares no Canary of the Service",
    { of: "v1 Service", path: "spec selector", git: { app: "web" }, live: { app: "web-primary" }, by: "flagger" },
  ],
  [
    "what Flagger scaled down, where Git declares no Canary of it",
    { of: "apps/v1 Deployment", path: "spec replicas", git: 3, live: 0, by: "flagger" },
  ],
  [
    "weights, where Git declares no progressive delivery",
    {
      of: "networking.istio.io/v1 VirtualService",
      path: "spec http",
      git: [{ route: [{ destination: { host: "a" }, weight: 100 }] }],
      live: [{ route: [{ destination: { host: "a" }, weight: 90 }] }],
      by: "flagger",
    },
  ],
  [
    "a downscaler that Git does not ask for",
    {
      of: "apps/v1 Deployment",
      path: "spec replicas",
      git: 3,
      live: 0,
      by: "pykube-ng",
      object: { metadata: { annotations: { "downscaler/original-replicas": "3" } } },
    },
  ],
  [
    "a downscaler that would go back to another number",
    {
      of: "apps/v1 Deployment",
      path: "spec replicas",
      git: 3,
      live: 0,
      by: "pykube-ng",
      object: { metadata: { annotations: { "downscaler/original-replicas": "9" } } },
      context: { downscaled: new Set(["shop"]) },
    },
  ],
  [
    "pod security labels where there is no OpenShift",
    {
      of: "v1 Namespace",
      path: "metadata labels pod-security.kubernetes.io/enforce",
      live: "privileged",
      by: "pod-security-admission-label-synchronization-controller",
    },
  ],
  [
    "another runtime class's tolerations",
    {
      of: "v1 Pod",
      path: "spec tolerations",
      live: [{ key: "x" }],
      object: { spec: { runtimeClassName: "kata", tolerations: [{ key: "x" }] } },
      context: { runtimeTolerations: new Map([["gvisor", [{ key: "x" }]]]) },
    },
  ],
  ...["metrics", "behavior"].map(
    (name) =>
      [
        `an autoscaler's ${name}, as its older API version has them`,
        {
          of: "autoscaling/v1 HorizontalPodAutoscaler",
          path: `metadata annotations autoscaling.alpha.kubernetes.io/${name}`,
          live: "[]",
        },
      ] as const,
  ),
  [
    "a downscaler without its mark",
    { of: "apps/v1 Deployment", path: "spec replicas", git: 3, live: 0, by: "pykube-ng" },
  ],
  [
    "Reloader with another variable",
    {
      of: "apps/v1 Deployment",
      path: "spec template spec containers [web] env [LD_PRELOAD]",
      live: { name: "LD_PRELOAD", value: "/x" },
      by: "Reloader",
    },
  ],
  [
    "Reloader's variable by somebody",
    {
      of: "apps/v1 Deployment",
      path: "spec template spec containers [web] env [STAKATER_WEB_CONFIGMAP]",
      live: { name: "STAKATER_WEB_CONFIGMAP", value: "1" },
      by: "kubectl-edit",
    },
  ],
  [
    "a tracking label by somebody",
    { of: "v1 ConfigMap", path: "metadata labels argocd.argoproj.io/instance", live: "a", by: "kubectl-label" },
  ],
  ...TRACKING.filter(({ rule }) => rule.endsWith("'s tracking")).map(({ place, rule }): readonly [string, Case] => [
    `${rule} by hand, at ${place.join(".")}`,
    { of: "apps/v1 Deployment", path: place.join(" ").replace("*", "x"), live: "a", by: "kubectl-edit" },
  ]),
  [
    "a label that says kustomize built it, where Git says something else",
    {
      of: "v1 ConfigMap",
      path: "metadata labels app.kubernetes.io/managed-by",
      git: "Helm",
      live: "kustomize-v5.7.0",
      by: "kubectl",
    },
  ],
  [
    "a copied instance label",
    { of: "v1 ConfigMap", path: "metadata labels app.kubernetes.io/instance", live: "a", by: "some-operator" },
  ],
  [
    "a copied instance label without managedFields",
    { of: "v1 ConfigMap", path: "metadata labels app.kubernetes.io/instance", live: "a", managed: false },
  ],
  [
    "another label by a deployer",
    { of: "v1 ConfigMap", path: "metadata labels team", live: "a", by: "argocd-controller" },
  ],
  [
    "a restart",
    {
      of: "apps/v1 Deployment",
      path: "spec template metadata annotations kubectl.kubernetes.io/restartedAt",
      live: "t",
      by: "kubectl-rollout",
    },
  ],
  [
    "a Pod's account that somebody chose",
    { of: "v1 Pod", path: "spec serviceAccountName", live: "default", by: "kubectl" },
  ],
  ["a toleration of one's own", { of: "v1 Pod", path: "spec tolerations", live: [{ operator: "Exists" }] }],
  [
    "a volume that is named as a token's and holds a Secret",
    {
      of: "v1 Pod",
      path: "spec volumes [kube-api-access-abcde]",
      live: { name: "kube-api-access-abcde", projected: { sources: [{ secret: { name: "db" } }] } },
    },
  ],
  ["a request that is no LimitRange's default", { of: "v1 Pod", path: CPU, live: "2", context: LIMITS }],
  [
    "LimitRanges act on Pods",
    {
      of: "apps/v1 Deployment",
      path: "spec template spec containers [web] resources requests cpu",
      live: "1",
      context: LIMITS,
    },
  ],
  ["what nobody owns and no webhook is about", { of: "apps/v1 Deployment", path: "spec paused", live: true }],
  [
    "what somebody owns where a webhook may have been",
    { of: "apps/v1 Deployment", path: "spec paused", live: true, by: "kubectl", context: HOOKED },
  ],
  [
    "an object without managedFields, where nothing has an owner",
    { of: "apps/v1 Deployment", path: "spec paused", live: true, managed: false, context: HOOKED },
  ],
  [
    "another value than Git's where a webhook may have been",
    { of: "apps/v1 Deployment", path: "spec paused", git: true, live: false, context: HOOKED },
  ],
  [
    "what live lacks where a webhook may have been",
    { of: "apps/v1 Deployment", path: "spec paused", git: true, context: HOOKED },
  ],
  ...(
    [
      ["with another effect", { key: "node.kubernetes.io/not-ready", effect: "NoExecute" }],
      ["with a value", { key: "node.kubernetes.io/not-ready", value: "x", effect: "NoSchedule" }],
      ["with a time", { key: "node.kubernetes.io/not-ready", effect: "NoSchedule", timeAdded: "2026-01-01T00:00:00Z" }],
      ["that only people write", { key: "node.kubernetes.io/out-of-service", effect: "NoExecute" }],
      ["of no controller's", { key: "node.kubernetes.io/not-ready-too", effect: "NoSchedule" }],
    ] as const
  ).map(
    ([what, live]) =>
      [`a system taint ${what}, by hand`, { of: "v1 Node", path: "spec taints []", live, by: "kubectl-edit" }] as const,
  ),
  ["a field called __proto__", { of: "v1 Service", path: "spec __proto__", live: 1 }],
];

describe("what is left out", () => {
  test.each(LEFT_OUT)("%s", (_, left, reason) => {
    expect(told(left)).toBe(reason);
  });
});

describe("what is a change like any other", () => {
  test.each(CHANGES)("%s", (_, change) => {
    expect(told(change)).toBeUndefined();
  });
});

/** Every row of the tables, at its own place: what does not hold for all of it does not hold. */
const ROWS = [...ALLOCATED, ...WRITERS, ...TRACKING].map(
  (row) => [`${row.rule}, ${row.place.join(".")}`, row] as const,
);

function atPlaceOf(row: LeftOutRow, kind: KindRef, by: string): LeftOutRule | undefined {
  const names = row.place.flatMap((name) => (name === "**" ? [] : [name.replace("*", "x")]));
  const steps = names.map((name): PathStep => ({ kind: "field", name }));
  const ref = { ...kind, namespace: "shop", name: "web" };
  const path = row.item === true ? [...steps, { kind: "index", index: 0 } as const] : steps;
  const actor = { manager: by, operation: "Update" } as const;
  const difference = { ref, path, names, desired: {}, live: {}, liveValue: "web", managed: true, actor };
  return explainedBy([{ ...row, test: () => true }], difference, NOTHING);
}

function kindOf(row: LeftOutRow): KindRef {
  const [group = "", kind = "ConfigMap"] = [...(row.kinds ?? [])][0]?.split("\0") ?? [];
  return { apiVersion: group === "" ? "v1" : `${group}/v1`, kind };
}

describe("every rule", () => {
  test.each(ROWS)("%s", (_, row) => {
    const writer = [...(row.by ?? [])][0] ?? "ancient-changes";
    expect(atPlaceOf(row, kindOf(row), writer)?.reason).toBe(row.reason);
    expect(row.source).not.toBe("");
    // Whoever is not named, and whatever other kind.
    const open = row.by === undefined && row.nobody === undefined;
    expect(atPlaceOf(row, kindOf(row), "intruder") !== undefined).toBe(open);
    const other = atPlaceOf(row, { apiVersion: "example.com/v1", kind: "Gadget" }, writer);
    expect(other !== undefined).toBe(row.kinds === undefined);
    // A manager's name is anybody's choice, so policies are asked, unless the row takes harmless values only.
    expect(row.by !== undefined && row.judged === false && row.test === undefined).toBe(false);
  });
});

test("a webhook's rule names it, and a few of many", () => {
  const names = ["a", "b", "c", "d", "e"];
  const rule = leftOutRule(
    {
      ref: { apiVersion: "v1", kind: "ConfigMap", name: "web" },
      path: stepsOf("data a"),
      names: ["data", "a"],
      desired: {},
      live: {},
      liveValue: "1",
      managed: true,
    },
    { ...NOTHING, mutatorsOf: () => names },
  );
  expect(rule?.rule).toContain("a, b, c, 2 more");
});

describe("marks of something done once", () => {
  const RESTART = ["spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt"];
  test.each([
    ["a restart", RESTART, "t", true],
    ["a restart that is gone again", RESTART, undefined, true],
    ["annotations that hold nothing else", RESTART.slice(0, -1), { "kubectl.kubernetes.io/restartedAt": "t" }, true],
    [
      "annotations that hold more",
      RESTART.slice(0, -1),
      { "kubectl.kubernetes.io/restartedAt": "t", team: "a" },
      false,
    ],
    ["the same name elsewhere", ["data", "kubectl.kubernetes.io/restartedAt"], "t", false],
    ["empty annotations", RESTART.slice(0, -1), {}, false],
  ] as const)("%s", (_, names, value: Value | undefined, expected) => {
    expect(isOperational(names, value)).toBe(expected);
  });
});
