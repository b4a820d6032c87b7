/** Opens one repository of GitHub for one pass, to read it: its base branch, and its files at that branch's head. */

import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import type { SourceTree } from "../core/stages.ts";
import { fetchRepository } from "../desired/fetch.ts";
import type { Credentials } from "./credentials.ts";
import { asked, forbidden, openAccess } from "./github-clients.ts";
import type { Installation } from "./github-clients.ts";
import type { GitHubAddresses } from "./github-addresses.ts";

export interface OpenRepositoryOptions {
  readonly credentials: Credentials;
  readonly addresses: GitHubAddresses;
  readonly owner: string;
  readonly name: string;
  /** Default: the repository's default branch. */
  readonly base?: string;
  /** Where clones are kept between passes. */
  readonly cacheDir: string;
  readonly maxFileBytes?: number;
  readonly installation?: Installation;
  readonly signal?: AbortSignal;
}

export interface OpenRepository {
  /** As GitHub writes them. */
  readonly owner: string;
  readonly name: string;
  readonly base: { readonly branch: string; readonly commit: string };
  readonly tree: SourceTree;
  /** The default branch's: the configuration is read from there alone, whatever the base is. */
  readonly configTree: SourceTree;
  close(): Promise<void>;
}

/** Faults: those of GitHub, of git, and of a repository that takes no writes. */
export async function openGitHubRepository(options: OpenRepositoryOptions): Promise<OpenRepository | Fault> {
  const access = await openAccess({ ...options, write: false });
  if (isFault(access)) return access;
  const opened = await openWith(options, access);
  if (isFault(opened)) await access.close();
  return opened;
}

type Access = Exclude<Awaited<ReturnType<typeof openAccess>>, Fault>;

async function openWith(options: OpenRepositoryOptions, access: Access): Promise<OpenRepository | Fault> {
  const about = await describe(options, access);
  if (isFault(about)) return about;
  const branch = options.base ?? about.default_branch;
  const { addresses, cacheDir, maxFileBytes, signal } = options;
  const [owner = "", name = ""] = about.full_name.split("/");
  const fetch = (of: string): ReturnType<typeof fetchRepository> =>
    fetchRepository({
      url: `${addresses.server}/${owner}/${name}.git`,
      token: access.token,
      branch: of,
      cacheDir,
      ...(maxFileBytes === undefined ? {} : { maxFileBytes }),
      ...(signal === undefined ? {} : { signal }),
    });
  const fetched = await fetch(branch);
  if (isFault(fetched)) return fetched;
  const configured = branch === about.default_branch ? fetched : await fetch(about.default_branch);
  if (isFault(configured)) {
    fetched.tree.close();
    return configured;
  }
  return {
    owner,
    name,
    base: { branch, commit: fetched.commit },
    tree: fetched.tree,
    configTree: configured.tree,
    close: async () => {
      fetched.tree.close();
      if (configured !== fetched) configured.tree.close();
      await access.close();
    },
  };
}

interface Description {
  readonly full_name: string;
  readonly default_branch: string;
  readonly archived: boolean;
  readonly disabled?: boolean;
}

async function describe({ owner, name }: OpenRepositoryOptions, { client }: Access): Promise<Description | Fault> {
  const about = `${owner}/${name}`;
  const answer = await asked(about, "the repository", () =>
    client.request("GET /repos/{owner}/{repo}", { owner, repo: name }).catch((error: { status?: unknown }) => {
      if (error.status === 404) return undefined;
      throw error;
    }),
  );
  if (answer === undefined) {
    return forbidden(
      about,
      "GitHub shows these credentials no such repository",
      "check the name, and that the App is installed there or the token may read it",
    );
  }
  if (isFault(answer)) return answer;
  const { archived, disabled } = answer.data;
  if (!archived && !disabled) return answer.data;
  return forbidden(
    about,
    `the repository is ${archived ? "archived" : "disabled"}: nothing can be opened there`,
    "take it out of holdfast's schedule",
  );
}
