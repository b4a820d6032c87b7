// Every call of a scan, failed in every way, one at a time: discovery, each schema, each page of each list. Whatever of it
// was not read is never called missing, unmanaged or in sync, and nothing is called drifted because of it. A seeded part of
// all combinations; HOLDFAST_ALL_FAULTS=1 runs the whole, HOLDFAST_SEED=… another part.

import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exitCodeOf } from "../../src/cli/exit-codes.ts";
import { defaultRepositoryConfig } from "../../src/config/defaults.ts";
import { changesOf } from "../../src/core/drift.ts";
import { isFault } from "../../src/core/fault.ts";
import type { Fault } from "../../src/core/fault.ts";
import type { Pass } from "../../src/core/pass.ts";
import { formatPath } from "../../src/core/path.ts";
import { formatRef } from "../../src/core/refs.ts";
import { openRenderers } from "../../src/desired/render/renderers.ts";
import { openWorktree } from "../../src/desired/worktree.ts";
import { openCluster } from "../../src/live/cluster.ts";
import { chosenTargets } from "../../src/reconcile/run-pass.ts";
import { scan } from "../../src/reconcile/scan.ts";
import { createDigester } from "../../src/text/digest.ts";
import { startCluster } from "./cluster.ts";
import type { TestCluster } from "./cluster.ts";
import { startFaultProxy } from "./fault-proxy.ts";
import type { FaultProxy } from "./fault-proxy.ts";
import type { InjectedFault } from "./faults.ts";
import { describeOnCluster } from "./suite.ts";

/** Short waits: what is repeated, and how often, is what other tests are about. */
const LIMITS = { attempts: 2, idleMilliseconds: 250, retryMilliseconds: 1, maxRetryMilliseconds: 5 };

const WHOLE = process.env["HOLDFAST_ALL_FAULTS"] === "1";
const SEED = Number(process.env["HOLDFAST_SEED"] ?? 1);
const PART = 60;

/** More than a page of them. */
const CONFIG_MAPS = 520;

const json = (body: string): InjectedFault => ({ kind: "answer", status: 200, contentType: "application/json", body });
const lasting: readonly (readonly [string, InjectedFault])[] = [
  ["403", { kind: "status", status: 403 }],
  ["404", { kind: "status", status: 404 }],
  ["410: an expired continue token", { kind: "status", status: 410 }],
  ["429", { kind: "status", status: 429 }],
  ["500", { kind: "status", status: 500 }],
  ["503", { kind: "status", status: 503 }],
  ["a connection reset before the answer", { kind: "refuse" }],
  ["a connection cut in the body", { kind: "cut", afterBytes: 60 }],
  ["silence", { kind: "stall" }],
  ["silence in the body", { kind: "stall", afterBytes: 60 }],
  ["half of the answer, with its right length", { kind: "rewrite", half: true }],
  ["the answer as text", { kind: "rewrite", contentType: "text/plain" }],
  ["no JSON", json('{"kind": "List", "items": [}')],
  ["an empty body", json("")],
  ["null", json("null")],
  ["an empty map", json("{}")],
  ["an empty list that says nothing", json("[]")],
  ["a Status with 200", json('{"kind":"Status","apiVersion":"v1","status":"Failure","code":500}')],
  ["a list without items", json('{"kind":"List","apiVersion":"v1","metadata":{}}')],
  ["items that are no objects", json('{"kind":"List","apiVersion":"v1","metadata":{},"items":[1,null]}')],
  ["a page of a gateway", { kind: "answer", status: 200, contentType: "text/html", body: "<h1>Sign in</h1>" }],
  ["a redirect", { kind: "answer", status: 302, contentType: "text/html", body: "" }],
  ["no content", { kind: "answer", status: 204, contentType: "application/json", body: "" }],
];
/** These may pass: what was asked again then counts. */
const once: readonly (readonly [string, InjectedFault])[] = lasting.slice(2, 10);

/** One call of a scan: the `page`th to this path. */
interface Call {
  readonly path: string;
  readonly page: number;
}

/** What a pass says, as far as a fault of reading could change it. */
interface Told {
  readonly missing: readonly string[];
  readonly unmanaged: readonly string[];
  readonly drifted: readonly string[];
  readonly inSync: number;
  readonly unknown: number;
  readonly code: number;
  readonly faults: readonly string[];
}

describeOnCluster("every call of a scan, failed in every way", () => {
  let cluster: TestCluster;
  let proxy: FaultProxy;
  let folder: string;

  beforeAll(async () => {
    cluster = await startCluster({ controllerManager: true });
    proxy = await startFaultProxy(cluster, "reader");
    folder = await mkdtemp(join(tmpdir(), "holdfast-every-fault-"));
    await fill();
  });

  afterAll(async () => {
    await proxy.stop();
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** `narrow`: one namespace, which is listed by itself; `wide`: so many that the whole cluster is. */
  describe.each(["narrow", "wide"])("%s", (repo) => {
    test("leaves nothing missing, unmanaged, drifted or in sync that was not read", async () => {
      proxy.reset();
      const healthy = await told(repo);
      if (isFault(healthy)) throw new Error(healthy.message);
      expect(healthy).toMatchObject({ unknown: 0, faults: [], code: 2 });
      expect(healthy.missing).toEqual(["ConfigMap/absent in shop"]);
      expect(healthy.unmanaged).toContain("ConfigMap/stray in shop");
      expect(healthy.unmanaged.filter((one) => /^(?:Pod|ReplicaSet)\//.test(one))).toEqual([]);
      expect(healthy.drifted).toEqual(["ConfigMap/settings in shop data.value", "Widget/one in shop spec.size"]);
      const calls = callsOf(proxy);
      const all = calls.flatMap((call) => [
        ...lasting.map(([name, fault]) => ({ name, fault, call, times: undefined })),
        ...once.map(([name, fault]) => ({ name: `${name}, once`, fault, call, times: 1 })),
      ]);
      const wrong: string[] = [];
      const chosen = WHOLE ? all : part(all);
      for (const { name, fault, call, times } of chosen) {
        proxy.reset();
        const injection = proxy.inject({
          path: pathPattern(call),
          nth: call.page,
          fault,
          ...(times === undefined ? {} : { times }),
        });
        const failed = await told(repo);
        const where = `${name} at ${call.path} (page ${call.page})`;
        const lies = liesOf(healthy, failed).map((lie) => `${where}: ${lie}`);
        if (injection.hits() === 0) lies.push(`${where}: was not asked for`);
        // The whole takes a quarter of an hour: what is wrong is told as it is found.
        if (WHOLE && lies.length > 0) process.stderr.write(`${lies.join("\n")}\n`);
        wrong.push(...lies);
      }
      expect(calls.length, "calls of a scan").toBeGreaterThan(20);
      expect(wrong, `seed ${SEED}, ${chosen.length} of ${all.length}`).toEqual([]);
    });
  });

  /** A kind that is new, or an old cluster: the definition is then all that tells of the schema. */
  test("where OpenAPI does not have a kind, its definition is read, and that can fail in every way, too", async () => {
    proxy.reset();
    const healthy = await told("narrow");
    if (isFault(healthy)) throw new Error(healthy.message);
    const openApi = "/openapi/v3/apis/example.com/v1";
    const definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com";
    const elsewhere = json('{"openapi":"3.0.0","paths":{},"components":{"schemas":{}}}');
    for (const fault of [{ kind: "status", status: 404 } as const, elsewhere]) {
      proxy.reset();
      const absent = proxy.inject({ path: openApi, fault });
      expect(await told("narrow")).toEqual(healthy);
      expect(absent.hits()).toBe(1);
    }
    const wrong: string[] = [];
    for (const [name, fault] of lasting) {
      proxy.reset();
      proxy.inject({ path: openApi, fault: { kind: "status", status: 404 } });
      const injection = proxy.inject({ path: definition, fault });
      const failed = await told("narrow");
      // A kind that neither has is another server's, whose schemas nobody knows.
      const lies = name === "404" ? [] : liesOf(healthy, failed);
      if (injection.hits() === 0) lies.push("was not asked for");
      wrong.push(...lies.map((lie) => `${name}: ${lie}`));
    }
    expect(wrong).toEqual([]);
  });

  async function told(repo: string): Promise<Told | Fault> {
    const digester = createDigester(Buffer.from("a key for these tests"));
    const live = await openCluster({ kubeconfig: proxy.kubeconfig, digester, limits: LIMITS });
    if (isFault(live)) return live;
    try {
      const tree = await openWorktree(join(folder, repo));
      if (isFault(tree)) throw new Error(tree.message);
      const pass = await scan({
        targets: chosenTargets({ config: defaultRepositoryConfig(), targets: [], tree }),
        live,
        renderers: openRenderers({ environment: process.env }),
        evaluator: { evaluate: async (requests) => requests.map(() => []) },
        digester,
        failOn: "medium",
        group: "object",
        secrets: true,
        version: "0",
        clock: { now: () => 0 },
        progress: () => undefined,
      });
      return toldBy(pass);
    } finally {
      await live.close();
    }
  }

  async function kubectl(...args: readonly string[]): Promise<void> {
    const { code, stderr } = await cluster.kubectl(args);
    expect(code, stderr).toBe(0);
  }

  async function fill(): Promise<void> {
    const namespaces = ["shop", ...Array.from({ length: 11 }, (_, index) => `more-${index}`)];
    for (const name of ["narrow", "wide"]) {
      await mkdir(join(folder, name));
      execFileSync("git", ["init", "--quiet", join(folder, name)]);
      await writeFile(join(folder, name, "shop.yaml"), manifests("deployed"));
    }
    await writeFile(join(folder, "crd.yaml"), CRD);
    await writeFile(
      join(folder, "wide/more.yaml"),
      namespaces
        .slice(1)
        .map((name) => configMap("more", name))
        .join("---\n"),
    );
    for (const namespace of namespaces) await kubectl("create", "namespace", namespace);
    await kubectl("create", "-f", join(folder, "crd.yaml"));
    await kubectl("wait", "--for=condition=Established", "crd/widgets.example.com", "--timeout=60s");
    await kubectl("create", "-f", join(folder, "wide"));
    await kubectl("delete", "configmap", "absent", "-n", "shop");
    await kubectl("create", "configmap", "stray", "-n", "shop");
    for (const name of ["narrow", "wide"]) await writeFile(join(folder, name, "shop.yaml"), manifests("changed"));
    await writeFile(join(folder, "crd.yaml"), CRD);
    // The Deployment's Pod, and the token authority of each namespace.
    const deadline = performance.now() + 60_000;
    while (performance.now() < deadline) {
      const { stdout } = await cluster.kubectl(["get", "pods,configmaps", "-A", "-o", "name"]);
      const roots = stdout.split("\n").filter((line) => line === "configmap/kube-root-ca.crt");
      if (stdout.includes("pod/") && roots.length >= namespaces.length) return;
      await sleep(200);
    }
    throw new Error("the controllers have not made what they make");
  }
});

function toldBy(pass: Pass): Told {
  const named = (state: string): readonly string[] =>
    pass.results.filter(({ drift }) => drift.state === state).map(({ drift }) => formatRef(drift.ref));
  return {
    missing: named("missing"),
    unmanaged: named("unmanaged"),
    drifted: pass.results.flatMap(({ drift }) =>
      changesOf(drift).map(({ path }) => `${formatRef(drift.ref)} ${formatPath(path)}`),
    ),
    inSync: pass.summary.objects.inSync,
    unknown: pass.summary.objects.unknown,
    code: exitCodeOf(pass, "drift"),
    faults: pass.faults.map(({ code, about }) => `${code} ${about}`),
  };
}

/** What a pass says that the healthy one does not, or keeps to itself. A cluster that could not be opened says nothing. */
function liesOf(healthy: Told, failed: Told | Fault): string[] {
  if (isFault(failed)) return [];
  const lies = (["missing", "unmanaged", "drifted"] as const).flatMap((state) =>
    failed[state].filter((one) => !healthy[state].includes(one)).map((one) => `${one} is called ${state}`),
  );
  if (failed.inSync > healthy.inSync) lies.push(`${failed.inSync} are in sync instead of ${healthy.inSync}`);
  const declared = (one: Told): string => JSON.stringify([one.inSync, one.unknown, one.missing, one.drifted]);
  if (declared(failed) !== declared(healthy) && failed.code !== 1) {
    lies.push(`the exit code is ${failed.code}, and not all was seen: ${JSON.stringify(failed)}`);
  }
  if (failed.faults.length === 0 && JSON.stringify(failed) !== JSON.stringify(healthy)) {
    lies.push(`no fault is told: ${JSON.stringify(failed)}`);
  }
  return lies;
}

/** In the order in which they were asked. Which number a call has may change from scan to scan; its path and page do not. */
function callsOf({ requests }: FaultProxy): readonly Call[] {
  const pages = new Map<string, number>();
  return requests.map(({ path }) => {
    const plain = path.replace(/&continue=[^&]*/, "");
    const page = (pages.get(plain) ?? 0) + 1;
    pages.set(plain, page);
    return { path: plain, page };
  });
}

function pathPattern({ path }: Call): RegExp {
  return new RegExp(`^${path.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}(?:&continue=[^&]*)?$`);
}

/** Some of them, by the seed: mulberry32. */
function part<T>(all: readonly T[]): readonly T[] {
  let state = SEED;
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return all
    .map((one) => ({ one, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .slice(0, PART)
    .map(({ one }) => one);
}

const CRD = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.example.com }
spec:
  group: example.com
  scope: Namespaced
  names: { kind: Widget, listKind: WidgetList, plural: widgets, singular: widget }
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
                size: { type: integer }
                colour: { type: string, default: red }
                parts:
                  type: array
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [name]
                  items:
                    type: object
                    required: [name]
                    properties: { name: { type: string }, count: { type: integer, default: 1 } }
`;

function configMap(name: string, namespace: string, value = "one"): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: ${namespace} }\ndata: { value: ${value} }\n`;
}

/** One of what matters in reading: pages, a custom resource, an autoscaler, owners, a Secret, something cluster-scoped. */
function manifests(state: "deployed" | "changed"): string {
  const many = Array.from({ length: CONFIG_MAPS }, (_, index) => configMap(`many-${index}`, "shop"));
  return [
    ...many,
    configMap("absent", "shop"),
    configMap("settings", "shop", state),
    `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: 1
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: "registry.example/web:1" }] }
`,
    `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web, namespace: shop }
spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web } }
`,
    `apiVersion: v1
kind: Secret
metadata: { name: key, namespace: shop }
stringData: { password: correct horse }
`,
    `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: looks }
rules: [{ apiGroups: [""], resources: [pods], verbs: [get] }]
`,
    `apiVersion: example.com/v1
kind: Widget
metadata: { name: one, namespace: shop }
spec: { size: ${state === "deployed" ? 1 : 2}, parts: [{ name: b }, { name: a }] }
`,
  ].join("---\n");
}
