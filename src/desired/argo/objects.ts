/** Argo CD's own objects, as far as they say what is deployed, from where, and how (argo-cd `pkg/apis/application/v1alpha1`). */

import type { Fault } from "../../core/fault.ts";
import type { DesiredObject, Origin } from "../../core/objects.ts";
import { formatRef, groupOf } from "../../core/refs.ts";
import type { ObjectRef } from "../../core/refs.ts";
import type { RootDeployer } from "../../core/stages.ts";
import { fieldAt, fieldOf, isList, isMap, textOf } from "../../core/value.ts";
import type { Value, ValueMap } from "../../core/value.ts";
import { printJson } from "../../yaml/json.ts";

export const ARGO_GROUP = "argoproj.io";

/** Who deploys: an Application, or the ApplicationSet that generates it. */
export interface Declared {
  readonly ref: ObjectRef;
  /** Where Git declares it; of an Application that is generated, its ApplicationSet. */
  readonly origin: Origin;
}

export interface Application extends Declared {
  readonly spec: ValueMap;
  readonly sources: readonly Source[];
  readonly destination: Destination;
  /** Argo CD leaves it alone (`skip-reconcile`). */
  readonly suspended: boolean;
}

/** One of the places that an Application is made from. */
export interface Source {
  /** Normalised as the controller does it: an option without any content is none. */
  readonly value: ValueMap;
  readonly repoURL: string;
  /** As written; absent: the default branch. */
  readonly revision?: string;
  /** As written. */
  readonly path: string;
  /** A chart of a Helm repository. */
  readonly chart?: string;
  /** What other sources call it. */
  readonly ref?: string;
}

export interface Destination {
  readonly server: string;
  readonly name: string;
  readonly namespace: string;
}

/** `undefined` for every other kind, and for what lacks a spec. */
export function applicationOf({ ref, value, origin }: DesiredObject): Application | undefined {
  const spec = specOf(ref, value, "Application");
  if (spec === undefined) return undefined;
  const skip = textOf(fieldAt(value, "metadata", "annotations"), "argocd.argoproj.io/skip-reconcile");
  return {
    ref,
    origin,
    spec,
    sources: sourcesOf(spec),
    destination: destinationOf(spec),
    suspended: skip === "true",
  };
}

export interface ApplicationSet extends Declared {
  readonly spec: ValueMap;
}

/** `undefined` for every other kind, and for what lacks a spec. */
export function applicationSetOf({ ref, value, origin }: DesiredObject): ApplicationSet | undefined {
  const spec = specOf(ref, value, "ApplicationSet");
  return spec === undefined ? undefined : { ref, origin, spec };
}

function specOf(ref: ObjectRef, value: ValueMap, kind: string): ValueMap | undefined {
  const spec = fieldOf(value, "spec");
  return ref.kind === kind && groupOf(ref.apiVersion) === ARGO_GROUP && isMap(spec) ? spec : undefined;
}

/** `sources` goes before `source`. */
function sourcesOf(spec: ValueMap): readonly Source[] {
  const several = listAt(spec, "sources").filter(isMap);
  const one = fieldOf(spec, "source");
  return (several.length > 0 ? several : isMap(one) ? [one] : []).map(sourceOf);
}

/** Also of what `.argocd-source.yaml` says over it. */
export function sourceOf(written: ValueMap): Source {
  const value: Record<string, Value> = { ...written };
  for (const tool of ["kustomize", "helm", "directory", "plugin"]) {
    const options = fieldOf(written, tool);
    // argo-cd `util/argo`, NormalizeSource: a plugin without options is a plugin all the same.
    if (!isMap(options) || (tool !== "plugin" && isZero(options))) delete value[tool];
  }
  const revision = textOf(written, "targetRevision") ?? "";
  const chart = textOf(written, "chart") ?? "";
  const ref = textOf(written, "ref") ?? "";
  return {
    value,
    repoURL: textOf(written, "repoURL") ?? "",
    path: textOf(written, "path") ?? "",
    ...(revision === "" ? {} : { revision }),
    ...(chart === "" ? {} : { chart }),
    ...(ref === "" ? {} : { ref }),
  };
}

/** Go's zero values, at any depth. */
function isZero(value: Value): boolean {
  if (isMap(value)) return Object.values(value).every(isZero);
  if (isList(value)) return value.length === 0;
  return value === null || value === "" || value === false || value === 0;
}

function destinationOf(spec: ValueMap): Destination {
  const destination = fieldOf(spec, "destination");
  return {
    server: textOf(destination, "server") ?? "",
    name: textOf(destination, "name") ?? "",
    namespace: textOf(destination, "namespace") ?? "",
  };
}

/** `namespace/name`. */
export function declaredKey({ ref }: Pick<Declared, "ref">): string {
  return `${ref.kind} ${ref.namespace ?? ""}/${ref.name}`;
}

export function argoDeployer({ ref, origin, suspended, spec }: Application): RootDeployer {
  return { kind: "argo-cd-application", ref, file: origin.file, suspended, spec };
}

/** The items of a list; none where it is no list. */
export function listAt(value: Value | undefined, ...names: readonly string[]): readonly Value[] {
  const found = fieldAt(value, ...names);
  return isList(found) ? found : [];
}

/** The texts of a list. */
export function textsAt(value: Value | undefined, ...names: readonly string[]): readonly string[] {
  return listAt(value, ...names).filter((one) => typeof one === "string");
}

export interface ArgoFault {
  readonly what: string;
  readonly remedy?: string;
  /** Default: `declared`. */
  readonly leavesUnknown?: Fault["leavesUnknown"];
}

/** `Application/web in argocd` and what it does that holdfast does not follow. */
export function argoFault({ ref, origin }: Declared, { what, remedy, leavesUnknown = "declared" }: ArgoFault): Fault {
  const name = formatRef(ref);
  return {
    kind: "fault",
    code: "deployer-unsupported",
    about: name,
    message: `${name} ${what}`,
    remedy: remedy ?? "render it to manifests, or leave it: what it deploys is not compared",
    position: { file: origin.file, line: 1 },
    leavesUnknown,
  };
}

/** Text of a repository in a message. */
export function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}

export function jsonBytes(value: Value): Uint8Array {
  return Buffer.from(printJson(value));
}
