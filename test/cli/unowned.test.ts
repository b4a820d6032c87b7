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

/** Something in the cluster that may have written into Deployments. */
const INJECTOR = `---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: { name: mesh }
webhooks:
  - name: sidecar.mesh.example
    rules: [{ apiGroups: [apps], apiVersions: [v1], resources: [deployments], operations: [CREATE] }]
`;

async function scanned(added: readonly string[], injector = INJECTOR) {
  const repo = repositoryOf({ "web.yaml": `${deployment(WEB)}${injector}` });
  const ran = await holdfast(["scan", "--repo", repo, "--live", "-", "--format", "json"], {
    input: `${deployment(WEB, ...added)}${injector}---\napiVersion: apps/v1\nkind: DeploymentList\nitems: []\n`,
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
  expect(await scanned([SIDECAR])).toEqual({ code: 0, fields: [], counts: [2, 0, 1] });
});

test("where nothing in the cluster could have added it, it is a change of nobody knows whom", async () => {
  expect(await scanned([SIDECAR], INJECTOR.replace("deployments", "statefulsets"))).toMatchObject({
    code: 2,
    fields: ['spec.template.spec.containers[name="sidecar"]'],
  });
});

test("what violates is never left out, and nothing else comes with it", async () => {
  expect(await scanned([SIDECAR, EVIL])).toEqual({
    code: 3,
    fields: ['spec.template.spec.containers[name="evil"]'],
    counts: [1, 1, 1],
  });
});

test("a second item with the same key is a change, since nothing is known of its owner", async () => {
  const { code, fields } = await scanned(["{ name: web, image: y }"]);
  expect([code, fields]).toEqual([2, ["spec.template.spec.containers[1]"]]);
});
