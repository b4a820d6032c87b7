// Asking for dry runs: what is sent (never a write), what is not sent at all, and what each refusal is told as.

import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { afterEach, describe, expect, it, test } from "vitest";
import { isFault } from "../../src/core/fault.ts";
import type { LiveObject } from "../../src/core/objects.ts";
import { fields } from "../../src/core/path.ts";
import type { FieldPath } from "../../src/core/path.ts";
import type { DryRunSource, LiveSource } from "../../src/core/stages.ts";
import type { ValueMap } from "../../src/core/value.ts";
import { openCluster } from "../../src/live/cluster.ts";
import { createDigester } from "../../src/text/digest.ts";
import { desiredOf, liveOf } from "../drift/objects.ts";
import { send, startFakeApi } from "./fake-api.ts";
import type { FakeApi } from "./fake-api.ts";

const digester = createDigester(randomBytes(32));

const MAP = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "web", namespace: "shop", uid: "u", resourceVersion: "7", labels: { a: "b" } },
  data: { key: "value" },
};

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly type: string | undefined;
  readonly body: string;
}

type Reply = (response: ServerResponse, sent: Sent) => void;

const opened: { readonly api: FakeApi; readonly source: LiveSource }[] = [];

afterEach(async () => {
  for (const { api, source } of opened.splice(0)) {
    await source.close();
    await api.close();
  }
});

/** A cluster that answers each PATCH as told; everything that was sent is written down. */
async function asked(reply: Reply = (response) => send(response, MAP), openapi?: object) {
  const sent: Sent[] = [];
  const route = (request: IncomingMessage, response: ServerResponse): boolean => {
    if (request.url?.startsWith("/openapi/") === true && openapi !== undefined) return send(response, openapi);
    if (request.method === "GET") return false;
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const one = {
        method: request.method ?? "",
        url: request.url ?? "",
        type: request.headers["content-type"],
        body: Buffer.concat(chunks).toString(),
      };
      sent.push(one);
      reply(response, one);
    });
    return true;
  };
  const api = await startFakeApi({ route });
  const limits = { retryMilliseconds: 1, idleMilliseconds: 500, attempts: 2 };
  const source = await openCluster({ kubeconfig: api.kubeconfig, digester, limits, dryRun: true });
  if (isFault(source)) throw new Error(source.message);
  opened.push({ api, source });
  const { dryRun } = source;
  if (dryRun === undefined) throw new Error("no dry run");
  return { sent, dryRun, source };
}

function apply(dryRun: DryRunSource, value: ValueMap = MAP, manager = "kubectl") {
  return dryRun.applied({ desired: desiredOf(value), live: liveOf(value), manager });
}

function item(name: string): FieldPath {
  return [...fields("spec", "list"), { kind: "key", keys: { name } }];
}

function status(code: number, more: object = {}): Reply {
  return (response) => send(response, { kind: "Status", apiVersion: "v1", code, ...more }, code);
}

it("is not there unless it was asked for", async () => {
  const api = await startFakeApi();
  const source = await openCluster({ kubeconfig: api.kubeconfig, digester });
  if (isFault(source)) throw new Error(source.message);
  opened.push({ api, source });
  expect(source.dryRun).toBeUndefined();
});

describe("an apply", () => {
  it("sends what Git declares, as the manager that is named, and as a dry run", async () => {
    const { sent, dryRun } = await asked();
    const big = { ...MAP, data: { key: "value", number: 9007199254740993n }, status: { a: 1 } } as unknown as ValueMap;
    const predicted = await apply(dryRun, big, "argocd-controller");
    expect("kind" in predicted).toBe(false);
    expect((predicted as LiveObject).value["data"]).toEqual({ key: "value" });
    const [{ method, url, type, body }] = sent as [Sent];
    expect([method, type]).toEqual(["PATCH", "application/apply-patch+yaml"]);
    const query = new URL(url, "http://fake").searchParams;
    expect(url.split("?")[0]).toBe("/api/v1/namespaces/shop/configmaps/web");
    expect(Object.fromEntries(query)).toEqual({
      dryRun: "All",
      fieldManager: "argocd-controller",
      fieldValidation: "Ignore",
      force: "true",
    });
    expect(body).toBe(
      '{"apiVersion":"v1","kind":"ConfigMap","data":{"key":"value","number":9007199254740993},"metadata":{"labels":{"a":"b"},"name":"web","namespace":"shop"}}',
    );
  });

  it("keeps its dry run whatever names are in it", async () => {
    const { sent, dryRun } = await asked();
    const name = "web?dryRun=&x=#%2f..";
    await apply(dryRun, { ...MAP, metadata: { name, namespace: "shop" } }, "a&dryRun=&b");
    const [{ url }] = sent as [Sent];
    const { pathname, searchParams } = new URL(url, "http://fake");
    expect(pathname).toBe(`/api/v1/namespaces/shop/configmaps/${encodeURIComponent(name)}`);
    expect(searchParams.getAll("dryRun")).toEqual(["All"]);
  });

  test.each<readonly [string, ValueMap, RegExp]>([
    ["a Secret", { ...MAP, kind: "Secret" }, /digests only/],
    ["a digest anywhere", { ...MAP, data: { key: { deep: [digester.digest("x")] } } }, /digests only/],
    [
      "another version than is served",
      { ...MAP, apiVersion: "apps/v9", kind: "Deployment" },
      /in the version that Git/,
    ],
    ["a kind that is not served", { ...MAP, apiVersion: "none/v1", kind: "Nothing" }, /does not serve Nothing.none/],
    ["a name that leads elsewhere", { ...MAP, metadata: { name: ".." } }, /./],
    [
      "a custom kind whose server does not name dryRun",
      { ...MAP, apiVersion: "shop.example/v1", kind: "Widget" },
      /no dry runs/,
    ],
  ])("is not sent for %s", async (_what, value, why) => {
    const { sent, dryRun } = await asked();
    const answer = await apply(dryRun, value);
    expect(answer).toMatchObject({ kind: "unpredicted", why: expect.stringMatching(why) });
    expect(sent).toEqual([]);
    // Only what nobody can change is no fault.
    expect("byDesign" in answer).toBe(String(why).includes("digests only"));
  });

  it("is sent to a custom kind whose server names dryRun", async () => {
    const widget = { ...MAP, apiVersion: "shop.example/v1", kind: "Widget" };
    const patch = {
      parameters: [{ name: "dryRun", in: "query" }],
      "x-kubernetes-group-version-kind": { kind: "Widget" },
    };
    const { sent, dryRun } = await asked((response) => send(response, widget), { paths: { "/x/{name}": { patch } } });
    expect("kind" in (await apply(dryRun, widget))).toBe(false);
    expect(sent).toHaveLength(1);
  });

  test.each<readonly [string, Reply, string]>([
    [
      "a webhook with side effects",
      status(400, { message: 'admission webhook "a.b" does not support dry run' }),
      "the webhook a.b has side effects",
    ],
    [
      "a webhook that denies",
      status(403, { message: 'admission webhook "a.b" denied the request: password=hunter2' }),
      "the webhook a.b denies them",
    ],
    [
      "a policy that denies",
      status(422, {
        message: "x \"web\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: hunter2",
      }),
      "the ValidatingAdmissionPolicy p denies them",
    ],
    [
      "no right to patch",
      status(403, {
        message: 'configmaps "web" is forbidden: User "hunter2" cannot patch resource "configmaps" in API group ""',
      }),
      "ConfigMap may not be patched, not even for a dry run",
    ],
    [
      "an escalation of rights",
      status(403, { message: "attempting to grant RBAC permissions not currently held: hunter2" }),
      "the API server forbids ConfigMap as Git has it (escalation of rights, a quota)",
    ],
    [
      "an immutable field, whose name alone is told",
      status(422, {
        message: 'Invalid value: "hunter2"',
        details: {
          causes: [
            { field: "spec.selector", message: "hunter2" },
            { field: "spec.ports[0].nodePort", message: "hunter2" },
            { field: "data[hunter2]" },
            { field: "hunter2 is no path" },
          ],
        },
      }),
      "the API server does not take ConfigMap as Git has it: spec.ports[0].nodePort, spec.selector",
    ],
    ["an object that is gone", status(404), "they were deleted meanwhile"],
    ["an object that would be created", (response) => send(response, MAP, 201), "they were deleted meanwhile"],
    ["a conflict", status(409, { message: "hunter2" }), "they were changed meanwhile, or what refers to them was"],
    ["no server-side apply", status(415), "the server knows no server-side apply"],
    ["a server that is busy", status(429), "the API server is too busy"],
    ["a server that fails", status(500, { message: "hunter2" }), "the API server failed (500)"],
    ["anything else", status(418, { message: "hunter2" }), "the API server refuses it (418)"],
    ["an answer that is no JSON", (response) => send(response, "hunter2"), "the answer was no such object"],
    [
      "another object",
      (response) => send(response, { ...MAP, metadata: { name: "other" } }),
      "the answer was no such object",
    ],
  ])("tells of %s, and quotes nothing of the answer", async (_what, reply, why) => {
    const { dryRun } = await asked(reply);
    const told = await apply(dryRun);
    expect(told).toMatchObject({ kind: "unpredicted", why });
    expect(JSON.stringify(told)).not.toContain("hunter2");
  });

  it("gives a server that does not answer up, and goes on reading", async () => {
    const { sent, dryRun, source } = await asked((response) => void response.socket?.destroy());
    for (let time = 0; time < 5; time++) expect(await apply(dryRun)).toMatchObject({ kind: "unpredicted" });
    // Two tries of each of the first three.
    expect(sent).toHaveLength(6);
    const events = [];
    const kinds = [{ apiVersion: "v1", kind: "ConfigMap" }];
    for await (const event of source.read({ kinds, namespaces: ["shop"], secrets: false })) events.push(event.kind);
    expect(events).toEqual(["read"]);
  });

  it("is not sent again where a kind may not be patched in a namespace, or its server fails again and again", async () => {
    const forbidden = await asked(status(403, { message: 'User "x" cannot patch resource "configmaps"' }));
    for (let time = 0; time < 3; time++) await apply(forbidden.dryRun);
    expect(forbidden.sent).toHaveLength(1);
    await apply(forbidden.dryRun, { ...MAP, metadata: { name: "web", namespace: "other" } });
    expect(forbidden.sent).toHaveLength(2);
    const failing = await asked(status(500));
    for (let time = 0; time < 5; time++) await apply(failing.dryRun);
    expect(failing.sent).toHaveLength(3);
  });

  it("waits as long as a busy server asks for, and tries again", async () => {
    let times = 0;
    const { sent, dryRun } = await asked((response) => {
      if (times++ > 0) return send(response, MAP);
      response.writeHead(429, { "retry-after": "0.01" });
      return response.end();
    });
    expect("kind" in (await apply(dryRun))).toBe(false);
    expect(sent).toHaveLength(2);
  });
});

describe("taking fields away", () => {
  const DEPLOYMENT: ValueMap = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "shop", annotations: { "a/b~c": "<x>" } },
    spec: { list: [{ name: "a" }, { name: "b" }, { name: "c" }], set: ["x", "y"] },
  };

  it("is JSON Patch: first that they are still there, then their removal, a list's last items first", async () => {
    const { sent, dryRun } = await asked((response) => send(response, DEPLOYMENT));
    const annotation = fields("metadata", "annotations", "a/b~c");
    const predicted = await dryRun.without(liveOf(DEPLOYMENT), [item("a"), annotation, item("c")]);
    expect("kind" in predicted).toBe(false);
    const [{ method, url, type, body }] = sent as [Sent];
    expect([method, type]).toEqual(["PATCH", "application/json-patch+json"]);
    expect(new URL(url, "http://fake").searchParams.get("dryRun")).toBe("All");
    expect(body).toContain('"\\u003cx\\u003e"');
    expect(JSON.parse(body)).toEqual([
      { op: "test", path: "/spec/list/0", value: { name: "a" } },
      { op: "test", path: "/metadata/annotations/a~1b~0c", value: "<x>" },
      { op: "test", path: "/spec/list/2", value: { name: "c" } },
      { op: "remove", path: "/metadata/annotations/a~1b~0c" },
      { op: "remove", path: "/spec/list/2" },
      { op: "remove", path: "/spec/list/0" },
    ]);
  });

  it("is not asked for what is not there", async () => {
    const { sent, dryRun } = await asked();
    expect(await dryRun.without(liveOf(DEPLOYMENT), [item("none")])).toMatchObject({ kind: "unpredicted" });
    expect(sent).toEqual([]);
  });
});
