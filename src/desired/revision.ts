/** A revision of a local repository, read from its objects: the working tree is neither read nor touched. */

import type { Fault } from "../core/fault.ts";
import { isFault } from "../core/fault.ts";
import { openCommitTree } from "./commit-tree.ts";
import type { CommitTree } from "./commit-tree.ts";
import type { TreeOptions } from "./file-faults.ts";
import { originUrl } from "./origin.ts";
import { runGit } from "./git.ts";
import type { GitRepository } from "./git.ts";
import { findRepository } from "./repository.ts";

/**
 * Opens the tree at a revision: a branch, tag, hash, or whatever else git takes for a commit (`HEAD~2`).
 * A fault (`revision-unknown`) where the repository has no such commit, `repository-invalid` where there is none.
 */
export async function openRevision(
  dir: string,
  revision: string,
  options: TreeOptions = {},
): Promise<CommitTree | Fault> {
  const repository = findRepository(dir);
  if (isFault(repository)) return repository;
  const commit = await resolveCommit(repository, revision, options.signal);
  if (isFault(commit)) return commit;
  return openCommitTree({ ...options, repository, commit, prefix: repository.prefix, origin: () => originUrl(dir) });
}

/** The full hash of the commit that a revision names. The name goes through standard input, so it can never be an option. */
export async function resolveCommit(
  repository: GitRepository,
  revision: string,
  signal?: AbortSignal,
): Promise<string | Fault> {
  if (revision === "" || /\p{Cc}/u.test(revision)) return unknown(revision);
  const output = await runGit({
    repository,
    args: ["cat-file", "--batch-check=%(objectname) %(objecttype)"],
    input: `${revision}^{commit}\n`,
    ...(signal === undefined ? {} : { signal }),
  });
  if (isFault(output)) return output;
  return /^([0-9a-f]{40,64}) commit\n$/.exec(output.toString("latin1"))?.[1] ?? unknown(revision);
}

function unknown(revision: string): Fault {
  return {
    kind: "fault",
    code: "revision-unknown",
    about: revision,
    message: `the repository has no commit ${JSON.stringify(revision)}`,
    remedy: "name a branch, a tag or a commit that git log shows; a shallow clone may need git fetch --unshallow",
    leavesUnknown: "declared",
  };
}
