/** A folder that `holdfast snapshot` wrote, read file by file and line by line: nothing is kept. */

import { createReadStream } from "node:fs";
import { join } from "node:path";
import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import type { LiveObject } from "../core/objects.ts";
import { kindKey } from "../core/refs.ts";
import type { KindRef } from "../core/refs.ts";
import type { LiveEvent, LiveQuery, LiveSource } from "../core/stages.ts";
import type { Digester } from "../text/digest.ts";
import { parseJson } from "./json.ts";
import { toLiveObject } from "./objects.ts";
import { isSecret } from "./secrets.ts";
import { kindMissing, namespaceMissing, notRead, secretsOtherKey, snapshotInvalid } from "./snapshot-faults.ts";
import type { SnapshotFile, SnapshotKind, SnapshotManifest } from "./snapshot-manifest.ts";

/** Objects an event. */
const PAGE = 500;

/** The longest line: etcd keeps no object of more than a few megabytes. */
const MAX_LINE_BYTES = 32 * 1024 * 1024;

export interface MarkedOptions {
  readonly folder: string;
  readonly manifest: SnapshotManifest;
  readonly digester: Digester;
}

/**
 * The source says of each kind what the manifest says. Digests of Secrets are handed on as they stand; under another
 * key than the digester's, that is told by one fault `secrets-other-key` where the query asks for Secrets.
 */
export function markedSnapshot(options: MarkedOptions): LiveSource {
  const { manifest } = options;
  const schemas = new Map(manifest.schemas.map(({ apiVersion, kind, schema }) => [`${apiVersion}\0${kind}`, schema]));
  return {
    cluster: manifest.cluster,
    served: (kind) => entryOf(manifest, kind)?.served,
    lacks: (kind) =>
      manifest.lacks.some(({ apiVersion, kind: name }) => apiVersion === kind.apiVersion && name === kind.kind),
    listable: [...new Map(manifest.kinds.map(({ of, served }) => [kindKey(of), served])).values()].filter(
      (served) => served !== undefined,
    ),
    schemas: { schemaOf: (apiVersion, kind) => schemas.get(`${apiVersion}\0${kind}`) },
    read: (query) => readMarked(options, query),
    close: async () => undefined,
  };
}

function entryOf({ kinds }: SnapshotManifest, kind: KindRef): SnapshotKind | undefined {
  const versions = kinds.filter(({ of }) => kindKey(of) === kindKey(kind));
  return versions.find(({ of }) => of.apiVersion === kind.apiVersion) ?? versions[0];
}

async function* readMarked(options: MarkedOptions, query: LiveQuery): AsyncGenerator<LiveEvent, void, undefined> {
  const { folder, manifest, digester } = options;
  const given = new Map<SnapshotKind, Fault | undefined>();
  for (const of of query.kinds) {
    const secret = isSecret({ ...of });
    if (secret && !query.secrets) continue;
    const entry = entryOf(manifest, of);
    if (entry === undefined) {
      yield { kind: "unread", of, fault: kindMissing(folder, of) };
      continue;
    }
    if (!given.has(entry)) {
      if (secret && manifest.digestKey !== digester.keyId && entry.files.length > 0) {
        yield { kind: "fault", fault: secretsOtherKey(folder, manifest.digestKey) };
      }
      given.set(entry, yield* readFiles(options, entry, query));
    }
    const broken = given.get(entry);
    if (broken === undefined) yield* whereRead({ folder, entry, of }, query);
    else yield { kind: "unread", of, fault: broken };
  }
}

/** The objects that the query asks for; answers why they are not all. */
async function* readFiles(
  options: MarkedOptions,
  entry: SnapshotKind,
  query: LiveQuery,
): AsyncGenerator<LiveEvent, Fault | undefined, undefined> {
  for (const file of entry.files) {
    if (!isAsked(file.namespace, query)) continue;
    let page: LiveObject[] = [];
    for await (const object of objectsOf(options, entry, file)) {
      if (isFault(object)) return object;
      page.push(object);
      if (page.length < PAGE) continue;
      yield { kind: "objects", objects: page };
      page = [];
    }
    if (page.length > 0) yield { kind: "objects", objects: page };
  }
  return undefined;
}

async function* objectsOf(
  { folder, digester }: MarkedOptions,
  { of }: SnapshotKind,
  { file, namespace, objects }: SnapshotFile,
): AsyncGenerator<LiveObject | Fault, void, undefined> {
  const path = join(folder, file);
  let line = 0;
  try {
    for await (const bytes of linesOf(path)) {
      line++;
      const value = bytes === undefined ? undefined : parseJson(bytes);
      const object = value === undefined ? undefined : toLiveObject(value, { digester, keepDigests: true });
      if (
        object?.ref.kind !== of.kind ||
        object.ref.apiVersion !== of.apiVersion ||
        object.ref.namespace !== namespace
      ) {
        return yield snapshotInvalid(path, `No ${of.kind} stands here`, { file: path, line });
      }
      yield object;
    }
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (typeof code !== "string") throw error;
    return yield snapshotInvalid(path, `${path} cannot be read (${code})`);
  }
  if (line !== objects)
    yield snapshotInvalid(path, `${path} holds ${line} objects where the snapshot names ${objects}`);
}

/** Lines end at LF alone: JSON's strings may hold U+2028. `undefined` for a line over the limit, and no more follow. */
async function* linesOf(path: string): AsyncGenerator<Buffer | undefined, void, undefined> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) {
    const bytes = chunk as Buffer;
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      yield Buffer.concat([...parts, bytes.subarray(start, end)]);
      parts = [];
      size = 0;
      start = end + 1;
    }
    if (start < bytes.length) parts.push(bytes.subarray(start));
    size += bytes.length - start;
    if (size > MAX_LINE_BYTES) return yield undefined;
  }
  if (parts.length > 0) yield Buffer.concat(parts);
}

interface Asked {
  readonly folder: string;
  readonly entry: SnapshotKind;
  readonly of: KindRef;
}

function* whereRead({ folder, entry, of }: Asked, query: LiveQuery): Generator<LiveEvent, void, undefined> {
  const everywhere = entry.read.includes("*");
  if (entry.served?.namespaced === false || query.namespaces === "all") {
    if (everywhere) return yield { kind: "read", of };
    for (const namespace of entry.read) yield { kind: "read", of, namespace };
    for (const where of entry.unread) yield { kind: "unread", of, ...scope(where), fault: notRead(folder, of, where) };
    return;
  }
  const nowhere = entry.unread.find((where) => where.namespace === undefined);
  if (nowhere !== undefined) return yield { kind: "unread", of, fault: notRead(folder, of, nowhere) };
  for (const namespace of query.namespaces) {
    if (everywhere || entry.read.includes(namespace)) {
      yield { kind: "read", of, namespace };
      continue;
    }
    const where = entry.unread.find((unread) => unread.namespace === namespace);
    const fault = where === undefined ? namespaceMissing(folder, namespace) : notRead(folder, of, where);
    yield { kind: "unread", of, namespace, fault };
  }
}

function scope({ namespace }: { readonly namespace?: string }): { readonly namespace?: string } {
  return namespace === undefined ? {} : { namespace };
}

function isAsked(namespace: string | undefined, { namespaces }: LiveQuery): boolean {
  return namespace === undefined || namespaces === "all" || namespaces.includes(namespace);
}
