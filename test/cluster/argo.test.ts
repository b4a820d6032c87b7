// What the real Argo CD deploys of a repository, scanned.

import { afterAll, beforeAll, expect, test } from "vitest";
import { argoDefinitions, argoSettings } from "./argo-controller.ts";
import { argoFleet } from "./argo-repository.ts";
import { describeOnArgo, openArgoStand } from "./argo-stand.ts";
import type { ArgoStand } from "./argo-stand.ts";
import { short, told } from "./deployed-stand.ts";

describeOnArgo("what Argo CD deploys", () => {
  let stand: ArgoStand;

  beforeAll(async () => {
    stand = await openArgoStand(argoFleet({ definitions: await argoDefinitions(), settings: await argoSettings() }));
    await stand.argo.sync("manual", { revisions: [stand.first] });
  });

  afterAll(async () => await stand?.stop());

  test("all of it settles", async () => {
    const all = await stand.argo.applications();
    const names =
      "argocd bag healed inner labelled made manual multi nested plain root side tenant-east tenant-west web";
    expect(all.map(({ name, sync, phase }) => `${name} ${sync} ${phase}`)).toEqual(
      names.split(" ").map((name) => `${name} Synced Succeeded`),
    );
    // What is not declared to be there: hooks that ran, and the namespace that a sync made.
    await stand.kubectl("get", "-n", "shop", "configmap/before", "configmap/multi-before");
    await stand.kubectl("get", "-n", "lab", "configmap/bag-before");
    await stand.kubectl("get", "namespace", "made");
  });

  test("is no drift", async () => {
    const { code, faults, drifts, summary } = await stand.scan();
    expect(faults.map((one) => one.code)).toEqual(["not-deployed"]);
    expect(faults[0]?.message).toContain("nothing of it deploys apps/plain/left.yaml");
    expect(drifts).toEqual([]);
    expect(summary.objects).toMatchObject({ unknown: 0, unmanaged: 0, missing: 0, desired: 51, inSync: 51 });
    expect(code).toBe(0);
  });

  test("labels of a namespace that Argo CD makes stay as they are changed until it syncs", async () => {
    await stand.kubectl("label", "namespace/labelled", "team=other", "--overwrite");
    await stand.kubectl("annotate", "namespace/labelled", "contact-");
    const report = await stand.scan();
    expect(told(report)).toEqual([
      "drifted Namespace/labelled",
      `labelled: metadata.annotations.contact live-changed "shop.example" ${short(stand.first)}`,
      `labelled: metadata.labels.team live-changed "shop" ${short(stand.first)}`,
    ]);
    await stand.argo.sync("labelled", { revisions: [stand.first], syncOptions: ["CreateNamespace=true"] });
    expect(told(await stand.scan())).toEqual([]);
  });
});
