/** Whether a name stands for the commit that is read. */

import { isFault } from "../core/fault.ts";
import { runGit } from "./git.ts";
import type { GitRepository } from "./git.ts";

/**
 * Whether a branch (here or of `origin`), a tag or a hash stands for the commit; the branch that is checked out does in any
 * case. `undefined` where the repository has no such name.
 *
 * @param commit absent: what the working tree was checked out from
 */
export async function isNamed(repository: GitRepository, name: string, commit?: string): Promise<boolean | undefined> {
  if (!/^[\w][\w./@+-]{0,250}$/.test(name) || name.includes("..") || name.includes("@{")) return undefined;
  const names = [`refs/heads/${name}`, `refs/remotes/origin/${name}`, `refs/tags/${name}`];
  const asked = [commit ?? "HEAD", ...names, ...(/^[0-9a-f]{7,64}$/.test(name) ? [name] : [])];
  const [found, head] = await Promise.all([
    runGit({
      repository,
      args: ["cat-file", "--batch-check=%(objectname) %(objecttype)"],
      input: asked.map((one) => `${one}^{commit}\n`).join(""),
    }),
    commit === undefined ? runGit({ repository, args: ["symbolic-ref", "--quiet", "HEAD"] }) : undefined,
  ]);
  if (isFault(found)) return undefined;
  if (head !== undefined && !isFault(head) && head.toString("utf8").trim() === `refs/heads/${name}`) return true;
  const [own, ...others] = found
    .toString("latin1")
    .split("\n")
    .map((line) => /^([0-9a-f]{40,64}) commit$/.exec(line)?.[1]);
  const known = others.filter((one) => one !== undefined);
  return own === undefined || known.length === 0 ? undefined : known.includes(own);
}
