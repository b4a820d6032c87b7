/**
 * Objects that were deleted and are there still. A deletion only asks: until the last finalizer is gone, a binding goes on
 * to grant and a Pod to run. What is to hold it for a moment may hold it for ever, since whoever may write objects may give
 * one a finalizer, a grace of years, or a dependent that is never deleted.
 */

import type { LiveObject } from "../core/objects.ts";
import { kindKey } from "../core/refs.ts";
import type { KindRef } from "../core/refs.ts";
import { fieldOf, isList, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { ownsOthers } from "../kinds/owning-kinds.ts";

type Deleted = Pick<LiveObject, "ref" | "value">;

/** What is deleted is gone by then, after its grace: controllers take seconds, and clocks differ. */
const LATE_MS = 5 * 60_000;
/** Pods may ask for more time to end; nobody waits longer than this to hear of one. */
const LONGEST_GRACE_MS = 60 * 60_000;

/** Of one kind each: what its own controller takes away once nothing uses the object. */
const OWN_FINALIZERS: Readonly<Record<string, string>> = {
  "kubernetes.io/pvc-protection": "\0PersistentVolumeClaim",
  "kubernetes.io/pv-protection": "\0PersistentVolume",
  "batch.kubernetes.io/job-tracking": "\0Pod",
  "customresourcecleanup.apiextensions.k8s.io": "apiextensions.k8s.io\0CustomResourceDefinition",
};

/** The garbage collector's, while what the object owns is deleted or let go. */
const OF_OWNERS: ReadonlySet<string> = new Set(["foregroundDeletion", "orphan"]);

/** Names of finalizers that are told; a list of thousands tells nobody more. */
const MOST = 5;

/**
 * Deleted a short while ago, and held by nothing but what its kind's own controllers let go of.
 *
 * @param now in milliseconds since 1970.
 */
export function isGoing({ ref, value }: Deleted, now: number): boolean {
  // Of a Pod it is when its grace ends, which the deletion itself chooses; of all else when the deletion was asked for.
  const end = Date.parse(textOf(fieldOf(value, "metadata"), "deletionTimestamp") ?? "");
  if (!(now <= end + LATE_MS && end - now <= LONGEST_GRACE_MS)) return false;
  return finalizersOf(value).every((name) => letsGo(name, ref));
}

/** `deleted at …, and held by x.io/a`: what is to be known of one that is told. Cluster text. */
export function deletionOf({ value }: Deleted): string | undefined {
  const at = fieldOf(fieldOf(value, "metadata"), "deletionTimestamp");
  if (at === undefined || at === null) return undefined;
  const time = typeof at === "string" ? ` (${at})` : "";
  const names = finalizersOf(value).map((name) => (typeof name === "string" ? name : "?"));
  const more = names.length > MOST ? ` and ${names.length - MOST} more` : "";
  const held = names.length === 0 ? "" : `, held by its finalizers ${names.slice(0, MOST).join(", ")}${more}`;
  return `it is being deleted${time}${held}, and is in force until it is gone`;
}

function finalizersOf(value: Value): readonly Value[] {
  const finalizers = fieldOf(fieldOf(value, "metadata"), "finalizers");
  return isList(finalizers) ? finalizers : [];
}

function letsGo(finalizer: Value, ref: KindRef): boolean {
  if (typeof finalizer !== "string") return false;
  if (OF_OWNERS.has(finalizer)) return ownsOthers(ref);
  return Object.hasOwn(OWN_FINALIZERS, finalizer) && OWN_FINALIZERS[finalizer] === kindKey(ref);
}
