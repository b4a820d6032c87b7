import { WEB_FLOW, writeCommit } from "./commits.ts";
import type { FileChange } from "./commits.ts";
import { json, parsed } from "./backend.ts";
import type { Answer } from "./backend.ts";
import type { Identity } from "./identities.ts";
import { refusal, validationFailed } from "./refusals.ts";
import type { Refusal } from "./refusals.ts";
import { everyItem, forward, mirrorOf, onBehalf, page } from "./stand.ts";
import type { ClientRequest, Repository, Stand } from "./stand.ts";

/** A pull request as GitHub's REST API shows it; what no handler looks at passes through. */
export interface PullRequest {
  readonly number: number;
  readonly title: string;
  readonly body: string | null;
  readonly state: "open" | "closed";
  readonly user: { readonly login: string };
  readonly head: { readonly ref: string; readonly sha: string };
  readonly base: { readonly ref: string; readonly sha: string };
  readonly labels: readonly { readonly name: string }[];
  readonly merged: boolean;
  readonly merged_at: string | null;
  readonly merge_commit_sha: string | null;
  readonly draft: boolean;
  readonly html_url: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly [field: string]: unknown;
}

interface Merge {
  readonly merge_commit_sha: string;
  readonly merged_at: string;
  readonly merged_by: { readonly login: string };
}

/**
 * What the emulator does not know of pull requests: it keeps the head of the day of their creation, merges whole trees,
 * and has no list of files. The commits are read from the refs instead, and frozen when the pull request is closed.
 */
export class PullRequests {
  readonly #commits = new Map<string, { head: string; base: string }>();
  readonly #merges = new Map<string, Merge>();

  /** The pull request as GitHub would show it now. */
  amend(fullName: string, pull: PullRequest, refs: ReadonlyMap<string, string>): PullRequest {
    const key = `${fullName}#${pull.number}`;
    const known = this.#commits.get(key) ?? { head: pull.head.sha, base: pull.base.sha };
    const now =
      pull.state === "closed"
        ? known
        : {
            head: refs.get(`refs/heads/${pull.head.ref}`) ?? known.head,
            base: refs.get(`refs/heads/${pull.base.ref}`) ?? known.base,
          };
    this.#commits.set(key, now);
    const merge = this.#merges.get(key);
    return {
      ...pull,
      ...(merge ? { ...merge, merged: true } : {}),
      head: { ...pull.head, sha: now.head },
      base: { ...pull.base, sha: now.base },
    };
  }

  recordMerge(fullName: string, number: number, merge: Merge): void {
    this.#merges.set(`${fullName}#${number}`, merge);
  }
}

/** Answers everything below `/repos/{owner}/{repo}/pulls`; `rest` is the path after it. */
export async function answerPulls(
  stand: Stand,
  request: ClientRequest,
  repo: Repository,
  rest: string,
): Promise<Answer> {
  const number = Number(/^\/(\d+)/.exec(rest)?.[1] ?? Number.NaN);
  const what = `${request.method} ${rest.replace(/^\/\d+/, "/n")}`;
  switch (what) {
    case "GET ":
      return listPulls(stand, request, repo);
    case "POST ":
      return createPull(stand, request, repo);
    case "GET /n":
      return shown(stand, repo, number);
    case "PATCH /n":
      return updatePull(stand, request, repo, number);
    case "PUT /n/merge":
      return mergePull(stand, request, repo, number);
    case "GET /n/merge":
      return (await pullRequest(stand, repo.full_name, number)).merged
        ? json(204)
        : json(404, { message: "Not Found" });
    case "GET /n/files":
      return page(stand, request, await pullFiles(stand, repo, number));
    case "GET /n/commits":
      return page(stand, request, await pullCommits(stand, repo, number));
    default:
      return amendedPull(stand, repo, await forward(stand, request));
  }
}

export async function pullRequest(stand: Stand, fullName: string, number: number): Promise<PullRequest> {
  const pull = await stand.backend.lookUp<PullRequest>(`/repos/${fullName}/pulls/${number}`);
  if (!pull) throw refusal(404, "Not Found");
  const mirror = await mirrorOf(stand, fullName);
  return stand.pulls.amend(fullName, pull, await mirror.refs());
}

/** All pull requests of a repository in the order of their numbers; `query` narrows them as GitHub's list does. */
export async function pullRequests(
  stand: Stand,
  fullName: string,
  query = "state=all",
): Promise<readonly PullRequest[]> {
  const found = await everyItem<PullRequest>(stand, `/repos/${fullName}/pulls?${query}`);
  const refs = await (await mirrorOf(stand, fullName)).refs();
  return found.map((pull) => stand.pulls.amend(fullName, pull, refs));
}

/** GitHub closes the open pull requests of a branch that goes; `remove` deletes it. */
export async function closingOrphans(
  stand: Stand,
  fullName: string,
  branch: string,
  remove: () => Promise<Answer>,
): Promise<Answer> {
  const open = (await pullRequests(stand, fullName, "state=open")).filter(({ head }) => head.ref === branch);
  const answer = await remove();
  if (answer.status >= 400) return answer;
  for (const { number } of open)
    await stand.backend.staff("PATCH", `/repos/${fullName}/pulls/${number}`, { state: "closed" });
  return answer;
}

/** Fields that GitHub shows for one pull request only, never in a list. */
const SINGLE_ONLY = new Set([
  "merged",
  "mergeable",
  "rebaseable",
  "mergeable_state",
  "merged_by",
  "comments",
  "review_comments",
  "maintainer_can_modify",
  "commits",
  "additions",
  "deletions",
  "changed_files",
]);

async function listPulls(stand: Stand, request: ClientRequest, repo: Repository): Promise<Answer> {
  const query = new URLSearchParams(request.query);
  query.delete("page");
  query.delete("per_page");
  const found = await pullRequests(stand, repo.full_name, query.toString());
  const short = found.map((pull) =>
    Object.fromEntries(Object.entries(pull).filter(([field]) => !SINGLE_ONLY.has(field))),
  );
  return page(stand, request, short);
}

async function shown(stand: Stand, repo: Repository, number: number): Promise<Answer> {
  const pull = await pullRequest(stand, repo.full_name, number);
  const [files, commits] = [await pullFiles(stand, repo, number), await pullCommits(stand, repo, number)];
  const mirror = await mirrorOf(stand, repo.full_name);
  const clean = pull.state === "open" && (await mirror.mergedTree(pull.base.sha, pull.head.sha)) !== undefined;
  const mergeable = pull.state === "open" ? clean : null;
  return json(200, { ...pull, mergeable, changed_files: files.length, commits: commits.length });
}

async function createPull(stand: Stand, request: ClientRequest, repo: Repository): Promise<Answer> {
  const { head, base } = JSON.parse(request.body.toString()) as { head: string; base: string };
  const [owner, branch] = head.includes(":") ? (head.split(":", 2) as [string, string]) : [repo.owner.login, head];
  const mirror = await mirrorOf(stand, repo.full_name);
  const refs = await mirror.sync();
  const headSha = owner === repo.owner.login ? refs.get(`refs/heads/${branch}`) : undefined;
  const baseSha = refs.get(`refs/heads/${base}`);
  if (headSha === undefined) throw validationFailed({ resource: "PullRequest", field: "head", code: "invalid" });
  if (baseSha === undefined) throw validationFailed({ resource: "PullRequest", field: "base", code: "invalid" });
  const twin = (await pullRequests(stand, repo.full_name, "state=open")).find(
    (pull) => pull.head.ref === branch && pull.base.ref === base,
  );
  if (twin) throw custom(`A pull request already exists for ${owner}:${branch}.`);
  if (await mirror.isAncestor(headSha, baseSha)) throw custom(`No commits between ${base} and ${branch}`);
  return amendedPull(stand, repo, await forward(stand, request));
}

async function updatePull(stand: Stand, request: ClientRequest, repo: Repository, number: number): Promise<Answer> {
  const pull = await pullRequest(stand, repo.full_name, number);
  const change = JSON.parse(request.body.toString()) as { state?: "open" | "closed"; base?: string };
  const refs = await (await mirrorOf(stand, repo.full_name)).refs();
  if (change.base !== undefined && !refs.has(`refs/heads/${change.base}`))
    throw validationFailed({ resource: "PullRequest", field: "base", code: "invalid" });
  if (change.state === "open" && pull.state === "closed") await refuseReopening(stand, repo, pull, refs);
  return amendedPull(stand, repo, await forward(stand, request));
}

async function refuseReopening(
  stand: Stand,
  repo: Repository,
  pull: PullRequest,
  refs: ReadonlyMap<string, string>,
): Promise<void> {
  if (pull.merged) throw cannotReopen("The pull request cannot be reopened.");
  if (!refs.has(`refs/heads/${pull.head.ref}`)) throw cannotReopen(`The ${pull.head.ref} branch has been deleted.`);
  const twin = (await pullRequests(stand, repo.full_name, "state=open")).find(
    ({ head, base }) => head.ref === pull.head.ref && base.ref === pull.base.ref,
  );
  if (twin) throw cannotReopen(`There is already an open pull request from ${pull.head.ref} to ${pull.base.ref}.`);
}

async function mergePull(stand: Stand, request: ClientRequest, repo: Repository, number: number): Promise<Answer> {
  const pull = await pullRequest(stand, repo.full_name, number);
  const options = parsed({ status: 200, headers: {}, body: request.body }) as
    | { commit_title?: string; commit_message?: string; sha?: string; merge_method?: string }
    | undefined;
  if (pull.state === "closed" || pull.draft) throw refusal(405, "Pull Request is not mergeable");
  if (options?.sha !== undefined && options.sha !== pull.head.sha)
    throw refusal(409, "Head branch was modified. Review and try the merge again.");
  const title = options?.commit_title ?? `Merge pull request #${number} from ${repo.owner.login}/${pull.head.ref}`;
  const sha = await mergeCommit(stand, request.identity, {
    repo,
    pull,
    message: `${title}\n\n${options?.commit_message ?? pull.title}`,
    squash: options?.merge_method === "squash",
  });
  await onBehalf(stand, request.identity, {
    method: "PATCH",
    path: `/repos/${repo.full_name}/git/refs/heads/${pull.base.ref}`,
    body: { sha },
  });
  stand.pulls.recordMerge(repo.full_name, number, {
    merge_commit_sha: sha,
    merged_at: new Date().toISOString(),
    merged_by: { login: request.identity.login },
  });
  await stand.backend.staff("PATCH", `/repos/${repo.full_name}/pulls/${number}`, { state: "closed" });
  return json(200, { sha, merged: true, message: "Pull Request successfully merged" });
}

async function mergeCommit(
  stand: Stand,
  identity: Identity,
  { repo, pull, message, squash }: { repo: Repository; pull: PullRequest; message: string; squash: boolean },
): Promise<string> {
  const mirror = await mirrorOf(stand, repo.full_name);
  await mirror.sync();
  const tree = await mirror.mergedTree(pull.base.sha, pull.head.sha);
  if (tree === undefined) throw refusal(405, "Pull Request is not mergeable");
  const changes: FileChange[] = (await mirror.diff(pull.base.sha, tree)).map(({ path, after, mode }) => ({
    path,
    content: after,
    mode,
  }));
  const sha = await writeCommit(stand, identity, {
    fullName: repo.full_name,
    base: pull.base.sha,
    parents: squash ? [pull.base.sha] : [pull.base.sha, pull.head.sha],
    changes,
    message,
    committer: WEB_FLOW,
  });
  stand.signed.add(sha);
  return sha;
}

async function pullFiles(stand: Stand, repo: Repository, number: number): Promise<readonly unknown[]> {
  const pull = await pullRequest(stand, repo.full_name, number);
  const mirror = await mirrorOf(stand, repo.full_name);
  await mirror.sync();
  const base = (await mirror.git("merge-base", pull.base.sha, pull.head.sha)).trim();
  const files = await mirror.diff(base, pull.head.sha);
  return Promise.all(
    files.map(async ({ path, before, after }) => {
      const [added = "0", removed = "0"] = (
        await mirror.git("diff", "--numstat", base, pull.head.sha, "--", path)
      ).split("\t");
      const patch = await mirror.git("diff", base, pull.head.sha, "--", path);
      return {
        filename: path,
        status: before === undefined ? "added" : after === undefined ? "removed" : "modified",
        additions: Number(added) || 0,
        deletions: Number(removed) || 0,
        changes: (Number(added) || 0) + (Number(removed) || 0),
        patch: patch.slice(Math.max(0, patch.indexOf("@@"))),
      };
    }),
  );
}

async function pullCommits(stand: Stand, repo: Repository, number: number): Promise<readonly unknown[]> {
  const pull = await pullRequest(stand, repo.full_name, number);
  const mirror = await mirrorOf(stand, repo.full_name);
  await mirror.sync();
  const shas = (await mirror.git("rev-list", "--reverse", `${pull.base.sha}..${pull.head.sha}`))
    .split("\n")
    .filter(Boolean);
  return Promise.all(shas.map((sha) => stand.backend.staff("GET", `/repos/${repo.full_name}/commits/${sha}`)));
}

async function amendedPull(stand: Stand, repo: Repository, answer: Answer): Promise<Answer> {
  if (answer.status >= 300 || answer.body.length === 0) return answer;
  const value = parsed(answer);
  if (!isPull(value)) return answer;
  const refs = await (await mirrorOf(stand, repo.full_name)).refs();
  return json(answer.status, stand.pulls.amend(repo.full_name, value, refs));
}

function isPull(value: unknown): value is PullRequest {
  return typeof value === "object" && value !== null && "head" in value && "base" in value && "number" in value;
}

function cannotReopen(why: string): Refusal {
  const message = `state cannot be changed. ${why}`;
  return validationFailed({ resource: "PullRequest", code: "invalid", field: "state", message });
}

function custom(message: string): Refusal {
  return validationFailed({ resource: "PullRequest", code: "custom", message });
}
