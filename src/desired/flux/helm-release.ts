/** Flux HelmReleases, as far as they say which chart is deployed, and how (helm-controller `api/v2`). */

import type { DesiredObject } from "../../core/objects.ts";
import { groupOf } from "../../core/refs.ts";
import type { ObjectRef } from "../../core/refs.ts";
import { fieldAt, fieldOf, isList, isMap, setField, textOf } from "../../core/value.ts";
import type { Value, ValueMap } from "../../core/value.ts";

const HELM_GROUP = "helm.toolkit.fluxcd.io";

export interface HelmRelease {
  readonly ref: ObjectRef;
  /** Where Git declares it. */
  readonly file: string;
  readonly release: string;
  /** Where its objects go that name no namespace. */
  readonly namespace: string;
  readonly chart: ReleaseChart;
  /** Lower ones first; the release's own come last. */
  readonly valuesFrom: readonly ValuesReference[];
  readonly values: ValueMap;
  readonly spec: ValueMap;
  readonly suspended: boolean;
  /** It deploys to another cluster than the one that it lives in. */
  readonly remote: boolean;
}

/** The object that the chart comes from, and which chart of it. */
export interface ReleaseChart {
  readonly source: { readonly kind: string; readonly name: string; readonly namespace: string };
  /** A chart's name, or its folder in the source; absent where the source is one chart. */
  readonly chart?: string;
  /** As written: may be a range. */
  readonly version?: string;
  readonly valuesFiles: readonly string[];
}

export interface ValuesReference {
  readonly kind: string;
  readonly name: string;
  readonly key: string;
  /** Where in the values the text goes; absent: it is a document of values. */
  readonly targetPath?: string;
  readonly optional: boolean;
}

/** `undefined` for every other kind, and for what names no chart. */
export function helmReleaseOf({ ref, value, origin }: DesiredObject): HelmRelease | undefined {
  if (ref.kind !== "HelmRelease" || groupOf(ref.apiVersion) !== HELM_GROUP) return undefined;
  const spec = fieldOf(value, "spec");
  const own = ref.namespace ?? "";
  const chart = isMap(spec) ? chartOf(spec, own) : undefined;
  if (!isMap(spec) || chart === undefined) return undefined;
  const into = textOf(spec, "targetNamespace") ?? "";
  const values = fieldOf(spec, "values");
  return {
    ref,
    file: origin.file,
    release: textOf(spec, "releaseName") ?? (into === "" ? ref.name : `${into}-${ref.name}`),
    namespace: into === "" ? own : into,
    chart,
    valuesFrom: valuesReferences(spec),
    values: isMap(values) ? values : {},
    spec,
    suspended: fieldOf(spec, "suspend") === true,
    remote: fieldOf(spec, "kubeConfig") !== undefined,
  };
}

function chartOf(spec: ValueMap, namespace: string): ReleaseChart | undefined {
  const reference = fieldOf(spec, "chartRef");
  if (isMap(reference)) return { source: sourceOf(reference, namespace), valuesFiles: [] };
  const chart = fieldAt(spec, "chart", "spec");
  const name = textOf(chart, "chart");
  if (name === undefined) return undefined;
  const version = textOf(chart, "version");
  const files = fieldOf(chart, "valuesFiles");
  return {
    source: sourceOf(fieldOf(chart, "sourceRef"), namespace),
    chart: name,
    ...(version === undefined ? {} : { version }),
    valuesFiles: isList(files) ? files.filter((file) => typeof file === "string") : [],
  };
}

function sourceOf(reference: Value | undefined, namespace: string): ReleaseChart["source"] {
  return {
    kind: textOf(reference, "kind") ?? "",
    name: textOf(reference, "name") ?? "",
    namespace: textOf(reference, "namespace") ?? namespace,
  };
}

function valuesReferences(spec: ValueMap): readonly ValuesReference[] {
  const list = fieldOf(spec, "valuesFrom");
  return (isList(list) ? list : []).flatMap((one) => {
    const kind = textOf(one, "kind");
    const name = textOf(one, "name");
    if (kind === undefined || name === undefined) return [];
    const targetPath = textOf(one, "targetPath");
    return [
      {
        kind,
        name,
        key: textOf(one, "valuesKey") ?? "values.yaml",
        optional: fieldOf(one, "optional") === true,
        ...(targetPath === undefined || targetPath === "" ? {} : { targetPath }),
      },
    ];
  });
}

/**
 * The values that a text at a path stands for, as Helm's `--set` would have it; `undefined` for paths into lists. A quoted
 * text stays a text.
 */
export function valuesAt(path: string, text: string): ValueMap | undefined {
  if (/[[\]{},=\\]/.test(path)) return undefined;
  let value: Value = typed(text);
  for (const name of path.split(".").toReversed()) {
    if (name === "") return undefined;
    const map: Record<string, Value> = {};
    setField(map, name, value);
    value = map;
  }
  return value as ValueMap;
}

/** helm `pkg/strvals`: true, false, null, and whole numbers without a leading zero. */
function typed(text: string): Value {
  const quoted = /^(["'])(.*)\1$/s.exec(text);
  if (quoted !== null) return quoted[2] ?? "";
  if (text === "true" || text === "false") return text === "true";
  if (text === "null") return null;
  return /^-?(?:0|[1-9]\d{0,15})$/.test(text) ? Number(text) : text;
}
