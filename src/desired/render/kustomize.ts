/** How a kustomization is built: which files `kustomize build` is given, and what it is never asked to fetch. */

import { isFault } from "../../core/fault.ts";
import type { Fault } from "../../core/fault.ts";
import type { SourceFile, SourceTree } from "../../core/stages.ts";
import { decodeText } from "../../yaml/content.ts";
import type { NamedChart } from "../kustomization.ts";
import { fileAt, filesBelow, inListOrder } from "../file-list.ts";
import { withLinked } from "../links.ts";
import { folderOf, isWithin, joinPath, shownFolder } from "../paths.ts";
import type { FoundKustomization } from "../roots.ts";
import type { ChartSource } from "../charts/charts.ts";
import type { Capabilities } from "./helm.ts";
import { textAskingForOrigins } from "./origins.ts";
import type { RenderJob } from "./renderers.ts";
import { withoutCredentials } from "../origin.ts";

/** Faults: `render-refused` for what is in no file of the repository, `chart-missing` for charts that are not at hand. */
export async function kustomizeJob(
  root: FoundKustomization,
  tree: SourceTree,
  files: readonly SourceFile[],
  capabilities?: Capabilities,
  source?: ChartSource,
): Promise<RenderJob | Fault> {
  for (const { outside, file } of root.kustomizations) {
    if (outside.length > 0) return refused(root, file, outside);
  }
  const charts = root.kustomizations.flatMap(({ charts: named, file }) => named.map((chart) => ({ chart, file })));
  const missing = charts.filter(
    ({ chart }) => !chart.homes.some((home) => fileAt(files, joinPath(home, "Chart.yaml")) !== undefined),
  );
  const fetched = await fetchCharts(root, missing, source);
  if (isFault(fetched)) return fetched;
  const { path, file } = root;
  const asking = await askingText(tree, root.file);
  return {
    renderer: "kustomize",
    path,
    file,
    tree,
    files: withLinked(neededBy(root, files), files),
    ...(asking === undefined ? {} : { made: new Map([[root.file, asking]]), noted: true }),
    ...(fetched.size === 0 ? {} : { fetched }),
    // A folder's name may begin with a dash.
    args: ["build", path === "" ? "." : `./${path}`],
    charts: charts.length > 0,
    foreseen: root.kustomizations.every(({ whole }) => whole),
    ...(charts.length === 0 || capabilities === undefined ? {} : { capabilities }),
    // A chart that kustomize inflates may hold what Helm makes up.
    mayVary: charts.length > 0 ? "templates" : "never",
  };
}

async function askingText(tree: SourceTree, file: string): Promise<Uint8Array | undefined> {
  const bytes = await tree.read(file);
  const text = isFault(bytes) ? undefined : decodeText(bytes);
  const asking = text === undefined ? undefined : textAskingForOrigins(text);
  return asking === undefined ? undefined : Buffer.from(asking);
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

function refused({ path }: FoundKustomization, file: string, outside: readonly string[]): Fault {
  const shown = outside.slice(0, 3).map((one) => JSON.stringify(withoutCredentials(one)));
  const more = outside.length > 3 ? ` and ${outside.length - 3} more` : "";
  return {
    kind: "fault",
    code: "render-refused",
    about: path === "" ? "." : path,
    message: `${shownFolder(path)} needs what is not in the repository: ${shown.join(", ")}${more}`,
    remedy: "copy it into the repository (kustomize localize), or list the folder under the target's exclude",
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
