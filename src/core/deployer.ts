/** What a deployer does by itself: with Git's commits, and with what somebody changes in the cluster. */

import type { Change, Drift } from "./drift.ts";
import type { ObjectRef } from "./refs.ts";
import { fieldAt, textOf } from "./value.ts";
import type { ValueMap } from "./value.ts";

export interface DeployerState {
  readonly kind: "flux-kustomization" | "flux-helm-release" | "argo-cd-application";
  /** Its own object. */
  readonly ref: ObjectRef;
  /** Where the settings were read: the live object counts, and Git where that was not to be had. */
  readonly from: "live" | "git";
  /** It deploys commits by itself; else somebody has to sync. */
  readonly automated: boolean;
  /** When it puts back what it declares and somebody changed: within seconds, each interval, or when it deploys next. */
  readonly reverts: "at-once" | "interval" | "next-sync";
  /** As written (`10m0s`). Cluster text: escape it where it is shown. */
  readonly interval?: string;
  /** It takes away what Git gave up. */
  readonly prunes: boolean;
  /** It does nothing at all until somebody lets it go on. */
  readonly suspended: boolean;
  /** What its project's sync windows say of it now; absent where there are none for it. */
  readonly windows?: SyncWindows;
  /** Absent where there was none, or nothing tells. */
  readonly lastSync?: "succeeded" | "failed" | "running";
}

export type SyncWindows =
  /** Its project was not read, or has what is not worked out. */
  | { readonly kind: "unknown" }
  /** Argo CD cannot read one, and syncs nothing. */
  | { readonly kind: "unreadable"; readonly part: "schedule" | "duration" }
  | { readonly kind: "timed"; readonly automated: SyncAllowance; readonly manual: SyncAllowance };

export interface SyncAllowance {
  readonly allowed: boolean;
  /** What holds it back: a deny window that is open, or that no allow window is; absent where it is allowed. */
  readonly by?: "deny" | "allow";
  /** When that changes (RFC 3339, in UTC); absent where it does not, or not within what is looked ahead. */
  readonly until?: string;
}

/** Whether syncs of the kind are known to be held back now. */
export function isHeld({ windows }: DeployerState, syncs: "automated" | "manual"): boolean {
  if (windows === undefined || windows.kind === "unknown") return false;
  return windows.kind === "unreadable" || !windows[syncs].allowed;
}

/** What becomes of a difference if nobody does anything. */
export type Fate =
  | { readonly kind: "put-back"; readonly when: "at-once" | "interval" | "next-sync" | "unwatched" }
  /** Git never said anything of it, and the deployer looks at what Git says only. */
  | { readonly kind: "left-alone" }
  | {
      readonly kind: "stays";
      readonly until: "synced by hand" | "resumed" | "mended" | "let go" | "windows";
    };

/** Of one change, or of an object that is not there. */
export function fateOf(
  state: DeployerState,
  { drift, change }: { readonly drift: Drift; readonly change?: Change },
): Fate {
  if (state.suspended) return { kind: "stays", until: "resumed" };
  if (isExempt(state, drift)) return { kind: "stays", until: "let go" };
  if (change?.operation === "add" && !takesAway(state, drift, change)) return { kind: "left-alone" };
  if (!state.automated) return { kind: "stays", until: "synced by hand" };
  // Argo CD does not sync a commit again that failed, and Flux gets no further than where it fails.
  if (state.lastSync === "failed" && state.reverts !== "next-sync") return { kind: "stays", until: "mended" };
  if (isHeld(state, "automated")) return { kind: "stays", until: "windows" };
  return { kind: "put-back", when: isUnwatched(drift) ? "unwatched" : state.reverts };
}

/** Argo CD applies the namespace that it labels as it syncs, and does not compare it (`controller/state.go`: it does not track it). */
function isUnwatched(drift: Drift): boolean {
  return drift.state !== "unmanaged" && drift.desired?.origin.layer === "argo-cd";
}

/**
 * Flux takes over what kubectl's managers own, and takes away what Git does not have of it (kustomize-controller
 * `kustomization_controller.go`, ApplyCleanupOptions; fluxcd `pkg/ssa`, matchFieldManager); other managers' fields stay.
 */
function takesAway({ kind }: DeployerState, drift: Drift, { actor }: Change): boolean {
  if (kind !== "flux-kustomization" || actor === undefined || actor.subresource !== undefined) return false;
  if (!actor.manager.startsWith("kubectl") && !actor.manager.startsWith("before-first-apply")) return false;
  return !metadataOf(drift).some((value) => said(value, "kustomize.toolkit.fluxcd.io/ssa").includes("merge"));
}

/** The object itself tells its deployer to leave it alone, in Git or in the cluster. */
function isExempt({ kind }: DeployerState, drift: Drift): boolean {
  const says = (name: string, wanted: string): boolean =>
    metadataOf(drift).some((value) => said(value, name).includes(wanted));
  switch (kind) {
    case "flux-kustomization":
      return (
        says("kustomize.toolkit.fluxcd.io/reconcile", "disabled") ||
        says("kustomize.toolkit.fluxcd.io/ssa", "ignore") ||
        // Only what Git says counts of this one.
        (drift.state === "drifted" &&
          said(drift.desired.value, "kustomize.toolkit.fluxcd.io/ssa").includes("ifnotpresent"))
      );
    case "flux-helm-release":
      return says("helm.toolkit.fluxcd.io/driftDetection", "disabled");
    case "argo-cd-application":
      return false;
  }
}

function metadataOf(drift: Drift): readonly ValueMap[] {
  const sides = [
    drift.state === "unmanaged" ? undefined : drift.desired,
    drift.state === "missing" ? undefined : drift.live,
  ];
  return sides.filter((side) => side !== undefined).map(({ value }) => value);
}

/** The label and the annotation, in lower case as Flux compares them (fluxcd `pkg/ssa/utils`, AnyInMetadata). */
function said(value: ValueMap, name: string): readonly string[] {
  const metadata = fieldAt(value, "metadata");
  return ["labels", "annotations"].flatMap((map) => textOf(fieldAt(metadata, map), name)?.toLowerCase() ?? []);
}
