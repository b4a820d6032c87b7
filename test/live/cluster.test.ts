import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { isFault } from "../../src/core/fault.ts";
import type { Fault } from "../../src/core/fault.ts";
import type { KindRef } from "../../src/core/refs.ts";
import type { LiveEvent, LiveQuery, LiveSource } from "../../src/core/stages.ts";
import { fieldAt } from "../../src/core/value.ts";
import { openCluster } from "../../src/live/cluster.ts";
import type { ClusterOptions } from "../../src/live/cluster.ts";
import { createDigester } from "../../src/text/digest.ts";
import { item, page, refuse, send, startFakeApi, writeKubeconfig } from "./fake-api.ts";
import type { FakeApi, FakeOptions } from "./fake-api.ts";

const digester = createDigester(randomBytes(32));
const FAST = { retryMilliseconds: 1, maxRetryMilliseconds: 20, idleMilliseconds: 150, requestMilliseconds: 2000 };
const DEPLOYMENT: KindRef = { apiVersion: "apps/v1", kind: "Deployment" };
const SECRET: KindRef = { apiVersion: "v1", kind: "Secret" };
const SERVICE: KindRef = { apiVersion: "v1", kind: "Service" };
const DEPLOYMENTS = "/apis/apps/v1/deployments";

const started: FakeApi[] = [];
const opened: LiveSource[] = [];

afterEach(async () => {
  for (const source of opened.splice(0)) await source.close();
  for (const api of started.splice(0)) await api.close();
});

async function fake(options?: FakeOptions): Promise<FakeApi> {
  const api = await startFakeApi(options);
  started.push(api);
  return api;
}

async function open(api: FakeApi, more: Partial<ClusterOptions> = {}): Promise<LiveSource> {
  const source = await openCluster({ kubeconfig: api.kubeconfig, digester, limits: FAST, ...more });
  if (isFault(source)) throw new Error(JSON.stringify(source));
  opened.push(source);
  return source;
}

async function openFault(options: Omit<ClusterOptions, "digester" | "limits">): Promise<Fault> {
  const source = await openCluster({ digester, limits: FAST, ...options });
  if (!isFault(source)) throw new Error("it opened");
  return source;
}

async function read(source: LiveSource, query: Partial<LiveQuery> = {}): Promise<readonly LiveEvent[]> {
  const events: LiveEvent[] = [];
  for await (const event of source.read({ kinds: [DEPLOYMENT], namespaces: "all", secrets: true, ...query })) {
    events.push(event);
  }
  return events;
}

function names(events: readonly LiveEvent[]): readonly string[] {
  return events.flatMap((event) => (event.kind === "objects" ? event.objects.map(({ ref }) => ref.name) : []));
}

/** `read Deployment`, `unread Secret in shop: list-forbidden` */
function outcomes(events: readonly LiveEvent[]): readonly string[] {
  return events.flatMap((event) => {
    if (event.kind === "objects" || event.kind === "fault") return [];
    const where = event.namespace === undefined ? "" : ` in ${event.namespace}`;
    return [`${event.kind} ${event.of.kind}${where}${event.kind === "unread" ? `: ${event.fault.code}` : ""}`];
  });
}

function many(count: number): readonly object[] {
  return Array.from({ length: count }, (_, index) => item(`d${String(index).padStart(5, "0")}`, { namespace: "shop" }));
}

describe("opening a cluster", () => {
  test("its name is the context's, its version the server's", async () => {
    const source = await open(await fake());
    expect(source.cluster).toEqual({ name: "fake", version: "v1.36.3" });
  });

  test.each([
    ["aggregated", false],
    ["one document a version", true],
  ])("discovery (%s): the declared version where served, else the preferred one", async (_, oldDiscovery) => {
    const source = await open(await fake({ oldDiscovery }));
    const versionFor = (apiVersion: string): string | undefined =>
      source.served({ apiVersion, kind: "HorizontalPodAutoscaler" })?.apiVersion;
    expect(versionFor("autoscaling/v1")).toBe("autoscaling/v1");
    expect(versionFor("autoscaling/v2beta2")).toBe("autoscaling/v2");
    expect(source.served({ apiVersion: "v1", kind: "Namespace" })).toMatchObject({
      resource: "namespaces",
      namespaced: false,
    });
    expect(source.served({ apiVersion: "v1", kind: "Unicorn" })).toBeUndefined();
  });

  test("a kubeconfig that does not exist", async () => {
    expect(await openFault({ kubeconfig: "/nowhere/config" })).toMatchObject({ code: "kubeconfig-invalid" });
  });

  test("a kubeconfig that is no YAML is told by its place, and nothing of it is shown", async () => {
    const { folder } = await fake();
    const file = join(folder, "broken");
    await writeFile(file, 'users:\n- name: a\n  user: {token: "s3cr3t\n');
    const fault = await openFault({ kubeconfig: file });
    expect(fault).toMatchObject({ code: "kubeconfig-invalid", position: { file } });
    expect(JSON.stringify(fault)).not.toContain("s3cr3t");
  });

  test.each([
    ["no mapping", "hello"],
    ["empty", ""],
    ["without a current context", "apiVersion: v1\nkind: Config\n"],
    ["with a context that is not there", "current-context: a\n"],
    [
      "with a context whose cluster is not there",
      "current-context: a\ncontexts: [{name: a, context: {cluster: b, user: c}}]\n",
    ],
    [
      "with a server that is no address",
      "current-context: a\ncontexts: [{name: a, context: {cluster: b}}]\nclusters: [{name: b, cluster: {server: 'file:///etc'}}]\n",
    ],
    [
      "with a credential plugin that is not installed",
      "current-context: a\ncontexts: [{name: a, context: {cluster: b, user: c}}]\nclusters: [{name: b, cluster: {server: 'https://127.0.0.1:1'}}]\nusers: [{name: c, user: {exec: {command: /nowhere/plugin}}}]\n",
    ],
  ])("a kubeconfig %s", async (_, text) => {
    const { folder } = await fake();
    await writeFile(join(folder, "bad"), text);
    expect(await openFault({ kubeconfig: join(folder, "bad") })).toMatchObject({ code: "kubeconfig-invalid" });
  });

  test("a credential plugin is asked, and told of the cluster as client-go tells it", async () => {
    const seen: (string | undefined)[] = [];
    const api = await fake({
      route: ({ headers }) => {
        seen.push(headers.authorization);
        return false;
      },
    });
    const print = "process.env.KUBERNETES_EXEC_INFO.includes('ExecCredential') ? 'from-plugin' : ''";
    const credential = `{apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: {token: ${print}}}`;
    const config = {
      "current-context": "a",
      contexts: [{ name: "a", context: { cluster: "b", user: "c" } }],
      clusters: [{ name: "b", cluster: { server: api.url } }],
      users: [
        {
          name: "c",
          user: {
            exec: {
              apiVersion: "client.authentication.k8s.io/v1",
              command: process.execPath,
              args: ["-e", `console.log(JSON.stringify(${credential}))`],
            },
          },
        },
      ],
    };
    const kubeconfig = join(api.folder, "exec");
    await writeFile(kubeconfig, JSON.stringify(config));
    await open(api, { kubeconfig });
    expect(new Set(seen)).toEqual(new Set(["Bearer from-plugin"]));
  });

  test("of several files in KUBECONFIG the first that names a thing wins, and one may be absent", async () => {
    const api = await fake();
    const second = join(api.folder, "second");
    await writeFile(
      second,
      JSON.stringify({
        "current-context": "other",
        clusters: [{ name: "fake", cluster: { server: "http://127.0.0.1:1" } }],
      }),
    );
    vi.stubEnv("KUBECONFIG", ["/nowhere/config", api.kubeconfig, second].join(delimiter));
    const source = await openCluster({ digester, limits: FAST });
    vi.unstubAllEnvs();
    if (isFault(source)) throw new Error(JSON.stringify(source));
    opened.push(source);
    expect(source.cluster.name).toBe("fake");
  });

  test("a context that the kubeconfig lacks", async () => {
    const { kubeconfig } = await fake();
    expect(await openFault({ kubeconfig, context: "prod" })).toMatchObject({ code: "kubeconfig-invalid" });
  });

  test("a refused connection", async () => {
    const { folder } = await fake();
    const gone = await startFakeApi();
    await gone.close();
    const kubeconfig = await writeKubeconfig(join(folder, "gone"), gone.url);
    expect(await openFault({ kubeconfig })).toMatchObject({ code: "cluster-unreachable" });
  });

  test("401 is one fault for the whole, asked twice because a login may have run out", async () => {
    const api = await fake({ route: (_, response) => refuse(response, 401, "Unauthorized") });
    expect(await openFault({ kubeconfig: api.kubeconfig })).toMatchObject({ code: "unauthorized" });
    expect(api.requests).toEqual(["/version", "/version"]);
  });

  test("a server that accepts and never answers", async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => {
      silent.listen(0, "127.0.0.1", resolve);
    });
    const { folder } = await fake();
    const { port } = silent.address() as AddressInfo;
    const kubeconfig = await writeKubeconfig(join(folder, "silent"), `http://127.0.0.1:${port}`);
    const fault = await openFault({ kubeconfig });
    silent.close();
    expect(fault).toMatchObject({ code: "cluster-unreachable" });
  });

  test("a server that is no API server", async () => {
    const { kubeconfig } = await fake({ route: (_, response) => send(response, "<html>") });
    expect(await openFault({ kubeconfig })).toMatchObject({ code: "list-failed" });
  });
});

describe("reading lists", () => {
  test("pages of 500 make one whole list", async () => {
    const api = await fake({ objects: { [DEPLOYMENTS]: many(1201) } });
    const events = await read(await open(api));
    expect(names(events)).toEqual(many(1201).map((object) => (object as { metadata: { name: string } }).metadata.name));
    expect(events.filter((event) => event.kind === "objects")).toHaveLength(3);
    expect(outcomes(events)).toEqual(["read Deployment"]);
    expect(api.requests.filter((path) => path.startsWith(DEPLOYMENTS))).toEqual([
      `${DEPLOYMENTS}?limit=500`,
      `${DEPLOYMENTS}?limit=500&continue=500`,
      `${DEPLOYMENTS}?limit=500&continue=1000`,
    ]);
  });

  test("an object gets its API version and kind, keeps integers exactly, and its managers come apart", async () => {
    const text = JSON.stringify(
      page([
        item("web", {
          namespace: "shop",
          spec: { big: "BIG", small: 7 },
        }),
      ]),
    )
      .replace('"BIG"', "9007199254740993")
      .replace(
        '"uid"',
        '"managedFields":[{"manager":"kubectl","operation":"Update","subresource":"scale","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{}}},{"manager":"x"}],"uid"',
      );
    const api = await fake({
      route: ({ url }, response) => url?.startsWith(DEPLOYMENTS) === true && send(response, text),
    });
    const [first] = await read(await open(api));
    const object = first?.kind === "objects" ? first.objects[0] : undefined;
    expect(object?.ref).toEqual({ apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name: "web" });
    expect(object?.value).toEqual({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", namespace: "shop", uid: "uid-web" },
      spec: { big: 9007199254740993n, small: 7 },
    });
    expect(object?.managers).toEqual([
      { manager: "kubectl", operation: "Update", subresource: "scale", fields: { "f:spec": {} } },
    ]);
  });

  test("an expired continue token begins the list anew: nothing is lost and nothing comes twice", async () => {
    let expired = false;
    const api = await fake({
      objects: { [DEPLOYMENTS]: many(1201) },
      route: ({ url }, response) => {
        if (expired || url !== `${DEPLOYMENTS}?limit=500&continue=1000`) return false;
        expired = true;
        return refuse(response, 410, "Expired");
      },
    });
    const events = await read(await open(api));
    expect(names(events)).toHaveLength(1201);
    expect(new Set(names(events)).size).toBe(1201);
    expect(outcomes(events)).toEqual(["read Deployment"]);
  });

  test("a token that always expires leaves the kind unread, after a bounded number of tries", async () => {
    const api = await fake({
      objects: { [DEPLOYMENTS]: many(501) },
      route: ({ url }, response) => url?.includes("continue=") === true && refuse(response, 410, "Expired"),
    });
    expect(outcomes(await read(await open(api)))).toEqual(["unread Deployment: list-failed"]);
    expect(api.requests.filter((path) => path.startsWith(DEPLOYMENTS))).toHaveLength(8);
  });

  test("a token that leads nowhere ends the list", async () => {
    const api = await fake({
      route: ({ url }, response) => url?.startsWith(DEPLOYMENTS) === true && send(response, page([item("a")], "same")),
    });
    expect(outcomes(await read(await open(api)))).toEqual(["unread Deployment: list-failed"]);
  });

  test("a connection that is cut within a page is asked again", async () => {
    const api = await fake({
      objects: { [DEPLOYMENTS]: many(3) },
      route: ({ url }, response, count) => {
        if (url?.startsWith(DEPLOYMENTS) !== true || count > 2) return false;
        response.writeHead(200, { "content-length": "1000" });
        response.write('{"kind":"DeploymentList","items":[');
        setTimeout(() => response.destroy(), 5);
        return true;
      },
    });
    const events = await read(await open(api));
    expect(names(events)).toHaveLength(3);
    expect(outcomes(events)).toEqual(["read Deployment"]);
  });

  test("a connection that is always cut leaves the kind unread, and the rest is read", async () => {
    const api = await fake({
      objects: { "/api/v1/services": [item("s", { namespace: "shop" })] },
      route: ({ url, socket }) => {
        if (url?.startsWith(DEPLOYMENTS) !== true) return false;
        socket.destroy();
        return true;
      },
    });
    const events = await read(await open(api), { kinds: [DEPLOYMENT, SERVICE] });
    expect(outcomes(events)).toEqual(["unread Deployment: cluster-unreachable", "read Service"]);
    expect(names(events)).toEqual(["s"]);
  });

  test("a server that stalls within a page leaves the kind unread", async () => {
    const api = await fake({
      route: ({ url }, response) => {
        if (url?.startsWith(DEPLOYMENTS) !== true) return false;
        response.writeHead(200);
        response.write('{"kind":"DeploymentList",');
        return true;
      },
    });
    const source = await open(api, { limits: { ...FAST, requestMilliseconds: 60_000 } });
    expect(outcomes(await read(source))).toEqual(["unread Deployment: cluster-unreachable"]);
    expect(api.requests.filter((path) => path.startsWith(DEPLOYMENTS))).toHaveLength(2);
  });

  test("a server that trickles is given up when the time of the request is over", async () => {
    const api = await fake({
      route: ({ url }, response) => {
        if (url?.startsWith(DEPLOYMENTS) !== true) return false;
        response.writeHead(200);
        const timer = setInterval(() => response.write(" "), 20);
        response.on("close", () => clearInterval(timer));
        return true;
      },
    });
    const source = await open(api, { limits: { ...FAST, requestMilliseconds: 200 } });
    expect(outcomes(await read(source))).toEqual(["unread Deployment: cluster-unreachable"]);
  });

  test.each([429, 500, 503])("%i is repeated, as long as Retry-After asks for", async (status) => {
    const api = await fake({
      objects: { [DEPLOYMENTS]: many(1) },
      route: ({ url }, response, count) => {
        if (url?.startsWith(DEPLOYMENTS) !== true || count > 3) return false;
        response.setHeader("retry-after", "1");
        return refuse(response, status, "TooManyRequests");
      },
    });
    expect(outcomes(await read(await open(api)))).toEqual(["read Deployment"]);
  });

  test("5xx that does not end leaves the kind unread", async () => {
    const api = await fake({
      route: ({ url }, response) => url?.startsWith(DEPLOYMENTS) === true && refuse(response, 500, "InternalError"),
    });
    expect(outcomes(await read(await open(api)))).toEqual(["unread Deployment: list-failed"]);
    expect(api.requests.filter((path) => path.startsWith(DEPLOYMENTS))).toHaveLength(5);
  });

  test.each<[string, unknown]>([
    ["an empty map", {}],
    ["no items", { kind: "DeploymentList" }],
    ["items that are none", { kind: "DeploymentList", items: [{}] }],
    ["half a document", '{"kind":"DeploymentList","items":['],
    ["a map that calls itself a fault", { kind: "fault" }],
  ])("an answer of %s is no empty list", async (_, body) => {
    const api = await fake({
      route: ({ url }, response) => url?.startsWith(DEPLOYMENTS) === true && send(response, body),
    });
    expect(outcomes(await read(await open(api)))).toEqual(["unread Deployment: list-failed"]);
  });

  test("a page over the limit of bytes is asked for in parts", async () => {
    const api = await fake({ objects: { [DEPLOYMENTS]: many(500) } });
    const source = await open(api, { limits: { ...FAST, bodyBytes: 8000 } });
    const events = await read(source);
    expect(names(events)).toHaveLength(500);
    expect(new Set(names(events)).size).toBe(500);
    expect(outcomes(events)).toEqual(["read Deployment"]);
  });

  test("an abort ends what is in flight at once, and tells what was not read", async () => {
    const stop = new AbortController();
    const api = await fake({
      objects: { "/api/v1/services": [item("s", { namespace: "shop" })] },
      route: ({ url }) => {
        if (url?.startsWith(DEPLOYMENTS) !== true) return false;
        setTimeout(() => stop.abort(), 10);
        return true;
      },
    });
    const source = await open(api, { signal: stop.signal, limits: { ...FAST, idleMilliseconds: 60_000 } });
    const before = performance.now();
    const events = await read(source, { kinds: [DEPLOYMENT, { apiVersion: "v1", kind: "ConfigMap" }] });
    expect(performance.now() - before).toBeLessThan(1000);
    expect(outcomes(events)[0]).toBe("unread Deployment: interrupted");
  });

  test("a reader who stops early leaves nothing behind", async () => {
    const source = await open(await fake({ objects: { [DEPLOYMENTS]: many(5000) } }));
    let pages = 0;
    for await (const event of source.read({ kinds: [DEPLOYMENT], namespaces: "all", secrets: true })) {
      pages += event.kind === "objects" ? 1 : 0;
      break;
    }
    expect(pages).toBe(1);
  });

  test("at most one page is read ahead of the reader, and one more asked for", async () => {
    const api = await fake({ objects: { [DEPLOYMENTS]: many(5000) } });
    const events = (await open(api)).read({ kinds: [DEPLOYMENT], namespaces: "all", secrets: true });
    const iterator = events[Symbol.asyncIterator]();
    await iterator.next();
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
    expect(api.requests.filter((path) => path.startsWith(DEPLOYMENTS))).toHaveLength(3);
    await iterator.return?.();
  });
});

describe("what may not be read", () => {
  test("403 on one kind leaves that kind unread, and the rest is read", async () => {
    const api = await fake({
      objects: { "/api/v1/services": [item("s", { namespace: "shop" })] },
      route: ({ url }, response) => url?.startsWith(DEPLOYMENTS) === true && refuse(response, 403, "Forbidden"),
    });
    const events = await read(await open(api), { kinds: [DEPLOYMENT, SERVICE] });
    expect(outcomes(events)).toEqual(["unread Deployment: list-forbidden", "read Service"]);
  });

  test("where the cluster may not be listed, named namespaces are", async () => {
    const namespaces = Array.from({ length: 12 }, (_, index) => `n${index}`);
    const api = await fake({
      objects: { "/apis/apps/v1/namespaces/n3/deployments": [item("web", { namespace: "n3" })] },
      route: ({ url }, response) => {
        const refused = url?.startsWith(DEPLOYMENTS) === true || url?.includes("/n5/") === true;
        return refused && refuse(response, 403, "Forbidden");
      },
    });
    const events = await read(await open(api), { namespaces });
    expect(names(events)).toEqual(["web"]);
    expect(outcomes(events)).toEqual([
      ...namespaces.filter((name) => name !== "n5").map((name) => `read Deployment in ${name}`),
      "unread Deployment in n5: list-forbidden",
    ]);
  });

  test("few namespaces are listed one by one, and the whole cluster never", async () => {
    const api = await fake({ objects: { "/apis/apps/v1/namespaces/shop/deployments": many(2) } });
    const events = await read(await open(api), { namespaces: ["shop", "infra"] });
    expect(outcomes(events)).toEqual(["read Deployment in shop", "read Deployment in infra"]);
    expect(names(events)).toHaveLength(2);
    expect(api.requests.some((path) => path.startsWith(DEPLOYMENTS))).toBe(false);
  });

  test("many namespaces are one list, of which the others are passed over", async () => {
    const namespaces = Array.from({ length: 11 }, (_, index) => `n${index}`);
    const objects = [item("a", { namespace: "n1" }), item("b", { namespace: "other" })];
    const events = await read(await open(await fake({ objects: { [DEPLOYMENTS]: objects } })), { namespaces });
    expect(names(events)).toEqual(["a"]);
    expect(outcomes(events)).toEqual(namespaces.map((name) => `read Deployment in ${name}`));
  });

  test("Secrets that are forbidden in every namespace are said once", async () => {
    const api = await fake({
      route: ({ url }, response) => url?.includes("/secrets") === true && refuse(response, 403, "Forbidden"),
    });
    const events = await read(await open(api), { kinds: [SECRET], namespaces: ["shop", "infra"] });
    expect(outcomes(events)).toEqual(["unread Secret: list-forbidden"]);
  });

  test("with secrets off, Secrets are never asked for", async () => {
    const api = await fake();
    expect(outcomes(await read(await open(api), { kinds: [SECRET, SERVICE], secrets: false }))).toEqual([
      "read Service",
    ]);
    expect(api.requests.some((path) => path.includes("secrets"))).toBe(false);
  });

  test.each([
    ["a kind that is not served", { apiVersion: "v1", kind: "Unicorn" }],
    ["a kind that cannot be listed", { apiVersion: "v1", kind: "Binding" }],
    ["a kind of a group whose server does not answer", { apiVersion: "stale.example/v1", kind: "Thing" }],
  ])("%s is unread", async (_, kind) => {
    const events = await read(await open(await fake()), { kinds: [kind, DEPLOYMENT] });
    expect(outcomes(events)).toEqual([`unread ${kind.kind}: kind-not-served`, "read Deployment"]);
  });

  test.each(["../../secrets", "", "a/b", "UPPER"])("%j is asked for in no URL, and unread", async (namespace) => {
    const api = await fake();
    const events = await read(await open(api), { namespaces: [namespace] });
    expect(outcomes(events)).toEqual([`unread Deployment in ${namespace}: list-failed`]);
    expect(api.requests.filter((path) => path.includes("deployments"))).toEqual([]);
  });

  test("two kinds that are served as one are read once and told twice", async () => {
    const api = await fake();
    const old = { apiVersion: "apps/v1beta1", kind: "Deployment" };
    expect(outcomes(await read(await open(api), { kinds: [DEPLOYMENT, old] }))).toEqual([
      "read Deployment",
      "read Deployment",
    ]);
    expect(api.requests.filter((path) => path.startsWith(DEPLOYMENTS))).toHaveLength(1);
  });
});

describe("Secrets", () => {
  const secret = item("db", {
    namespace: "shop",
    data: { password: Buffer.from("hunter2").toString("base64"), empty: "" },
    type: "Opaque",
  }) as { metadata: object };
  const applied = {
    ...secret,
    metadata: {
      ...secret.metadata,
      annotations: {
        "kubectl.kubernetes.io/last-applied-configuration": '{"stringData":{"password":"hunter2"}}',
        kept: "yes",
      },
    },
  };

  test("values are digests of the decoded bytes, and the annotation that repeats them is gone", async () => {
    const api = await fake({ objects: { "/api/v1/secrets": [applied] } });
    const events = await read(await open(api), { kinds: [SECRET] });
    const object = events[0]?.kind === "objects" ? events[0].objects[0]?.value : undefined;
    expect(fieldAt(object, "data")).toEqual({ password: digester.digest("hunter2"), empty: "" });
    expect(fieldAt(object, "metadata", "annotations")).toEqual({ kept: "yes" });
    expect(JSON.stringify(events)).not.toMatch(/hunter2|aHVudGVyMg/);
  });

  test("a digest that stands in a live Secret is a value like any other", async () => {
    const forged = digester.digest("hunter2");
    const api = await fake({ objects: { "/api/v1/secrets": [item("s", { data: { a: forged } })] } });
    const events = await read(await open(api), { kinds: [SECRET] });
    const object = events[0]?.kind === "objects" ? events[0].objects[0]?.value : undefined;
    expect(fieldAt(object, "data", "a")).toBe(digester.digest(forged));
  });

  test("other kinds keep the annotation", async () => {
    const api = await fake({ objects: { "/api/v1/configmaps": [applied] } });
    const events = await read(await open(api), { kinds: [{ apiVersion: "v1", kind: "ConfigMap" }] });
    expect(JSON.stringify(events)).toContain("last-applied-configuration");
  });
});

describe("schemas of custom resources", () => {
  const WIDGET = { apiVersion: "shop.example/v1", kind: "Widget" };
  const document = {
    openapi: "3.0.0",
    components: {
      schemas: {
        "example.shop.v1.Widget": {
          type: "object",
          "x-kubernetes-group-version-kind": [{ group: "shop.example", version: "v1", kind: "Widget" }],
          properties: { spec: { type: "object" } },
        },
      },
    },
  };

  test("they are known before the first object is given, and asked for only where the kind is not built in", async () => {
    const api = await fake({
      objects: { "/apis/shop.example/v1/widgets": [item("w", { namespace: "shop" })] },
      route: ({ url }, response) => url === "/openapi/v3/apis/shop.example/v1" && send(response, document),
    });
    const source = await open(api);
    let known: unknown;
    for await (const event of source.read({ kinds: [DEPLOYMENT, WIDGET], namespaces: "all", secrets: true })) {
      if (event.kind === "objects") known = source.schemas.schemaOf("shop.example/v1", "Widget");
    }
    expect(known).toEqual({ type: "object", fields: { spec: { type: "object" } } });
    expect(api.requests.filter((path) => path.startsWith("/openapi"))).toEqual(["/openapi/v3/apis/shop.example/v1"]);
    expect(source.schemas.schemaOf("apps/v1", "Deployment")).toBeUndefined();
  });

  test("a cluster without OpenAPI leaves the schema unknown", async () => {
    const source = await open(await fake());
    expect(outcomes(await read(source, { kinds: [WIDGET] }))).toEqual(["read Widget"]);
    expect(source.schemas.schemaOf("shop.example/v1", "Widget")).toBeUndefined();
  });

  test("a schema that fails to be read leaves its kind unread", async () => {
    const api = await fake({
      route: ({ url }, response) => url?.startsWith("/openapi") === true && refuse(response, 500, "InternalError"),
    });
    expect(outcomes(await read(await open(api), { kinds: [WIDGET, DEPLOYMENT] }))).toEqual([
      "unread Widget: list-failed",
      "read Deployment",
    ]);
  });
});
