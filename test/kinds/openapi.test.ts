import { describe, expect, test } from "vitest";
import type { FieldSchema } from "../../src/core/schema.ts";
import type { Value } from "../../src/core/value.ts";
import { crdSchemas, fieldSchema } from "../../src/kinds/openapi.ts";

const GVK = "x-kubernetes-group-version-kind";

// Shapes as `/openapi/v3/api/v1` has them (kubernetes 1.36.3), cut down to what is asked of them.
const core: Value = {
  components: {
    schemas: {
      "io.k8s.api.core.v1.Pod": {
        type: "object",
        [GVK]: [{ group: "", kind: "Pod", version: "v1" }],
        properties: {
          spec: { allOf: [{ $ref: "#/components/schemas/io.k8s.api.core.v1.PodSpec" }], default: {} },
        },
      },
      "io.k8s.api.core.v1.PodSpec": {
        type: "object",
        properties: {
          containers: {
            type: "array",
            items: { allOf: [{ $ref: "#/components/schemas/io.k8s.api.core.v1.Container" }], default: {} },
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
          },
          nodeSelector: {
            type: "object",
            additionalProperties: { type: "string", default: "" },
            "x-kubernetes-map-type": "atomic",
          },
        },
      },
      "io.k8s.api.core.v1.Container": {
        type: "object",
        properties: {
          name: { type: "string", default: "" },
          command: { type: "array", items: { type: "string", default: "" }, "x-kubernetes-list-type": "atomic" },
          ports: {
            type: "array",
            items: { allOf: [{ $ref: "#/components/schemas/io.k8s.api.core.v1.ContainerPort" }], default: {} },
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["containerPort", "protocol"],
          },
          limits: {
            type: "object",
            additionalProperties: { $ref: "#/components/schemas/io.k8s.apimachinery.pkg.api.resource.Quantity" },
          },
        },
      },
      "io.k8s.api.core.v1.ContainerPort": {
        type: "object",
        properties: {
          containerPort: { type: "integer", format: "int32", default: 0 },
          protocol: { type: "string", default: "TCP" },
          target: { $ref: "#/components/schemas/io.k8s.apimachinery.pkg.util.intstr.IntOrString" },
        },
      },
      "io.k8s.apimachinery.pkg.api.resource.Quantity": { oneOf: [{ type: "string" }, { type: "number" }] },
      "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {
        format: "int-or-string",
        oneOf: [{ type: "integer" }, { type: "string" }],
      },
    },
  },
};

function at(schema: FieldSchema | undefined, ...names: readonly string[]): FieldSchema | undefined {
  let found = schema;
  for (const name of names) found = name === "[]" ? found?.items : found?.fields?.[name];
  return found;
}

describe("fieldSchema", () => {
  const pod = fieldSchema(core, "v1", "Pod");
  const container = at(pod, "spec", "containers", "[]");

  test("a list of maps has its keys, and no zero default of Go's", () => {
    expect(at(pod, "spec", "containers")?.list).toEqual({ kind: "map", keys: ["name"] });
  });

  test("container ports are keyed by port and protocol, which defaults to TCP", () => {
    expect(at(container, "ports")?.list).toEqual({
      kind: "map",
      keys: ["containerPort", "protocol"],
      defaults: { protocol: "TCP" },
    });
  });

  test("quantities, ints or strings, atomic lists and atomic maps are told", () => {
    expect(at(container, "limits")?.values).toEqual({ type: "quantity" });
    expect(at(container, "ports", "[]", "target")?.type).toBe("int-or-string");
    expect(at(container, "command")?.list).toEqual({ kind: "atomic" });
    expect(at(pod, "spec", "nodeSelector")).toEqual({ type: "object", atomic: true, values: { type: "string" } });
  });

  test("a kind or version that the document lacks is unknown", () => {
    expect(fieldSchema(core, "v1", "Service")).toBeUndefined();
    expect(fieldSchema(core, "v2", "Pod")).toBeUndefined();
    expect(fieldSchema(core, "apps/v1", "Pod")).toBeUndefined();
  });

  test.each<[string, Value]>([
    ["null", null],
    ["a list", []],
    ["components that are none", { components: { schemas: [] } }],
    ["a kind named by a number", { components: { schemas: { A: { [GVK]: [7, null] } } } }],
  ])("%s describes nothing", (_, document) => {
    expect(fieldSchema(document, "v1", "Pod")).toBeUndefined();
  });

  test("a type that contains itself is unknown the second time", () => {
    const reference = { $ref: "#/components/schemas/Tree" };
    const document: Value = {
      components: {
        schemas: {
          Tree: {
            [GVK]: [{ group: "a", kind: "Tree", version: "v1" }],
            type: "object",
            properties: { children: { type: "array", items: reference }, same: { allOf: [reference] } },
          },
        },
      },
    };
    expect(fieldSchema(document, "a/v1", "Tree")).toEqual({
      type: "object",
      fields: { children: { type: "array", items: {} }, same: {} },
    });
  });

  test("references that double at each of 60 levels are converted once each", () => {
    const schemas: Record<string, Value> = {};
    for (let level = 0; level < 60; level++) {
      const next = { $ref: `#/components/schemas/T${level + 1}` };
      schemas[`T${level}`] = { type: "object", properties: { a: next, b: next } };
    }
    schemas["T60"] = { type: "string" };
    schemas["T0"] = { ...(schemas["T0"] as object), [GVK]: [{ group: "a", kind: "Big", version: "v1" }] } as Value;
    const schema = fieldSchema({ components: { schemas } }, "a/v1", "Big");
    expect(at(schema, ...Array.from({ length: 60 }, () => "b"))).toEqual({ type: "string" });
  });

  test("a schema nested beyond all bounds is known to its first hundred levels", () => {
    let node: Value = { type: "string" };
    for (let level = 0; level < 5000; level++) node = { type: "object", properties: { a: node } };
    const document = {
      components: { schemas: { D: { ...(node as object), [GVK]: [{ group: "a", kind: "D", version: "v1" }] } } },
    } as Value;
    const schema = fieldSchema(document, "a/v1", "D");
    expect(at(schema, ...Array.from({ length: 99 }, () => "a"))?.type).toBe("object");
    expect(at(schema, ...Array.from({ length: 100 }, () => "a"))).toEqual({});
  });

  test("a field named __proto__ is a field like any other", () => {
    const properties = JSON.parse('{"__proto__": {"type": "string"}}') as Value;
    const schemas = { P: { [GVK]: [{ group: "a", kind: "P", version: "v1" }], properties } } as Value;
    const schema = fieldSchema({ components: { schemas } }, "a/v1", "P");
    expect(Object.keys(schema?.fields ?? {})).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(schema?.fields)).toBe(Object.prototype);
  });
});

describe("crdSchemas", () => {
  const crd: Value = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    spec: {
      group: "shop.example",
      names: { kind: "Widget", plural: "widgets" },
      versions: [
        {
          name: "v1",
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: {
                metadata: { type: "object" },
                spec: {
                  type: "object",
                  properties: {
                    enabled: { type: "boolean", default: false },
                    anything: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
                    size: {
                      anyOf: [{ type: "integer" }, { type: "string" }],
                      pattern:
                        "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$",
                      "x-kubernetes-int-or-string": true,
                    },
                    ports: {
                      type: "array",
                      "x-kubernetes-list-type": "map",
                      "x-kubernetes-list-map-keys": ["port", "protocol"],
                      items: {
                        type: "object",
                        properties: { port: { type: "integer" }, protocol: { type: "string", default: "TCP" } },
                      },
                    },
                  },
                },
              },
            },
          },
        },
        { name: "v2" },
      ],
    },
  };

  test("each version with a schema is given, with zero defaults, for they are the author's", () => {
    const [only, ...others] = crdSchemas(crd);
    expect(others).toEqual([]);
    expect(only).toMatchObject({ apiVersion: "shop.example/v1", kind: "Widget" });
    expect(at(only?.schema, "spec", "enabled")?.default).toBe(false);
    expect(at(only?.schema, "spec", "anything")?.preserveUnknown).toBe(true);
    expect(at(only?.schema, "spec", "size")?.type).toBe("quantity");
    expect(at(only?.schema, "spec", "ports")?.list).toEqual({
      kind: "map",
      keys: ["port", "protocol"],
      defaults: { protocol: "TCP" },
    });
    expect(at(only?.schema, "metadata", "finalizers")?.list).toEqual({ kind: "set" });
  });

  test.each<[string, Value]>([
    ["null", null],
    ["another kind", { kind: "ConfigMap" }],
    [
      "versions that are none",
      { kind: "CustomResourceDefinition", spec: { group: "a", names: { kind: "B" }, versions: 3 } },
    ],
  ])("%s gives none", (_, object) => {
    expect(crdSchemas(object)).toEqual([]);
  });
});
