// What src/kinds knows, held against real API servers of both versions: the data of the kinds that they serve, what they
// fill in, and the measure of the comparison: what was just applied has no drift.

import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { formatRef, refKey } from "../../src/core/refs.ts";
import type { ObjectRef } from "../../src/core/refs.ts";
import type { FieldSchema, SchemaSource } from "../../src/core/schema.ts";
import { fieldAt, fieldOf, isMap, withField } from "../../src/core/value.ts";
import type { Scalar, Value, ValueMap } from "../../src/core/value.ts";
import { compareObject } from "../../src/drift/compare.ts";
import { crdSchemas, fieldSchema } from "../../src/kinds/openapi.ts";
import { serverDefault } from "../../src/kinds/defaults.ts";
import { builtinSchemas, schemasFor } from "../../src/kinds/schemas.ts";
import { sameQuantity } from "../../src/kinds/quantity.ts";
import { builtinKind } from "../../src/kinds/scopes.ts";
import older from "../../src/kinds/data/v1.33.json" with { type: "json" };
import newest from "../../src/kinds/data/v1.36.json" with { type: "json" };
import { readYaml } from "../../src/yaml/read.ts";
import { desiredOf, liveOf, refOf, told } from "../drift/objects.ts";
import { askApi } from "./api.ts";
import { CLUSTER_BINARIES, KUBERNETES, OLDER_BINARIES } from "./binaries.ts";
import type { KubernetesMinor } from "./binaries.ts";
import { startCluster } from "./cluster.ts";
import type { TestCluster } from "./cluster.ts";
import { isAllocated } from "./derive-defaults.ts";
import { kindData } from "./kind-data.ts";
import type { KindData } from "./kind-data.ts";
import { allVersions, openApiOf } from "./openapi-of.ts";
import { canonical, probeDefaults, same } from "./probe-defaults.ts";
import type { Probe } from "./probe-defaults.ts";
import { probeImmutable } from "./probe-immutable.ts";
import { describeOnCluster } from "./suite.ts";

const EXAMPLES = join(import.meta.dirname, "../../../shared/corpus/manifests/kubernetes-examples");

const CONTROLLERS_MILLISECONDS = 3000;

/** What Git may declare and the server answers differently, gathered in one place. */
const AWKWARD = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: awkward, namespace: default, labels: { a: b }, annotations: null }
spec:
  replicas: 0
  paused: false
  minReadySeconds: 0
  selector: { matchLabels: { app: awkward } }
  strategy: { rollingUpdate: null }
  template:
    metadata: { labels: { app: awkward }, creationTimestamp: null }
    spec:
      hostNetwork: false
      automountServiceAccountToken: false
      nodeSelector: {}
      tolerations: []
      securityContext: {}
      serviceAccountName: ""
      topologySpreadConstraints:
        - { maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, labelSelector: {} }
        - { maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {} }
      volumes: [{ name: tmp, emptyDir: {} }, { name: config, configMap: { name: config, optional: false } }]
      containers:
        - name: web
          image: registry.example/web:1
          imagePullPolicy: ""
          stdin: false
          env: [{ name: EMPTY, value: "" }, { name: SET, value: "1" }]
          ports: [{ containerPort: 53 }, { containerPort: 53, protocol: UDP }]
          resources: { limits: { cpu: 1000m, memory: 1024Mi }, requests: { cpu: 0.1005, memory: 1e9 } }
          livenessProbe: { periodSeconds: 0, httpGet: { port: 80, path: "" } }
          volumeMounts: [{ name: tmp, mountPath: /tmp, readOnly: false, subPath: "" }]
---
apiVersion: v1
kind: Service
metadata: { name: awkward, namespace: default }
spec: { clusterIP: "", type: NodePort, ports: [{ name: a, port: 53, nodePort: 0 }, { name: b, port: 53, protocol: UDP }] }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: awkward, namespace: default }
spec:
  serviceName: awkward
  selector: { matchLabels: { app: awkward } }
  template:
    metadata: { labels: { app: awkward } }
    spec: { containers: [{ name: web, image: a }] }
  volumeClaimTemplates:
    - apiVersion: v1
      kind: PersistentVolumeClaim
      metadata: { name: data, creationTimestamp: null }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1024Mi } } }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: awkward, namespace: default }
spec:
  maxReplicas: 3
  scaleTargetRef: { apiVersion: apps/v1, kind: StatefulSet, name: awkward }
  metrics:
    - { type: Resource, resource: { name: memory, target: { type: Utilization, averageUtilization: 70 } } }
    - { type: Resource, resource: { name: cpu, target: { type: AverageValue, averageValue: 0.5 } } }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: awkward, namespace: default }
spec: { podSelector: {}, ingress: [{}, { from: [{ namespaceSelector: {} }], ports: [{ port: 80 }] }], egress: [] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: awkward, namespace: default }
roleRef: { apiGroup: "", kind: ClusterRole, name: view }
subjects: [{ apiGroup: "", kind: ServiceAccount, name: a, namespace: default }, { kind: User, name: c, apiGroup: "" }]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: { name: awkward }
webhooks:
  - name: a.example.com
    clientConfig: { url: "https://a.example.com/x", caBundle: "" }
    failurePolicy: Ignore
    sideEffects: None
    admissionReviewVersions: [v1]
    namespaceSelector: { matchLabels: { nothing: here } }
    rules: [{ apiGroups: [""], apiVersions: [v1], resources: [pods], operations: [CREATE] }]
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: awkwards.example.com, creationTimestamp: null }
spec:
  group: example.com
  names: { kind: Awkward, plural: awkwards }
  preserveUnknownFields: false
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          description: ""
          type: object
          properties: { spec: { type: object, nullable: false, properties: { a: { type: string, default: "" } } } }
status: { acceptedNames: { kind: "", plural: "" }, conditions: [], storedVersions: [] }
`;

describeOnCluster("what is known of the built-in kinds", () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await startCluster({ controllerManager: true, name: "kinds" });
  });
  afterAll(() => cluster?.stop());

  it("includes the defaults of custom resources, of any form and depth", async () => {
    const [crd, ...objects] = readYaml(CUSTOM, { file: "custom.yaml" }).documents.map(({ value }) => value as ValueMap);
    const kinds = { "kinds.example/v1/Gizmo": { type: "", resource: "gizmos", namespaced: true } };
    const sources = await customSchemas(cluster, crd as ValueMap);
    const { probes, refused } = await probeDefaults(cluster, kinds, objects);
    expect(refused).toEqual([]);
    expect(probes.length).toBeGreaterThan(35);
    expect(probes.filter(({ back }) => back !== undefined).length).toBeGreaterThan(20);
    for (const source of sources) expect(probes.flatMap((probe) => mistakeIn(probe, source))).toEqual([]);
  });

  it("finds no drift in awkward manifests that were just applied", async () => {
    expect(await expectInSync(cluster, AWKWARD)).toBe(8);
  });

  it.skipIf(!existsSync(EXAMPLES))("finds no drift in the corpus's examples that were just applied", async () => {
    const files = readdirSync(EXAMPLES, { recursive: true, encoding: "utf8" }).filter((name) => /\.ya?ml$/.test(name));
    const checked = await expectInSync(
      cluster,
      files.map((name) => readFileSync(join(EXAMPLES, name), "utf8")).join("\n---\n"),
    );
    process.stderr.write(`compared ${checked} objects of ${files.length} files\n`);
    expect(checked).toBeGreaterThan(100);
  });
});

describeOnCluster(
  "what API servers fill in",
  () => {
    it.each(["v1.36", "v1.33"] as const)("is known for each kind and shape of %s", async (minor) => {
      const cluster = await startCluster({ kubernetes: minor, apiServerFlags: allVersions(minor) });
      try {
        const served = kindData(await openApiOf(cluster), {});
        expect(Object.keys(served.kinds).length).toBeGreaterThan(80);
        expect(unlike(served, minor)).toEqual([]);

        const { probes, kinds, random } = await probeDefaults(cluster, served.kinds);
        expect(kinds.length).toBeGreaterThan(70);
        const asked = probes.filter((probe) => !isAllocated(probe, served) && !isCircular(probe));
        expect(asked.length).toBeGreaterThan(1400);
        const schemas = schemasFor(KUBERNETES[minor].version);
        const wrong = asked.flatMap((probe) => mistakeIn(probe, schemas));
        expect(wrong).toEqual([]);
        expect(await probeImmutable(cluster, served.kinds)).toEqual(immutableIn(minor));
        // What holds the Job's uid, and no other.
        expect(
          random.filter((place) => !/^batch\/v1\/Job (?:metadata|spec\.(?:selector|template))/.test(place)),
        ).toEqual([]);
      } finally {
        await cluster.stop();
      }
    });
  },
  [...CLUSTER_BINARIES, ...OLDER_BINARIES],
);

describeOnCluster("the functions that fill in, by name", () => {
  it.each(["v1.36", "v1.33"] as const)("have rules in the data of %s, or a reason to have none", async (minor) => {
    const ruled = new Set(
      [newest.types, older.types].flatMap((types) =>
        Object.entries(types as unknown as ValueMap)
          .filter(([, type]) => fieldOf(type, "defaults") !== undefined)
          .map(([name]) => name.slice(name.lastIndexOf(".") + 1)),
      ),
    );
    const functions = await defaultingFunctions(minor);
    expect(functions.length).toBeGreaterThan(60);
    expect(
      functions.filter((name) => NO_RULE[name] === undefined && !ruled.has(name) && !ruled.has(`${name}Spec`)),
    ).toEqual([]);
  });
});

/** Functions that fill in what no rule of the data can hold. */
const NO_RULE: Readonly<Record<string, string>> = {
  CertificateSigningRequestCondition: "status",
  CertificateSigningRequestSpec: "of a version that is no longer served",
  ConfigMap: "an empty map, which is not written",
  DeviceTaint: "the time",
  Endpoints: "its EndpointPort",
  HTTPIngressPath: "of a version that is no longer served",
  Namespace: "computed: its label",
  NamespaceStatus: "status",
  NodeStatus: "status",
  PodLogOptions: "a question, stored nowhere",
  ResourceList: "rounding, which sameQuantity knows",
  Rule: "RuleWithOperations, NamedRuleWithOperations",
  TokenRequestSpec: "a question, stored nowhere",
  LimitRangeItem: "computed",
  Volume: "computed",
  ClusterRoleBinding: "its RoleRef",
  RoleBinding: "its RoleRef",
  IngressClass: "its IngressClassParametersReference",
  PriorityLevelConfiguration: "its parts",
  BasicDevice: "its NodeAllocatableResourceMapping",
  Device: "its NodeAllocatableResourceMapping",
};

/** `SetDefaults_X` of all API groups in the module that an API server is built from. */
async function defaultingFunctions(minor: KubernetesMinor): Promise<readonly string[]> {
  const asked = ["mod", "download", "-json", `k8s.io/kubernetes@${KUBERNETES[minor].version}`];
  const { stdout } = await promisify(execFile)("go", asked);
  const folder = join((JSON.parse(stdout) as { Dir: string }).Dir, "pkg/apis");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    /^[^/]+\/v[^/]+\/defaults\.go$/.test(name),
  );
  const texts = files.map((name) => readFileSync(join(folder, name), "utf8"));
  return [
    ...new Set(texts.flatMap((text) => [...text.matchAll(/^func SetDefaults_(\w+)/gm)].map((match) => match[1] ?? ""))),
  ];
}

const CUSTOM = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: gizmos.kinds.example }
spec:
  group: kinds.example
  scope: Namespaced
  names: { plural: gizmos, kind: Gizmo }
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              default: { size: 1 }
              properties:
                size: { type: integer, default: 3 }
                off: { type: boolean, default: false }
                name: { type: string, default: "" }
                nothing: { type: string, nullable: true, default: null }
                limits:
                  type: object
                  default: {}
                  properties: { cpu: { type: string, default: "1" }, memory: { type: string }, deep: { type: object, default: {}, properties: { a: { type: number, default: 0.5 } } } }
                parts:
                  type: array
                  default: [{ name: a }]
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [name, protocol]
                  items:
                    type: object
                    required: [name]
                    properties: { name: { type: string }, weight: { type: integer, default: 1 }, protocol: { type: string, default: TCP } }
                tags: { type: object, default: { a: b }, additionalProperties: { type: string } }
                each: { type: object, additionalProperties: { type: object, properties: { x: { type: string, default: z } } } }
                free: { type: object, default: { any: [1] }, x-kubernetes-preserve-unknown-fields: true }
                port: { x-kubernetes-int-or-string: true, default: http }
                template:
                  type: object
                  x-kubernetes-embedded-resource: true
                  x-kubernetes-preserve-unknown-fields: true
                  default: { apiVersion: v1, kind: ConfigMap }
---
apiVersion: kinds.example/v1
kind: Gizmo
metadata: { name: bare, namespace: default }
---
apiVersion: kinds.example/v1
kind: Gizmo
metadata: { name: full, namespace: default }
spec: { size: 5, limits: { memory: 1Gi, deep: {} }, parts: [{ name: b }, { name: b, protocol: UDP, weight: 4 }], tags: {}, each: { one: {} }, free: { b: {} }, port: 80 }
`;

/** Once as the cluster's OpenAPI has it, once as the definition itself does. */
async function customSchemas(cluster: TestCluster, crd: ValueMap): Promise<readonly SchemaSource[]> {
  const endpoint = { server: cluster.server, authority: cluster.authority, token: cluster.tokenOf("admin") };
  const made = await askApi(endpoint, { method: "POST", path: urlOf(refOf(crd)), body: crd });
  expect(made.status).toBe(201);
  const path = "/openapi/v3/apis/kinds.example/v1";
  let published: FieldSchema | undefined;
  await expect
    .poll(
      async () => {
        const { status, text } = await askApi(endpoint, { method: "GET", path });
        const gizmos = await askApi(endpoint, { method: "GET", path: "/apis/kinds.example/v1/gizmos" });
        if (status !== 200 || gizmos.status !== 200) return false;
        published = fieldSchema(JSON.parse(text) as Value, "kinds.example/v1", "Gizmo");
        return published !== undefined;
      },
      { timeout: 30_000 },
    )
    .toBe(true);
  const declared = crdSchemas(crd)[0]?.schema;
  return [{ schemaOf: () => published }, { schemaOf: () => declared }];
}

/** Kinds and fields of which the data says something else than the server's own OpenAPI. */
function unlike(served: KindData, minor: KubernetesMinor): readonly string[] {
  const layers = (minor === "v1.33" ? [older, newest] : [newest]) as unknown as readonly ValueMap[];
  const known = (...names: readonly string[]): Value | undefined =>
    layers.map((layer) => fieldAt(layer, ...names)).find((found) => found !== undefined);
  const kinds = Object.entries(served.kinds)
    .filter(([name, kind]) => !same(withField(known("kinds", name) as ValueMap, "immutable", undefined), { ...kind }))
    .map(([name]) => name);
  const fields = Object.entries(served.types).flatMap(([name, type]) => {
    if (typeof type === "string") return same(known("types", name), type) ? [] : [name];
    const places = Object.entries((type["fields"] ?? {}) as ValueMap);
    return places
      .filter(([field, place]) => !same(withoutZeros(known("types", name, "fields", field)), withoutZeros(place)))
      .map(([field]) => `${name}.${field}`);
  });
  return [...kinds, ...fields];
}

function immutableIn(minor: KubernetesMinor): Readonly<Record<string, unknown>> {
  const entries = Object.entries({ ...newest.kinds, ...(minor === "v1.33" ? older.kinds : {}) });
  const served = entries.filter(([name]) => minor === "v1.36" || !older.lacks.includes(name));
  return Object.fromEntries(
    served.flatMap(([name, entry]) => ("immutable" in entry ? [[name, entry.immutable] as const] : [])),
  );
}

/** Of two copies of each other, one is taken for the original: see `declaredField` in computed-defaults.ts. */
function isCircular({ names }: Probe): boolean {
  return ["serviceAccountName", "dataSource"].includes(names.at(-1) ?? "");
}

function mistakeIn(probe: Probe, schemas: SchemaSource): readonly string[] {
  const { kind, shape, names, parent, root, back } = probe;
  const schema = schemaAt(schemas.schemaOf(kind.apiVersion, kind.kind), names.slice(0, -1));
  const declared = withField(parent, names.at(-1) ?? "", undefined);
  const found = serverDefault({ kind, names, parent, root, declared, schema });
  if (same(found, back) || (isQuantity(schema, names) && sameQuantity(found as Scalar, back as Scalar))) return [];
  return [
    `${kind.apiVersion} ${kind.kind}/${shape} ${names.join(".")}: ${canonical(found)}, and not ${canonical(back)}`,
  ];
}

function isQuantity(schema: FieldSchema | undefined, names: readonly string[]): boolean {
  return (schema?.fields?.[names.at(-1) ?? ""] ?? schema?.values)?.type === "quantity";
}

function schemaAt(schema: FieldSchema | undefined, names: readonly string[]): FieldSchema | undefined {
  let current = schema;
  for (const name of names) {
    current =
      current?.fields !== undefined && Object.hasOwn(current.fields, name) ? current.fields[name] : current?.values;
    while (current?.items !== undefined) current = current.items;
  }
  return current;
}

/** Zero values that are not written come from the Go types, not from OpenAPI. */
function withoutZeros(type: Value | undefined): Value {
  return JSON.parse(JSON.stringify(type ?? null).replaceAll('?"', '"')) as Value;
}

/**
 * Creates the objects, lets the controllers work, and compares each that was taken with what the server then answers.
 * Returns how many that were.
 */
async function expectInSync(cluster: TestCluster, text: string): Promise<number> {
  const admin = { server: cluster.server, authority: cluster.authority, token: cluster.tokenOf("admin") };
  const declared = objectsIn(text);
  for (const name of new Set(declared.map((value) => refOf(value).namespace ?? "default"))) {
    const body = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
    await askApi(admin, { method: "POST", path: "/api/v1/namespaces", body });
  }
  const taken: ValueMap[] = [];
  for (const value of declared) {
    const { status } = await askApi(admin, { method: "POST", path: urlOf(refOf(value)), body: value });
    if (status === 201) taken.push(value);
  }
  await sleep(CONTROLLERS_MILLISECONDS);
  const drifted: string[] = [];
  let checked = 0;
  for (const value of taken) {
    const desired = desiredOf(value);
    const { apiVersion, kind, name } = desired.ref;
    const answer = await askApi(admin, { method: "GET", path: `${urlOf(desired.ref)}/${encodeURIComponent(name)}` });
    if (answer.status !== 200) continue;
    const live = liveOf(JSON.parse(answer.text) as ValueMap);
    const { changes } = compareObject({ desired, live, schema: builtinSchemas.schemaOf(apiVersion, kind) });
    drifted.push(...told(changes).map((change) => `${formatRef(desired.ref)}: ${change}`));
    checked++;
  }
  expect(drifted).toEqual([]);
  expect(checked).toBeGreaterThan(0);
  return checked;
}

function urlOf(ref: ObjectRef): string {
  const served = builtinKind(ref);
  if (served === undefined) throw new Error(`${ref.kind} is no built-in kind`);
  const group = ref.apiVersion.includes("/") ? `/apis/${ref.apiVersion}` : `/api/${ref.apiVersion}`;
  return `${group}${served.namespaced ? `/namespaces/${ref.namespace}` : ""}/${served.resource}`;
}

/** The objects of the documents, in the default namespace where they name none; of those declared twice, none. */
function objectsIn(text: string): readonly ValueMap[] {
  const byKey = new Map<string, ValueMap[]>();
  for (const { value } of readYaml(text, { file: "all.yaml" }).documents) {
    if (!isMap(value) || !isMap(value["metadata"]) || typeof value["kind"] !== "string") continue;
    const served = builtinKind(refOf(value));
    // A Secret is compared by digests, which the readers make.
    if (served === undefined || served.kind === "Secret") continue;
    const placed = served.namespaced ? { ...value, metadata: { namespace: "default", ...value["metadata"] } } : value;
    const key = refKey(refOf(placed));
    byKey.set(key, [...(byKey.get(key) ?? []), placed]);
  }
  return [...byKey.values()].flatMap((values) => (values.length === 1 ? values : []));
}
