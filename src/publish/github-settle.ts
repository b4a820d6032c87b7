/** Closes what is settled: after two complete passes that found nothing, counted in the signed marker. */

import type { PublishedAction } from "../core/proposal.ts";
import { headOf, isOwnBranchName, isOwnHead } from "./github-branch.ts";
import { read, write } from "./github-client.ts";
import type { Session } from "./github-client.ts";
import { ownOf, remarked } from "./github-items.ts";
import type { Own, Post } from "./github-items.ts";
import { pullsOfBranch } from "./github-pull-requests.ts";

/** Complete passes without the drift before something is closed. */
const CLEAN_PASSES = 2;

/** Counts the pass, and closes the pull request or issue where it was the last one needed. */
export async function settle(session: Session, own: Own<Post>): Promise<PublishedAction> {
  const { post, marker } = own;
  const { kind, id } = marker;
  const url = post.html_url;
  const clean = marker.clean + 1;
  const path = `PATCH /${kind === "issue" ? "issues" : "pulls"}/${post.number}`;
  if (clean < CLEAN_PASSES) {
    if (!session.dryRun) await write(session, path, { body: remarked(session, own, { clean }) });
    return { kind, id, did: "updated", reason: `no drift in ${clean} of ${CLEAN_PASSES} complete passes`, url };
  }
  if (kind === "pull-request" && !(await isOurs(session, id, marker.branch))) {
    return {
      kind,
      id,
      did: "left-alone",
      reason: "no drift any more, but somebody else's commit is on the branch",
      url,
    };
  }
  if (!session.dryRun) {
    const body = remarked(session, own, { clean, closed: "settled" });
    const reason = kind === "issue" ? { state_reason: "completed" } : {};
    await write(session, path, { state: "closed", ...reason, body });
    if (marker.branch !== undefined) await removeBranch(session, marker.branch);
  }
  return { kind, id, did: "closed", reason: `no drift in ${CLEAN_PASSES} complete passes`, url };
}

/**
 * Removes branches whose pull request was merged, or closed by holdfast. Those of pull requests that somebody else
 * closed stay, and so do branches that show anything that holdfast did not make.
 */
export async function removeSettledBranches(
  session: Session,
  { keep, targets }: { readonly keep: ReadonlySet<string>; readonly targets: readonly string[] },
): Promise<void> {
  if (session.dryRun) return;
  const refs = await read<readonly { readonly ref: string }[]>(session, "/git/matching-refs/heads/holdfast");
  for (const { ref } of refs) {
    const branch = ref.slice("refs/heads/".length);
    if (!isOwnBranchName(branch) || keep.has(branch)) continue;
    if (await isSettled(session, branch, targets)) await removeBranch(session, branch);
  }
}

async function isSettled(session: Session, branch: string, targets: readonly string[]): Promise<boolean> {
  const pulls = await pullsOfBranch(session, branch);
  const own = ownOf(session, "pull-request", pulls);
  const [last] = own;
  if (last === undefined || pulls.some((pull) => pull.state === "open")) return false;
  if (!targets.includes(last.marker.target)) return false;
  if (last.post.merged_at === null && last.marker.closed !== "settled") return false;
  return isOurs(session, last.marker.id, branch);
}

/** A branch that is gone already holds nobody's commits. */
async function isOurs(session: Session, id: string, branch: string | undefined): Promise<boolean> {
  const head = branch === undefined ? undefined : await headOf(session, branch);
  return head === undefined || isOwnHead(session, id, head);
}

async function removeBranch(session: Session, branch: string): Promise<void> {
  if ((await headOf(session, branch)) !== undefined) await write(session, `DELETE /git/refs/heads/${branch}`);
}
