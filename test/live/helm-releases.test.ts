// What Helm noted of its releases, as the API server gives it.

import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { HelmRelease } from "../../src/core/stages.ts";
import type { Api } from "../../src/live/api.ts";
import { openReleases } from "../../src/live/helm-releases.ts";
import { digester } from "../desired/repositories.ts";

const MANIFEST = `---
# Source: web/templates/a.yaml
apiVersion: v1
kind: ConfigMap
metadata: { name: web }
data: { a: "1" }
---
apiVersion: v1
kind: Secret
metadata: { name: web }
stringData: { key: s3cr3t-canary }
`;

function packed(text: string | Buffer): string {
  return Buffer.from(gzipSync(text).toString("base64")).toString("base64");
}

function secret(version: string, release: string, type = "helm.sh/release.v1", status = "deployed"): object {
  return { metadata: { labels: { version, status } }, type, data: { release } };
}

/** Answers each request with the list, and keeps what was asked. */
function apiOf(items: readonly object[], status = 200): { readonly api: Api; readonly asked: string[] } {
  const asked: string[] = [];
  const body = Buffer.from(JSON.stringify({ kind: "SecretList", items }));
  const get: Api["get"] = async (path) => {
    asked.push(decodeURIComponent(path));
    return { kind: "answer", status, body };
  };
  return { api: { server: "https://127.0.0.1", get, close: () => undefined }, asked };
}

function released(manifest: string): string {
  return packed(JSON.stringify({ name: "web", manifest }));
}

async function read(items: readonly object[], status?: number): Promise<HelmRelease | undefined> {
  return await openReleases(apiOf(items, status).api, digester)("shop", "web");
}

test("the newest revision's objects, without any secret, asked for once", async () => {
  const { api, asked } = apiOf([
    secret("9", released(MANIFEST.replace('"1"', '"9"'))),
    secret("10", released(MANIFEST)),
    secret("11", released("{}"), "Opaque"),
  ]);
  const releases = openReleases(api, digester);
  const release = await releases("shop", "web");
  expect(release?.deployed).toMatchObject({ revision: 10, status: "deployed" });
  expect(release?.deployed?.objects).toMatchObject([{ kind: "ConfigMap", data: { a: "1" } }, { kind: "Secret" }]);
  expect(release?.attempts).toEqual([]);
  expect(JSON.stringify(release)).not.toContain("s3cr3t-canary");
  await releases("shop", "web");
  const states = "deployed,failed,pending-install,pending-upgrade,pending-rollback";
  const selector = `owner=helm,name=web,status in (${states})`;
  expect(asked).toEqual([`/api/v1/namespaces/shop/secrets?labelSelector=${selector}&limit=20`]);
});

const OLD = released(MANIFEST.replace('"1"', '"old"'));
const TYPE = "helm.sh/release.v1";

test("what was tried since the last deployment, newest first, and nothing that came before it", async () => {
  const release = await read([
    secret("1", OLD, TYPE, "failed"),
    secret("3", released(MANIFEST), TYPE, "pending-upgrade"),
    secret("2", OLD, TYPE, "failed"),
    secret("10", released(MANIFEST), TYPE, "failed"),
    secret("1", released(MANIFEST)),
  ]);
  expect(release?.deployed?.revision).toBe(1);
  expect(release?.attempts).toMatchObject([
    { revision: 10, status: "failed", objects: [{ data: { a: "1" } }, {}] },
    { revision: 3, status: "pending-upgrade", objects: [{ data: { a: "1" } }, {}] },
    { revision: 2, status: "failed", objects: [{ data: { a: "old" } }, {}] },
  ]);
});

test("a first installation that failed deployed nothing, and what does not parse of it tells nothing of objects", async () => {
  const release = await read([secret("1", released("a: ["), TYPE, "failed")]);
  expect(release).toEqual({ attempts: [{ revision: 1, status: "failed", objects: [] }] });
});

test.each<readonly [string, readonly object[], number]>([
  ["no release", [], 200],
  ["no right to read", [secret("1", released(MANIFEST))], 403],
  ["what is not packed", [secret("1", "bm90IHBhY2tlZA==")], 200],
  ["what is no JSON", [secret("1", packed("{"))], 200],
  ["JSON without a manifest", [secret("1", packed("{}"))], 200],
  ["a manifest that does not parse", [secret("1", released(`${MANIFEST}---\na: [\n`))], 200],
  ["what unpacks to more than anybody would deploy", [secret("1", packed(Buffer.alloc(64 * 1024 * 1024, 32)))], 200],
  ["items of another form", [{ data: null }, { type: "helm.sh/release.v1", data: { release: 1 } }], 200],
])("%s tells nothing", async (_what, items, status) => {
  expect(await read(items, status)).toBeUndefined();
});

test.each([
  ["shop/../../x", "web"],
  ["shop", "web,owner!=helm"],
  ["shop", ""],
])("names that Helm would not take are not asked for: %s %s", async (namespace, release) => {
  const { api, asked } = apiOf([]);
  expect(await openReleases(api, digester)(namespace, release)).toBeUndefined();
  expect(asked).toEqual([]);
});
