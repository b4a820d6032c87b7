/**
 * Renders what a Flux HelmRelease deploys: its chart with its values, as helm-controller gives them to Helm, and what its
 * post-renderers make of that.
 */

import { isFault } from "../../core/fault.ts";
import type { Fault } from "../../core/fault.ts";
import type { DesiredObject } from "../../core/objects.ts";
import { formatRef } from "../../core/refs.ts";
import type { RootChart, SourceFile } from "../../core/stages.ts";
import { fieldAt, fieldOf, isList, isMap, textOf } from "../../core/value.ts";
import type { Value, ValueMap } from "../../core/value.ts";
import { UNKNOWN_VALUES } from "../../core/stand-ins.ts";
import { printJson } from "../../yaml/json.ts";
import type { DesiredInput } from "../desired.ts";
import { joinPath } from "../paths.ts";
import { helmJob } from "../render/helm.ts";
import type { Rendered, RenderJob } from "../render/renderers.ts";
import type { FoundChart } from "../roots.ts";
import { helmReleaseOf, valuesAt } from "./helm-release.ts";
import type { HelmRelease, ValuesReference } from "./helm-release.ts";
import type { OtherSource } from "./other-source.ts";
import { placeChart } from "./release-chart.ts";
import type { PlacedChart } from "./release-chart.ts";

export interface ReleaseInput {
  readonly input: DesiredInput;
  readonly all: readonly SourceFile[];
  /** What Git says of an object, whatever deploys it. */
  readonly objectOf: (kind: string, name: string, namespace: string) => DesiredObject | undefined;
  /** Whether a source is the repository itself; a fault where it is another one. */
  readonly isOwn: (source: HelmRelease["chart"]["source"]) => Promise<boolean>;
  /** Another one that the operator lets be read. */
  readonly otherSource: (source: HelmRelease["chart"]["source"]) => Promise<OtherSource | Fault | undefined>;
}

export interface RenderedRelease {
  readonly release: HelmRelease;
  readonly root: FoundChart;
  readonly chart?: RootChart;
  readonly rendered: Rendered;
}

/** `undefined` where the object is no HelmRelease. */
export async function renderRelease(
  object: DesiredObject,
  context: ReleaseInput,
): Promise<RenderedRelease | Fault | undefined> {
  const release = helmReleaseOf(object);
  if (release === undefined) return undefined;
  if (release.remote) return releaseFault(release, "deploys to another cluster (spec.kubeConfig)", "nothing");
  const chart = await placeChart(release, context);
  if (isFault(chart)) return chart;
  // What is unknown in the object itself is unknown in the chart's values.
  const again = object.again === undefined ? undefined : helmReleaseOf({ ...object, value: object.again });
  const first = await renderOnce(release, { chart, dye: UNKNOWN_VALUES[0] }, context);
  if (isFault(first)) return first;
  const unknown = again !== undefined || release.valuesFrom.some((one) => isUnknown(one, release, context));
  const second = unknown ? await renderOnce(again ?? release, { chart, dye: UNKNOWN_VALUES[1] }, context) : undefined;
  if (isFault(second)) return second;
  const { path, fetched, isOther } = chart;
  // Of a chart that was fetched no file is in the repository: all that it makes begins with the release.
  const file = fetched === undefined && isOther !== true ? joinPath(path, "Chart.yaml") : release.file;
  const root: FoundChart = { renderer: "helm", path, file };
  return {
    release,
    root,
    ...(fetched === undefined ? {} : { chart: fetched }),
    rendered: second === undefined ? first : { ...first, again: second.output },
  };
}

interface Once {
  readonly chart: PlacedChart;
  readonly dye: string;
}

async function renderOnce(
  release: HelmRelease,
  { chart, dye }: Once,
  context: ReleaseInput,
): Promise<Rendered | Fault> {
  const { renderers, capabilities } = context.input;
  const { path, tree, files, values, onlyValues } = chart;
  const { charts } = renderers;
  const documents = documentsOf(release, dye, context);
  if (isFault(documents)) return documents;
  const settings = {
    release: release.release,
    namespace: release.namespace,
    values,
    ...(onlyValues === true ? { onlyValues } : {}),
    documents,
  };
  const job = await helmJob({
    path,
    settings,
    capabilities,
    tree,
    files,
    ...(charts === undefined ? {} : { charts }),
  });
  if (isFault(job)) return job;
  const rendered = await renderers.render({ ...job, file: release.file });
  return isFault(rendered) ? rendered : await postRendered(release, rendered, job, context);
}

/** Lower ones first; the release's own come last. */
function documentsOf(release: HelmRelease, dye: string, context: ReleaseInput): readonly Uint8Array[] | Fault {
  const documents: Uint8Array[] = [];
  for (const reference of release.valuesFrom) {
    const text = isUnknown(reference, release, context) ? dye : textFrom(reference, release, context);
    if (text === undefined) {
      if (reference.optional) continue;
      return releaseFault(
        release,
        `takes values from ${reference.kind}/${reference.name}, whose ${reference.key} Git does not hold`,
      );
    }
    if (reference.targetPath === undefined) {
      if (text === dye) {
        return releaseFault(
          release,
          `takes values from ${reference.kind}/${reference.name}, which only the cluster knows`,
        );
      }
      documents.push(Buffer.from(text));
      continue;
    }
    const values = valuesAt(reference.targetPath, text);
    if (values === undefined) {
      return releaseFault(
        release,
        `puts a value at ${JSON.stringify(reference.targetPath)}, a path that holdfast does not follow`,
      );
    }
    documents.push(json(values));
  }
  return [...documents, json(release.values)];
}

/** Of a Secret Git has a digest at most; of a ConfigMap that it does not declare, nothing. */
function isUnknown(reference: ValuesReference, release: HelmRelease, context: ReleaseInput): boolean {
  if (reference.kind === "Secret") return true;
  const object = context.objectOf(reference.kind, reference.name, release.ref.namespace ?? "");
  return object === undefined && !reference.optional;
}

function textFrom(
  { kind, name, key }: ValuesReference,
  release: HelmRelease,
  context: ReleaseInput,
): string | undefined {
  const object = context.objectOf(kind, name, release.ref.namespace ?? "");
  return textOf(fieldAt(object?.value, "data"), key);
}

/** `spec.postRenderers`: a kustomization over what the chart gave. */
async function postRendered(
  release: HelmRelease,
  rendered: Rendered,
  job: RenderJob,
  { input }: ReleaseInput,
): Promise<Rendered | Fault> {
  const list = fieldOf(release.spec, "postRenderers");
  let current = rendered;
  for (const one of isList(list) ? list : []) {
    const kustomize = fieldOf(one, "kustomize");
    if (!isMap(kustomize)) return releaseFault(release, "has a post-renderer that holdfast does not know");
    const next = await input.renderers.render(postRenderJob(job, kustomize, current.output));
    if (isFault(next)) return next;
    const { again } = current;
    const other = again === undefined ? undefined : await input.renderers.render(postRenderJob(job, kustomize, again));
    if (isFault(other)) return other;
    current = { ...current, output: next.output, ...(other === undefined ? {} : { again: other.output }) };
  }
  return current;
}

function postRenderJob(job: RenderJob, kustomize: ValueMap, output: Buffer): RenderJob {
  const kustomization: Record<string, Value> = { resources: ["all.yaml"] };
  for (const name of ["patches", "patchesStrategicMerge", "patchesJson6902", "images"]) {
    const added = fieldOf(kustomize, name);
    if (added !== undefined) kustomization[name] = added;
  }
  return {
    ...job,
    renderer: "kustomize",
    files: [],
    made: new Map([
      ["all.yaml", output],
      ["kustomization.yaml", json(kustomization)],
    ]),
    args: ["build", "."],
    mayVary: "never",
  };
}

function json(value: Value): Uint8Array {
  return Buffer.from(printJson(value));
}

function releaseFault(release: HelmRelease, what: string, leavesUnknown: Fault["leavesUnknown"] = "declared"): Fault {
  const name = formatRef(release.ref);
  return {
    kind: "fault",
    code: "deployer-unsupported",
    about: name,
    message: `${name} ${what}`,
    remedy: "render it to manifests, or leave it: what it deploys is not compared",
    position: { file: release.file, line: 1 },
    leavesUnknown,
  };
}
