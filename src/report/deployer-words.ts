/** Who deploys, and what becomes of a difference if nobody does anything. Nothing here is escaped for a medium. */

import { fateOf, isHeld } from "../core/deployer.ts";
import type { DeployerState, Fate, SyncAllowance } from "../core/deployer.ts";
import { changesOf } from "../core/drift.ts";
import type { Change, Drift } from "../core/drift.ts";
import type { PassTarget } from "../core/pass.ts";
import { formatPath } from "../core/path.ts";
import { formatRef } from "../core/refs.ts";

const NAMES = {
  "flux-kustomization": "Flux",
  "flux-helm-release": "Flux",
  "argo-cd-application": "Argo CD",
} as const satisfies Readonly<Record<DeployerState["kind"], string>>;

export function deployerName({ kind }: Pick<DeployerState, "kind">): "Flux" | "Argo CD" {
  return NAMES[kind];
}

/** `Argo CD (Application/web in argocd): automated, self-heal, prune; its last sync failed`. */
export function stateOfDeployerWords(state: DeployerState): string {
  return `${deployerName(state)} (${formatRef(state.ref)}): ${settingsWords(state)}`;
}

function settingsWords(state: DeployerState): string {
  const { lastSync, from } = state;
  const failed = lastSync === "failed" ? "; its last sync failed" : "";
  const windowed = windowsWords(state);
  const told = windowed === undefined ? "" : `; ${windowed}`;
  return `${syncSettingsWords(state)}${told}${failed}${from === "git" ? " (as Git has it)" : ""}`;
}

/** What sync windows say of the syncs that its settings ask for; `undefined` where there are none. */
export function windowsWords(state: DeployerState): string | undefined {
  const { windows, automated } = state;
  if (windows === undefined) return undefined;
  if (windows.kind === "unknown") return "its project's sync windows are not known";
  if (windows.kind === "unreadable") return unreadableWords(windows.part);
  const held = heldWords(state, automated ? "automated" : "manual");
  if (held !== undefined) return held;
  const { until } = windows[automated ? "automated" : "manual"];
  const syncs = automated ? "automated syncs" : "syncs by hand";
  return until === undefined
    ? `its project's sync windows allow ${syncs}`
    : `its project's sync windows allow ${syncs} until ${timeWords(until)}`;
}

/** `a deny window holds back automated syncs until 2026-11-21 18:00 UTC`; `undefined` where nothing is known to hold them back. */
function heldWords(state: DeployerState, syncs: "automated" | "manual"): string | undefined {
  const { windows } = state;
  if (windows === undefined || windows.kind === "unknown" || !isHeld(state, syncs)) return undefined;
  if (windows.kind === "unreadable") return unreadableWords(windows.part);
  const both = isHeld(state, "automated") && isHeld(state, "manual");
  const what = both ? "all syncs" : syncs === "automated" ? "automated syncs" : "syncs by hand";
  const { by, until } = windows[syncs] satisfies SyncAllowance;
  const ends = until === undefined ? "" : ` until ${timeWords(until)}`;
  return by === "deny"
    ? `a deny window holds back ${what}${ends}`
    : `no allow window is open, which holds back ${what}${ends}`;
}

function unreadableWords(part: "schedule" | "duration"): string {
  return `Argo CD cannot read the ${part} of a sync window, which holds back all syncs until that is mended`;
}

/** To the minute, which is all that windows are told in. */
function timeWords(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 16)} UTC`;
}

/** `suspended, automated, no self-heal, no prune`. */
export function syncSettingsWords(state: DeployerState): string {
  return [...(state.suspended ? ["suspended"] : []), ...syncWords(state)].join(", ");
}

function syncWords({ kind, automated, reverts, interval, prunes }: DeployerState): readonly string[] {
  const prune = prunes ? "prune" : "no prune";
  const every = interval === undefined ? [] : [`interval ${shortText(interval)}`];
  switch (kind) {
    case "flux-kustomization":
      return [...every, prune];
    case "flux-helm-release":
      return [...every, reverts === "interval" ? "drift detection" : "no drift detection"];
    case "argo-cd-application":
      return automated ? ["automated", reverts === "at-once" ? "self-heal" : "no self-heal", prune] : ["manual sync"];
  }
}

/** Of one change, or of a missing object: a sentence without its end. */
export function fateWords(state: DeployerState, about: { readonly drift: Drift; readonly change?: Change }): string {
  const fate = fateOf(state, about);
  const name = deployerName(state);
  const pending = about.change?.direction === "git-ahead" || about.drift.state === "pending";
  return pending ? waitWords(state, fate) : stayWords(state, fate, name);
}

function stayWords(state: DeployerState, fate: Fate, name: string): string {
  switch (fate.kind) {
    case "put-back":
      return `${name} ${putBackWords(state, fate.when)}${openWords(state)}`;
    case "left-alone":
      return `${name} leaves it alone: Git never named the field`;
    case "stays":
      return untilWords(state, fate.until, name);
  }
}

function putBackWords(state: DeployerState, when: Extract<Fate, { readonly kind: "put-back" }>["when"]): string {
  switch (when) {
    case "at-once":
      return "puts it back within seconds: self-heal is on";
    case "interval":
      return `puts it back when it reconciles next${state.interval === undefined ? "" : ` (interval ${shortText(state.interval)})`}`;
    case "unwatched":
      return "leaves it until it syncs next: it does not look at the namespace that it makes in between";
    case "next-sync":
      return state.kind === "flux-helm-release"
        ? "leaves it until the chart or its values change: drift detection is off"
        : "leaves it until it syncs the next commit: self-heal is off";
  }
}

function untilWords(
  state: DeployerState,
  until: Extract<Fate, { readonly kind: "stays" }>["until"],
  name: string,
): string {
  switch (until) {
    case "synced by hand":
      return `nothing puts it back: sync is manual${alsoHeld(state)}`;
    case "windows":
      return `${state.reverts === "next-sync" ? `${name} ${putBackWords(state, "next-sync")}` : `${name} does not put it back yet`}${alsoHeld(state)}`;
    case "resumed":
      return `${name} is suspended (${formatRef(state.ref)}): it stays until that is resumed`;
    case "mended":
      return `${name} does not put it back, since its last sync failed (${formatRef(state.ref)})`;
    case "let go":
      return `${name} is told by the object's own annotation or label to leave it alone`;
  }
}

/** What holds back the syncs that would come, behind what is said of them. */
function alsoHeld(state: DeployerState): string {
  const held = heldWords(state, state.automated ? "automated" : "manual");
  return held === undefined ? "" : `; ${held}`;
}

/** Of syncs that nothing is known to hold back. */
function openWords(state: DeployerState): string {
  if (state.windows?.kind === "unknown") return ", as far as its project's sync windows allow, which are not known";
  const until = state.windows?.kind === "timed" ? state.windows.automated.until : undefined;
  return until === undefined ? "" : `; sync windows allow that until ${timeWords(until)}`;
}

/** What waits for a deployment. */
function waitWords(state: DeployerState, fate: Fate): string {
  if (state.lastSync === "failed" && !state.suspended)
    return `${deployerName(state)} tried, and its last sync failed (${formatRef(state.ref)}): it waits until that is mended`;
  if (fate.kind !== "stays") {
    const when =
      state.reverts === "interval" && state.interval !== undefined ? ` (interval ${shortText(state.interval)})` : "";
    return `${deployerName(state)} deploys it by itself${when}${openWords(state)}`;
  }
  if (fate.until === "windows") return `it waits${alsoHeld(state)}`;
  return fate.until === "synced by hand"
    ? `it waits for somebody to sync: sync is manual${alsoHeld(state)}`
    : untilWords(state, fate.until, deployerName(state));
}

/** Fields that a sentence names. */
const MOST_NAMED = 3;

/**
 * Everything of one drift: a sentence, or one for the fields of each fate. None where nothing is known of a deployer. Paths
 * are cluster text: escape it where it is shown.
 */
export function fatesOf(state: DeployerState, drift: Drift, only?: readonly number[]): readonly string[] {
  if (drift.state === "unmanaged" || (drift.state === "pending" && drift.desired === undefined)) return [];
  const changes = changesOf(drift).filter((_change, index) => only === undefined || only.includes(index));
  if (changes.length === 0) return [fateWords(state, { drift })];
  const told = [...Map.groupBy(changes, (change) => fateWords(state, { drift, change }))];
  return told.map(([words, of]) => (told.length === 1 ? words : `${namesOf(of)}: ${words}`));
}

function namesOf(changes: readonly Change[]): string {
  const names = changes.slice(0, MOST_NAMED).map(({ path }) => formatPath(path));
  return `${names.join(", ")}${changes.length > MOST_NAMED ? " and others" : ""}`;
}

/** A duration is short: what is not is somebody's text. */
function shortText(text: string): string {
  return /^[0-9.a-zµ]{1,20}$/.test(text) ? text : "unreadable";
}

const KINDS = {
  "flux-kustomization": "Flux Kustomization",
  "flux-helm-release": "Flux HelmRelease",
  "argo-cd-application": "Argo CD Application",
} as const satisfies Readonly<Record<DeployerState["kind"], string>>;

/** `target shop is deployed by 3 Argo CD Applications (1 manual sync, 1 suspended)`. */
export function deployersWords({ name, deployers = [] }: PassTarget): string | undefined {
  if (deployers.length === 0) return undefined;
  const groups = [...Map.groupBy(deployers, ({ kind }) => kind)];
  return `target ${name} is deployed by ${groups.map(([kind, states]) => groupWords(kind, states)).join(" and ")}`;
}

function groupWords(kind: DeployerState["kind"], states: readonly DeployerState[]): string {
  const count = (what: string, is: (state: DeployerState) => boolean): readonly string[] => {
    const found = states.filter(is).length;
    return found === 0 ? [] : [`${found} ${what}`];
  };
  const apart = [
    ...count("suspended", ({ suspended }) => suspended),
    ...count("with manual sync", ({ automated }) => !automated),
    ...count(
      "without self-heal",
      ({ automated, reverts }) => automated && reverts === "next-sync" && kind === "argo-cd-application",
    ),
    ...count("without drift detection", ({ reverts }) => reverts === "next-sync" && kind === "flux-helm-release"),
    ...count("held back by sync windows", (state) => isHeld(state, state.automated ? "automated" : "manual")),
    ...count("whose sync windows are not known", ({ windows }) => windows?.kind === "unknown"),
    ...count("whose last sync failed", ({ lastSync }) => lastSync === "failed"),
  ];
  return `${states.length} ${KINDS[kind]}${states.length === 1 ? "" : "s"}${apart.length === 0 ? "" : ` (${apart.join(", ")})`}`;
}
