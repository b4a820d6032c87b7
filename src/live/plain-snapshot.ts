/**
 * What `kubectl get` printed, taken for a cluster. Such a dump does not say what was asked for, so this is inferred:
 *
 * - A kind was read where at least one object of it is there, or a typed list (`DeploymentList`), even an empty one.
 * - A dump that is one object and no list (`kubectl get deployment web -o yaml`) tells of that object alone.
 * - It was read in every namespace of which the dump holds anything, or the Namespace itself.
 * - Anything else is unread: `kubectl get deploy,svc -A` tells that a Deployment is missing, and nothing of Ingresses.
 * - With something in the dump that could not be read, no kind counts as read: what is there is compared, what is not
 *   there is unknown.
 *
 * So dumps of several namespaces must hold the same kinds for each. `holdfast snapshot` notes exactly what was read.
 * Everything is kept in memory.
 */

import type { Fault } from "../core/fault.ts";
import type { LiveObject } from "../core/objects.ts";
import { kindKey, refKey } from "../core/refs.ts";
import type { KindRef } from "../core/refs.ts";
import type { FieldSchema, ServedKind } from "../core/schema.ts";
import type { LiveEvent, LiveQuery, LiveSource } from "../core/stages.ts";
import { equalValues, fieldAt, textOf } from "../core/value.ts";
import { crdSchemas } from "../kinds/openapi.ts";
import { builtinKind } from "../kinds/scopes.ts";
import type { Dump } from "./dump.ts";
import { isSecret } from "./secrets.ts";
import { kindMissing, namespaceMissing, snapshotInvalid } from "./snapshot-faults.ts";

/** Objects an event. */
const PAGE = 500;

const VERBS: readonly string[] = ["get", "list", "watch"];

/** `name` is what the user called the dump. At least one dump, with at least one object or typed list among them. */
export function plainSnapshot(name: string, dumps: readonly Dump[]): LiveSource {
  const held = holdingOf(dumps);
  const schemas = schemasOf(held);
  return {
    cluster: { name, version: "" },
    served: (kind) => servedIn(held, kind),
    lacks: () => false,
    listable: [...held.read].flatMap((key) => held.kinds.find((kind) => kindKey(kind) === key) ?? []),
    schemas: { schemaOf: (apiVersion, kind) => schemas.get(`${apiVersion}\0${kind}`) },
    read: (query) => readHeld(name, held, query),
    close: async () => undefined,
  };
}

interface Holding {
  /** By {@link kindKey}. */
  readonly byKind: ReadonlyMap<string, readonly LiveObject[]>;
  /** Kinds as they stand in the dump, and those that its CustomResourceDefinitions define. */
  readonly kinds: readonly ServedKind[];
  /** {@link kindKey} of what was read. */
  readonly read: ReadonlySet<string>;
  readonly namespaces: ReadonlySet<string>;
  readonly faults: readonly Fault[];
}

function holdingOf(dumps: readonly Dump[]): Holding {
  const faults = dumps.flatMap((dump) => dump.faults);
  const objects = new Map<string, LiveObject>();
  for (const object of dumps.flatMap((dump) => dump.objects)) {
    const key = refKey(object.ref);
    const before = objects.get(key);
    const kept = before === undefined ? object : newer(before, object);
    if (kept === undefined) faults.push(ambiguous(object));
    else objects.set(key, kept);
  }
  const byKind = new Map<string, LiveObject[]>();
  const namespaces = new Set<string>();
  for (const object of objects.values()) {
    const { ref } = object;
    const key = kindKey(ref);
    const others = byKind.get(key);
    if (others === undefined) byKind.set(key, [object]);
    else others.push(object);
    const namespace = ref.namespace ?? (ref.kind === "Namespace" && ref.apiVersion === "v1" ? ref.name : undefined);
    if (namespace !== undefined) namespaces.add(namespace);
  }
  const lists = dumps.flatMap((dump) => dump.lists);
  const single = objects.size === 1 && faults.length === 0 && dumps.some(({ alone }) => alone > 0);
  const read = new Set([...(single ? [] : byKind.keys()), ...lists.map(kindKey)]);
  return { byKind, kinds: kindsOf(byKind), read, namespaces, faults };
}

/** An object may stand in two dumps of different moments; `undefined` where nothing tells which is the later one. */
function newer(a: LiveObject, b: LiveObject): LiveObject | undefined {
  const [first, second] = [a, b].map((object) => textOf(fieldAt(object.value, "metadata"), "resourceVersion") ?? "");
  if (/^\d{1,20}$/.test(first ?? "") && /^\d{1,20}$/.test(second ?? "")) {
    return BigInt(second as string) > BigInt(first as string) ? b : a;
  }
  return equalValues(a.value, b.value) ? a : undefined;
}

function ambiguous({ ref }: LiveObject): Fault {
  const where = ref.namespace === undefined ? "" : ` in ${ref.namespace}`;
  return {
    ...snapshotInvalid(`${ref.kind}/${ref.name}`, `${ref.kind}/${ref.name}${where} stands there twice and differs`),
    code: "duplicate-object",
  };
}

function kindsOf(byKind: ReadonlyMap<string, readonly LiveObject[]>): readonly ServedKind[] {
  const kinds = new Map<string, ServedKind>();
  const add = (kind: ServedKind): void => {
    const key = `${kind.apiVersion}\0${kind.kind}`;
    if (!kinds.has(key)) kinds.set(key, kind);
  };
  for (const crd of definitions(byKind)) {
    const resource = textOf(fieldAt(crd.value, "spec", "names"), "plural");
    const namespaced = textOf(fieldAt(crd.value, "spec"), "scope") === "Namespaced";
    if (resource === undefined) continue;
    for (const { apiVersion, kind } of crdSchemas(crd.value))
      add({ apiVersion, kind, resource, namespaced, verbs: VERBS });
  }
  for (const objects of byKind.values()) {
    for (const { ref } of objects) {
      if (!kinds.has(`${ref.apiVersion}\0${ref.kind}`)) add(builtinKind(ref) ?? guessed(ref, objects));
    }
  }
  return [...kinds.values()];
}

/** A custom kind whose definition is not in the dump: the plural is what most have. */
function guessed({ apiVersion, kind }: KindRef, objects: readonly LiveObject[]): ServedKind {
  const namespaced = objects.some(({ ref }) => ref.namespace !== undefined);
  return { apiVersion, kind, resource: `${kind.toLowerCase()}s`, namespaced, verbs: VERBS };
}

function definitions(byKind: ReadonlyMap<string, readonly LiveObject[]>): readonly LiveObject[] {
  return byKind.get(kindKey({ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" })) ?? [];
}

function schemasOf({ byKind }: Holding): ReadonlyMap<string, FieldSchema> {
  const all = definitions(byKind).flatMap((crd) => crdSchemas(crd.value));
  return new Map(all.map(({ apiVersion, kind, schema }) => [`${apiVersion}\0${kind}`, schema]));
}

function servedIn({ kinds }: Holding, kind: KindRef): ServedKind | undefined {
  const versions = kinds.filter((known) => kindKey(known) === kindKey(kind));
  return versions.find(({ apiVersion }) => apiVersion === kind.apiVersion) ?? versions[0] ?? builtinKind(kind);
}

async function* readHeld(name: string, held: Holding, query: LiveQuery): AsyncGenerator<LiveEvent, void, undefined> {
  for (const fault of held.faults) yield { kind: "fault", fault };
  const complete = held.faults.every(({ leavesUnknown }) => leavesUnknown === "nothing");
  const given = new Set<string>();
  const absent = new Map<string, Fault>();
  for (const of of query.kinds) {
    const key = kindKey(of);
    if (!query.secrets && isSecret({ ...of })) continue;
    const objects = (held.byKind.get(key) ?? []).filter(({ ref }) => isAsked(ref.namespace, query));
    for (let at = 0; at < objects.length && !given.has(key); at += PAGE) {
      yield { kind: "objects", objects: objects.slice(at, at + PAGE) };
    }
    given.add(key);
    if (!held.read.has(key)) yield { kind: "unread", of, fault: kindMissing(name, of) };
    else if (complete) yield* whereRead({ name, held, of, absent }, query);
  }
}

interface Asked {
  readonly name: string;
  readonly held: Holding;
  readonly of: KindRef;
  /** One fault for each namespace, whatever the kind. */
  readonly absent: Map<string, Fault>;
}

function* whereRead({ name, held, of, absent }: Asked, query: LiveQuery): Generator<LiveEvent, void, undefined> {
  if (servedIn(held, of)?.namespaced === false) return yield { kind: "read", of };
  const namespaces = query.namespaces === "all" ? held.namespaces : query.namespaces;
  for (const namespace of namespaces) {
    if (held.namespaces.has(namespace)) {
      yield { kind: "read", of, namespace };
      continue;
    }
    const fault = absent.get(namespace) ?? namespaceMissing(name, namespace);
    absent.set(namespace, fault);
    yield { kind: "unread", of, namespace, fault };
  }
}

function isAsked(namespace: string | undefined, { namespaces }: LiveQuery): boolean {
  return namespace === undefined || namespaces === "all" || namespaces.includes(namespace);
}
