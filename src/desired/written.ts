/**
 * Where a Flux Kustomization deploys a folder of plain manifests, kustomize builds it, and every object is still written in a
 * file of its own: there it may be edited, if rendering proves it. Of folders with a kustomization nobody says so here.
 */

import { isFault } from "../core/fault.ts";
import type { DesiredObject } from "../core/objects.ts";
import { formatRef, groupOf, refKey } from "../core/refs.ts";
import type { DesiredState, SourceFile } from "../core/stages.ts";
import type { DesiredInput } from "./desired.ts";
import { fluxKustomizationOf, KUSTOMIZE_GROUP } from "./flux/objects.ts";
import type { FluxKustomization } from "./flux/objects.ts";
import { KUSTOMIZATION_FILES } from "./kustomization.ts";
import { contextOf, readManifests } from "./manifests.ts";
import { baseName, cleanPath, folderOf, isManifestName, isWithin } from "./paths.ts";

/** `undefined`: the object is not of such a folder. */
export type Written =
  | { readonly kind: "written"; readonly desired: DesiredObject }
  /** The end of a sentence. */
  | { readonly kind: "refused"; readonly why: string }
  | undefined;

export interface WrittenObjects {
  /** The object with the place that its file has it at; its values are what is deployed, as before. */
  of(desired: DesiredObject): Promise<Written>;
}

export function writtenObjects(input: DesiredInput, { roots, objects }: DesiredState): WrittenObjects {
  let listed: Promise<readonly SourceFile[]> | undefined;
  let others: Promise<readonly FluxKustomization[]> | undefined;

  async function files(): Promise<readonly SourceFile[]> {
    const all = await input.tree.list("");
    return isFault(all) ? [] : all;
  }

  return {
    async of(desired) {
      const { layer, file, root } = desired.origin;
      const { deployer } = desired;
      if (layer !== "kustomize" || root === undefined || deployer === undefined || !isWithin(file, root))
        return undefined;
      const found = roots.find((one) => one.deployer !== undefined && refKey(one.deployer.ref) === refKey(deployer));
      if (found?.deployer?.kind !== "flux-kustomization" || found.path !== root) return undefined;
      listed ??= files();
      const all = await listed;
      if (!isManifestName(file) || hasKustomization(all, root, file)) return undefined;
      others ??= elsewhere(input, withoutOwn(all, objects));
      const other = (await others).find(({ path }) => path !== undefined && isWithin(file, path));
      if (other !== undefined) {
        const name = `${formatRef(other.ref)} (${other.file})`;
        return { kind: "refused", why: `${name} deploys the file, too, and is none of this target` };
      }
      return await placeOf(input, desired);
    },
  };
}

/** In the folder that is deployed, or in one on the way to the file. */
function hasKustomization(all: readonly SourceFile[], root: string, file: string): boolean {
  const names: ReadonlySet<string> = new Set(KUSTOMIZATION_FILES);
  const isOnTheWay = (path: string): boolean => isWithin(path, root) && isWithin(file, folderOf(path));
  return all.some(({ path }) => names.has(baseName(path)) && isOnTheWay(path));
}

/** Without the files of what the target itself deploys. */
function withoutOwn(all: readonly SourceFile[], objects: readonly DesiredObject[]): readonly SourceFile[] {
  const own = new Set(objects.map(({ origin }) => origin.file));
  return all.filter(({ path }) => !own.has(path));
}

/** What other clusters' Kustomizations in this repository deploy is not rendered with this target. */
async function elsewhere(
  { tree, target, digester, isNamespaced }: DesiredInput,
  all: readonly SourceFile[],
): Promise<readonly FluxKustomization[]> {
  const own = cleanPath(target.path) ?? "";
  const files = all.filter(({ path }) => isManifestName(path) && !isWithin(path, own)).map(({ path }) => path);
  await tree.prefetch?.(files); // A fault here is a fault of each file, when it is read.
  const found: FluxKustomization[] = [];
  for (const file of files) {
    const bytes = await tree.read(file);
    if (isFault(bytes) || !Buffer.from(bytes).includes(KUSTOMIZE_GROUP)) continue;
    const { objects } = readManifests(file, bytes, contextOf({ target, digester, isNamespaced }));
    found.push(...objects.flatMap((object) => fluxKustomizationOf(object) ?? []));
  }
  return found;
}

async function placeOf(input: DesiredInput, desired: DesiredObject): Promise<Written> {
  const { file, root } = desired.origin;
  const { ref } = desired;
  const bytes = await input.tree.read(file);
  if (isFault(bytes)) return undefined;
  const target = ref.namespace === undefined ? {} : { namespace: ref.namespace };
  const { objects } = readManifests(file, bytes, contextOf({ ...input, target }));
  const [own, second] = objects.filter(
    (one) =>
      one.ref.kind === ref.kind &&
      one.ref.name === ref.name &&
      groupOf(one.ref.apiVersion) === groupOf(ref.apiVersion) &&
      one.ref.namespace === ref.namespace,
  );
  if (own === undefined || second !== undefined) {
    return { kind: "refused", why: "Flux deploys it under another name or namespace than the file has" };
  }
  const origin = { ...own.origin, ...(root === undefined ? {} : { root }) };
  return { kind: "written", desired: { ...desired, origin } };
}
