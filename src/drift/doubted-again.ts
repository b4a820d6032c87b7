/**
 * Lists are read one after the other, and what an owner's template said may be seconds older than what was made of it: a
 * ReplicaSet without Pods has some by the time Pods are listed, a Deployment's ReplicaSet is of a newer template. So what
 * policy objects to for its owner's sake is held against the owner as it is now, then itself looked at once more; and again
 * after a moment. Where nothing is to be told nobody is asked.
 */

import type { LiveObject } from "../core/objects.ts";
import { refKey } from "../core/refs.ts";
import type { LiveSource } from "../core/stages.ts";
import { fieldAt, textOf } from "../core/value.ts";
import type { FoundOwner } from "./owners.ts";
import { createTemplates } from "./templates.ts";
import type { Doubt, TemplatesInput } from "./templates.ts";
import { AT_ONCE, boundedLook } from "./unmanaged-again.ts";

type ReadAgain = NonNullable<LiveSource["readAgain"]>;

export interface OwnedObject {
  readonly live: LiveObject;
  readonly doubt?: Doubt;
  /** Whose template the doubt is about. */
  readonly owner?: FoundOwner;
}

interface Asked<One> {
  /** Absent: what was read is all that there is. */
  readonly readAgain: ReadAgain | undefined;
  /** The owners that the object names and that could own it. */
  readonly ownersOf: (live: LiveObject) => readonly { readonly uid: string }[];
  readonly templates: TemplatesInput;
  /** Whether policy objects to each. */
  readonly objections: (asked: readonly One[]) => Promise<readonly boolean[]>;
  /** Told of what is accounted for by now, as it is now. */
  readonly onSettled: (one: One) => void;
  /** A moment for controllers; absent: nobody waits. */
  readonly pause?: () => Promise<void>;
}

/**
 * Those that policy objects to still, as they are now. What cannot be read, and what is beyond the bound of requests, stays
 * as it was read: no failure turns a finding into silence.
 */
export async function stillObjected<One extends OwnedObject>(
  objected: readonly One[],
  asked: Asked<One>,
): Promise<readonly One[]> {
  const { readAgain, pause } = asked;
  if (readAgain === undefined || !objected.some(isDoubted)) return objected;
  const left = await once(objected, { ...asked, readAgain: boundedLook(readAgain) });
  if (pause === undefined || !left.some(isDoubted)) return left;
  await pause();
  return await once(left, { ...asked, readAgain: boundedLook(readAgain) });
}

/** An owner that may not be listed accounts for nothing of its own: any template of the namespace did not either. */
function isDoubted({ doubt, owner }: OwnedObject): boolean {
  return doubt !== undefined && owner !== undefined && owner.unread !== true;
}

type Asking<One> = Asked<One> & { readonly readAgain: ReadAgain };

async function once<One extends OwnedObject>(objected: readonly One[], asked: Asking<One>): Promise<readonly One[]> {
  const left: One[] = [];
  for (let at = 0; at < objected.length; at += AT_ONCE) {
    const some = objected.slice(at, at + AT_ONCE);
    const now = await Promise.all(some.map(async (one) => (isDoubted(one) ? await nowOf(one, asked) : one)));
    const standing = now.filter((one) => one !== undefined);
    const newer = standing.filter((one) => !some.includes(one));
    const doubted = newer.filter(isDoubted);
    const answers = doubted.length === 0 ? [] : await asked.objections(doubted);
    const objections = new Set(doubted.filter((_, index) => answers[index] === true));
    for (const one of standing) {
      if (!newer.includes(one) || objections.has(one)) left.push(one);
      else asked.onSettled(one);
    }
  }
  return left;
}

/** `undefined`: it is gone. Itself: nothing newer is known. Without a doubt: its owner's template accounts for it. */
async function nowOf<One extends OwnedObject>(one: One, asked: Asking<One>): Promise<One | undefined> {
  const { owner } = one;
  const owning = owner === undefined ? undefined : await asked.readAgain(owner.ref);
  const isKnown = owning !== undefined && owning !== "absent" && uidOf(owning) === owner?.uid;
  const templates = createTemplates(asked.templates);
  if (isKnown) templates.saw(owning);
  const doubtOf = (live: LiveObject): Doubt | undefined =>
    isKnown && owner !== undefined ? templates.doubtOf(live, owner) : one.doubt;
  // Of many Pods one ReplicaSet is asked for, and then none of them.
  if (doubtOf(one.live) === undefined) return without(one);
  const live = await asked.readAgain(one.live.ref);
  if (live === "absent") return undefined;
  if (!isKnown || live === undefined || refKey(live.ref) !== refKey(one.live.ref)) return one;
  if (!asked.ownersOf(live).some(({ uid }) => uid === owner?.uid)) return one;
  const doubt = doubtOf(live);
  return doubt === undefined ? without({ ...one, live }) : { ...one, live, doubt };
}

function without<One extends OwnedObject>(one: One): One {
  const { doubt: _doubt, ...rest } = one;
  return rest as One;
}

function uidOf({ value }: LiveObject): string | undefined {
  return textOf(fieldAt(value, "metadata"), "uid");
}
