/** Writes what a query reads to a folder, to be scanned later without the cluster. */

import { appendFile, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import { SNAPSHOT_MARKER } from "../core/markers.ts";
import type { LiveObject } from "../core/objects.ts";
import { groupOf, kindKey, versionOf } from "../core/refs.ts";
import type { KindRef } from "../core/refs.ts";
import type { LiveEvent, LiveQuery, LiveSource, Progress } from "../core/stages.ts";
import type { Value } from "../core/value.ts";
import { interrupted, undeclaredUnread } from "./faults.ts";
import { printJson } from "../yaml/json.ts";
import { toPrinted } from "./objects.ts";
import { outputUnwritable } from "./snapshot-faults.ts";
import { printManifest } from "./snapshot-manifest.ts";
import type { SnapshotFile, SnapshotKind } from "./snapshot-manifest.ts";

/** Objects of the whole cluster: no namespace is called so. */
const CLUSTER_FOLDER = "_cluster";

export interface WriteOptions {
  readonly source: LiveSource;
  readonly query: LiveQuery;
  /** The folder: absent, empty, or a snapshot, which is then replaced. */
  readonly out: string;
  /** Id of the key under which the source digests Secrets. */
  readonly digestKey: string;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

/** `faults`: what could not be read. The snapshot notes it, so that nobody takes it for absence. */
export interface WrittenSnapshot {
  readonly objects: number;
  readonly faults: readonly Fault[];
}

/**
 * Writes `.holdfast-snapshot` (the manifest) and one file for each kind and namespace, `shop/Deployment.v1.apps.jsonl`:
 * an object a line, as JSON, in the order in which the source gives them, Secrets as digests, managedFields kept. The
 * same objects give the same bytes. All is written beside the folder first and takes its place at the end, so that an
 * interruption leaves either what was there or the whole. Faults: `output-unwritable`, `interrupted`.
 */
export async function writeSnapshot(options: WriteOptions): Promise<WrittenSnapshot | Fault> {
  const out = resolve(options.out);
  let folder: string | undefined;
  try {
    const problem = await refusal(out);
    if (problem !== undefined) return outputUnwritable(options.out, problem);
    await mkdir(dirname(out), { recursive: true });
    folder = await mkdtemp(join(dirname(out), `.${basename(out)}-`));
    const written = await fill(options, folder);
    if (isFault(written)) return written;
    await replace(out, folder);
    return written;
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (typeof code !== "string") throw error;
    return outputUnwritable(options.out, code === "ENOSPC" ? "the disk is full" : code);
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Why the folder is not to be replaced: it is somebody's, not a snapshot. */
async function refusal(out: string): Promise<string | undefined> {
  const entries = await readdir(out).catch((error: unknown): string[] => {
    if ((error as { readonly code?: unknown }).code === "ENOENT") return [];
    throw error;
  });
  return entries.length === 0 || entries.includes(SNAPSHOT_MARKER) ? undefined : "it holds something else";
}

/** Two renames: between them, for a moment, there is no snapshot, but never half of one. */
async function replace(out: string, folder: string): Promise<void> {
  const old = `${folder}-old`;
  const before = await stat(out).then(
    () => true,
    () => false,
  );
  if (before) await rename(out, old);
  try {
    await rename(folder, out);
  } catch (error) {
    if (before) await rename(old, out);
    throw error;
  }
  if (before) await rm(old, { recursive: true });
}

interface Writing {
  readonly folder: string;
  readonly source: LiveSource;
  /** kindKey()s of what Git declares nothing of. */
  readonly undeclared: ReadonlySet<string>;
  /** By API version and kind as served. */
  readonly kinds: Map<string, KindRecord>;
  readonly faults: Set<Fault>;
  /** Kinds that Git does not declare and that may not be listed. */
  readonly refused: KindRef[];
  objects: number;
}

interface KindRecord {
  readonly of: KindRef;
  readonly read: Set<string>;
  readonly unread: Map<string | undefined, string>;
  readonly files: Map<string, SnapshotFile>;
}

async function fill(options: WriteOptions, folder: string): Promise<WrittenSnapshot | Fault> {
  const { source, query, digestKey, signal, progress } = options;
  const undeclared = new Set(query.kinds.flatMap((kind) => (kind.undeclared === true ? [kindKey(kind)] : [])));
  const writing: Writing = { folder, source, undeclared, kinds: new Map(), faults: new Set(), refused: [], objects: 0 };
  for await (const event of source.read(query)) {
    if (signal?.aborted === true) return interrupted(source.cluster.name);
    const problem = await record(writing, event);
    if (problem !== undefined) return problem;
    if (event.kind === "objects") progress?.({ stage: "snapshot", what: "objects", done: writing.objects });
  }
  // Without events, an interruption shows here alone.
  if (signal?.aborted === true) return interrupted(source.cluster.name);
  const { cluster } = source;
  const kinds = [...writing.kinds.values()].map((kind) => toEntry(source, kind));
  const lacks = query.kinds.filter((kind) => source.lacks(kind)).map(({ apiVersion, kind }) => ({ apiVersion, kind }));
  const schemas = kinds.flatMap(({ of }) => {
    const schema = source.schemas.schemaOf(of.apiVersion, of.kind);
    return schema === undefined ? [] : [{ ...of, schema }];
  });
  await writeFile(join(folder, SNAPSHOT_MARKER), printManifest({ cluster, digestKey, kinds, lacks, schemas }));
  const { refused } = writing;
  const faults = [...writing.faults, ...(refused.length === 0 ? [] : [undeclaredUnread(refused)])];
  return { objects: writing.objects, faults };
}

async function record(writing: Writing, event: LiveEvent): Promise<Fault | undefined> {
  switch (event.kind) {
    case "objects":
      await append(writing, event.objects);
      return undefined;
    case "read":
      recordOf(writing, event.of).read.add(event.namespace ?? "*");
      return undefined;
    case "unread":
      if (event.fault.code === "interrupted") return event.fault;
      recordOf(writing, event.of).unread.set(event.namespace, event.fault.code);
      if (!writing.undeclared.has(kindKey(event.of))) writing.faults.add(event.fault);
      else if (event.fault.code === "list-forbidden") writing.refused.push(event.of);
      else writing.faults.add({ ...event.fault, leavesUnknown: "undeclared" });
      return undefined;
    case "fault":
      writing.faults.add(event.fault);
      return undefined;
  }
}

/** The record of the kind as served: what Git calls it may be another version. */
function recordOf({ kinds, source }: Writing, of: KindRef): KindRecord {
  const { apiVersion, kind } = source.served(of) ?? of;
  const key = `${apiVersion}\0${kind}`;
  const known = kinds.get(key);
  if (known !== undefined) return known;
  const made: KindRecord = { of: { apiVersion, kind }, read: new Set(), unread: new Map(), files: new Map() };
  kinds.set(key, made);
  return made;
}

async function append(writing: Writing, objects: readonly LiveObject[]): Promise<void> {
  const texts = new Map<string, string[]>();
  for (const object of objects) {
    const { ref } = object;
    const file = fileOf(ref, ref.namespace);
    const { files } = recordOf(writing, ref);
    const count = (files.get(file)?.objects ?? 0) + 1;
    files.set(file, { file, ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }), objects: count });
    const lines = texts.get(file) ?? [];
    lines.push(printLine(toPrinted(object)));
    texts.set(file, lines);
  }
  for (const [file, lines] of texts) {
    const path = join(writing.folder, file);
    await mkdir(dirname(path), { recursive: true });
    await appendFile(path, lines.join(""));
  }
  writing.objects += objects.length;
}

/** `shop/Deployment.v1.apps.jsonl` */
function fileOf({ apiVersion, kind }: KindRef, namespace: string | undefined): string {
  const group = groupOf(apiVersion);
  const name = [kind, versionOf(apiVersion), ...(group === "" ? [] : [group])].join(".");
  return `${namespace === undefined ? CLUSTER_FOLDER : safeName(namespace)}/${safeName(name)}.jsonl`;
}

/** Names that a cluster gives are safe already; those of a dump may be anything. */
function safeName(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9._-]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return plain.replace(/^\./, "%002e").replace(/^$/, "%");
}

function printLine(value: Value): string {
  return `${printJson(value)}\n`;
}

function toEntry(source: LiveSource, { of, read, unread, files }: KindRecord): SnapshotKind {
  const served = source.served(of);
  return {
    of,
    ...(served === undefined ? {} : { served }),
    read: [...read],
    unread: [...unread].map(([namespace, code]) => ({ ...(namespace === undefined ? {} : { namespace }), code })),
    files: [...files.values()],
  };
}
