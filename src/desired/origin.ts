/** Where a working copy was cloned from. */

import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import { runGit } from "./git.ts";
import { findRepository } from "./repository.ts";

/** The `origin` remote's URL as it is configured; `undefined` where there is none. Faults: `repository-invalid`, git's own. */
export async function originOf(dir: string): Promise<string | undefined | Fault> {
  const repository = findRepository(dir);
  if (isFault(repository)) return repository;
  const { gitDir, workTree } = repository;
  const found = await runGit({
    repository: { gitDir, ...(workTree === undefined ? {} : { workTree }) },
    args: ["config", "--default", "", "--get", "remote.origin.url"],
  });
  if (isFault(found)) return found;
  return found.toString("utf8").trim() || undefined;
}
