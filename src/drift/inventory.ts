/** What one side has and the other lacks, and what of that is drift. Absence is inferred only from what was read to its end. */

import type { Drift } from "../core/drift.ts";
import type { DesiredObject, LiveObject } from "../core/objects.ts";
import { kindKey, refKey } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import type { LiveEvent } from "../core/stages.ts";
import { fieldAt, fieldOf, isList, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { systemMaker } from "../kinds/system-made.ts";

/** Which kinds were read to their end, and where. */
export interface Reads {
  /** kindKey()s that were read in the whole cluster (or that are cluster-scoped). */
  readonly everywhere: ReadonlySet<string>;
  /** kindKey() and namespace, NUL between them. */
  readonly namespaces: ReadonlySet<string>;
}

/** What the `read` and `unread` events say; where a kind was both, in the same place, it is unread. */
export function readsOf(events: Iterable<LiveEvent>): Reads {
  const everywhere = new Set<string>();
  const namespaces = new Set<string>();
  const unread: string[] = [];
  for (const event of events) {
    if (event.kind !== "read" && event.kind !== "unread") continue;
    const kind = kindKey(event.of);
    const place = event.namespace === undefined ? kind : placeKey(kind, event.namespace);
    if (event.kind === "unread") unread.push(place);
    else (event.namespace === undefined ? everywhere : namespaces).add(place);
  }
  for (const place of unread) {
    everywhere.delete(place);
    namespaces.delete(place);
  }
  return { everywhere, namespaces };
}

/** Whether the object's absence would have been seen. */
function wasRead(reads: Reads, ref: ObjectRef): boolean {
  const kind = kindKey(ref);
  return (
    reads.everywhere.has(kind) || (ref.namespace !== undefined && reads.namespaces.has(placeKey(kind, ref.namespace)))
  );
}

function placeKey(kind: string, namespace: string): string {
  return `${kind}\0${namespace}`;
}

/** What is to be said of an object that Git declares and that was not among the live ones. */
export function absenceOf(desired: DesiredObject, reads: Reads): Extract<Drift, { state: "missing" }> | "unknown" {
  return wasRead(reads, desired.ref) ? { state: "missing", ref: desired.ref, desired } : "unknown";
}

/** Where unmanaged objects are looked for. */
export interface ManagedScope {
  readonly namespaces: ReadonlySet<string>;
  /** kindKey()s. */
  readonly kinds: ReadonlySet<string>;
  /** Cluster-scoped objects of these kinds belong to the scope too. */
  readonly clusterScoped: boolean;
}

/** Why a live object that Git does not declare is not unmanaged; `undefined`: it is. */
export type Excuse =
  | { readonly kind: "declared" }
  | { readonly kind: "out-of-scope" }
  /** It has an owner reference, or is a StatefulSet's claim: its owner's object is what may be declared. */
  | { readonly kind: "owned" }
  | { readonly kind: "system-made"; readonly source: string };

/**
 * Whether a PersistentVolumeClaim was made from a StatefulSet's `volumeClaimTemplates`, of the objects that are given: it is
 * called `<template>-<StatefulSet>-<ordinal>` and, by default, has no owner (kubernetes `pkg/controller/statefulset/stateful_set_utils.go`).
 */
export function claimsOf(
  objects: Iterable<{ readonly ref: ObjectRef; readonly value: Value }>,
): (ref: ObjectRef) => boolean {
  const prefixes = new Set<string>();
  for (const { ref, value } of objects) {
    const templates = ref.kind === "StatefulSet" ? fieldAt(value, "spec", "volumeClaimTemplates") : undefined;
    for (const template of isList(templates) ? templates : []) {
      const name = textOf(fieldOf(template, "metadata"), "name");
      if (name !== undefined) prefixes.add(`${ref.namespace ?? ""}\0${name}-${ref.name}`);
    }
  }
  return (ref) => {
    const prefix = /^(.+)-\d+$/.exec(ref.name)?.[1];
    return (
      ref.kind === "PersistentVolumeClaim" && prefix !== undefined && prefixes.has(`${ref.namespace ?? ""}\0${prefix}`)
    );
  };
}

export interface UnmanagedInput {
  readonly live: LiveObject;
  /** refKey()s of what any target declares. */
  readonly desired: ReadonlySet<string>;
  readonly scope: ManagedScope;
  /** See {@link claimsOf}. */
  readonly isClaim: (ref: ObjectRef) => boolean;
}

/**
 * An object of the managed scope that Git does not declare, that nothing owns and that no system made.
 * Not to be asked where the scope's desired state is incomplete: then nothing in it may be called unmanaged.
 */
export function unmanagedOf(input: UnmanagedInput): Extract<Drift, { state: "unmanaged" }> | Excuse {
  return excuseOf(input) ?? { state: "unmanaged", ref: input.live.ref, live: input.live };
}

function excuseOf({ live, desired, scope, isClaim }: UnmanagedInput): Excuse | undefined {
  if (desired.has(refKey(live.ref))) return { kind: "declared" };
  if (!inScope(live.ref, scope)) return { kind: "out-of-scope" };
  const owners = fieldAt(live.value, "metadata", "ownerReferences");
  if ((isList(owners) && owners.length > 0) || isClaim(live.ref)) return { kind: "owned" };
  const maker = systemMaker(live);
  return maker === undefined ? undefined : { kind: "system-made", source: maker.source };
}

/** Whether the object is of the managed scope: what coverage is measured over. */
export function inScope(ref: ObjectRef, scope: ManagedScope): boolean {
  if (!scope.kinds.has(kindKey(ref))) return false;
  return ref.namespace === undefined ? scope.clusterScoped : scope.namespaces.has(ref.namespace);
}
