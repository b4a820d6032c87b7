import { describe, expect, test } from "vitest";
import { compareObject } from "../../src/drift/compare.ts";
import { fields, formatPath } from "../../src/core/path.ts";
import type { Value, ValueMap } from "../../src/core/value.ts";
import { builtinSchemas } from "../../src/kinds/schemas.ts";
import { crdSchemas } from "../../src/kinds/openapi.ts";
import { createDigester } from "../../src/text/digest.ts";
import { compared, desiredOf, liveOf, told, yaml } from "./objects.ts";

const CONTAINER = 'spec.template.spec.containers[name="web"]';

/** A Deployment whose one container has these fields besides its name. */
function deployment(container: string, rest = ""): string {
  return `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {
    ${rest} template: {spec: {containers: [{name: web, ${container}}]}}}}`;
}

function service(spec: string): string {
  return `{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: ${spec}}`;
}

function policy(spec: string): string {
  return `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: web, namespace: shop}, spec: ${spec}}`;
}

function pod(spec: string): string {
  return `{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}, spec: ${spec}}`;
}

function secret(data: Readonly<Record<string, string>>): ValueMap {
  return { apiVersion: "v1", kind: "Secret", metadata: { name: "db", namespace: "shop" }, data };
}

function thing(spec: string): string {
  return `{apiVersion: example.com/v1, kind: Thing, metadata: {name: a, namespace: shop}, spec: ${spec}}`;
}

function podWith(env: readonly ValueMap[]): ValueMap {
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "web" }, spec: { containers: [{ name: "web", env }] } };
}

/** Lists and maps in turn. */
function nested(depth: number, leaf: number): ValueMap {
  let spec: Value = leaf;
  for (let level = 0; level < depth; level++) spec = level % 2 === 0 ? [spec] : { a: spec };
  return { apiVersion: "example.com/v1", kind: "Thing", metadata: { name: "a" }, spec };
}

interface Case {
  readonly title: string;
  readonly desired: string;
  readonly live: string;
  readonly changes: readonly string[];
}

const CASES: readonly Case[] = [
  {
    title: "a scalar that was changed is replaced",
    desired: deployment("image: nginx:1.27", "replicas: 3,"),
    live: deployment("image: nginx:1.28", "replicas: 5,"),
    changes: ["replace spec.replicas", `replace ${CONTAINER}.image`],
  },
  {
    title: "a field that live lacks is removed, at the highest place that is gone",
    desired: deployment("resources: {limits: {cpu: 1, memory: 1Gi}}"),
    live: deployment("resources: {}"),
    changes: [`remove ${CONTAINER}.resources.limits`],
  },
  {
    title: "a container that live lacks is one removal",
    desired: deployment("image: a}, {name: log, image: b, args: [x]"),
    live: deployment("image: a"),
    changes: ['remove spec.template.spec.containers[name="log"]'],
  },
  {
    title: "keyed lists pair up whatever their order",
    desired: deployment("env: [{name: A, value: a}, {name: B, value: b}]"),
    live: deployment("env: [{name: B, value: x}, {name: A, value: a}]"),
    changes: [`replace ${CONTAINER}.env[name="B"].value`],
  },
  {
    title: "an env var, a port, a volume and a container that only live has are added",
    desired: deployment("env: [{name: A, value: a}], ports: [{containerPort: 80}]").replace(
      "spec: {containers",
      "spec: {volumes: [{name: tmp, emptyDir: {}}], containers",
    ),
    live: deployment(
      "env: [{name: A, value: a}, {name: B, value: b}], ports: [{containerPort: 80, protocol: TCP}, {containerPort: 80, protocol: UDP}]}, {name: log",
    ).replace(
      "spec: {containers",
      "spec: {volumes: [{name: tmp, emptyDir: {}}, {name: x, hostPath: {path: /}}], containers",
    ),
    changes: [
      'add spec.template.spec.containers[name="log"]',
      `add ${CONTAINER}.env[name="B"]`,
      `add ${CONTAINER}.ports[containerPort=80,protocol="UDP"]`,
      'add spec.template.spec.volumes[name="x"]',
    ],
  },
  {
    title: "a list that Git declares empty has additions too",
    desired: deployment("env: []"),
    live: deployment("env: [{name: A, value: a}]"),
    changes: [`add ${CONTAINER}.env[name="A"]`],
  },
  {
    title: "topologySpreadConstraints pair up by topologyKey and whenUnsatisfiable",
    desired: deployment("image: a").replace(
      "spec: {containers",
      "spec: {topologySpreadConstraints: [{topologyKey: zone, whenUnsatisfiable: DoNotSchedule, maxSkew: 1}, {topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, maxSkew: 1}], containers",
    ),
    live: deployment("image: a").replace(
      "spec: {containers",
      "spec: {topologySpreadConstraints: [{topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, maxSkew: 2}, {topologyKey: zone, whenUnsatisfiable: DoNotSchedule, maxSkew: 1}], containers",
    ),
    changes: [
      'replace spec.template.spec.topologySpreadConstraints[topologyKey="zone",whenUnsatisfiable="ScheduleAnyway"].maxSkew',
    ],
  },
  {
    title: "atomic lists are replaced whole, in order",
    desired: deployment("command: [a, b], args: [x]"),
    live: deployment("command: [b, a], args: [x, y]"),
    changes: [`replace ${CONTAINER}.args`, `replace ${CONTAINER}.command`],
  },
  {
    title: "null is an item of an atomic list like any other (kubernetes#119747)",
    desired: deployment("args: [a, null]"),
    live: deployment("args: [a, b]"),
    changes: [`replace ${CONTAINER}.args`],
  },
  {
    title: "what the server fills in inside an atomic list is no difference",
    desired: policy(
      "{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {a: b}}}], ports: [{port: 80}]}]}",
    ),
    live: policy(
      "{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {a: b}}}], ports: [{port: 80, protocol: TCP}]}], policyTypes: [Ingress]}",
    ),
    changes: [],
  },
  {
    title: "nodeSelector is one value: a key that was added is a replacement of the whole",
    desired: pod("{nodeSelector: {disk: ssd}}"),
    live: pod("{nodeSelector: {disk: ssd, zone: a}}"),
    changes: ["replace spec.nodeSelector"],
  },
  {
    title: "an empty selector selects everything, so narrowing it is a change",
    desired: policy("{podSelector: {}}"),
    live: policy("{podSelector: {matchLabels: {app: web}}}"),
    changes: ["replace spec.podSelector"],
  },
  {
    title: "an empty selector is not the same as none",
    desired: policy("{podSelector: {}, ingress: [{from: [{podSelector: {a: b}, namespaceSelector: {}}]}]}"),
    live: policy("{podSelector: {}, ingress: [{from: [{podSelector: {a: b}}]}]}"),
    changes: ["replace spec.ingress"],
  },
  {
    title: "a rule that allows everything is not the same as no rule",
    desired: policy("{podSelector: {}, ingress: [{}]}"),
    live: policy("{podSelector: {}}"),
    changes: ["remove spec.ingress"],
  },
  {
    title: "an emptyDir without settings is a volume all the same",
    desired: pod("{volumes: [{name: tmp, emptyDir: {}}]}"),
    live: pod("{volumes: [{name: tmp, hostPath: {path: /}}]}"),
    changes: ['remove spec.volumes[name="tmp"].emptyDir', 'add spec.volumes[name="tmp"].hostPath'],
  },
  {
    title: "a map of known fields is compared field by field, though it is atomic",
    desired: deployment("env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]"),
    live: deployment("env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: other}}}]"),
    changes: [`replace ${CONTAINER}.env[name="A"].valueFrom.secretKeyRef.key`],
  },
  {
    title: "targetPort keeps its type, whatever it says",
    desired: service("{ports: [{port: 80, targetPort: 8080}]}"),
    live: service('{ports: [{port: 80, protocol: TCP, targetPort: "8080"}]}'),
    changes: ['replace spec.ports[port=80,protocol="TCP"].targetPort'],
  },
  {
    title: "a zero value whose absence means something else is removed",
    desired: deployment("securityContext: {allowPrivilegeEscalation: false, runAsUser: 0}"),
    live: deployment("securityContext: {runAsUser: 0}"),
    changes: [`remove ${CONTAINER}.securityContext.allowPrivilegeEscalation`],
  },
  {
    title: "a zero value that was changed is replaced",
    desired: pod("{hostNetwork: false}"),
    live: pod("{hostNetwork: true}"),
    changes: ["replace spec.hostNetwork"],
  },
  {
    title: "duplicates of a key are compared in order (kubernetes#58477, #86163)",
    desired: deployment('env: [{name: A, value: "1"}, {name: A, value: "2"}]'),
    live: deployment('env: [{name: A, value: "1"}, {name: A, value: "3"}]'),
    changes: [`replace ${CONTAINER}.env[1].value`],
  },
  {
    title: "a duplicate that live lacks is removed",
    desired: deployment('env: [{name: A, value: "1"}, {name: A, value: "2"}]'),
    live: deployment('env: [{name: A, value: "1"}]'),
    changes: [`remove ${CONTAINER}.env[1]`],
  },
  {
    title: "items that have come to have the same keys are told apart by their names",
    desired: deployment("ports: [{name: a, containerPort: 53, protocol: UDP}, {name: b, containerPort: 53}]"),
    live: deployment(
      "ports: [{name: a, containerPort: 53, protocol: TCP}, {name: b, containerPort: 53, protocol: TCP}]",
    ),
    changes: [`replace ${CONTAINER}.ports[containerPort=53,protocol="UDP"].protocol`],
  },
  {
    title: "items that have come to have the same keys, and no names, go by their order",
    desired: deployment("ports: [{containerPort: 53, protocol: UDP}, {containerPort: 53, hostPort: 1}]"),
    live: deployment("ports: [{containerPort: 53, hostPort: 1}, {containerPort: 53}]"),
    changes: [`add ${CONTAINER}.ports[1]`, `remove ${CONTAINER}.ports[containerPort=53,protocol="UDP"]`],
  },
  {
    title: "another kind of value in the same place is a replacement",
    desired: "{apiVersion: example.com/v1, kind: Thing, metadata: {name: a}, spec: {x: {a: 1}, y: [1], z: 1}}",
    live: "{apiVersion: example.com/v1, kind: Thing, metadata: {name: a}, spec: {x: [1], y: 1, z: {a: 1}}}",
    changes: ["replace spec.x", "replace spec.y", "replace spec.z"],
  },
  {
    title: "fields called __proto__ and constructor are fields like any other",
    desired: '{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {"__proto__": a, constructor: b}}',
    live: '{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {"__proto__": x}}',
    changes: ["replace data.__proto__", "remove data.constructor"],
  },
  {
    title: "labels and annotations that Git declares are compared",
    desired: "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {x: a, y: a}, annotations: {a.b/c: d}}}",
    live: "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {x: b}, annotations: {a.b/c: e}}}",
    changes: ['replace metadata.annotations["a.b/c"]', "replace metadata.labels.x", "remove metadata.labels.y"],
  },
  {
    title: "finalizers are a set",
    desired: "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, finalizers: [b/b, a/a]}}",
    live: "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, finalizers: [c/c, a/a]}}",
    changes: ['remove metadata.finalizers["b/b"]', 'add metadata.finalizers["c/c"]'],
  },
];

describe("comparing what Git declares", () => {
  test.each(CASES)("$title", ({ desired, live, changes }) => {
    expect(told(compared(yaml(desired), yaml(live)).changes).toSorted()).toEqual(changes.toSorted());
  });

  test("a change has both values as they are written, and no direction yet", () => {
    const { changes } = compared(
      yaml(deployment("image: a, args: [x]")),
      yaml(deployment("image: b, args: [x, y], ports: []")),
    );
    expect(changes).toMatchObject([
      { operation: "replace", desired: ["x"], live: ["x", "y"], direction: "unknown" },
      { operation: "replace", desired: "a", live: "b", direction: "unknown" },
    ]);
  });

  test("changes are ordered by field", () => {
    const { changes } = compared(
      yaml("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {z: a, b: a, aa: a}}"),
      yaml("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {aa: b, z: b, b: b}}"),
    );
    expect(told(changes)).toEqual(["replace data.aa", "replace data.b", "replace data.z"]);
  });
});

describe("what Git declares encrypted", () => {
  const desired = {
    ...desiredOf(yaml("{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {}}")),
    sealed: [fields("data", "a")],
  };
  const live = liveOf(yaml("{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {a: x, b: y}}"));
  const result = compareObject({ desired, live, schema: builtinSchemas.schemaOf("v1", "Secret") });

  test("is not known to differ; a key that somebody added beside it is found", () => {
    expect(told(result.changes)).toEqual(["add data.b"]);
    expect(result.leftOut).toMatchObject([{ path: fields("data", "a"), reason: "ignored" }]);
  });
});

describe("who changed it", () => {
  const managed = (...entries: string[]): string =>
    deployment("image: b, env: [{name: A, value: a}, {name: B, value: b}]", "replicas: 5,").replace(
      "namespace: shop",
      `namespace: shop, managedFields: [${entries.join(",")}]`,
    );
  const desired = yaml(deployment("image: a, env: [{name: A, value: a}]", "replicas: 3,"));
  const image = '{"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\\"name\\":\\"web\\"}":{"f:image":{}}}}}}}';
  const added =
    '{"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\\"name\\":\\"web\\"}":{"f:env":{"k:{\\"name\\":\\"B\\"}":{".":{},"f:name":{}}}}}}}}}';
  const EDIT = `{manager: kubectl-edit, operation: Update, time: "2026-01-01T00:00:00Z", fieldsV1: ${image}}`;

  test("the owner of the live value is the actor", () => {
    const { changes } = compared(
      desired,
      yaml(
        managed(
          EDIT,
          '{manager: kubectl, operation: Update, subresource: scale, fieldsV1: {"f:spec":{"f:replicas":{}}}}',
          `{manager: kubectl-set, operation: Update, time: "2026-01-02T00:00:00Z", fieldsV1: ${added}}`,
        ),
      ),
    );
    expect(changes.map(({ actor }) => actor?.manager)).toEqual(["kubectl", "kubectl-set", "kubectl-edit"]);
  });

  test("an added item without an owner is a change of nobody knows whom, unless the cluster has what mutates the object", () => {
    const live = yaml(managed(EDIT));
    const alone = compared(desired, live);
    expect(told(alone.changes)).toContain(`add ${CONTAINER}.env[name="B"]`);
    expect(alone.changes.find(({ operation }) => operation === "add")).not.toHaveProperty("actor");
    const mutated = compared(desired, live, { mutatorsOf: () => ["sidecars"] });
    expect(told(mutated.changes)).toEqual(["replace spec.replicas", `replace ${CONTAINER}.image`]);
    expect(mutated.leftOut).toMatchObject([{ reason: "admission", judged: true, operation: "add" }]);
  });

  test("what runs through status, and what only remembers, is nobody's change", () => {
    const { changes } = compared(
      desired,
      yaml(
        managed(
          `{manager: kubectl-last-applied, operation: Apply, fieldsV1: ${image}}`,
          `{manager: operator, operation: Update, subresource: status, time: "2026-02-01T00:00:00Z", fieldsV1: ${image}}`,
        ),
      ),
    );
    expect(changes.map(({ actor }) => actor)).toEqual([undefined, undefined, undefined]);
  });

  test("the owner of a field's older name is the actor of the present one", () => {
    const job = "{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {template: {spec: {containers: []}}}}";
    const live = yaml(job);
    const owned = { "f:spec": { "f:template": { "f:spec": { "f:serviceAccount": {} } } } };
    const { changes } = compared(yaml(job), {
      ...live,
      metadata: { name: "a", managedFields: [{ manager: "tool", operation: "Apply", fieldsV1: owned }] },
      spec: { template: { spec: { containers: [], serviceAccount: "b", serviceAccountName: "b" } } },
    });
    expect(changes.map(({ path, actor }) => [formatPath(path), actor?.manager])).toEqual([
      ["spec.template.spec.serviceAccountName", "tool"],
    ]);
  });

  test("a removal has no actor", () => {
    const { changes } = compared(yaml(deployment("stdin: true")), yaml(managed(EDIT)));
    expect(changes.find(({ operation }) => operation === "remove")).not.toHaveProperty("actor");
  });
});

function allowing(peer: string): ValueMap {
  return yaml(`
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: web, namespace: shop}
    spec: {podSelector: {}, ingress: [{from: [${peer}]}]}
  `);
}

function configMap(value: string): ValueMap {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" }, data: { value } };
}

describe("a list that Git declares whole", () => {
  const own = "{podSelector: {matchLabels: {app: front}}}";

  test.each([
    ["of all namespaces", "{podSelector: {matchLabels: {app: front}}, namespaceSelector: {}}"],
    ["of some namespaces", "{podSelector: {matchLabels: {app: front}}, namespaceSelector: {matchLabels: {a: b}}}"],
  ])("a selector %s that was added to a peer is a change", (_what, peer) => {
    expect(told(compared(allowing(own), allowing(peer)).changes)).toEqual(["replace spec.ingress"]);
  });

  test("a selector that is null on either side is none", () => {
    const peer = "{podSelector: {matchLabels: {app: front}}, namespaceSelector: null}";
    expect(compared(allowing(own), allowing(peer)).changes).toEqual([]);
    expect(compared(allowing(peer), allowing(own)).changes).toEqual([]);
  });
});

describe("secrets", () => {
  const mine = createDigester(Buffer.from("mine"));
  const other = createDigester(Buffer.from("other"));

  test("equal digests are the same, others a sensitive change", () => {
    const { changes } = compared(
      secret({ user: mine.digest("a"), password: mine.digest("a") }),
      secret({ user: mine.digest("a"), password: mine.digest("b") }),
    );
    expect(changes).toMatchObject([{ operation: "replace", sensitive: true, live: mine.digest("b") }]);
  });

  test("a value that live lacks is removed, and sensitive", () => {
    const { changes } = compared(secret({ password: mine.digest("a") }), secret({}));
    expect(changes).toMatchObject([{ operation: "remove", sensitive: true }]);
  });

  test("outside of Secrets a text that looks like a digest is a change like any other", () => {
    const { changes, unknown } = compared(configMap("open"), configMap(other.digest("a")));
    expect(changes).toMatchObject([{ operation: "replace", desired: "open" }]);
    expect(unknown).toEqual([]);
  });

  test("under another key nothing is known of the values", () => {
    const result = compared(
      secret({ user: mine.digest("a"), password: mine.digest("a") }),
      secret({ user: other.digest("a"), password: mine.digest("a") }),
    );
    expect(result.changes).toEqual([]);
    expect(result.unknown).toEqual([
      [
        { kind: "field", name: "data" },
        { kind: "field", name: "user" },
      ],
    ]);
  });
});

describe("custom resources", () => {
  const crd = yaml(`
    apiVersion: apiextensions.k8s.io/v1
    kind: CustomResourceDefinition
    metadata: {name: things.example.com}
    spec:
      group: example.com
      names: {kind: Thing, plural: things}
      scope: Namespaced
      versions:
        - name: v1
          schema:
            openAPIV3Schema:
              type: object
              properties:
                spec:
                  type: object
                  properties:
                    mode: {type: string, default: fast}
                    size: {anyOf: [{type: integer}, {type: string}], x-kubernetes-int-or-string: true, pattern: '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$'}
                    rules:
                      type: array
                      x-kubernetes-list-type: map
                      x-kubernetes-list-map-keys: [host, path]
                      items:
                        type: object
                        properties: {host: {type: string}, path: {type: string, default: /}, to: {type: string}}
                    tags: {type: array, x-kubernetes-list-type: set, items: {type: string}}
                    raw: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {known: {type: string}}}
  `);
  const schema = crdSchemas(crd)[0]?.schema;

  test("lists, defaults of keys and quantities are those of its definition", () => {
    const result = compared(
      yaml(thing("{size: 1000m, rules: [{host: a, to: x}, {host: b, path: /b, to: y}], tags: [a, b], mode: fast}")),
      yaml(thing('{size: "1", rules: [{host: b, path: /b, to: z}, {host: a, path: /, to: x}], tags: [b, c, a]}')),
      { schema },
    );
    expect(told(result.changes)).toEqual(['replace spec.rules[host="b",path="/b"].to', 'add spec.tags["c"]']);
  });

  test("what its definition does not know, the server drops; what it preserves is compared raw", () => {
    const result = compared(
      yaml(thing("{colour: red, raw: {gone: 1, a: {b: 1, c: 2}}}")),
      yaml(thing("{raw: {a: {b: 2}}}")),
      { schema },
    );
    expect(told(result.changes)).toEqual(["replace spec.raw.a.b", "remove spec.raw.a.c", "remove spec.raw.gone"]);
    expect(result.leftOut.map(({ reason }) => reason)).toEqual(["ignored"]);
  });

  test("a kind of which nothing is known has atomic lists, and is compared all the same", () => {
    const result = compared(
      yaml(thing("{rules: [{host: a}], tags: [a, b], mode: fast}")),
      yaml(thing("{rules: [{host: a, path: /}], tags: [b, a], mode: slow}")),
    );
    expect(told(result.changes)).toEqual(["replace spec.mode", "replace spec.tags"]);
  });
});

describe("another version of the kind", () => {
  test("what live lacks is unknown, what differs is a change", () => {
    const desired = desiredOf(
      yaml(
        "{apiVersion: autoscaling/v1, kind: HorizontalPodAutoscaler, metadata: {name: a}, spec: {maxReplicas: 3, targetCPUUtilizationPercentage: 80}}",
      ),
    );
    const live = liveOf(
      yaml(
        "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a}, spec: {maxReplicas: 5, metrics: []}}",
      ),
    );
    const result = compareObject({ desired, live, schema: undefined });
    expect(told(result.changes)).toEqual(["replace spec.maxReplicas"]);
    expect(result.unknown).toHaveLength(1);
  });
});

describe("size", () => {
  test("10,000 items on both sides, in opposite orders, are compared in linear time", () => {
    const names = Array.from({ length: 10_000 }, (_, index) => ({ name: `V${index}`, value: `${index}` }));
    const started = performance.now();
    const { changes } = compared(podWith(names), podWith(names.toReversed().map((one) => ({ ...one, value: "x" }))));
    expect(changes).toHaveLength(10_000);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test("a list as deep as readers accept is compared, a deeper one is a bug of the reader", () => {
    expect(compared(nested(490, 1), nested(490, 2)).changes).toHaveLength(1);
    expect(() => compared(nested(5000, 1), nested(5000, 2))).toThrow("deeper");
  });
});
