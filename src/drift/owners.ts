/**
 * Owner references, which anybody may write who may write the object. One counts where its owner is there, by its uid, or
 * where that cannot be known. Otherwise the cluster's garbage collector would have deleted the object, unless it was kept
 * from it: by a kind that nobody serves, or by an owner in a namespace of an object in none (kubernetes
 * `pkg/controller/garbagecollector`). Of Kubernetes' own kinds it is believed only where their controllers make such
 * objects, and as their controllers write it.
 */

import type { LiveObject } from "../core/objects.ts";
import type { KindRef, ObjectRef } from "../core/refs.ts";
import type { ServedKind } from "../core/schema.ts";
import { fieldAt, fieldOf, isList, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { builtinKind } from "../kinds/scopes.ts";
import { isRecord } from "../kinds/scope-kinds.ts";
import { mayOwn } from "../kinds/owning-kinds.ts";

export interface Owners {
  saw(live: LiveObject): void;
  /** An owner that was seen; `not-seen`: one that may yet come, or that cannot be known; `none`: no reference that counts. */
  ownerOf(live: LiveObject): FoundOwner | "not-seen" | "none";
  /** At the end: an owner that was seen, or could not be. */
  ownerAtEnd(live: LiveObject, wasUnread: (owner: ObjectRef) => boolean): FoundOwner | undefined;
  /** The owners that it names and that would count, were they there; no kind that nobody serves. */
  named(live: LiveObject): readonly { readonly ref: ObjectRef; readonly uid: string }[];
}

export interface FoundOwner {
  readonly ref: ObjectRef;
  readonly uid: string;
  /** `made`: its controller makes such objects; `custom`: whether its operator does cannot be known. */
  readonly how: "made" | "custom";
  /** It could not be read, so that it may be there or not. */
  readonly unread?: true;
}

/** What is known of kinds: {@link LiveSource}'s. */
export interface KindSource {
  served(kind: KindRef): ServedKind | undefined;
  /** The cluster certainly serves no such kind, in this version. */
  lacks(kind: KindRef): boolean;
}

export function createOwners(kinds: KindSource): Owners {
  const seen = new Set<string>();
  const possible = (live: LiveObject): readonly PossibleOwner[] =>
    ownersOf(live)
      .flatMap((owner) => (isSteered(live, owner) ? [] : possibleOwner(owner, live, kinds)))
      .toSorted((a, b) => Number(b.how === "made") - Number(a.how === "made"));
  // Of a Service without a selector the controller makes no EndpointSlices, and deletes none: such a one steers its traffic.
  const still = new Set<string>();
  const isSteered = (live: LiveObject, { uid }: Owner): boolean =>
    live.ref.kind === "EndpointSlice" && still.has(packedUid(uid));
  const wasSeen = ({ uid }: Owner): boolean => seen.has(packedUid(uid));
  return {
    saw({ ref, value }) {
      const uid = textOf(fieldOf(value, "metadata"), "uid");
      if (uid === undefined) return;
      seen.add(packedUid(uid));
      const selects = ref.kind !== "Service" || Object.keys(fieldAt(value, "spec", "selector") ?? {}).length > 0;
      if (!selects) still.add(packedUid(uid));
    },
    ownerOf(live) {
      const owners = possible(live);
      const found = owners.find(wasSeen);
      if (found !== undefined) return { ref: found.ref, uid: found.uid, how: found.how };
      return owners.some(({ ref }) => !kinds.lacks(ref)) ? "not-seen" : "none";
    },
    ownerAtEnd(live, wasUnread) {
      const owners = possible(live);
      const found = owners.find(wasSeen);
      if (found !== undefined) return { ref: found.ref, uid: found.uid, how: found.how };
      const unread = owners.find(({ ref }) => !kinds.lacks(ref) && wasUnread(ref));
      return unread === undefined ? undefined : { ref: unread.ref, uid: unread.uid, how: unread.how, unread: true };
    },
    named: (live) => possible(live).filter(({ ref }) => !kinds.lacks(ref)),
  };
}

interface Owner {
  readonly uid: string;
  readonly ref: ObjectRef;
  readonly controller: boolean;
}

interface PossibleOwner extends Owner {
  readonly how: FoundOwner["how"];
}

function ownersOf({ ref, value }: LiveObject): readonly Owner[] {
  const references = fieldAt(value, "metadata", "ownerReferences");
  return (isList(references) ? references : []).flatMap((reference) => ownerOf(reference, ref));
}

function ownerOf(reference: Value, { namespace }: ObjectRef): readonly Owner[] {
  const [apiVersion, kind, name, uid] = ["apiVersion", "kind", "name", "uid"].map((field) => textOf(reference, field));
  if (apiVersion === undefined || kind === undefined || name === undefined || uid === undefined) return [];
  const ref = namespace === undefined ? { apiVersion, kind, name } : { apiVersion, kind, name, namespace };
  return [{ uid, ref, controller: fieldOf(reference, "controller") === true }];
}

function possibleOwner(owner: Owner, object: LiveObject, kinds: KindSource): readonly PossibleOwner[] {
  const kind = kinds.served(owner.ref) ?? builtinKind(owner.ref);
  const inNamespace = kind?.namespaced === true;
  if (inNamespace && (object.ref.namespace === undefined || isRecord(owner.ref))) return [];
  const how = mayOwn({ owner: owner.ref, object, controller: owner.controller });
  return how === undefined ? [] : [{ ...owner, how }];
}

/** A UUID as 8 UTF-16 units instead of 36: there is one for each object of the scope. */
export function packedUid(uid: string): string {
  const digits = uid.replaceAll("-", "");
  if (!/^[0-9a-f]{32}$/.test(digits)) return uid;
  let text = "";
  for (let at = 0; at < 32; at += 4) text += String.fromCharCode(Number.parseInt(digits.slice(at, at + 4), 16));
  return text;
}
