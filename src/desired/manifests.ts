/** The objects of one plain file: its documents, and the items of `List`s in them. */

import type { Fault } from "../core/fault.ts";
import type { DesiredObject, Origin } from "../core/objects.ts";
import { fields } from "../core/path.ts";
import type { FieldPath } from "../core/path.ts";
import { groupOf } from "../core/refs.ts";
import type { KindRef, ObjectRef } from "../core/refs.ts";
import { fieldAt, fieldOf, isList, isMap, textOf, withField } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";
import type { Digester } from "../text/digest.ts";
import { contentHash, decodeText } from "../yaml/content.ts";
import { readYaml } from "../yaml/read.ts";
import type { TextPool } from "../yaml/text-pool.ts";
import { isClientOnly } from "./client-only.ts";
import { unreadable } from "./file-faults.ts";
import { createPositions } from "./positions.ts";
import { digestSecret, encryptedFields, isEncrypted, isSecretProblem, withoutEncrypted } from "./secrets.ts";

/** What turns a document into a desired object. */
export interface ManifestContext {
  /** For namespaced objects without one. */
  readonly namespace: string;
  readonly digester: Digester;
  /** `undefined` for a kind that is not known: its objects keep the namespace that they declare, or none. */
  readonly isNamespaced: (kind: KindRef) => boolean | undefined;
  /** Where the objects of many files are kept. */
  readonly texts?: TextPool;
}

export function contextOf({
  target,
  digester,
  isNamespaced,
}: Pick<ManifestContext, "digester" | "isNamespaced"> & {
  readonly target: { readonly namespace?: string };
}): ManifestContext {
  return { namespace: target.namespace ?? "default", digester, isNamespaced };
}

export interface Manifests {
  readonly objects: readonly DesiredObject[];
  readonly faults: readonly Fault[];
  /** Objects of which SOPS hides a part. */
  readonly encrypted: number;
  /** Hooks of charts; absent where there is none. */
  readonly hooks?: readonly DesiredObject[];
}

interface State extends ManifestContext {
  readonly file: string;
  readonly positionOf: ReturnType<typeof createPositions>;
  readonly hash: string;
  readonly objects: DesiredObject[];
  readonly faults: Fault[];
  encrypted: number;
}

const NOTHING: Manifests = { objects: [], faults: [], encrypted: 0 };

/** `List`s in `List`s; the API server itself never nests them. */
const MAX_LISTS = 8;

/**
 * Reads a file's objects. Text that does not mention `apiVersion` declares none, whatever else it is, and is not
 * parsed: values, pipelines, compose files and templates of other tools are no errors. Text that does, and does not
 * parse, is a fault, since it may hold objects.
 */
export function readManifests(file: string, bytes: Uint8Array, context: ManifestContext): Manifests {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isPointer(data)) {
    return { ...NOTHING, faults: [unreadable(file, "it is a Git LFS pointer, not the file itself", "git lfs pull")] };
  }
  if (!data.includes("apiVersion") && !isUtf16(data)) return NOTHING;
  const text = decodeText(bytes);
  if (text === undefined) return { ...NOTHING, faults: [unreadable(file, "it is not UTF-8", "save it as UTF-8")] };
  const { texts } = context;
  const { documents, faults } = readYaml(text, {
    file,
    maxBytes: bytes.length,
    ...(texts === undefined ? {} : { texts }),
  });
  const state: State = {
    ...context,
    file,
    positionOf: createPositions(file, text),
    hash: contentHash(bytes),
    objects: [],
    faults: [...faults],
    encrypted: 0,
  };
  for (const { index, value, booleanKeys = [] } of documents) {
    addValue(state, value, { document: index, items: [] });
    if (isObject(value)) state.faults.push(...booleanKeys);
  }
  return { objects: counted(state.objects), faults: state.faults, encrypted: state.encrypted };
}

function counted(objects: readonly DesiredObject[]): readonly DesiredObject[] {
  if (objects.length < 2) return objects;
  return objects.map((object) => ({ ...object, origin: { ...object.origin, objects: objects.length } }));
}

/** Other tools read their files otherwise: a workflow's `on` is none of Kubernetes' business. */
function isObject(value: Value): boolean {
  return textOf(value, "apiVersion") !== undefined && textOf(value, "kind") !== undefined;
}

function isPointer(data: Buffer): boolean {
  return data.subarray(0, 64).toString("latin1").startsWith("version https://git-lfs.github.com/spec/");
}

function isUtf16(data: Buffer): boolean {
  return data.length > 1 && ((data[0] === 0xff && data[1] === 0xfe) || (data[0] === 0xfe && data[1] === 0xff));
}

interface At {
  readonly document: number;
  readonly items: readonly number[];
  /** What a typed list (`DeploymentList`) says of items that do not say it themselves. */
  readonly inherited?: KindRef;
}

function addValue(state: State, value: Value, at: At): void {
  if (!isMap(value)) return;
  const apiVersion = textOf(value, "apiVersion") ?? at.inherited?.apiVersion;
  const kind = textOf(value, "kind") ?? at.inherited?.kind;
  if (apiVersion === undefined || kind === undefined || isClientOnly(apiVersion, kind)) return;
  const items = fieldOf(value, "items");
  if (isListKind(value, kind, items)) {
    addItems(state, items, at, kind === "List" ? undefined : { apiVersion, kind: kind.slice(0, -4) });
  } else {
    addObject(state, at.inherited === undefined ? value : { ...value, apiVersion, kind }, at);
  }
}

/** `v1 List`, or a typed list: `…List` with items and without a name (a custom kind may end in `List` too). */
function isListKind(value: ValueMap, kind: string, items: Value | undefined): boolean {
  if (kind === "List") return true;
  return kind.endsWith("List") && isList(items) && fieldAt(value, "metadata", "name") === undefined;
}

function addItems(state: State, items: Value | undefined, at: At, inherited: KindRef | undefined): void {
  if (items === undefined || items === null) return;
  if (!isList(items)) return refuse(state, at, fields("items"), "items is no list");
  if (at.items.length >= MAX_LISTS) return refuse(state, at, [], `lists are nested more than ${MAX_LISTS} deep`);
  for (const [index, item] of items.entries()) {
    const inner = { document: at.document, items: [...at.items, index] };
    addValue(state, item, inherited === undefined ? inner : { ...inner, inherited });
  }
}

function addObject(state: State, value: ValueMap, at: At): void {
  const kind = { apiVersion: value["apiVersion"] as string, kind: value["kind"] as string };
  const problem = problemOf(value, kind);
  if (problem !== undefined) return refuse(state, at, problem.path, problem.message, problem.harmless);
  const ref = refOf(state, value, kind);
  const stored = storedForm(state, inNamespace(value, ref), kind);
  if (isSecretProblem(stored)) {
    return refuse(state, at, stored.path, `${kind.kind}/${ref.name}: ${stored.message}`);
  }
  const origin: Origin = {
    file: state.file,
    document: at.document,
    items: at.items,
    layer: "literal",
    hash: state.hash,
  };
  const sealed = isEncrypted(value) ? encryptedFields(value, isSecret(kind)) : undefined;
  state.objects.push({ ref, value: stored, origin, ...(sealed === undefined ? {} : { sealed }) });
}

interface Problem {
  readonly path: FieldPath;
  readonly message: string;
  readonly harmless?: true;
}

/** What the API server would refuse of the names (apimachinery `api/validation/path/name.go`, `util/validation`). */
function problemOf(value: ValueMap, { apiVersion, kind }: KindRef): Problem | undefined {
  if (!/^(?:[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[a-z][a-z0-9]{0,62}$/.test(apiVersion)) {
    return { path: fields("apiVersion"), message: "apiVersion is no group and version" };
  }
  if (!/^[A-Za-z][A-Za-z0-9]{0,62}$/.test(kind)) return { path: fields("kind"), message: "kind is no kind's name" };
  const metadata = fieldOf(value, "metadata");
  const name = fieldOf(metadata, "name");
  if (name === undefined && typeof fieldOf(metadata, "generateName") === "string") {
    const message = `${kind} has generateName: each apply makes another object, so it is not compared`;
    return { path: fields("metadata", "generateName"), message, harmless: true };
  }
  if (name === undefined || name === null || name === "") {
    return { path: fields("metadata", "name"), message: `${kind} has no metadata.name` };
  }
  if (typeof name !== "string" || !isName(name)) {
    return { path: fields("metadata", "name"), message: `${kind} has a metadata.name that Kubernetes does not take` };
  }
  const namespace = fieldOf(metadata, "namespace") ?? "";
  if (typeof namespace !== "string" || (namespace !== "" && !isLabel(namespace))) {
    const message = `${kind}/${name} has a metadata.namespace that Kubernetes does not take`;
    return { path: fields("metadata", "namespace"), message };
  }
  return undefined;
}

/** What any kind may be called: RBAC's names may have blanks (apimachinery `pkg/api/validation/path/name.go`). */
function isName(name: string): boolean {
  return name.length <= 253 && name !== "." && name !== ".." && !/[/%\p{Cc}\p{Cf}]/u.test(name);
}

function isLabel(text: string): boolean {
  return text.length <= 63 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(text);
}

function refOf(state: State, value: ValueMap, kind: KindRef): ObjectRef {
  const metadata = fieldOf(value, "metadata");
  const name = textOf(metadata, "name") as string;
  const declared = textOf(metadata, "namespace") ?? "";
  const namespaced = state.isNamespaced(kind);
  const namespace = namespaced === true && declared === "" ? state.namespace : declared;
  return namespaced === false || namespace === "" ? { ...kind, name } : { ...kind, namespace, name };
}

/** Declares the namespace that the object comes to stand in; a cluster-scoped object has none (kubectl drops it). */
function inNamespace(value: ValueMap, ref: ObjectRef): ValueMap {
  const metadata = fieldOf(value, "metadata") as ValueMap;
  if (fieldOf(metadata, "namespace") === ref.namespace) return value;
  return withField(value, "metadata", withField(metadata, "namespace", ref.namespace));
}

function storedForm(state: State, value: ValueMap, kind: KindRef): ReturnType<typeof digestSecret> {
  const encrypted = isEncrypted(value);
  if (encrypted) state.encrypted += 1;
  const readable = encrypted ? withoutEncrypted(value) : value;
  return isSecret(kind) ? digestSecret(readable, state.digester) : readable;
}

function isSecret({ apiVersion, kind }: KindRef): boolean {
  return kind === "Secret" && groupOf(apiVersion) === "";
}

function refuse(state: State, at: At, path: FieldPath, message: string, harmless?: true): void {
  state.faults.push({
    kind: "fault",
    code: "manifest-invalid",
    about: state.file,
    message,
    remedy: harmless ? "leave it, or give it a name" : "mend the object, or list the file under the target's exclude",
    position: state.positionOf({ document: at.document, items: at.items, path }),
    leavesUnknown: harmless ? "nothing" : "declared",
  });
}
