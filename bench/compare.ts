// `node bench/compare.ts [OBJECTS]`: what comparing one object costs, from memory: Deployments of 3 KB that are in sync,
// against live objects with all defaults, managedFields and status; and the same with one change each.

import { compareObject } from "../src/drift/compare.ts";
import type { DesiredObject, LiveObject } from "../src/core/objects.ts";
import type { ValueMap } from "../src/core/value.ts";
import { builtinSchemas } from "../src/kinds/schemas.ts";

const ROUNDS = 15;
const objects = Number(process.argv[2] ?? 2000);
const schema = builtinSchemas.schemaOf("apps/v1", "Deployment");
const pairs = Array.from({ length: objects }, (_, index) => pairOf(index));
const changed = pairs.map(({ desired, live }) => ({ desired, live: scaled(live) }));

measure("in sync", pairs, 0);
measure("one change each", changed, objects);

interface ObjectPair {
  readonly desired: DesiredObject;
  readonly live: LiveObject;
}

function measure(title: string, set: readonly ObjectPair[], expected: number): void {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    let found = 0;
    for (const pair of set) found += compareObject({ ...pair, schema }).changes.length;
    rounds.push(((performance.now() - started) * 1000) / set.length);
    if (found !== expected) throw new Error(`${title}: ${found} changes instead of ${expected}`);
  }
  const median = rounds.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? 0;
  const heap = Math.round(process.memoryUsage().heapUsed / 2 ** 20);
  process.stdout.write(
    `${title}: ${median.toFixed(1)} µs an object (median of ${ROUNDS} rounds, first ${rounds[0]?.toFixed(1)}) over ${set.length} of ` +
      `${JSON.stringify(set[0]?.desired.value).length} bytes against ${JSON.stringify(set[0]?.live.value).length}; heap ${heap} MB\n`,
  );
}

function pairOf(index: number): ObjectPair {
  const name = `web-${index}`;
  const ref = { apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name };
  const desired = deployment(name, false);
  const live = deployment(name, true);
  return {
    desired: {
      ref,
      value: desired,
      origin: { file: "web.yaml", document: index, items: [], layer: "literal", hash: "" },
    },
    live: { ref, value: live, managers: [] },
  };
}

function scaled(live: LiveObject): LiveObject {
  return { ...live, value: { ...live.value, spec: { ...(live.value["spec"] as ValueMap), replicas: 7 } } };
}

/** What Git declares or, with `live`, what the API server answers. JSON makes each a tree of its own, as readers do. */
function deployment(name: string, live: boolean): ValueMap {
  const only = <T extends object>(value: T): T | object => (live ? value : {});
  const probe = only({ failureThreshold: 3, periodSeconds: 10, successThreshold: 1, timeoutSeconds: 1 });
  const labels = { "app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "shop", tier: "front" };
  const container = (id: string): object => ({
    name: id,
    image: `registry.example.com/shop/${id}:1.27.3`,
    args: ["--listen=:8080", "--log-level=info", `--name=${name}`],
    env: Array.from({ length: 10 }, (_, index) => ({ name: `SETTING_${index}`, value: `value ${index} of ${name}` })),
    ports: [8080, 9090].map((port) => ({ containerPort: port, name: `p${port}`, ...only({ protocol: "TCP" }) })),
    resources: live
      ? { limits: { cpu: "1", memory: "512Mi" }, requests: { cpu: "500m", memory: "256Mi" } }
      : { limits: { cpu: "1000m", memory: "512Mi" }, requests: { cpu: 0.5, memory: "256Mi" } },
    readinessProbe: { httpGet: { path: "/ready", port: 8080, ...only({ scheme: "HTTP" }) }, ...probe },
    livenessProbe: { httpGet: { path: "/live", port: 8080, ...only({ scheme: "HTTP" }) }, ...probe },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
    volumeMounts: [
      { name: "tmp", mountPath: "/tmp" },
      { name: "config", mountPath: "/etc/web", ...(live ? {} : { readOnly: false }) },
    ],
    ...only({
      imagePullPolicy: "IfNotPresent",
      terminationMessagePath: "/dev/termination-log",
      terminationMessagePolicy: "File",
    }),
  });
  const value = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name,
      namespace: "shop",
      labels,
      annotations: { "example.com/owner": "shop", ...only({ "deployment.kubernetes.io/revision": "3" }) },
      ...only({ uid: "1", resourceVersion: "2", generation: 3, creationTimestamp: "2026-01-01T00:00:00Z" }),
    },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, ...only({ creationTimestamp: null }) },
        spec: {
          serviceAccountName: "web",
          containers: [container("web"), container("proxy")],
          nodeSelector: { "kubernetes.io/os": "linux" },
          tolerations: [{ key: "dedicated", operator: "Equal", value: "shop", effect: "NoSchedule" }],
          volumes: [
            { name: "tmp", emptyDir: {} },
            { name: "config", configMap: { name: "web", ...only({ defaultMode: 420 }) } },
          ],
          ...only({
            dnsPolicy: "ClusterFirst",
            restartPolicy: "Always",
            schedulerName: "default-scheduler",
            securityContext: {},
            serviceAccount: "web",
            terminationGracePeriodSeconds: 30,
          }),
        },
      },
      ...only({ progressDeadlineSeconds: 600, revisionHistoryLimit: 10, strategy: { type: "RollingUpdate" } }),
    },
    ...only({ status: { availableReplicas: 3, observedGeneration: 3, replicas: 3 } }),
  };
  return JSON.parse(JSON.stringify(value)) as ValueMap;
}
