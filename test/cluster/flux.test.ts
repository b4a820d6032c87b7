// What Flux's real kustomize-controller deploys of a repository, scanned.

import { afterAll, beforeAll, expect, test } from "vitest";
import { CLUSTER_BINARIES } from "./binaries.ts";
import { fluxComponents } from "./flux-controller.ts";
import { fleet } from "./flux-repository.ts";
import { openFluxStand } from "./flux-stand.ts";
import type { FluxStand } from "./flux-stand.ts";
import { describeOnCluster } from "./suite.ts";

describeOnCluster(
  "what Flux deploys",
  () => {
    let stand: FluxStand;

    beforeAll(async () => {
      stand = await openFluxStand(fleet({ components: await fluxComponents() }));
    });

    afterAll(async () => await stand?.stop());

    test("all of it settles", async () => {
      const all = await stand.flux.kustomizations();
      expect(all.map(({ name, ready }) => `${name} ${ready}`)).toEqual(
        ["flux-system", "inner", "nested", "only-components", "paused", "plain", "web"].map((name) => `${name} True`),
      );
    });

    test("is no drift", async () => {
      const { code, faults, drifts, summary } = await stand.scan();
      expect(faults).toEqual([]);
      expect(drifts).toEqual([]);
      expect(summary.objects).toMatchObject({ unknown: 0, unmanaged: 0, missing: 0, desired: 33, inSync: 33 });
      expect(code).toBe(0);
    });
  },
  [...CLUSTER_BINARIES, "kustomize", "kustomize-controller"],
);
