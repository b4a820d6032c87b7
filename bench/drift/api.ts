// Requests to a test cluster on kept connections, as a named field manager: thousands of changes want no handshake each.

import { Agent, request } from "node:https";
import type { Value, ValueMap } from "../../src/core/value.ts";
import { fieldAt, fieldOf, isList, isMap, textOf } from "../../src/core/value.ts";
import { parseJson } from "../../src/live/json.ts";
import { printJson } from "../../src/yaml/json.ts";
import type { TestCluster } from "../../test/cluster/cluster.ts";

export interface Answer {
  readonly status: number;
  readonly body: Value;
}

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With its query. */
  readonly path: string;
  readonly body?: Value;
  /** Of the body; default `application/json`. */
  readonly type?: string;
}

export interface BenchApi {
  call(call: Call): Promise<Answer>;
  close(): void;
}

/** A kind as discovery lists it, with where its objects are. */
export interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  /** `scale`, `status` … */
  readonly subresources: readonly string[];
}

export function openBenchApi(cluster: TestCluster): BenchApi {
  const agent = new Agent({ keepAlive: true, maxSockets: 8, ca: cluster.authority });
  const authorization = `Bearer ${cluster.tokenOf("admin")}`;
  return {
    close: () => agent.destroy(),
    call: ({ method, path, body, type = "application/json" }) =>
      new Promise((resolve, reject) => {
        const sent = request(new URL(path, cluster.server), {
          method,
          agent,
          headers: { authorization, "content-type": type },
        });
        sent.on("error", reject);
        sent.on("response", (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () =>
            resolve({ status: response.statusCode ?? 0, body: parseJson(Buffer.concat(chunks)) ?? null }),
          );
        });
        sent.end(body === undefined ? undefined : printJson(body));
      }),
  };
}

/** What the server said where it refused. */
export function messageOf({ status, body }: Answer): string {
  return textOf(body, "message") ?? `status ${status}`;
}

/** All kinds of all served versions, the preferred version of a group first. */
export async function discoverResources(api: BenchApi): Promise<readonly Resource[]> {
  const found: Resource[] = [];
  const { body: groups } = await api.call({ method: "GET", path: "/apis" });
  const versions = listAt(groups, "groups").flatMap((group) => {
    const preferred = fieldAt(group, "preferredVersion", "groupVersion");
    const all = listAt(group, "versions").map((version) => fieldOf(version, "groupVersion"));
    return [preferred, ...all.filter((version) => version !== preferred)].filter(
      (version): version is string => typeof version === "string",
    );
  });
  for (const apiVersion of ["v1", ...versions]) {
    const { body } = await api.call({ method: "GET", path: `/${apiVersion === "v1" ? "api" : "apis"}/${apiVersion}` });
    const listed = listAt(body, "resources").filter(isMap);
    for (const one of listed) {
      const name = textOf(one, "name") ?? "";
      if (name.includes("/")) continue;
      const subresources = listed.flatMap((other) => {
        const [parent, sub] = (textOf(other, "name") ?? "").split("/");
        return parent === name && sub !== undefined ? [sub] : [];
      });
      found.push({
        apiVersion,
        kind: textOf(one, "kind") ?? "",
        name,
        namespaced: one["namespaced"] === true,
        verbs: listAt(one, "verbs").map(String),
        subresources,
      });
    }
  }
  return found;
}

/** The path of a kind's objects, or of one of them. */
export function pathOf(resource: Resource, namespace: string | undefined, name?: string): string {
  const root = resource.apiVersion.includes("/") ? `/apis/${resource.apiVersion}` : `/api/${resource.apiVersion}`;
  const place = resource.namespaced ? `/namespaces/${namespace ?? "default"}` : "";
  return `${root}${place}/${resource.name}${name === undefined ? "" : `/${encodeURIComponent(name)}`}`;
}

/** Waits until controllers have come to rest: the store's revision hardly moves (the API server renews a lease of its own). */
export async function settle(api: BenchApi, quiet = 3000, limit = 90_000): Promise<void> {
  const deadline = performance.now() + limit;
  let last = await revision(api);
  while (performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, quiet));
    const now = await revision(api);
    if (now - last <= 3) return;
    last = now;
  }
}

async function revision(api: BenchApi): Promise<number> {
  const { body } = await api.call({ method: "GET", path: "/api/v1/namespaces?limit=1" });
  return Number(fieldAt(body, "metadata", "resourceVersion"));
}

export function listAt(value: Value | undefined, ...names: readonly string[]): readonly Value[] {
  const found = fieldAt(value, ...names);
  return isList(found) ? found : [];
}

/** Of a text; other values are none. */
export function base64(text: Value): string {
  return Buffer.from(typeof text === "string" ? text : "").toString("base64");
}

export function asMap(value: Value | undefined): ValueMap {
  return isMap(value) ? value : {};
}
