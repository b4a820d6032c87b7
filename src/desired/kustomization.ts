/** One kustomization file: what it names, read before kustomize is. */

import { isFault } from "../core/fault.ts";
import type { SourceTree } from "../core/stages.ts";
import { fieldOf, isList, isMap, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { decodeText } from "../yaml/content.ts";
import { readYaml } from "../yaml/read.ts";
import { cleanPath } from "./paths.ts";

/** A kustomization and what it names. */
export interface Kustomization {
  readonly path: string;
  readonly file: string;
  /** A part for others to use: by itself it is nothing that could be deployed. */
  readonly component: boolean;
  /** Clean paths of the repository. */
  readonly references: readonly string[];
  /** As written: what is somewhere else, by URL or by a path that leaves the repository. */
  readonly outside: readonly string[];
  /** Charts that it inflates. */
  readonly charts: readonly NamedChart[];
}

export interface NamedChart {
  readonly name: string;
  readonly version?: string;
  readonly repository?: string;
  /** Folders of the repository in which it may stand, by clean paths. */
  readonly homes: readonly string[];
}

/** In kustomize's own order of preference (`konfig.RecognizedKustomizationFileNames`). */
export const KUSTOMIZATION_FILES = ["kustomization.yaml", "kustomization.yml", "Kustomization"] as const;

/** `undefined` where the file holds something else under that name: Flux has a kind `Kustomization` of its own. */
export async function readKustomization(
  tree: SourceTree,
  path: string,
  file: string,
): Promise<Kustomization | undefined> {
  const bytes = await tree.read(file);
  const text = isFault(bytes) ? undefined : decodeText(bytes);
  // One that cannot be read is a root all the same: what it takes in is not known.
  if (text === undefined) return { path, file, component: false, references: [], outside: [], charts: [] };
  const values = readYaml(text, { file }).documents.map((document) => document.value);
  return values.length > 0 && values.every(isOrdinaryObject) ? undefined : kustomizationIn(path, file, values);
}

/** What the documents of a kustomization in this folder name. */
export function kustomizationIn(path: string, file: string, values: readonly Value[]): Kustomization {
  const references = new Set<string>();
  const outside = new Set<string>();
  for (const written of values.flatMap(namedIn)) {
    const reference = resolve(path, written);
    if (reference.kind === "outside") outside.add(written);
    else if (reference.kind === "path" && reference.path !== path) references.add(reference.path);
  }
  const charts = values.flatMap((value) => chartsIn(path, value));
  for (const { homes } of charts) for (const home of homes) references.add(home);
  const component = values.length > 0 && values.every((value) => textOf(value, "kind") === "Component");
  return { path, file, component, references: [...references], outside: [...outside], charts };
}

/** kustomize leaves apiVersion and kind out, or writes its own group. */
function isOrdinaryObject(value: Value): boolean {
  const apiVersion = textOf(value, "apiVersion") ?? "kustomize.config.k8s.io/v1beta1";
  return !apiVersion.startsWith("kustomize.config.k8s.io/");
}

type Reference =
  | { readonly kind: "path"; readonly path: string }
  | { readonly kind: "outside" }
  /** A patch that is written out in place of its file's name. */
  | { readonly kind: "inline" };

/** A relative path as a clean path of the repository. */
function resolve(folder: string, written: string): Reference {
  if (written.includes("\n") || /^\s*[{[]/.test(written)) return { kind: "inline" };
  if (written.length > 1000 || written.startsWith("/") || isRemote(written)) return { kind: "outside" };
  const path = cleanPath(`${folder}/${written}`.replace(/^\//, ""));
  return path === undefined ? { kind: "outside" } : { kind: "path", path };
}

/** What kustomize would fetch: URLs, git's own addresses, and hosts that it knows (`api/internal/git/repospec.go`). */
function isRemote(written: string): boolean {
  return (
    /^(?:[a-z][a-z0-9+.-]*::)?[a-z][a-z0-9+.-]*:\/\//i.test(written) ||
    /^(?:[a-z]+::)?[\w.-]+@[\w.-]+:/i.test(written) ||
    /^git::/i.test(written) ||
    /^(?:[\w-]+\.)*(?:github|gitlab|bitbucket|azure|visualstudio)\.(?:com|org)[/:]/i.test(written) ||
    /[?&](?:ref|version|timeout|submodules)=/.test(written)
  );
}

/** The fields that hold one path, or lists of paths (kustomize `api/types/kustomization.go`). */
const PATH_LISTS = [
  "resources",
  "bases",
  "components",
  "patchesStrategicMerge",
  "crds",
  "configurations",
  "generators",
  "transformers",
  "validators",
] as const;

/** Every relative path that a kustomization names. */
function namedIn(kustomization: Value): readonly string[] {
  const lists = PATH_LISTS.flatMap((name) => texts(fieldOf(kustomization, name)));
  const patches = ["patches", "patchesJson6902", "replacements"].flatMap((name) =>
    items(fieldOf(kustomization, name)).map((item) => textOf(item, "path")),
  );
  const generators = ["configMapGenerator", "secretGenerator"].flatMap((name) =>
    items(fieldOf(kustomization, name)).flatMap(generatorFiles),
  );
  const openapi = textOf(fieldOf(kustomization, "openapi"), "path");
  return [...lists, ...patches, ...generators, ...helmFiles(kustomization), openapi].filter(
    (path) => path !== undefined && path !== "",
  ) as readonly string[];
}

/** `files` may give a key: `key=path`. */
function generatorFiles(generator: Value): readonly (string | undefined)[] {
  const files = texts(fieldOf(generator, "files")).map((file) => file.slice(file.indexOf("=") + 1));
  return [...files, ...texts(fieldOf(generator, "envs")), textOf(generator, "env")];
}

function helmFiles(kustomization: Value): readonly (string | undefined)[] {
  return items(fieldOf(kustomization, "helmCharts")).flatMap((chart) => [
    textOf(chart, "valuesFile"),
    ...texts(fieldOf(chart, "additionalValuesFiles")),
  ]);
}

/** A chart of a repository stands in a folder with its version (kustomize `HelmChartInflationGenerator.absChartHome`). */
function chartsIn(folder: string, kustomization: Value): readonly NamedChart[] {
  const home = textOf(fieldOf(kustomization, "helmGlobals"), "chartHome") ?? "charts";
  return items(fieldOf(kustomization, "helmCharts")).flatMap((chart) => {
    const name = textOf(chart, "name");
    if (name === undefined) return [];
    const version = textOf(chart, "version");
    const repository = textOf(chart, "repo");
    const versioned = version === undefined || repository === undefined ? [] : [`${home}/${name}-${version}/${name}`];
    const homes = [...versioned, `${home}/${name}`].flatMap((written) => {
      const found = resolve(folder, written);
      return found.kind === "path" ? [found.path] : [];
    });
    const place = {
      ...(version === undefined ? {} : { version }),
      ...(repository === undefined ? {} : { repository }),
    };
    return [{ name, homes, ...place }];
  });
}

/** The maps of a list. */
function items(value: Value | undefined): readonly Value[] {
  return isList(value) ? value.filter(isMap) : [];
}

function texts(value: Value | undefined): readonly string[] {
  return isList(value) ? value.filter((item) => typeof item === "string") : [];
}
