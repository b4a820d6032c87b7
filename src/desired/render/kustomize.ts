/** How a kustomization is built: which files `kustomize build` is given, and what it is never asked to fetch. */

import { isFault } from "../../core/fault.ts";
import type { Fault } from "../../core/fault.ts";
import type { SourceFile, SourceTree } from "../../core/stages.ts";
import { decodeText } from "../../yaml/content.ts";
import type { Kustomization, NamedChart } from "../kustomization.ts";
import { fileAt, filesBelow, inListOrder } from "../file-list.ts";
import { withLinked } from "../links.ts";
import { folderOf, isWithin, joinPath, shownFolder } from "../paths.ts";
import type { FoundKustomization } from "../roots.ts";
import type { ChartSource } from "../charts/charts.ts";
import type { Capabilities } from "./helm.ts";
import { jsonAskingForOrigins, textAskingForOrigins } from "./origins.ts";
import { programsOf } from "./programs.ts";
import type { ProgramGrants } from "./programs.ts";
import { withRemoteBases } from "./remote-bases.ts";
import type { WithRemoteBases } from "./remote-bases.ts";
import type { RenderJob } from "./renderers.ts";
import { withoutCredentials } from "../origin.ts";
import type { OtherRepositories } from "../other-repositories.ts";

export interface KustomizeInput {
  readonly tree: SourceTree;
  readonly files: readonly SourceFile[];
  /** Of the cluster, where it may inflate charts. */
  readonly capabilities?: Capabilities;
  /** What fetches charts; absent: nothing. */
  readonly charts?: ChartSource;
  /** What reads other repositories; absent: nothing. */
  readonly others?: OtherRepositories;
  /** What the operator lets be run; absent: its deployer runs nothing. */
  readonly programs?: ProgramGrants;
  /** What its deployer puts in the place of the folder's kustomization. */
  readonly made?: ReadonlyMap<string, Uint8Array>;
  /** Of what is made: see {@link RenderJob.noted}. */
  readonly noted?: boolean;
}

export interface KustomizeJob extends RenderJob {
  /** All that are built. */
  readonly kustomizations: readonly Kustomization[];
}

/** Faults: `render-refused` for what is in no file that may be read, `chart-missing` for charts that are not at hand. */
export async function kustomizeJob(found: FoundKustomization, input: KustomizeInput): Promise<KustomizeJob | Fault> {
  const { capabilities } = input;
  const taken = await withRemoteBases(found, { ...input, made: input.made ?? new Map() });
  if (isFault(taken)) return taken;
  const { root, tree, files, bases } = taken;
  const { path, file, kustomizations } = root;
  const charts = kustomizations.flatMap(({ charts: named, file: by }) => named.map((chart) => ({ chart, file: by })));
  const missing = charts.filter(
    ({ chart }) => !chart.homes.some((home) => fileAt(files, joinPath(home, "Chart.yaml")) !== undefined),
  );
  const fetched = await fetchCharts(root, missing, input.charts);
  if (isFault(fetched)) return fetched;
  const asking = await withNotes(input, taken);
  if (isFault(asking)) return asking;
  // What was fetched takes the place of what the repository has there.
  const own = fetched.size === 0 ? files : files.filter((one) => !fetched.has(one.path));
  const programs = programsOf(root, own, input.programs);
  if (isFault(programs)) return programs;
  const needed = neededBy(root, files);
  return {
    renderer: "kustomize",
    path,
    file,
    tree,
    // A program may read whatever the repository has.
    files: withLinked(programs === undefined ? needed : inListOrder([...needed, ...input.files]), files),
    ...asking,
    kustomizations,
    ...(bases.length === 0 ? {} : { bases }),
    ...(fetched.size === 0 ? {} : { fetched }),
    // A folder's name may begin with a dash.
    args: ["build", path === "" ? "." : `./${path}`, ...(programs === undefined ? [] : RUNNING)],
    ...(programs === undefined ? {} : { programs }),
    charts: charts.length > 0,
    foreseen: kustomizations.every(({ whole }) => whole),
    ...(charts.length === 0 || capabilities === undefined ? {} : { capabilities }),
    // A chart that kustomize inflates may hold what Helm makes up.
    mayVary: programs !== undefined ? "always" : charts.length > 0 ? "templates" : "never",
  };
}

const RUNNING = ["--enable-alpha-plugins", "--enable-exec"];

/** What is built, asking for notes of where objects come from, where that can be had. */
async function withNotes(
  { made, noted = false }: KustomizeInput,
  { root, tree, made: all, bases }: WithRemoteBases,
): Promise<Pick<RenderJob, "made" | "noted"> | Fault> {
  const start = root.kustomizations[0]?.file ?? root.file;
  const text = await textIn(tree, start, all);
  // The repository's own notes are part of what is deployed, and would name the address.
  if (bases.length > 0 && !noted && text !== undefined && /originAnnotations|transformerAnnotations/.test(text)) {
    return notesRefused(root);
  }
  const asks = all.has(start) ? jsonAskingForOrigins : textAskingForOrigins;
  const asking = made === undefined && text !== undefined ? asks(text) : undefined;
  if (asking !== undefined) return { made: new Map([...all, [start, Buffer.from(asking)]]), noted: true };
  return all.size === 0 ? {} : { made: all, ...(noted ? { noted } : {}) };
}

async function textIn(
  tree: SourceTree,
  file: string,
  made: ReadonlyMap<string, Uint8Array>,
): Promise<string | undefined> {
  const bytes = made.get(file) ?? (await tree.read(file));
  return isFault(bytes) ? undefined : decodeText(bytes);
}

/**
 * What is reached, links on the way to it, what lies beside a kustomization, and whole folders of charts. Where generators
 * are configured by another kustomization, what they read is known to nobody: all that they may, which is what lies below.
 */
function neededBy(
  { kustomizations, reached }: FoundKustomization,
  files: readonly SourceFile[],
): readonly SourceFile[] {
  const folders = new Set(kustomizations.map(({ path }) => path));
  const whole = kustomizations.flatMap((one) => one.charts.flatMap(({ homes }) => homes));
  for (const { path, plugins } of kustomizations) if (plugins.some((one) => folders.has(one))) whole.push(path);
  const onTheWay = ({ path, folder }: SourceFile): boolean =>
    folder !== undefined && [...reached].some((one) => isWithin(one, path));
  return inListOrder([
    ...[...reached].flatMap((path) => fileAt(files, path) ?? []),
    ...[...folders].flatMap((folder) => filesBelow(files, folder).filter(({ path }) => folderOf(path) === folder)),
    ...whole.flatMap((folder) => filesBelow(files, folder)),
    ...files.filter(onTheWay),
  ]);
}

function notesRefused({ path, file }: FoundKustomization): Fault {
  return {
    kind: "fault",
    code: "render-refused",
    about: path === "" ? "." : path,
    message: `${shownFolder(path)} takes in remote bases and asks for annotations of where objects come from (buildMetadata): what kustomize would write there of another repository is not known`,
    remedy: "leave buildMetadata out, or copy the bases into the repository (kustomize localize)",
    position: { file, line: 1 },
    leavesUnknown: "declared",
  };
}

/** Where kustomize would have put them: it takes what stands there, and asks for no other. */
async function fetchCharts(
  { path }: FoundKustomization,
  missing: readonly { readonly chart: NamedChart; readonly file: string }[],
  source: ChartSource | undefined,
): Promise<ReadonlyMap<string, Uint8Array> | Fault> {
  const files = new Map<string, Uint8Array>();
  for (const { chart, file } of missing) {
    const { name, version, repository, homes } = chart;
    const wanted = { about: path, file, name, ...(version === undefined ? {} : { version }) };
    const [home] = homes;
    if (source === undefined || repository === undefined || home === undefined) {
      return chartMissing({ ...wanted, ...(repository === undefined ? {} : { repository }) });
    }
    const fetched = await source.fetch({ ...wanted, repository });
    if (isFault(fetched)) return fetched;
    for (const [own, bytes] of fetched.files) files.set(joinPath(home, own), bytes);
  }
  return files;
}

/** A chart that the repository names and does not hold. */
export function chartMissing({
  about,
  file,
  name,
  version,
  repository,
}: {
  readonly about: string;
  readonly file: string;
  readonly name: string;
  readonly version?: string;
  readonly repository?: string;
}): Fault {
  const which = `${name}${version === undefined ? "" : ` ${version}`}`;
  const from = repository === undefined ? "" : ` from ${withoutCredentials(repository)}`;
  return {
    kind: "fault",
    code: "chart-missing",
    about: about === "" ? "." : about,
    message: `${shownFolder(about)} needs the chart ${which}${from}, which the repository does not hold`,
    remedy:
      "vendor the chart in the repository (helm pull, helm dependency build), have the operator allow its address (--fetch-charts, or charts in the server's configuration), or list the folder under exclude",
    position: { file, line: 1 },
    leavesUnknown: "declared",
  };
}
