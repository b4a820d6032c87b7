/**
 * The files that one root needs, in a folder of its own: the tracked ones, as the tree has them, and nothing else. What a
 * renderer makes of them is decided by them alone.
 */

import { createHash } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isFault } from "../../core/fault.ts";
import type { Fault } from "../../core/fault.ts";
import type { SourceFile, SourceTree } from "../../core/stages.ts";

export interface Workspace {
  readonly folder: string;
  remove(): Promise<void>;
}

export interface WorkspaceFiles {
  /** By path, in code-unit order. */
  readonly bytes: ReadonlyMap<string, Uint8Array>;
  /** Of paths and contents. */
  readonly hash: string;
}

/** Reads the files, links as what they lead to. A fault where one of them cannot be read, or they are too many bytes. */
export async function readFiles(
  tree: SourceTree,
  files: readonly SourceFile[],
  maxBytes: number,
): Promise<WorkspaceFiles | Fault> {
  const bytes = new Map<string, Uint8Array>();
  const hash = createHash("sha256");
  await tree.prefetch?.(files.map(({ path }) => path)); // A fault here is a fault of each file, when it is read.
  let total = 0;
  for (const { path, mode, target } of files) {
    if (mode === "160000" || (mode === "120000" && target === undefined)) continue;
    const content = await tree.read(path);
    if (isFault(content)) return content;
    total += content.length;
    if (total > maxBytes) return tooMany(path, maxBytes);
    bytes.set(path, content);
    hash.update(`${path.length} ${path} ${content.length} `).update(content);
  }
  return { bytes, hash: hash.digest("hex") };
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
    await writeFile(file, content, { mode: 0o444 });
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
