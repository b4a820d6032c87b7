// Reading a real API server as accounts that may read all, some, or nearly nothing of it.

import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { isFault } from "../../src/core/fault.ts";
import type { LiveObject } from "../../src/core/objects.ts";
import type { KindRef } from "../../src/core/refs.ts";
import type { LiveEvent, LiveQuery, LiveSource } from "../../src/core/stages.ts";
import { fieldAt } from "../../src/core/value.ts";
import { openCluster } from "../../src/live/cluster.ts";
import { openSnapshot } from "../../src/live/snapshot.ts";
import { writeSnapshot } from "../../src/live/write-snapshot.ts";
import { createDigester } from "../../src/text/digest.ts";
import { startCluster } from "./cluster.ts";
import type { TestCluster } from "./cluster.ts";
import { startFaultProxy } from "./fault-proxy.ts";
import type { FaultProxy } from "./fault-proxy.ts";
import type { FaultRule } from "./faults.ts";
import { describeOnCluster } from "./suite.ts";

const digester = createDigester(randomBytes(32));
const DEPLOYMENT: KindRef = { apiVersion: "apps/v1", kind: "Deployment" };
const SECRET: KindRef = { apiVersion: "v1", kind: "Secret" };
const CONFIG_MAP: KindRef = { apiVersion: "v1", kind: "ConfigMap" };
const ROLE: KindRef = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole" };
const WIDGET: KindRef = { apiVersion: "shop.example/v1", kind: "Widget" };
const CONFIG_MAPS = 1203;

const MANIFESTS = `
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: Namespace
metadata: { name: infra }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: "registry.example/web:1" }] }
---
apiVersion: v1
kind: Secret
metadata: { name: db, namespace: shop }
stringData: { password: hunter2 }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: scoped, namespace: shop }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: system:aggregate-to-view }
subjects: [{ kind: User, name: scoped, apiGroup: rbac.authorization.k8s.io }]
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.shop.example }
spec:
  group: shop.example
  scope: Namespaced
  names: { kind: Widget, plural: widgets, singular: widget, listKind: WidgetList }
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
              properties:
                size: { type: integer, format: int64 }
                ports:
                  type: array
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [port, protocol]
                  items:
                    type: object
                    required: [port]
                    properties:
                      port: { type: integer }
                      protocol: { type: string, default: TCP }
`;

const WIDGETS = `
apiVersion: shop.example/v1
kind: Widget
metadata: { name: big, namespace: shop }
spec: { size: 9007199254740993, ports: [{ port: 53 }] }
`;

describeOnCluster("reading a real cluster", () => {
  let cluster: TestCluster;
  let proxy: FaultProxy;
  const opened: LiveSource[] = [];

  beforeAll(async () => {
    cluster = await startCluster({ name: "live", users: ["scoped"] });
    proxy = await startFaultProxy(cluster);
    await apply(MANIFESTS);
    await cluster.kubectl(["wait", "--for=condition=Established", "crd/widgets.shop.example", "--timeout=60s"]);
    await apply(WIDGETS);
    await apply(
      Array.from(
        { length: CONFIG_MAPS },
        (_, index) => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c${index}, namespace: infra }\n`,
      ).join("---\n"),
      ["create"],
    );
  });
  afterEach(async () => {
    for (const source of opened.splice(0)) await source.close();
    proxy.reset();
  });
  afterAll(async () => {
    await proxy?.stop();
    await cluster?.stop();
  });

  async function apply(input: string, verb: readonly string[] = ["apply", "--validate=false"]): Promise<void> {
    const { code, stderr } = await cluster.kubectl([...verb, "-f", "-"], { input });
    if (code !== 0) throw new Error(stderr);
  }

  async function open(kubeconfig: string): Promise<LiveSource> {
    const source = await openCluster({
      kubeconfig,
      digester,
      limits: { retryMilliseconds: 10, idleMilliseconds: 2000 },
    });
    if (isFault(source)) throw new Error(JSON.stringify(source));
    opened.push(source);
    return source;
  }

  it("gives an administrator every kind, with managers apart and Secrets as digests", async () => {
    const source = await open(cluster.kubeconfig);
    expect(source.cluster).toMatchObject({ name: "live", version: expect.stringMatching(/^v1\.\d+\.\d+$/) });
    const events = await read(source, { kinds: [DEPLOYMENT, SECRET, ROLE] });
    expect(outcomes(events)).toEqual(["read Deployment", "read Secret", "read ClusterRole"]);
    const web = objectsOf(events).find(({ ref }) => ref.kind === "Deployment" && ref.name === "web");
    expect(fieldAt(web?.value, "spec", "replicas")).toBe(2);
    expect(fieldAt(web?.value, "metadata", "managedFields")).toBeUndefined();
    expect(web?.managers).toContainEqual(
      expect.objectContaining({ manager: "kubectl-client-side-apply", operation: "Update" }),
    );
    const db = objectsOf(events).find(({ ref }) => ref.kind === "Secret" && ref.name === "db");
    expect(fieldAt(db?.value, "data")).toEqual({ password: digester.digest("hunter2") });
    expect(JSON.stringify(events)).not.toMatch(/hunter2|aHVudGVyMg/);
  });

  it("reads a list of several pages whole, and a custom resource with its schema and exact integers", async () => {
    const source = await open(cluster.kubeconfig);
    const events = await read(source, { kinds: [CONFIG_MAP, WIDGET], namespaces: ["infra", "shop"] });
    expect(objectsOf(events).filter(({ ref }) => ref.kind === "ConfigMap")).toHaveLength(CONFIG_MAPS);
    const big = objectsOf(events).find(({ ref }) => ref.kind === "Widget");
    expect(fieldAt(big?.value, "spec", "size")).toBe(9007199254740993n);
    const schema = source.schemas.schemaOf("shop.example/v1", "Widget");
    expect(schema?.fields?.["spec"]?.fields?.["ports"]?.list).toEqual({
      kind: "map",
      keys: ["port", "protocol"],
      defaults: { protocol: "TCP" },
    });
  });

  it("leaves Secrets and roles unread for an account that may not list them", async () => {
    const events = await read(await open(cluster.kubeconfigFor("viewer")), { kinds: [SECRET, DEPLOYMENT, ROLE] });
    expect(outcomes(events)).toEqual([
      "unread Secret: list-forbidden",
      "read Deployment",
      "unread ClusterRole: list-forbidden",
    ]);
  });

  it("works for an account with a role in one namespace alone", async () => {
    const namespaces = ["shop", "infra", ...Array.from({ length: 10 }, (_, index) => `other-${index}`)];
    const events = await read(await open(cluster.kubeconfigFor("scoped")), { kinds: [DEPLOYMENT, SECRET], namespaces });
    expect(objectsOf(events).map(({ ref }) => ref.name)).toEqual(["web"]);
    expect(outcomes(events).filter((outcome) => outcome.startsWith("read"))).toEqual(["read Deployment in shop"]);
    expect(outcomes(events).at(-1)).toBe("unread Secret: list-forbidden");
  });

  it("refuses a login that the server does not know", async () => {
    const text = await readFile(cluster.kubeconfig, "utf8");
    const kubeconfig = join(cluster.folder, "stranger.kubeconfig");
    await writeFile(kubeconfig, text.replace(cluster.tokenOf("admin"), "nobody-knows-me"));
    expect(await openCluster({ kubeconfig, digester })).toMatchObject({ code: "unauthorized" });
  });

  it("refuses a server whose certificate another authority signed", async () => {
    const text = await readFile(cluster.kubeconfig, "utf8");
    const kubeconfig = join(cluster.folder, "untrusted.kubeconfig");
    await writeFile(
      kubeconfig,
      text.replace(/"certificate-authority-data": "[^"]*"/, '"tls-server-name": "kubernetes"'),
    );
    expect(await openCluster({ kubeconfig, digester })).toMatchObject({ code: "cluster-unreachable" });
  });

  it("never sends anything but GETs", async () => {
    await read(await open(proxy.kubeconfig), { kinds: [DEPLOYMENT, SECRET, CONFIG_MAP, WIDGET] });
    expect(proxy.requests.length).toBeGreaterThan(5);
    expect(proxy.requests.filter(({ method }) => method !== "GET")).toEqual([]);
    expect(Math.max(...proxy.requests.map(({ inFlight }) => inFlight))).toBeLessThanOrEqual(4);
  });

  it.each<[string, FaultRule, string, number]>([
    ["a token that expires once", { times: 1, fault: { kind: "status", status: 410 } }, "read ConfigMap", CONFIG_MAPS],
    ["a connection cut twice", { times: 2, fault: { kind: "cut", afterBytes: 20_000 } }, "read ConfigMap", CONFIG_MAPS],
    [
      "a server that is busy",
      { times: 2, fault: { kind: "status", status: 429, retryAfter: 1 } },
      "read ConfigMap",
      CONFIG_MAPS,
    ],
    ["a token that always expires", { fault: { kind: "status", status: 410 } }, "unread ConfigMap: list-failed", 500],
    ["a refusal in mid-list", { fault: { kind: "status", status: 403 } }, "unread ConfigMap: list-forbidden", 500],
    [
      "a server that stalls",
      { fault: { kind: "stall", afterBytes: 9000 } },
      "unread ConfigMap: cluster-unreachable",
      500,
    ],
    ["a login that ends", { fault: { kind: "status", status: 401 } }, "unread ConfigMap: unauthorized", 500],
  ])("in mid-list, %s", async (_, rule, outcome, count) => {
    const source = await open(proxy.kubeconfig);
    const injection = proxy.inject({ path: /configmaps\?.*continue=/, ...rule });
    const events = await read(source, { kinds: [CONFIG_MAP], namespaces: ["infra"] });
    expect(injection.hits()).toBeGreaterThan(0);
    expect(outcomes(events).map((text) => text.replace(" in infra", ""))).toEqual([outcome]);
    const names = objectsOf(events).map(({ ref }) => ref.name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toHaveLength(count);
  });

  it("gives the same from what kubectl prints, and from its own snapshot", async () => {
    const query: LiveQuery = { kinds: [DEPLOYMENT, SECRET, WIDGET], namespaces: ["shop"], secrets: true };
    const source = await open(cluster.kubeconfig);
    const live = objectsOf(await read(source, query));
    expect(live.map(({ ref }) => ref.name)).toEqual(["web", "db", "big"]);

    const kinds = "deployments,secrets,widgets";
    const folder = join(cluster.folder, "dumps");
    await mkdir(folder);
    for (const format of ["yaml", "json"]) {
      const { stdout } = await cluster.kubectl(["get", kinds, "-n", "shop", "-o", format, "--show-managed-fields"]);
      const path = join(folder, `live.${format}`);
      await writeFile(path, stdout);
      const dumped = await openSnapshot({ path, digester });
      if (isFault(dumped)) throw new Error(JSON.stringify(dumped));
      expect(objectsOf(await read(dumped, query))).toEqual(live);
    }

    const out = join(cluster.folder, "snapshot");
    expect(await writeSnapshot({ source, query, out, digestKey: digester.keyId })).toEqual({ objects: 3, faults: [] });
    const snapshot = await openSnapshot({ path: out, digester });
    if (isFault(snapshot)) throw new Error(JSON.stringify(snapshot));
    const events = await read(snapshot, query);
    expect(objectsOf(events)).toEqual(live);
    expect(outcomes(events)).toEqual(["read Deployment in shop", "read Secret in shop", "read Widget in shop"]);
    expect(snapshot.schemas.schemaOf("shop.example/v1", "Widget")).toEqual(
      source.schemas.schemaOf("shop.example/v1", "Widget"),
    );
  });
});

async function read(source: LiveSource, query: Partial<LiveQuery>): Promise<readonly LiveEvent[]> {
  const events: LiveEvent[] = [];
  for await (const event of source.read({ kinds: [], namespaces: "all", secrets: true, ...query })) events.push(event);
  return events;
}

function objectsOf(events: readonly LiveEvent[]): readonly LiveObject[] {
  return events.flatMap((event) => (event.kind === "objects" ? event.objects : []));
}

function outcomes(events: readonly LiveEvent[]): readonly string[] {
  return events.flatMap((event) => {
    if (event.kind === "objects" || event.kind === "fault") return [];
    const where = event.namespace === undefined ? "" : ` in ${event.namespace}`;
    return [`${event.kind} ${event.of.kind}${where}${event.kind === "unread" ? `: ${event.fault.code}` : ""}`];
  });
}
