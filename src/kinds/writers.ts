/**
 * What well-known controllers beside Kubernetes' own write into objects that Git declares. Each row names manager, kind and
 * place together, and policies are asked all the same, since a manager's name is anybody's choice.
 */

import { refKey } from "../core/refs.ts";
import { equalValues, fieldAt, fieldOf, isList, isMap, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { kindsOf, union } from "./left-out.ts";
import type { AdmissionContext, DifferenceAt, LeftOutRow } from "./left-out.ts";
import { isWriter } from "./secret-makers.ts";

const ROLLOUT = kindsOf("argoproj.io", "Rollout");
const WORKLOAD = union(kindsOf("apps", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"), ROLLOUT);
const SERVICE = kindsOf("", "Service");
const ROUTES = union(
  kindsOf("networking.istio.io", "VirtualService"),
  kindsOf("gateway.networking.k8s.io", "HTTPRoute", "GRPCRoute"),
  kindsOf("split.smi-spec.io", "TrafficSplit"),
  kindsOf("traefik.io", "TraefikService"),
);

/** Managers are the binaries' names, which client-go puts at the head of its user agent. */
const ROLLOUTS: ReadonlySet<string> = new Set(["rollouts-controller"]);
const FLAGGER: ReadonlySet<string> = new Set(["flagger"]);
const SETS: ReadonlySet<string> = new Set(["argocd-applicationset-controller"]);
/** Automated syncs are its controller's, those by hand its API server's. */
const SYNCERS: ReadonlySet<string> = new Set(["argocd-application-controller", "argocd-server"]);
const RELOADER: ReadonlySet<string> = new Set(["Reloader", "manager-reloader"]);
const DOWNSCALERS: ReadonlySet<string> = new Set(["pykube-ng", "kube-downscaler", "kubedownscaler"]);
const RESIZERS: ReadonlySet<string> = new Set([
  "admission-controller",
  "updater",
  "vpa-admission-controller",
  "vpa-updater",
]);

const POD_HASH = "rollouts-pod-template-hash";

/** What a controller puts into a Secret for an object that Git declares, and that names the Secret (secret-makers.ts). */
const ASKED_FOR: readonly LeftOutRow[] = [
  ["data", "*"],
  ["type"],
  ["metadata", "labels", "*"],
  ["metadata", "annotations", "*"],
].map((place) => ({
  kinds: kindsOf("", "Secret"),
  place,
  on: "any",
  test: ({ ref, actor }: DifferenceAt, { secretWritersOf }: AdmissionContext) =>
    actor !== undefined && isWriter(actor.manager, secretWritersOf?.(ref) ?? []),
  reason: "controller",
  rule: "written into the Secret by the controller of an object in Git that asks for it",
  judged: true,
  source: "each in src/kinds/secret-makers.ts",
}));

export const WRITERS: readonly LeftOutRow[] = [
  ...ASKED_FOR,
  {
    kinds: SERVICE,
    place: ["spec", "selector"],
    on: "any",
    by: ROLLOUTS,
    test: (difference, context) =>
      context.isDelivered(difference.ref, "rollouts") &&
      differsOnlyIn(difference.desiredValue, difference.liveValue, POD_HASH),
    reason: "controller",
    rule: "Argo Rollouts points the Service to its current ReplicaSet",
    source: "argo-rollouts service/service.go, DefaultRolloutUniqueLabelKey",
  },
  {
    kinds: SERVICE,
    place: ["spec", "selector", POD_HASH],
    on: "any",
    by: ROLLOUTS,
    test: ({ ref }, context) => context.isDelivered(ref, "rollouts"),
    reason: "controller",
    rule: "Argo Rollouts points the Service to its current ReplicaSet",
    source: "argo-rollouts service/service.go, DefaultRolloutUniqueLabelKey",
  },
  {
    kinds: union(SERVICE, kindsOf("networking.k8s.io", "Ingress"), ROUTES),
    place: ["metadata", "annotations", "argo-rollouts.argoproj.io/managed-by-rollouts"],
    by: ROLLOUTS,
    test: ({ ref }, context) => context.isDelivered(ref, "rollouts"),
    reason: "controller",
    rule: "Argo Rollouts marks what it manages",
    source: "argo-rollouts#448",
  },
  {
    kinds: ROLLOUT,
    place: ["metadata", "annotations", "rollout.argoproj.io/*"],
    by: ROLLOUTS,
    reason: "controller",
    rule: "Argo Rollouts' bookkeeping",
    source: "argo-rollouts utils/annotations/annotations.go",
  },
  {
    kinds: kindsOf("apps", "Deployment"),
    place: ["spec", "replicas"],
    on: "any",
    by: ROLLOUTS,
    test: ({ ref, liveValue }, context) => liveValue === 0 && context.isDelivered(ref, "rollouts"),
    reason: "controller",
    rule: "Argo Rollouts scales down the Deployment whose Pods it took over",
    source: "argo-rollouts docs/migrating.md, workloadRef.scaleDown",
  },
  {
    kinds: ROUTES,
    place: ["spec", "**"],
    on: "any",
    by: union(ROLLOUTS, FLAGGER),
    test: ({ ref, desiredValue, liveValue }, context) =>
      (context.isDelivered(ref, "rollouts") || context.isDelivered(ref, "flagger")) &&
      sameButWeights(desiredValue, liveValue),
    reason: "controller",
    rule: "traffic weights of a progressive delivery",
    source: "argo-rollouts rollout/trafficrouting, flagger pkg/router",
  },
  {
    kinds: SERVICE,
    place: ["spec", "selector"],
    on: "any",
    by: FLAGGER,
    test: ({ ref, desiredValue, liveValue }, context) =>
      context.isDelivered(ref, "flagger") && isPrimary(desiredValue, liveValue),
    reason: "controller",
    rule: "Flagger points the Service to the primary Deployment",
    source: "flagger pkg/router/kubernetes_default.go",
  },
  {
    kinds: WORKLOAD,
    place: ["spec", "replicas"],
    on: "any",
    by: FLAGGER,
    test: ({ ref, liveValue }, context) => liveValue === 0 && context.isDelivered(ref, "flagger"),
    reason: "controller",
    rule: "Flagger scales down what its primary Deployment stands for",
    source: "flagger pkg/canary/deployment_controller.go, ScaleToZero",
  },
  {
    kinds: WORKLOAD,
    place: ["spec", "replicas"],
    on: "any",
    by: DOWNSCALERS,
    test: isScaledDown,
    reason: "controller",
    rule: "scaled down for a time by kube-downscaler",
    source: "py-kube-downscaler kube_downscaler/scaler.py",
  },
  {
    kinds: union(WORKLOAD, kindsOf("batch", "CronJob"), kindsOf("autoscaling", "HorizontalPodAutoscaler")),
    place: ["metadata", "annotations", "downscaler/original-replicas"],
    by: DOWNSCALERS,
    reason: "controller",
    rule: "kube-downscaler's bookkeeping",
    source: "py-kube-downscaler kube_downscaler/scaler.py",
  },
  {
    kinds: WORKLOAD,
    place: ["spec", "template", "metadata", "annotations", "reloader.stakater.com/last-reloaded-from"],
    on: "any",
    by: RELOADER,
    reason: "controller",
    rule: "Reloader restarts Pods when their configuration changes",
    source: "stakater/Reloader internal/pkg/handler/upgrade.go",
  },
  ...["containers", "initContainers"].map((list) => ({
    kinds: WORKLOAD,
    place: ["spec", "template", "spec", list, "env"],
    item: true as const,
    by: RELOADER,
    test: ({ liveValue }: DifferenceAt) => isReloaderVariable(liveValue),
    reason: "controller" as const,
    rule: "Reloader restarts Pods when their configuration changes",
    source: "stakater/Reloader internal/pkg/handler/upgrade.go: STAKATER_<name>_CONFIGMAP, _SECRET",
  })),
  ...["containers", "initContainers"].map((list) => ({
    kinds: WORKLOAD,
    place: ["spec", "template", "spec", list, "env"],
    by: RELOADER,
    test: ({ liveValue }: DifferenceAt) => isList(liveValue) && liveValue.every((item) => isReloaderVariable(item)),
    reason: "controller" as const,
    rule: "Reloader restarts Pods when their configuration changes",
    source: "stakater/Reloader internal/pkg/handler/upgrade.go: STAKATER_<name>_CONFIGMAP, _SECRET",
  })),
  ...["containers", "initContainers"].map((list) => ({
    kinds: WORKLOAD,
    place: ["spec", "template", "spec", list, "env", "value"],
    on: "any" as const,
    by: RELOADER,
    test: ({ path }: DifferenceAt) => {
      const item = path.at(-2);
      return item?.kind === "key" && isReloaderVariable(item.keys);
    },
    reason: "controller" as const,
    rule: "Reloader restarts Pods when their configuration changes",
    source: "stakater/Reloader internal/pkg/handler/upgrade.go: STAKATER_<name>_CONFIGMAP, _SECRET",
  })),
  {
    kinds: kindsOf("argoproj.io", "Application"),
    place: ["operation"],
    by: SYNCERS,
    reason: "controller",
    rule: "Argo CD's own request to sync, until it is done",
    source: "argo-cd pkg/apis/application/v1alpha1/types.go, Application.Operation; util/argo/argo.go, SetAppOperation",
  },
  {
    kinds: kindsOf("argoproj.io", "ApplicationSet"),
    place: ["spec", "generators"],
    on: "any",
    by: SETS,
    test: ({ desiredValue, liveValue }) =>
      desiredValue !== undefined && liveValue !== undefined && equalValues(desiredValue, withoutBlanks(liveValue)),
    reason: "controller",
    rule: "Argo CD writes generators' templates that Git leaves out as blank ones",
    source:
      "argo-cd applicationset/controllers/applicationset_controller.go: it updates the whole object after a refresh",
  },
  // A VerticalPodAutoscaler writes to Pods, never to what makes them: only its own writes are its own.
  ...[
    ["spec", "containers", "resources", "**"],
    ["spec", "template", "spec", "containers", "resources", "**"],
  ].map((place) => ({
    place,
    on: "any" as const,
    by: RESIZERS,
    test: ({ ref }: DifferenceAt, { resized }: { readonly resized: ReadonlySet<string> }) => resized.has(refKey(ref)),
    reason: "controller" as const,
    rule: "requests that a VerticalPodAutoscaler sets",
    source: "kubernetes/autoscaler vertical-pod-autoscaler pkg/updater, pkg/admission-controller",
  })),
];

/** What Argo CD's types print of a template that is not there (`pkg/apis/application/v1alpha1`, ApplicationSetTemplate). */
const BLANK: Value = { metadata: {}, spec: { destination: {}, project: "" } };

/** Generators, at any depth of matrix and merge, without their blank templates. */
function withoutBlanks(value: Value): Value {
  if (isList(value)) return value.map(withoutBlanks);
  if (!isMap(value)) return value;
  const kept = Object.entries(value).filter(([name, one]) => name !== "template" || !equalValues(one, BLANK));
  return Object.fromEntries(kept.map(([name, one]) => [name, withoutBlanks(one)]));
}

/** Git asks for it, on the object or its namespace, and the downscaler notes the number that Git has. */
function isScaledDown(
  { ref, desired, live, desiredValue, liveValue }: DifferenceAt,
  { downscaled }: AdmissionContext,
): boolean {
  if (!downscaled.has(ref.namespace ?? "") && !asksToScaleDown(desired)) return false;
  const noted = textOf(annotationsOf(live), "downscaler/original-replicas");
  return (
    typeof desiredValue === "number" &&
    typeof liveValue === "number" &&
    liveValue < desiredValue &&
    noted === String(desiredValue)
  );
}

/** kube-downscaler is asked by annotations (`downscaler/uptime`, …) of an object or of its namespace. */
export function asksToScaleDown(value: Value): boolean {
  const annotations = annotationsOf(value);
  return isMap(annotations) && Object.keys(annotations).some((name) => ASKING.has(name));
}

/** py-kube-downscaler README.md, "Configuration". */
const ASKING: ReadonlySet<string> = new Set(
  [
    "uptime",
    "downtime",
    "upscale-period",
    "downscale-period",
    "downtime-replicas",
    "force-downtime",
    "force-uptime",
  ].map((name) => `downscaler/${name}`),
);

function annotationsOf(value: Value): Value | undefined {
  return fieldAt(value, "metadata", "annotations");
}

function isReloaderVariable(item: Value | undefined): boolean {
  return /^STAKATER_[A-Z0-9_]+_(?:CONFIGMAP|SECRET)$/.test(textOf(item, "name") ?? "");
}

function differsOnlyIn(declared: Value | undefined, live: Value | undefined, name: string): boolean {
  if (!isMap(live) || (declared !== undefined && !isMap(declared))) return false;
  const others = (map: Value): readonly (readonly [string, Value])[] =>
    Object.entries(map as Readonly<Record<string, Value>>).filter(([key]) => key !== name);
  const [ours, theirs] = [others(declared ?? {}), others(live)];
  return ours.length === theirs.length && ours.every(([key, value]) => equalValues(value, live[key]));
}

/** `app: web` became `app: web-primary`, and nothing else changed. */
function isPrimary(declared: Value | undefined, live: Value | undefined): boolean {
  if (!isMap(declared) || !isMap(live)) return false;
  const names = Object.keys(declared);
  if (names.length !== Object.keys(live).length) return false;
  const moved = names.filter((name) => !equalValues(declared[name], live[name]));
  const name = moved.length === 1 ? moved[0] : undefined;
  const [ours, theirs] = name === undefined ? [] : [textOf(declared, name), textOf(live, name)];
  return ours !== undefined && theirs === `${ours}-primary`;
}

/** The same routes, whatever their destinations weigh. */
function sameButWeights(declared: Value | undefined, live: Value | undefined): boolean {
  if (declared === undefined || live === undefined) return typeof (declared ?? live) === "number";
  if (isList(declared)) {
    return (
      isList(live) &&
      declared.length === live.length &&
      declared.every((item, index) => sameRoute(item, live[index] as Value))
    );
  }
  return isMap(declared) ? sameRoute(declared, live) : typeof declared === "number" && typeof live === "number";
}

function sameRoute(declared: Value, live: Value): boolean {
  if (isList(declared)) return sameButWeights(declared, live);
  if (!isMap(declared) || !isMap(live)) return declared === live;
  return (
    Object.keys(declared).every(
      (name) => name === "weight" || sameField(declared[name] as Value, fieldOf(live, name)),
    ) && Object.keys(live).every((name) => Object.hasOwn(declared, name) || isRouteDefault(name, live[name] as Value))
  );
}

function sameField(declared: Value, live: Value | undefined): boolean {
  return live !== undefined && sameRoute(declared, live);
}

/** What the Gateway API's schema fills in, and a weight that Git leaves out. */
function isRouteDefault(name: string, value: Value): boolean {
  if (name === "weight" || name === "group" || name === "kind") return true;
  return name === "matches" && equalValues(value, [{ path: { type: "PathPrefix", value: "/" } }]);
}
