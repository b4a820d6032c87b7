/** Renders what one source of an Application deploys. */

import { isFault } from "../../core/fault.ts";
import type { Fault } from "../../core/fault.ts";
import type { RenderRoot } from "../../core/stages.ts";
import type { DesiredInput } from "../desired.ts";
import { contextOf, readManifests } from "../manifests.ts";
import type { ManifestContext, Manifests } from "../manifests.ts";
import { deployedBy } from "../other-repositories.ts";
import { restrictorOf } from "../flux/render-flux.ts";
import { helmJob } from "../render/helm.ts";
import { kustomizeJob } from "../render/kustomize.ts";
import { NO_PROGRAMS } from "../render/programs.ts";
import { readRendered, renderedBy } from "../render/rendered.ts";
import type { Rendered } from "../render/renderers.ts";
import { environmentOf, REVISIONS } from "./environment.ts";
import type { Environment } from "./environment.ts";
import { capabilitiesOf, helmSettings } from "./helm-settings.ts";
import { argoFault, quoted } from "./objects.ts";
import type { Application } from "./objects.ts";
import { oddOutput, pluginJob } from "./plugin.ts";
import type { ArgoRoot, DirectoryRoot, HelmRoot, KustomizeRoot, PluginRoot, Repository } from "./root.ts";
import { printJson } from "../../yaml/json.ts";

export interface RenderedSource extends Manifests {
  readonly root: Omit<RenderRoot, "deployer">;
}

export interface RenderSourceInput {
  readonly input: DesiredInput;
  readonly application: Application;
  readonly root: ArgoRoot;
  readonly repository: Repository;
}

/** The objects with the namespace that the Application gives to those that name none. */
export async function renderSource(context: RenderSourceInput): Promise<RenderedSource | Fault> {
  const { input, application, root } = context;
  const { namespace } = application.destination;
  const reading = contextOf({ ...input, target: { namespace } });
  const read =
    root.tool === "directory" ? await readDirectory(context, root, reading) : await built(context, root, reading);
  return isFault(read) ? read : withHomes(context, root.prefix === undefined ? read : fromOther(application, read));
}

function fromOther(application: Application, read: RenderedSource): RenderedSource {
  const { file } = application.origin;
  const hooks = read.hooks === undefined ? {} : { hooks: deployedBy(read.hooks, file) };
  return { ...read, objects: deployedBy(read.objects, file), ...hooks };
}

function withHomes({ input, application }: RenderSourceInput, read: RenderedSource): RenderedSource {
  const { namespace } = application.destination;
  if (namespace !== "") return read;
  // Argo CD refuses those (`Namespace for … is missing`).
  const homeless = read.objects.filter(({ ref }) => ref.namespace === undefined && input.isNamespaced(ref) === true);
  if (homeless.length === 0) return read;
  const lost = argoFault(application, {
    what: `has no destination.namespace, and ${homeless.length} of its objects name none either`,
    remedy: "name a namespace in the destination or in the objects",
  });
  const left = new Set(homeless);
  return { ...read, objects: read.objects.filter((one) => !left.has(one)), faults: [...read.faults, lost] };
}

async function readDirectory(
  { input, application }: RenderSourceInput,
  { path, files, jsonnet, repository }: DirectoryRoot,
  reading: ManifestContext,
): Promise<RenderedSource> {
  const found: Manifests[] = [];
  for (const file of files) {
    const bytes = await (repository ?? input).tree.read(file);
    found.push(isFault(bytes) ? { objects: [], faults: [bytes], encrypted: 0 } : readManifests(file, bytes, reading));
  }
  const [program] = [...jsonnet];
  const unread =
    program === undefined
      ? []
      : [argoFault(application, { what: `is made by Jsonnet (${quoted(program)}): holdfast runs none` })];
  return {
    root: { path, renderer: "plain", version: "builtin" },
    objects: found.flatMap(({ objects }) => objects),
    faults: [...found.flatMap(({ faults }) => faults), ...unread],
    encrypted: found.reduce((sum, { encrypted }) => sum + encrypted, 0),
  };
}

async function built(
  context: RenderSourceInput,
  root: KustomizeRoot | HelmRoot | PluginRoot,
  reading: ManifestContext,
): Promise<RenderedSource | Fault> {
  const { application, repository } = context;
  const [first, second] = REVISIONS.map((revision) => environmentOf(application, root.source, revision));
  const once = await renderOnce(context, root, first as Environment);
  if (isFault(once)) return once;
  let { rendered } = once;
  // A plugin is told in any case, and may make up whatever it likes.
  if (root.tool === "plugin" || printJson(root.source.value).includes("ARGOCD_APP_REVISION")) {
    const again = await renderOnce(context, root, second as Environment);
    if (isFault(again)) return again;
    rendered = { ...rendered, again: again.rendered.output };
  }
  const files = new Set(repository.files.map(({ path }) => path));
  const manifests = readRendered({
    root: root.root,
    rendered,
    context: reading,
    noted: once.noted,
    isFile: (file) => files.has(file),
  });
  const chart = root.tool === "helm" && root.chart !== undefined ? { chart: root.chart } : {};
  const plugin = root.tool === "plugin" ? { version: root.name } : {};
  return { ...manifests, root: { path: root.path, renderer: root.tool, ...renderedBy(rendered), ...plugin, ...chart } };
}

interface Once {
  readonly rendered: Rendered;
  readonly noted: boolean;
}

async function renderOnce(
  context: RenderSourceInput,
  root: KustomizeRoot | HelmRoot | PluginRoot,
  environment: Environment,
): Promise<Once | Fault> {
  const { input, application } = context;
  const repository = root.repository ?? context.repository;
  if (root.tool === "helm") {
    const settings = helmSettings({ application, root, repository, environment });
    if (isFault(settings)) return settings;
    const capabilities = capabilitiesOf(root.source, input.capabilities);
    const { tree, files, charts } = repository;
    const more = charts === undefined ? {} : { charts };
    const job = await helmJob({ path: root.path, settings, capabilities, tree, files, ...more });
    const rendered = isFault(job) ? job : await input.renderers.render({ ...job, file: root.root.file });
    return isFault(rendered) ? rendered : { rendered, noted: false };
  }
  if (root.tool === "plugin") {
    const { capabilities } = input;
    const job = pluginJob({ application, root, repository, environment, capabilities });
    const rendered = isFault(job) ? job : await input.renderers.render(job);
    if (isFault(rendered)) return rendered;
    return oddOutput(application, root, rendered.output) ?? { rendered, noted: false };
  }
  const { tree, files, charts, others } = repository;
  const made = root.made?.(environment);
  const job = await kustomizeJob(root.root, {
    tree,
    files,
    capabilities: input.capabilities,
    programs: input.renderers.programs ?? NO_PROGRAMS,
    ...(charts === undefined ? {} : { charts }),
    ...(others === undefined ? {} : { others }),
    ...(made === undefined ? {} : { made, noted: true }),
  });
  if (isFault(job)) return job;
  const args = [...job.args, "--load-restrictor", restrictorOf(job)];
  const rendered = await input.renderers.render({ ...job, args });
  return isFault(rendered) ? rendered : { rendered, noted: job.noted === true };
}
