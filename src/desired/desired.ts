/** What one target declares: the objects of its plain files, kustomizations and charts, and a fault for each part that could not be read. */

import { setImmediate as nextTurn } from "node:timers/promises";
import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import type { DesiredObject } from "../core/objects.ts";
import { groupOf } from "../core/refs.ts";
import type { KindRef } from "../core/refs.ts";
import type { DesiredState, Progress, RenderRoot, SourceFile, SourceTree } from "../core/stages.ts";
import type { Digester } from "../text/digest.ts";
import { createTextPool } from "../yaml/text-pool.ts";
import type { ClusterIdentity } from "./argo/destination.ts";
import { findArgo } from "./argo/find.ts";
import type { FoundArgo } from "./argo/find.ts";
import type { ArgoObjects } from "./argo/live-applications.ts";
import { ARGO_GROUP } from "./argo/objects.ts";
import { renderArgo } from "./argo/render-argo.ts";
import type { RenderedArgo } from "./argo/render-argo.ts";
import { withoutDuplicates } from "./duplicates.ts";
import { findFlux } from "./flux/find.ts";
import type { FoundFlux } from "./flux/find.ts";
import { renderFlux } from "./flux/render-flux.ts";
import type { RenderedFlux } from "./flux/render-flux.ts";
import type { LiveKeys } from "./flux/variables.ts";
import { MAX_FILE_BYTES } from "./file-faults.ts";
import { matchesAny } from "./glob.ts";
import { contextOf, readManifests } from "./manifests.ts";
import type { ManifestContext, Manifests } from "./manifests.ts";
import { cleanPath, isManifestName, isWithinAny } from "./paths.ts";
import { readOnce } from "./read-once.ts";
import { withMissingOnce } from "./render/missing-renderers.ts";
import { renderRoots } from "./render/render-roots.ts";
import type { Capabilities } from "./render/helm.ts";
import type { Renderers } from "./render/renderers.ts";
import { findRoots } from "./roots.ts";
import type { FoundRoot } from "./roots.ts";

/** The part of a configured target that says what it declares. */
export interface DesiredTarget {
  readonly name: string;
  /** A folder or a file of the repository; `""` or `.` for all of it. */
  readonly path: string;
  /** What the target's cluster is called: an alias of the operator's, or a context. */
  readonly cluster?: string;
  /** What other targets' clusters are called: what goes there is theirs. */
  readonly otherClusters?: readonly string[];
  /** For namespaced objects without one. Default: `default`, as kubectl has it. */
  readonly namespace?: string;
  /** Patterns as in `.gitignore`, from the repository's root. */
  readonly exclude: readonly string[];
  /** Of the release, where the path is a chart. */
  readonly helm?: { readonly release?: string; readonly namespace?: string; readonly values: readonly string[] };
}

export interface DesiredInput {
  readonly tree: SourceTree;
  readonly target: DesiredTarget;
  readonly digester: Digester;
  /** From the cluster's discovery; `undefined` for kinds that it does not know. */
  readonly isNamespaced: (kind: KindRef) => boolean | undefined;
  readonly renderers: Renderers;
  /** Of the target's cluster. */
  readonly capabilities: Capabilities;
  readonly cluster?: ClusterIdentity;
  /** Asked for what only Argo CD can tell; absent: nobody is. */
  readonly argoObjects?: ArgoObjects;
  /** Asked which variables ConfigMaps and Secrets hold that Git does not have; absent: nobody is. */
  readonly liveKeys?: LiveKeys;
  readonly progress?: Progress;
}

/** The name that {@link RenderRoot} gives for plain manifests: they are read by holdfast itself. */
export const PLAIN_RENDERER_VERSION = "builtin";

/**
 * Reads the target's desired objects. Never rejects for what the repository holds: whatever cannot be read is a fault,
 * and `complete` is `false` where a fault leaves declared objects unknown. Two declarations of one object are both left
 * out. Objects are in the order of their files, documents and list items.
 */
export async function readDesired(asked: DesiredInput): Promise<DesiredState> {
  const input = { ...asked, tree: readOnce(asked.tree) };
  const { tree, target } = input;
  const sources = await listSources(tree, target);
  if (isFault(sources)) {
    return { revision: tree.revision, roots: [], objects: [], faults: [sources], complete: false };
  }
  const manifests = await readFiles(input, sources.files);
  // What deploys is sought everywhere: what it deploys is compared, and nothing else.
  const held = await readFiles(input, sources.withheld.files);
  const every = { ...sources, rendered: [...sources.rendered, ...sources.withheld.rendered] };
  const plain = [...manifests.objects, ...held.objects];
  const deployers = await findDeployers(input, every, plain);
  if (deployers !== undefined) return await deployed(input, every, plain, deployers);
  const rendered = await renderRoots(input, sources);
  const single = await withoutDuplicates(tree, [...manifests.objects, ...rendered.objects]);
  const faults = [
    ...sources.faults,
    ...manifests.faults,
    ...rendered.faults,
    ...single.faults,
    ...withheldFaults(sources, rendered.roots),
    ...encryptedNote(target, manifests.encrypted + rendered.encrypted),
  ];
  return {
    revision: tree.revision,
    roots: [...sources.plain, ...rendered.roots],
    objects: single.objects,
    ...hooksOf([rendered]),
    faults,
    complete: !faults.some((fault) => fault.leavesUnknown === "declared"),
  };
}

interface Deployers {
  readonly flux?: { readonly found: FoundFlux; readonly rendered: RenderedFlux };
  readonly argo?: { readonly found: FoundArgo; readonly rendered: RenderedArgo };
}

/** What deploys from the target, by the objects that it holds; `undefined` where nothing does. */
async function findDeployers(
  input: DesiredInput,
  sources: Sources,
  plain: readonly DesiredObject[],
): Promise<Deployers | undefined> {
  const flux = await findFlux({ ...input, ...sources, plain, context: contextOf(input) });
  const byFlux = flux === undefined ? undefined : await renderFlux(input, flux, sources.all);
  const argo = await findArgo({ input, sources, plain, ...(byFlux === undefined ? {} : { deployed: byFlux }) });
  const byArgo = argo === undefined ? undefined : await renderArgo(input, argo);
  if (byFlux === undefined && byArgo === undefined) return undefined;
  return {
    ...(flux === undefined || byFlux === undefined ? {} : { flux: { found: flux, rendered: byFlux } }),
    ...(argo === undefined || byArgo === undefined ? {} : { argo: { found: argo, rendered: byArgo } }),
  };
}

/** Where a deployer deploys from the target, what it does not deploy is nothing that the cluster should have. */
async function deployed(
  input: DesiredInput,
  sources: Sources,
  plain: readonly DesiredObject[],
  { flux, argo }: Deployers,
): Promise<DesiredState> {
  const { tree, target } = input;
  const rendered = [flux?.rendered, argo?.rendered].filter((one) => one !== undefined);
  const deploys = (file: string): boolean => rendered.some((one) => one.deploys(file));
  // What Argo CD begins with may be what Flux made.
  const single = await withoutDuplicates(tree, [...new Set(rendered.flatMap(({ objects }) => objects))]);
  const entries = new Set([...(flux?.found.entries ?? []).map(({ object }) => object), ...(argo?.found.entries ?? [])]);
  const left = plain.filter((object) => !entries.has(object) && !deploys(object.origin.file));
  const roots = sources.rendered.filter(({ file }) => !deploys(file) && argo?.found.onlyEntries.has(file) !== true);
  const deployers = [...(flux === undefined ? [] : ["Flux"]), ...(argo === undefined ? [] : ["Argo CD"])].join(" and ");
  const faults = [
    ...sources.faults,
    ...withMissingOnce(rendered.flatMap((one) => one.faults)),
    ...single.faults,
    ...encryptedNote(
      target,
      rendered.reduce((sum, { encrypted }) => sum + encrypted, 0),
    ),
    // Where one of several clusters is not chosen, what they deploy is not known.
    ...((flux?.found.contested ?? []).length > 0
      ? []
      : notDeployed(target, {
          deployers,
          files: [...left.map(({ origin }) => origin.file), ...roots.map(({ file }) => file)],
          lost: rendered.flatMap((one) => one.faults).filter(({ leavesUnknown }) => leavesUnknown === "declared"),
        })),
  ];
  return {
    revision: tree.revision,
    roots: rendered.flatMap((one) => one.roots),
    objects: single.objects,
    ...(argo === undefined || argo.rendered.generated.length === 0 ? {} : { generated: argo.rendered.generated }),
    ...hooksOf(rendered),
    ...projectsOf(left),
    faults,
    complete: !faults.some((fault) => fault.leavesUnknown === "declared"),
  };
}

function projectsOf(left: readonly DesiredObject[]): Pick<DesiredState, "projects"> {
  const projects = left.filter(({ ref }) => ref.kind === "AppProject" && groupOf(ref.apiVersion) === ARGO_GROUP);
  return projects.length === 0 ? {} : { projects };
}

function hooksOf(rendered: readonly Pick<DesiredState, "hooks">[]): Pick<DesiredState, "hooks"> {
  const hooks = rendered.flatMap((one) => one.hooks ?? []);
  return hooks.length === 0 ? {} : { hooks };
}

/** Said once, so that nobody takes silence about them for agreement. */
function notDeployed({ name }: DesiredTarget, { deployers, files, lost }: NotDeployed): readonly Fault[] {
  if (files.length === 0) return [];
  const verb = deployers.includes(" and ") ? "deploy" : "deploys";
  // What was not understood may deploy them, or hold what does.
  const known =
    lost.length === 0
      ? `nothing of it deploys ${some(files)}`
      : `whether anything of it deploys ${some(files)} is not known, because of ${some(lost.map(({ about }) => about))}`;
  return [
    {
      kind: "fault",
      code: "not-deployed",
      about: name,
      message: `${deployers} ${verb} from target ${name}, and ${known}: not compared`,
      remedy:
        lost.length === 0
          ? "leave it, or make a target of its own of what something else deploys"
          : "mend what was not understood, or make a target of its own of what something else deploys",
      leavesUnknown: "nothing",
    },
  ];
}

interface NotDeployed {
  readonly deployers: string;
  readonly files: readonly string[];
  /** What the deployers deploy, or is to lead to more of them, and was not understood. */
  readonly lost: readonly Fault[];
}

function some(names: readonly string[]): string {
  const different = [...new Set(names)];
  const more = different.length > 3 ? ` and ${different.length - 3} more` : "";
  return `${different.slice(0, 3).join(", ")}${more}`;
}

export interface Sources {
  /** The plain manifest files. */
  readonly files: readonly SourceFile[];
  /** Other files that might hold manifests: those of kustomizations and charts. */
  readonly others: readonly SourceFile[];
  /** The root that they are; none where everything is rendered. */
  readonly plain: readonly RenderRoot[];
  readonly rendered: readonly FoundRoot[];
  /** What a kustomization that cannot be read may take in, and nothing else does: not known to be deployed as it stands. */
  readonly withheld: {
    readonly files: readonly SourceFile[];
    readonly rendered: readonly FoundRoot[];
    /** The roots with such kustomizations, and components that nothing uses. */
    readonly by: readonly FoundRoot[];
    /** Of theirs and of others: paths of all that they may take in. */
    readonly mentioned: ReadonlySet<string>;
  };
  /** Files of the whole repository. */
  readonly all: readonly SourceFile[];
  /** Submodules. */
  readonly faults: readonly Fault[];
}

/** Where the target's objects are declared. */
export async function listSources(tree: SourceTree, target: DesiredTarget): Promise<Sources | Fault> {
  const path = cleanPath(target.path);
  if (path === undefined) return pathFault(target, "leaves the repository");
  const [all, below] = await Promise.all([tree.list(""), tree.list(path)]);
  if (isFault(all)) return all;
  if (isFault(below)) return below;
  if (below.length === 0 && path !== "") return pathFault(target, "holds no file");
  const inScope = below.filter((file) => !matchesAny(target.exclude, file.path));
  const found = await findRoots(tree, all, inScope);
  const scope = new Set(inScope.map((file) => file.path));
  const own = inScope.filter((file) => !found.files.has(file.path) && !isWithinAny(file.path, found.folders));
  const manifests = own.filter(
    (file) => isManifestName(file.path) && !(file.target !== undefined && scope.has(file.target)),
  );
  const { mentioned, roots: heldRoots, by } = found.withheld;
  const isHeld = (file: SourceFile): boolean => mentioned.has(file.path) || mentioned.has(file.target ?? file.path);
  const files = manifests.filter((file) => !isHeld(file));
  const modules = own.filter((file) => file.mode === "160000");
  const submodules = await Promise.all(modules.map((file) => tree.read(file.path)));
  const plainRoot: RenderRoot = { path, renderer: "plain", version: PLAIN_RENDERER_VERSION };
  const plainFiles = new Set(manifests);
  return {
    files,
    others: inScope.filter((file) => isManifestName(file.path) && !plainFiles.has(file)),
    plain: files.length > 0 || found.roots.length === 0 ? [plainRoot] : [],
    rendered: found.roots,
    withheld: { files: manifests.filter(isHeld), rendered: heldRoots, by, mentioned },
    all,
    faults: submodules.filter(isFault),
  };
}

/** kustomize may take what holdfast cannot read (a line end of another kind): then no fault of it says that something is unknown. */
function withheldFaults({ withheld, rendered }: Sources, built: readonly RenderRoot[]): readonly Fault[] {
  const held = [...withheld.rendered, ...withheld.files].map(({ path }) => path);
  if (held.length === 0) return [];
  const isBuilt = (path: string): boolean => built.some((root) => root.renderer === "kustomize" && root.path === path);
  return withheld.by
    .filter((root) => !rendered.includes(root) || isBuilt(root.path))
    .map(({ file }) => ({
      kind: "fault",
      code: "yaml-invalid",
      about: file,
      message: `holdfast cannot read all kustomizations that ${file} takes in, and these may take in ${some(held)}: not compared`,
      remedy: "mend what Kubernetes would not read as YAML: a control character, a line end that is none to others",
      leavesUnknown: "declared",
    }));
}

function pathFault(target: DesiredTarget, message: string): Fault {
  return {
    kind: "fault",
    code: "target-unknown",
    about: target.name,
    message: `the path ${JSON.stringify(target.path)} of target ${target.name} ${message}`,
    remedy: "correct the target's path in the configuration",
    leavesUnknown: "declared",
  };
}

/** Files and bytes that are read at a time. */
const BATCH_FILES = 64;
const BATCH_BYTES = 16 * 1024 * 1024;

interface ReadFiles {
  readonly objects: DesiredObject[];
  readonly faults: Fault[];
  encrypted: number;
}

async function readFiles(input: DesiredInput, files: readonly SourceFile[]): Promise<ReadFiles> {
  const context: ManifestContext = { ...contextOf(input), texts: createTextPool() };
  const read: ReadFiles = { objects: [], faults: [], encrypted: 0 };
  let done = 0;
  await input.tree.prefetch?.(files.map((file) => file.path)); // A fault here is a fault of each file, when it is read.
  for (const batch of batches(files)) {
    const contents = await Promise.all(batch.map((file) => input.tree.read(file.path)));
    for (const [index, bytes] of contents.entries()) {
      const file = batch[index] as SourceFile;
      add(read, isFault(bytes) ? { objects: [], faults: [bytes], encrypted: 0 } : manifestsOf(file, bytes, context));
    }
    done += batch.length;
    input.progress?.({ stage: "desired", what: "files", done, total: files.length });
    await nextTurn(); // Signals and timers get their turn.
  }
  return read;
}

/** What is read through a link belongs to the file that it leads to: an edit must never replace a link by a file. */
function manifestsOf(file: SourceFile, bytes: Uint8Array, context: ManifestContext): Manifests {
  return readManifests(file.target ?? file.path, bytes, context);
}

function add(read: ReadFiles, manifests: Manifests): void {
  for (const object of manifests.objects) read.objects.push(object);
  for (const fault of manifests.faults) read.faults.push(fault);
  read.encrypted += manifests.encrypted;
}

function* batches(files: readonly SourceFile[]): Generator<readonly SourceFile[]> {
  let batch: SourceFile[] = [];
  let bytes = 0;
  for (const file of files) {
    // A file whose size is not known, or that is over the limit anyway, counts little: reading it stops early.
    const size = file.size === undefined || file.size > MAX_FILE_BYTES ? 0 : file.size;
    if (batch.length > 0 && (batch.length === BATCH_FILES || bytes + size > BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(file);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** SOPS' ciphertext is no fault: it is said once that it is not compared. */
function encryptedNote(target: DesiredTarget, encrypted: number): readonly Fault[] {
  if (encrypted === 0) return [];
  return [
    {
      kind: "fault",
      code: "secrets-encrypted",
      about: target.name,
      message: `${encrypted} object${encrypted === 1 ? " is" : "s are"} encrypted by SOPS: the encrypted fields are not compared`,
      remedy: "nothing needs to be done; their other fields are compared",
      leavesUnknown: "nothing",
    },
  ];
}
