/**
 * Where what Git declares and what the cluster answers may differ although nobody changed anything: fields that the system
 * fills in where Git leaves them blank, that controllers own, or that say nothing. The lists were checked against
 * kapp's `pkg/kapp/config/default.go` and Argo CD's `argocd-cm.yaml`.
 */

import { kindKey } from "../core/refs.ts";
import type { KindRef } from "../core/refs.ts";
import { fieldAt as valueOf, isList, isMap, withField } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";

/** Parts of every object that are identity or the system's bookkeeping, and are not compared. */
export const IDENTITY_FIELDS: ReadonlySet<string> = new Set(["apiVersion", "kind", "status"]);

/** The same of `metadata` (apimachinery `meta/v1/types.go`: read-only there, or set by other writers' bookkeeping). */
export const SYSTEM_METADATA: ReadonlySet<string> = new Set([
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "generateName",
  "generation",
  "managedFields",
  "name",
  "namespace",
  "ownerReferences",
  "resourceVersion",
  "selfLink",
  "uid",
]);

/** Annotations that a writer or a controller keeps for itself, and that exported manifests declare all the same. */
export const SYSTEM_ANNOTATIONS: ReadonlySet<string> = new Set([
  "autoscaling.alpha.kubernetes.io/conditions",
  "autoscaling.alpha.kubernetes.io/current-metrics",
  "control-plane.alpha.kubernetes.io/leader",
  "deployment.kubernetes.io/desired-replicas",
  "deployment.kubernetes.io/max-replicas",
  "deployment.kubernetes.io/revision",
  "deprecated.daemonset.template.generation",
  "endpoints.kubernetes.io/last-change-trigger-time",
  "kubectl.kubernetes.io/last-applied-configuration",
  "pv.kubernetes.io/bind-completed",
  "pv.kubernetes.io/bound-by-controller",
]);

/** Where in an object: field names from the root, list items left out. `**` at the start stands for any number of names. */
type Place = readonly string[];

/** Fields that Go decodes from blank as if they had been left out, so that the server fills them in. */
interface Filled {
  /** kindKey()s; absent: any kind. */
  readonly kinds?: readonly string[];
  readonly place: Place;
  /** What the server fills in; absent where it is allocated, and so may be anything. */
  readonly with?: readonly Value[];
}

const SERVICE = key("v1", "Service");
const STATEFUL_SET = key("apps/v1", "StatefulSet");
const WEBHOOKS = [
  key("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"),
  key("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
  key("apiregistration.k8s.io/v1", "APIService"),
  key("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
];

const FILLED: readonly Filled[] = [
  // Allocated: pkg/registry/core/service/storage/alloc.go.
  { kinds: [SERVICE], place: ["spec", "clusterIP"] },
  { kinds: [SERVICE], place: ["spec", "clusterIPs"] },
  { kinds: [SERVICE], place: ["spec", "healthCheckNodePort"] },
  { kinds: [SERVICE], place: ["spec", "ipFamilies"] },
  { kinds: [SERVICE], place: ["spec", "ports", "nodePort"] },
  { kinds: [SERVICE], place: ["spec", "ports", "targetPort"] },
  // Injected by cert-manager's cainjector, service-ca and operators (argo-cd#1487, fleet#5371).
  { kinds: WEBHOOKS, place: ["**", "caBundle"] },
  // The volume binder and the claim that is bound.
  { kinds: [key("v1", "PersistentVolumeClaim")], place: ["spec", "volumeName"] },
  // The scheduler and the ServiceAccount admission plugin.
  { kinds: [key("v1", "Pod")], place: ["spec", "nodeName"] },
  { kinds: [key("v1", "Pod")], place: ["spec", "serviceAccountName"], with: ["default"] },
  { kinds: [key("v1", "Pod")], place: ["spec", "serviceAccount"], with: ["default"] },
  // Defaults: pkg/apis/<group>/<version>/defaults.go.
  { kinds: [SERVICE], place: ["spec", "externalTrafficPolicy"], with: ["Cluster"] },
  { kinds: [SERVICE], place: ["spec", "sessionAffinity"], with: ["None"] },
  { kinds: [SERVICE], place: ["spec", "type"], with: ["ClusterIP"] },
  { kinds: [key("v1", "Secret")], place: ["type"], with: ["Opaque"] },
  { kinds: [key("apps/v1", "Deployment")], place: ["spec", "strategy", "type"], with: ["RollingUpdate"] },
  { kinds: [key("apps/v1", "DaemonSet")], place: ["spec", "updateStrategy", "type"], with: ["RollingUpdate"] },
  { kinds: [STATEFUL_SET], place: ["spec", "updateStrategy", "type"], with: ["RollingUpdate"] },
  { kinds: [STATEFUL_SET], place: ["spec", "podManagementPolicy"], with: ["OrderedReady"] },
  { kinds: [key("batch/v1", "CronJob")], place: ["spec", "concurrencyPolicy"], with: ["Allow"] },
  { kinds: [key("autoscaling/v2", "HorizontalPodAutoscaler")], place: ["spec", "metrics"] },
  { kinds: [key("autoscaling/v2", "HorizontalPodAutoscaler")], place: ["spec", "behavior", "**"] },
  { kinds: [key("networking.k8s.io/v1", "NetworkPolicy")], place: ["spec", "policyTypes"] },
  { place: ["**", "containers", "imagePullPolicy"], with: ["Always", "IfNotPresent"] },
  { place: ["**", "initContainers", "imagePullPolicy"], with: ["Always", "IfNotPresent"] },
  { place: ["**", "ports", "protocol"], with: ["TCP"] },
  { place: ["**", "spec", "dnsPolicy"], with: ["ClusterFirst"] },
  { place: ["**", "spec", "restartPolicy"], with: ["Always"] },
  { place: ["**", "spec", "schedulerName"], with: ["default-scheduler"] },
  { place: ["**", "terminationMessagePath"], with: ["/dev/termination-log"] },
  { place: ["**", "terminationMessagePolicy"], with: ["File"] },
  { place: ["**", "httpGet", "path"], with: ["/"] },
  { place: ["**", "httpGet", "scheme"], with: ["HTTP"] },
  { place: ["**", "periodSeconds"], with: [10] },
  { place: ["**", "timeoutSeconds"], with: [1] },
  { place: ["**", "successThreshold"], with: [1] },
  { place: ["**", "failureThreshold"], with: [3] },
  { place: ["**", "fieldRef", "apiVersion"], with: ["v1"] },
  { place: ["**", "subjects", "apiGroup"], with: ["rbac.authorization.k8s.io"] },
  { place: ["**", "roleRef", "apiGroup"], with: ["rbac.authorization.k8s.io"] },
];

/** Whether Git left this field blank, and the live value is what the system fills in there. */
export function filledIn(at: FieldAt, declared: Value, live: Value): boolean {
  if (!isBlank(declared)) return false;
  return FILLED.some(
    (rule) =>
      (rule.kinds === undefined || rule.kinds.includes(kindKey(at.kind))) &&
      standsAt(at.names, rule.place) &&
      (rule.with === undefined || rule.with.some((value) => value === live)),
  );
}

/** A field of an object, whatever list items stand on the way to it. */
export interface FieldAt {
  readonly kind: KindRef;
  /** Field names from the root. */
  readonly names: readonly string[];
}

/** Blank to the server, or to those who inject: `Cg==` is a base64 line break, cert-manager's own way to write nothing. */
function isBlank(value: Value): boolean {
  return value === "" || value === 0 || value === "Cg==" || value === "Cgo=" || (isList(value) && value.length === 0);
}

/** Lists of which Git may declare the beginning, and the server allocates the rest (argo-cd#7609, #18764: dual stack). */
export function continuesDeclared(at: FieldAt, declared: Value, live: Value): boolean {
  const known = standsAt(at.names, ["spec", "clusterIPs"]) || standsAt(at.names, ["spec", "ipFamilies"]);
  if (!known || kindKey(at.kind) !== SERVICE || !isList(declared) || !isList(live)) return false;
  return declared.length < live.length && declared.every((item, index) => item === live[index]);
}

/** Fields that a controller owns although Git declares them. */
export function controllerOwns(at: FieldAt, declared: ValueMap): boolean {
  switch (kindKey(at.kind)) {
    // Rewritten from the roles that the selectors match (pkg/controller/clusterroleaggregation).
    case key("rbac.authorization.k8s.io/v1", "ClusterRole"):
      return at.names[0] === "rules" && isMap(declared["aggregationRule"]);
    // The server completes the templates (argo-cd#11143, #4126, #16707).
    case STATEFUL_SET:
      return ["apiVersion", "kind", "status"].some((name) =>
        standsAt(at.names, ["spec", "volumeClaimTemplates", name]),
      );
    case key("v1", "Namespace"):
      return standsAt(at.names, ["spec", "finalizers"]);
    default:
      return false;
  }
}

/** Base64 of bytes: the server reads it with line breaks in it, and answers without (Go's `encoding/base64`). */
export function isBase64Field(names: readonly string[]): boolean {
  return names.at(-1) === "caBundle" || names.at(-2) === "binaryData";
}

/**
 * Fields whose empty map means something, so that it is not absence: volumes without settings, and issuers. Label
 * selectors do so too (an empty one matches everything), and are told by their schema.
 */
export const MEANINGFUL_EMPTY: ReadonlySet<string> = new Set(["emptyDir", "selfSigned"]);

/**
 * Items that the system adds at the end of an atomic list: tolerations that the DefaultTolerationSeconds admission plugin
 * gives to each Pod, and a ServiceAccount's pull secret on OpenShift (stackrox#12124). `name` is the object's.
 */
export function isInjectedItem(at: FieldAt, item: Value, name: string): boolean {
  if (!isMap(item)) return false;
  switch (kindKey(at.kind)) {
    case key("v1", "Pod"):
      return standsAt(at.names, ["spec", "tolerations"]) && isNodeToleration(item);
    case key("v1", "ServiceAccount"):
      return standsAt(at.names, ["imagePullSecrets"]) && tokenOf(name, item["name"]);
    default:
      return false;
  }
}

function isNodeToleration(item: ValueMap): boolean {
  return (
    (item["key"] === "node.kubernetes.io/not-ready" || item["key"] === "node.kubernetes.io/unreachable") &&
    item["operator"] === "Exists" &&
    item["effect"] === "NoExecute"
  );
}

/**
 * Why an item that only the live list has is no addition by hand, where that is so: `controller`, or `admission` where
 * admission plugins and sidecar injectors add items to this kind as a matter of course (Pods, which nobody edits).
 */
export function addedBySystem(at: FieldAt, item: Value, name: string): "controller" | "admission" | undefined {
  const [root, field] = at.names;
  if (root === "metadata" && (field === "finalizers" || field === "ownerReferences")) return "controller";
  switch (kindKey(at.kind)) {
    case key("v1", "Pod"):
      return "admission";
    case key("v1", "Node"):
      return "controller";
    case key("v1", "ServiceAccount"):
      return isMap(item) && tokenOf(name, item["name"]) ? "controller" : undefined;
    default:
      return undefined;
  }
}

/**
 * An added item as it may be written to Git: without the node port that the server allocated to a Service port, which it
 * refuses on a Service that does not declare a type that has them.
 */
export function withoutAllocated(at: FieldAt, item: Value, declared: ValueMap): Value {
  if (kindKey(at.kind) !== SERVICE || !standsAt(at.names, ["spec", "ports"]) || !isMap(item)) return item;
  const type = valueOf(declared, "spec", "type");
  return type === "NodePort" || type === "LoadBalancer" ? item : withField(item, "nodePort", undefined);
}

/** Secrets that the token controller and OpenShift's registry controller make for a ServiceAccount. */
function tokenOf(account: string, secret: Value | undefined): boolean {
  if (typeof secret !== "string" || !secret.startsWith(`${account}-`)) return false;
  return /^(?:token|dockercfg)-[a-z0-9]{5}$/.test(secret.slice(account.length + 1));
}

function standsAt(names: readonly string[], place: Place): boolean {
  if (place[0] === "**") {
    const tail = place.slice(1);
    return (
      names.length >= tail.length && tail.every((name, index) => names[names.length - tail.length + index] === name)
    );
  }
  if (place.at(-1) === "**") return place.slice(0, -1).every((name, index) => names[index] === name);
  return names.length === place.length && place.every((name, index) => names[index] === name);
}

function key(apiVersion: string, kind: string): string {
  return kindKey({ apiVersion, kind });
}
