/** Whether a deployer takes away what Git gave up, and what it deployed before its last sync. */

import type { LiveObject } from "../../core/objects.ts";
import { fieldAt, fieldOf, isList, isMap, textOf } from "../../core/value.ts";
import type { Value } from "../../core/value.ts";
import { argoHistory } from "./argo-sync.ts";
import type { DeployedRevision } from "./deployed-revision.ts";
import { deployerKind } from "./sync-status.ts";

export interface Pruning {
  readonly prunes: boolean;
  readonly by: "Argo CD" | "Flux";
  /** Newest first, without the last. */
  readonly earlier: readonly DeployedRevision[];
}

export function pruningOf(deployer: LiveObject, object: LiveObject, isOwn: (repoURL: string) => boolean): Pruning {
  const annotations = fieldAt(object.value, "metadata", "annotations");
  const spec = fieldOf(deployer.value, "spec");
  if (deployerKind(deployer.ref) === "flux-kustomization") {
    // kustomize-controller `api/v1`: PruneAnnotation and DisabledValue.
    const kept = textOf(annotations, "kustomize.toolkit.fluxcd.io/prune")?.toLowerCase() === "disabled";
    return { prunes: fieldOf(spec, "prune") === true && !kept, by: "Flux", earlier: [] };
  }
  return {
    prunes: argoPrunes(spec) && !isKept(textOf(annotations, "argocd.argoproj.io/sync-options"), spec),
    by: "Argo CD",
    earlier: argoHistory(deployer.value, isOwn).slice(1),
  };
}

/** A sync by hand prunes where whoever asks for it says so: until one was made, that is what the object waits for. */
function argoPrunes(spec: Value | undefined): boolean {
  const automated = fieldAt(spec, "syncPolicy", "automated");
  return !isMap(automated) || fieldOf(automated, "enabled") === false || fieldOf(automated, "prune") === true;
}

/** The object's own option goes before the Application's (gitops-engine `isPruningDisabled`). */
function isKept(own: string | undefined, spec: Value | undefined): boolean {
  const options = fieldAt(spec, "syncPolicy", "syncOptions");
  const common = isList(options) ? options.filter((one) => typeof one === "string") : [];
  const written = [...(own ?? "").split(",").map((one) => one.trim()), ...common];
  return written.find((one) => one.startsWith("Prune=")) === "Prune=false";
}
