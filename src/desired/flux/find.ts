/**
 * Which Flux Kustomizations a repository begins with. Whatever one of them deploys may hold further ones: those are found as
 * they are rendered, and only the ones that no other deploys are read from their files.
 */

import { isFault } from "../../core/fault.ts";
import type { DesiredObject } from "../../core/objects.ts";
import { groupOf } from "../../core/refs.ts";
import type { SourceFile, SourceTree } from "../../core/stages.ts";
import { equalValues } from "../../core/value.ts";
import { readManifests } from "../manifests.ts";
import type { ManifestContext } from "../manifests.ts";
import { fluxKey, fluxKustomizationOf, KUSTOMIZE_GROUP, SOURCE_GROUP } from "./objects.ts";
import type { FluxKustomization } from "./objects.ts";
import { fluxRoot, takesIn } from "./root.ts";
import { KustomizationFolders } from "../kustomization-folders.ts";
import type { FluxRoot } from "./root.ts";

export interface FoundFlux {
  /** As their files have them. */
  readonly entries: readonly { readonly flux: FluxKustomization; readonly object: DesiredObject }[];
  /** Such as have one name, and are so those of different clusters: which of them counts is not to be known. */
  readonly contested: readonly (readonly FluxKustomization[])[];
  readonly folders: KustomizationFolders;
  /** Flux' sources, as files have them. */
  readonly sources: readonly DesiredObject[];
}

export interface FindFluxInput {
  readonly tree: SourceTree;
  /** Of the whole repository. */
  readonly all: readonly SourceFile[];
  /** Files of the target that are no plain manifests: kustomizations take them in, or might. */
  readonly others: readonly SourceFile[];
  /** Of the target's plain files. */
  readonly plain: readonly DesiredObject[];
  readonly context: ManifestContext;
}

/** `undefined` where the target holds no Flux Kustomization. */
export async function findFlux({ tree, all, others, plain, context }: FindFluxInput): Promise<FoundFlux | undefined> {
  const objects = [...plain, ...(await mentioning(tree, others, context))];
  const found = objects.flatMap((object) => {
    const flux = fluxKustomizationOf(object);
    return flux === undefined ? [] : [{ flux, object }];
  });
  if (found.length === 0) return undefined;
  const folders = new KustomizationFolders(tree, all);
  const roots: { readonly of: FluxKustomization; readonly root: FluxRoot }[] = [];
  for (const { flux } of found) {
    const { path } = flux;
    const root = path === undefined ? undefined : await fluxRoot({ ...flux, path }, { tree, files: all, folders });
    if (root !== undefined && !isFault(root)) roots.push({ of: flux, root });
  }
  const takenIn = (file: string, by: FluxKustomization): boolean =>
    roots.some(({ of, root }) => of === by && takesIn(root.root, file));
  const entries = found.filter(({ flux }) => !found.some((one) => one.flux !== flux && takenIn(flux.file, one.flux)));
  const reached = new Set(entries);
  for (const { flux: by } of reached) for (const one of found) if (takenIn(one.flux.file, by)) reached.add(one);
  const sources = objects.filter(({ ref }) => groupOf(ref.apiVersion) === SOURCE_GROUP);
  // Those that deploy each other all the way round, and that nothing else leads to.
  const round = found.filter((one) => !reached.has(one));
  const named = Map.groupBy([...entries, ...round], ({ flux }) => fluxKey(flux));
  const groups = [...named.values()];
  return {
    entries: groups.filter((group) => !isContested(group)).flat(),
    contested: groups.filter(isContested).map((group) => group.map(({ flux }) => flux)),
    folders,
    sources,
  };
}

/** Such as say the same are one that stands in two places. */
function isContested(group: FoundFlux["entries"]): boolean {
  const [first, ...rest] = group;
  return rest.some(({ flux }) => !equalValues(flux.spec, first?.flux.spec));
}

/** What does not parse by itself (a template, a patch) is what some kustomization makes of it: no fault of its own. */
async function mentioning(
  tree: SourceTree,
  files: readonly SourceFile[],
  context: ManifestContext,
): Promise<readonly DesiredObject[]> {
  const objects: DesiredObject[] = [];
  await tree.prefetch?.(files.map(({ path }) => path)); // A fault here is a fault of each file, when it is read.
  for (const { path } of files) {
    const bytes = await tree.read(path);
    if (isFault(bytes)) continue;
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (!buffer.includes(KUSTOMIZE_GROUP) && !buffer.includes(SOURCE_GROUP)) continue;
    objects.push(...readManifests(path, bytes, context).objects);
  }
  return objects;
}
