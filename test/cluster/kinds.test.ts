// What src/kinds knows, held against a real API server: the data of the kinds that it serves, and the measure of the
// comparison: what was just applied has no drift.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { formatRef, refKey } from "../../src/core/refs.ts";
import type { ObjectRef } from "../../src/core/refs.ts";
import { isMap } from "../../src/core/value.ts";
import type { ValueMap } from "../../src/core/value.ts";
import { compareObject } from "../../src/drift/compare.ts";
import { builtinSchemas } from "../../src/kinds/schemas.ts";
import { builtinKind } from "../../src/kinds/scopes.ts";
import data from "../../src/kinds/data/kinds.json" with { type: "json" };
import { readYaml } from "../../src/yaml/read.ts";
import { desiredOf, liveOf, refOf, told } from "../drift/objects.ts";
import { askApi } from "./api.ts";
import { startCluster } from "./cluster.ts";
import type { TestCluster } from "./cluster.ts";
import { kindData } from "./kind-data.ts";
import type { OpenApiDocument, TypeData } from "./kind-data.ts";
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

  it("is what the server's own OpenAPI says", async () => {
    const served = kindData(await documents(cluster), {});
    expect(Object.keys(served.kinds).length).toBeGreaterThan(50);
    const known = { kinds: data.kinds as Record<string, unknown>, types: data.types as Record<string, unknown> };
    for (const [name, kind] of Object.entries(served.kinds)) expect([name, known.kinds[name]]).toEqual([name, kind]);
    for (const [name, type] of Object.entries(served.types)) {
      expect([name, withoutZeros(known.types[name])]).toEqual([name, type]);
    }
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

async function documents(cluster: TestCluster): Promise<readonly OpenApiDocument[]> {
  const admin = { server: cluster.server, authority: cluster.authority, token: cluster.tokenOf("admin") };
  const ask = async (path: string): Promise<unknown> =>
    JSON.parse((await askApi(admin, { method: "GET", path, milliseconds: 60_000 })).text);
  const index = (await ask("/openapi/v3")) as { paths: Record<string, { serverRelativeURL: string }> };
  const versions = Object.entries(index.paths).filter(([path]) => /^apis?\/.*v\d/.test(path));
  return Promise.all(versions.map(async ([, entry]) => (await ask(entry.serverRelativeURL)) as OpenApiDocument));
}

/** Zero values that are not written come from the Go types, not from OpenAPI. */
function withoutZeros(type: unknown): TypeData {
  return JSON.parse(JSON.stringify(type ?? null).replaceAll('?"', '"')) as TypeData;
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
  return [...byKey.values()].flatMap((same) => (same.length === 1 ? same : []));
}
