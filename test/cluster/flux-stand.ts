// A cluster that Flux deploys a repository to, and what holdfast says of it.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { commitAll, git, write } from "../desired/repositories.ts";
import { ensureBinary } from "./binaries.ts";
import { runHoldfast } from "./cli.ts";
import { startCluster } from "./cluster.ts";
import type { ClusterOptions } from "./cluster.ts";
import { startFlux } from "./flux-controller.ts";
import type { FluxController } from "./flux-controller.ts";
import type { TextFiles } from "./flux-repository.ts";

export interface FluxReport {
  readonly code: number | null;
  readonly summary: { readonly objects: Readonly<Record<string, number>> };
  readonly faults: readonly { readonly code: string; readonly message: string }[];
  readonly excused?: readonly { readonly rule: string; readonly count: number }[];
  readonly drifts: readonly {
    readonly object: { readonly kind: string; readonly name: string; readonly namespace?: string };
    readonly state: string;
    readonly removedIn?: string;
    readonly changes: readonly {
      readonly field: string;
      readonly direction: string;
      readonly deployed?: unknown;
      readonly deployedIn?: string;
    }[];
  }[];
}

export interface FluxStand {
  readonly flux: FluxController;
  readonly repository: string;
  kubectl(...args: readonly string[]): Promise<string>;
  /** Writes files (`undefined`: takes them out) and commits: the full hash. Nothing is deployed by that. */
  commit(files: Readonly<Record<string, string | undefined>>): Promise<string>;
  /** Applied as one text, by server-side apply. */
  apply(text: string): Promise<void>;
  /** Hands the commit to Flux and waits until it is done with it. */
  deploy(commit: string, milliseconds?: number): Promise<void>;
  scan(...more: readonly string[]): Promise<FluxReport>;
  stop(): Promise<void>;
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
  const cluster = await startCluster({ controllerManager: true, ...options });
  const flux = await startFlux(cluster);
  const kubectl = async (...args: readonly string[]): Promise<string> => {
    const result = await cluster.kubectl(args);
    expect(result.code, result.stderr).toBe(0);
    return result.stdout;
  };
  const stand: FluxStand = {
    flux,
    repository,
    kubectl,
    async commit(changed) {
      for (const [name, text] of Object.entries(changed)) {
        if (text === undefined) await rm(join(repository, name));
        else write(repository, { [name]: text });
      }
      return commitAll(repository);
    },
    async apply(text) {
      const result = await cluster.kubectl(["apply", "--server-side", "-f", "-"], { input: text });
      expect(result.code, result.stderr).toBe(0);
    },
    async deploy(commit, milliseconds) {
      await flux.source(repository, commit);
      await flux.settled(commit, milliseconds);
      // Of those that the first ones deployed, too.
      await flux.settled(commit, milliseconds);
    },
    async scan(...more) {
      const args = ["scan", "--repo", repository, "--kubeconfig", cluster.kubeconfig, "--format", "json", ...more];
      const env = { HOLDFAST_KUSTOMIZE: await ensureBinary("kustomize") };
      const { code, stdout, stderr } = await runHoldfast(args, { env });
      expect(stdout, stderr).not.toBe("");
      return { ...(JSON.parse(stdout) as Omit<FluxReport, "code">), code };
    },
    async stop() {
      await flux.stop();
      await cluster.stop();
      await rm(repository, { recursive: true, force: true });
    },
  };
  // The test users' rights are in no repository.
  const rights = ["clusterrole/test-reader", "clusterrolebinding/test-reader", "clusterrolebinding/test-viewer"];
  await kubectl("delete", ...rights);
  return stand;
}

/** `state Kind/name` and, below it, its fields: direction, what was deployed, and where that is; in order. */
export function told({ drifts }: FluxReport): readonly string[] {
  return drifts.flatMap(({ object, state, changes, removedIn }) => {
    const name = [state, `${object.kind}/${object.name}`, ...(removedIn === undefined ? [] : [short(removedIn)])];
    const fields = changes.map(({ field, direction, deployed, deployedIn }) =>
      [
        `${object.name}: ${field} ${direction}`,
        ...(deployed === undefined ? [] : [JSON.stringify(deployed)]),
        ...(deployedIn === undefined ? [] : [short(deployedIn)]),
      ].join(" "),
    );
    return [name.join(" "), ...fields];
  });
}

export function short(commit: string): string {
  return commit.slice(0, 8);
}
