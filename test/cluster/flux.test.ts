// What Flux's real kustomize-controller deploys of a repository, scanned.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commitAll, git, write } from "../desired/repositories.ts";
import { CLUSTER_BINARIES, ensureBinary } from "./binaries.ts";
import { runHoldfast } from "./cli.ts";
import { startCluster } from "./cluster.ts";
import type { TestCluster } from "./cluster.ts";
import { fluxComponents, startFlux } from "./flux-controller.ts";
import type { FluxController } from "./flux-controller.ts";
import { fleet } from "./flux-repository.ts";
import { describeOnCluster } from "./suite.ts";

interface Report {
  readonly summary: { readonly objects: Readonly<Record<string, number>> };
  readonly faults: readonly { readonly code: string; readonly message: string }[];
  readonly drifts: readonly {
    readonly object: { readonly kind: string; readonly name: string };
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

describeOnCluster(
  "what Flux deploys",
  () => {
    let cluster: TestCluster;
    let flux: FluxController;
    let repository: string;

    beforeAll(async () => {
      cluster = await startCluster({ controllerManager: true });
      await kubectl(
        "delete",
        "clusterrole/test-reader",
        "clusterrolebinding/test-reader",
        "clusterrolebinding/test-viewer",
      );
      flux = await startFlux(cluster);
      repository = await mkdtemp(join(tmpdir(), "holdfast-fleet-"));
      git(repository, "init", "--quiet", "--initial-branch=main");
      write(repository, fleet({ components: await fluxComponents() }));
      const commit = commitAll(repository);
      await kubectl("apply", "--server-side", "-f", join(repository, "clusters/main/flux-system/gotk-sync.yaml"));
      await flux.source(repository, commit);
      await flux.settled(commit);
      // Of those that the first ones deployed.
      const all = await flux.settled(commit);
      expect(all.map(({ name, ready }) => `${name} ${ready}`)).toEqual(
        ["flux-system", "inner", "nested", "only-components", "paused", "plain", "web"].map((name) => `${name} True`),
      );
    });

    afterAll(async () => {
      await flux?.stop();
      await cluster?.stop();
      await rm(repository, { recursive: true, force: true });
    });

    async function kubectl(...args: readonly string[]): Promise<string> {
      const result = await cluster.kubectl(args);
      expect(result.code, result.stderr).toBe(0);
      return result.stdout;
    }

    async function scan(): Promise<{ readonly code: number | null; readonly report: Report }> {
      const args = ["scan", "--repo", repository, "--kubeconfig", cluster.kubeconfig];
      const env = { HOLDFAST_KUSTOMIZE: await ensureBinary("kustomize") };
      const { code, stdout, stderr } = await runHoldfast([...args, "--format", "json"], { env });
      expect(stdout, stderr).not.toBe("");
      return { code, report: JSON.parse(stdout) as Report };
    }

    test("is no drift", async () => {
      const { code, report } = await scan();
      expect(report.faults).toEqual([]);
      expect(report.drifts).toEqual([]);
      expect(report.summary.objects).toMatchObject({ unknown: 0, unmanaged: 0, missing: 0 });
      expect(code).toBe(0);
    });
  },
  [...CLUSTER_BINARIES, "kustomize", "kustomize-controller"],
);
