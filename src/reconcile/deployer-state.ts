/** What the deployers' own objects say of what they do by themselves: as they live where that was read, else as Git has them. */

import type { DeployerState } from "../core/deployer.ts";
import { matchesGlob } from "../core/glob.ts";
import type { LiveObject } from "../core/objects.ts";
import type { DesiredState, RootDeployer } from "../core/stages.ts";
import { fieldAt, fieldOf, isList, isMap, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { isProject } from "./deployer-objects.ts";
import { deployersIn } from "./past-states.ts";
import { syncFault } from "./sync-status.ts";

/** By refKey(), in the order of the roots. @param live deployers' objects, and what their state hangs on. */
export function deployerStates(
  roots: DesiredState["roots"],
  live: ReadonlyMap<string, LiveObject> = new Map(),
): ReadonlyMap<string, DeployerState> {
  const projects = [...live.values()].filter(({ ref }) => isProject(ref));
  return new Map(
    [...deployersIn(roots)].map(([key, deployer]) => [key, deployerState(deployer, live.get(key), projects)]),
  );
}

function deployerState(
  deployer: RootDeployer,
  live: LiveObject | undefined,
  projects: readonly LiveObject[],
): DeployerState {
  const { kind, ref } = deployer;
  const spec = live === undefined ? deployer.spec : fieldOf(live.value, "spec");
  const lastSync = live === undefined ? undefined : lastSyncOf(live);
  return {
    kind,
    ref,
    from: live === undefined ? "git" : "live",
    ...settingsOf(deployer, spec, live),
    windows: kind === "argo-cd-application" && projects.some((project) => hasWindow(project, deployer, spec)),
    ...(lastSync === undefined ? {} : { lastSync }),
  };
}

type Settings = Pick<DeployerState, "automated" | "reverts" | "interval" | "prunes" | "suspended">;

function settingsOf(
  { kind, suspended }: RootDeployer,
  spec: Value | undefined,
  live: LiveObject | undefined,
): Settings {
  const interval = textOf(spec, "interval");
  const every = interval === undefined ? {} : { interval };
  switch (kind) {
    case "flux-kustomization":
      return {
        automated: true,
        reverts: "interval",
        ...every,
        prunes: fieldOf(spec, "prune") === true,
        suspended: fieldOf(spec, "suspend") === true,
      };
    case "flux-helm-release":
      return {
        automated: true,
        reverts: textOf(fieldOf(spec, "driftDetection"), "mode") === "enabled" ? "interval" : "next-sync",
        ...every,
        // An upgrade takes away what the chart no longer has.
        prunes: true,
        suspended: fieldOf(spec, "suspend") === true,
      };
    case "argo-cd-application":
      return { ...argoSettings(spec), suspended: live === undefined ? suspended : isSkipped(live) };
  }
}

/** argo-cd `pkg/apis/application/v1alpha1/types.go`, SyncPolicy. */
function argoSettings(spec: Value | undefined): Omit<Settings, "suspended"> {
  const policy = fieldAt(spec, "syncPolicy", "automated");
  const automated = isMap(policy) && fieldOf(policy, "enabled") !== false;
  return {
    automated,
    reverts: automated && fieldOf(policy, "selfHeal") === true ? "at-once" : "next-sync",
    prunes: automated && fieldOf(policy, "prune") === true,
  };
}

function isSkipped({ value }: LiveObject): boolean {
  return textOf(fieldAt(value, "metadata", "annotations"), "argocd.argoproj.io/skip-reconcile") === "true";
}

function lastSyncOf(live: LiveObject): DeployerState["lastSync"] {
  if (syncFault(live) !== undefined) return "failed";
  const phase = textOf(fieldAt(live.value, "status", "operationState"), "phase");
  if (phase !== undefined) return phase === "Succeeded" ? "succeeded" : "running";
  const conditions = fieldAt(live.value, "status", "conditions");
  const ready = isList(conditions) ? conditions.find((one) => textOf(one, "type") === "Ready") : undefined;
  const status = textOf(ready, "status");
  return status === "True" ? "succeeded" : status === "Unknown" ? "running" : undefined;
}

/** `SyncWindows.Matches`: by any of the three, or by all that it names. */
function hasWindow(project: LiveObject, { ref }: RootDeployer, spec: Value | undefined): boolean {
  const name = textOf(spec, "project") ?? "";
  if (project.ref.name !== (name === "" ? "default" : name)) return false;
  const windows = fieldAt(project.value, "spec", "syncWindows");
  const destination = fieldOf(spec, "destination");
  const texts = (names: readonly string[]): readonly string[] =>
    names.flatMap((one) => textOf(destination, one) ?? []).filter((text) => text !== "");
  return (isList(windows) ? windows : []).some((window) => {
    const asked = [
      matches(fieldOf(window, "applications"), [ref.name]),
      matches(fieldOf(window, "clusters"), texts(["name", "server"])),
      matches(fieldOf(window, "namespaces"), texts(["namespace"])),
    ].filter((one) => one !== undefined);
    if (fieldOf(window, "andOperator") === true) return asked.length > 0 && asked.every(Boolean);
    return asked.some(Boolean);
  });
}

/** `undefined` where nothing is asked for. */
function matches(patterns: Value | undefined, texts: readonly string[]): boolean | undefined {
  if (!isList(patterns) || patterns.length === 0) return undefined;
  return patterns.some((one) => typeof one === "string" && texts.some((text) => matchesGlob(one, text)));
}
