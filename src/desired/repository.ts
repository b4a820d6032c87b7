/** Finds the Git repository that a folder belongs to, without asking git to search. */

import { existsSync, realpathSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import type { Fault } from "../core/fault.ts";
import type { GitRepository } from "./git.ts";

export interface FoundRepository extends GitRepository {
  /** The folder that was asked for, without symbolic links. Paths of a {@link SourceTree} are relative to it. */
  readonly root: string;
  /** The top of the working tree; `root` itself where that is the repository's top, or a bare repository. */
  readonly top: string;
  /** `root` relative to `top`, with `/`; `""` at the top. */
  readonly prefix: string;
}

/**
 * The repository around the folder: the nearest `.git` at or above it, or the folder itself where it is a bare
 * repository. A fault (`repository-invalid`) where there is none. Since git is then given this repository outright,
 * neither `core.worktree` nor the owner of the folder (`safe.directory`) changes which files are read.
 */
export function findRepository(dir: string): FoundRepository | Fault {
  const root = folderAt(dir);
  if (root === undefined) return notOne(dir, "there is no such folder");
  if (isGitDir(root)) return { gitDir: root, root, top: root, prefix: "" };
  for (let top = root; ; top = dirname(top)) {
    const gitDir = join(top, ".git");
    if (existsSync(gitDir)) {
      return { gitDir, workTree: top, root, top, prefix: relative(top, root).split(sep).join("/") };
    }
    if (top === dirname(top)) return notOne(dir, "neither it nor a folder above it is a Git repository");
  }
}

function folderAt(dir: string): string | undefined {
  try {
    const root = realpathSync(dir);
    return statSync(root).isDirectory() ? root : undefined;
  } catch {
    return undefined;
  }
}

function isGitDir(folder: string): boolean {
  return ["HEAD", "objects", "refs"].every((name) => existsSync(join(folder, name)));
}

function notOne(dir: string, message: string): Fault {
  return {
    kind: "fault",
    code: "repository-invalid",
    about: dir,
    message: `${dir} is no Git repository: ${message}`,
    remedy: "name the repository's folder with --repo, or run git init there",
    leavesUnknown: "declared",
  };
}
