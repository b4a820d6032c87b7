// What Helm noted of its releases: which objects wait for an upgrade, and which release waits for somebody to mend it.

import { describe, expect, test } from "vitest";
import type { Drift } from "../../../src/core/drift.ts";
import type { DesiredObject, LiveObject } from "../../../src/core/objects.ts";
import type { HelmRelease, ReleaseRevision } from "../../../src/core/stages.ts";
import type { ValueMap } from "../../../src/core/value.ts";
import { compareObject } from "../../../src/drift/compare.ts";
import { builtinSchemas } from "../../../src/kinds/schemas.ts";
import { HelmNotes } from "../../../src/reconcile/deployers/helm-notes.ts";
import { tellDirections } from "../../../src/reconcile/tell-directions.ts";
import { refOf, yaml } from "../../drift/objects.ts";

const WEB = { namespace: "shop", name: "web" };

function config(name: string, data = "1", annotations = ""): ValueMap {
  return yaml(
    `{apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}, namespace: shop, annotations: {${annotations}}}, data: {a: "${data}"}}`,
  );
}

function declared(value: ValueMap, file = "chart/templates/a.yaml"): DesiredObject {
  const origin = { file, document: 0, items: [], layer: "helm", root: "chart", hash: "" } as const;
  return { ref: refOf(value), value, origin, release: WEB };
}

const OWN = "meta.helm.sh/release-name: web, meta.helm.sh/release-namespace: shop";

function live(name: string, { data = "1", annotations = OWN, manager = "helm" } = {}): LiveObject {
  const value = config(name, data, annotations);
  const own = annotations.split(", ").map((one) => [`f:${one.split(":")[0]}`, {}]);
  const fields = { "f:metadata": { "f:annotations": Object.fromEntries(own) }, "f:data": { ".": {}, "f:a": {} } };
  return {
    ref: refOf(value),
    value,
    managers: [{ manager, operation: "Update", time: "2026-01-01T00:00:00Z", fields }],
  };
}

function revision(number: number, status: string, ...objects: readonly ValueMap[]): ReleaseRevision {
  return { revision: number, status, objects };
}

function notesOf(release: HelmRelease | undefined, others: readonly DesiredObject[] = []): HelmNotes {
  return new HelmNotes(() => Promise.resolve(release), [declared(config("a")), ...others]);
}

async function told(drift: Drift, releases: HelmNotes | undefined): Promise<string> {
  const [found] = await tellDirections({
    drifts: [{ target: "t", drift }],
    targets: new Map(),
    compare: (desired, other) =>
      compareObject({ desired, live: other, schema: builtinSchemas.schemaOf("v1", "ConfigMap") }),
    deployers: [],
    progress: () => undefined,
    ...(releases === undefined ? {} : { releases }),
  });
  return `${found?.drift.state}${found?.claimed === true ? "?" : ""}`;
}

describe("an object that Git has and the cluster lacks", () => {
  const DEPLOYED = { deployed: revision(1, "deployed", config("a")), attempts: [] };

  test.each<readonly [string, DesiredObject, HelmRelease | undefined, string]>([
    ["waits where its release was deployed without it", declared(config("new")), DEPLOYED, "pending"],
    ["is missing where its release was deployed with it", declared(config("a")), DEPLOYED, "missing"],
    ["is missing where no release is to be read", declared(config("new")), undefined, "missing"],
    [
      "waits where the installation failed",
      declared(config("new")),
      { attempts: [revision(1, "failed", config("new"))] },
      "pending",
    ],
    [
      "is missing where only an installation makes it",
      declared(config("new"), "chart/crds/new.yaml"),
      DEPLOYED,
      "missing",
    ],
    [
      "waits for nobody where another one deploys it",
      { ...declared(config("new")), release: undefined as never },
      DEPLOYED,
      "missing",
    ],
  ])("%s", async (_what, desired, release, expected) => {
    expect(await told({ state: "missing", ref: desired.ref, desired }, notesOf(release))).toBe(expected);
  });

  test("is missing without the right to read Secrets", async () => {
    const desired = declared(config("new"));
    expect(await told({ state: "missing", ref: desired.ref, desired }, undefined)).toBe("missing");
  });
});

describe("an object that the cluster has and Git lacks", () => {
  const DEPLOYED = { deployed: revision(1, "deployed", config("old"), config("kept")), attempts: [] };
  const KEPT = `${OWN}, helm.sh/resource-policy: keep`;

  test.each<readonly [string, LiveObject, HelmRelease | undefined, string]>([
    ["waits to be pruned where it lives as its release deployed it", live("old"), DEPLOYED, "pending?"],
    ["is unmanaged where somebody changed it", live("old", { data: "2" }), DEPLOYED, "unmanaged"],
    ["is unmanaged where no upgrade takes it away", live("kept", { annotations: KEPT }), DEPLOYED, "unmanaged"],
    ["is unmanaged where the release has no such object", live("planted"), DEPLOYED, "unmanaged"],
    ["is unmanaged where it names no release", live("old", { annotations: "" }), DEPLOYED, "unmanaged"],
    [
      "is unmanaged where Git has no such release",
      live("old", { annotations: OWN.replace("name: web", "name: forgotten") }),
      DEPLOYED,
      "unmanaged",
    ],
    ["is unmanaged where somebody else made it", live("old", { manager: "kubectl-create" }), DEPLOYED, "unmanaged"],
    [
      "is unmanaged where only an upgrade that failed brought it: none takes it away",
      live("old"),
      { deployed: revision(1, "deployed"), attempts: [revision(2, "failed", config("old"))] },
      "unmanaged",
    ],
    ["is unmanaged where no release is to be read", live("old"), undefined, "unmanaged"],
  ])("%s", async (_what, object, release, expected) => {
    expect(await told({ state: "unmanaged", ref: object.ref, live: object }, notesOf(release))).toBe(expected);
  });

  test("is unmanaged without the right to read Secrets", async () => {
    const object = live("old");
    expect(await told({ state: "unmanaged", ref: object.ref, live: object }, undefined)).toBe("unmanaged");
  });
});

describe("a release", () => {
  test.each<readonly [string, HelmRelease, readonly string[]]>([
    ["that is deployed needs nobody", { deployed: revision(3, "deployed"), attempts: [] }, []],
    [
      "whose upgrade failed",
      { deployed: revision(3, "deployed"), attempts: [revision(5, "failed"), revision(4, "failed")] },
      ["the last upgrade of Helm release shop/web failed (revision 5): it last deployed revision 3"],
    ],
    [
      "whose upgrade was broken off",
      { deployed: revision(3, "deployed"), attempts: [revision(4, "pending-upgrade")] },
      [
        "an upgrade of Helm release shop/web goes on, or was broken off (revision 4, pending-upgrade): it last deployed revision 3",
      ],
    ],
    [
      "whose installation failed",
      { attempts: [revision(1, "failed")] },
      ["the last upgrade of Helm release shop/web failed (revision 1): it has deployed nothing yet"],
    ],
  ])("%s", async (_what, release, expected) => {
    const notes = notesOf(release);
    expect(notes.faults()).toEqual([]);
    await notes.of(WEB);
    await notes.of(WEB);
    expect(notes.faults().map(({ message }) => message)).toEqual(expected);
    expect(
      notes.faults().every(({ code, leavesUnknown }) => code === "sync-failed" && leavesUnknown === "nothing"),
    ).toBe(true);
  });

  test("that Git does not declare is nobody's business", async () => {
    const notes = notesOf({ attempts: [revision(1, "failed")] });
    await notes.of({ namespace: "shop", name: "forgotten" });
    expect(notes.faults()).toEqual([]);
  });
});
