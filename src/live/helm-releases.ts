/**
 * What Helm noted of a release that it deployed: the manifest in its newest deployed release Secret (helm
 * `pkg/storage/driver/secrets.go` and `util.go`: base64 of gzip of JSON, and once more base64 as a Secret's value). Read only
 * where somebody asks for a release, and only what the labels select.
 */

import { gunzip } from "node:zlib";
import { isFault } from "../core/fault.ts";
import type { LiveSource } from "../core/stages.ts";
import { fieldAt, fieldOf, isList, isMap, textOf } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";
import type { Digester } from "../text/digest.ts";
import { readYaml } from "../yaml/read.ts";
import type { Api } from "./api.ts";
import { parseJson } from "./json.ts";
import { isSecret, withoutSecretValues } from "./secrets.ts";

/** Unpacked: a Secret holds 1 MiB at most, and text of manifests packs some ten times. */
const MAX_BYTES = 32 * 1024 * 1024;

/** A release's name, as Helm takes it (`pkg/chart/util/validate_name.go`): it becomes part of a request. */
const NAME = /^[a-z0-9](?:[-a-z0-9.]{0,51}[a-z0-9])?$/;
const NAMESPACE = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** Each release is read once, when it is first asked for. Never rejects. */
export function openReleases(api: Api, digester: Digester): NonNullable<LiveSource["helmRelease"]> {
  const known = new Map<string, Promise<readonly ValueMap[] | undefined>>();
  return (namespace, release) => {
    if (!NAMESPACE.test(namespace) || !NAME.test(release)) return Promise.resolve(undefined);
    const key = `${namespace}/${release}`;
    const found = known.get(key) ?? readRelease({ api, namespace, release, digester });
    known.set(key, found);
    return found;
  };
}

interface ReadRelease {
  readonly api: Api;
  readonly namespace: string;
  readonly release: string;
  readonly digester: Digester;
}

async function readRelease({
  api,
  namespace,
  release,
  digester,
}: ReadRelease): Promise<readonly ValueMap[] | undefined> {
  const labels = encodeURIComponent(`owner=helm,name=${release},status=deployed`);
  const answer = await api.get(`/api/v1/namespaces/${namespace}/secrets?labelSelector=${labels}&limit=10`);
  if (isFault(answer) || answer.kind !== "answer" || answer.status !== 200) return undefined;
  const items = fieldOf(parseJson(answer.body), "items");
  const newest = isList(items) ? newestOf(items) : undefined;
  return newest === undefined ? undefined : await objectsOf(newest, digester);
}

/** By the number that Helm counts revisions with. */
function newestOf(items: readonly Value[]): Value | undefined {
  const revisions = items
    .filter((item) => textOf(item, "type") === "helm.sh/release.v1")
    .map((item) => ({ item, version: Number(textOf(fieldAt(item, "metadata", "labels"), "version") ?? 0) }));
  return revisions.toSorted((a, b) => b.version - a.version)[0]?.item;
}

async function objectsOf(secret: Value, digester: Digester): Promise<readonly ValueMap[] | undefined> {
  const data = textOf(fieldOf(secret, "data"), "release");
  if (data === undefined) return undefined;
  const packed = Buffer.from(Buffer.from(data, "base64").toString("latin1"), "base64");
  const text = await unpacked(packed);
  const manifest = text === undefined ? undefined : textOf(parseJson(text), "manifest");
  if (manifest === undefined) return undefined;
  const { documents, faults } = readYaml(manifest, { file: "release", maxBytes: MAX_BYTES });
  // What did not parse may be the object that is asked for.
  if (faults.some((fault) => fault.leavesUnknown === "declared")) return undefined;
  return documents.flatMap(({ value }) => {
    if (!isMap(value)) return [];
    return [isSecret(value) ? withoutSecretValues(value, { digester, keepDigests: false }) : value];
  });
}

/** Never more than the limit is unpacked. */
function unpacked(packed: Buffer): Promise<Buffer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
  gunzip(packed, { maxOutputLength: MAX_BYTES }, (error, bytes) => resolve(error === null ? bytes : undefined));
  return promise;
}
