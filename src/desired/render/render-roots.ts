/** Renders a target's roots side by side. One that fails costs itself. */

import { availableParallelism } from "node:os";
import { isFault } from "../../core/fault.ts";
import type { Fault } from "../../core/fault.ts";
import type { DesiredObject, ReleaseRef } from "../../core/objects.ts";
import type { RenderRoot } from "../../core/stages.ts";
import type { DesiredInput, DesiredTarget, Sources } from "../desired.ts";
import { contextOf } from "../manifests.ts";
import { cleanPath, shownFolder } from "../paths.ts";
import type { FoundRoot } from "../roots.ts";
import { helmJob } from "./helm.ts";
import type { HelmSettings } from "./helm.ts";
import { kustomizeJob } from "./kustomize.ts";
import { NO_PROGRAMS } from "./programs.ts";
import { readRendered, renderedBy } from "./rendered.ts";
import type { RenderJob } from "./renderers.ts";

interface RenderedRoots {
  readonly roots: readonly RenderRoot[];
  readonly objects: readonly DesiredObject[];
  readonly hooks?: readonly DesiredObject[];
  readonly faults: readonly Fault[];
  readonly encrypted: number;
}

/** In the order of the roots, and of what each renderer prints. */
export async function renderRoots(input: DesiredInput, { rendered: found, all }: Sources): Promise<RenderedRoots> {
  const files = new Set(all.map(({ path }) => path));
  const results: RenderedRoots[] = [];
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < found.length; index = next++) {
      results[index] = await renderRoot(input, found[index] as FoundRoot, all, files);
      done += 1;
      input.progress?.({ stage: "desired", what: "roots", done, total: found.length });
    }
  };
  await Promise.all(Array.from({ length: Math.min(found.length, availableParallelism()) }, work));
  return {
    roots: results.flatMap((one) => one.roots),
    objects: results.flatMap((one) => one.objects),
    hooks: results.flatMap((one) => one.hooks ?? []),
    faults: [...noChart(input.target, found), ...withoutRenderer(found, results)],
    encrypted: results.reduce((sum, one) => sum + one.encrypted, 0),
  };
}

/** A program that is missing is told once, with the roots that need it. */
function withoutRenderer(found: readonly FoundRoot[], results: readonly RenderedRoots[]): readonly Fault[] {
  const faults: Fault[] = [];
  const needing = new Map<string, { readonly fault: Fault; readonly paths: string[] }>();
  for (const [index, { faults: own }] of results.entries()) {
    for (const fault of own) {
      if (fault.code !== "renderer-missing") faults.push(fault);
      else {
        const known = needing.get(fault.message) ?? { fault, paths: [] };
        needing.set(fault.message, known);
        known.paths.push((found[index] as FoundRoot).path);
      }
    }
  }
  return [
    ...[...needing.values()].map(({ fault, paths }) => ({ ...fault, message: `${fault.message}: ${needed(paths)}` })),
    ...faults,
  ];
}

const SHOWN_PATHS = 3;

function needed(paths: readonly string[]): string {
  const shown = paths.slice(0, SHOWN_PATHS).map(shownFolder);
  const more = paths.length > SHOWN_PATHS ? ` and ${paths.length - SHOWN_PATHS} more` : "";
  return `it is needed to render ${shown.join(", ")}${more}`;
}

/** Settings of a release are about the chart that the target's path is. */
function noChart({ name, path, helm }: DesiredTarget, found: readonly FoundRoot[]): readonly Fault[] {
  const chart = cleanPath(path);
  if (helm === undefined || found.some((root) => root.renderer === "helm" && root.path === chart)) return [];
  return [
    {
      kind: "fault",
      code: "target-unknown",
      about: name,
      message: `target ${name} has helm settings, and its path ${JSON.stringify(path)} is no chart`,
      remedy: "name the folder that Chart.yaml is in, or remove helm",
      leavesUnknown: "declared",
    },
  ];
}

async function renderRoot(
  input: DesiredInput,
  root: FoundRoot,
  all: Sources["all"],
  files: ReadonlySet<string>,
): Promise<RenderedRoots> {
  const job = await jobOf(input, root, all);
  const rendered = isFault(job) ? job : await input.renderers.render(job);
  if (isFault(rendered)) return { roots: [], objects: [], faults: [rendered], encrypted: 0 };
  const { path, renderer } = root;
  const context = contextOf({ ...input, target: namespaceOf(input.target, root) });
  const noted = !isFault(job) && job.noted === true;
  const manifests = readRendered({ root, rendered, context, noted, isFile: (file) => files.has(file) });
  const release = releaseOf(job, context.namespace);
  const objects = manifests.objects.map((object) => (release === undefined ? object : { ...object, release }));
  return { ...manifests, objects, roots: [{ path, renderer, ...renderedBy(rendered) }] };
}

function releaseOf(job: RenderJob | Fault, namespace = "default"): ReleaseRef | undefined {
  return isFault(job) || job.release === undefined ? undefined : { namespace, name: job.release };
}

function jobOf(
  input: DesiredInput,
  root: FoundRoot,
  all: Sources["all"],
): Promise<RenderJob | Fault> | RenderJob | Fault {
  const { tree, target, capabilities } = input;
  const { charts, others, programs = NO_PROGRAMS } = input.renderers;
  switch (root.renderer) {
    case "kustomize":
      return kustomizeJob(root, {
        tree,
        files: all,
        capabilities,
        programs,
        ...(charts === undefined ? {} : { charts }),
        ...(others === undefined ? {} : { others }),
      });
    case "helm":
      return helmJob({
        path: root.path,
        settings: settingsOf(target, root),
        capabilities,
        tree,
        files: all,
        ...(charts === undefined ? {} : { charts }),
      });
  }
}

/** The target's settings are those of the chart that its path names; other charts are rendered as they come. */
function settingsOf(target: DesiredTarget, root: FoundRoot): HelmSettings {
  const own = cleanPath(target.path) === root.path ? target.helm : undefined;
  const namespace = namespaceOf(target, root).namespace ?? "default";
  return {
    namespace,
    values: own?.values ?? [],
    ...(own?.release === undefined ? {} : { release: own.release }),
  };
}

function namespaceOf(target: DesiredTarget, root: FoundRoot): Pick<DesiredTarget, "namespace"> {
  const own = cleanPath(target.path) === root.path ? target.helm?.namespace : undefined;
  const namespace = own ?? target.namespace;
  return namespace === undefined ? {} : { namespace };
}
