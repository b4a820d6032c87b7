import { randomBytes } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { isFault } from "../../src/core/fault.ts";
import type { ObjectRef } from "../../src/core/refs.ts";
import type { LiveSource } from "../../src/core/stages.ts";
import { openCluster } from "../../src/live/cluster.ts";
import { createDigester } from "../../src/text/digest.ts";
import { refuse, send, startFakeApi } from "./fake-api.ts";
import type { FakeApi, Route } from "./fake-api.ts";

const WEB: ObjectRef = { apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name: "web" };
const PATH = "/apis/apps/v1/namespaces/shop/deployments/web";

const opened: { readonly api: FakeApi; readonly source: LiveSource }[] = [];

afterEach(async () => {
  for (const { api, source } of opened.splice(0)) {
    await source.close();
    await api.close();
  }
});

type Told = Promise<{ readonly told: unknown; readonly asked: number }>;

/** What is told of the object, or of its metadata, and how much was asked for to tell it. */
async function look(ref: ObjectRef, route?: Route, by: "look" | "readAgain" = "look"): Told {
  const api = await startFakeApi(route === undefined ? {} : { route });
  const limits = { retryMilliseconds: 1, maxRetryMilliseconds: 20, requestMilliseconds: 2000 };
  const digester = createDigester(randomBytes(32));
  const source = await openCluster({ kubeconfig: api.kubeconfig, digester, limits });
  if (isFault(source)) throw new Error(JSON.stringify(source));
  opened.push({ api, source });
  const before = api.requests.length;
  return { told: await source[by]?.(ref), asked: api.requests.length - before };
}

test("an object's metadata is asked for, and nothing else of it", async () => {
  let accept: string | undefined;
  const { told, asked } = await look(WEB, (request, response) => {
    if (request.url !== PATH) return false;
    ({ accept } = request.headers);
    return send(response, { kind: "PartialObjectMetadata", metadata: { name: "web", uid: "u" } });
  });
  expect(told).toEqual({ metadata: { name: "web", uid: "u" } });
  expect(asked).toBe(1);
  expect(accept).toContain("PartialObjectMetadata");
});

test("an object is read again as lists give it", async () => {
  const printed = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", namespace: "shop", uid: "u" } };
  const route: Route = (request, response) => (request.url === PATH ? send(response, printed) : false);
  expect(await look(WEB, route, "readAgain")).toEqual({
    told: { ref: WEB, value: printed, managers: [] },
    asked: 1,
  });
});

test("a Secret is never read again", async () => {
  const secret = { apiVersion: "v1", kind: "Secret", namespace: "shop", name: "web" };
  expect(await look(secret, undefined, "readAgain")).toEqual({ told: undefined, asked: 0 });
});

test.each<[string, number, unknown]>([
  ["is not there", 404, "absent"],
  ["may not be read", 403, undefined],
])("an object that %s", async (_, status, expected) => {
  const { told } = await look(WEB, (request, response) =>
    request.url === PATH ? refuse(response, status, "no") : false,
  );
  expect(told).toEqual(expected);
  const again = await look(
    WEB,
    (request, response) => (request.url === PATH ? refuse(response, status, "no") : false),
    "readAgain",
  );
  expect(again.told).toEqual(expected);
});

test.each<[string, Partial<ObjectRef>]>([
  ["is of a kind that nobody serves", { kind: "Ghost" }],
  ["has no name", { name: "" }],
  ["is called `..`", { name: ".." }],
  ["has a slash in its name", { name: "../../../v1/secrets" }],
  ["has a slash in its name that is escaped", { name: "a%2fb" }],
  ["is in a namespace called `..`", { namespace: ".." }],
])("an object that %s is not asked for", async (_, more) => {
  expect(await look({ ...WEB, ...more })).toEqual({ told: undefined, asked: 0 });
});

test("an object of a namespaced kind without a namespace is not asked for", async () => {
  const { namespace: _namespace, ...ref } = WEB;
  expect(await look(ref)).toEqual({ told: undefined, asked: 0 });
});
