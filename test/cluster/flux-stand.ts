// A cluster that Flux deploys a repository to, and what holdfast says of it.

import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { git } from "../desired/repositories.ts";
import type { ClusterOptions } from "./cluster.ts";
import { openDeployedStand } from "./deployed-stand.ts";
import type { DeployedStand } from "./deployed-stand.ts";
import { startFlux } from "./flux-controller.ts";
import type { FluxController } from "./flux-controller.ts";
import type { TextFiles } from "./flux-repository.ts";

export interface FluxStand extends DeployedStand {
  readonly flux: FluxController;
  /** Hands the commit to Flux and waits until it is done with it. */
  deploy(commit: string, milliseconds?: number): Promise<void>;
}

/** The files are committed, deployed and settled. */
export async function openFluxStand(files: TextFiles): Promise<FluxStand> {
  const repository = await mkdtemp(join(tmpdir(), "holdfast-fleet-"));
  git(repository, "init", "--quiet", "--initial-branch=main");
  const stand = await openStand(repository);
  const first = await stand.commit(files);
  await stand.kubectl("apply", "--server-side", "-f", join(repository, "clusters/main/flux-system/gotk-sync.yaml"));
  await stand.deploy(first);
  return stand;
}

/** Nothing of the repository is deployed yet. It is removed with the stand. */
export async function openStand(repository: string, options: ClusterOptions = {}): Promise<FluxStand> {
  const stand = await openDeployedStand(repository, options);
  const flux = await startFlux(stand.cluster);
  return {
    ...stand,
    flux,
    async deploy(commit, milliseconds) {
      await flux.source(repository, commit);
      await flux.settled(commit, milliseconds);
      // Of those that the first ones deployed, too.
      await flux.settled(commit, milliseconds);
    },
    async stop() {
      await flux.stop();
      await stand.stop();
    },
  };
}
