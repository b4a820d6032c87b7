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
): Promise<RenderJob | Fault> {
  for (const { outside, file } of root.kustomizations) {
    if (outside.length > 0) return refused(root, file, outside);
  }
  const charts = root.kustomizations.flatMap(({ charts: named, file }) => named.map((chart) => ({ chart, file })));
  const missing = charts.find(
    ({ chart }) => !chart.homes.some((home) => fileAt(files, joinPath(home, "Chart.yaml")) !== undefined),
  );
  if (missing !== undefined) return missingChart(root, missing.file, missing.chart);
  const { path, file } = root;
  const asking = await askingText(tree, root.file);
  return {
    renderer: "kustomize",
    path,
    file,
    tree,
    files: withLinked(neededBy(root, files), files),
    ...(asking === undefined ? {} : { made: new Map([[root.file, asking]]), noted: true }),
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

function missingChart({ path }: FoundKustomization, file: string, chart: NamedChart): Fault {
  return chartMissing({ about: path, file, ...chart });
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
    remedy: "vendor the chart in the repository (helm pull, helm dependency build), or list the folder under exclude",
    position: { file, line: 1 },
    leavesUnknown: "declared",
  };
}
