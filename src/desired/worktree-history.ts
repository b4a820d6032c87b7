/** The history of a working tree: what is not committed yet, and what was committed before. */

import { createHash } from "node:crypto";
import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import type { HistoryCommit, HistoryFile, SourceFile, SourceHistory, SourceTree } from "../core/stages.ts";
import { decodeText } from "../yaml/content.ts";
import { runGit } from "./git.ts";
import { readHistory } from "./git-history.ts";
import type { HistoryInput } from "./git-history.ts";
import { isManifestName, isWithin } from "./paths.ts";
import type { FoundRepository } from "./repository.ts";
import { resolveCommit } from "./revision.ts";

export interface WorktreeHistoryInput extends Pick<HistoryInput, "signal" | "limits"> {
  readonly repository: FoundRepository;
  readonly tree: Pick<SourceTree, "list" | "read">;
}

/** In place of a blob's hash: a file of the working tree. A hash never holds a colon. */
const ON_DISK = "worktree:";

/** A fault where nothing was committed yet. */
export async function worktreeHistory(input: WorktreeHistoryInput): Promise<SourceHistory | Fault> {
  const { repository, tree, ...options } = input;
  const head = await resolveCommit(repository, "HEAD", options.signal);
  if (isFault(head)) return head;
  const [history, files] = await Promise.all([
    readHistory({ ...options, repository, commit: head, prefix: repository.prefix }),
    uncommitted(input, head),
  ]);
  if (isFault(history)) return history;
  if (isFault(files)) {
    history.close();
    return files;
  }
  const first: HistoryCommit = { id: "worktree", parent: head, files };
  return {
    ...history,
    commits: files.size === 0 ? history.commits : [first, ...history.commits],
    prefetch: (blobs) => history.prefetch(blobs.filter((blob) => !blob.startsWith(ON_DISK))),
    read: async (blob) => {
      if (!blob.startsWith(ON_DISK)) return await history.read(blob);
      const bytes = await tree.read(blob.slice(ON_DISK.length));
      return isFault(bytes) ? undefined : bytes;
    },
    codified: async (commit) => commit !== first && (await history.codified(commit)),
  };
}

/**
 * Files that are not what the commit has, by their bytes: `git diff` would ask the index and run filters that the
 * repository's configuration names. Where a filter rewrites files (line ends, say), a file may be named that says the same.
 */
async function uncommitted(
  { repository, tree, signal }: WorktreeHistoryInput,
  head: string,
): Promise<ReadonlyMap<string, HistoryFile> | Fault> {
  const listed = await tree.list("");
  if (isFault(listed)) return listed;
  const output = await runGit({
    repository,
    args: ["ls-tree", "-r", "-z", "--full-tree", head],
    ...(signal === undefined ? {} : { signal }),
  });
  if (isFault(output)) return output;
  const committed = blobsOf(output, repository.prefix);
  const changed = new Map<string, HistoryFile>();
  for (const file of listed) {
    const before = committed.get(file.path);
    committed.delete(file.path);
    if (!isManifest(file) || (before !== undefined && (await hasBlob(tree, file.path, before)))) continue;
    changed.set(file.path, { ...(before === undefined ? {} : { before }), after: ON_DISK + file.path });
  }
  for (const [path, before] of committed) if (isManifestName(path)) changed.set(path, { before });
  return changed;
}

function isManifest({ path, target }: SourceFile): boolean {
  return isManifestName(path) && target === undefined;
}

async function hasBlob(tree: Pick<SourceTree, "read">, path: string, blob: string): Promise<boolean> {
  const bytes = await tree.read(path);
  if (isFault(bytes)) return false;
  const hash = createHash(blob.length === 64 ? "sha256" : "sha1");
  return hash.update(`blob ${bytes.length}\0`).update(bytes).digest("hex") === blob;
}

/** `<mode> <type> <hash>\t<path>\0`: files, without links and submodules. */
function blobsOf(output: Buffer, prefix: string): Map<string, string> {
  const blobs = new Map<string, string>();
  for (let start = 0; start < output.length;) {
    const end = output.indexOf(0, start);
    const tab = output.indexOf(9, start);
    const [mode = "", , hash = ""] = output.toString("latin1", start, tab).split(" ");
    const path = decodeText(output.subarray(tab + 1, end));
    start = end + 1;
    if (path === undefined || !mode.startsWith("100") || !isWithin(path, prefix)) continue;
    blobs.set(prefix === "" ? path : path.slice(prefix.length + 1), hash);
  }
  return blobs;
}
