/** What deployers deploy as a renderer, for the proof of an edit: all of the target, as each of them renders it, before and after. */

import type { Fault } from "../core/fault.ts";
import { groupOf, refKey } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import type { DesiredState, Renderer, RenderRoot } from "../core/stages.ts";
import { ARGO_GROUP } from "./argo/objects.ts";
import { readDesired } from "./desired.ts";
import type { DesiredInput } from "./desired.ts";
import { overlayTree } from "./field-origins/overlay-tree.ts";
import { offline } from "./field-origins/recorded.ts";
import { KUSTOMIZE_GROUP } from "./flux/objects.ts";

/**
 * A folder is what its deployer makes of it: in the namespace that an Application names, with what a Flux Kustomization puts in.
 * What the changed files do not reach is not rendered again, only read. A fault where something cannot be read after the edit
 * that could be before.
 */
export function deployedRenderer(given: DesiredInput): Renderer {
  const { progress: _, ...input } = given;
  let known: Promise<DesiredState> | undefined;
  return {
    async render(changed) {
      known ??= readDesired(input);
      const before = await known;
      const bytes = new Map([...changed].map(([file, text]) => [file, Buffer.from(text, "utf8")]));
      const tree = overlayTree(input.tree, bytes);
      // An edit may stand in an address, or in a version.
      const after = await readDesired({ ...input, tree, renderers: offline(input.renderers) });
      const broken = newFault(before.faults, after.faults);
      if (broken !== undefined) return broken;
      const roots = after.roots.filter((root) => deploysAny(root, after, changed));
      return { before: before.objects, after: after.objects, roots: roots.length > 0 ? roots : after.roots };
    },
  };
}

/** Whether deployers deploy from the target, be it that none of their roots can be rendered. */
export function isDeployed({ roots, objects }: DesiredState): boolean {
  return roots.some(({ deployer }) => deployer !== undefined) || objects.some(({ ref }) => isDeployer(ref));
}

function isDeployer({ apiVersion, kind }: ObjectRef): boolean {
  const group = groupOf(apiVersion);
  return (
    (group === KUSTOMIZE_GROUP && kind === "Kustomization") ||
    (group === ARGO_GROUP && (kind === "Application" || kind === "ApplicationSet"))
  );
}

/** What was faulty before costs itself; what the edit makes faulty costs the edit. */
export function newFault(before: readonly Fault[], after: readonly Fault[]): Fault | undefined {
  const known = before.map(({ code, message }) => `${code} ${message}`);
  return after.find((fault) => {
    if (fault.leavesUnknown !== "declared") return false;
    const at = known.indexOf(`${fault.code} ${fault.message}`);
    if (at < 0) return true;
    known.splice(at, 1);
    return false;
  });
}

function deploysAny(
  { deployer }: RenderRoot,
  { objects }: DesiredState,
  changed: ReadonlyMap<string, string>,
): boolean {
  if (deployer === undefined) return false;
  return objects.some(
    (object) =>
      object.deployer !== undefined &&
      refKey(object.deployer) === refKey(deployer.ref) &&
      changed.has(object.origin.file),
  );
}
