/** What is deployed from a repository, as far as Git itself tells: for `holdfast targets`, without a cluster. */

import type { DeployerState } from "../core/deployer.ts";
import type { KubeVersion } from "../core/kube-version.ts";
import type { DesiredState, Progress } from "../core/stages.ts";
import { compareText } from "../core/value.ts";
import { readDesired } from "../desired/desired.ts";
import type { Renderers } from "../desired/render/renderers.ts";
import { builtinKind, builtinKinds } from "../kinds/scopes.ts";
import type { Digester } from "../text/digest.ts";
import { deployerStates, windowsOfProjects } from "./deployers/deployer-state.ts";
import type { ScanTarget } from "./read-targets.ts";

export interface FoundTarget {
  readonly target: Pick<ScanTarget, "name" | "path" | "cluster">;
  readonly state: DesiredState;
  readonly kubeVersion: KubeVersion;
  /** By refKey(), as Git has them. */
  readonly deployers: ReadonlyMap<string, DeployerState>;
}

export interface FoundTargetsInput {
  readonly targets: readonly ScanTarget[];
  readonly digester: Digester;
  readonly renderers: Renderers;
  /** What charts are told of the cluster. */
  readonly kubeVersion: KubeVersion;
  readonly progress: Progress;
  /** Milliseconds since the epoch, for sync windows. */
  readonly now: number;
}

/** Kinds that a cluster adds keep the namespace that they declare. */
export async function foundTargets(input: FoundTargetsInput): Promise<readonly FoundTarget[]> {
  const { digester, renderers, kubeVersion, progress } = input;
  const kinds = builtinKinds().flatMap(({ apiVersion, kind }) => [apiVersion, `${apiVersion}/${kind}`]);
  const found: Omit<FoundTarget, "deployers">[] = [];
  for (const target of input.targets) {
    const state = await readDesired({
      tree: target.tree,
      target,
      digester,
      isNamespaced: (kind) => builtinKind(kind)?.namespaced,
      renderers,
      capabilities: { kubeVersion: kubeVersion.version, apiVersions: [...new Set(kinds)].toSorted(compareText) },
      progress,
    });
    found.push({ target, state, kubeVersion });
  }
  const declared = found.flatMap(({ state }) => [...state.objects, ...(state.projects ?? [])]);
  const deployers = { live: new Map(), declared };
  const statesOf = deployerStates(deployers, await windowsOfProjects(deployers, input.now));
  return found.map((one) => ({ ...one, deployers: statesOf(one.state.roots) }));
}
