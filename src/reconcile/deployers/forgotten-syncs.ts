/**
 * What was deployed by syncs that nothing tells of any more: Argo CD notes its last operation, and a history of syncs of
 * everything, so that a sync of some objects is forgotten when the next one begins. What remains is when it wrote the
 * objects, and what Git was at that time.
 */

import type { DesiredObject, LiveObject } from "../../core/objects.ts";
import type { Version } from "../../drift/direction.ts";
import { deploymentsOf } from "../../drift/deployers.ts";
import type { Sync } from "./deployed-revision.ts";
import { versionIn } from "./past-states.ts";
import type { PastStates } from "./past-states.ts";

interface Written {
  readonly target: string;
  readonly sync: Sync;
  readonly live?: LiveObject;
}

/**
 * What Git had of the object when its deployer wrote it, after all that is told; newest first. Whoever wrote it can have
 * chosen time and name, and so which commit this is, but not what Git was: it proves nothing.
 */
export async function forgottenVersions(
  past: PastStates,
  { object, ...written }: Written & { readonly object: DesiredObject },
): Promise<{ readonly since: readonly Version[]; readonly whole: boolean }> {
  const since: Version[] = [];
  let whole = true;
  for (const commit of await forgottenCommits(past, written)) {
    const { state, beyond } = await past.guess(written.target, commit);
    const found = state === undefined ? undefined : versionIn(state, object.ref, commit);
    // Of what moves nobody knows what it was then.
    const moves = found?.object.moves === true;
    if (found !== undefined && !moves) since.push(found);
    if (beyond || moves) whole = false;
  }
  return { since, whole };
}

/** Commits that such a sync may have been of, newest first and without what was applied; none where none can have been. */
export async function forgottenCommits(
  past: PastStates,
  { target, sync: { applied, forgetsAfter }, live }: Written,
): Promise<readonly string[]> {
  const [newest] = deploymentsOf(live?.managers ?? []);
  const time = Date.parse(newest?.time ?? "");
  if (forgetsAfter === undefined || Number.isNaN(time) || time <= forgetsAfter) return [];
  const stood = await past.stoodAt(target, time);
  const known = applied.kind === "commit" ? stood.indexOf(applied.commit) : -1;
  return known < 0 ? stood : stood.slice(0, known);
}
