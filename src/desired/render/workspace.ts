/**
 * The files that one root needs, in a folder of its own: the tracked ones, as the tree has them, and nothing else. What a
 * renderer makes of them is decided by them alone.
 */

import { createHash } from "node:crypto";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { isFault } from "../../core/fault.ts";
import type { Fault } from "../../core/fault.ts";
import type { SourceFile, SourceTree } from "../../core/stages.ts";
import { cleanPath } from "../paths.ts";

export interface Workspace {
  readonly folder: string;
  remove(): Promise<void>;
}

export interface WorkspaceFiles {
  /** By path, in code-unit order. */
  readonly bytes: ReadonlyMap<string, Uint8Array>;
  /** Links, by path, each with the path of the file or folder that it leads to. */
  readonly links: ReadonlyMap<string, string>;
  /** Those that may be run, by path; absent: none. */
  readonly executables?: ReadonlySet<string>;
  /** Of paths and contents. */
  readonly hash: string;
}

/** Reads the files. Links stay links: a renderer may refuse what they lead to, and goes on from there. A fault where one of them cannot be read, or they are too many bytes. */
export async function readFiles(
  tree: SourceTree,
  files: readonly SourceFile[],
  maxBytes: number,
): Promise<WorkspaceFiles | Fault> {
  const bytes = new Map<string, Uint8Array>();
  const links = new Map<string, string>();
  const hash = createHash("sha256");
  await tree.prefetch?.(files.map(({ path }) => path)); // A fault here is a fault of each file, when it is read.
  let total = 0;
  for (const { path, mode, target, folder } of files) {
    // A tree that somebody made by hand may name a file `../x`.
    if (mode === "160000" || cleanPath(path) !== path) continue;
    if (mode === "120000") {
      // Where it leads nowhere that may be read, it is left out.
      const to = target ?? folder;
      if (to === undefined) continue;
      links.set(path, to);
      hash.update(`${path.length} ${path} link ${to.length} ${to} `);
      continue;
    }
    const content = await tree.read(path);
    if (isFault(content)) return content;
    total += content.length;
    if (total > maxBytes) return tooMany(path, maxBytes);
    bytes.set(path, content);
    hash.update(`${path.length} ${path} ${content.length} `).update(content);
  }
  return { bytes, links, hash: hash.digest("hex") };
}

/** Writes them below `parent`, for reading only. */
export async function openWorkspace(parent: string, files: WorkspaceFiles): Promise<Workspace> {
  const folder = join(parent, files.hash.slice(0, 32));
  const made = new Set<string>();
  for (const [path, content] of files.bytes) {
    const file = join(folder, path);
    const holder = dirname(file);
    if (!made.has(holder)) await mkdir(holder, { recursive: true });
    made.add(holder);
    await writeFile(file, content, { mode: files.executables?.has(path) === true ? 0o555 : 0o444 });
  }
  for (const [path, to] of files.links) {
    // What was made for the root takes the place of what the tree has there.
    if (files.bytes.has(path)) continue;
    const link = join(folder, path);
    await mkdir(dirname(link), { recursive: true });
    // Where files were made below it, it is a folder already.
    await symlink(relative(dirname(link), join(folder, to)) || ".", link).catch(() => undefined);
  }
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

function tooMany(path: string, limit: number): Fault {
  return {
    kind: "fault",
    code: "file-too-large",
    about: path,
    message: `the files that are rendered together are more than ${limit} bytes, the limit`,
    remedy: "leave large files out of the chart or kustomization",
    position: { file: path, line: 1 },
    leavesUnknown: "declared",
  };
}
