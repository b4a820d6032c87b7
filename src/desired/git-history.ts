/**
 * What a branch was before a commit: which files each commit changed, and their older bytes. Git's plumbing alone is asked
 * (`rev-list`, `diff-tree`, `cat-file`), whose output no configuration changes.
 */

import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import { COMMIT_TRAILER } from "../core/markers.ts";
import type { HistoryCommit, HistoryFile, SourceHistory } from "../core/stages.ts";
import { decodeText } from "../yaml/content.ts";
import { runGit } from "./git.ts";
import type { GitRepository } from "./git.ts";
import { openObjects } from "./git-objects.ts";
import type { GitObjects } from "./git-objects.ts";
import { isWithin } from "./paths.ts";

/** How far back is looked, and how much of it is read. */
export interface HistoryLimits {
  /** Commits, along first parents. */
  readonly commits: number;
  /** Of one older file. */
  readonly fileBytes: number;
  /** Of all older files together. */
  readonly bytes: number;
  readonly blobs: number;
  /** From the first read on. */
  readonly milliseconds: number;
}

export const HISTORY_LIMITS: HistoryLimits = {
  commits: 1000,
  fileBytes: 1024 * 1024,
  bytes: 64 * 1024 * 1024,
  blobs: 5000,
  milliseconds: 30_000,
};

export interface HistoryInput {
  readonly repository: GitRepository;
  /** The full hash of the newest commit. */
  readonly commit: string;
  /** Folder of the repository that paths are relative to; `""` for all. */
  readonly prefix: string;
  readonly signal?: AbortSignal;
  readonly limits?: Partial<HistoryLimits>;
  /** Fetches blobs that a partial clone lacks, in one go. */
  readonly bring?: (hashes: readonly string[]) => Promise<Fault | undefined>;
}

/** A fault where git fails, takes too long or prints too much: nothing is then known of the past. */
export async function readHistory(input: HistoryInput): Promise<SourceHistory | Fault> {
  const limits = { ...HISTORY_LIMITS, ...input.limits };
  const line = await firstParents(input, limits.commits);
  if (isFault(line)) return line;
  const changed = await changesOf(input, line);
  if (isFault(changed)) return changed;
  const commits = line.map((one): HistoryCommit => ({ ...one, files: changed.get(one.id) ?? new Map() }));
  const last = line.at(-1);
  if (last?.parent !== undefined) return { commits, end: "window", ...objectReader(input, limits) };
  const shallow = await isShallow(input);
  if (isFault(shallow)) return shallow;
  // A shallow clone's oldest commit looks like a beginning, at which every file was made: it tells of no change.
  const told = shallow ? commits.slice(0, -1) : commits;
  return { commits: told, end: shallow ? "shallow" : "beginning", ...objectReader(input, limits) };
}

type Commit = Omit<HistoryCommit, "files">;

async function firstParents(input: HistoryInput, limit: number): Promise<readonly Commit[] | Fault> {
  const args = ["rev-list", "--first-parent", "--parents", "--timestamp", `--max-count=${limit}`, input.commit];
  const output = await git(input, args);
  if (isFault(output)) return output;
  const lines = output.toString("latin1").split("\n");
  return lines.flatMap((text): readonly Commit[] => {
    const [time = "", id = "", parent] = text.split(" ");
    if (id === "") return [];
    return [{ id, time: Number(time) * 1000, ...(parent === undefined ? {} : { parent }) }];
  });
}

async function isShallow(input: HistoryInput): Promise<boolean | Fault> {
  const output = await git(input, ["rev-parse", "--is-shallow-repository"]);
  return isFault(output) ? output : output.toString("latin1").trim() === "true";
}

/** Each commit beside its first parent; the first of all beside nothing. */
async function changesOf(
  input: HistoryInput,
  commits: readonly Commit[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, HistoryFile>> | Fault> {
  const paths = input.prefix === "" ? [] : ["--", input.prefix];
  const options = ["--stdin", "--root", "-r", "--raw", "-z", "--no-renames", "--no-abbrev", "--no-ext-diff"];
  const asked = commits.map(({ id, parent }) => (parent === undefined ? id : `${id} ${parent}`));
  const output = await git(input, ["diff-tree", ...options, ...paths], `${asked.join("\n")}\n`);
  if (isFault(output)) return output;
  return parseChanges(output, input.prefix);
}

/** `<commit>\0` and, for each of its files, `:<mode> <mode> <hash> <hash> <letter>\0<path>\0`. */
function parseChanges(output: Buffer, prefix: string): Map<string, Map<string, HistoryFile>> {
  const commits = new Map<string, Map<string, HistoryFile>>();
  let files = new Map<string, HistoryFile>();
  for (let start = 0; start < output.length;) {
    const end = endOf(output, start);
    const record = output.toString("latin1", start, end);
    start = end + 1;
    if (!record.startsWith(":")) {
      files = new Map();
      commits.set(record, files);
      continue;
    }
    const pathEnd = endOf(output, start);
    const path = decodeText(output.subarray(start, pathEnd));
    start = pathEnd + 1;
    if (path !== undefined && isWithin(path, prefix)) addFile(files, record, relativeTo(prefix, path));
  }
  return commits;
}

function endOf(output: Buffer, start: number): number {
  const end = output.indexOf(0, start);
  return end < 0 ? output.length : end;
}

function relativeTo(prefix: string, path: string): string {
  return prefix === "" ? path : path.slice(prefix.length + 1);
}

function addFile(files: Map<string, HistoryFile>, record: string, path: string): void {
  const [before = "", after = "", old = "", next = ""] = record.slice(1).split(" ");
  files.set(path, {
    ...(isFileMode(before) ? { before: old } : {}),
    ...(isFileMode(after) ? { after: next } : {}),
  });
}

function isFileMode(mode: string): boolean {
  return mode.startsWith("100");
}

/** A partial clone would fetch what it lacks, one blob at a time, and end where it may not. */
const NO_LAZY_FETCH = ["remote.origin.promisor=false"];

function git(input: HistoryInput, args: readonly string[], text?: string): Promise<Buffer | Fault> {
  const { repository, signal } = input;
  return runGit({
    repository,
    args,
    settings: NO_LAZY_FETCH,
    timeoutMs: 60_000,
    maxBytes: 64 * 1024 * 1024,
    ...(text === undefined ? {} : { input: text }),
    ...(signal === undefined ? {} : { signal }),
  });
}

function objectReader(input: HistoryInput, limits: HistoryLimits): Omit<SourceHistory, "commits" | "end"> {
  const objects = openObjects(input.repository, input.signal);
  return { ...blobReader(input, limits, objects), codified: ownCommits(input, objects), close: () => objects.close() };
}

/** `Holdfast-Commit: ` and an HMAC-SHA-256 in base64url, on a line of its own. */
const OWN = new RegExp(String.raw`^${COMMIT_TRAILER}[\w-]{43}\r?$`, "mu");

interface ReadCommit {
  readonly own: boolean;
  readonly parent?: string;
  /** The newest commit of what it merges. */
  readonly merged?: string;
}

/** Of a pull request that is looked through. */
const MAX_MERGED = 100;

/** The commits of a merged branch: its own, and those of the base that were merged into it meanwhile ("Update branch") left out. */
async function mergedCommits(input: HistoryInput, base: string, tip: string): Promise<readonly string[]> {
  const args = ["rev-list", "--no-merges", `--max-count=${MAX_MERGED}`, tip, `^${base}`];
  const output = await git(input, args);
  return isFault(output)
    ? []
    : output
        .toString("latin1")
        .split("\n")
        .filter((line) => line !== "");
}

/** A pull request is merged by a commit whose second parent is the newest one of it, or squashed or rebased with its message. */
function ownCommits(input: HistoryInput, objects: GitObjects): SourceHistory["codified"] {
  const commitOf = async (id: string): Promise<ReadCommit> => {
    const object = await objects.read(id);
    if (object === undefined || isFault(object) || object.type !== "commit") return { own: false };
    const [head = "", ...message] = Buffer.from(object.bytes).toString("latin1").split("\n\n");
    const [parent, merged] = [...head.matchAll(/^parent ([0-9a-f]+)$/gmu)].map(([, hash = ""]) => hash);
    return {
      own: OWN.test(message.join("\n\n")),
      ...(parent === undefined ? {} : { parent }),
      ...(merged === undefined ? {} : { merged }),
    };
  };
  const known = new Map<string, Promise<boolean>>();
  const isOwn = async (id: string): Promise<boolean> => {
    const { parent, merged, own } = await commitOf(id);
    if (own || parent === undefined || merged === undefined) return own;
    for (const commit of await mergedCommits(input, parent, merged)) if ((await commitOf(commit)).own) return true;
    return false;
  };
  return async ({ id }) => {
    const answer = known.get(id) ?? isOwn(id);
    known.set(id, answer);
    return await answer;
  };
}

/** Reads blobs within the limits: their sizes are asked for first, so that a large one is never held. */
function blobReader(
  input: HistoryInput,
  limits: HistoryLimits,
  objects: GitObjects,
): Pick<SourceHistory, "prefetch" | "read"> {
  const sizes = new Map<string, number>();
  const left = { bytes: limits.bytes, blobs: limits.blobs };
  let deadline: number | undefined;
  const prefetch = async (blobs: readonly string[]): Promise<void> => {
    const wanted = [...new Set(blobs)].filter((blob) => !sizes.has(blob)).slice(0, limits.blobs);
    if (wanted.length === 0) return;
    await addSizes(input, wanted, sizes);
    const lacking = wanted.filter((blob) => !sizes.has(blob));
    if (lacking.length === 0 || input.bring === undefined) return;
    const fault = await input.bring(lacking);
    if (fault === undefined) await addSizes(input, lacking, sizes);
  };
  return {
    prefetch,
    read: async (blob) => {
      deadline ??= Date.now() + limits.milliseconds;
      if (Date.now() > deadline || left.blobs <= 0) return undefined;
      await prefetch([blob]);
      const size = sizes.get(blob);
      if (size === undefined || size > limits.fileBytes || size > left.bytes) return undefined;
      left.blobs -= 1;
      left.bytes -= size;
      const object = await objects.read(blob);
      return object === undefined || isFault(object) ? undefined : object.bytes;
    },
  };
}

async function addSizes(input: HistoryInput, blobs: readonly string[], sizes: Map<string, number>): Promise<void> {
  const args = ["cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)"];
  const output = await git(input, args, `${blobs.join("\n")}\n`);
  if (isFault(output)) return;
  for (const line of output.toString("latin1").split("\n")) {
    const [hash = "", type, size = ""] = line.split(" ");
    if (type === "blob") sizes.set(hash, Number(size));
  }
}
