/** The same repository at a commit that a tree comes from: what a deployer has deployed of it, say. */

import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import type { OlderTree } from "../core/stages.ts";
import { openCommitTree } from "./commit-tree.ts";
import type { CommitTreeInput } from "./commit-tree.ts";
import { runGit } from "./git.ts";
import { resolveCommit } from "./revision.ts";

/**
 * @param head where the tree itself stands; its blobs come as `bring` brings them, those of older commits by `bringOld`
 * @param commit the full hash: cluster text, and nothing else is taken for one
 * A fault (`revision-unknown`) where the repository lacks it, or has it elsewhere than before `head`.
 */
export async function openOlderTree(head: CommitTreeInput, commit: string): Promise<OlderTree | Fault> {
  const { repository, signal, bringOld } = head;
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) return elsewhere(commit);
  const found = await resolveCommit(repository, commit, signal);
  if (isFault(found)) return found;
  const beside = await runGit({
    repository,
    args: ["rev-list", "--max-count=1", "--end-of-options", found, `^${head.commit}`],
    ...(signal === undefined ? {} : { signal }),
  });
  if (isFault(beside)) return beside;
  if (beside.length > 0) return elsewhere(commit);
  return openCommitTree({ ...head, commit: found, ...(bringOld === undefined ? {} : { bring: bringOld }) });
}

function elsewhere(commit: string): Fault {
  return {
    kind: "fault",
    code: "revision-unknown",
    about: commit.slice(0, 64),
    message: `commit ${JSON.stringify(commit.slice(0, 64))} is none that what is read comes from`,
    remedy: "read the branch that is deployed, and bring it up to date",
    leavesUnknown: "nothing",
  };
}
