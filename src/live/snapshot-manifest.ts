/** The file that marks a folder as a snapshot of holdfast's and says what was read, and what was not. */

import type { KindRef } from "../core/refs.ts";
import type { FieldSchema, ServedKind } from "../core/schema.ts";
import { fieldOf, isList, isMap, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { parseFieldSchema } from "./field-schema.ts";

export const SNAPSHOT_VERSION = "holdfast.dev/v1alpha1";

export interface SnapshotManifest {
  readonly cluster: { readonly name: string; readonly version: string };
  /** Id of the key under which Secrets were digested. */
  readonly digestKey: string;
  readonly kinds: readonly SnapshotKind[];
  /** API versions that were asked for and that the cluster does not serve. */
  readonly lacks: readonly KindRef[];
  /** Of custom resources: what the cluster itself said of them. */
  readonly schemas: readonly { readonly apiVersion: string; readonly kind: string; readonly schema: FieldSchema }[];
}

export interface SnapshotKind {
  /** As served; as asked for where the cluster serves none. */
  readonly of: KindRef;
  readonly served?: ServedKind;
  /** Where it was read to its end; `*`: everywhere. */
  readonly read: readonly string[];
  /** Where it was not; without a namespace: nowhere. `code` is the fault's. */
  readonly unread: readonly { readonly namespace?: string; readonly code: string }[];
  readonly files: readonly SnapshotFile[];
}

/** Objects of one kind and namespace, one a line, as JSON. */
export interface SnapshotFile {
  /** Below the folder, with `/`. */
  readonly file: string;
  readonly namespace?: string;
  /** How many: a file that was cut is noticed. */
  readonly objects: number;
}

/** The manifest's text: the same for the same content, whenever it is written. */
export function printManifest(manifest: SnapshotManifest): string {
  const { cluster, digestKey, kinds, lacks, schemas } = manifest;
  return `${JSON.stringify({ apiVersion: SNAPSHOT_VERSION, kind: "Snapshot", cluster, digestKey, kinds, lacks, schemas }, null, 2)}\n`;
}

/** The manifest, or what is wrong with it. */
export function parseManifest(value: Value): SnapshotManifest | string {
  if (textOf(value, "kind") !== "Snapshot") return "it is no snapshot's";
  if (textOf(value, "apiVersion") !== SNAPSHOT_VERSION) return "it was written by another version of holdfast";
  const cluster = fieldOf(value, "cluster");
  const kinds = fieldOf(value, "kinds");
  if (!isList(kinds)) return "it names no kinds";
  const parsed = kinds.map(parseKind);
  const wrong = parsed.find((kind) => typeof kind === "string");
  if (wrong !== undefined) return wrong;
  return {
    cluster: { name: textOf(cluster, "name") ?? "", version: textOf(cluster, "version") ?? "" },
    digestKey: textOf(value, "digestKey") ?? "",
    kinds: parsed.filter((kind) => typeof kind !== "string"),
    lacks: listOf(value, "lacks").flatMap((entry) => parseRef(entry) ?? []),
    schemas: listOf(value, "schemas").flatMap((entry) => {
      const of = parseRef(entry);
      const schema = fieldOf(entry, "schema");
      return of === undefined || schema === undefined ? [] : [{ ...of, schema: parseFieldSchema(schema) }];
    }),
  };
}

function parseKind(entry: Value): SnapshotKind | string {
  const of = parseRef(fieldOf(entry, "of"));
  if (of === undefined) return "a kind in it has no name";
  const served = parseServed(fieldOf(entry, "served"));
  const files = listOf(entry, "files").map(parseFile);
  if (files.includes(undefined)) return `a file of ${of.kind} in it lies outside of the snapshot, or is no file`;
  return {
    of,
    ...(served === undefined ? {} : { served }),
    read: texts(entry, "read"),
    unread: listOf(entry, "unread").map((where) => {
      const namespace = textOf(where, "namespace");
      const code = textOf(where, "code") ?? "";
      return {
        ...(namespace === undefined ? {} : { namespace }),
        code: /^[a-z-]{1,40}$/.test(code) ? code : "unknown",
      };
    }),
    files: files.filter((file) => file !== undefined),
  };
}

function parseServed(value: Value | undefined): ServedKind | undefined {
  const of = parseRef(value);
  const resource = textOf(value, "resource");
  if (value === undefined || of === undefined || resource === undefined) return undefined;
  return { ...of, resource, namespaced: fieldOf(value, "namespaced") === true, verbs: texts(value, "verbs") };
}

/** Whoever wrote the manifest chooses the paths: none may lead out of the folder. */
function parseFile(value: Value): SnapshotFile | undefined {
  const file = textOf(value, "file");
  const objects = fieldOf(value, "objects");
  if (file === undefined || typeof objects !== "number" || !Number.isSafeInteger(objects) || objects < 0)
    return undefined;
  if (!file.split("/").every((part) => /^[A-Za-z0-9_%-][A-Za-z0-9._%-]*$/.test(part))) return undefined;
  const namespace = textOf(value, "namespace");
  return { file, objects, ...(namespace === undefined ? {} : { namespace }) };
}

function parseRef(value: Value | undefined): KindRef | undefined {
  const apiVersion = textOf(value, "apiVersion");
  const kind = textOf(value, "kind");
  return apiVersion === undefined || kind === undefined ? undefined : { apiVersion, kind };
}

function listOf(value: Value, name: string): readonly Value[] {
  const found = isMap(value) ? fieldOf(value, name) : undefined;
  return isList(found) ? found : [];
}

function texts(value: Value, name: string): readonly string[] {
  return listOf(value, name).filter((text) => typeof text === "string");
}
