// What nobody declares and an owner of a custom kind excuses: policies are asked all the same, and nothing goes without a trace.

import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { holdfast } from "./run.ts";
import { repositoryOf, temporaryFolder, write } from "../desired/repositories.ts";

const SETTINGS = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: shop }\n";
const UID = "33333333-3333-4333-8333-333333333333";
const OWNER = `ownerReferences: [{ apiVersion: example.com/v1, kind: App, name: web, uid: ${UID} }]`;
const LIVE = `${SETTINGS}---
apiVersion: example.com/v1
kind: App
metadata: { name: web, namespace: shop, uid: ${UID} }
---
apiVersion: v1
kind: Service
metadata: { name: steered, namespace: shop, ${OWNER} }
spec: { externalIPs: [192.0.2.1], ports: [{ port: 80 }] }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: kept, namespace: shop, ${OWNER} }
`;

interface Report {
  readonly summary: { readonly objects: Readonly<Record<string, number>> };
  readonly drifts: readonly { readonly object: { readonly name: string }; readonly excuse?: string }[];
  readonly excused: readonly { readonly rule: string; readonly count: number; readonly examples: readonly string[] }[];
}

function sides(declared = SETTINGS, live = LIVE): readonly string[] {
  const folder = temporaryFolder();
  write(folder, { "live.yaml": live });
  return ["--repo", repositoryOf({ "settings.yaml": declared }), "--live", join(folder, "live.yaml")];
}

describe("what an owner of a custom kind excuses", () => {
  test("is unmanaged where policy objects, and counted where it does not", async () => {
    const { code, stdout, stderr } = await holdfast(["scan", "--format", "json", ...sides()]);
    expect([code, stderr]).toEqual([3, ""]);
    const { drifts, excused, summary } = JSON.parse(stdout) as Report;
    expect(drifts.map(({ object }) => object.name)).toEqual(["web", "steered"]);
    expect(drifts[1]?.excuse).toContain("App/web in shop");
    expect(summary.objects).toMatchObject({ inSync: 1, unmanaged: 2 });
    expect(excused).toMatchObject([{ count: 1, examples: ["ConfigMap/kept in shop"] }]);
  });

  test("leaves a trace without --verbose, too", async () => {
    const { stdout } = await holdfast(["scan", ...sides()]);
    expect(stdout).toContain("1 object in the cluster and not in Git is excused");
  });

  test("cannot write into a report by its name", async () => {
    const live = LIVE.replaceAll("name: web, uid", 'name: "<img src=x>", uid').replace(
      "metadata: { name: web, namespace: shop, uid",
      'metadata: { name: "web", namespace: shop, uid',
    );
    for (const format of ["html", "markdown"]) {
      const { stdout } = await holdfast(["scan", "--format", format, ...sides(SETTINGS, live)]);
      expect(stdout).toContain("it is told all the same");
      expect(stdout.replaceAll(/`[^`]*`/g, "")).not.toContain("<img");
    }
  });

  test("is shown by --verbose", async () => {
    const { stdout } = await holdfast(["scan", "--verbose", ...sides()]);
    expect(stdout).toContain("EXCUSED    1 object in the cluster and not in Git that is not unmanaged");
    expect(stdout).toContain("      ConfigMap/kept in shop");
  });

  test("is explained, with the owner that excuses it", async () => {
    const { code, stdout } = await holdfast(["explain", "configmap/kept", ...sides()]);
    expect(code).toBe(0);
    expect(stdout).toContain("not unmanaged");
    expect(stdout).toContain("App/web in shop");
  });
});

const spec = (image: string): string =>
  `{ containers: [{ name: web, image: "registry.example/${image}", securityContext: { privileged: true } }] }`;

describe("what a controller is said to have made", () => {
  const [deployment, set] = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"];
  const template = `{ metadata: { labels: { app: web } }, spec: ${spec("web:1")} }`;
  const declared = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec: { selector: { matchLabels: { app: web } }, template: ${template} }
`;
  const pod = (name: string, image: string, more = ""): string => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop, ownerReferences: [{ apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: ${set}, controller: true }]${more} }
spec: ${spec(image)}
`;
  const record = `, managedFields: [{ manager: kube-controller-manager, operation: Update, fieldsType: FieldsV1, fieldsV1: { "f:spec": {} } }]`;
  const live = [
    declared.replace("namespace: shop }", `namespace: shop, uid: ${deployment} }`),
    `apiVersion: apps/v1
kind: ReplicaSet
metadata: { name: web-1, namespace: shop, uid: ${set}, ownerReferences: [{ apiVersion: apps/v1, kind: Deployment, name: web, uid: ${deployment}, controller: true }] }
spec: { replicas: 4, selector: { matchLabels: { app: web } }, template: ${template} }
`,
    pod("made", "web:1"),
    pod("pinned", "web@sha256:0", record),
    pod("forged", "evil:1"),
    pod("debugged", "web:1", record).replace(
      "spec: {",
      "spec: { ephemeralContainers: [{ name: shell, image: i, securityContext: { privileged: true } }],",
    ),
  ].join("---\n");

  test("is told where it has what no template accounts for, though Git declares a template that violates, too", async () => {
    const { stdout } = await holdfast(["scan", "--format", "json", ...sides(declared, live)]);
    const { drifts, excused } = JSON.parse(stdout) as Report;
    expect(drifts.map(({ object }) => object.name)).toEqual(["debugged", "forged"]);
    expect(drifts[1]?.excuse).toContain("ReplicaSet/web-1 in shop");
    expect(excused.map(({ count }) => count)).toEqual([1, 2]);
  });
});
