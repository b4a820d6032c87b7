/** One kustomization file: what it names, read before kustomize is. */

import { isFault } from "../core/fault.ts";
import type { SourceTree } from "../core/stages.ts";
import { fieldOf, isList, isMap, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { decodeText } from "../yaml/content.ts";
import { readYaml } from "../yaml/read.ts";
import { functionOf } from "./kustomize-functions.ts";
import type { KustomizeFunction } from "./kustomize-functions.ts";
import { isRemote } from "./kustomize-remote.ts";
import { folded, isMisshapen, mentionsIn } from "./mentions.ts";
import type { Mentions } from "./mentions.ts";
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
  /** It has generators or transformers in files of their own, which may name further files; or it is not known. */
  readonly configured: boolean;
  /** Where its generators, transformers and validators are configured: clean paths of files, or of kustomizations. */
  readonly plugins: readonly string[];
  /** What these ask to be run. */
  readonly functions: readonly KustomizeFunction[];
  /** Whether all that it names is known before it is built. */
  readonly whole: boolean;
  /** Where it cannot be read: what it may name. */
  readonly mentions?: Mentions;
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
  const found = await valuesOf(tree, file);
  // One that cannot be read is a root all the same: what it takes in is not known.
  const values = found?.values ?? [];
  if (values.length > 0 && values.every(isOrdinaryObject)) return undefined;
  const kustomization = await kustomizationOf(tree, { path, file, values });
  const lost = found?.first === undefined || isMisshapen(found.first) ? await textOfFile(tree, file) : undefined;
  return {
    ...kustomization,
    ...(found?.whole === true ? {} : { configured: true, whole: false }),
    ...(lost === undefined ? {} : { mentions: mentionsIn(path, lost) }),
  };
}

interface Read {
  readonly values: readonly Value[];
  readonly whole: boolean;
  /** kustomize reads no other. Absent where it cannot be read. */
  readonly first?: Value;
}

async function valuesOf(tree: SourceTree, file: string): Promise<Read | undefined> {
  const bytes = await tree.read(file);
  const text = isFault(bytes) ? undefined : decodeText(bytes);
  return text === undefined ? undefined : read(text, file);
}

function read(text: string, file: string): Read {
  const { documents, faults } = readYaml(text, { file });
  const [first] = documents;
  // A fault may be of a document in front of it.
  const isLost = faults.some(({ leavesUnknown }) => leavesUnknown === "declared") && first?.index !== 0;
  return {
    values: documents.map(({ value }) => value),
    whole: faults.length === 0,
    ...(isLost ? {} : { first: first?.value ?? {} }),
  };
}

/** Also of bytes that are no UTF-8: an accent of another encoding in a comment is enough for that. */
async function textOfFile(tree: SourceTree, file: string): Promise<string | undefined> {
  const bytes = await tree.read(file);
  return isFault(bytes) ? undefined : new TextDecoder("utf-8").decode(bytes);
}

interface KustomizationDocuments {
  readonly path: string;
  readonly file: string;
  readonly values: readonly Value[];
}

/** What the documents name by themselves. */
function namedByItself({ path, file, values }: KustomizationDocuments): Kustomization {
  const plugins = values.flatMap((value) => PLUGINS.flatMap((name) => texts(named(value, name))));
  const written = plugins.filter(isInline).map((text) => read(text, file));
  const inline = written.flatMap((one) => one.values);
  const found = placed(path, [...values.flatMap(namedIn), ...inline.flatMap(namedByPlugin)]);
  const charts = [...values.flatMap((value) => chartsIn(path, value)), ...inline.flatMap((one) => chartOf(path, one))];
  const component = values.length > 0 && values.every((value) => texts(named(value, "kind")).includes("Component"));
  return {
    path,
    file,
    component,
    references: [...new Set([...found.references, ...charts.flatMap(({ homes }) => homes)])],
    outside: found.outside,
    charts,
    configured: plugins.length > 0,
    plugins: placed(path, plugins).references,
    functions: inline.flatMap((one) => functionOf(one) ?? []),
    whole: written.every((one) => one.whole),
  };
}

/**
 * The same of what is already read: a kustomization that its deployer changes before it builds it, say. The files of its
 * generators, transformers and validators are read for what they name: their paths begin at the kustomization, too.
 */
export async function kustomizationOf(tree: SourceTree, documents: KustomizationDocuments): Promise<Kustomization> {
  const kustomization = namedByItself(documents);
  const { path, plugins, charts, references, outside } = kustomization;
  if (plugins.length === 0) return kustomization;
  const configs = await Promise.all(plugins.map((file) => valuesOf(tree, file)));
  const values = configs.flatMap((one) => one?.values ?? []);
  const found = placed(path, values.flatMap(namedByPlugin));
  const more = values.flatMap((value) => chartOf(path, value));
  return {
    ...kustomization,
    references: [...new Set([...references, ...found.references, ...more.flatMap(({ homes }) => homes)])],
    outside: [...new Set([...outside, ...found.outside])],
    charts: [...charts, ...more],
    functions: [...kustomization.functions, ...values.flatMap((one) => functionOf(one) ?? [])],
    // What is no file is another kustomization: it makes the configuration, and nobody knows it before.
    whole: kustomization.whole && configs.every((one) => one?.whole === true),
  };
}

/** kustomize leaves apiVersion and kind out, or writes its own group. */
function isOrdinaryObject(value: Value): boolean {
  const apiVersion = textOf(value, "apiVersion") ?? "kustomize.config.k8s.io/v1beta1";
  return !apiVersion.startsWith("kustomize.config.k8s.io/");
}

function placed(
  folder: string,
  written: readonly string[],
): { readonly references: readonly string[]; readonly outside: readonly string[] } {
  const references = new Set<string>();
  const outside = new Set<string>();
  for (const one of written) {
    const reference = resolve(folder, one);
    if (reference.kind === "outside") outside.add(one);
    else if (reference.kind === "path" && reference.path !== folder) references.add(reference.path);
  }
  return { references: [...references], outside: [...outside] };
}

type Reference =
  | { readonly kind: "path"; readonly path: string }
  | { readonly kind: "outside" }
  /** What is written out in place of its file's name. */
  | { readonly kind: "inline" };

/** A relative path as a clean path of the repository. */
function resolve(folder: string, written: string): Reference {
  if (isInline(written)) return { kind: "inline" };
  if (written.length > 1000 || written.startsWith("/") || isRemote(written)) return { kind: "outside" };
  const path = cleanPath(`${folder}/${written}`.replace(/^\//, ""));
  return path === undefined ? { kind: "outside" } : { kind: "path", path };
}

function isInline(written: string): boolean {
  return written.includes("\n") || /^\s*[{[]/.test(written);
}

const PLUGINS = ["generators", "transformers", "validators"] as const;

/** The fields that hold lists of paths (kustomize `api/types/kustomization.go`). */
const PATH_LISTS = [
  "resources",
  "bases",
  "components",
  "patchesStrategicMerge",
  "crds",
  "configurations",
  ...PLUGINS,
] as const;

/** Every path that a kustomization names. */
function namedIn(kustomization: Value): readonly string[] {
  const lists = PATH_LISTS.flatMap((name) => texts(named(kustomization, name)));
  const patches = ["patches", "patchesJson6902", "replacements"].flatMap((name) =>
    items(named(kustomization, name)).flatMap((item) => texts(named(item, "path"))),
  );
  const generators = ["configMapGenerator", "secretGenerator"].flatMap((name) =>
    items(named(kustomization, name)).flatMap(generatorFiles),
  );
  const openapi = named(kustomization, "openapi").flatMap((value) => texts(named(value, "path")));
  const charts = items(named(kustomization, "helmCharts")).flatMap(chartFiles);
  const older = items(named(kustomization, OLDER_CHARTS)).flatMap((chart) => texts(named(chart, "values")));
  return [...lists, ...patches, ...generators, ...openapi, ...charts, ...older].filter((path) => path !== "");
}

/** What a file of a kustomization is for, where it is no object of its own. */
export type FileUse = "patch" | "generator" | "values";

/** By clean path: files of patches, of generators' contents, and of charts' values. */
export function usedFiles(folder: string, kustomization: Value): ReadonlyMap<string, FileUse> {
  const patches = ["patches", "patchesJson6902"].flatMap((name) =>
    items(named(kustomization, name)).flatMap((item) => texts(named(item, "path"))),
  );
  const generators = ["configMapGenerator", "secretGenerator"].flatMap((name) =>
    items(named(kustomization, name)).flatMap(generatorFiles),
  );
  const values = [
    ...items(named(kustomization, "helmCharts")).flatMap(chartFiles),
    ...items(named(kustomization, OLDER_CHARTS)).flatMap((chart) => texts(named(chart, "values"))),
  ];
  const uses = new Map<string, FileUse>();
  const note = (written: readonly string[], use: FileUse): void => {
    for (const path of placed(folder, written).references) uses.set(path, use);
  };
  note(values, "values");
  note(generators, "generator");
  note([...patches, ...texts(named(kustomization, "patchesStrategicMerge"))], "patch");
  return uses;
}

/** Every path that one configuration of a built-in generator or transformer names (kustomize `api/internal/builtins`). */
function namedByPlugin(config: Value): readonly string[] {
  const replacements = items(named(config, "replacements")).flatMap((item) => texts(named(item, "path")));
  const own = ["path", "paths"].flatMap((name) => texts(named(config, name)));
  return [...generatorFiles(config), ...chartFiles(config), ...replacements, ...own].filter(
    (path) => path !== "" && !isInline(path),
  );
}

/** `files` may give a key: `key=path`. */
function generatorFiles(generator: Value): readonly string[] {
  const files = texts(named(generator, "files")).map((file) => file.slice(file.indexOf("=") + 1));
  return [...files, ...texts(named(generator, "envs")), ...texts(named(generator, "env"))];
}

function chartFiles(chart: Value): readonly string[] {
  return ["valuesFile", "additionalValuesFiles"].flatMap((name) => texts(named(chart, name)));
}

const OLDER_CHARTS = "helmChartInflationGenerator";

function chartsIn(folder: string, kustomization: Value): readonly NamedChart[] {
  const globals = named(kustomization, "helmGlobals").flatMap((value) => texts(named(value, "chartHome")));
  const charts = items(named(kustomization, "helmCharts")).flatMap((chart) =>
    namedChart(folder, globals[0], {
      name: named(chart, "name"),
      version: named(chart, "version"),
      repository: named(chart, "repo"),
    }),
  );
  const older = items(named(kustomization, OLDER_CHARTS)).flatMap((chart) =>
    namedChart(folder, texts(named(chart, "chartHome"))[0] ?? globals[0], {
      name: named(chart, "chartName"),
      version: named(chart, "chartVersion"),
      repository: named(chart, "chartRepoUrl"),
    }),
  );
  return [...charts, ...older];
}

/** The chart of a generator's own file. */
function chartOf(folder: string, config: Value): readonly NamedChart[] {
  if (!texts(named(config, "kind")).includes("HelmChartInflationGenerator")) return [];
  return namedChart(folder, texts(named(config, "chartHome"))[0], {
    name: named(config, "name"),
    version: named(config, "version"),
    repository: named(config, "repo"),
  });
}

/** A chart of a repository stands in a folder with its version (kustomize `HelmChartInflationGenerator.absChartHome`). */
function namedChart(
  folder: string,
  home: string | undefined,
  chart: Readonly<Record<"name" | "version" | "repository", readonly Value[]>>,
): readonly NamedChart[] {
  const [name] = texts(chart.name);
  if (name === undefined) return [];
  const [version] = texts(chart.version);
  const [repository] = texts(chart.repository);
  const charts = home === undefined || home === "" ? "charts" : home;
  // Without a version or a repository it is the folder that was always there.
  const versioned = version === undefined || repository === undefined ? "" : `${name}-${version}/`;
  const found = resolve(folder, `${charts}/${versioned}${name}`);
  return [
    {
      name,
      homes: found.kind === "path" ? [found.path] : [],
      ...(version === undefined ? {} : { version }),
      ...(repository === undefined ? {} : { repository }),
    },
  ];
}

/** What stands under the name, in whichever case: kustomize's decoder (Go's `encoding/json`) takes all of them. */
function named(value: Value, name: string): readonly Value[] {
  if (!isMap(value)) return [];
  const wanted = folded(name);
  return Object.keys(value).flatMap((key) => {
    const found = key === name || folded(key) === wanted ? fieldOf(value, key) : undefined;
    return found === undefined ? [] : [found];
  });
}

/** The maps of lists. */
function items(values: readonly Value[]): readonly Value[] {
  return values.flatMap((value) => (isList(value) ? value.filter(isMap) : []));
}

/** Texts, and those of lists. */
function texts(values: readonly Value[]): readonly string[] {
  return values.flatMap((value) => (isList(value) ? value : [value])).filter((value) => typeof value === "string");
}
