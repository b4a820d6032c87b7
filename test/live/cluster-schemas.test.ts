import { describe, expect, test } from "vitest";
import type { Fault } from "../../src/core/fault.ts";
import type { FieldSchema } from "../../src/core/schema.ts";
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

const THING = { apiVersion: "a.example/v1", kind: "Thing", resource: "things", namespaced: true, verbs: [] };
const OPENAPI = "/openapi/v3/apis/a.example/v1";
const DEFINITION = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.a.example";

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Each schema is asked for twice. Paths that are not named answer 404. */
async function load(
  kind: typeof THING,
  answers: Readonly<Record<string, Answer>>,
): Promise<{
  readonly asked: readonly string[];
  readonly schema: FieldSchema | undefined;
  readonly fault: Fault | undefined;
}> {
  const asked: string[] = [];
  const get = async (path: string): Promise<unknown> => {
    asked.push(path);
    const { status, body } = answers[path] ?? { status: 404, body: {} };
    return { kind: "answer", status, body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)) };
  };
  const schemas = openSchemas({ get } as unknown as Api);
  await schemas.load(kind);
  const fault = await schemas.load(kind);
  return { asked, fault, schema: schemas.source.schemaOf(kind.apiVersion, kind.kind) };
}

/** A CustomResourceDefinition; `kind`: what it defines. */
function definition(version: string, kind = "Thing"): unknown {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    spec: {
      group: "a.example",
      names: { kind, plural: "things" },
      versions: [
        { name: "v0", schema: { openAPIV3Schema: { properties: { old: { type: "string" } } } } },
        { name: version, schema: { openAPIV3Schema: { properties: { size: { type: "integer", default: 1 } } } } },
      ],
    },
  };
}

test.each([
  ["v1", "Pod", "of a built-in kind nothing is asked", []],
  ["resource.k8s.io/v1alpha3", "ResourceClaim", "nor of one that only the older Kubernetes serves", []],
  ["v9", "Pod", "a newer version of Kubernetes' own is asked for", ["/openapi/v3/api/v9"]],
  ["apps/v9", "Deployment", "in a group, too; no definition is its", ["/openapi/v3/apis/apps/v9"]],
  ["a.example/v1", "Thing", "a custom resource, and its definition where it is not there", [OPENAPI, DEFINITION]],
])("%s %s: %s", async (apiVersion, kind, _what, paths) => {
  const answers = Object.fromEntries(
    paths.filter((path) => path.startsWith("/openapi")).map((path) => [path, { status: 200, body: document }]),
  );
  const { asked, schema, fault } = await load({ ...THING, apiVersion, kind }, answers);
  expect(asked).toEqual(paths);
  expect(fault).toBeUndefined();
  expect(schema?.fields).toEqual(apiVersion === "v9" ? { spec: { type: "object" } } : undefined);
});

describe("the schema of a kind that OpenAPI does not have", () => {
  const found = { type: "integer", default: 1 };

  test.each([
    ["404", { status: 404, body: {} }],
    ["a document without the kind", { status: 200, body: document }],
    ["a document without any", { status: 200, body: { openapi: "3.0.0" } }],
  ])("OpenAPI: %s; its definition has it", async (_name, answer) => {
    const read = await load(THING, { [OPENAPI]: answer, [DEFINITION]: { status: 200, body: definition("v1") } });
    expect(read.fault).toBeUndefined();
    expect(read.schema?.fields).toMatchObject({ size: found });
    expect(read.schema?.fields).not.toHaveProperty("old");
    expect(read.asked).toEqual([OPENAPI, DEFINITION]);
  });

  const unread = { code: "list-failed", leavesUnknown: "declared" };
  test.each([
    ["is not there: another server's kind", { status: 404, body: {} }, undefined],
    ["has another version", { status: 200, body: definition("v2") }, undefined],
    ["is another kind's", { status: 200, body: definition("v1", "Other") }, undefined],
    ["may not be read", { status: 403, body: {} }, { code: "list-forbidden", leavesUnknown: "declared" }],
    ["cannot be read", { status: 500, body: {} }, unread],
    ["is no JSON", { status: 200, body: "<h1>" }, unread],
    ["is something else", { status: 200, body: { kind: "Status" } }, unread],
    ["is null", { status: 200, body: "null" }, unread],
  ] as const)("its definition %s", async (_name, answer, fault) => {
    const read = await load(THING, { [DEFINITION]: answer });
    expect(read.schema).toBeUndefined();
    const told = read.fault && { code: read.fault.code, leavesUnknown: read.fault.leavesUnknown };
    expect(told).toEqual(fault);
  });

  test("names cannot lead elsewhere", async () => {
    const { asked } = await load({ ...THING, resource: "../x", apiVersion: "a.example/..%2f" }, {});
    expect(asked[1]).toBe("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/..%2Fx.a.example");
  });
});
