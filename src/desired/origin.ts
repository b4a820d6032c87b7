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

/** The same, for what can do without: `undefined` where it cannot be read, too. */
export async function originUrl(dir: string): Promise<string | undefined> {
  const url = await originOf(dir);
  return isFault(url) ? undefined : url;
}

/** Whether two addresses name one repository: over HTTPS, over SSH, with a user, with or without `.git`. */
export function sameRepository(a: string, b: string): boolean {
  return plainAddress(a) === plainAddress(b);
}

function plainAddress(address: string): string {
  const url = /^[a-z][a-z0-9+.-]*:\/\/(?:[^@/]*@)?([^/:]+)(?::\d+)?\/(.*)$/i.exec(address);
  const short = /^(?:[^@/]*@)?([^/:]+):(.*)$/.exec(address);
  const [, host = "", path = address] = url ?? short ?? [];
  return `${host.toLowerCase()}/${path.replace(/^\/+|\/+$/g, "").replace(/\.git$/, "")}`;
}

/** As messages show it: without a user or a password, and cut. */
export function withoutCredentials(address: string): string {
  return address.replace(/\/\/[^/@]*@/, "//").slice(0, 200);
}
