/** Targets, each with what Git declares in it. */

import type { TargetConfig } from "../config/repository.ts";
import type { KubeVersion } from "../core/kube-version.ts";
import type { DesiredObject } from "../core/objects.ts";
import type { KindRef } from "../core/refs.ts";
import type { DesiredState, LiveSource, Progress, SourceTree } from "../core/stages.ts";
import { readDesired } from "../desired/desired.ts";
import type { DesiredInput } from "../desired/desired.ts";
import { builtinKind } from "../kinds/scopes.ts";
import { capabilitiesOf, identityOf } from "./capabilities.ts";
import type { Declared } from "./compare-live.ts";
import type { ReadArgoObjects } from "./deployers/argo-objects.ts";
import type { ReadLiveKeys } from "./deployers/live-keys.ts";
import type { ScanOptions } from "./scan.ts";

/** A target with its tree open. */
export interface ScanTarget extends TargetConfig {
  /** What the clusters of other targets are called. */
  readonly otherClusters?: readonly string[];
  readonly tree: SourceTree;
}

export interface ReadTarget {
  readonly target: ScanTarget;
  readonly state: DesiredState;
}

export interface ReadingOptions extends Pick<ScanOptions, "digester" | "live" | "renderers"> {
  readonly argoObjects: ReadArgoObjects;
  readonly liveKeys: ReadLiveKeys;
  readonly kubernetes: KubeVersion;
}

export async function readTargets(
  options: ReadingOptions & Pick<ScanOptions, "targets" | "progress">,
): Promise<readonly ReadTarget[]> {
  const read: ReadTarget[] = [];
  for (const target of options.targets) {
    read.push({ target, state: await readTarget(target, options, options.progress) });
  }
  return read;
}

export async function readTarget(
  target: ScanTarget,
  options: ReadingOptions,
  progress: Progress,
): Promise<DesiredState> {
  return await readDesired({ ...desiredInput(target, options), progress });
}

export function desiredInput(target: ScanTarget, options: ReadingOptions): DesiredInput {
  const { renderers, live, digester, argoObjects, liveKeys, kubernetes } = options;
  return {
    tree: target.tree,
    target,
    renderers,
    capabilities: capabilitiesOf(live, kubernetes),
    cluster: identityOf(live),
    argoObjects: argoObjects.read,
    liveKeys: liveKeys.read,
    digester,
    isNamespaced: scopeLookup(live),
  };
}

export function scopeLookup(live: LiveSource): (kind: KindRef) => boolean | undefined {
  return (kind) => (live.served(kind) ?? builtinKind(kind))?.namespaced;
}

export function declaredBy(read: readonly ReadTarget[]): readonly Declared[] {
  return read.flatMap(({ target, state }) =>
    state.objects.filter((object) => !isUnnamed(object)).map((object): Declared => ({ target: target.name, object })),
  );
}

export function generatedBy(read: readonly ReadTarget[]): readonly Declared[] {
  return read.flatMap(({ target, state }) =>
    (state.generated ?? []).map((object): Declared => ({ target: target.name, object })),
  );
}

export function isUnnamed({ unnamed }: DesiredObject): boolean {
  return unnamed === true;
}

export function treeOf(read: readonly ReadTarget[]): (target: string) => SourceTree {
  return (name) => {
    const found = read.find(({ target }) => target.name === name);
    if (found === undefined) throw new Error(`no target is called ${name}`);
    return found.target.tree;
  };
}
