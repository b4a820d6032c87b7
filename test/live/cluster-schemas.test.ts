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
  versioned = false,
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
  const schemas = openSchemas({ get } as unknown as Api, () => versioned);
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

const DECLARED = {
  properties: { spec: { properties: { a: { type: "string" }, b: { type: "string", default: "own" } } } },
};

/** What OpenAPI says of the declared version. */
const published = {
  openapi: "3.0.0",
  components: {
    schemas: {
      Thing: { "x-kubernetes-group-version-kind": [{ group: "a.example", version: "v1", kind: "Thing" }], ...DECLARED },
    },
  },
};

/** Objects are stored in another version than the declared one. */
function stored(conversion: object): unknown {
  const fields = {
    a: { type: "string", default: "x" },
    b: { type: "string", default: "y" },
    c: { type: "string", default: "z" },
  };
  const storage = { openAPIV3Schema: { properties: { spec: { properties: fields } } } };
  return {
    kind: "CustomResourceDefinition",
    spec: {
      group: "a.example",
      names: { kind: "Thing", plural: "things" },
      versions: [
        { name: "v1", schema: { openAPIV3Schema: DECLARED } },
        { name: "v2", storage: true, schema: storage },
      ],
      ...conversion,
    },
  };
}

const STORED = stored({});
const CONVERTED = stored({ conversion: { strategy: "Webhook" } });

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

  test.each([
    ["adds the defaults of the version that objects are stored in", { status: 200, body: STORED }, "x", undefined],
    ["does not, where a webhook converts", { status: 200, body: CONVERTED }, undefined, undefined],
    ["is not needed where it may not be read", { status: 403, body: {} }, undefined, undefined],
    ["is not needed where it is not there", { status: 404, body: {} }, undefined, undefined],
    ["cannot be read: what the server fills in is not known", { status: 500, body: {} }, undefined, "list-failed"],
  ])("in several versions: its definition %s", async (_name, answer, value, fault) => {
    const read = await load(THING, { [OPENAPI]: { status: 200, body: published }, [DEFINITION]: answer }, true);
    expect(read.asked).toEqual([OPENAPI, DEFINITION]);
    expect(read.fault?.code).toBe(fault);
    expect(read.schema?.fields?.["spec"]?.fields?.["a"]?.default).toBe(value);
    expect(read.schema?.fields?.["spec"]?.fields?.["b"]?.default).toBe(fault === undefined ? "own" : undefined);
    expect(read.schema?.fields?.["spec"]?.fields ?? {}).not.toHaveProperty("c");
  });

  test("names cannot lead elsewhere", async () => {
    const { asked } = await load({ ...THING, resource: "../x", apiVersion: "a.example/..%2f" }, {});
    expect(asked[1]).toBe("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/..%2Fx.a.example");
  });
});
