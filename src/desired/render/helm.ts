/** How a chart is rendered: `helm template` with the settings of its release, as the target's cluster would have it. */

import { isFault } from "../../core/fault.ts";
import type { Fault } from "../../core/fault.ts";
import type { SourceFile, SourceTree } from "../../core/stages.ts";
import { folderLinks, throughLinks, withLinked } from "../links.ts";
import { fileAt, filesBelow, inListOrder } from "../file-list.ts";
import { baseName, cleanPath, folderOf, joinPath, shownFolder } from "../paths.ts";
import type { ChartSource } from "../charts/charts.ts";
import { capabilityArgs } from "./capability-args.ts";
import { chartFault, chartOf, folderOfDependency, lockedDependencies } from "./chart-file.ts";
import type { Dependency } from "./chart-file.ts";
import { chartMissing } from "./kustomize.ts";
import type { RenderJob } from "./renderers.ts";

/** What a template may ask of the cluster that it is rendered for (`.Capabilities`). */
export interface Capabilities {
  /** `v1.36.3`. */
  readonly kubeVersion: string;
  /** `apps/v1` and `apps/v1/Deployment`. */
  readonly apiVersions: readonly string[];
}

export interface HelmSettings {
  /** Default: the chart's name. */
  readonly release?: string;
  /** Of the release: where objects go that name none. */
  readonly namespace: string;
  /** Files of values, relative to the chart, later ones over earlier ones. */
  readonly values: readonly string[];
  /** The chart's own `values.yaml` does not count, unless it is one of the files. */
  readonly onlyValues?: true;
  /** Documents of values over those of the files, later ones over earlier ones. */
  readonly documents?: readonly Uint8Array[];
  /** Further options of helm's; paths in them are relative to the repository. */
  readonly options?: readonly string[];
  /** Files that those options read. */
  readonly reads?: readonly string[];
  /** Whether custom resource definitions come with it. Default: they do. */
  readonly crds?: boolean;
}

export interface HelmInput {
  readonly path: string;
  readonly settings: HelmSettings;
  readonly capabilities: Capabilities;
  readonly tree: SourceTree;
  /** The repository's. */
  readonly files: readonly SourceFile[];
  /** Where dependencies come from that are not there; absent: nowhere. */
  readonly charts?: ChartSource;
}

/** Faults: `chart-missing` for dependencies that are not at hand, `render-failed` for a chart or values that are not there. */
export async function helmJob(input: HelmInput): Promise<RenderJob | Fault> {
  const { path, settings, tree, files } = input;
  const file = joinPath(path, "Chart.yaml");
  const chart = await chartOf(tree, path);
  if (isFault(chart)) return chart;
  const values = valuesOf(input);
  if (isFault(values)) return values;
  const made = await vendored(input, chart.dependencies);
  if (isFault(made)) return made;
  const wanted = new Set([...values, ...(settings.reads ?? [])]);
  const own = joinPath(path, "values.yaml");
  const blank = settings.onlyValues === true && !values.includes(own) ? [[own, NO_VALUES] as const] : [];
  const documents = (settings.documents ?? []).map(
    (bytes, index) => [`.holdfast-values/${index}.yaml`, bytes] as const,
  );
  return {
    renderer: "helm",
    release: settings.release ?? chart.name,
    path,
    file,
    tree,
    files: withLinked(
      inListOrder([...filesBelow(files, path), ...[...wanted].flatMap((one) => fileAt(files, one) ?? [])]),
      files,
    ),
    made: new Map([...made, ...blank, ...documents]),
    args: [
      "template",
      "--namespace",
      settings.namespace,
      ...(settings.crds === false ? [] : ["--include-crds"]),
      ...capabilityArgs(input.capabilities),
      ...[...values, ...documents.map(([name]) => name)].flatMap((one) => ["--values", asListItem(`./${one}`)]),
      ...(settings.options ?? []),
      // What follows is no option, whatever the repository calls it.
      "--",
      settings.release ?? chart.name,
      path === "" ? "." : `./${path}`,
    ],
    charts: false,
    capabilities: input.capabilities,
    foreseen: true,
    mayVary: "templates",
  };
}

const NO_VALUES: Uint8Array = Buffer.from("{}\n");

/** helm splits this option's argument at commas, as CSV has it. */
function asListItem(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function valuesOf({ path, settings, files }: HelmInput): readonly string[] | Fault {
  const found: string[] = [];
  for (const written of settings.values) {
    const file = cleanPath(`${path}/${written}`.replace(/^\//, ""));
    if (file === undefined || fileAt(files, file) === undefined) {
      return chartFault(path, `the values file ${JSON.stringify(written)} is not in the repository`);
    }
    found.push(file);
  }
  return found;
}

interface Vendoring {
  readonly tree: SourceTree;
  readonly files: readonly SourceFile[];
  /** Of the chart that is rendered. */
  readonly root: string;
  readonly charts: ChartSource | undefined;
  readonly made: Map<string, Uint8Array>;
}

interface ToVendor {
  /** Where the chart stands in the repository. */
  readonly path: string;
  /** Where it stands when it is rendered. */
  readonly place: string;
  readonly dependencies: readonly Dependency[];
  /** The charts that lead to it, itself among them. */
  readonly above: readonly string[];
}

/** Dependencies that stand elsewhere in the repository, copied to where Helm looks for them; the others must be there. */
async function vendored(
  { path, tree, files, charts }: HelmInput,
  dependencies: readonly Dependency[],
): Promise<ReadonlyMap<string, Uint8Array> | Fault> {
  const made = new Map<string, Uint8Array>();
  const work: Vendoring = { tree, files, root: path, charts, made };
  const fault = await vendor(work, { path, place: path, dependencies, above: [path] });
  return fault ?? made;
}

async function vendor(work: Vendoring, { path, place, dependencies, above }: ToVendor): Promise<Fault | undefined> {
  const { root, files } = work;
  for (const dependency of dependencies) {
    const home = throughLinks(joinPath(path, "charts"), folderLinks(files));
    if (await isVendored(work, home, dependency.name)) continue;
    const from = folderOfDependency(path, dependency);
    if (from === undefined || fileAt(files, joinPath(from, "Chart.yaml")) === undefined) {
      const fault = await fetchDependency(work, { path, place, dependencies, above }, dependency);
      if (fault !== undefined) return fault;
      continue;
    }
    // The name becomes a folder's.
    if (!CHART_NAME.test(dependency.name)) return chartFault(root, "a dependency's name is no name of a chart");
    if (above.includes(from) || above.length > MAX_DEPENDENCIES_DEEP) {
      return chartFault(root, `the dependency on ${shownFolder(from)} goes round`);
    }
    const to = joinPath(joinPath(place, "charts"), dependency.name);
    const fault = await copyChart(work, { from, to, above });
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** A published chart holds what it depends on itself. */
async function fetchDependency(
  { root, charts, tree, made }: Vendoring,
  { path, place, dependencies }: ToVendor,
  dependency: Dependency,
): Promise<Fault | undefined> {
  const wanted = { about: root, file: joinPath(path, "Chart.yaml"), ...dependency };
  const { name, repository = "" } = dependency;
  if (charts === undefined || !CHART_NAME.test(name) || !/^(?:https?|oci):\/\//i.test(repository)) {
    return chartMissing(wanted);
  }
  const locked = await lockedVersion(tree, path, { dependencies, dependency });
  const fetched = await charts.fetch({ ...wanted, repository, ...(locked === undefined ? {} : { version: locked }) });
  if (isFault(fetched)) return fetched;
  // Helm goes by what the chart says of itself: two versions of one chart stand side by side.
  const folder = joinPath(joinPath(place, "charts"), `${fetched.name}-${fetched.version}`);
  for (const [file, bytes] of fetched.files) made.set(joinPath(folder, file), bytes);
  return undefined;
}

/** What `helm dependency update` chose; of several with one name, in their order. */
async function lockedVersion(
  tree: SourceTree,
  path: string,
  { dependencies, dependency }: Pick<ToVendor, "dependencies"> & { readonly dependency: Dependency },
): Promise<string | undefined> {
  const same = ({ name }: Dependency): boolean => name === dependency.name;
  for (const file of ["Chart.lock", "requirements.lock"]) {
    const locked = await lockedDependencies(tree, joinPath(path, file));
    if (isFault(locked)) continue; // Without it the version is as Chart.yaml has it.
    return locked.filter(same)[dependencies.filter(same).indexOf(dependency)]?.version;
  }
  return undefined;
}

/** As Helm has it (helm `pkg/lint/rules`): one step of a path, and never `..`. */
export const CHART_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,250}$/;

const MAX_DEPENDENCIES_DEEP = 20;

interface Copy {
  readonly from: string;
  readonly to: string;
  readonly above: readonly string[];
}

async function copyChart(work: Vendoring, { from, to, above }: Copy): Promise<Fault | undefined> {
  const { tree, files, made } = work;
  const chart = await chartOf(tree, from);
  if (isFault(chart)) return chart;
  for (const file of filesBelow(files, from).filter((one) => !(one.mode === "120000" && one.target === undefined))) {
    const bytes = await tree.read(file.path);
    if (isFault(bytes)) return bytes;
    made.set(joinPath(to, from === "" ? file.path : file.path.slice(from.length + 1)), bytes);
  }
  return await vendor(work, { path: from, place: to, dependencies: chart.dependencies, above: [...above, from] });
}

/** Helm goes by the names that charts give themselves; a packed one's is in what it is called. */
async function isVendored({ tree, files }: Vendoring, home: string, name: string): Promise<boolean> {
  for (const { path } of filesBelow(files, home)) {
    if (path === `${home}/${name}/Chart.yaml`) return true;
    const packed = folderOf(path) === home && path.endsWith(".tgz") ? baseName(path) : "";
    if (packed.startsWith(`${name}-`) && /^v?\d/.test(packed.slice(name.length + 1))) return true;
    if (baseName(path) === "Chart.yaml" && folderOf(folderOf(path)) === home) {
      const chart = await chartOf(tree, folderOf(path));
      if (!isFault(chart) && chart.name === name) return true;
    }
  }
  return false;
}

/** Functions of templates that do not give the same twice (sprig, and Helm's own `lookup`). */
const VARYING =
  /\b(?:rand(?:Alpha|AlphaNum|Ascii|Bytes|Int|Numeric)|shuffle|uuidv4|now|ago|bcrypt|htpasswd|encryptAES|gen(?:CA|CAWithKey|PrivateKey|SelfSignedCert|SelfSignedCertWithKey|SignedCert|SignedCertWithKey)|lookup|getHostByName)\b/;

/** Whether some template asks the cluster, which it finds empty here; of packed charts it is not known. */
export function looksUp(files: ReadonlyMap<string, Uint8Array>): boolean {
  return [...files].some(
    ([path, bytes]) =>
      path.includes("templates/") &&
      /\blookup\s+["$.(]/.test(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1")),
  );
}

/** Whether some template of the files may come out differently the next time; of packed charts it is not known. */
export function mayVary(files: ReadonlyMap<string, Uint8Array>): boolean {
  for (const [path, bytes] of files) {
    if (path.endsWith(".tgz")) return true;
    if (VARYING.test(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1"))) return true;
  }
  return false;
}
