/** Finds the folders that a renderer must build: kustomizations and Helm charts. None of their files is a plain manifest. */

import { isFault } from "../core/fault.ts";
import type { RenderRoot, SourceFile, SourceTree } from "../core/stages.ts";
import { fieldOf, isList, isMap, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { decodeText } from "../yaml/content.ts";
import { readYaml } from "../yaml/read.ts";
import { baseName, cleanPath, folderOf, isWithin, isWithinAny, joinPath } from "./paths.ts";

export interface FoundRoots {
  /** The ends: roots that no other root of the target reaches. */
  readonly roots: readonly (Pick<RenderRoot, "path"> & {
    readonly renderer: "kustomize" | "helm";
    readonly file: string;
  })[];
  /** Folders whose files, at any depth, are a root's. */
  readonly folders: ReadonlySet<string>;
  /** Files elsewhere that a kustomization takes in. */
  readonly files: ReadonlySet<string>;
}

/** A kustomization and what it names, as clean paths of the repository. */
interface Kustomization {
  readonly path: string;
  readonly file: string;
  readonly references: readonly string[];
}

/** In kustomize's own order of preference (`konfig.RecognizedKustomizationFileNames`). */
const KUSTOMIZATION_FILES = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/**
 * @param files the files of the whole repository
 * @param inScope which of them the target covers
 */
export async function findRoots(
  tree: SourceTree,
  files: readonly SourceFile[],
  inScope: readonly SourceFile[],
): Promise<FoundRoots> {
  const charts = new Set(
    files.filter((file) => baseName(file.path) === "Chart.yaml").map((file) => folderOf(file.path)),
  );
  const kustomizations = await readKustomizations(tree, files, inScope);
  const scope = new Set(inScope.map((file) => file.path));
  const scoped = [...kustomizations.values()].filter((one) => scope.has(one.file));
  const reached = new Map(scoped.map((one) => [one.path, reachOf(one, kustomizations)]));
  const ends = endsOf(scoped, reached);
  const covered = new Set(scoped.flatMap((one) => [...(reached.get(one.path) ?? [])]));
  const topCharts = [...charts].filter(
    (chart) => !isChartOf(chart, charts) && !covered.has(chart) && covers(inScope, chart, scope),
  );
  return {
    roots: [
      ...ends.map(({ path, file }) => ({ path, renderer: "kustomize" as const, file })),
      ...topCharts.map((path) => ({ path, renderer: "helm" as const, file: joinPath(path, "Chart.yaml") })),
    ].sort((a, b) => (a.file < b.file ? -1 : 1)),
    folders: new Set([...charts, ...scoped.map((one) => one.path)]),
    files: covered,
  };
}

/** Whether the target covers the chart, or lies within it. */
function covers(inScope: readonly SourceFile[], chart: string, scope: ReadonlySet<string>): boolean {
  const [first] = inScope;
  return scope.has(joinPath(chart, "Chart.yaml")) || (first !== undefined && isWithin(first.path, chart));
}

/** Whether a chart stands in another chart: a dependency, rendered with it. */
function isChartOf(chart: string, charts: ReadonlySet<string>): boolean {
  return chart !== "" && isWithinAny(folderOf(chart), charts);
}

/** The target's kustomizations and all that they reach, by folder. */
async function readKustomizations(
  tree: SourceTree,
  files: readonly SourceFile[],
  inScope: readonly SourceFile[],
): Promise<ReadonlyMap<string, Kustomization>> {
  const byFolder = new Map<string, string>();
  for (const name of KUSTOMIZATION_FILES.toReversed()) {
    for (const file of files) if (baseName(file.path) === name) byFolder.set(folderOf(file.path), file.path);
  }
  await tree.prefetch?.([...byFolder.values()]); // A fault here is a fault of each file, when it is read.
  const scope = new Set(inScope.map((file) => file.path));
  const found = new Map<string, Kustomization>();
  const waiting = [...byFolder].filter(([, file]) => scope.has(file)).map(([folder]) => folder);
  const seen = new Set(waiting);
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const kustomization = await readKustomization(tree, folder, byFolder.get(folder) as string);
    if (kustomization === undefined) continue;
    found.set(folder, kustomization);
    for (const next of kustomization.references) {
      if (!byFolder.has(next) || seen.has(next)) continue;
      seen.add(next);
      waiting.push(next);
    }
  }
  return found;
}

/** `undefined` where the file holds something else under that name: Flux has a kind `Kustomization` of its own. */
async function readKustomization(tree: SourceTree, path: string, file: string): Promise<Kustomization | undefined> {
  const bytes = await tree.read(file);
  const text = isFault(bytes) ? undefined : decodeText(bytes);
  // One that cannot be read is a root all the same: what it takes in is not known.
  if (text === undefined) return { path, file, references: [] };
  const values = readYaml(text, { file }).documents.map((document) => document.value);
  if (values.length > 0 && values.every(isOrdinaryObject)) return undefined;
  const references = new Set<string>();
  for (const value of values) {
    for (const written of namedIn(value)) {
      const reference = resolve(path, written);
      if (reference !== undefined && reference !== path) references.add(reference);
    }
  }
  return { path, file, references: [...references] };
}

/** kustomize leaves apiVersion and kind out, or writes its own group. */
function isOrdinaryObject(value: Value): boolean {
  const apiVersion = textOf(value, "apiVersion") ?? "kustomize.config.k8s.io/v1beta1";
  return !apiVersion.startsWith("kustomize.config.k8s.io/");
}

/** A relative path as a clean path of the repository; URLs, inline patches and what leaves the repository are none. */
function resolve(folder: string, written: string): string | undefined {
  if (written.length > 1000 || written.includes("\n") || /^[a-z+]+:\/\//i.test(written)) return undefined;
  return cleanPath(written.startsWith("/") ? ".." : `${folder}/${written}`.replace(/^\//, ""));
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
  const home = textOf(fieldOf(kustomization, "helmGlobals"), "chartHome") ?? "charts";
  return items(fieldOf(kustomization, "helmCharts")).flatMap((chart) => [
    textOf(chart, "name") === undefined ? undefined : `${home}/${textOf(chart, "name")}`,
    textOf(chart, "valuesFile"),
    ...texts(fieldOf(chart, "additionalValuesFiles")),
  ]);
}

function items(value: Value | undefined): readonly Value[] {
  return isList(value) ? value.filter(isMap) : [];
}

function texts(value: Value | undefined): readonly string[] {
  return isList(value) ? value.filter((item) => typeof item === "string") : [];
}

/** All paths that a kustomization reaches, through others too; itself only where it goes round. */
function reachOf(from: Kustomization, all: ReadonlyMap<string, Kustomization>): ReadonlySet<string> {
  const reached = new Set<string>();
  const waiting = [...from.references];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    waiting.push(...(all.get(path)?.references ?? []));
  }
  return reached;
}

/** Those that no other reaches; of kustomizations that reach each other in a circle, the first. */
function endsOf(
  scoped: readonly Kustomization[],
  reached: ReadonlyMap<string, ReadonlySet<string>>,
): readonly Kustomization[] {
  const sorted = scoped.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const reachedByOthers = new Set(
    sorted.flatMap((one) => [...(reached.get(one.path) ?? [])].filter((p) => p !== one.path)),
  );
  const ends = sorted.filter((one) => !reachedByOthers.has(one.path));
  const covered = new Set(ends.flatMap((one) => [one.path, ...(reached.get(one.path) ?? [])]));
  for (const one of sorted) {
    if (covered.has(one.path)) continue;
    ends.push(one);
    for (const path of [one.path, ...(reached.get(one.path) ?? [])]) covered.add(path);
  }
  return ends;
}
