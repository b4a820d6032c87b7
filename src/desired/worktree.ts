/** The working tree as it is: the files that git tracks, and those that it neither tracks nor ignores. */

import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, realpathSync } from "node:fs";
import { join, relative, sep } from "node:path";
import type { Fault } from "../core/fault.ts";
import { isFault } from "../core/fault.ts";
import type { SourceFile, SourceTree } from "../core/stages.ts";
import { compareText } from "../core/value.ts";
import { decodeText } from "../yaml/content.ts";
import { MAX_FILE_BYTES, tooLarge, unreadable } from "./file-faults.ts";
import type { TreeOptions } from "./file-faults.ts";
import { runGit } from "./git.ts";
import { isNamed } from "./named-commit.ts";
import { cleanPath, folderOf, isWithin, withoutMarked } from "./paths.ts";
import { originUrl } from "./origin.ts";
import { findRepository } from "./repository.ts";
import type { FoundRepository } from "./repository.ts";

export interface WorkTree extends SourceTree {
  readonly root: string;
}

/** A file and, where it can only be a fault, why. */
interface Entry extends SourceFile {
  readonly fault?: Fault;
}

/**
 * Opens the working tree at `dir` (the repository's top, or a folder in it: paths are relative to `dir`).
 * The files are listed once, at the first use, so a pass sees one set of them. Never read: `.git`, what Git ignores,
 * folders that carry one of holdfast's markers, and anything outside `dir`, symbolic links included.
 */
export async function openWorktree(dir: string, options: TreeOptions = {}): Promise<WorkTree | Fault> {
  const repository = findRepository(dir);
  if (isFault(repository)) return repository;
  if (repository.workTree === undefined) return bare(dir);
  let entries: Promise<ReadonlyMap<string, Entry> | Fault> | undefined;
  const all = () => (entries ??= listEntries(repository, options));
  const tree: WorkTree = {
    root: repository.root,
    revision: "worktree",
    origin: () => originUrl(dir),
    isAt: (name) => isNamed(repository, name),
    history: async () => {
      const { worktreeHistory } = await import("./worktree-history.ts");
      return await worktreeHistory({ repository, tree, ...signalOf(options) });
    },
    at: async (commit) => {
      const { resolveCommit } = await import("./revision.ts");
      const head = await resolveCommit(repository, "HEAD", options.signal);
      if (isFault(head)) return head;
      const { openOlderTree } = await import("./older-tree.ts");
      const { prefix } = repository;
      return await openOlderTree(
        { ...options, repository, commit: head, prefix, origin: () => originUrl(dir) },
        commit,
      );
    },
    list: async (path) => {
      const clean = cleanPath(path);
      if (clean === undefined) return unreadable(path, "the path leaves the repository");
      const found = await all();
      return isFault(found) ? found : [...found.values()].filter((file) => isWithin(file.path, clean));
    },
    read: async (file) => {
      const found = await all();
      if (isFault(found)) return found;
      const entry = found.get(file);
      if (entry === undefined) return unreadable(file, "the repository has no such file, or Git ignores it");
      return entry.fault ?? readFileAt(repository.root, file, options.maxFileBytes ?? MAX_FILE_BYTES);
    },
  };
  return tree;
}

function signalOf({ signal }: TreeOptions): Pick<TreeOptions, "signal"> {
  return signal === undefined ? {} : { signal };
}

function bare(dir: string): Fault {
  return {
    kind: "fault",
    code: "repository-invalid",
    about: dir,
    message: `${dir} is a bare repository: it has no working tree`,
    remedy: "name the commit to read with --revision",
    leavesUnknown: "declared",
  };
}

async function listEntries(
  repository: FoundRepository,
  { signal }: TreeOptions,
): Promise<ReadonlyMap<string, Entry> | Fault> {
  const cwd = repository.root;
  const limits = signal === undefined ? {} : { signal };
  // Tags and modes are printed for tracked files only, so there are two listings.
  const [tracked, others] = await Promise.all([
    runGit({ repository, cwd, args: ["ls-files", "--cached", "-t", "--stage", "-z"], ...limits }),
    runGit({ repository, cwd, args: ["ls-files", "--others", "--exclude-standard", "-z"], ...limits }),
  ]);
  if (isFault(tracked)) return tracked;
  if (isFault(others)) return others;
  const links = new RealFolders(repository.root);
  const entries = new Map<string, Entry>();
  for (const record of records(tracked)) {
    // `H 100644 <hash> <stage>\t<path>`; S: left out of a sparse checkout.
    const head = record.subarray(0, record.indexOf(9)).toString("latin1");
    const entry = entryOf(record.subarray(record.indexOf(9) + 1), head, links);
    if (entry !== undefined) entries.set(entry.path, entry);
  }
  for (const record of records(others)) {
    const entry = entryOf(record, "? 100644", links);
    if (entry !== undefined) entries.set(entry.path, entry);
  }
  const sorted = [...entries.values()].toSorted((a, b) => compareText(a.path, b.path));
  return new Map(withoutMarked(sorted).map((entry) => [entry.path, entry]));
}

function records(output: Buffer): readonly Buffer[] {
  const found: Buffer[] = [];
  for (let start = 0; start < output.length;) {
    const end = output.indexOf(0, start);
    found.push(output.subarray(start, end));
    start = end + 1;
  }
  return found;
}

/** The file as it stands on disk, or `undefined` where it is not there (deleted), or is no file (another repository's folder). */
function entryOf(name: Buffer, head: string, links: RealFolders): Entry | undefined {
  const path = decodeText(name);
  if (path === undefined) {
    const shown = name.toString("utf8");
    return { path: shown, mode: "100644", fault: unreadable(shown, "its name is not UTF-8") };
  }
  const [tag, mode = "100644"] = head.split(" ");
  if (mode === "160000") return { path, mode, fault: submodule(path) };
  const info = lstatSync(join(links.root, path), { throwIfNoEntry: false });
  if (info === undefined || !links.isReal(folderOf(path))) {
    return tag === "S" ? { path, mode, fault: unreadable(path, "it is not checked out", SPARSE) } : undefined;
  }
  if (info.isSymbolicLink()) return linkEntry(path, links.root);
  if (!info.isFile()) return undefined;
  return { path, mode: (info.mode & 0o111) === 0 ? "100644" : "100755", size: info.size };
}

const SPARSE = "check the folder out (git sparse-checkout), or read a commit with --revision";

/** A submodule's files are another repository's: what they declare is unknown. */
export function submodule(path: string): Fault {
  return unreadable(path, "it is a submodule, whose files are not read", "list it under the target's exclude");
}

function linkEntry(path: string, root: string): Entry {
  const mode = "120000";
  try {
    const real = realpathSync.native(join(root, path));
    const inside = cleanPath(relative(root, real).split(sep).join("/"));
    if (inside === undefined) {
      return { path, mode, fault: unreadable(path, "it is a symbolic link that leaves the repository") };
    }
    const info = lstatSync(real);
    const fault = unreadable(path, "it is a symbolic link to a folder");
    if (info.isDirectory()) return { path, mode, folder: inside, fault };
    if (!info.isFile()) return { path, mode, fault: unreadable(path, "it is a symbolic link to what is no file") };
    return { path, mode, size: info.size, target: inside };
  } catch {
    return { path, mode, fault: unreadable(path, "it is a symbolic link that leads nowhere") };
  }
}

/** Which folders are themselves, and not reached through a symbolic link (git takes the files behind one for deleted). */
class RealFolders {
  readonly root: string;
  readonly #known = new Map<string, boolean>([["", true]]);

  constructor(root: string) {
    this.root = root;
  }

  isReal(folder: string): boolean {
    const known = this.#known.get(folder);
    if (known !== undefined) return known;
    const info = lstatSync(join(this.root, folder), { throwIfNoEntry: false });
    const real = info !== undefined && info.isDirectory() && this.isReal(folderOf(folder));
    this.#known.set(folder, real);
    return real;
  }
}

/** Synchronous, since 10,000 small files take a fifth of a second this way, and five times that through promises. */
function readFileAt(root: string, file: string, limit: number): Uint8Array | Fault {
  let descriptor: number | undefined;
  try {
    const real = realpathSync.native(join(root, file));
    // Asked again at each read: a folder may have become a link since the files were listed.
    if (cleanPath(relative(root, real).split(sep).join("/")) === undefined) {
      return unreadable(file, "it is reached through a symbolic link that leaves the repository");
    }
    descriptor = openSync(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const info = fstatSync(descriptor);
    if (!info.isFile()) return unreadable(file, "it is no file");
    if (info.size > limit) return tooLarge(file, info.size, limit);
    return readAll(descriptor, info.size);
  } catch (error) {
    return unreadable(file, describe(error));
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function readAll(descriptor: number, size: number): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(size);
  let filled = 0;
  while (filled < size) {
    const count = readSync(descriptor, bytes, filled, size - filled, filled);
    if (count === 0) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

function describe(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
      return "it is gone";
    case "EACCES":
    case "EPERM":
      return "permission denied";
    default:
      return (error as NodeJS.ErrnoException).code ?? "the disk failed";
  }
}
