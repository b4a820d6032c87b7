// Real answers of a real API server: one namespace of the objects that a cluster is full of, as client-side apply and the
// controllers leave them, with everything that the server lists besides. server.ts multiplies the namespace.

import { request } from "node:https";
import { text as textOf } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { askApi } from "../../test/cluster/api.ts";
import type { ApiEndpoint } from "../../test/cluster/api.ts";
import { startCluster } from "../../test/cluster/cluster.ts";
import { CRD, declaredObjects, otherObjects } from "./objects.ts";
import type { Made } from "./objects.ts";

/** The namespace that is multiplied. */
export const COPIED = "copied";

export interface RecordedList {
  /** `/apis/apps/v1` */
  readonly root: string;
  readonly resource: string;
  readonly namespaced: boolean;
  /** The answer without its items. */
  readonly head: { readonly kind: string; readonly apiVersion: string };
  /** JSON of each item in {@link COPIED}, and of each elsewhere. */
  readonly copied: readonly string[];
  readonly others: readonly string[];
}

export interface Recording {
  readonly lists: readonly RecordedList[];
  /** Other answers (discovery, schemas) by path. */
  readonly answers: Readonly<Record<string, { readonly type: string; readonly body: string }>>;
  /** For TLS on any port of 127.0.0.1. */
  readonly serving: { readonly certificate: string; readonly key: string };
  readonly authority: string;
}

const AT_ONCE = 16;
const ASK = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** Starts a cluster, fills it, waits for its controllers, records what it answers, and stops it. */
export async function record(): Promise<Recording> {
  const cluster = await startCluster({ controllerManager: true });
  try {
    const endpoint = { server: cluster.server, authority: cluster.authority, token: cluster.tokenOf("admin") };
    await fill(endpoint);
    await settle(endpoint);
    return {
      lists: await allLists(endpoint),
      answers: await otherAnswers(endpoint),
      serving: cluster.serving,
      authority: cluster.authority,
    };
  } finally {
    await cluster.stop();
  }
}

async function fill(endpoint: ApiEndpoint): Promise<void> {
  await send(endpoint, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", CRD);
  await send(endpoint, "POST", "/api/v1/namespaces", { metadata: { name: COPIED } });
  await until("the custom resource", async () => {
    const { status } = await askApi(endpoint, { method: "GET", path: "/apis/example.com/v1/widgets" });
    return status === 200;
  });
  const declared = declaredObjects(COPIED);
  await inParallel([...declared, ...otherObjects(COPIED)], (made) => apply(endpoint, made));
  await until("ReplicaSets", async () => {
    const { text } = await askApi(endpoint, { method: "GET", path: "/apis/apps/v1/replicasets?limit=1000" });
    const { items } = JSON.parse(text) as { readonly items: readonly unknown[] };
    return items.length >= declared.filter(({ object }) => object["kind"] === "Deployment").length;
  });
}

/** As `kubectl apply` does it, client-side. */
async function apply(endpoint: ApiEndpoint, { root, resource, object, applied }: Made): Promise<void> {
  const metadata = object["metadata"] as { readonly name: string; readonly annotations?: object };
  const annotations = {
    ...metadata.annotations,
    "kubectl.kubernetes.io/last-applied-configuration": `${JSON.stringify(object)}\n`,
  };
  const path = `${root}/namespaces/${COPIED}/${resource}`;
  const body = applied ? { ...object, metadata: { ...metadata, annotations } } : object;
  await send(endpoint, "POST", `${path}?fieldManager=${applied ? "kubectl-client-side-apply" : "helm"}`, body);
}

async function settle(endpoint: ApiEndpoint): Promise<void> {
  let before = "";
  let quiet = 0;
  await until("the controllers", async () => {
    const counts: number[] = [];
    for (const path of ["/api/v1/pods", "/apis/apps/v1/replicasets", "/apis/discovery.k8s.io/v1/endpointslices"]) {
      const { text } = await askApi(endpoint, { method: "GET", path: `${path}?limit=1`, milliseconds: 60_000 });
      const { metadata } = JSON.parse(text) as { readonly metadata: { readonly remainingItemCount?: number } };
      counts.push(metadata.remainingItemCount ?? 0);
    }
    quiet = counts.join() === before ? quiet + 1 : 0;
    before = counts.join();
    await sleep(1000);
    return quiet >= 5;
  });
}

interface Group {
  readonly metadata: { readonly name?: string };
  readonly versions: readonly {
    readonly version: string;
    readonly resources: readonly {
      readonly resource: string;
      readonly scope: string;
      readonly verbs: readonly string[];
    }[];
  }[];
}

async function allLists(endpoint: ApiEndpoint): Promise<readonly RecordedList[]> {
  const lists: RecordedList[] = [];
  for (const path of ["/api", "/apis"]) {
    const { items } = JSON.parse((await discovery(endpoint, path)).body) as { readonly items: readonly Group[] };
    for (const { metadata, versions } of items) {
      for (const { version, resources } of versions) {
        const root =
          metadata.name === undefined || metadata.name === "" ? `/api/${version}` : `/apis/${metadata.name}/${version}`;
        for (const { resource, scope, verbs } of resources) {
          if (verbs.includes("list")) lists.push(await listOf(endpoint, root, resource, scope === "Namespaced"));
        }
      }
    }
  }
  return lists;
}

interface Page {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: { readonly continue?: string };
  readonly items: readonly { readonly metadata: { readonly namespace?: string } }[] | null;
}

async function listOf(
  endpoint: ApiEndpoint,
  root: string,
  resource: string,
  namespaced: boolean,
): Promise<RecordedList> {
  const [copied, others]: [string[], string[]] = [[], []];
  for (let token = ""; ;) {
    const { text } = await askApi(endpoint, {
      method: "GET",
      path: `${root}/${resource}?limit=500${token}`,
      milliseconds: 60_000,
    });
    const { kind, apiVersion, metadata, items } = JSON.parse(text) as Page;
    for (const item of items ?? []) {
      (item.metadata.namespace === COPIED ? copied : others).push(JSON.stringify(item));
    }
    if ((metadata.continue ?? "") === "")
      return { root, resource, namespaced, head: { kind, apiVersion }, copied, others };
    token = `&continue=${encodeURIComponent(metadata.continue ?? "")}`;
  }
}

async function otherAnswers(endpoint: ApiEndpoint): Promise<Recording["answers"]> {
  const answers: Record<string, { type: string; body: string }> = {};
  for (const path of ["/version", "/openapi/v3/apis/example.com/v1"]) {
    const { text } = await askApi(endpoint, { method: "GET", path });
    answers[path] = { type: "application/json", body: text };
  }
  for (const path of ["/api", "/apis"]) answers[path] = await discovery(endpoint, path);
  return answers;
}

/** Aggregated, as holdfast asks for it. */
async function discovery(
  endpoint: ApiEndpoint,
  path: string,
): Promise<{ readonly type: string; readonly body: string }> {
  const headers = { authorization: `Bearer ${endpoint.token}`, accept: ASK };
  const body = await new Promise<string>((resolve, reject) => {
    request(new URL(path, endpoint.server), { ca: endpoint.authority, headers }, (response) => {
      textOf(response).then(resolve, reject);
    })
      .on("error", reject)
      .end();
  });
  return { type: ASK, body };
}

async function send(endpoint: ApiEndpoint, method: string, path: string, body: unknown): Promise<void> {
  const { status, text } = await askApi(endpoint, { method, path, body, milliseconds: 60_000 });
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
}

async function inParallel<T>(all: readonly T[], run: (one: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let one = all[next++]; one !== undefined; one = all[next++]) await run(one);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function until(what: string, done: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 3000; tries++) {
    if (await done()) return;
    await sleep(100);
  }
  throw new Error(`${what}: not ready`);
}
