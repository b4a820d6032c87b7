import { describe, expect, test } from "vitest";
import type { FieldSchema } from "../../src/core/schema.ts";
import { builtinSchemas, schemasFor } from "../../src/kinds/schemas.ts";
import { builtinKind } from "../../src/kinds/scopes.ts";

/** Follows field names, and the items of the lists on the way. */
function at(apiVersion: string, kind: string, ...names: readonly string[]): FieldSchema | undefined {
  let schema = builtinSchemas.schemaOf(apiVersion, kind);
  for (const name of names) schema = (schema?.items ?? schema)?.fields?.[name];
  return schema;
}

const POD = ["spec", "template", "spec"];

describe("schemas of the built-in kinds", () => {
  test.each([
    ["Deployment", [...POD, "containers"], { kind: "map", keys: ["name"] }],
    [
      "Deployment",
      [...POD, "containers", "ports"],
      { kind: "map", keys: ["containerPort", "protocol"], defaults: { protocol: "TCP" } },
    ],
    ["Deployment", [...POD, "containers", "env"], { kind: "map", keys: ["name"] }],
    ["Deployment", [...POD, "containers", "volumeMounts"], { kind: "map", keys: ["mountPath"] }],
    ["Deployment", [...POD, "containers", "command"], { kind: "atomic" }],
    ["Deployment", [...POD, "tolerations"], { kind: "atomic" }],
    ["Deployment", [...POD, "hostAliases"], { kind: "map", keys: ["ip"] }],
    ["Deployment", [...POD, "topologySpreadConstraints"], { kind: "map", keys: ["topologyKey", "whenUnsatisfiable"] }],
    ["StatefulSet", ["spec", "volumeClaimTemplates"], { kind: "atomic" }],
  ] as const)("lists of a %s at %j pair up by %j", (kind, path, list) => {
    expect(at("apps/v1", kind, ...path)?.list).toEqual(list);
  });

  test("Service ports are keyed by port and protocol, not by port as strategic merge has it", () => {
    expect(at("v1", "Service", "spec", "ports")?.list).toEqual({
      kind: "map",
      keys: ["port", "protocol"],
      defaults: { protocol: "TCP" },
    });
  });

  test("finalizers are a set, and an autoscaler's metrics have no order", () => {
    expect(at("v1", "ConfigMap", "metadata", "finalizers")?.list).toEqual({ kind: "set" });
    expect(at("autoscaling/v2", "HorizontalPodAutoscaler", "spec", "metrics")?.list).toEqual({ kind: "multiset" });
  });

  test("nodeSelector and label selectors are atomic maps", () => {
    expect(at("apps/v1", "Deployment", ...POD, "nodeSelector")).toMatchObject({
      atomic: true,
      values: { type: "string" },
    });
    expect(at("apps/v1", "Deployment", "spec", "selector")).toMatchObject({ atomic: true });
  });

  test("resource lists are quantities, and targetPort and maxSurge are ints or strings", () => {
    expect(at("apps/v1", "Deployment", ...POD, "containers", "resources", "limits")?.values).toEqual({
      type: "quantity",
    });
    expect(at("v1", "Service", "spec", "ports", "targetPort")?.type).toBe("int-or-string");
    expect(at("apps/v1", "Deployment", "spec", "strategy", "rollingUpdate", "maxSurge")?.type).toBe("int-or-string");
  });

  test("a zero value is the same as nothing only where the server does not write it", () => {
    expect(at("apps/v1", "Deployment", ...POD, "hostNetwork")).toEqual({ type: "boolean", zero: true });
    expect(at("apps/v1", "Deployment", ...POD, "containers", "env", "value")).toEqual({ type: "string", zero: true });
    expect(at("apps/v1", "Deployment", "spec", "replicas")).toEqual({ type: "integer" });
    expect(at("apps/v1", "Deployment", ...POD, "automountServiceAccountToken")).toEqual({ type: "boolean" });
    expect(at("apps/v1", "Deployment", ...POD, "containers", "securityContext", "allowPrivilegeEscalation")).toEqual({
      type: "boolean",
    });
  });

  test("defaults stand on the type that holds the field, with what they depend on", () => {
    expect(at("v1", "Service", "spec")?.defaults).toContainEqual({
      field: "allocateLoadBalancerNodePorts",
      value: true,
      when: { type: ["LoadBalancer"] },
    });
    expect(at("apps/v1", "Deployment", ...POD)?.defaults).toContainEqual({
      field: "enableServiceLinks",
      value: true,
      kinds: ["v1/Pod"],
    });
  });

  test("a type that contains itself is known at every depth", () => {
    const schema = at("apiextensions.k8s.io/v1", "CustomResourceDefinition", "spec", "versions", "schema");
    const root = schema?.fields?.["openAPIV3Schema"];
    expect(root?.fields?.["properties"]?.values).toBe(root);
  });

  test.each([
    ["apps/v1", "Deploymint"],
    ["apps/v1beta1", "Deployment"],
    ["__proto__", "constructor"],
  ])("nothing is known of %s %s", (apiVersion, kind) => {
    expect(builtinSchemas.schemaOf(apiVersion, kind)).toBeUndefined();
    expect(builtinKind({ apiVersion, kind })).toBeUndefined();
  });
});

describe("schemas of a cluster's version", () => {
  const names = ["spec", "template", "spec", "containers", "restartPolicyRules"];

  test.each([
    ["v1.36.3", "the newest that is known", true],
    ["v1.40.0", "one that is newer than that", true],
    ["v1.35.1+k3s1", "one that is nearer to the newest", true],
    ["v1.34.0", "one between, whose fields may be newer than the older one's", true],
    ["v1.33.13-gke.100", "the older that is known", false],
    ["v1.29.4", "one that is older still", false],
    ["", "none, as of plain snapshots", true],
    ["banana", "no version", true],
    [undefined, "an unknown one", true],
  ])("%s, %s: fields of the newest are known: %s", (version, _what, known) => {
    let schema = schemasFor(version).schemaOf("apps/v1", "Deployment");
    for (const name of names) schema = (schema?.items ?? schema)?.fields?.[name];
    expect(schema !== undefined).toBe(known);
  });

  test("a kind that only one version serves is known in each", () => {
    for (const version of ["v1.36.0", "v1.33.0"]) {
      const schemas = schemasFor(version);
      const older = schemas.schemaOf("resource.k8s.io/v1alpha3", "ResourceClaim");
      expect(older?.fields?.["spec"]?.fields?.["devices"]?.fields?.["requests"]?.list).toEqual({ kind: "atomic" });
      expect(schemas.schemaOf("resource.k8s.io/v1", "ResourceClaim")?.fields?.["spec"]?.fields).toBeDefined();
    }
    expect(builtinKind({ apiVersion: "storage.k8s.io/v1alpha1", kind: "VolumeAttributesClass" })?.namespaced).toBe(
      false,
    );
  });
});

describe("plural and scope of the built-in kinds", () => {
  test.each([
    ["v1", "Pod", "pods", true],
    ["v1", "Endpoints", "endpoints", true],
    ["v1", "Namespace", "namespaces", false],
    ["networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", true],
    ["networking.k8s.io/v1", "IngressClass", "ingressclasses", false],
    ["rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", false],
    ["apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", false],
    ["apiregistration.k8s.io/v1", "APIService", "apiservices", false],
    ["policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", true],
  ])("%s %s is %s, namespaced: %s", (apiVersion, kind, resource, namespaced) => {
    expect(builtinKind({ apiVersion, kind })).toMatchObject({ apiVersion, kind, resource, namespaced });
  });

  test("verbs are those that are served", () => {
    expect(builtinKind({ apiVersion: "v1", kind: "Pod" })?.verbs).toContain("deletecollection");
    expect(builtinKind({ apiVersion: "v1", kind: "Namespace" })?.verbs).not.toContain("deletecollection");
    expect(builtinKind({ apiVersion: "v1", kind: "ComponentStatus" })?.verbs).toEqual(["get", "list"]);
  });
});
