/**
 * Defaults that the API server computes from other fields, so that no table can hold them: each with the function of
 * Kubernetes that does so (`pkg/apis/<group>/<version>/defaults.go` where nothing else is named).
 */

import { equalValues, fieldAt, fieldOf, isList, isMap, textOf, withField } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";
import type { DefaultQuery } from "./defaults.ts";
import { quantityNanos } from "./quantity.ts";

type Computation = (query: DefaultQuery) => Value | undefined;

/** As `serverDefault`, for what is computed; `undefined` for all other fields. */
export function computedDefault(query: DefaultQuery): Value | undefined {
  const { names } = query;
  const name = names.at(-1) ?? "";
  const holder = names.at(-2) ?? "";
  const found = BY_NAME.get(name)?.(query);
  if (found !== undefined) return found;
  return BY_HOLDER.get(holder)?.(query);
}

/** By the field's own name. */
const BY_NAME: ReadonlyMap<string, Computation> = new Map<string, Computation>([
  ["targetPort", targetPort],
  ["imagePullPolicy", ({ names, parent }) => (isContainer(names.at(-2)) ? pullPolicy(parent["image"]) : undefined)],
  ["pullPolicy", ({ names, parent }) => (names.at(-2) === "image" ? pullPolicy(parent["reference"]) : undefined)],
  ["hostPort", hostPort],
  ["requests", podRequests],
  ["default", limitRangeMap],
  ["defaultRequest", limitRangeMap],
  ["serviceAccount", ({ names, parent }) => (isPodSpec(names) ? fieldOf(parent, "serviceAccountName") : undefined)],
  ["serviceAccountName", (query) => (isPodSpec(query.names) ? declaredField(query, "serviceAccount") : undefined)],
  ["podCIDR", ({ kind, parent }) => (kind.kind === "Node" ? firstRange(fieldOf(parent, "podCIDRs")) : undefined)],
  ["podCIDRs", podRanges],
  ["dataSourceRef", ({ parent }) => fieldOf(parent, "dataSource")],
  ["dataSource", dataSource],
  ["priority", priority],
  ["selector", selector],
  ["externalTrafficPolicy", externalTrafficPolicy],
  ["emptyDir", ({ names, parent }) => (names.at(-2) === "volumes" && Object.keys(parent).length <= 2 ? {} : undefined)],
  ["labels", metadataLabels],
  ["singular", ({ kind, parent }) => (isCrd(kind.kind) ? textOf(parent, "kind")?.toLowerCase() : undefined)],
  ["listKind", listKind],
  ["policies", scalingPolicies],
  ["stabilizationWindowSeconds", ({ names }) => (names.at(-2) === "scaleUp" ? 0 : undefined)],
  ["completions", completions],
  [
    "phase",
    ({ names }) => (names.at(-3) === "volumeClaimTemplates" && names.at(-2) === "status" ? "Pending" : undefined),
  ],
]);

/** By the name of the map that holds it: keys of free maps. */
const BY_HOLDER: ReadonlyMap<string, Computation> = new Map<string, Computation>([
  ["requests", (query) => keyOf(podRequests, query)],
  ["default", (query) => keyOf(limitRangeMap, query)],
  ["defaultRequest", (query) => keyOf(limitRangeMap, query)],
  [
    "selector",
    ({ kind, names, parent, root }) =>
      kind.kind === "ReplicationController" && Object.keys(parent).length === 1
        ? fieldOf(templateLabels(root), names.at(-1) ?? "")
        : undefined,
  ],
  ["labels", labelKey],
  ["annotations", templateGeneration],
]);

/** core/v1 SetDefaults_Service. */
function targetPort({ kind, names, parent }: DefaultQuery): Value | undefined {
  return kind.kind === "Service" && names.at(-2) === "ports" ? fieldOf(parent, "port") : undefined;
}

/** Whether 0 is filled in as what is left out (core/v1 SetDefaults_Service): no other computed default is of such a field. */
export function isUnsetByZero(names: readonly string[]): boolean {
  return names.at(-1) === "targetPort" && names.at(-2) === "ports";
}

/** core/v1 SetDefaults_Service: where the Service can be reached from outside (pkg/api/service ExternallyAccessible). */
function externalTrafficPolicy({ kind, parent }: DefaultQuery): Value | undefined {
  if (kind.kind !== "Service") return undefined;
  const type = fieldOf(parent, "type");
  const addresses = fieldOf(parent, "externalIPs");
  const outside = type === "NodePort" || type === "LoadBalancer";
  return outside || (type === "ClusterIP" && isList(addresses) && addresses.length > 0) ? "Cluster" : undefined;
}

/** A domain, perhaps, and a path in lower case (distribution/reference `regexp.go`). */
const REPOSITORY = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/;

/** core/v1 SetDefaults_Container and SetDefaults_Volume: no tag and no digest is `latest` (pkg/util/parsers). */
function pullPolicy(image: Value | undefined): Value | undefined {
  if (image !== undefined && typeof image !== "string") return undefined;
  const [name = "", digest] = (image ?? "").split("@");
  const tag = /:([^:/]*)$/.exec(name)?.[1];
  // What does not parse has no tag, and is not given one.
  if (!REPOSITORY.test(tag === undefined ? name : name.slice(0, -tag.length - 1))) return "IfNotPresent";
  return tag === "latest" || (tag === undefined && digest === undefined) ? "Always" : "IfNotPresent";
}

function isContainer(holder: string | undefined): boolean {
  return holder === "containers" || holder === "initContainers" || holder === "ephemeralContainers";
}

/** core/v1 SetDefaults_Pod, defaultHostNetworkPorts: in Pods, not in templates. */
function hostPort({ kind, names, parent, root }: DefaultQuery): Value | undefined {
  if (kind.kind !== "Pod" || names.at(-2) !== "ports" || fieldAt(root, "spec", "hostNetwork") !== true)
    return undefined;
  return isContainer(names.at(-3)) && names.at(-3) !== "ephemeralContainers"
    ? fieldOf(parent, "containerPort")
    : undefined;
}

/** core/v1 SetDefaults_Pod: in Pods, requests are the limits where they are left out. */
function podRequests({ kind, names, parent, root }: DefaultQuery): Value | undefined {
  if (kind.kind !== "Pod" || names.at(-2) !== "resources") return undefined;
  const limits = fieldOf(parent, "limits");
  if (!isMap(limits)) return undefined;
  if (names.length > 3) return limits;
  const containers = containersOf(root, "containers");
  if (containersOf(root, "initContainers").length > 0) return undefined;
  let requests: ValueMap = Object.fromEntries(
    Object.entries(limits).filter(([name]) => /^(?:cpu|memory|hugepages-.*)$/.test(name)),
  );
  for (const name of new Set(containers.flatMap((one) => Object.keys(requestsOf(one))))) {
    if (name === "cpu" || name === "memory") requests = withField(requests, name, sum(containers, name));
  }
  return requests;
}

/** defaultPodRequests: the containers' own together. */
function sum(containers: readonly Value[], name: string): string {
  const nanos = containers
    .map((container) => requestsOf(container)[name])
    .map((value) => (value === undefined || isMap(value) || isList(value) ? 0n : (quantityNanos(value) ?? 0n)));
  const total = nanos.reduce((before, one) => before + one, 0n);
  return total % 1_000_000n === 0n ? `${total / 1_000_000n}m` : `${total}n`;
}

function requestsOf(container: Value): ValueMap {
  const requests = fieldAt(container, "resources", "requests");
  return isMap(requests) ? requests : {};
}

function containersOf(root: ValueMap, list: string): readonly Value[] {
  const containers = fieldAt(root, "spec", list);
  return isList(containers) ? containers : [];
}

/** core/v1 SetDefaults_LimitRangeItem. */
function limitRangeMap({ kind, names, parent }: DefaultQuery): Value | undefined {
  if (kind.kind !== "LimitRange" || fieldOf(parent, "type") !== "Container") return undefined;
  const sources = names.at(-1) === "default" ? ["max"] : ["min", "default"];
  const filled = sources.map((source) => fieldOf(parent, source)).filter(isMap);
  const together: ValueMap = Object.assign({}, ...filled.map((map) => ({ ...map }))) as ValueMap;
  return Object.keys(together).length === 0 ? undefined : together;
}

/** A key of a map that is filled in key by key: what the whole would have there, of the one map that this one is. */
function keyOf(whole: Computation, query: DefaultQuery): Value | undefined {
  const names = query.names.slice(0, -1);
  const holder = holderOf(query.root, names.slice(0, -1), { name: names.at(-1) ?? "", map: query.parent });
  return holder === undefined
    ? undefined
    : fieldOf(whole({ ...query, names, parent: holder }), query.names.at(-1) ?? "");
}

const MAX_HOLDERS = 200;

/** The map at these names that has just this one in a field. */
function holderOf(
  value: Value,
  names: readonly string[],
  wanted: { readonly name: string; readonly map: ValueMap },
): ValueMap | undefined {
  if (isList(value)) {
    // Asked for each key: more of them than any object has would cost quadratic time, and get no answer.
    for (const item of value.slice(0, MAX_HOLDERS)) {
      const found = holderOf(item, names, wanted);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!isMap(value)) return undefined;
  const [name, ...more] = names;
  if (name === undefined) return equalValues(fieldOf(value, wanted.name), wanted.map) ? value : undefined;
  const inner = fieldOf(value, name);
  return inner === undefined ? undefined : holderOf(inner, more, wanted);
}

function isPodSpec(names: readonly string[]): boolean {
  return names.at(-2) === "spec";
}

/**
 * Of two fields that the server fills in from each other, the one that is old, or rarely used, is taken for the copy; the other one
 * only where Git declares the old one, or else both could be added and neither would be seen.
 */
function declaredField({ parent, declared }: DefaultQuery, name: string): Value | undefined {
  return fieldOf(declared, name) === undefined ? undefined : fieldOf(parent, name);
}

/** core/v1 Convert_core_NodeSpec_To_v1_NodeSpec: the first of the ranges is kept under the older name too. */
function firstRange(ranges: Value | undefined): Value | undefined {
  return isList(ranges) ? ranges[0] : undefined;
}

function podRanges(query: DefaultQuery): Value | undefined {
  const range = query.kind.kind === "Node" ? declaredField(query, "podCIDR") : undefined;
  return range === undefined ? undefined : [range];
}

/** pkg/registry/core/persistentvolumeclaim NormalizeDataSources: the two are copies of each other. */
function dataSource(query: DefaultQuery): Value | undefined {
  const reference = declaredField(query, "dataSourceRef");
  return fieldOf(reference, "namespace") === undefined ? reference : undefined;
}

/** plugin/pkg/admission/priority: without a class that anybody made. */
function priority({ kind, parent }: DefaultQuery): Value | undefined {
  if (kind.kind !== "Pod") return undefined;
  switch (fieldOf(parent, "priorityClassName")) {
    case undefined:
      return 0;
    case "system-cluster-critical":
      return 2_000_000_000;
    case "system-node-critical":
      return 2_000_001_000;
    default:
      return undefined;
  }
}

function templateLabels(root: ValueMap): Value | undefined {
  return fieldAt(root, "spec", "template", "metadata", "labels");
}

/** core/v1 SetDefaults_ReplicationController and SetDefaults_Namespace, batch/v1 SetDefaults_Job. */
function metadataLabels({ kind, names, root }: DefaultQuery): Value | undefined {
  if (names.length !== 2 || names[0] !== "metadata") return undefined;
  if (kind.kind === "Namespace") return { [NAMESPACE_LABEL]: fieldAt(root, "metadata", "name") ?? "" };
  return kind.kind === "ReplicationController" || kind.kind === "Job" ? templateLabels(root) : undefined;
}

const NAMESPACE_LABEL = "kubernetes.io/metadata.name";

/** core/v1 SetDefaults_ReplicationController; pkg/registry/batch/job generateSelector. */
function selector({ kind, names, root }: DefaultQuery): Value | undefined {
  if (names.length !== 2) return undefined;
  if (kind.kind === "ReplicationController") return templateLabels(root);
  const uid = fieldAt(root, "metadata", "uid");
  // Immutable, and nobody knows a Job's UID before it is there: a `manualSelector` came later.
  if (kind.kind !== "Job" || uid === undefined) return undefined;
  return { matchLabels: { "batch.kubernetes.io/controller-uid": uid } };
}

/** pkg/registry/batch/job generateSelector: the labels that it puts on the template. */
const JOB_LABELS: Readonly<Record<string, string>> = {
  "job-name": "name",
  "batch.kubernetes.io/job-name": "name",
  "controller-uid": "uid",
  "batch.kubernetes.io/controller-uid": "uid",
};

function jobLabel({ names, root }: DefaultQuery): Value | undefined {
  const ofTemplate = names.join("\0").startsWith("spec\0template\0metadata\0labels\0");
  if (!ofTemplate || fieldAt(root, "spec", "manualSelector") === true) return undefined;
  const source = fieldOf(JOB_LABELS, names.at(-1) ?? "");
  return typeof source === "string" ? fieldAt(root, "metadata", source) : undefined;
}

function labelKey(query: DefaultQuery): Value | undefined {
  const { kind, names, parent, declared = {}, desired } = query;
  const name = names.at(-1) ?? "";
  if (kind.kind === "Job" && names.length > 3) return jobLabel(query);
  if (kind.kind !== "Namespace" && Object.keys(parent).length > 1) {
    // Copied once, where Git has no labels, from the template as it was then.
    if (desired === undefined || Object.keys(declared).length > 0) return undefined;
    return fieldOf(metadataLabels({ ...query, names: names.slice(0, -1), root: desired }), name);
  }
  return fieldOf(metadataLabels({ ...query, names: names.slice(0, -1) }), name);
}

/** pkg/apis/apps/v1/conversion.go: what was once a field of DaemonSets, counted up by the server. */
function templateGeneration({ kind, names, parent }: DefaultQuery): Value | undefined {
  const name = names.at(-1) ?? "";
  const value = fieldOf(parent, name);
  const counts = kind.kind === "DaemonSet" && name === "deprecated.daemonset.template.generation" && names.length === 3;
  return counts && typeof value === "string" && /^\d+$/.test(value) ? value : undefined;
}

function isCrd(kind: string): boolean {
  return kind === "CustomResourceDefinition";
}

/** apiextensions/v1 SetDefaults_CustomResourceDefinitionSpec. */
function listKind({ kind, parent }: DefaultQuery): Value | undefined {
  const name = textOf(parent, "kind");
  return isCrd(kind.kind) && name !== undefined ? `${name}List` : undefined;
}

/** autoscaling/v2 GenerateHPAScaleUpRules and GenerateHPAScaleDownRules. */
function scalingPolicies({ kind, names }: DefaultQuery): Value | undefined {
  if (kind.kind !== "HorizontalPodAutoscaler" || names.at(-3) !== "behavior") return undefined;
  const percent = { type: "Percent", value: 100, periodSeconds: 15 };
  return names.at(-2) === "scaleUp" ? [{ type: "Pods", value: 4, periodSeconds: 15 }, percent] : [percent];
}

/** batch/v1 SetDefaults_Job: both are 1 where both are left out, and `completions` stays out beside a `parallelism`. */
function completions({ parent, declared }: DefaultQuery): Value | undefined {
  const alone = fieldOf(parent, "parallelism") === 1 && fieldOf(declared, "parallelism") === undefined;
  return alone ? 1 : undefined;
}
