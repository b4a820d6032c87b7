/**
 * Which scalars may be dyed. Some decide what is rendered and how: what an object is called, which file is read, which
 * object a patch is for. Those are changed by themselves, and never where they do nothing else.
 */

import { groupOf } from "../../core/refs.ts";
import { KUSTOMIZATION_FILES } from "../kustomization.ts";
import { baseName } from "../paths.ts";
import type { Step, WrittenDocument, WrittenScalar } from "./scalars.ts";

export type WrittenRule = "free" | "alone" | "never";

export function writtenRule(scalar: WrittenScalar): WrittenRule {
  const { path, document, within, file } = scalar;
  const [outer] = within;
  if (outer !== undefined && holderRule(outer.path, outer.document, file) === "never") return "never";
  return innerRule(path, document, file, outer !== undefined);
}

/** Of text that holds YAML: whatever it is a part of is not changed as such. */
function holderRule(path: readonly Step[], document: WrittenDocument, file: string): WrittenRule {
  if (!isKustomization(document, file)) return "free";
  return TEXTS_OF_KUSTOMIZATION.test(shapeOf(path)) ? "free" : "never";
}

const TEXTS_OF_KUSTOMIZATION =
  /^(?:(?:patches|patchesJson6902)\.#\.patch|patchesStrategicMerge\.#|(?:generators|transformers)\.#|configMapGenerator\.#\.literals\.#)$/;

function innerRule(path: readonly Step[], document: WrittenDocument, file: string, within: boolean): WrittenRule {
  if (document.list) return operationRule(path);
  if (!within && isKustomization(document, file)) return kustomizationRule(path);
  const shape = shapeOf(path);
  if (document.kind !== undefined) {
    if (/^(?:apiVersion|kind|metadata\.name|metadata\.namespace)$/.test(shape)) return "never";
    if (/^items\.#\.(?:apiVersion|kind|metadata\.name|metadata\.namespace)$/.test(shape)) return "never";
    return objectRule(path, shape, document);
  }
  if (baseName(file) === "Chart.yaml") return "alone";
  return "free";
}

/** Of a JSON patch only what it puts in. */
function operationRule(path: readonly Step[]): WrittenRule {
  if (typeof path[0] !== "number" || path[1] !== "value") return "never";
  return path.length === 2 ? "free" : keyRule(path);
}

function objectRule(path: readonly Step[], shape: string, { apiVersion = "", kind }: WrittenDocument): WrittenRule {
  if (/\.?\$(?:patch|retainKeys|setElementOrder)/.test(shape)) return "never";
  const group = groupOf(apiVersion);
  if (group === "kustomize.toolkit.fluxcd.io" && kind === "Kustomization") {
    return /^spec\.(?:postBuild\.substitute\.|commonMetadata\.|images\.#\.(?:newTag|digest)$|interval$|timeout$|retryInterval$)/.test(
      shape,
    ) || shape.startsWith("metadata.")
      ? "free"
      : "alone";
  }
  if (group === "helm.toolkit.fluxcd.io")
    return shape.startsWith("spec.chart") ? "alone" : valuesRule(path, shape, "spec.values.");
  if (group === "argoproj.io" && (kind === "Application" || kind === "ApplicationSet")) {
    return /(?:^|\.)(?:helm\.(?:valuesObject\.|parameters\.#\.value$)|kustomize\.images\.#$|kustomize\.replicas\.#\.count$|kustomize\.common(?:Labels|Annotations)\.)/.test(
      shape,
    )
      ? "free"
      : "alone";
  }
  return keyRule(path);
}

function valuesRule(path: readonly Step[], shape: string, prefix: string): WrittenRule {
  return shape.startsWith(prefix) ? "free" : keyRule(path);
}

/** Names, what lists are merged by, and what selects. */
function keyRule(path: readonly Step[]): WrittenRule {
  const last = path.at(-1);
  if (typeof last === "string" && KEYS.has(last)) return "alone";
  return path.some((step) => typeof step === "string" && /selector|matchLabels|matchExpressions/i.test(step))
    ? "alone"
    : "free";
}

const KEYS = new Set([
  "name",
  "namespace",
  "containerPort",
  "port",
  "mountPath",
  "devicePath",
  "ip",
  "topologyKey",
  "protocol",
]);

function kustomizationRule(path: readonly Step[]): WrittenRule {
  const shape = shapeOf(path);
  // Another entry may be for the image of that name.
  if (shape === "images.#.newName") return "alone";
  return OF_KUSTOMIZATION.test(shape) ? "free" : "never";
}

const OF_KUSTOMIZATION = new RegExp(
  [
    "images\\.#\\.(?:newTag|digest)$",
    "replicas\\.#\\.count$",
    "replacements\\.#\\.sourceValue$",
    "(?:configMapGenerator|secretGenerator)\\.#\\.(?:literals\\.#$|options\\.(?:labels|annotations)\\.)",
    "generatorOptions\\.(?:labels|annotations)\\.",
    "labels\\.#\\.pairs\\.",
    "commonLabels\\.",
    "commonAnnotations\\.",
    "helmCharts\\.#\\.valuesInline\\.",
    "helmChartInflationGenerator\\.#\\.valuesLocal\\.",
  ]
    .map((one) => `^${one}`)
    .join("|"),
);

export function isKustomization({ apiVersion, kind }: WrittenDocument, file: string): boolean {
  if (apiVersion !== undefined) return groupOf(apiVersion) === "kustomize.config.k8s.io";
  return (
    KUSTOMIZATION_FILES.some((name) => name === baseName(file)) && (kind === undefined || kind === "Kustomization")
  );
}

/** List positions as `#`. */
export function shapeOf(path: readonly Step[]): string {
  return path.map((step) => (typeof step === "number" ? "#" : step)).join(".");
}
