/**
 * What kustomize-controller makes of a folder before it builds it: a kustomization where the folder has none, with what the
 * Flux Kustomization itself asks for on top (fluxcd `pkg/kustomize`, Generator).
 */

import { fieldOf, isList, isMap, textOf, withField } from "../../core/value.ts";
import type { Value, ValueMap } from "../../core/value.ts";

const API_VERSION = "kustomize.config.k8s.io/v1beta1";

export interface OverlayInput {
  /** The folder's own kustomization; absent where it has none. */
  readonly own?: ValueMap;
  /** Files and folders, from the folder, that a kustomization that is made takes in. */
  readonly resources: readonly string[];
  /** Of the Flux Kustomization. */
  readonly spec: ValueMap;
  /** Whether a path from the folder leads to something. Default: all do. */
  readonly exists?: (path: string) => boolean;
}

/** The kustomization that is built. */
export function overlaid({ own, resources, spec, exists }: OverlayInput): ValueMap {
  const start = own ?? made(resources);
  let built: ValueMap = { ...start, apiVersion: textOf(start, "apiVersion") ?? API_VERSION };
  built = withField(built, "kind", textOf(start, "kind") ?? "Kustomization");
  // Not for its own sake: kustomize refuses one that is empty. What comes out carries the notes all the same.
  if (own !== undefined && listOf(own, "resources").length === 0) {
    built = withField(built, "buildMetadata", ["originAnnotations"]);
  }
  for (const [from, to] of TEXTS) {
    const text = textOf(spec, from);
    if (text !== undefined && text !== "") built = withField(built, to, text);
  }
  for (const name of LISTS) {
    const added = name === "components" ? componentsOf(spec, exists) : listOf(spec, name);
    if (added.length > 0) built = withField(built, name, [...listOf(built, name), ...added]);
  }
  const metadata = listOf(spec, "buildMetadata");
  if (metadata.length > 0) built = withField(built, "buildMetadata", metadata);
  const images = fieldOf(spec, "images");
  return isList(images) && images.length > 0
    ? withField(built, "images", withImages(listOf(built, "images"), images))
    : built;
}

const TEXTS = [
  ["targetNamespace", "namespace"],
  ["namePrefix", "namePrefix"],
  ["nameSuffix", "nameSuffix"],
] as const;

/** Added after what the kustomization has; the last two are of older Flux versions. */
const LISTS = ["patches", "components", "patchesStrategicMerge", "patchesJson6902"] as const;

/** kustomize refuses one that is empty. */
function made(resources: readonly string[]): ValueMap {
  return resources.length === 0 ? { namespace: "_placeholder" } : { resources };
}

function componentsOf(spec: ValueMap, exists: OverlayInput["exists"]): readonly Value[] {
  const components = listOf(spec, "components");
  if (exists === undefined || fieldOf(spec, "ignoreMissingComponents") !== true) return components;
  return components.filter((component) => typeof component !== "string" || exists(component));
}

function listOf(map: ValueMap, name: string): readonly Value[] {
  const list = fieldOf(map, name);
  return isList(list) ? list : [];
}

/** An image that is there is changed field by field; a tag and a digest go together. */
function withImages(own: readonly Value[], added: readonly Value[]): readonly Value[] {
  const images = [...own];
  for (const image of added) {
    if (!isMap(image)) continue;
    const at = images.findIndex((one) => textOf(one, "name") === textOf(image, "name"));
    const known = images[at];
    if (at < 0 || !isMap(known)) images.push(image);
    else images[at] = mergedImage(known, image);
  }
  return images;
}

function mergedImage(own: ValueMap, added: ValueMap): ValueMap {
  const name = textOf(added, "newName");
  const tag = textOf(added, "newTag");
  const digest = textOf(added, "digest");
  const renamed = name === undefined || name === "" ? own : withField(own, "newName", name);
  if ((tag ?? "") === "" && (digest ?? "") === "") return renamed;
  return withField(withField(renamed, "newTag", tag), "digest", digest);
}
