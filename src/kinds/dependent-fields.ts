/**
 * Fields of which the API server checks one against the other: Git that has one without the other is refused. Two changes
 * of one object that share such a bond go into Git together, or not at all.
 *
 * The bonds are coarse on purpose: that two changes are held back together though they could stand alone costs a pull
 * request; a pull request that nobody can deploy costs more.
 */

import type { Change } from "../core/drift.ts";
import { formatPath } from "../core/path.ts";
import type { FieldPath } from "../core/path.ts";
import { kindKey } from "../core/refs.ts";
import type { KindRef } from "../core/refs.ts";
import { isList, isMap } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { kindsOf, standsAt, union } from "./left-out.ts";
import type { Place } from "./left-out.ts";
import { builtinKind } from "./scopes.ts";

/** Fields below one place that are checked against each other. */
interface Siblings {
  /** As kindKey(); absent: of every built-in kind. */
  readonly kinds?: ReadonlySet<string>;
  readonly root: Place;
  /** The root is an item of the list there. */
  readonly item?: true;
  /** Relative to the root; absent: all that is below it. */
  readonly members?: readonly Place[];
  /** The members are checked against this one alone: they are bound only where it changes too. */
  readonly hub?: Place;
  readonly source: string;
}

/** Names that stand in several places of one object, and mean the same thing. */
interface Named {
  readonly what: string;
  readonly places: readonly Place[];
  readonly source: string;
}

const CORE = "kubernetes pkg/apis/core/validation/validation.go";
const APPS = "kubernetes pkg/apis/apps/validation/validation.go";

const PODS = kindsOf("", "Pod");
const WORKLOADS = union(
  kindsOf("apps", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"),
  kindsOf("batch", "Job", "CronJob"),
  kindsOf("", "ReplicationController", "PodTemplate"),
);
/** Whose fields name volumes, claims and the like. */
const WITH_PODS = union(PODS, WORKLOADS);

/** Rows for the specifications of Pods, wherever they stand. */
function ofPods(row: Pick<Siblings, "members" | "hub" | "source">): readonly Siblings[] {
  return [
    { ...row, kinds: PODS, root: ["spec"] },
    { ...row, kinds: WORKLOADS, root: ["**", "template", "spec"] },
  ];
}

const CONTAINER_LISTS = ["containers", "initContainers", "ephemeralContainers"] as const;

/** Rows for each container; those of one are apart from those of another. */
function ofContainers(source: string, ...members: readonly Place[]): readonly Siblings[] {
  return CONTAINER_LISTS.map((list) => ({ kinds: WITH_PODS, root: ["**", list], item: true, members, source }));
}

function inContainers(...members: readonly Place[]): readonly Place[] {
  return CONTAINER_LISTS.flatMap((list) => members.map((member) => [list, ...member]));
}

const SIBLINGS: readonly Siblings[] = [
  ...ofPods({
    hub: ["hostNetwork"],
    members: [
      ["hostNetwork"],
      ["hostname"],
      ["hostnameOverride"],
      ["securityContext", "windowsOptions"],
      ...inContainers(["ports"], ["securityContext", "windowsOptions"]),
    ],
    source: `${CORE}, validateHostNetwork, validateWindowsHostProcessPod`,
  }),
  ...ofPods({
    hub: ["hostUsers"],
    members: [
      ["hostUsers"],
      ["hostNetwork"],
      ["hostPID"],
      ["hostIPC"],
      ...inContainers(["securityContext", "procMount"], ["volumeDevices"]),
    ],
    source: `${CORE}, validateHostUsers`,
  }),
  ...ofPods({
    members: [["hostPID"], ["shareProcessNamespace"]],
    source: `${CORE}, ValidatePodSecurityContext`,
  }),
  ...ofPods({
    hub: ["os"],
    members: [["os"], ["securityContext"], ["hostPID"], ["hostIPC"], ...inContainers(["securityContext"])],
    source: `${CORE}, validateOS, validateWindows, validateLinux`,
  }),
  ...ofPods({
    members: [["priorityClassName"], ["priority"], ["preemptionPolicy"]],
    source: "kubernetes plugin/pkg/admission/priority/admission.go",
  }),
  ...ofPods({
    members: [["serviceAccountName"], ["serviceAccount"]],
    source: "kubernetes pkg/apis/core/v1/conversion.go",
  }),
  ...ofPods({ members: [["dnsPolicy"], ["dnsConfig"]], source: `${CORE}, validatePodDNSConfig` }),
  ...ofPods({
    hub: ["resources"],
    members: [["resources"], ...inContainers(["resources"])],
    source: `${CORE}, validatePodResources: containers within what the Pod has`,
  }),
  ...ofPods({
    hub: ["restartPolicy"],
    members: [["restartPolicy"], ...inContainers(["restartPolicy"], ["restartPolicyRules"])],
    source: `${CORE}, validateRestartPolicy`,
  }),
  ...ofContainers(
    `${CORE}, ValidateSecurityContext, validateAllowPrivilegeEscalation`,
    ["securityContext", "privileged"],
    ["securityContext", "allowPrivilegeEscalation"],
    ["securityContext", "capabilities"],
  ),
  ...ofContainers(`${CORE}, ValidateContainerResourceRequirements: requests within limits`, ["resources"]),
  ...ofContainers(
    `${CORE}, validateInitContainers: what only a sidecar may have`,
    ["restartPolicy"],
    ["restartPolicyRules"],
    ["resizePolicy"],
    ["lifecycle"],
    ["livenessProbe"],
    ["readinessProbe"],
    ["startupProbe"],
  ).filter(({ root }) => root.includes("initContainers")),
  // One handler each, and a liveness probe's success threshold is its own.
  ...["livenessProbe", "readinessProbe", "startupProbe"].map((probe): Siblings => ({
    kinds: WITH_PODS,
    root: ["**", probe],
    source: `${CORE}, validateProbe, validateHandler`,
  })),
  ...["postStart", "preStop"].map((hook): Siblings => ({
    kinds: WITH_PODS,
    root: ["**", "lifecycle", hook],
    source: `${CORE}, validateHandler`,
  })),
  { kinds: WITH_PODS, root: ["**", "env"], item: true, source: `${CORE}, ValidateEnv: a value or its source` },
  { kinds: WITH_PODS, root: ["**", "volumes"], item: true, source: `${CORE}, validateVolumeSource: one source` },
  { kinds: WITH_PODS, root: ["**", "volumeMounts"], item: true, source: `${CORE}, ValidateVolumeMounts` },
  { kinds: WITH_PODS, root: ["**", "ports"], item: true, source: `${CORE}, validateContainerPorts` },
  {
    kinds: WITH_PODS,
    root: ["**", "topologySpreadConstraints"],
    item: true,
    source: `${CORE}, validateTopologySpreadConstraints`,
  },
  { kinds: WITH_PODS, root: ["**", "seccompProfile"], source: `${CORE}, validateSeccompProfileField` },
  { kinds: WITH_PODS, root: ["**", "appArmorProfile"], source: `${CORE}, ValidateAppArmorProfileField` },
  {
    kinds: WORKLOADS,
    root: ["spec"],
    members: [["selector"], ["template", "metadata", "labels"], ["manualSelector"]],
    source: `${APPS}, ValidateDeploymentSpec: the selector matches the template's labels`,
  },
  { kinds: WORKLOADS, root: ["**", "strategy"], source: `${APPS}, ValidateDeploymentStrategy` },
  { kinds: WORKLOADS, root: ["**", "updateStrategy"], source: `${APPS}, ValidateDaemonSetUpdateStrategy` },
  {
    kinds: kindsOf("apps", "Deployment"),
    root: ["spec"],
    members: [["minReadySeconds"], ["progressDeadlineSeconds"]],
    source: `${APPS}, ValidateDeploymentSpec`,
  },
  ...([["spec"], ["spec", "jobTemplate", "spec"]] as const).map((root): Siblings => ({
    kinds: kindsOf("batch", "Job", "CronJob"),
    root,
    members: [
      ["template", "spec", "restartPolicy"],
      ["podFailurePolicy"],
      ["successPolicy"],
      ["completionMode"],
      ["completions"],
      ["parallelism"],
      ["backoffLimit"],
      ["backoffLimitPerIndex"],
      ["maxFailedIndexes"],
      ["podReplacementPolicy"],
    ],
    source: "kubernetes pkg/apis/batch/validation/validation.go, validateJobSpec",
  })),
  {
    kinds: kindsOf("batch", "CronJob"),
    root: ["spec"],
    members: [["schedule"], ["timeZone"]],
    source: "kubernetes pkg/apis/batch/validation/validation.go, validateCronJobSpec",
  },
  {
    kinds: kindsOf("", "Service"),
    root: ["spec"],
    members: [
      ["type"],
      ["externalTrafficPolicy"],
      ["healthCheckNodePort"],
      ["loadBalancerIP"],
      ["loadBalancerClass"],
      ["loadBalancerSourceRanges"],
      ["allocateLoadBalancerNodePorts"],
      ["externalName"],
      ["clusterIP"],
      ["clusterIPs"],
      ["ipFamilies"],
      ["ipFamilyPolicy"],
      ["ports", "nodePort"],
    ],
    source: `${CORE}, ValidateService, validateServiceExternalTrafficPolicy, validateServiceClusterIPsRelatedFields`,
  },
  {
    kinds: kindsOf("", "Service"),
    root: ["spec"],
    members: [["sessionAffinity"], ["sessionAffinityConfig"]],
    source: `${CORE}, ValidateService`,
  },
  {
    kinds: kindsOf("", "Service"),
    root: ["spec"],
    members: [["ports", "name"]],
    source: `${CORE}, validateServicePort: one of several ports needs a name`,
  },
  {
    kinds: kindsOf("", "Service"),
    root: ["spec", "ports"],
    item: true,
    source: `${CORE}, validateServicePort`,
  },
  {
    kinds: kindsOf("", "PersistentVolumeClaim"),
    root: ["spec"],
    source: `${CORE}, ValidatePersistentVolumeClaimSpec`,
  },
  { kinds: kindsOf("", "PersistentVolume"), root: ["spec"], source: `${CORE}, ValidatePersistentVolumeSpec` },
  { kinds: kindsOf("", "ResourceQuota"), root: ["spec"], source: `${CORE}, ValidateResourceQuotaSpec` },
  {
    kinds: kindsOf("autoscaling", "HorizontalPodAutoscaler"),
    root: ["spec"],
    members: [["minReplicas"], ["maxReplicas"], ["metrics"]],
    source: "kubernetes pkg/apis/autoscaling/validation/validation.go, validateHorizontalPodAutoscalerSpec",
  },
  {
    kinds: kindsOf("policy", "PodDisruptionBudget"),
    root: ["spec"],
    members: [["minAvailable"], ["maxUnavailable"]],
    source: "kubernetes pkg/apis/policy/validation/validation.go, ValidatePodDisruptionBudgetSpec",
  },
  {
    kinds: kindsOf("networking.k8s.io", "Ingress"),
    root: [],
    members: [
      ["spec", "ingressClassName"],
      ["metadata", "annotations", "kubernetes.io/ingress.class"],
    ],
    source: "kubernetes pkg/apis/networking/validation/validation.go, ValidateIngressCreate",
  },
  {
    kinds: kindsOf("networking.k8s.io", "Ingress"),
    root: ["spec"],
    members: [["defaultBackend"], ["rules"]],
    source: "kubernetes pkg/apis/networking/validation/validation.go, ValidateIngressSpec",
  },
  {
    kinds: kindsOf("rbac.authorization.k8s.io", "ClusterRole"),
    root: [],
    members: [["rules"], ["aggregationRule"]],
    source: "kubernetes pkg/apis/rbac/validation/validation.go, ValidateClusterRole",
  },
  {
    kinds: kindsOf("storage.k8s.io", "CSIDriver"),
    root: ["spec"],
    source: "kubernetes pkg/apis/storage/validation/validation.go",
  },
  {
    kinds: union(
      kindsOf("apiextensions.k8s.io", "CustomResourceDefinition"),
      kindsOf("apiregistration.k8s.io", "APIService"),
      kindsOf("flowcontrol.apiserver.k8s.io", "FlowSchema", "PriorityLevelConfiguration"),
      kindsOf(
        "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
      ),
    ),
    root: ["spec"],
    source: "expressions, parameters and versions that name each other: each kind's validation.go",
  },
  {
    kinds: kindsOf("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"),
    root: ["webhooks"],
    item: true,
    source: "kubernetes pkg/apis/admissionregistration/validation/validation.go, validateWebhook",
  },
];

const NAMED: readonly Named[] = [
  {
    what: "volume",
    places: [
      ["**", "volumes", "name"],
      ["**", "volumeMounts", "name"],
      ["**", "volumeDevices", "name"],
      ["**", "fileKeyRef", "volumeName"],
      // A mount may name a claim's template.
      ["spec", "volumeClaimTemplates", "metadata", "name"],
    ],
    source: `${CORE}, ValidateVolumeMounts, ValidateVolumeDevices; ${APPS}, ValidateStatefulSetSpec`,
  },
  {
    what: "claim",
    places: [
      ["**", "resourceClaims", "name"],
      ["**", "resources", "claims", "name"],
    ],
    source: `${CORE}, validateResourceClaimNames`,
  },
];

/** A change of one object, as bonds see it. */
type BondedChange = Pick<Change, "path" | "desired" | "live" | "direction">;

/** For each change of one object a stable text for each bond that it has: two that have one in common go together. */
export function bondsOf(kind: KindRef, changes: readonly BondedChange[]): readonly ReadonlySet<string>[] {
  if (builtinKind(kind) === undefined) return changes.map(customBonds);
  const own = kindKey(kind);
  const bonds = changes.map((change) => (WITH_PODS.has(own) ? namesIn(change) : new Set<string>()));
  for (const [index, row] of SIBLINGS.entries()) {
    if (row.kinds !== undefined && !row.kinds.has(own)) continue;
    const scopes = changes.map((change) => scopeOf(change, row, row.members));
    const { hub } = row;
    const changed = hub === undefined ? undefined : new Set(changes.map((change) => scopeOf(change, row, [hub])));
    for (const [at, scope] of scopes.entries()) {
      if (scope !== undefined && changed?.has(scope) !== false) bonds[at]?.add(`${index} ${scope}`);
    }
  }
  return bonds;
}

/** The validation of a custom kind may tie anything to anything (CEL rules in its definition, its webhooks). */
function customBonds({ path, direction }: BondedChange): ReadonlySet<string> {
  // What waits for a deployment is in Git already, and was checked there if anybody did.
  if (direction === "git-ahead") return new Set();
  const [first] = path;
  return new Set(first?.kind === "field" && first.name === "metadata" ? [] : ["custom"]);
}

/** The root's place in the object where the change lies below it and touches a member; a change of the whole root is whole by itself. */
function scopeOf(change: BondedChange, { root, item }: Siblings, members: Siblings["members"]): string | undefined {
  const { path } = change;
  const names: string[] = [];
  for (let length = 0; length < path.length; length++) {
    const last = path[length - 1];
    if (last?.kind === "field") names.push(last.name);
    const isItem = last !== undefined && last.kind !== "field";
    if (isItem !== (item === true) || !standsAt(names, root)) continue;
    const below = fieldNames(path.slice(length));
    if (members !== undefined && !members.some((member) => touches(change, below, member))) continue;
    return formatPath(path.slice(0, length));
  }
  return undefined;
}

function fieldNames(path: FieldPath): readonly string[] {
  return path.flatMap((step) => (step.kind === "field" ? [step.name] : []));
}

/** The member lies at or above the change, or in what either side has there. */
function touches({ desired, live }: BondedChange, below: readonly string[], member: Place): boolean {
  if (!below.slice(0, member.length).every((name, index) => name === member[index])) return false;
  const rest = member.slice(below.length);
  return holds(desired, rest) || holds(live, rest) || rest.length === 0;
}

function holds(value: Value | undefined, [name, ...rest]: Place): boolean {
  if (value === undefined) return false;
  if (name === undefined) return true;
  if (isList(value)) return value.some((item) => holds(item, [name, ...rest]));
  return isMap(value) && Object.hasOwn(value, name) && holds(value[name], rest);
}

/** `volume data`: what is named in the change's path and values. */
function namesIn({ path, desired, live }: BondedChange): Set<string> {
  const found = new Set<string>();
  const add = (names: readonly string[], value: Value | undefined): void => {
    if (typeof value !== "string") return;
    for (const { what, places } of NAMED) {
      if (places.some((place) => standsAt(names, place))) found.add(`${what} ${value}`);
    }
  };
  const names: string[] = [];
  for (const step of path) {
    if (step.kind === "field") names.push(step.name);
    else if (step.kind === "key") for (const [key, value] of Object.entries(step.keys)) add([...names, key], value);
  }
  const walk = (where: readonly string[], value: Value | undefined): void => {
    if (isList(value)) for (const item of value) walk(where, item);
    else if (isMap(value)) for (const key of Object.keys(value)) walk([...where, key], value[key]);
    else add(where, value);
  };
  walk(names, desired);
  walk(names, live);
  return found;
}
