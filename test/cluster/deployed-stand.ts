// A repository and the cluster that a real deployer brings it to, and what holdfast says of them.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { commitAll, write } from "../desired/repositories.ts";
import { ensureBinary } from "./binaries.ts";
import { runHoldfast } from "./cli.ts";
import { startCluster } from "./cluster.ts";
import type { ClusterOptions, TestCluster } from "./cluster.ts";

export interface DeployedReport {
  readonly code: number | null;
  readonly summary: { readonly objects: Readonly<Record<string, number>> };
  readonly faults: readonly { readonly code: string; readonly about: string; readonly message: string }[];
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

export interface DeployedStand {
  readonly cluster: TestCluster;
  readonly repository: string;
  kubectl(...args: readonly string[]): Promise<string>;
  /** Writes files (`undefined`: takes them out) and commits: the full hash. Nothing is deployed by that. */
  commit(files: Readonly<Record<string, string | undefined>>): Promise<string>;
  /** Applied as one text, by server-side apply. */
  apply(text: string): Promise<void>;
  scan(...more: readonly string[]): Promise<DeployedReport>;
  /** Of the cluster and the repository. */
  stop(): Promise<void>;
}

export interface DeployedStandOptions extends ClusterOptions {
  /** Whether charts are rendered. */
  readonly charts?: boolean;
}

/** Nothing of the repository is deployed yet, and no deployer is there. The repository is removed with the stand. */
export async function openDeployedStand(
  repository: string,
  { charts = false, ...options }: DeployedStandOptions = {},
): Promise<DeployedStand> {
  const cluster = await startCluster({ controllerManager: true, ...options });
  const stand: DeployedStand = {
    cluster,
    repository,
    async kubectl(...args) {
      const result = await cluster.kubectl(args);
      expect(result.code, result.stderr).toBe(0);
      return result.stdout;
    },
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
    async scan(...more) {
      const args = ["scan", "--repo", repository, "--kubeconfig", cluster.kubeconfig, "--format", "json", ...more];
      const helm = charts ? { HOLDFAST_HELM: await ensureBinary("helm") } : {};
      const env = { HOLDFAST_KUSTOMIZE: await ensureBinary("kustomize"), ...helm };
      const { code, stdout, stderr } = await runHoldfast(args, { env });
      expect(stdout, stderr).not.toBe("");
      return { ...(JSON.parse(stdout) as Omit<DeployedReport, "code">), code };
    },
    async stop() {
      await cluster.stop();
      await rm(repository, { recursive: true, force: true });
    },
  };
  // The test users' rights are in no repository.
  const rights = ["clusterrole/test-reader", "clusterrolebinding/test-reader", "clusterrolebinding/test-viewer"];
  await stand.kubectl("delete", ...rights);
  return stand;
}

/** `state Kind/name` and, below it, its fields: direction, what was deployed, and where that is; in order. */
export function told({ drifts }: DeployedReport): readonly string[] {
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
