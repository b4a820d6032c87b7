// A cluster that Argo CD deploys a repository to, and what holdfast says of it.

import { spawnSync } from "node:child_process";
import { cp, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { git } from "../desired/repositories.ts";
import { startArgo } from "./argo-controller.ts";
import type { ArgoController } from "./argo-controller.ts";
import { at } from "./argo-repository.ts";
import { CLUSTER_BINARIES } from "./binaries.ts";
import type { ClusterOptions } from "./cluster.ts";
import { openDeployedStand } from "./deployed-stand.ts";
import type { DeployedStand } from "./deployed-stand.ts";
import type { TextFiles } from "./flux-repository.ts";
import { describeOnCluster } from "./suite.ts";

export interface ArgoStand extends DeployedStand {
  readonly argo: ArgoController;
  /** The first commit. */
  readonly first: string;
  /** What Argo CD calls the repository. */
  readonly url: string;
}

export interface ArgoOptions extends ClusterOptions {
  /** A folder whose files are the repository's, too. */
  readonly from?: string;
  /** What is applied by hand, before anything is deployed. */
  readonly before?: string;
  /** Some of it never ends, or fails: see `settle`. */
  readonly patience?: number;
}

/** The files (with `$url` for the repository's address) are committed; `root` of them is applied, and all is settled. */
export async function openArgoStand(
  files: TextFiles,
  { from, before, patience, ...options }: ArgoOptions = {},
): Promise<ArgoStand> {
  const repository = await mkdtemp(join(tmpdir(), "holdfast-fleet-"));
  if (from !== undefined) await cp(from, repository, { recursive: true });
  git(repository, "init", "--quiet", "--initial-branch=main");
  const url = pathToFileURL(repository).href;
  const stand = await openDeployedStand(repository, { charts: true, ...options });
  const argo = await startArgo(stand.cluster).catch(async (error: unknown) => {
    await stand.stop();
    throw error;
  });
  const stop = async (): Promise<void> => {
    await argo.stop();
    await stand.stop();
  };
  try {
    if (before !== undefined) await stand.apply(before);
    const first = await stand.commit(at(url, files));
    await stand.kubectl("apply", "-f", join(repository, "root.yaml"));
    await argo.settle(first, patience);
    const commit: ArgoStand["commit"] = (changed) => stand.commit(addressed(url, changed));
    return { ...stand, argo, first, url, commit, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function addressed(
  url: string,
  files: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [name, text?.replaceAll("$url", url)]));
}

/** As describeOnCluster; Redis is of Debian, and needed too. */
export function describeOnArgo(name: string, tests: () => void): void {
  const binaries = [...CLUSTER_BINARIES, "kustomize", "helm", "argocd"] as const;
  const reason =
    spawnSync("redis-server", ["--version"]).error === undefined ? undefined : "no redis-server: install it";
  describeOnCluster(name, tests, binaries, reason);
}
