/**
 * The root that one source of an Application deploys: which files it is built from, by which tool, and how. The tool is
 * found as Argo CD finds it (argo-cd `reposerver/repository`, GetAppSourceType; `util/app/discovery`).
 */

import { isFault } from "../../core/fault.ts";
import type { Fault } from "../../core/fault.ts";
import type { RootChart, SourceFile, SourceTree } from "../../core/stages.ts";
import { fieldOf, isMap, textOf, withField } from "../../core/value.ts";
import type { ValueMap } from "../../core/value.ts";
import { decodeText } from "../../yaml/content.ts";
import { readYaml } from "../../yaml/read.ts";
import type { ChartSource, WantedChart } from "../charts/charts.ts";
import { mountChart } from "../charts/mount.ts";
import { reach } from "../flux/root.ts";
import { KustomizationFolders } from "../kustomization-folders.ts";
import { kustomizationOf } from "../kustomization.ts";
import { throughLinks } from "../links.ts";
import { withMounted } from "../other-repositories.ts";
import type { MountedRepository, OtherRepositories } from "../other-repositories.ts";
import { sameRepository, withoutCredentials } from "../origin.ts";
import { baseName, cleanPath, folderOf, isWithin, joinPath } from "../paths.ts";
import { chartMissing } from "../render/kustomize.ts";
import { askingForOrigins } from "../render/origins.ts";
import type { ProgramGrants } from "../render/programs.ts";
import type { FoundChart, FoundKustomization, FoundPlugin } from "../roots.ts";
import { directoryFiles } from "./directory.ts";
import type { DirectoryFiles } from "./directory.ts";
import { environmentOf, REVISIONS } from "./environment.ts";
import type { Environment } from "./environment.ts";
import { edited } from "./kustomize-options.ts";
import { argoFault, jsonBytes, quoted, sourceOf } from "./objects.ts";
import type { Application, Source } from "./objects.ts";
import { pluginFault } from "./plugin.ts";

/** The repository that Applications are looked up in. */
export interface Repository {
  readonly tree: SourceTree;
  /** Of the whole repository. */
  readonly files: readonly SourceFile[];
  readonly folders: KustomizationFolders;
  /** The address that it is known by; absent: whatever is named is it. */
  readonly origin: string | undefined;
  /** What fetches charts; absent: nothing. */
  readonly charts?: ChartSource;
  /** What reads other repositories; absent: nothing. */
  readonly others?: OtherRepositories;
  /** What the operator lets be run in the place of plugins; absent: nothing. */
  readonly plugins?: ProgramGrants["plugins"];
  /** Others that are in it, by what sources ask for. */
  readonly mounts?: readonly Mount[];
}

export interface Mount {
  readonly source: Source;
  readonly mounted: MountedRepository;
}

/** Where the source's repository stands among the files: `""` for this one; `undefined`: nowhere. */
export function prefixOf({ repoURL, revision }: Source, { origin, mounts }: Repository): string | undefined {
  if (isOwn(repoURL, origin)) return "";
  return mounts?.find(({ source }) => source.repoURL === repoURL && source.revision === revision)?.mounted.prefix;
}

export type ArgoRoot = KustomizeRoot | HelmRoot | DirectoryRoot | PluginRoot;

interface Common {
  readonly path: string;
  /** With what the repository says over it (`.argocd-source.yaml`). */
  readonly source: Source;
  /** The repository with others in it that it is made from; absent: that itself. */
  readonly repository?: Repository;
  /** Where the source's own repository stands in it, if it is another one. */
  readonly prefix?: string;
}

export interface KustomizeRoot extends Common {
  readonly tool: "kustomize";
  readonly root: FoundKustomization;
  /** What is built in the place of the folder's own kustomization, by the build environment; absent: that itself. */
  readonly made?: (environment: Environment) => ReadonlyMap<string, Uint8Array>;
}

export interface HelmRoot extends Common {
  readonly tool: "helm";
  readonly root: FoundChart;
  /** What it is, of a chart that was fetched. */
  readonly chart?: RootChart;
}

export interface DirectoryRoot extends Common, DirectoryFiles {
  readonly tool: "directory";
}

export interface PluginRoot extends Common {
  readonly tool: "plugin";
  readonly root: FoundPlugin;
  /** As Argo CD knows it. */
  readonly name: string;
  /** The operator's, in its place. */
  readonly command: readonly string[];
}

/** Whether the root is made from the file. */
export function takesIn(root: ArgoRoot, file: string): boolean {
  switch (root.tool) {
    case "kustomize":
      return root.root.reached.has(file) || root.root.kustomizations.some((one) => one.file === file);
    case "helm":
    case "plugin":
      return isWithin(file, root.path);
    case "directory":
      return root.files.has(file) || root.jsonnet.has(file);
  }
}

/** `undefined` of a source that others only refer to. */
export async function argoRoot(
  application: Application,
  source: Source,
  own: Repository,
): Promise<ArgoRoot | Fault | undefined> {
  if (source.ref !== undefined && source.path === "" && source.chart === undefined) return undefined;
  const repository = await withOthers(application, own);
  if (isFault(repository)) return repository;
  const chart = wantedChart(application, source);
  if (chart !== undefined) return await chartRoot(source, chart, repository);
  const elsewhere = elsewhereFault(application, source, repository);
  if (elsewhere !== undefined) return elsewhere;
  const path = pathOf(source, repository);
  if (path === undefined) return noFolder(application, source);
  const overridden = await withOverrides(application, source, { path, repository });
  if (isFault(overridden)) return overridden;
  const tool = toolOf(overridden.value, path, repository);
  if (tool.length > 1) return argoFault(application, { what: `names several tools: ${tool.join(", ")}` });
  const prefix = prefixOf(source, repository);
  const common: Common = {
    path,
    source: overridden,
    ...(repository === own ? {} : { repository }),
    ...(prefix === undefined || prefix === "" ? {} : { prefix }),
  };
  switch (tool[0]) {
    case "kustomize":
      return await kustomizeRoot(application, common, repository);
    case "helm":
      return helmRoot(application, common, repository);
    case "directory":
      return await directoryRoot(common, repository);
    default:
      return pluginRoot(application, common, repository);
  }
}

/** What a source asks for that names a chart, or a registry. */
function wantedChart({ ref, origin }: Application, { repoURL, revision, chart }: Source): WantedChart | undefined {
  const isRegistry = repoURL.startsWith("oci://");
  if (chart === undefined && !isRegistry) return undefined;
  const isDigest = revision?.startsWith("sha256:") === true;
  return {
    about: `Application/${ref.name}`,
    file: origin.file,
    name: chart ?? repoURL.split("/").at(-1) ?? repoURL,
    // Without a scheme it is a registry (argo-cd `docs/user-guide/helm.md`).
    repository: /^[a-z]+:\/\//i.test(repoURL) ? repoURL : `oci://${repoURL}`,
    ...(chart === undefined ? { whole: true } : {}),
    ...(revision === undefined || isDigest ? {} : { version: revision }),
    ...(isDigest ? { digest: revision } : {}),
  };
}

/** In the place of a folder there is what the chart holds. */
async function chartRoot(source: Source, wanted: WantedChart, repository: Repository): Promise<HelmRoot | Fault> {
  const { charts, tree, files } = repository;
  if (charts === undefined) return chartMissing({ ...wanted, repository: source.repoURL });
  const fetched = await charts.fetch(wanted);
  if (isFault(fetched)) return fetched;
  const mounted = mountChart(fetched, tree, files);
  const { name, version, digest } = fetched;
  const asked = wanted.version ?? wanted.digest;
  const chart = { name, version, repository: fetched.repository, digest, ...(asked === undefined ? {} : { asked }) };
  return {
    tool: "helm",
    path: mounted.path,
    source,
    root: { renderer: "helm", path: mounted.path, file: wanted.file },
    chart,
    repository: { ...repository, tree: mounted.tree, files: mounted.files },
  };
}

/** With all other repositories in it that its sources are in, and the operator lets be read. */
async function withOthers(application: Application, repository: Repository): Promise<Repository | Fault> {
  const { others, origin, tree, files } = repository;
  if (others === undefined) return repository;
  const mounts: Mount[] = [];
  for (const source of application.sources) {
    if (source.chart !== undefined || isOwn(source.repoURL, origin)) continue;
    const { revision } = source;
    const name =
      revision === undefined || revision === "HEAD" ? undefined : ({ kind: "name", name: revision } as const);
    const mounted = await others.open(source.repoURL, name);
    if (isFault(mounted)) {
      return argoFault(application, {
        what: `deploys from another repository: ${mounted.message}`,
        remedy: mounted.remedy,
      });
    }
    if (mounted !== undefined) mounts.push({ source, mounted });
  }
  if (mounts.length === 0) return repository;
  const whole = withMounted(tree, files, [...new Set(mounts.map(({ mounted }) => mounted))]);
  return {
    ...repository,
    ...whole,
    folders: new KustomizationFolders(whole.tree, whole.files),
    mounts,
  };
}

/** What is in another repository. */
function elsewhereFault(application: Application, source: Source, repository: Repository): Fault | undefined {
  const { repoURL } = source;
  if (prefixOf(source, repository) !== undefined) return undefined;
  return argoFault(application, {
    what: `deploys from another repository, ${quoted(withoutCredentials(repoURL))}`,
    remedy: "scan that one with its own repository and cluster, or have the operator name a clone of it (--source)",
  });
}

export function isOwn(repoURL: string, origin: string | undefined): boolean {
  return origin === undefined || sameRepository(repoURL, origin);
}

/** The folder, where the repository has it. */
function pathOf(source: Source, repository: Repository): string | undefined {
  const { files, folders } = repository;
  const within = cleanPath(source.path);
  const clean = within === undefined ? undefined : joinPath(prefixOf(source, repository) ?? "", within);
  const real = clean === undefined ? undefined : throughLinks(clean, folders.links);
  return real !== undefined && files.some((file) => isWithin(file.path, real) && file.path !== real) ? real : undefined;
}

function noFolder(application: Application, { path }: Source): Fault {
  const what = `deploys ${quoted(path)}, where the repository has no folder with files`;
  return argoFault(application, { what, remedy: "mend its path" });
}

/** Options that stand in the folder itself, for all Applications or for one (argo-cd `docs/user-guide/parameters.md`). */
async function withOverrides(
  application: Application,
  source: Source,
  { path, repository }: { readonly path: string; readonly repository: Repository },
): Promise<Source | Fault> {
  let value = source.value;
  for (const name of [".argocd-source.yaml", `.argocd-source-${application.ref.name}.yaml`]) {
    const file = joinPath(path, name);
    if (!repository.files.some((one) => one.path === file)) continue;
    const patch = await valueOf(repository.tree, file);
    if (!isMap(patch)) return argoFault(application, { what: `takes options from ${file}, which cannot be read` });
    value = mergePatch(value, patch);
  }
  if (value === source.value) return source;
  for (const name of ["chart", "path", "repoURL", "targetRevision", "ref"]) {
    value = withField(value, name, fieldOf(source.value, name));
  }
  return sourceOf(value);
}

/** RFC 7386. */
export function mergePatch(value: ValueMap, patch: ValueMap): ValueMap {
  let merged = value;
  for (const [name, next] of Object.entries(patch)) {
    const own = fieldOf(merged, name);
    const set = isMap(next) ? mergePatch(isMap(own) ? own : {}, next) : next;
    merged = withField(merged, name, set === null ? undefined : set);
  }
  return merged;
}

async function valueOf(tree: SourceTree, file: string): Promise<ReturnType<typeof fieldOf>> {
  const bytes = await tree.read(file);
  const text = isFault(bytes) ? undefined : decodeText(bytes);
  return text === undefined ? undefined : readYaml(text, { file }).documents[0]?.value;
}

type Tool = "kustomize" | "helm" | "directory" | "plugin";

/** What the source names, all of it; else what the folder holds, where a kustomization goes before a chart. */
function toolOf(value: ValueMap, path: string, { files, folders }: Repository): readonly Tool[] {
  const named = (["kustomize", "helm", "directory", "plugin"] as const).filter((tool) => isMap(fieldOf(value, tool)));
  if (named.length > 0) return named;
  if (folders.fileIn(path) !== undefined) return ["kustomize"];
  // Any name with this end (`util/app/discovery`).
  const chart = files.some((file) => folderOf(file.path) === path && baseName(file.path).endsWith("Chart.yaml"));
  return [chart ? "helm" : "directory"];
}

function pluginRoot(application: Application, common: Common, { plugins }: Repository): PluginRoot | Fault {
  const name = textOf(fieldOf(common.source.value, "plugin"), "name");
  const command = name === undefined ? undefined : plugins?.get(name);
  if (name === undefined || command === undefined) return pluginFault(application, name);
  const { path } = common;
  return {
    tool: "plugin",
    ...common,
    root: { renderer: "plugin", path, file: application.origin.file },
    name,
    command,
  };
}

async function kustomizeRoot(
  application: Application,
  common: Common,
  repository: Repository,
): Promise<KustomizeRoot | Fault> {
  const { path, source } = common;
  const { tree, files, folders } = repository;
  const file = folders.fileIn(path);
  if (file === undefined) {
    return argoFault(application, { what: `is built by kustomize, and ${quoted(path)} has no kustomization` });
  }
  const options = fieldOf(source.value, "kustomize");
  const own = isMap(options) ? await valueOf(tree, file) : undefined;
  if (isMap(options) && !isMap(own)) {
    return argoFault(application, { what: `changes the kustomization ${file}, which cannot be read` });
  }
  if (!isMap(options) || !isMap(own)) {
    const start = await folders.in(path);
    if (start === undefined) {
      return argoFault(application, { what: `is built by kustomize, and ${file} is no kustomization` });
    }
    const root = { renderer: "kustomize" as const, path, file, ...(await reach(start, folders)) };
    return { tool: "kustomize", ...common, root };
  }
  const isFolder = (written: string): boolean => {
    const folder = cleanPath(`${path}/${written}`.replace(/^\//, ""));
    return folder !== undefined && files.some((one) => isWithin(one.path, folder));
  };
  const builtIn = (environment: Environment) => edited(own, { options, environment, isFolder });
  const first = builtIn(environmentOf(application, source, REVISIONS[0]));
  if (first.kind === "refused")
    return argoFault(application, { what: `asks for what kustomize refuses: ${first.why}` });
  const start = await kustomizationOf(tree, { path, file, values: [first.value] });
  const root = { renderer: "kustomize" as const, path, file, ...(await reach(start, folders)) };
  const made = (environment: Environment) => {
    const next = builtIn(environment);
    return new Map([[file, jsonBytes(askingForOrigins((next.kind === "edited" ? next : first).value))]]);
  };
  return { tool: "kustomize", ...common, root, made };
}

function helmRoot(application: Application, common: Common, { files }: Repository): HelmRoot | Fault {
  const { path } = common;
  const file = joinPath(path, "Chart.yaml");
  if (!files.some((one) => one.path === file)) {
    return argoFault(application, { what: `is rendered by Helm, and ${quoted(path)} has no Chart.yaml` });
  }
  return { tool: "helm", ...common, root: { renderer: "helm", path, file } };
}

async function directoryRoot(common: Common, { tree, files }: Repository): Promise<DirectoryRoot> {
  const options = fieldOf(common.source.value, "directory");
  const found = await directoryFiles({ path: common.path, options: isMap(options) ? options : {}, tree, files });
  return { tool: "directory", ...common, ...found };
}
