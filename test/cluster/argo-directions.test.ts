// Which side moved, where the real Argo CD says what it deployed.

import { afterAll, beforeAll, expect, test } from "vitest";
import { argoDefinitions, argoSettings } from "./argo-controller.ts";
import { argoFleet, service } from "./argo-repository.ts";
import { describeOnArgo, openArgoStand } from "./argo-stand.ts";
import type { ArgoStand } from "./argo-stand.ts";
import { short, told } from "./deployed-stand.ts";
import type { DeployedReport } from "./deployed-stand.ts";

function data(name: string, a: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { a: "${a}" }\n`;
}

function kept({ drifts }: DeployedReport): readonly string[] {
  return drifts.flatMap((drift) => ("keptBy" in drift ? [String(drift.keptBy)] : []));
}

interface Target {
  readonly deployers: readonly {
    readonly object: { readonly name: string };
    readonly from: string;
    readonly automated: boolean;
    readonly reverts: string;
    readonly prunes: boolean;
    readonly lastSync?: string;
    readonly windows?: object;
  }[];
}

describeOnArgo("what Argo CD deployed", () => {
  let stand: ArgoStand;
  let second = "";

  beforeAll(async () => {
    stand = await openArgoStand(argoFleet({ definitions: await argoDefinitions(), settings: await argoSettings() }));
    await stand.argo.sync("manual", { revisions: [stand.first] });
  });

  afterAll(async () => await stand?.stop());

  test("a commit that nobody deployed yet is pending", async () => {
    second = await stand.commit({
      "apps/manual/three.yaml": data("new", "1"),
      "apps/manual/one.yaml": undefined,
      "tenants/east/one.yaml": data("east", "2"),
      "environments/north.yaml": "size: 2\nextra: { region: south }\n",
      "apps/plain/one.yaml": undefined,
    });
    const report = await stand.scan();
    const [first, next] = [short(stand.first), short(second)];
    expect(told(report)).toEqual([
      "pending ConfigMap/east",
      `east: data.a git-ahead "1" ${first}`,
      // Its Application is automated and prunes nothing.
      `unmanaged ConfigMap/one ${next}`,
      "pending ConfigMap/multi-settings",
      `multi-settings: data.region git-ahead "north" ${first}`,
      "pending ConfigMap/new",
      `pending Deployment/by-hand ${next}`,
    ]);
    expect(kept(report)).toEqual(["Argo CD"]);
    expect(report.faults.map(({ code }) => code)).toEqual(["not-deployed"]);
  });

  test("then what is automated is there, and what is not waits", async () => {
    await stand.argo.settle(second);
    await stand.kubectl("patch", "configmap", "by-hand", "-n", "shop", "--type=merge", "-p", '{"data":{"z":"9"}}');
    const report = await stand.scan();
    expect(told(report)).toEqual([
      `unmanaged ConfigMap/one ${short(second)}`,
      "drifted ConfigMap/by-hand",
      `by-hand: data.z live-changed ${short(stand.first)}`,
      "pending ConfigMap/new",
      `pending Deployment/by-hand ${short(second)}`,
    ]);
    expect(kept(report)).toEqual(["Argo CD"]);
  });

  test("a sync of one object leaves the others of its Application as they were", async () => {
    const resources = [{ kind: "ConfigMap", name: "new", namespace: "shop" }];
    await stand.argo.sync("manual", { revisions: [second], resources });
    expect(told(await stand.scan())).toEqual([
      `unmanaged ConfigMap/one ${short(second)}`,
      "drifted ConfigMap/by-hand",
      `by-hand: data.z live-changed ${short(stand.first)}`,
      // It waits to be pruned, which was not asked for.
      `pending Deployment/by-hand ${short(second)}`,
    ]);
  });

  test("what syncs of some objects deployed is known when others were synced since", async () => {
    const some = async (revision: string, ...names: readonly string[]): Promise<void> => {
      const resources = names.map((name) => ({ kind: "ConfigMap", name, namespace: "shop" }));
      await stand.argo.sync("manual", { revisions: [revision], resources });
    };
    const third = await stand.commit({
      "apps/manual/two.yaml": `${service("by-hand")}---\n${data("by-hand", "2")}`,
      "apps/manual/four.yaml": data("brief", "1"),
    });
    await some(third, "by-hand", "brief");
    const fourth = await stand.commit({
      "apps/manual/two.yaml": `${service("by-hand")}---\n${data("by-hand", "3")}`,
      "apps/manual/three.yaml": data("new", "2"),
      "apps/manual/four.yaml": undefined,
      "apps/manual/five.yaml": data("last", "1"),
    });
    await some(fourth, "last");
    const forgotten = [
      `unmanaged ConfigMap/one ${short(second)}`,
      // Made by that sync alone.
      `pending ConfigMap/brief ${short(fourth)}`,
      "drifted ConfigMap/by-hand",
      `by-hand: data.a git-ahead "2" ${short(third)}`,
    ];
    const rest = ["pending ConfigMap/new", `new: data.a git-ahead "1" ${short(second)}`];
    const removed = `pending Deployment/by-hand ${short(second)}`;
    const changed = `by-hand: data.z live-changed ${short(third)}`;
    expect(told(await stand.scan())).toEqual([...forgotten, changed, ...rest, removed]);

    const forged = ["--field-manager=argocd-controller", "--type=merge", "-p", '{"data":{"w":"9"}}'];
    await stand.kubectl("patch", "configmap", "by-hand", "-n", "shop", ...forged);
    expect(told(await stand.scan())).toContain(`by-hand: data.w live-changed ${short(stand.first)}`);
  });

  test("what each Application does by itself is read from the cluster", async () => {
    const deny = { kind: "deny", schedule: "* * * * *", duration: "1h", manualSync: true, applications: ["heal*"] };
    const project = JSON.stringify({ spec: { syncWindows: [deny] } });
    await stand.kubectl("patch", "appproject", "default", "-n", "argocd", "--type=merge", "-p", project);
    const { targets } = (await stand.scan()) as unknown as { readonly targets: readonly Target[] };
    const states = targets.flatMap(({ deployers }) =>
      deployers.map(({ object, from, automated, reverts, prunes, lastSync }) =>
        [object.name, from, automated ? "automated" : "manual", reverts, prunes ? "prunes" : "keeps", lastSync].join(
          " ",
        ),
      ),
    );
    const held = targets.flatMap(({ deployers }) => deployers.filter(({ windows }) => windows !== undefined));
    expect(held.map(({ object, windows }) => [object.name, windows])).toEqual([
      ["healed", { kind: "timed", automated: { allowed: false, by: "deny" }, manual: { allowed: true } }],
    ]);
    expect(states).toContain("manual live manual next-sync keeps succeeded");
    expect(states).toContain("healed live automated at-once prunes succeeded");
    expect(states).toContain("multi live automated next-sync keeps succeeded");
    expect(states).toContain("tenant-east live automated at-once prunes succeeded");
  });
});
