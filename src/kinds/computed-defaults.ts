/**
 * Defaults that the API server computes from other fields, so that no table can hold them. Sources: kubernetes
 * `pkg/apis/<group>/<version>/defaults.go`, and `pkg/registry/<group>/<resource>/strategy.go` where named.
 */

import { kindKey } from "../core/refs.ts";
import type { KindRef } from "../core/refs.ts";
import { fieldAt, fieldOf, isList, isMap, textOf } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";
import type { DefaultQuery } from "./defaults.ts";

type Compute = (query: DefaultQuery) => Value | undefined;

/** By the field's own name; each function checks where the field stands. */
const COMPUTED: ReadonlyMap<string, Compute> = new Map<string, Compute>([
  ["imagePullPolicy", pullPolicy],
  ["targetPort", ({ names, parent }) => (names.at(-2) === "ports" ? parent["port"] : undefined)],
  ["hostPort", hostPort],
  ["requests", requests],
  ["selector", selector],
  ["labels", labels],
  ["completions", completions],
  ["parallelism", parallelism],
  ["policyTypes", policyTypes],
  ["metrics", metrics],
  ["scaleUp", scalingRules],
  ["scaleDown", scalingRules],
  ["policies", scalingField],
  ["selectPolicy", scalingField],
  ["stabilizationWindowSeconds", scalingField],
  ["singular", ({ kind, parent }) => (isDefinition(kind) ? textOf(parent, "kind")?.toLowerCase() : undefined)],
  ["listKind", ({ kind, parent }) => (isDefinition(kind) ? `${textOf(parent, "kind") ?? ""}List` : undefined)],
  ["default", ({ kind, parent }) => limitDefault(kind, parent, "max")],
  ["defaultRequest", ({ kind, parent }) => defaultRequest(kind, parent)],
  ["serviceAccount", ({ parent }) => parent["serviceAccountName"]],
  ["emptyDir", emptyDir],
]);

/** As `serverDefault`, for the fields listed here; `undefined` for all others. */
export function computedDefault(query: DefaultQuery): Value | undefined {
  return COMPUTED.get(query.names.at(-1) ?? "")?.(query);
}

/** core/v1 SetDefaults_Container: `:latest`, and no tag, are always pulled; a digest is a tag like any other. */
function pullPolicy({ parent }: DefaultQuery): Value | undefined {
  const image = textOf(parent, "image");
  if (image === undefined) return undefined;
  const name = image.split("@")[0] ?? "";
  const tag = /:([^/:]+)$/.exec(name)?.[1];
  if (tag === undefined && image.includes("@")) return "IfNotPresent";
  return tag === undefined || tag === "latest" ? "Always" : "IfNotPresent";
}

/** core/v1 defaultHostNetworkPorts. */
function hostPort({ names, parent, root }: DefaultQuery): Value | undefined {
  if (names.at(-2) !== "ports" || fieldOf(podSpecOf(root, names), "hostNetwork") !== true) return undefined;
  return parent["containerPort"];
}

/** The Pod's spec that the path leads through: `names` up to and with the last `spec` before its containers. */
function podSpecOf(root: ValueMap, names: readonly string[]): Value | undefined {
  const end = names.findIndex((name) => name === "containers" || name === "initContainers");
  return end < 0 ? undefined : fieldAt(root, ...names.slice(0, end));
}

/** core/v1 SetDefaults_Pod: of Pods only, requests that are left out are the limits. */
function requests({ kind, names, parent }: DefaultQuery): Value | undefined {
  if (kindKey(kind) !== "/Pod" && kind.kind !== "Pod") return undefined;
  return names.at(-2) === "resources" ? parent["limits"] : undefined;
}

/** core/v1 SetDefaults_ReplicationController. */
function selector({ kind, names, root }: DefaultQuery): Value | undefined {
  if (kind.kind !== "ReplicationController" || names.length !== 2) return undefined;
  return fieldAt(root, "spec", "template", "metadata", "labels");
}

function labels({ kind, names, root }: DefaultQuery): Value | undefined {
  if (kind.kind !== "ReplicationController" || names.length !== 2) return undefined;
  return fieldAt(root, "spec", "template", "metadata", "labels");
}

/** batch/v1 SetDefaults_Job. */
function completions({ names, parent }: DefaultQuery): Value | undefined {
  if (!isJobSpec(names)) return undefined;
  const alone = fieldOf(parent, "parallelism") ?? 1;
  return alone === 1 ? 1 : undefined;
}

function parallelism({ names }: DefaultQuery): Value | undefined {
  return isJobSpec(names) ? 1 : undefined;
}

function isJobSpec(names: readonly string[]): boolean {
  return names.at(-2) === "spec" && (names.length === 2 || names.at(-3) === "jobTemplate");
}

/** networking/v1 SetDefaults_NetworkPolicy. */
function policyTypes({ kind, parent }: DefaultQuery): Value | undefined {
  if (kind.kind !== "NetworkPolicy") return undefined;
  const egress = fieldOf(parent, "egress");
  return isList(egress) && egress.length > 0 ? ["Ingress", "Egress"] : ["Ingress"];
}

/** autoscaling/v2 SetDefaults_HorizontalPodAutoscaler. */
function metrics({ kind, names }: DefaultQuery): Value | undefined {
  if (kind.kind !== "HorizontalPodAutoscaler" || names.length !== 2) return undefined;
  return [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } }];
}

const SCALING: Readonly<Record<string, ValueMap>> = {
  scaleUp: {
    stabilizationWindowSeconds: 0,
    selectPolicy: "Max",
    policies: [
      { type: "Pods", value: 4, periodSeconds: 15 },
      { type: "Percent", value: 100, periodSeconds: 15 },
    ],
  },
  scaleDown: {
    selectPolicy: "Max",
    policies: [{ type: "Percent", value: 100, periodSeconds: 15 }],
  },
};

/** autoscaling/v2 GenerateHPAScaleUpRules and GenerateHPAScaleDownRules. */
function scalingRules({ kind, names }: DefaultQuery): Value | undefined {
  return kind.kind === "HorizontalPodAutoscaler" ? SCALING[names.at(-1) ?? ""] : undefined;
}

function scalingField({ kind, names }: DefaultQuery): Value | undefined {
  if (kind.kind !== "HorizontalPodAutoscaler") return undefined;
  return SCALING[names.at(-2) ?? ""]?.[names.at(-1) ?? ""];
}

/** apiextensions/v1 SetDefaults_CustomResourceDefinitionSpec. */
function isDefinition({ kind }: KindRef): boolean {
  return kind === "CustomResourceDefinition";
}

/** core/v1 SetDefaults_LimitRangeItem. */
function limitDefault(kind: KindRef, parent: ValueMap, from: "max" | "default"): Value | undefined {
  return kind.kind === "LimitRange" && parent["type"] === "Container" ? fieldOf(parent, from) : undefined;
}

function defaultRequest(kind: KindRef, parent: ValueMap): Value | undefined {
  if (kind.kind !== "LimitRange" || parent["type"] !== "Container") return undefined;
  const limits = fieldOf(parent, "default") ?? fieldOf(parent, "max");
  const least = fieldOf(parent, "min");
  if (!isMap(limits)) return isMap(least) ? least : undefined;
  return isMap(least) ? { ...limits, ...least } : limits;
}

/** core/v1 SetDefaults_Volume: a volume without a source is an empty folder. */
function emptyDir({ names, parent }: DefaultQuery): Value | undefined {
  return names.at(-2) === "volumes" && Object.keys(parent).length === 2 ? {} : undefined;
}
