// An API server on loopback that answers as a real one does (shapes recorded from kubernetes 1.36), and fails on demand.

import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface FakeApi {
  readonly url: string;
  /** A kubeconfig whose current context is `fake`. */
  readonly kubeconfig: string;
  /** Paths with queries, in the order of arrival. */
  readonly requests: string[];
  readonly folder: string;
  close(): Promise<void>;
}

/** Answers, and says `true`; anything else leaves the request to the default answers. */
export type Route = (request: IncomingMessage, response: ServerResponse, count: number) => boolean;

export interface FakeOptions {
  /** Tried first; `count` is how often this path (without its query) was asked, from 1. */
  readonly route?: Route;
  /** Objects by list path: `/apis/apps/v1/namespaces/shop/deployments`. Lists not named are empty. */
  readonly objects?: Readonly<Record<string, readonly object[]>>;
  /** Discovery as servers before 1.26 give it. */
  readonly oldDiscovery?: boolean;
}

export async function startFakeApi(options: FakeOptions = {}): Promise<FakeApi> {
  const requests: string[] = [];
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = (request.url ?? "").split("?")[0] ?? "";
    requests.push(request.url ?? "");
    counts.set(path, (counts.get(path) ?? 0) + 1);
    if (options.route?.(request, response, counts.get(path) ?? 1) === true) return;
    answer(options, request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = await mkdtemp(join(tmpdir(), "holdfast-live-"));
  return {
    url,
    folder,
    kubeconfig: await writeKubeconfig(join(folder, "config"), url),
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
      await rm(folder, { recursive: true });
    },
  };
}

export async function writeKubeconfig(file: string, server: string): Promise<string> {
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "fake", cluster: { server } }],
    users: [{ name: "fake", user: { token: "fake-token" } }],
    contexts: [{ name: "fake", context: { cluster: "fake", user: "fake" } }],
    "current-context": "fake",
  };
  await writeFile(file, JSON.stringify(config));
  return file;
}

export function send(response: ServerResponse, body: unknown, status = 200): true {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
  return true;
}

/** `Status`, as the API server words its refusals. */
export function refuse(response: ServerResponse, code: number, reason: string): true {
  return send(response, { kind: "Status", apiVersion: "v1", status: "Failure", reason, code, message: reason }, code);
}

function answer(options: FakeOptions, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "", "http://fake");
  const aggregated =
    options.oldDiscovery !== true && request.headers.accept?.includes("APIGroupDiscoveryList") === true;
  if (url.pathname === "/version") return void send(response, { gitVersion: "v1.36.3" });
  if (url.pathname === "/api")
    return void send(response, aggregated ? CORE : { kind: "APIVersions", versions: ["v1"] });
  if (url.pathname === "/apis") return void send(response, aggregated ? GROUPS : OLD_GROUPS);
  const old = OLD_RESOURCES[url.pathname];
  if (old !== undefined) return void send(response, { kind: "APIResourceList", resources: old });
  if (/^\/openapi\/|\/customresourcedefinitions\/./.test(url.pathname)) return void refuse(response, 404, "NotFound");
  const objects = options.objects?.[url.pathname] ?? [];
  const limit = Number(url.searchParams.get("limit") ?? 500);
  const start = Number(url.searchParams.get("continue") ?? 0);
  const next = start + limit < objects.length ? String(start + limit) : "";
  send(response, page(objects.slice(start, start + limit), next));
}

export function page(items: readonly object[], next = ""): object {
  return { kind: "ObjectList", apiVersion: "v1", metadata: { resourceVersion: "7", continue: next }, items };
}

/** Objects as a typed list's items are: without API version and kind. */
export function item(
  name: string,
  more: { readonly namespace?: string; readonly [field: string]: unknown } = {},
): object {
  const { namespace, ...rest } = more;
  return { metadata: { name, ...(namespace === undefined ? {} : { namespace }), uid: `uid-${name}` }, ...rest };
}

const VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"];

function resource(name: string, kind: string, scope = "Namespaced", verbs: readonly string[] = VERBS): object {
  const group = { group: "", version: "", kind };
  return { resource: name, responseKind: group, scope, singularResource: kind.toLowerCase(), verbs };
}

const CORE = {
  kind: "APIGroupDiscoveryList",
  apiVersion: "apidiscovery.k8s.io/v2",
  items: [
    {
      metadata: { name: null },
      versions: [
        {
          version: "v1",
          freshness: "Current",
          resources: [
            resource("configmaps", "ConfigMap"),
            resource("namespaces", "Namespace", "Cluster"),
            resource("secrets", "Secret"),
            resource("services", "Service"),
            resource("bindings", "Binding", "Namespaced", ["create"]),
          ],
        },
      ],
    },
  ],
};

const GROUPS = {
  kind: "APIGroupDiscoveryList",
  apiVersion: "apidiscovery.k8s.io/v2",
  items: [
    {
      metadata: { name: "apps" },
      versions: [{ version: "v1", freshness: "Current", resources: [resource("deployments", "Deployment")] }],
    },
    {
      metadata: { name: "autoscaling" },
      versions: [
        { version: "v2", resources: [resource("horizontalpodautoscalers", "HorizontalPodAutoscaler")] },
        { version: "v1", resources: [resource("horizontalpodautoscalers", "HorizontalPodAutoscaler")] },
      ],
    },
    {
      metadata: { name: "shop.example" },
      versions: [{ version: "v1", resources: [resource("widgets", "Widget")] }],
    },
    { metadata: { name: "stale.example" }, versions: [{ version: "v1", freshness: "Stale", resources: [] }] },
  ],
};

const OLD_GROUPS = {
  kind: "APIGroupList",
  apiVersion: "v1",
  groups: [
    {
      name: "autoscaling",
      versions: [{ groupVersion: "autoscaling/v1" }, { groupVersion: "autoscaling/v2" }],
      preferredVersion: { groupVersion: "autoscaling/v2" },
    },
    { name: "apps", versions: [{ groupVersion: "apps/v1" }], preferredVersion: { groupVersion: "apps/v1" } },
  ],
};

const HPA = { name: "horizontalpodautoscalers", kind: "HorizontalPodAutoscaler", namespaced: true, verbs: VERBS };

const OLD_RESOURCES: Readonly<Record<string, readonly object[]>> = {
  "/api/v1": [
    { name: "namespaces", kind: "Namespace", namespaced: false, verbs: VERBS },
    { name: "namespaces/status", kind: "Namespace", namespaced: false, verbs: ["get"] },
  ],
  "/apis/apps/v1": [{ name: "deployments", kind: "Deployment", namespaced: true, verbs: VERBS }],
  "/apis/autoscaling/v1": [HPA],
  "/apis/autoscaling/v2": [HPA],
};
