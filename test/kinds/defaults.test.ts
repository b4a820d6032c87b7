// What the API server fills in, by the table and computed. kinds.test.ts of test/cluster holds all of it against real API
// servers; here stand the cases on which the answer turns, and hostile ones.

import { describe, expect, test } from "vitest";
import type { FieldSchema } from "../../src/core/schema.ts";
import type { Value, ValueMap } from "../../src/core/value.ts";
import { isList, isMap, textOf } from "../../src/core/value.ts";
import { serverDefault } from "../../src/kinds/defaults.ts";
import { schemasFor } from "../../src/kinds/schemas.ts";

/** Asks for a field of an object, by names and list positions; `declared` is what Git has beside it. */
function defaultAt(root: ValueMap, path: string, declared?: ValueMap): Value | undefined {
  const steps = path.split("/");
  const names = steps.filter((step) => !/^\d+$/.test(step));
  const kind = { apiVersion: textOf(root, "apiVersion") ?? "", kind: textOf(root, "kind") ?? "" };
  let parent: Value = root;
  let schema = schemasFor(undefined).schemaOf(kind.apiVersion, kind.kind);
  for (const step of steps.slice(0, -1)) {
    if (isList(parent)) {
      parent = parent[Number(step)] as Value;
      schema = schema?.items;
    } else {
      parent = (parent as ValueMap)[step] as Value;
      schema = schema?.fields?.[step] ?? schema?.values;
    }
  }
  if (!isMap(parent)) throw new Error(`${path} is in no map`);
  return serverDefault({ kind, names, parent, root, schema, ...(declared === undefined ? {} : { declared }) });
}

const image = (reference: string): ValueMap => ({
  apiVersion: "v1",
  kind: "Pod",
  spec: { containers: [{ name: "a", image: reference, imagePullPolicy: "Never" }] },
});

const service = (spec: ValueMap): ValueMap => ({ apiVersion: "v1", kind: "Service", spec });

const deployment = (spec: ValueMap): ValueMap => ({ apiVersion: "apps/v1", kind: "Deployment", spec });

const policy = (spec: ValueMap): ValueMap => ({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", spec });

const job = (spec: ValueMap): ValueMap => ({ apiVersion: "batch/v1", kind: "Job", metadata: { uid: "u" }, spec });

describe("a Pod's images", () => {
  test.each([
    ["nginx", "Always"],
    ["nginx:latest", "Always"],
    ["nginx:1.27", "IfNotPresent"],
    ["registry.example:5000/nginx", "Always"],
    ["registry.example:5000/nginx:v1", "IfNotPresent"],
    ["nginx@sha256:00", "IfNotPresent"],
    ["nginx:latest@sha256:00", "Always"],
    ["", "IfNotPresent"],
  ])("%j is pulled %s", (reference, pulled) => {
    expect(defaultAt(image(reference), "spec/containers/0/imagePullPolicy")).toBe(pulled);
  });
});

describe("what depends on the kind of object", () => {
  const spec = {
    enableServiceLinks: true,
    hostNetwork: true,
    containers: [{ ports: [{ containerPort: 80, hostPort: 80 }] }],
  };
  const pod = { apiVersion: "v1", kind: "Pod", spec };
  const inTemplate = deployment({ template: { spec } });

  test("service links and host ports are filled in in Pods", () => {
    expect(defaultAt(pod, "spec/enableServiceLinks")).toBe(true);
    expect(defaultAt(pod, "spec/containers/0/ports/0/hostPort")).toBe(80);
  });

  test("and not in templates, where somebody put them", () => {
    expect(defaultAt(inTemplate, "spec/template/spec/enableServiceLinks")).toBeUndefined();
    expect(defaultAt(inTemplate, "spec/template/spec/containers/0/ports/0/hostPort")).toBeUndefined();
  });

  test("requests are the limits in Pods alone", () => {
    const containers = [{ resources: { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "1", memory: "2Gi" } } }];
    expect(defaultAt({ ...pod, spec: { containers } }, "spec/containers/0/resources/requests/cpu")).toBe("1");
    expect(defaultAt({ ...pod, spec: { containers } }, "spec/containers/0/resources/requests/memory")).toBe("1Gi");
    const limited = deployment({ template: { spec: { containers } } });
    expect(defaultAt(limited, "spec/template/spec/containers/0/resources/requests")).toBeUndefined();
    expect(defaultAt(limited, "spec/template/spec/containers/0/resources/requests/cpu")).toBeUndefined();
  });

  test("a Job's parts are filled in, and not those of a CronJob's template", () => {
    const jobSpec = { suspend: false, backoffLimit: 6 };
    expect(defaultAt(job(jobSpec), "spec/suspend")).toBe(false);
    const cron = { apiVersion: "batch/v1", kind: "CronJob", spec: { jobTemplate: { spec: jobSpec } } };
    expect(defaultAt(cron, "spec/jobTemplate/spec/suspend")).toBeUndefined();
    expect(defaultAt(cron, "spec/jobTemplate/spec/backoffLimit")).toBeUndefined();
  });
});

describe("what depends on the fields beside it", () => {
  test.each([
    ["a type that is reached from outside", { type: "NodePort" }, "spec/externalTrafficPolicy", "Cluster"],
    [
      "an address from outside",
      { type: "ClusterIP", externalIPs: ["192.0.2.1"] },
      "spec/externalTrafficPolicy",
      "Cluster",
    ],
    ["neither", { type: "ClusterIP", externalIPs: [] }, "spec/externalTrafficPolicy", undefined],
    ["a load balancer", { type: "LoadBalancer" }, "spec/allocateLoadBalancerNodePorts", true],
    ["no load balancer", { type: "NodePort" }, "spec/allocateLoadBalancerNodePorts", undefined],
    [
      "affinity",
      { sessionAffinity: "ClientIP" },
      "spec/sessionAffinityConfig",
      { clientIP: { timeoutSeconds: 10800 } },
    ],
    ["no affinity", { sessionAffinity: "None" }, "spec/sessionAffinityConfig", undefined],
  ])("a Service with %s", (_what, spec, path, value) => {
    expect(defaultAt(service(spec), path)).toEqual(value);
  });

  test("a port's target is the port, and its protocol TCP", () => {
    const ports = { ports: [{ port: 80, targetPort: 8080, protocol: "UDP" }] };
    expect(defaultAt(service(ports), "spec/ports/0/targetPort")).toBe(80);
    expect(defaultAt(service(ports), "spec/ports/0/protocol")).toBe("TCP");
  });

  test.each([
    ["no limit for each index", {}, 6],
    ["one", { backoffLimitPerIndex: 1 }, 2147483647],
  ])("a Job with %s gives up after so many", (_what, spec, value) => {
    expect(defaultAt(job(spec), "spec/backoffLimit")).toBe(value);
  });

  test("a Deployment's whole strategy, and its parts", () => {
    const rolling = { maxSurge: "25%", maxUnavailable: "25%" };
    expect(defaultAt(deployment({ strategy: {} }), "spec/strategy")).toEqual({
      type: "RollingUpdate",
      rollingUpdate: rolling,
    });
    expect(defaultAt(deployment({ strategy: { type: "RollingUpdate" } }), "spec/strategy/rollingUpdate")).toEqual(
      rolling,
    );
    expect(defaultAt(deployment({ strategy: { type: "Recreate" } }), "spec/strategy/rollingUpdate")).toBeUndefined();
    expect(defaultAt(deployment({ strategy: { rollingUpdate: {} } }), "spec/strategy/rollingUpdate/maxSurge")).toBe(
      "25%",
    );
  });

  test("a NetworkPolicy's types follow from whether it has rules for what goes out", () => {
    expect(defaultAt(policy({}), "spec/policyTypes")).toEqual(["Ingress"]);
    expect(defaultAt(policy({ egress: [{}] }), "spec/policyTypes")).toEqual(["Ingress", "Egress"]);
  });

  test("an autoscaler's rules differ up and down", () => {
    const spec = { behavior: { scaleUp: {}, scaleDown: {} } };
    const root = { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", spec };
    expect(defaultAt(root, "spec/behavior/scaleUp/stabilizationWindowSeconds")).toBe(0);
    expect(defaultAt(root, "spec/behavior/scaleDown/stabilizationWindowSeconds")).toBeUndefined();
    expect(defaultAt(root, "spec/behavior/scaleDown/policies")).toEqual([
      { type: "Percent", value: 100, periodSeconds: 15 },
    ]);
  });
});

describe("two copies of one thing", () => {
  const both = deployment({ template: { spec: { serviceAccount: "evil", serviceAccountName: "evil" } } });

  test("only the old name is a copy, so that an account that somebody added is seen", () => {
    expect(defaultAt(both, "spec/template/spec/serviceAccount")).toBe("evil");
    expect(defaultAt(both, "spec/template/spec/serviceAccountName")).toBeUndefined();
    expect(defaultAt(both, "spec/template/spec/serviceAccountName", { containers: [] })).toBeUndefined();
  });

  test("unless Git declares it by its old name", () => {
    expect(defaultAt(both, "spec/template/spec/serviceAccountName", { serviceAccount: "evil" })).toBe("evil");
  });

  test("a Job runs once where neither number is declared, and as often as is declared where one is", () => {
    expect(defaultAt(job({ completions: 1, parallelism: 1 }), "spec/completions")).toBe(1);
    expect(defaultAt(job({ completions: 1, parallelism: 1 }), "spec/completions", { parallelism: 1 })).toBeUndefined();
    expect(defaultAt(job({ completions: 1, parallelism: 2 }), "spec/completions")).toBeUndefined();
  });
});

describe("defaults of custom resources", () => {
  const schema: FieldSchema = {
    type: "object",
    fields: {
      limits: {
        type: "object",
        default: {},
        fields: {
          cpu: { type: "string", default: "1" },
          deep: { type: "object", default: { a: 1 }, fields: { b: { default: 2 } } },
        },
      },
      parts: { type: "array", default: [{ name: "x" }], items: { type: "object", fields: { weight: { default: 3 } } } },
    },
  };
  const ask = (name: string, from: FieldSchema = schema): Value | undefined =>
    serverDefault({
      kind: { apiVersion: "a.example/v1", kind: "A" },
      names: ["spec", name],
      parent: {},
      root: {},
      schema: from,
    });

  test("a default is filled up with the defaults within it", () => {
    expect(ask("limits")).toEqual({ cpu: "1", deep: { a: 1, b: 2 } });
    expect(ask("parts")).toEqual([{ name: "x", weight: 3 }]);
  });

  test("names that every object inherits are no fields", () => {
    for (const name of ["__proto__", "constructor", "toString"]) expect(ask(name)).toBeUndefined();
    const fields = JSON.parse('{"a": {"default": {"__proto__": 1}, "fields": {"__proto__": {"default": 2}}}}') as never;
    expect(JSON.stringify(ask("a", { fields }))).toBe('{"__proto__":1}');
  });

  test("a schema that doubles at each level ends", () => {
    let level: FieldSchema = { default: "end" };
    for (let depth = 0; depth < 60; depth++) level = { default: {}, fields: { a: level, b: level } };
    expect(isMap(ask("a", { fields: { a: level } }))).toBe(true);
  });
});

test("nothing is computed from fields of the wrong form", () => {
  const odd: ValueMap = {
    containers: { image: 3 },
    selector: null,
    limits: [],
    template: "x",
    ports: { "0": {} },
    hostNetwork: true,
  };
  for (const kind of ["Pod", "Job", "Service", "ReplicationController", "LimitRange", "Namespace", "DaemonSet"]) {
    for (const name of [
      "imagePullPolicy",
      "requests",
      "labels",
      "selector",
      "default",
      "defaultRequest",
      "hostPort",
      "dataSource",
    ]) {
      for (const holder of ["containers", "resources", "metadata", "ports", "limits", "labels", "annotations"]) {
        const query = {
          kind: { apiVersion: "v1", kind },
          names: ["spec", holder, name],
          parent: odd,
          root: { spec: odd },
          schema: undefined,
        };
        expect(() => serverDefault(query)).not.toThrow();
      }
    }
  }
});
