/**
 * Owner references, which anybody may write who may write the object. One counts where its owner is there, by its uid, or
 * where that cannot be known. Otherwise the cluster's garbage collector would have deleted the object, unless it was kept
 * from it: by a kind that nobody serves, or by an owner in a namespace of an object in none (kubernetes
 * `pkg/controller/garbagecollector`). What runs code or grants rights is believed of Kubernetes' own kinds only where their
 * controllers make such objects, and as their controllers write it.
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
  /** `seen`: an owner was; `not-seen`: one that may yet come, or that cannot be known; `none`: no reference that counts. */
  ownerOf(live: LiveObject): "seen" | "not-seen" | "none";
  /** At the end: whether an owner was seen, or could not be. */
  isOwned(live: LiveObject, wasUnread: (owner: ObjectRef) => boolean): boolean;
  /** The owners that it names and that would count, were they there; no kind that nobody serves. */
  named(live: LiveObject): readonly { readonly ref: ObjectRef; readonly uid: string }[];
}

/** What is known of kinds: {@link LiveSource}'s. */
export interface KindSource {
  served(kind: KindRef): ServedKind | undefined;
  /** The cluster certainly serves no such kind, in this version. */
  lacks(kind: KindRef): boolean;
}

export function createOwners(kinds: KindSource): Owners {
  const seen = new Set<string>();
  const possible = (live: LiveObject): readonly Owner[] =>
    ownersOf(live).filter((owner) => isPossible(owner, live, kinds));
  const wasSeen = ({ uid }: Owner): boolean => seen.has(packed(uid));
  return {
    saw({ value }) {
      const uid = textOf(fieldOf(value, "metadata"), "uid");
      if (uid !== undefined) seen.add(packed(uid));
    },
    ownerOf(live) {
      const owners = possible(live);
      if (owners.some(wasSeen)) return "seen";
      return owners.some(({ ref }) => !kinds.lacks(ref)) ? "not-seen" : "none";
    },
    isOwned: (live, wasUnread) =>
      possible(live).some((owner) => wasSeen(owner) || (!kinds.lacks(owner.ref) && wasUnread(owner.ref))),
    named: (live) => possible(live).filter(({ ref }) => !kinds.lacks(ref)),
  };
}

interface Owner {
  readonly uid: string;
  readonly ref: ObjectRef;
  readonly controller: boolean;
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

function isPossible({ ref: owner, controller }: Owner, object: LiveObject, kinds: KindSource): boolean {
  const kind = kinds.served(owner) ?? builtinKind(owner);
  const inNamespace = kind?.namespaced === true;
  if (inNamespace && (object.ref.namespace === undefined || isRecord(owner))) return false;
  return mayOwn({ owner, object, controller });
}

/** A UUID as 8 UTF-16 units instead of 36: there is one for each object of the scope. */
function packed(uid: string): string {
  const digits = uid.replaceAll("-", "");
  if (!/^[0-9a-f]{32}$/.test(digits)) return uid;
  let text = "";
  for (let at = 0; at < 32; at += 4) text += String.fromCharCode(Number.parseInt(digits.slice(at, at + 4), 16));
  return text;
}
