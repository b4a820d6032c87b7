/** Flux' own objects, as far as they say what is deployed, from where, and how (kustomize-controller `api/v1`). */

import type { DesiredObject } from "../../core/objects.ts";
import { groupOf } from "../../core/refs.ts";
import type { ObjectRef } from "../../core/refs.ts";
import { fieldAt, fieldOf, isList, isMap, textOf } from "../../core/value.ts";
import type { Value, ValueMap } from "../../core/value.ts";
import { cleanPath } from "../paths.ts";

export const KUSTOMIZE_GROUP = "kustomize.toolkit.fluxcd.io";
export const SOURCE_GROUP = "source.toolkit.fluxcd.io";

export interface FluxKustomization {
  readonly ref: ObjectRef;
  /** Where Git declares it. */
  readonly file: string;
  /** The folder that it deploys; absent where it leaves the repository. */
  readonly path?: string;
  readonly source: FluxSource;
  readonly spec: ValueMap;
  readonly suspended: boolean;
  /** It deploys to another cluster than the one that it lives in. */
  readonly remote: boolean;
}

export interface FluxSource {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
}

/** `undefined` for every other kind, and for what lacks a spec. */
export function fluxKustomizationOf({ ref, value, origin }: DesiredObject): FluxKustomization | undefined {
  if (ref.kind !== "Kustomization" || groupOf(ref.apiVersion) !== KUSTOMIZE_GROUP) return undefined;
  const spec = fieldOf(value, "spec");
  if (!isMap(spec)) return undefined;
  const sourceRef = fieldOf(spec, "sourceRef");
  const written = textOf(spec, "path") ?? "";
  // `./apps` and `/apps` are both the artifact's folder (`securejoin`).
  const path = cleanPath(written.replace(/^\/+/, ""));
  return {
    ref,
    file: origin.file,
    ...(path === undefined ? {} : { path }),
    source: {
      kind: textOf(sourceRef, "kind") ?? "",
      name: textOf(sourceRef, "name") ?? "",
      namespace: textOf(sourceRef, "namespace") ?? ref.namespace ?? "",
    },
    spec,
    suspended: fieldOf(spec, "suspend") === true,
    remote: fieldOf(spec, "kubeConfig") !== undefined,
  };
}

/** `namespace/name`: Flux has one kind of it. */
export function fluxKey({ ref }: Pick<FluxKustomization, "ref">): string {
  return `${ref.namespace ?? ""}/${ref.name}`;
}

export interface SubstituteReference {
  readonly kind: string;
  readonly name: string;
  readonly optional: boolean;
}

/** Where the values of variables come from, earlier ones first; inline ones come over all of them. */
export function substituteReferences(spec: ValueMap): readonly SubstituteReference[] {
  const list = fieldAt(spec, "postBuild", "substituteFrom");
  return (isList(list) ? list : []).flatMap((one) => {
    const kind = textOf(one, "kind");
    const name = textOf(one, "name");
    if (kind === undefined || name === undefined) return [];
    return [{ kind, name, optional: fieldOf(one, "optional") === true }];
  });
}

/** Texts by name; other values are left out. */
export function textsIn(map: Value | undefined): ReadonlyMap<string, string> {
  if (!isMap(map)) return new Map();
  return new Map(Object.entries(map).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}
