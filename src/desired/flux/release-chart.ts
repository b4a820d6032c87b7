/** Which chart a HelmRelease deploys, and where it is: in the repository, or fetched from where Flux' sources say. */

import { isFault } from "../../core/fault.ts";
import type { Fault } from "../../core/fault.ts";
import { formatRef } from "../../core/refs.ts";
import type { RootChart, SourceFile, SourceTree } from "../../core/stages.ts";
import { fieldAt, fieldOf, isList, textOf } from "../../core/value.ts";
import type { Value } from "../../core/value.ts";
import { chartUnfetched } from "../charts/charts.ts";
import type { FetchedChart, WantedChart } from "../charts/charts.ts";
import { mountChart } from "../charts/mount.ts";
import { withoutCredentials } from "../origin.ts";
import { fileAt } from "../file-list.ts";
import { cleanPath, joinPath } from "../paths.ts";
import { chartMissing } from "../render/kustomize.ts";
import type { HelmRelease, ReleaseChart } from "./helm-release.ts";
import type { ReleaseInput } from "./render-release.ts";

export interface PlacedChart {
  /** The chart's folder among the files. */
  readonly path: string;
  readonly tree: SourceTree;
  readonly files: readonly SourceFile[];
  /** Of values, from the chart's folder, lower ones first. */
  readonly values: readonly string[];
  /** They take the place of the chart's own (source-controller `HelmChartSpec`, valuesFiles). */
  readonly onlyValues?: true;
  /** Where it is none of the repository's. */
  readonly fetched?: RootChart;
  /** It stands in another repository. */
  readonly isOther?: boolean;
}

export async function placeChart(release: HelmRelease, context: ReleaseInput): Promise<PlacedChart | Fault> {
  const { ref, file } = release;
  const about = formatRef(ref);
  const chart = throughHelmChart(release.chart, context);
  const { source } = chart;
  if (source.kind === "GitRepository" && chart.chart !== undefined) {
    const other = await context.otherSource(source);
    if (isFault(other))
      return chartUnfetched({ about, file, name: chart.chart, repository: "" }, "another repository", other.message);
    if (other !== undefined || (await context.isOwn(source))) {
      const { tree, files, prefix } = other ?? { tree: context.input.tree, files: context.all, prefix: "" };
      const within = cleanPath(chart.chart.replace(/^\/+/, ""));
      const path = within === undefined ? undefined : joinPath(prefix, within);
      if (path === undefined || fileAt(files, joinPath(path, "Chart.yaml")) === undefined) {
        return chartMissing({ about, file, name: chart.chart });
      }
      const values = chart.valuesFiles.map((one) => fromChart(within ?? "", one));
      return { path, tree, files, values, ...onlyThese(values), isOther: other !== undefined };
    }
  }
  const wanted = wantedChart(release, chart, context);
  const { charts } = context.input.renderers;
  if (wanted.kind === "elsewhere" || charts === undefined) return chartMissing(wanted.chart);
  if (wanted.filtered) {
    const shown = withoutCredentials(wanted.chart.repository);
    return chartUnfetched(
      wanted.chart,
      shown,
      "its versions are filtered (ref.semverFilter), which holdfast does not follow",
    );
  }
  const fetched = await charts.fetch(wanted.chart);
  return isFault(fetched) ? fetched : mounted(fetched, { chart, wanted: wanted.chart, file }, context);
}

/** `chartRef` may name what `chart` would be made into (source-controller `api/v1`, HelmChart). */
function throughHelmChart(chart: ReleaseChart, context: ReleaseInput): ReleaseChart {
  const { kind, name, namespace } = chart.source;
  if (kind !== "HelmChart") return chart;
  const spec = fieldOf(context.objectOf(kind, name, namespace)?.value, "spec");
  const own = textOf(spec, "chart");
  const version = textOf(spec, "version");
  if (own === undefined) return chart;
  const source = fieldOf(spec, "sourceRef");
  return {
    source: { kind: textOf(source, "kind") ?? "", name: textOf(source, "name") ?? "", namespace },
    chart: own,
    ...(version === undefined ? {} : { version }),
    valuesFiles: texts(fieldOf(spec, "valuesFiles")),
  };
}

type Wanted =
  | { readonly kind: "source"; readonly chart: WantedChart; readonly filtered: boolean }
  /** Its source is not in Git, or is none that charts are fetched from. */
  | { readonly kind: "elsewhere"; readonly chart: WantedChart };

function wantedChart({ ref, file }: HelmRelease, chart: ReleaseChart, context: ReleaseInput): Wanted {
  const { source } = chart;
  const spec = fieldOf(context.objectOf(source.kind, source.name, source.namespace)?.value, "spec");
  const url = textOf(spec, "url");
  const repository = url ?? `${source.kind}/${source.name} in ${source.namespace}`;
  const reference = source.kind === "OCIRepository" ? fieldOf(spec, "ref") : undefined;
  // The most exact one goes first (source-controller `OCIRepositoryRef`).
  const digest = textOf(reference, "digest");
  const named = textOf(reference, "semver") ?? textOf(reference, "tag");
  const version = chart.version ?? (digest === undefined ? named : undefined);
  const base: WantedChart = {
    about: formatRef(ref),
    file,
    name: chart.chart ?? url?.split("/").at(-1) ?? source.name,
    repository,
    ...(version === undefined ? {} : { version }),
    ...(digest === undefined ? {} : { digest }),
  };
  const elsewhere: Wanted = {
    kind: "elsewhere",
    chart: { ...base, ...((version ?? digest) ? { version: version ?? digest ?? "" } : {}) },
  };
  if (url === undefined) return elsewhere;
  if (source.kind === "HelmRepository" && chart.chart !== undefined)
    return { kind: "source", chart: base, filtered: false };
  if (source.kind !== "OCIRepository" || chart.chart !== undefined) return elsewhere;
  return {
    kind: "source",
    chart: { ...base, whole: true },
    filtered: fieldAt(reference, "semverFilter") !== undefined,
  };
}

interface Mounting {
  readonly chart: ReleaseChart;
  readonly wanted: WantedChart;
  readonly file: string;
}

/** What is named may be the chart's own `values.yaml`: it is kept under another name. */
function mounted(fetched: FetchedChart, { chart, wanted, file }: Mounting, context: ReleaseInput): PlacedChart | Fault {
  const named = chart.valuesFiles.map((one) => cleanPath(one.replace(/^\/+/, "")) ?? "");
  const lost = named.find((one) => !fetched.files.has(one));
  if (lost !== undefined) {
    return chartUnfetched(
      { ...wanted, file },
      fetched.repository,
      `it holds no values file ${JSON.stringify(lost.slice(0, 200))}`,
    );
  }
  const files = new Map(fetched.files);
  // Flux packs the chart: what a chart's folder leaves out is left out already.
  files.delete(".helmignore");
  const values = named.map((one, index) => {
    const kept = `.holdfast-values-${index}.yaml`;
    files.set(kept, fetched.files.get(one) ?? new Uint8Array());
    return kept;
  });
  const { name, version, repository, digest } = fetched;
  const asked = wanted.version ?? wanted.digest;
  return {
    ...mountChart({ name, version, files }, context.input.tree, context.all),
    values,
    ...onlyThese(values),
    fetched: { name, version, repository, digest, ...(asked === undefined ? {} : { asked }) },
  };
}

function onlyThese(values: readonly string[]): Pick<PlacedChart, "onlyValues"> {
  return values.length === 0 ? {} : { onlyValues: true };
}

/** Named from the source's root (source-controller `HelmChart`), where the chart's own are named from its folder. */
function fromChart(path: string, file: string): string {
  const up = path === "" ? "" : "../".repeat(path.split("/").length);
  return `${up}${file.replace(/^\.?\/+/, "")}`;
}

function texts(value: Value | undefined): readonly string[] {
  return isList(value) ? value.filter((one) => typeof one === "string") : [];
}
