/** A repository on a server: kept on disk as a bare partial clone, brought up to date, and read at one commit. */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import { openCommitTree } from "./commit-tree.ts";
import type { CommitTree } from "./commit-tree.ts";
import { remoteFault, remoteOf } from "./remote.ts";
import type { Remote } from "./remote.ts";
import { runGit } from "./git.ts";
import { resolveCommit } from "./revision.ts";

export interface FetchOptions {
  /** `https:` (or `http:` on this machine, or `file:`), without credentials. */
  readonly url: string;
  /** Reaches git through its environment only: no argument, URL or file holds it. */
  readonly token?: string;
  readonly branch: string;
  /** Where clones are kept between passes; may be removed at any time when no pass runs. */
  readonly cacheDir: string;
  readonly maxFileBytes?: number;
  readonly signal?: AbortSignal;
}

export interface FetchedRepository {
  readonly tree: CommitTree;
  readonly commit: string;
}

/** In a clone that turned out to be damaged: the next pass builds it anew. */
const DAMAGED = "holdfast-damaged";
const FILTER = "--filter=blob:none";
const FETCH_TIMEOUT_MS = 600_000;

/**
 * Fetches the branch and opens the commit that it names now; later pushes do not change the tree. Files come when they
 * are prefetched or read. A server that gives no partial clones gives whole ones. A damaged clone is replaced.
 */
export async function fetchRepository(options: FetchOptions): Promise<FetchedRepository | Fault> {
  const remote = remoteOf(options);
  if (isFault(remote)) return remote;
  const gitDir = join(options.cacheDir, `${createHash("sha256").update(remote.url).digest("hex").slice(0, 24)}.git`);
  const kept = existsSync(gitDir) && !existsSync(join(gitDir, DAMAGED));
  let commit = kept ? await fetchInto(gitDir, remote) : undefined;
  if (commit === undefined || (isFault(commit) && mayBeDamage(commit))) commit = await rebuild(gitDir, remote);
  if (isFault(commit)) return commit;
  const tree = openCommitTree({
    repository: { gitDir },
    commit,
    prefix: "",
    origin: () => Promise.resolve(remote.url),
    bring: createBringer(gitDir, commit, remote),
    bringOld: (hashes) => fetchBlobs(gitDir, remote, hashes),
    onDamage: () => markDamaged(gitDir),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.maxFileBytes === undefined ? {} : { maxFileBytes: options.maxFileBytes }),
  });
  // Trees are read now, so that damage is found while there is time to mend it.
  const files = await tree.list("");
  if (!isFault(files)) return { tree, commit };
  tree.close();
  return kept && existsSync(join(gitDir, DAMAGED)) ? fetchRepository(options) : files;
}

/** Whether another clone might fare better. Refusals, interruptions and unknown branches are not the clone's fault. */
function mayBeDamage(fault: Fault): boolean {
  return fault.code === "git-failed";
}

function markDamaged(gitDir: string): void {
  try {
    writeFileSync(join(gitDir, DAMAGED), "");
  } catch {
    // Gone or unwritable: then the next pass cannot use it either, and builds another or says why it cannot.
  }
}

/** Brings a clone up to date; the commit that the branch names. */
async function fetchInto(gitDir: string, remote: Remote): Promise<string | Fault> {
  const { branch } = remote;
  const ref = `refs/heads/${branch}`;
  const args = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", FILTER, "origin", `+${ref}:${ref}`];
  const fetched = await runGit({ ...commandOf(gitDir, remote), args });
  if (isFault(fetched)) return remoteFault(fetched, remote);
  const commit = await resolveCommit({ gitDir }, ref, remote.signal);
  // The server named it a moment ago: where it is not to be found, the clone is damaged.
  return isFault(commit) && commit.code === "revision-unknown" ? { ...commit, code: "git-failed" } : commit;
}

function commandOf(gitDir: string, remote: Remote) {
  return {
    repository: { gitDir },
    env: remote.env,
    protocols: remote.protocol,
    timeoutMs: FETCH_TIMEOUT_MS,
    ...(remote.signal === undefined ? {} : { signal: remote.signal }),
  };
}

/** Clones beside the old clone, and takes its place only when it is whole. */
async function rebuild(gitDir: string, remote: Remote): Promise<string | Fault> {
  const fresh = `${gitDir}.new-${process.pid}`;
  try {
    mkdirSync(join(gitDir, ".."), { recursive: true });
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh);
  } catch (error) {
    return unwritable(gitDir, error);
  }
  const commit = await cloneInto(fresh, remote);
  try {
    if (isFault(commit)) {
      rmSync(fresh, { recursive: true, force: true });
    } else {
      rmSync(gitDir, { recursive: true, force: true });
      renameSync(fresh, gitDir);
    }
  } catch (error) {
    return unwritable(gitDir, error);
  }
  return commit;
}

async function cloneInto(gitDir: string, remote: Remote): Promise<string | Fault> {
  // No template: it would bring hooks.
  const made = await runGit({ args: ["init", "--quiet", "--bare", "--template="], cwd: gitDir });
  if (isFault(made)) return made;
  const named = await runGit({ repository: { gitDir }, args: ["config", "remote.origin.url", remote.url] });
  return isFault(named) ? named : fetchInto(gitDir, remote);
}

function unwritable(gitDir: string, error: unknown): Fault {
  return {
    kind: "fault",
    code: "output-unwritable",
    about: gitDir,
    message: `the clone at ${gitDir} cannot be written: ${(error as NodeJS.ErrnoException).code ?? "the disk failed"}`,
    remedy: "make the folder writable, or free some space",
    leavesUnknown: "declared",
  };
}

/** Fetches missing blobs by hash, all of one call in one request. What is missing is asked of git once. */
function createBringer(gitDir: string, commit: string, remote: Remote) {
  let missing: Promise<Set<string> | Fault> | undefined;
  return async (hashes: readonly string[]): Promise<Fault | undefined> => {
    missing ??= missingBlobs(gitDir, commit, remote);
    const lacking = await missing;
    if (isFault(lacking)) return lacking;
    const wanted = [...new Set(hashes)].filter((hash) => lacking.has(hash));
    if (wanted.length === 0) return undefined;
    const fault = await fetchBlobs(gitDir, remote, wanted);
    if (fault !== undefined) return fault;
    for (const hash of wanted) lacking.delete(hash);
    return undefined;
  };
}

async function fetchBlobs(gitDir: string, remote: Remote, hashes: readonly string[]): Promise<Fault | undefined> {
  const quiet = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"];
  const fetched = await runGit({
    ...commandOf(gitDir, remote),
    settings: ["fetch.negotiationAlgorithm=noop"], // The commits are here: there is nothing to find out.
    args: ["fetch", ...quiet, FILTER, "--stdin", "origin"],
    input: `${hashes.join("\n")}\n`,
  });
  return isFault(fetched) ? remoteFault(fetched, remote) : undefined;
}

/** `rev-list` prints `?<hash>` for what a partial clone lacks, and fetches nothing. */
async function missingBlobs(gitDir: string, commit: string, remote: Remote): Promise<Set<string> | Fault> {
  const output = await runGit({
    repository: { gitDir },
    args: ["rev-list", "--objects", "--no-object-names", "--missing=print", "--no-walk", commit],
    ...(remote.signal === undefined ? {} : { signal: remote.signal }),
  });
  if (isFault(output)) return output;
  const lines = output.toString("latin1").split("\n");
  return new Set(lines.filter((line) => line.startsWith("?")).map((line) => line.slice(1)));
}
