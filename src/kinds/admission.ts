/**
 * What admission puts into objects: Kubernetes' own plugins, by what each of them may write, and the cluster's mutating
 * webhooks and policies, which may write anything. Ownership is computed before admission (apiserver
 * `endpoints/handlers/create.go`), so that nothing of this has an owner: what has one was written by a client.
 */

import { equalValues, fieldAt, fieldOf, isList, isMap, textOf } from "../core/value.ts";
import type { Scalar, Value } from "../core/value.ts";
import { sameQuantity } from "./quantity.ts";
import { explainedBy, isAddition, isNobodys, kindsOf } from "./left-out.ts";
import type { AdmissionContext, DifferenceAt, LeftOutRow, LeftOutRule } from "./left-out.ts";

const POD = kindsOf("", "Pod");
const PLUGINS = "kubernetes plugin/pkg/admission";

/** A row for what an admission plugin adds; nobody owns it. */
type PluginRow = Pick<LeftOutRow, "kinds" | "place" | "item" | "test" | "rule" | "judged" | "source">;

const ROWS: readonly LeftOutRow[] = [
  ...pods([
    {
      place: ["spec", "serviceAccountName"],
      test: ({ liveValue }) => liveValue === "default",
      rule: "the default ServiceAccount",
      source: "serviceaccount",
    },
    {
      place: ["spec", "serviceAccount"],
      test: ({ liveValue, live }) => liveValue === fieldAt(live, "spec", "serviceAccountName"),
      rule: "the older name of serviceAccountName",
      source: "serviceaccount; kubernetes pkg/apis/core/v1/conversion.go",
    },
    ...bothWays({
      place: ["spec", "volumes"],
      test: ({ liveValue }: DifferenceAt) => all(liveValue, isTokenVolume),
      rule: "the ServiceAccount's token",
      source: "serviceaccount",
    }),
    ...["containers", "initContainers"].flatMap((list) =>
      bothWays({
        place: ["spec", list, "volumeMounts"],
        test: ({ liveValue, live }: DifferenceAt) => all(liveValue, (mount) => isTokenMount(mount, live)),
        rule: "the ServiceAccount's token",
        source: "serviceaccount",
      }),
    ),
    ...bothWays({
      place: ["spec", "imagePullSecrets"],
      test: () => true,
      rule: "the ServiceAccount's pull secrets",
      judged: true,
      source: "serviceaccount",
    }),
    { place: ["spec", "priority"], rule: "the priority class's value", source: "priority" },
    { place: ["spec", "priorityClassName"], rule: "the default priority class", source: "priority" },
    { place: ["spec", "preemptionPolicy"], rule: "the priority class's preemption policy", source: "priority" },
    { place: ["spec", "enableServiceLinks"], rule: "the default", source: "kubernetes pkg/apis/core/v1/defaults.go" },
    {
      place: ["spec", "nodeName"],
      rule: "bound by the scheduler",
      source: "kubernetes pkg/registry/core/pod/storage/storage.go, assignPod",
    },
    {
      place: ["spec", "tolerations"],
      test: ({ live, liveValue }, context) => all(liveValue, (item) => isPluginToleration(item, live, context)),
      rule: "tolerations that every Pod gets",
      source: "defaulttolerationseconds, podtolerationrestriction, extendedresourcetoleration, runtimeclass",
    },
    { place: ["spec", "overhead"], rule: "the runtime class's overhead", source: "runtimeclass" },
    { place: ["spec", "overhead", "*"], rule: "the runtime class's overhead", source: "runtimeclass" },
    {
      place: ["spec", "nodeSelector"],
      rule: "the namespace's or the runtime class's node selector",
      judged: true,
      source: "podnodeselector, runtimeclass",
    },
    {
      place: ["metadata", "annotations", "kubernetes.io/limit-ranger"],
      rule: "what the LimitRange set",
      source: "limitranger",
    },
    {
      place: ["metadata", "labels", "topology.kubernetes.io/*"],
      rule: "where the Pod's node stands",
      source: "podtopologylabels",
    },
  ]),
  ...["containers", "initContainers"].flatMap((list) =>
    (["requests", "limits"] as const).map((which) => ({
      kinds: POD,
      place: ["spec", list, "resources", which, "*"],
      nobody: true as const,
      test: (difference: DifferenceAt, context: AdmissionContext) => isLimitDefault(difference, which, context),
      reason: "admission" as const,
      rule: "the LimitRange's default",
      judged: false,
      source: `${PLUGINS}/limitranger`,
    })),
  ),
  // Added at the end of a list that is one value, whose owner is whoever wrote the beginning: known by what they are alone.
  ...[{}, { item: true as const }].map((which) => ({
    kinds: POD,
    place: ["spec", "tolerations"],
    ...which,
    test: isAsAdmitted,
    reason: "admission" as const,
    rule: "tolerations that every Pod gets",
    judged: false,
    source: `${PLUGINS}/defaulttolerationseconds, extendedresourcetoleration`,
  })),
  {
    kinds: kindsOf("", "PersistentVolumeClaim"),
    place: ["spec", "storageClassName"],
    nobody: true,
    test: ({ liveValue }, { storageClasses }) => typeof liveValue === "string" && storageClasses.has(liveValue),
    reason: "admission",
    rule: "the default storage class",
    judged: false,
    source: `${PLUGINS}/storage/storageclass/setdefault; pkg/controller/volume/persistentvolume (retroactive)`,
  },
  {
    kinds: kindsOf("", "PersistentVolumeClaim"),
    place: ["spec", "storageClassName"],
    by: new Set(["kube-controller-manager"]),
    test: ({ liveValue }, { storageClasses }) => typeof liveValue === "string" && storageClasses.has(liveValue),
    reason: "admission",
    rule: "the default storage class",
    source: "kubernetes pkg/controller/volume/persistentvolume/pv_controller.go, assignDefaultStorageClass",
  },
  {
    kinds: kindsOf("networking.k8s.io", "Ingress"),
    place: ["spec", "ingressClassName"],
    nobody: true,
    test: ({ liveValue }, { ingressClasses }) => typeof liveValue === "string" && ingressClasses.has(liveValue),
    reason: "admission",
    rule: "the default ingress class",
    judged: false,
    source: `${PLUGINS}/network/defaultingressclass`,
  },
  {
    kinds: kindsOf("", "PersistentVolumeClaim"),
    place: ["spec", "storageClassName"],
    by: new Set(["kube-controller-manager"]),
    nobody: true,
    test: (_, { isUnread }) => isUnread("storage-classes"),
    reason: "admission",
    rule: "cannot be known: it may be the default class, and storage classes were not read",
    judged: true,
    source: `${PLUGINS}/storage/storageclass/setdefault`,
  },
  {
    kinds: kindsOf("networking.k8s.io", "Ingress"),
    place: ["spec", "ingressClassName"],
    nobody: true,
    test: (_, { isUnread }) => isUnread("ingress-classes"),
    reason: "admission",
    rule: "cannot be known: it may be the default class, and ingress classes were not read",
    judged: true,
    source: `${PLUGINS}/network/defaultingressclass`,
  },
  ...[{}, { item: true as const }].map((which) => ({
    kinds: POD,
    place: ["spec", "tolerations"],
    ...which,
    test: ({ live }: DifferenceAt, { isUnread }: AdmissionContext) =>
      fieldAt(live, "spec", "runtimeClassName") !== undefined && isUnread("runtime-classes"),
    reason: "admission" as const,
    rule: "cannot be known: they may be the runtime class's, and runtime classes were not read",
    judged: true,
    source: `${PLUGINS}/runtimeclass`,
  })),
  ...["containers", "initContainers"].flatMap((list) =>
    ["requests", "limits"].map((which) => ({
      kinds: POD,
      place: ["spec", list, "resources", which, "*"],
      nobody: true as const,
      test: ({ ref }: DifferenceAt, { isUnread }: AdmissionContext) => isUnread("limit-ranges", ref.namespace),
      reason: "admission" as const,
      rule: "cannot be known: it may be a LimitRange's default, and LimitRanges were not read",
      judged: true,
      source: `${PLUGINS}/limitranger`,
    })),
  ),
];

/** Additions without an owner that a plugin, a webhook or a mutating policy of the cluster explains. */
export function admissionRule(difference: DifferenceAt, context: AdmissionContext): LeftOutRule | undefined {
  return explainedBy(ROWS, difference, context) ?? mutatorRule(difference, context);
}

/**
 * Which of several mutators wrote it is not known, nor that any did: policies are asked. Where the object has no
 * managedFields at all, nothing has an owner, and that nobody owns this field says nothing.
 */
function mutatorRule(difference: DifferenceAt, context: AdmissionContext): LeftOutRule | undefined {
  if (!difference.managed || !isAddition(difference) || !isNobodys(difference)) return undefined;
  const labels = fieldAt(difference.live, "metadata", "labels");
  const names = context.mutatorsOf(difference.ref, labels, { names: difference.names });
  if (names.length === 0) return context.isUnread("mutators") ? UNREAD_MUTATORS : undefined;
  const shown = names.length > 3 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
  return {
    reason: "admission",
    rule: `nobody owns it, and admission may have added it: ${shown.join(", ")}`,
    judged: true,
  };
}

const UNREAD_MUTATORS: LeftOutRule = {
  reason: "admission",
  rule: "cannot be known: nobody owns it, and webhooks or policies that were not read may have added it",
  judged: true,
};

function pods(rows: readonly Omit<PluginRow, "kinds">[]): readonly LeftOutRow[] {
  return rows.map((row) => ({
    ...row,
    kinds: POD,
    nobody: true,
    reason: "admission",
    judged: row.judged ?? false,
    source: row.source.startsWith("kubernetes") ? row.source : `${PLUGINS}/${row.source}`,
  }));
}

/** The same row for the whole list, where Git has none, and for an item of it. */
function bothWays(row: Omit<PluginRow, "kinds">): readonly Omit<PluginRow, "kinds">[] {
  return [row, { ...row, item: true }];
}

function all(value: Value | undefined, test: (item: Value) => boolean): boolean {
  if (value === undefined) return false;
  return isList(value) ? value.length > 0 && value.every((item) => test(item)) : test(value);
}

/** A projected volume of a token, the CA and the namespace, and nothing else (`admission.go`, TokenVolumeSource). */
function isTokenVolume(volume: Value): boolean {
  const sources = fieldAt(volume, "projected", "sources");
  return (
    /^kube-api-access-[a-z0-9]{5}$/.test(textOf(volume, "name") ?? "") &&
    isList(sources) &&
    sources.every((source) => isMap(source) && Object.keys(source).every((name) => TOKEN_SOURCES.has(name)))
  );
}

const TOKEN_SOURCES: ReadonlySet<string> = new Set(["configMap", "downwardAPI", "serviceAccountToken"]);

function isTokenMount(mount: Value, live: Value): boolean {
  if (fieldOf(mount, "mountPath") !== "/var/run/secrets/kubernetes.io/serviceaccount") return false;
  const name = fieldOf(mount, "name");
  const volumes = fieldAt(live, "spec", "volumes");
  return isList(volumes) && volumes.some((volume) => fieldOf(volume, "name") === name && isTokenVolume(volume));
}

/** DefaultTolerationSeconds' two, PodTolerationRestriction's memory pressure, and those of extended resources. */
function isPluginToleration(item: Value, pod: Value, context: AdmissionContext): boolean {
  if (isOfRuntimeClass(item, pod, context)) return true;
  const key = textOf(item, "key") ?? "";
  const [operator, effect] = [fieldOf(item, "operator"), fieldOf(item, "effect")];
  if (operator !== "Exists") return false;
  if (key === NOT_READY || key === UNREACHABLE) return effect === "NoExecute";
  if (key === "node.kubernetes.io/memory-pressure") return effect === "NoSchedule";
  return isOfExtendedResource(item, pod);
}

const NOT_READY = "node.kubernetes.io/not-ready";
const UNREACHABLE = "node.kubernetes.io/unreachable";

/**
 * Whether the live tolerations behind those of Git, up to the one that the difference is about or all of them, are just
 * what admission would append to Git's, in its order. Five minutes, unless the API server was told otherwise, or somebody
 * wrote another number into the list.
 */
function isAsAdmitted({ desired, live, path }: DifferenceAt, context: AdmissionContext): boolean {
  const [ours, theirs] = [desired, live].map((pod) => itemsAt(pod, "spec", "tolerations")) as [Items, Items];
  const last = path.at(-1);
  const added = theirs.slice(ours.length, last?.kind === "index" ? last.index + 1 : undefined);
  if (added.length === 0 || added.length > MAX_ADMITTED) return false;
  const defaults = [NOT_READY, UNREACHABLE].filter((key) => !ours.some((item) => toleratesEviction(item, key)));
  const given = added.map((item) => {
    const at = defaults.findIndex((key) => isEvictionDefault(item, key));
    if (at < 0 && isOfExtendedResource(item, live)) return defaults.length;
    return at < 0 && isOfRuntimeClass(item, live, context) ? defaults.length + 1 : at;
  });
  const items = new Set(added.map((item) => JSON.stringify(item)));
  return items.size === added.length && given.every((place, index) => place >= (given[index - 1] ?? 0));
}

/** More than plugins add: the longest lists are hostile ones. */
const MAX_ADMITTED = 32;

type Items = readonly Value[];

function itemsAt(value: Value, ...names: readonly string[]): Items {
  const items = fieldAt(value, ...names);
  return isList(items) ? items : [];
}

/** The plugin adds nothing of what is tolerated already (`admission.go`, Admit). */
function toleratesEviction(item: Value, taint: string): boolean {
  const [key, effect] = [textOf(item, "key") ?? "", textOf(item, "effect") ?? ""];
  return (key === taint || key === "") && (effect === "NoExecute" || effect === "");
}

function isEvictionDefault(item: Value, key: string): boolean {
  return equalValues(item, { key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 });
}

/** The class is the Pod's own choice: what it brings is what the class says now. */
function isOfRuntimeClass(item: Value, pod: Value, { runtimeTolerations }: AdmissionContext): boolean {
  const known = runtimeTolerations.get(textOf(fieldOf(pod, "spec"), "runtimeClassName") ?? "");
  return known?.some((toleration) => equalValues(toleration, item)) === true;
}

/** Of a resource that one of the Pod's containers requests. */
function isOfExtendedResource(item: Value, pod: Value): boolean {
  const key = textOf(item, "key") ?? "";
  if (!/^[^/]+\.[^/]+\/[^/]+$/.test(key) || key.includes("kubernetes.io/")) return false;
  if (!equalValues(item, { key, operator: "Exists", effect: "NoSchedule" })) return false;
  const containers = ["containers", "initContainers"].flatMap((list) => itemsAt(pod, "spec", list));
  return containers.some((container) => fieldAt(container, "resources", "requests", key) !== undefined);
}

function isLimitDefault(
  { liveValue, names, ref }: DifferenceAt,
  which: "requests" | "limits",
  context: AdmissionContext,
): boolean {
  const resource = names.at(-1) ?? "";
  const given = scalarOf(liveValue);
  if (given === undefined) return false;
  return context.limitsOf(ref.namespace ?? "").some(
    (limits) =>
      isList(limits) &&
      limits.some((limit) => {
        if (fieldOf(limit, "type") !== "Container") return false;
        const known = scalarOf(fieldAt(limit, which === "requests" ? "defaultRequest" : "default", resource));
        return known !== undefined && sameQuantity(given, known);
      }),
  );
}

function scalarOf(value: Value | undefined): Scalar | undefined {
  return value === undefined || isMap(value) || isList(value) ? undefined : value;
}
