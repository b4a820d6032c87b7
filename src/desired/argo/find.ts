/**
 * Which Applications and ApplicationSets a repository begins with: those that no other Application deploys. Further ones are
 * found as those are rendered.
 */

import { availableParallelism } from "node:os";
import { isFault } from "../../core/fault.ts";
import type { Fault } from "../../core/fault.ts";
import type { DesiredObject } from "../../core/objects.ts";
import type { SourceFile, SourceTree } from "../../core/stages.ts";
import type { DesiredInput, Sources } from "../desired.ts";
import { KustomizationFolders } from "../kustomization-folders.ts";
import { isWithin } from "../paths.ts";
import { renderRoots } from "../render/render-roots.ts";
import type { FoundRoot } from "../roots.ts";
import { applicationsOf } from "./live-applications.ts";
import { applicationOf, applicationSetOf, declaredKey } from "./objects.ts";
import type { Application } from "./objects.ts";
import { argoRoot, takesIn } from "./root.ts";
import type { ArgoRoot, Repository } from "./root.ts";

export interface FoundArgo {
  /** Applications and ApplicationSets, as Git declares them. */
  readonly entries: readonly DesiredObject[];
  readonly repository: Repository;
  /** Of roots that may declare more of them, and cannot be rendered. */
  readonly faults: readonly Fault[];
  /** Where roots begin of which nothing but entries comes. */
  readonly onlyEntries: ReadonlySet<string>;
}

export interface FindArgoInput {
  readonly input: DesiredInput;
  readonly sources: Sources;
  /** Of the target's plain files. */
  readonly plain: readonly DesiredObject[];
  /** What another deployer makes, and from which files. */
  readonly deployed?: { readonly objects: readonly DesiredObject[]; readonly deploys: (file: string) => boolean };
}

/** `undefined` where the target holds neither. */
export async function findArgo({ input, sources, plain, deployed }: FindArgoInput): Promise<FoundArgo | undefined> {
  const deploys = (file: string): boolean => deployed?.deploys(file) === true;
  const { charts, others, programs } = input.renderers;
  const plugins = programs === undefined ? {} : { plugins: programs.plugins };
  const repository = { ...(await repositoryOf(input.tree, sources.all)), ...plugins };
  const roots = await mentioning(input, sources, deploys);
  const rendered = await rendersOf(input, sources, roots);
  const objects = [
    ...(deployed?.objects ?? []),
    ...plain.filter(({ origin }) => !deploys(origin.file)),
    ...rendered.flatMap((one) => one.objects),
  ];
  const found = objects.filter(isArgo);
  const lost = rendered.filter(({ faults }) => faults.some(({ leavesUnknown }) => leavesUnknown === "declared"));
  // What cannot be read may declare them all: then what is deployed is not known, and nothing is deployed as it stands.
  if (found.length === 0 && !lost.some(({ root }) => sources.withheld.by.includes(root))) return undefined;
  const made = await rootsOf(found, repository, input);
  const taken = (file: string, by: (key: string) => boolean): boolean =>
    made.some(({ key, roots: own }) => by(key) && own.some((root) => takesIn(root, file)));
  const entries = found.filter((object) => {
    const own = keyOf(object);
    return !taken(object.origin.file, (key) => key !== own);
  });
  const isEntry = new Set(entries);
  return {
    // Where each is deployed by another, any of them leads to all.
    entries: entries.length > 0 ? entries : found,
    repository: {
      ...repository,
      ...(charts === undefined ? {} : { charts }),
      ...(others === undefined ? {} : { others }),
    },
    faults: lost.filter(({ root }) => !taken(root.file, () => true)).flatMap(({ faults }) => faults),
    onlyEntries: new Set(
      rendered
        .filter((one) => one.objects.length > 0 && one.objects.every((object) => isEntry.has(object)))
        .map(({ root }) => root.file),
    ),
  };
}

/** `files`: all of them. */
export async function repositoryOf(tree: SourceTree, files: readonly SourceFile[]): Promise<Repository> {
  return {
    tree,
    files,
    folders: new KustomizationFolders(tree, files),
    origin: await tree.origin?.(),
  };
}

function isArgo(object: DesiredObject): boolean {
  return applicationOf(object) !== undefined || applicationSetOf(object) !== undefined;
}

function keyOf(object: DesiredObject): string {
  return declaredKey(object);
}

/** Kustomizations and charts that may declare Applications: their files say so. */
async function mentioning(
  { tree }: DesiredInput,
  { rendered, others, withheld }: Sources,
  deploys: (file: string) => boolean,
): Promise<readonly FoundRoot[]> {
  const candidates = rendered.filter(({ file }) => !deploys(file));
  const unread = new Set(withheld.by);
  const isOf = (root: FoundRoot, file: string): boolean =>
    reaches(root, file) || (unread.has(root) && withheld.mentioned.has(file));
  const needed = others.filter(({ path }) => candidates.some((root) => isOf(root, path)));
  await tree.prefetch?.(needed.map(({ path }) => path)); // A fault here is a fault of each file, when it is read.
  const files: string[] = [];
  for (const { path } of needed) {
    const bytes = await tree.read(path);
    if (!isFault(bytes) && mentionsArgo(bytes)) files.push(path);
  }
  return candidates.filter((root) => files.some((file) => isOf(root, file)));
}

function reaches(root: FoundRoot, file: string): boolean {
  return root.renderer === "helm" ? isWithin(file, root.path) : root.reached.has(file);
}

function mentionsArgo(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return text.includes("argoproj.io/") && /\bkind["']?\s*:\s*["']?Application/.test(text.toString("latin1"));
}

interface RenderedFound {
  readonly root: FoundRoot;
  readonly objects: readonly DesiredObject[];
  readonly faults: readonly Fault[];
}

async function rendersOf(
  input: DesiredInput,
  sources: Sources,
  roots: readonly FoundRoot[],
): Promise<readonly RenderedFound[]> {
  const found: RenderedFound[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < roots.length; index = next++) {
      const root = roots[index] as FoundRoot;
      // Settings of a target's own chart are none of what is looked for here.
      const { objects, faults } = await renderRoots(input, { ...sources, rendered: [root] });
      found[index] = { root, objects, faults };
    }
  };
  await Promise.all(Array.from({ length: Math.min(roots.length, availableParallelism()) }, work));
  return found;
}

interface Made {
  readonly key: string;
  readonly roots: readonly ArgoRoot[];
}

/** What each of them deploys; faults are told when it is deployed. */
async function rootsOf(
  objects: readonly DesiredObject[],
  repository: Repository,
  input: DesiredInput,
): Promise<readonly Made[]> {
  const made: Made[] = [];
  for (const object of objects) {
    const roots: ArgoRoot[] = [];
    for (const application of await leadingTo(object, repository, input)) {
      for (const source of application.sources) {
        const root = await argoRoot(application, source, repository);
        if (root !== undefined && !isFault(root)) roots.push(root);
      }
    }
    made.push({ key: keyOf(object), roots });
  }
  return made;
}

async function leadingTo(
  object: DesiredObject,
  repository: Repository,
  input: DesiredInput,
): Promise<readonly Application[]> {
  const application = applicationOf(object);
  if (application !== undefined) return [application];
  const set = applicationSetOf(object);
  return set === undefined ? [] : (await applicationsOf(set, repository, input)).applications;
}
