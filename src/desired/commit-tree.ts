/** The files of one commit, read from Git's objects without touching a working tree. */

import type { Fault } from "../core/fault.ts";
import { isFault } from "../core/fault.ts";
import type { OlderTree, SourceFile } from "../core/stages.ts";
import { compareText } from "../core/value.ts";
import { decodeText } from "../yaml/content.ts";
import { MAX_FILE_BYTES, tooLarge, unreadable } from "./file-faults.ts";
import type { TreeOptions } from "./file-faults.ts";
import { runGit } from "./git.ts";
import type { GitRepository } from "./git.ts";
import { isNamed } from "./named-commit.ts";
import { openObjects } from "./git-objects.ts";
import type { GitObjects } from "./git-objects.ts";
import { cleanPath, folderOf, isWithin, joinPath, withoutMarked } from "./paths.ts";
import { submodule } from "./worktree.ts";

/** Closing it ends the git process that is kept open for reading. */
export type CommitTree = OlderTree;

export interface CommitTreeInput extends TreeOptions {
  readonly repository: GitRepository;
  /** The full hash. */
  readonly commit: string;
  /** Folder of the repository that is the tree's root; `""` for all. */
  readonly prefix: string;
  /** See {@link SourceTree.origin}. */
  readonly origin?: () => Promise<string | undefined>;
  /** Brings blobs that a partial clone lacks, in one go. Present for partial clones alone: sizes are then not listed. */
  readonly bring?: (hashes: readonly string[]) => Promise<Fault | undefined>;
  /** The same for blobs of older commits. */
  readonly bringOld?: (hashes: readonly string[]) => Promise<Fault | undefined>;
  /** Told when an object that the commit names is not to be had: the repository is damaged. */
  readonly onDamage?: () => void;
}

interface Blob extends SourceFile {
  readonly hash: string;
  readonly fault?: Fault;
}

interface Session extends CommitTreeInput {
  readonly objects: GitObjects;
}

const LINK = "120000";
const MODULE = "160000";

/** Opens the tree of a commit. Its files are listed once, at the first use. */
export function openCommitTree(input: CommitTreeInput): CommitTree {
  const session: Session = { ...input, objects: openObjects(input.repository, input.signal) };
  let listed: Promise<ReadonlyMap<string, Blob> | Fault> | undefined;
  const all = () => (listed ??= listBlobs(session));
  return {
    revision: input.commit,
    ...(input.origin === undefined ? {} : { origin: input.origin }),
    isAt: (name) => isNamed(input.repository, name, input.commit),
    close: () => session.objects.close(),
    history: async () => {
      const { readHistory } = await import("./git-history.ts");
      const { repository, commit, prefix, bringOld, signal } = input;
      return await readHistory({
        repository,
        commit,
        prefix,
        ...(bringOld === undefined ? {} : { bring: bringOld }),
        ...(signal === undefined ? {} : { signal }),
      });
    },
    at: async (commit) => {
      const { openOlderTree } = await import("./older-tree.ts");
      return await openOlderTree(input, commit);
    },
    list: async (path) => {
      const clean = cleanPath(path);
      if (clean === undefined) return unreadable(path, "the path leaves the repository");
      const blobs = await all();
      if (isFault(blobs)) return blobs;
      return [...blobs.values()].filter((blob) => isWithin(blob.path, clean));
    },
    prefetch: async (files) => {
      const blobs = await all();
      if (isFault(blobs)) return blobs;
      const wanted = files.map((file) => blobs.get(file)).filter((blob) => blob !== undefined && blob.mode !== MODULE);
      return session.bring?.(wanted.map((blob) => targetOf(blobs, blob as Blob).hash));
    },
    read: async (file) => {
      const blobs = await all();
      if (isFault(blobs)) return blobs;
      const blob = blobs.get(file);
      if (blob === undefined) return unreadable(file, `commit ${input.commit.slice(0, 12)} has no such file`);
      return blob.fault ?? readBlob(session, targetOf(blobs, blob));
    },
  };
}

function targetOf(blobs: ReadonlyMap<string, Blob>, blob: Blob): Blob {
  return blob.target === undefined ? blob : (blobs.get(blob.target) ?? blob);
}

async function readBlob(session: Session, blob: Blob): Promise<Uint8Array | Fault> {
  if (blob.fault !== undefined) return blob.fault;
  const limit = session.maxFileBytes ?? MAX_FILE_BYTES;
  if (blob.size !== undefined && blob.size > limit) return tooLarge(blob.path, blob.size, limit);
  const fault = await session.bring?.([blob.hash]);
  if (fault !== undefined) return fault;
  const object = await session.objects.read(blob.hash);
  if (object === undefined) {
    session.onDamage?.();
    return unreadable(blob.path, "the repository lacks the object that Git names for it", "fetch the repository again");
  }
  if (isFault(object)) {
    if (session.signal?.aborted !== true) session.onDamage?.();
    return object;
  }
  return object.bytes.length > limit ? tooLarge(blob.path, object.bytes.length, limit) : object.bytes;
}

async function listBlobs(session: Session): Promise<ReadonlyMap<string, Blob> | Fault> {
  const { repository, commit, prefix, bring, signal } = session;
  // The size of a blob that a partial clone lacks would be fetched, one blob at a time.
  const sizes = bring === undefined ? ["-l"] : [];
  const output = await runGit({
    repository,
    args: ["ls-tree", "-r", "-z", "--full-tree", ...sizes, commit],
    ...(signal === undefined ? {} : { signal }),
  });
  if (isFault(output)) {
    if (signal?.aborted !== true) session.onDamage?.();
    return output;
  }
  const blobs = parseListing(output, prefix).toSorted((a, b) => compareText(a.path, b.path));
  const byPath = new Map(withoutMarked(blobs).map((blob) => [blob.path, blob]));
  await resolveLinks(session, byPath);
  return byPath;
}

/** `<mode> <type> <hash>[ <size>]\t<path>\0`, of which those below the prefix, relative to it. */
function parseListing(output: Buffer, prefix: string): Blob[] {
  const blobs: Blob[] = [];
  for (let start = 0; start < output.length;) {
    const end = output.indexOf(0, start);
    const tab = output.indexOf(9, start);
    const [mode = "", , hash = "", size] = output.toString("latin1", start, tab).split(/ +/);
    const name = output.subarray(tab + 1, end);
    start = end + 1;
    const decoded = decodeText(name);
    const path = relativeTo(prefix, decoded ?? name.toString("utf8"));
    if (path === undefined) continue;
    const fault =
      decoded === undefined ? unreadable(path, "its name is not UTF-8") : mode === MODULE ? submodule(path) : undefined;
    const known = size === undefined || size === "-" ? {} : { size: Number(size) };
    blobs.push({ path, mode, hash, ...known, ...(fault === undefined ? {} : { fault }) });
  }
  return blobs;
}

function relativeTo(prefix: string, path: string): string | undefined {
  if (prefix === "") return path;
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length + 1) : undefined;
}

/** Gives each symbolic link its target, or the fault that reading it is. */
async function resolveLinks(session: Session, blobs: Map<string, Blob>): Promise<void> {
  const links = [...blobs.values()].filter((blob) => blob.mode === LINK && blob.fault === undefined);
  if (links.length === 0) return;
  await session.bring?.(links.map((link) => link.hash));
  const texts = new Map<string, string>();
  for (const link of links) {
    const bytes = await readBlob(session, link);
    texts.set(link.path, isFault(bytes) ? "" : (decodeText(bytes) ?? ""));
  }
  const folders = foldersOf(blobs);
  for (const link of links) {
    const target = followLink(texts, link.path);
    if (target === undefined) {
      blobs.set(link.path, {
        ...link,
        fault: unreadable(link.path, "it is a symbolic link that leaves the repository, or goes round"),
      });
    } else if (blobs.has(target)) {
      blobs.set(link.path, { ...link, target });
    } else {
      blobs.set(link.path, {
        ...link,
        ...(folders.has(target) ? { folder: target } : {}),
        fault: unreadable(link.path, "it is a symbolic link to a folder, or leads nowhere"),
      });
    }
  }
}

/** Every folder that holds something, at any depth. */
function foldersOf(blobs: ReadonlyMap<string, Blob>): ReadonlySet<string> {
  const folders = new Set([""]);
  for (const path of blobs.keys()) {
    for (let folder = folderOf(path); !folders.has(folder); folder = folderOf(folder)) folders.add(folder);
  }
  return folders;
}

/** As many links as Linux follows before it says that they go round. */
const MAX_LINKS = 40;

/** Follows links folder by folder, as a file system does. `undefined` where they leave the repository or go round. */
function followLink(links: ReadonlyMap<string, string>, path: string): string | undefined {
  const rest = path.split("/");
  let current = "";
  for (let followed = 0; rest.length > 0;) {
    const step = rest.shift() as string;
    if (step === "" || step === ".") continue;
    if (step === "..") {
      if (current === "") return undefined;
      current = folderOf(current);
      continue;
    }
    if (step.toLowerCase() === ".git") return undefined;
    const next = joinPath(current, step);
    const link = links.get(next);
    if (link === undefined) {
      current = next;
      continue;
    }
    if (link === "" || link.startsWith("/") || ++followed > MAX_LINKS) return undefined;
    rest.unshift(...link.split("/"));
  }
  return current;
}
