/**
 * Lists are read one after the other. A ReplicaSet that was made, or deleted, between the list of its kind and that of
 * Pods leaves Pods whose owner nobody saw. So such objects are looked at once more, and their owners by name; and again
 * after a moment, since what has lost its owner is deleted, and not at once.
 */

import type { LiveObject } from "../core/objects.ts";
import { refKey } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import type { LiveSource } from "../core/stages.ts";
import { fieldAt, textOf } from "../core/value.ts";

/** Requests, for all objects together, each time: with more of them, what is left is told as it was read. */
const MAX_LOOKS = 200;

/** Objects that are looked at at once. */
export const AT_ONCE = 8;

type Look = NonNullable<LiveSource["look"]>;

export interface Doubted {
  /** As it was read: none of the owners that it names was seen, though their kinds were read. */
  readonly live: LiveObject;
}

interface Asked {
  /** Absent: nobody can be asked. */
  readonly look: Look | undefined;
  /** The owners that the object names and that could own it. */
  readonly ownersOf: (live: LiveObject) => readonly { readonly ref: ObjectRef; readonly uid: string }[];
  readonly isGoing: (object: Pick<LiveObject, "ref" | "value">) => boolean;
  /** Waits for the garbage collector, which deletes what has lost all of its owners; absent: nobody waits. */
  readonly pause?: () => Promise<void>;
}

/** Those that are there still, and of which no owner is. What cannot be told leaves them as they were read. */
export async function stillWithoutOwner<One extends Doubted>(
  doubted: readonly One[],
  asked: Asked,
): Promise<readonly One[]> {
  const { look, pause } = asked;
  if (look === undefined) return doubted;
  const left = await unsettled(doubted, { ...asked, look: boundedLook(look) });
  if (pause === undefined || left.length === 0) return left;
  await pause();
  return await unsettled(left, { ...asked, look: boundedLook(look) });
}

async function unsettled<One extends Doubted>(
  doubted: readonly One[],
  asked: Asked & { readonly look: Look },
): Promise<readonly One[]> {
  const left: One[] = [];
  for (let at = 0; at < doubted.length; at += AT_ONCE) {
    const some = doubted.slice(at, at + AT_ONCE);
    const settled = await Promise.all(some.map(({ live }) => isSettled(live, asked)));
    left.push(...some.filter((_, index) => settled[index] !== true));
  }
  return left;
}

/** Many objects have one owner: it is asked for once. */
export function boundedLook<Found>(
  look: (ref: ObjectRef) => Promise<Found | undefined>,
): (ref: ObjectRef) => Promise<Found | undefined> {
  const known = new Map<string, Promise<Found | undefined>>();
  return (ref) => {
    const key = refKey(ref);
    const found = known.get(key) ?? (known.size < MAX_LOOKS ? look(ref) : Promise.resolve(undefined));
    if (known.size < MAX_LOOKS) known.set(key, found);
    return found;
  };
}

/** It is gone, or going, or its owner is there by now. */
async function isSettled(
  live: LiveObject,
  { look, ownersOf, isGoing }: Asked & { readonly look: Look },
): Promise<boolean> {
  const now = await look(live.ref);
  if (now === undefined) return false;
  if (now === "absent" || isGoing({ ref: live.ref, value: now })) return true;
  for (const { ref, uid } of ownersOf({ ...live, value: { ...live.value, ...now } })) {
    const owner = await look(ref);
    if (owner !== undefined && owner !== "absent" && textOf(fieldAt(owner, "metadata"), "uid") === uid) return true;
  }
  return false;
}
