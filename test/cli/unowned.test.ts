// Items that only the cluster has and that no field manager owns: a webhook's, or somebody's who took his name out.

import { expect, test } from "vitest";
import { holdfast } from "./run.ts";
import { repositoryOf } from "../desired/repositories.ts";

const WEB = "{ name: web, image: registry.acme.example/shop/web:1 }";

function deployment(...containers: readonly string[]): string {
  const managed = `{ manager: kubectl, operation: Update, fieldsType: FieldsV1, fieldsV1: { "f:spec": { "f:replicas": {} } } }`;
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop, managedFields: [${managed}] }
spec: { replicas: 1, template: { spec: { containers: [${containers.join(", ")}] } } }
`;
}

async function scanned(...added: readonly string[]) {
  const repo = repositoryOf({ "web.yaml": deployment(WEB) });
  const ran = await holdfast(["scan", "--repo", repo, "--live", "-", "--format", "json"], {
    input: `${deployment(WEB, ...added)}---\napiVersion: apps/v1\nkind: DeploymentList\nitems: []\n`,
  });
  const { drifts, summary } = JSON.parse(ran.stdout) as {
    readonly drifts: readonly { readonly changes: readonly { readonly field: string }[] }[];
    readonly summary: {
      readonly objects: { readonly inSync: number; readonly drifted: number };
      readonly leftOut: { readonly admission: number };
    };
  };
  const { objects, leftOut } = summary;
  return {
    code: ran.code,
    fields: drifts.flatMap(({ changes }) => changes.map(({ field }) => field)),
    counts: [objects.inSync, objects.drifted, leftOut.admission],
  };
}

const SIDECAR = "{ name: sidecar, image: registry.acme.example/mesh/proxy:1 }";
const EVIL = "{ name: evil, image: x, securityContext: { privileged: true } }";

test("what no policy objects to is left out, as admission's", async () => {
  expect(await scanned(SIDECAR)).toEqual({ code: 0, fields: [], counts: [1, 0, 1] });
});

test("what violates is never left out, and nothing else comes with it", async () => {
  expect(await scanned(SIDECAR, EVIL)).toEqual({
    code: 3,
    fields: ['spec.template.spec.containers[name="evil"]'],
    counts: [0, 1, 1],
  });
});

test("a second item with the same key is a change, since nothing is known of its owner", async () => {
  const { code, fields } = await scanned("{ name: web, image: y }");
  expect([code, fields]).toEqual([2, ["spec.template.spec.containers[1]"]]);
});
