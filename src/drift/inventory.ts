/** What Git declares and the cluster lacks. Absence is inferred only from what was read to its end. */

import type { Drift } from "../core/drift.ts";
import type { DesiredObject } from "../core/objects.ts";
import { kindKey } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import type { LiveEvent } from "../core/stages.ts";

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

/** Whether the object's absence would have been seen. The namespace does not count where the kind was read everywhere. */
export function wasRead(reads: Reads, ref: ObjectRef): boolean {
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
