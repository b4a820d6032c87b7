/** What the deployers' own objects say of what they do by themselves: as they live where that was read, else as Git has them. */

import type { DeployerState, SyncWindows } from "../../core/deployer.ts";
import type { DesiredObject, LiveObject } from "../../core/objects.ts";
import type { DesiredState, RootDeployer } from "../../core/stages.ts";
import { fieldAt, fieldOf, isList, isMap, textOf } from "../../core/value.ts";
import type { Value } from "../../core/value.ts";
import { isProject } from "./deployer-objects.ts";
import { deployersIn } from "./past-states.ts";
import type { WindowReader } from "./sync-windows.ts";
import { syncFault } from "./sync-status.ts";

export interface DeployerObjects {
  /** Deployers' objects, and what their state hangs on, by refKey(); empty where no cluster is asked. */
  readonly live: ReadonlyMap<string, LiveObject>;
  /** Of all targets: a project may be declared beside another one's Applications. */
  readonly declared: readonly DesiredObject[];
}

/**
 * Calendars are loaded only where some project has sync windows.
 *
 * @param now milliseconds since the epoch: sync windows are of a time.
 */
export async function windowsOfProjects({ live, declared }: DeployerObjects, now: number): Promise<WindowReader> {
  const projects = [...live.values(), ...declared].filter(({ ref }) => isProject(ref));
  if (projects.every(({ value }) => fieldAt(value, "spec", "syncWindows") === undefined)) return () => undefined;
  const { windowReader } = await import("./sync-windows.ts");
  return windowReader(now);
}

/** @returns a reader of roots' deployers: by refKey(), in the order of the roots. */
export function deployerStates(
  { live, declared }: DeployerObjects,
  windows: WindowReader,
): (roots: DesiredState["roots"]) => ReadonlyMap<string, DeployerState> {
  const read: ReadProjects = {
    live: [...live.values()].filter(({ ref }) => isProject(ref)),
    declared: declared.filter(({ ref }) => isProject(ref)),
    windows,
  };
  return (roots) =>
    new Map([...deployersIn(roots)].map(([key, deployer]) => [key, deployerState(deployer, live.get(key), read)]));
}

interface ReadProjects {
  readonly live: readonly LiveObject[];
  readonly declared: readonly DesiredObject[];
  readonly windows: WindowReader;
}

function deployerState(deployer: RootDeployer, live: LiveObject | undefined, read: ReadProjects): DeployerState {
  const { kind, ref } = deployer;
  const spec = live === undefined ? deployer.spec : fieldOf(live.value, "spec");
  const lastSync = live === undefined ? undefined : lastSyncOf(live);
  const windows = kind === "argo-cd-application" ? windowsOf({ deployer, spec, live }, read) : undefined;
  return {
    kind,
    ref,
    from: live === undefined ? "git" : "live",
    ...settingsOf(deployer, spec, live),
    ...(windows === undefined ? {} : { windows }),
    ...(lastSync === undefined ? {} : { lastSync }),
  };
}

interface ReadApplication {
  readonly deployer: RootDeployer;
  readonly spec: Value | undefined;
  readonly live: LiveObject | undefined;
}

function windowsOf(application: ReadApplication, { live, declared, windows }: ReadProjects): SyncWindows | undefined {
  const { deployer, spec } = application;
  const project = projectOf(application, live) ?? projectOf(application, declared);
  if (project === undefined) return { kind: "unknown" };
  const { name } = deployer.ref;
  return windows(fieldAt(project.value, "spec", "syncWindows"), { name, destination: fieldOf(spec, "destination") });
}

/** Projects count in Argo CD's own namespace, which the Application tells once it was looked at, and is its own as a rule. */
function projectOf<T extends Pick<LiveObject, "ref" | "value">>(
  { deployer, spec, live }: ReadApplication,
  projects: readonly T[],
): T | undefined {
  const name = textOf(spec, "project") ?? "";
  const named = projects.filter(({ ref }) => ref.name === (name === "" ? "default" : name));
  const home = live === undefined ? undefined : textOf(fieldOf(live.value, "status"), "controllerNamespace");
  if (home !== undefined && home !== "") return named.find(({ ref }) => ref.namespace === home);
  return (
    named.find(({ ref }) => ref.namespace === deployer.ref.namespace) ?? (named.length === 1 ? named[0] : undefined)
  );
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
