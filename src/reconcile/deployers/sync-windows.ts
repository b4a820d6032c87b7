/**
 * Whether the sync windows of an Argo CD project let one of its Applications be synced now, and until when (argo-cd
 * `pkg/apis/application/v1alpha1/types.go`: SyncWindows.Matches, CanSync; one that runs beyond a window's edge, `syncOverrun`,
 * makes no difference to one that is yet to begin).
 */

import type { SyncAllowance, SyncWindows } from "../../core/deployer.ts";
import { fieldOf, isList, textOf } from "../../core/value.ts";
import type { Value } from "../../core/value.ts";
import { compileGlob } from "../../desired/argo/globs.ts";
import { readTimes } from "./window-times.ts";
import type { WindowTimes } from "./window-times.ts";

export interface WindowedApplication {
  readonly name: string;
  /** As its `spec.destination` has it. */
  readonly destination: Value | undefined;
}

/** Of more windows than these for one Application, nothing is said. */
const MOST_WINDOWS = 500;

/** How often the windows are looked at to find when they let through something else: those of a day change some few times. */
const MOST_LOOKED = 200;

/** @param windows the project's `spec.syncWindows`. @returns undefined where none is for the Application. */
export type WindowReader = (windows: Value | undefined, application: WindowedApplication) => SyncWindows | undefined;

/** Many Applications have the same windows: what is said of some is worked out once. @param now milliseconds since the epoch. */
export function windowReader(now: number): WindowReader {
  const known = new Map<string, SyncWindows>();
  return (windows, application) => {
    const own = (isList(windows) ? windows : []).filter((window) => isFor(window, application));
    if (own.length === 0) return undefined;
    if (own.length > MOST_WINDOWS) return { kind: "unknown" };
    const key = JSON.stringify(own);
    const said = known.get(key) ?? saidBy(own, now);
    known.set(key, said);
    return said;
  };
}

function saidBy(windows: readonly Value[], now: number): SyncWindows {
  const read: Window[] = [];
  for (const window of windows) {
    const times = readTimes(window);
    // All that are for it are read, whatever their kind, and the first that cannot be holds back everything.
    if (times === "schedule" || times === "duration") return { kind: "unreadable", part: times };
    if (times === "unknown") return { kind: "unknown" };
    read.push({ kind: textOf(window, "kind") ?? "", manual: fieldOf(window, "manualSync") === true, times });
  }
  return { kind: "timed", ...allowances(read, now) };
}

interface Window {
  readonly kind: string;
  /** Syncs by hand are let through. */
  readonly manual: boolean;
  readonly times: WindowTimes;
}

type Holder = SyncAllowance["by"];

function allowances(
  windows: readonly Window[],
  now: number,
): { readonly automated: SyncAllowance; readonly manual: SyncAllowance } {
  const first = lookAt(windows, now);
  let { change } = first;
  let [automated, manual]: [number?, number?] = [];
  for (let looked = 0; looked < MOST_LOOKED && change !== undefined; looked += windows.length) {
    // At its very edges a window is closed.
    const found = lookAt(windows, change + 1);
    if (isAllowed(found.automated) !== isAllowed(first.automated)) automated ??= change;
    if (isAllowed(found.manual) !== isAllowed(first.manual)) manual ??= change;
    if (automated !== undefined && manual !== undefined) break;
    ({ change } = found);
  }
  return { automated: allowance(first.automated, automated), manual: allowance(first.manual, manual) };
}

function isAllowed(by: Holder): boolean {
  return by === undefined;
}

function allowance(by: Holder, until: number | undefined): SyncAllowance {
  return {
    allowed: isAllowed(by),
    ...(by === undefined ? {} : { by }),
    ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
  };
}

/** What holds back syncs at a time, and when some window opens or closes next. */
function lookAt(
  windows: readonly Window[],
  time: number,
): { readonly automated: Holder; readonly manual: Holder; readonly change: number | undefined } {
  const seen = windows.map((window) => ({ ...window, ...window.times.at(time) }));
  const changes = seen.flatMap(({ change }) => change ?? []);
  return {
    automated: heldBy(seen, false),
    manual: heldBy(seen, true),
    change: changes.length === 0 ? undefined : Math.min(...changes),
  };
}

/** CanSync: windows of a kind that is neither count for nothing. */
function heldBy(windows: readonly (Window & { readonly open: boolean })[], byHand: boolean): Holder {
  const denying = windows.filter(({ kind, open }) => open && kind === "deny");
  if (denying.length > 0) return byHand && denying.every(({ manual }) => manual) ? undefined : "deny";
  const allowing = windows.filter(({ kind }) => kind === "allow");
  if (allowing.length === 0 || allowing.some(({ open }) => open)) return undefined;
  return byHand && allowing.every(({ manual }) => manual) ? undefined : "allow";
}

/** By any of the three; with `andOperator` by all that it names. A namespace that is not named is an empty text. */
function isFor(window: Value, { name, destination }: WindowedApplication): boolean {
  const clusters = ["name", "server"].flatMap((one) => textOf(destination, one) ?? []).filter((text) => text !== "");
  const asked = [
    matches(fieldOf(window, "applications"), [name]),
    matches(fieldOf(window, "clusters"), clusters),
    matches(fieldOf(window, "namespaces"), [textOf(destination, "namespace") ?? ""]),
  ].filter((one) => one !== undefined);
  return fieldOf(window, "andOperator") === true ? asked.length > 0 && asked.every(Boolean) : asked.some(Boolean);
}

/** `undefined` where nothing is asked for. */
function matches(patterns: Value | undefined, texts: readonly string[]): boolean | undefined {
  if (!isList(patterns) || patterns.length === 0) return undefined;
  return patterns.some(
    (one) =>
      typeof one === "string" && texts.some((text) => one === "*" || compileGlob(one, "gobwas")?.(text) === true),
  );
}
