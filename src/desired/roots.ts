/** Finds the folders that a renderer must build: kustomizations and Helm charts. None of their files is a plain manifest. */

import type { SourceFile, SourceTree } from "../core/stages.ts";
import { KUSTOMIZATION_FILES, readKustomization } from "./kustomization.ts";
import type { Kustomization } from "./kustomization.ts";
import { folderLinks, throughLinks } from "./links.ts";
import type { FolderLinks } from "./links.ts";
import { chartParts } from "./charts-of-charts.ts";
import { baseName, folderOf, isWithin, isWithinAny, joinPath } from "./paths.ts";

/** A folder that a renderer builds; `file` is where it begins to be read. */
export type FoundRoot = FoundKustomization | FoundChart;

/** What an Argo CD plugin builds: only an Application says so. */
export interface FoundPlugin {
  readonly renderer: "plugin";
  readonly path: string;
  readonly file: string;
}

export interface FoundKustomization {
  readonly renderer: "kustomize";
  readonly path: string;
  readonly file: string;
  /** Itself, and all others that it reaches. */
  readonly kustomizations: readonly Kustomization[];
  /** Paths of files and folders that it reaches. */
  readonly reached: ReadonlySet<string>;
}

export interface FoundChart {
  readonly renderer: "helm";
  readonly path: string;
  readonly file: string;
}

export interface FoundRoots {
  /** The ends: roots that no other root of the target reaches. */
  readonly roots: readonly FoundRoot[];
  /** Folders whose files, at any depth, are a root's. */
  readonly folders: ReadonlySet<string>;
  /** Files elsewhere that a kustomization takes in. */
  readonly files: ReadonlySet<string>;
  /** What a kustomization that cannot be read may take in. */
  readonly withheld: Withheld;
}

/** Nobody knows whether it is deployed as it stands: that nothing else names it may be for what cannot be read. */
export interface Withheld {
  /** Roots, and components that nothing uses, that have such a kustomization in them. */
  readonly by: readonly FoundKustomization[];
  readonly roots: readonly FoundRoot[];
  /** Paths of what the text mentions, and of all that this reaches. */
  readonly mentioned: ReadonlySet<string>;
}

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
  const kustomizations = await readKustomizations(tree, files, { inScope, charts });
  const scope = new Set(inScope.map((file) => file.path));
  const scoped = [...kustomizations.values()].filter((one) => scope.has(one.file));
  const reached = new Map(scoped.map((one) => [one.path, reachOf(one, kustomizations)]));
  const ends = endsOf(scoped, reached);
  const covered = new Set(scoped.flatMap((one) => [...(reached.get(one.path) ?? [])]));
  const topCharts = [...charts].filter(
    (chart) => !isChartOf(chart, charts) && !covered.has(chart) && covers(inScope, chart, scope),
  );
  const parts = await chartParts(
    tree,
    [...charts].filter((chart) => covers(inScope, chart, scope)),
  );
  const ownCharts = topCharts.filter((chart) => !parts.has(chart) || isNamed(chart, inScope));
  const found = ends.map((end) => ({ end, root: foundKustomization(end, reached, kustomizations) }));
  const all: readonly FoundRoot[] = [
    ...found.flatMap(({ end, root }) => (end.component ? [] : [root])),
    ...ownCharts.map((path) => ({ path, renderer: "helm" as const, file: joinPath(path, "Chart.yaml") })),
  ].sort((a, b) => (a.file < b.file ? -1 : 1));
  const by = found.map(({ root }) => root).filter((root) => root.kustomizations.some(isUnread));
  const withheld = withheldOf(by, all, kustomizations);
  const isWithheld = new Set(withheld.roots);
  return {
    roots: all.filter((root) => !isWithheld.has(root)),
    folders: new Set([...charts, ...scoped.map((one) => one.path)]),
    files: covered,
    withheld,
  };
}

/** A root that cannot be read, or has such a one in it, stays: its fault says that something is not known. */
function withheldOf(
  by: readonly FoundKustomization[],
  roots: readonly FoundRoot[],
  all: ReadonlyMap<string, Kustomization>,
): Withheld {
  const mentioned = new Set<string>();
  const waiting = by.flatMap(({ kustomizations }) => kustomizations.flatMap(mentionedBy));
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (mentioned.has(path)) continue;
    mentioned.add(path);
    const named = all.get(path);
    if (named !== undefined) waiting.push(...named.references, ...mentionedBy(named));
  }
  const failing: ReadonlySet<FoundRoot> = new Set(by);
  return {
    by,
    roots: roots.filter((root) => !failing.has(root) && mentioned.has(root.path)),
    mentioned,
  };
}

function isUnread({ mentions }: Kustomization): boolean {
  return mentions !== undefined;
}

function mentionedBy({ mentions }: Kustomization): readonly string[] {
  return mentions === undefined ? [] : [...mentions.paths];
}

function foundKustomization(
  end: Kustomization,
  reached: ReadonlyMap<string, ReadonlySet<string>>,
  all: ReadonlyMap<string, Kustomization>,
): FoundKustomization {
  const paths = reached.get(end.path) ?? new Set();
  const others = [...paths].flatMap((path) => (path === end.path ? [] : (all.get(path) ?? [])));
  return { renderer: "kustomize", path: end.path, file: end.file, kustomizations: [end, ...others], reached: paths };
}

/** Whether the target is about that chart and nothing else: then it is what somebody asks for. */
function isNamed(chart: string, inScope: readonly SourceFile[]): boolean {
  return inScope.every(({ path }) => isWithin(path, chart));
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
  { inScope, charts }: { readonly inScope: readonly SourceFile[]; readonly charts: ReadonlySet<string> },
): Promise<ReadonlyMap<string, Kustomization>> {
  const byFolder = new Map<string, string>();
  for (const name of KUSTOMIZATION_FILES.toReversed()) {
    for (const file of files) if (baseName(file.path) === name) byFolder.set(folderOf(file.path), file.path);
  }
  const links = folderLinks(files);
  const known: Known = {
    links,
    paths: new Set([...files.map(({ path }) => path), ...byFolder.keys(), ...charts]),
    charts: Map.groupBy(charts, baseName),
  };
  await tree.prefetch?.([...byFolder.values()]); // A fault here is a fault of each file, when it is read.
  const scope = new Set(inScope.map((file) => file.path));
  const found = new Map<string, Kustomization>();
  const waiting = [...byFolder].filter(([, file]) => scope.has(file)).map(([folder]) => folder);
  const seen = new Set(waiting);
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const read = await readKustomization(tree, folder, byFolder.get(folder) as string);
    if (read === undefined) continue;
    const kustomization = narrowed(linked(read, links), known);
    found.set(folder, kustomization);
    for (const next of [...kustomization.references, ...mentionedBy(kustomization)]) {
      if (!byFolder.has(next) || seen.has(next)) continue;
      seen.add(next);
      waiting.push(next);
    }
  }
  return found;
}

/** kustomize goes on from where a link leads; the link itself must be there, too. */
function linked(kustomization: Kustomization, links: FolderLinks): Kustomization {
  if (links.size === 0) return kustomization;
  const { path, references } = kustomization;
  const real = references.map((reference) => throughLinks(reference, links)).filter((reference) => reference !== path);
  const charts = kustomization.charts.map((chart) => ({
    ...chart,
    homes: chart.homes.map((home) => throughLinks(home, links)),
  }));
  return { ...kustomization, references: [...new Set([...references, ...real])], charts };
}

/** What there is in the repository. */
interface Known {
  readonly links: FolderLinks;
  /** Files, and folders that are kustomizations and charts. */
  readonly paths: ReadonlySet<string>;
  /** By their folders' names. */
  readonly charts: ReadonlyMap<string, readonly string[]>;
}

/** Of what an unreadable kustomization mentions: what is there, and charts of its own folder for them or of one that it mentions. */
function narrowed(kustomization: Kustomization, { links, paths, charts }: Known): Kustomization {
  const { mentions, path: folder } = kustomization;
  if (mentions === undefined) return kustomization;
  const homes = new Set([joinPath(folder, "charts")]);
  for (const path of mentions.paths) homes.add(path).add(throughLinks(path, links));
  const found = [...homes].filter((path) => path !== folder && paths.has(path));
  // kustomize puts a chart with a version into a folder of that version.
  const isHome = (home: string): boolean => homes.has(home) || homes.has(folderOf(home));
  for (const name of mentions.names) {
    for (const chart of charts.get(name) ?? []) if (isHome(folderOf(chart))) found.push(chart);
  }
  return { ...kustomization, mentions: { paths: new Set(found), names: new Set() } };
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
