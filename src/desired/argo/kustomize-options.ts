/**
 * What Argo CD makes of a kustomization before it builds it: it edits the file by `kustomize edit` as the Application's
 * options ask for (argo-cd `util/kustomize`; kustomize `commands/edit`).
 */

import { fieldOf, isList, isMap, setField, textOf, withField } from "../../core/value.ts";
import type { Value, ValueMap } from "../../core/value.ts";
import { compareText } from "../../core/value.ts";
import { expanded } from "./environment.ts";
import type { Environment } from "./environment.ts";
import { listAt, textsAt } from "./objects.ts";

export interface KustomizeOptions {
  /** `source.kustomize`. */
  readonly options: ValueMap;
  readonly environment: Environment;
  /** Whether the folder is there, as the kustomization names it. */
  readonly isFolder: (written: string) => boolean;
}

export type Edited =
  | { readonly kind: "edited"; readonly value: ValueMap }
  /** Why kustomize refuses, as the end of a sentence. */
  | { readonly kind: "refused"; readonly why: string };

/** The kustomization that is built. */
export function edited(own: ValueMap, { options, environment, isFolder }: KustomizeOptions): Edited {
  let value = own;
  for (const name of ["namePrefix", "nameSuffix", "namespace"]) {
    const text = textOf(options, name) ?? "";
    if (text !== "") value = withField(value, name, text);
  }
  const images = textsAt(options, "images").map((image) => expanded(image, environment));
  if (images.length > 0) value = withField(value, "images", withImages(listAt(value, "images"), images));
  const replicas = listAt(options, "replicas").filter(isMap);
  if (replicas.length > 0) value = withField(value, "replicas", withReplicas(listAt(value, "replicas"), replicas));
  const labelled = withLabels(value, options, environment);
  if (labelled.kind === "refused") return labelled;
  const annotated = withAnnotations(labelled.value, options, environment);
  if (annotated.kind === "refused") return annotated;
  value = annotated.value;
  const patches = listAt(options, "patches");
  if (patches.length > 0) value = withField(value, "patches", [...listAt(value, "patches"), ...patches]);
  const known = listAt(value, "components");
  const lenient = fieldOf(options, "ignoreMissingComponents") === true;
  const components = textsAt(options, "components").filter(
    (one) => !known.includes(one) && (!lenient || isFolder(one)),
  );
  if (components.length > 0) value = withField(value, "components", [...known, ...components]);
  return { kind: "edited", value };
}

/** By name, each as `[name=]image[:tag][@digest]`, where `*` keeps what was there. */
function withImages(own: readonly Value[], written: readonly string[]): readonly Value[] {
  const images = new Map(own.map((image) => [textOf(image, "name") ?? "", image]));
  for (const text of written) {
    const image = imageOf(text);
    const before = images.get(image.name);
    const value: Record<string, Value> = { name: image.name };
    for (const field of ["newName", "newTag", "digest"] as const) {
      const next = image[field] === "*" ? textOf(before, field) : image[field];
      if (next !== undefined && next !== "") value[field] = next;
    }
    images.set(image.name, value);
  }
  return sorted(images);
}

interface Image {
  readonly name: string;
  readonly newName?: string;
  readonly newTag?: string;
  readonly digest?: string;
}

function imageOf(text: string): Image {
  const equals = text.indexOf("=");
  const written = text.slice(equals + 1);
  const [before = "", digest] = splitAt(written, written.indexOf("@"));
  // A colon before the last slash is a registry's port.
  const colon = before.lastIndexOf(":");
  const [image = "", newTag] = splitAt(before, colon > before.lastIndexOf("/") ? colon : -1);
  return {
    ...(equals < 0 ? { name: image } : { name: text.slice(0, equals), newName: image }),
    ...(newTag === undefined ? {} : { newTag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

function splitAt(text: string, at: number): readonly [string] | readonly [string, string] {
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function withReplicas(own: readonly Value[], written: readonly ValueMap[]): readonly Value[] {
  const replicas = new Map(own.map((one) => [textOf(one, "name") ?? "", one]));
  for (const one of written) {
    const name = textOf(one, "name") ?? "";
    const count = fieldOf(one, "count");
    replicas.set(name, { name, count: typeof count === "string" ? Number(count) : (count ?? 0) });
  }
  return sorted(replicas);
}

function sorted(byName: ReadonlyMap<string, Value>): readonly Value[] {
  return [...byName].toSorted(([a], [b]) => compareText(a, b)).map(([, one]) => one);
}

function withLabels(value: ValueMap, options: ValueMap, environment: Environment): Edited {
  const added = textsIn(options, "commonLabels", (text) => expanded(text, environment));
  if (added.size === 0) return { kind: "edited", value };
  const force = fieldOf(options, "forceCommonLabels") === true;
  const templates = fieldOf(options, "labelIncludeTemplates") === true;
  if (fieldOf(options, "labelWithoutSelector") !== true) {
    return templates
      ? { kind: "refused", why: "labels are put into templates (labelIncludeTemplates) and into selectors" }
      : withTexts(value, "commonLabels", { added, force });
  }
  const labels = listAt(value, "labels");
  const at = labels.findIndex((one) => isWithoutSelectors(one, templates));
  const entry = labels[at];
  const start: ValueMap = isMap(entry) ? entry : templates ? { includeTemplates: true } : {};
  const done = withTexts(start, "pairs", { added, force });
  if (done.kind === "refused") return done;
  const next = at < 0 ? [...labels, done.value] : labels.map((one, index) => (index === at ? done.value : one));
  return { kind: "edited", value: withField(value, "labels", next) };
}

/** The entry that such labels belong to. */
function isWithoutSelectors(entry: Value, templates: boolean): boolean {
  return fieldOf(entry, "includeSelectors") !== true && (fieldOf(entry, "includeTemplates") === true) === templates;
}

function withAnnotations(value: ValueMap, options: ValueMap, environment: Environment): Edited {
  const substituted = fieldOf(options, "commonAnnotationsEnvsubst") === true;
  const added = textsIn(options, "commonAnnotations", (text) => (substituted ? expanded(text, environment) : text));
  const force = fieldOf(options, "forceCommonAnnotations") === true;
  return added.size === 0 ? { kind: "edited", value } : withTexts(value, "commonAnnotations", { added, force });
}

function textsIn(options: ValueMap, name: string, change: (text: string) => string): ReadonlyMap<string, string> {
  const map = fieldOf(options, name);
  const texts = new Map<string, string>();
  for (const [key, text] of isMap(map) ? Object.entries(map) : []) {
    if (typeof text === "string") texts.set(key, change(text));
  }
  return texts;
}

function withTexts(
  value: ValueMap,
  name: string,
  { added, force }: { readonly added: ReadonlyMap<string, string>; readonly force: boolean },
): Edited {
  const own = fieldOf(value, name);
  const merged: Record<string, Value> = isMap(own) && !isList(own) ? { ...own } : {};
  for (const [key, text] of added) {
    if (Object.hasOwn(merged, key) && !force) {
      return { kind: "refused", why: `${key} is in ${name} of the kustomization already, and nothing forces it` };
    }
    setField(merged, key, text);
  }
  return { kind: "edited", value: withField(value, name, merged) };
}
