import { expect, test } from "vitest";
import type { Api } from "../../src/live/api.ts";
import { openSchemas } from "../../src/live/cluster-schemas.ts";

const document = {
  openapi: "3.0.0",
  components: {
    schemas: {
      Newer: {
        "x-kubernetes-group-version-kind": [{ group: "", version: "v9", kind: "Pod" }],
        properties: { spec: { type: "object" } },
      },
    },
  },
};

test.each([
  ["v1", "Pod", "of a built-in kind nothing is asked", []],
  ["resource.k8s.io/v1alpha3", "ResourceClaim", "nor of one that only the older Kubernetes serves", []],
  ["v9", "Pod", "a newer version of Kubernetes' own is asked for", ["/openapi/v3/api/v9"]],
  ["apps/v9", "Deployment", "in a group, too", ["/openapi/v3/apis/apps/v9"]],
  ["a.example/v1", "Thing", "and so is a custom resource", ["/openapi/v3/apis/a.example/v1"]],
])("%s %s: %s", async (apiVersion, kind, _what, paths) => {
  const asked: string[] = [];
  const get = async (path: string): Promise<unknown> => {
    asked.push(path);
    return { status: 200, body: Buffer.from(JSON.stringify(document)) };
  };
  const schemas = openSchemas({ get } as unknown as Api);
  await schemas.load({ apiVersion, kind });
  await schemas.load({ apiVersion, kind });
  expect(asked).toEqual(paths);
  const known = schemas.source.schemaOf(apiVersion, kind)?.fields;
  expect(known).toEqual(apiVersion === "v9" ? { spec: { type: "object" } } : undefined);
});
