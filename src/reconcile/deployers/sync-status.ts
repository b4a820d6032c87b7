/**
 * What deployers' own objects say of their last sync: Flux Kustomizations (kustomize-controller `api/v1`,
 * KustomizationStatus) and HelmReleases, Argo CD Applications (`argo-sync.ts`). It is cluster text, and may be forged by
 * whoever may write it.
 */

import type { Fault } from "../../core/fault.ts";
import type { LiveObject } from "../../core/objects.ts";
import { formatRef, groupOf } from "../../core/refs.ts";
import type { ObjectRef } from "../../core/refs.ts";
import { fieldAt, fieldOf, isList, textOf } from "../../core/value.ts";
import { argoSyncFault, argoSyncOf } from "./argo-sync.ts";
import { commitIn, NOTHING } from "./deployed-revision.ts";
import type { DeployedRevision, Sync } from "./deployed-revision.ts";

type DeployerKind = "flux-kustomization" | "flux-helm-release" | "argo-cd-application";

/** Which deployer's object it is; `undefined` for every other one. */
export function deployerKind({ apiVersion, kind }: Pick<ObjectRef, "apiVersion" | "kind">): DeployerKind | undefined {
  switch (`${groupOf(apiVersion)}/${kind}`) {
    case "kustomize.toolkit.fluxcd.io/Kustomization":
      return "flux-kustomization";
    case "helm.toolkit.fluxcd.io/HelmRelease":
      return "flux-helm-release";
    case "argoproj.io/Application":
      return "argo-cd-application";
    default:
      return undefined;
  }
}

/** Whether the object says what it deploys, and which commit of it. A HelmRelease tells a chart's version only. */
export function tellsSync(ref: ObjectRef): boolean {
  const kind = deployerKind(ref);
  return kind === "flux-kustomization" || kind === "argo-cd-application";
}

/**
 * What was deployed of an object.
 *
 * @param isOwn whether an address is that of the repository that is read.
 */
export function syncOf(deployer: LiveObject, object: ObjectRef, isOwn: (repoURL: string) => boolean): Sync | undefined {
  switch (deployerKind(deployer.ref)) {
    case "flux-kustomization": {
      const status = fieldOf(deployer.value, "status");
      return {
        applied: fluxRevision(textOf(status, "lastAppliedRevision")),
        attempted: fluxRevision(textOf(status, "lastAttemptedRevision")),
      };
    }
    case "argo-cd-application":
      return argoSyncOf(deployer.value, object, isOwn);
    default:
      return undefined;
  }
}

/** `main@sha1:<commit>`, and `main/<commit>` of older versions (source-controller `spec/rfcs/0005`). */
function fluxRevision(revision: string | undefined): DeployedRevision {
  return revision === undefined || revision === "" ? NOTHING : commitIn(revision);
}

/** The last sync did not come to its end: what it deploys may be as an older commit has it, or in part as the new one. */
export function syncFault(live: LiveObject): Fault | undefined {
  switch (deployerKind(live.ref)) {
    case "flux-kustomization":
    case "flux-helm-release":
      return fluxFault(live);
    case "argo-cd-application":
      return argoSyncFault(live);
    default:
      return undefined;
  }
}

function fluxFault({ ref, value }: LiveObject): Fault | undefined {
  if (fieldAt(value, "spec", "suspend") === true) return undefined;
  const conditions = fieldAt(value, "status", "conditions");
  const ready = isList(conditions) ? conditions.find((one) => textOf(one, "type") === "Ready") : undefined;
  if (textOf(ready, "status") !== "False") return undefined;
  const reason = textOf(ready, "reason") ?? "";
  const shown = /^[A-Za-z]{1,60}$/.test(reason) ? ` (${reason})` : "";
  const last = ref.kind === "HelmRelease" ? { at: "", last: "" } : lastOfKustomization(value);
  const flux = ref.kind === "HelmRelease" ? "flux get helmreleases" : "flux get kustomizations";
  return {
    kind: "fault",
    code: "sync-failed",
    about: formatRef(ref),
    message: `the last sync of ${formatRef(ref)} failed${last.at}${shown}${last.last}`,
    remedy: `ask Flux why (${flux}), and mend it: until then what waits stays as it is`,
    leavesUnknown: "nothing",
  };
}

function lastOfKustomization(value: LiveObject["value"]): { readonly at: string; readonly last: string } {
  const status = fieldOf(value, "status");
  const applied = fluxRevision(textOf(status, "lastAppliedRevision"));
  const attempted = fluxRevision(textOf(status, "lastAttemptedRevision"));
  return {
    at: attempted.kind === "commit" ? ` at commit ${attempted.commit.slice(0, 12)}` : "",
    last:
      applied.kind === "commit"
        ? `: it last deployed ${applied.commit.slice(0, 12)}`
        : applied.kind === "nothing"
          ? ": it has deployed nothing yet"
          : "",
  };
}
