/**
 * What Helm noted of a release: the manifest in its newest deployed release Secret, and in those of what it tried since (helm
 * `pkg/storage/driver/secrets.go` and `util.go`: base64 of gzip of JSON, and once more base64 as a Secret's value). Read only
 * where somebody asks for a release, and only what the labels select.
 */

import { gunzip } from "node:zlib";
import { isFault } from "../core/fault.ts";
import type { HelmRelease, LiveSource, ReleaseRevision } from "../core/stages.ts";
import { fieldAt, fieldOf, isList, isMap, textOf } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";
import type { Digester } from "../text/digest.ts";
import { readYaml } from "../yaml/read.ts";
import type { Api } from "./api.ts";
import { parseJson } from "./json.ts";
import { isSecret, withoutSecretValues } from "./secrets.ts";

/** Unpacked: a Secret holds 1 MiB at most, and text of manifests packs some ten times. */
const MAX_BYTES = 32 * 1024 * 1024;

/** An upgrade that failed leaves the one before it `deployed` (helm `pkg/action/upgrade.go`); what was superseded is past. */
const STATES = ["deployed", "failed", "pending-install", "pending-upgrade", "pending-rollback"];

/** Helm keeps ten revisions of a release, unless it is told otherwise. */
const MAX_SECRETS = 20;
const MAX_ATTEMPTS = 3;

/** A release's name, as Helm takes it (`pkg/chart/util/validate_name.go`): it becomes part of a request. */
const NAME = /^[a-z0-9](?:[-a-z0-9.]{0,51}[a-z0-9])?$/;
const NAMESPACE = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** Each release is read once, when it is first asked for. Never rejects. */
export function openReleases(api: Api, digester: Digester): NonNullable<LiveSource["helmRelease"]> {
  const known = new Map<string, Promise<HelmRelease | undefined>>();
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

async function readRelease({ api, namespace, release, digester }: ReadRelease): Promise<HelmRelease | undefined> {
  const labels = encodeURIComponent(`owner=helm,name=${release},status in (${STATES.join(",")})`);
  const answer = await api.get(`/api/v1/namespaces/${namespace}/secrets?labelSelector=${labels}&limit=${MAX_SECRETS}`);
  if (isFault(answer) || answer.kind !== "answer" || answer.status !== 200) return undefined;
  const items = fieldOf(parseJson(answer.body), "items");
  const revisions = isList(items) ? newestFirst(items) : [];
  if (revisions.length === 0) return undefined;
  const last = revisions.findIndex(({ status }) => status === "deployed");
  const tried = revisions.slice(0, last < 0 ? undefined : last).slice(0, MAX_ATTEMPTS);
  const attempts: ReleaseRevision[] = [];
  for (const { item, ...one } of tried) attempts.push({ ...one, objects: (await objectsOf(item, digester)) ?? [] });
  const found = revisions[last];
  if (found === undefined) return { attempts };
  const { item, ...deployed } = found;
  const objects = await objectsOf(item, digester);
  return objects === undefined ? undefined : { deployed: { ...deployed, objects }, attempts };
}

type Noted = Omit<ReleaseRevision, "objects"> & { readonly item: Value };

/** By the number that Helm counts revisions with. */
function newestFirst(items: readonly Value[]): readonly Noted[] {
  return items
    .filter((item) => textOf(item, "type") === "helm.sh/release.v1")
    .map((item) => {
      const labels = fieldAt(item, "metadata", "labels");
      return { item, revision: Number(textOf(labels, "version") ?? 0), status: textOf(labels, "status") ?? "" };
    })
    .filter(({ revision, status }) => Number.isSafeInteger(revision) && STATES.includes(status))
    .toSorted((a, b) => b.revision - a.revision);
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
