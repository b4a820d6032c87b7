// `ignore` in .github/holdfast.yml, on real runs.

import { describe, expect, test } from "vitest";
import { repositoryOf } from "../desired/repositories.ts";
import { holdfast } from "./run.ts";

const GIT = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: 3
  template: { spec: { containers: [{ name: web, image: "web:1" }] } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: gone, namespace: shop }
data: { a: b }
`;

function managed(manager: string, fields: string): string {
  return `{ manager: ${manager}, operation: Update, time: "2026-11-20T14:00:00Z", fieldsType: FieldsV1, fieldsV1: ${fields} }`;
}

const BY_HAND = managed("kubectl-edit", '{ "f:spec": { "f:template": { "f:spec": { "f:hostNetwork": {} } } } }');
const BY_KEDA = managed("keda-operator", '{ "f:spec": { "f:replicas": {} } }');

/** Scaled by KEDA, on the host's network by hand; the ConfigMap is gone, and another one nobody declared. */
const LIVE = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop, managedFields: [${BY_KEDA}, ${BY_HAND}] }
spec:
  replicas: 5
  template: { spec: { hostNetwork: true, containers: [{ name: web, image: "web:1" }] } }
---
apiVersion: apps/v1
kind: DeploymentList
items: []
---
apiVersion: v1
kind: ConfigMap
metadata: { name: left-behind, namespace: shop }
data: { a: b }
---
apiVersion: v1
kind: ConfigMapList
items: []
`;

interface Report {
  readonly summary: {
    readonly objects: Readonly<Record<string, number>>;
    readonly leftOut: Readonly<Record<string, number>>;
  };
  readonly drifts: readonly {
    readonly state: string;
    readonly object: { readonly name: string };
    readonly changes: readonly { readonly field: string; readonly direction: string }[];
  }[];
  readonly faults: readonly { readonly code: string; readonly message: string }[];
  readonly leftOut: readonly { readonly reason: string; readonly rule: string; readonly count: number }[];
}

async function scanned(ignore: string) {
  const repo = repositoryOf({ "web.yaml": GIT, ".github/holdfast.yml": `ignore:\n${ignore}\n` });
  const ran = await holdfast(["scan", "--repo", repo, "--live", "-", "--format", "json"], { input: LIVE });
  const report = JSON.parse(ran.stdout) as Report;
  return {
    code: ran.code,
    told: report.drifts.flatMap(({ state, object, changes }) =>
      changes.length === 0 ? [`${state} ${object.name}`] : changes.map(({ field }) => `${object.name} ${field}`),
    ),
    directions: report.drifts.flatMap(({ changes }) => changes.map(({ direction }) => direction)),
    ignored: report.summary.leftOut["ignored"],
    objects: report.summary.objects,
    faults: report.faults.map(({ code, message }) => `${code} ${message}`),
    leftOut: report.leftOut,
  };
}

const HOST = "web spec.template.spec.hostNetwork";
const REPLICAS = "web spec.replicas";
const OTHERS = ["missing gone", "unmanaged left-behind"];

describe("a rule", () => {
  test("of a field takes that field out, and the rest stays drift", async () => {
    const { code, told, ignored, faults } = await scanned("  - { kind: Deployment, field: spec.replicas }");
    expect([code, told.toSorted(), ignored, faults]).toEqual([3, [...OTHERS, HOST], 1, []]);
  });

  test("that was reviewed stands whatever policies say", async () => {
    const { code, told, objects } = await scanned("  - field: spec.*");
    expect([code, told.toSorted(), objects]).toEqual([
      2,
      OTHERS,
      expect.objectContaining({ desired: 2, inSync: 1, missing: 1 }),
    ]);
  });

  test("of a manager takes out what it wrote, but for what violates: anybody may write under its name", async () => {
    const { told, ignored } = await scanned("  - manager: keda-operator");
    expect([told.toSorted(), ignored]).toEqual([[...OTHERS, HOST], 1]);
    const forged = await scanned("  - manager: kubectl-edit");
    expect([forged.code, forged.told.toSorted(), forged.ignored]).toEqual([3, [...OTHERS, REPLICAS, HOST], 0]);
  });

  test("of a manager leaves what policies object to its direction", async () => {
    const { told, directions } = await scanned("  - manager: k*");
    expect([told.toSorted(), directions]).toEqual([[...OTHERS, HOST], ["live-changed"]]);
  });

  test("of an object takes it out whatever became of it, and it counts as nothing else", async () => {
    const { code, told, ignored, objects } = await scanned("  - name: gone\n  - name: left-*\n  - name: w?b");
    expect([code, told, ignored]).toEqual([0, [], 4]);
    expect(objects).toEqual({
      desired: 2,
      live: 1,
      inSync: 0,
      drifted: 0,
      pending: 0,
      missing: 0,
      unmanaged: 0,
      unknown: 0,
      ignored: 2,
    });
  });

  test("is told with its count in the report", async () => {
    const { leftOut } = await scanned("  - { kind: Deployment, field: spec.replicas }");
    expect(leftOut).toContainEqual({
      reason: "ignored",
      rule: "ignored by the rule at .github/holdfast.yml:2 (kind Deployment, field spec.replicas)",
      count: 1,
      examples: ["Deployment/web in shop spec.replicas"],
    });
  });

  test("for which nothing is found is told at its line, and exits as without it", async () => {
    const { code, faults } = await scanned(
      "  - { kind: Deployment, field: spec.replica }\n  - name: nobody\n  - { kind: ConfigMap, field: data.a }",
    );
    expect([code, faults.filter((one) => one.startsWith("ignore-unused"))]).toEqual([
      3,
      [
        "ignore-unused .github/holdfast.yml:2:3: the ignore rule (kind Deployment, field spec.replica) matches nothing that Git declares or the cluster has, by kind, name, namespace, field and manager together",
        "ignore-unused .github/holdfast.yml:3:3: the ignore rule (name nobody) matches nothing that Git declares or the cluster has, by kind, name, namespace, field and manager together",
      ],
    ]);
  });
});
