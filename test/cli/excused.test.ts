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

function sides(): readonly string[] {
  const folder = temporaryFolder();
  write(folder, { "live.yaml": LIVE });
  return ["--repo", repositoryOf({ "settings.yaml": SETTINGS }), "--live", join(folder, "live.yaml")];
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
