/**
 * The branch of a pull request: one that says what it should is left alone, and no commit that holdfast did not make
 * is ever overwritten. While a pull request is open its branch only moves forward, which is also what makes a push safe
 * against one that comes in between.
 */

import { createHash } from "node:crypto";

import type { FileChange, Publication } from "../core/proposal.ts";
import { lookUp, mutate, read, write } from "./github-client.ts";
import type { Session } from "./github-client.ts";
import { ForgeError, mayHaveHappened } from "./github-faults.ts";
import { isOwnCommit, signedMessage } from "./marker.ts";

export type PullPublication = Extract<Publication, { kind: "pull-request" }>;

export type BranchState =
  | { readonly kind: "absent" }
  /** Nothing on it that the base branch does not have. */
  | { readonly kind: "empty"; readonly head: string }
  /** `same`: it changes what is to be changed, and nothing else. `mergeBase`: where it left the base branch. */
  | { readonly kind: "own"; readonly head: string; readonly same: boolean; readonly mergeBase: string }
  /** Its head is a commit that holdfast did not make. */
  | { readonly kind: "foreign"; readonly head: string };

interface GitCommit {
  readonly sha: string;
  readonly message: string;
  readonly tree: { readonly sha: string };
  readonly parents: readonly { readonly sha: string }[];
}

interface GitRef {
  readonly ref: string;
  readonly object: { readonly sha: string };
}

interface Comparison {
  readonly ahead_by: number;
  readonly behind_by: number;
  readonly merge_base_commit: { readonly sha: string };
  readonly files?: readonly { readonly filename: string; readonly sha: string | null; readonly status: string }[];
}

/** The names that holdfast gives: nothing in them that a path, a template or Git reads as anything else. */
export function isOwnBranchName(branch: string): boolean {
  return /^holdfast\/[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(branch);
}

export async function branchState(session: Session, publication: PullPublication): Promise<BranchState> {
  if (!isOwnBranchName(publication.branch)) throw new Error(`not a branch of holdfast's: ${publication.branch}`);
  const head = await headOf(session, publication.branch);
  if (head === undefined) return { kind: "absent" };
  const comparison = await compare(session, session.base.branch, head);
  if (comparison === undefined) return { kind: "foreign", head };
  if (comparison.ahead_by === 0) return { kind: "empty", head };
  if (!(await isOwnHead(session, publication.id, head))) return { kind: "foreign", head };
  const mergeBase = comparison.merge_base_commit.sha;
  return { kind: "own", head, same: changesSame(comparison, publication.files), mergeBase };
}

export async function isOwnHead(session: Session, id: string, head: string): Promise<boolean> {
  const commit = await read<GitCommit>(session, `/git/commits/${head}`);
  const parents = commit.parents.map(({ sha }) => sha);
  return isOwnCommit(commit.message, { id, parents, tree: commit.tree.sha }, session.key);
}

export async function headOf(session: Session, branch: string): Promise<string | undefined> {
  // All that begin with the name, rather than the one: a branch that is not there yet is no failed request.
  const refs = await read<readonly GitRef[]>(session, `/git/matching-refs/heads/${branch}`);
  return refs.find(({ ref }) => ref === `refs/heads/${branch}`)?.object.sha;
}

/** Brings the branch from `state` to what the publication says. `open`: a pull request shows it. */
export async function bringBranch(
  session: Session,
  publication: PullPublication,
  { state, open }: { readonly state: BranchState; readonly open: boolean },
): Promise<void> {
  if (state.kind === "foreign" || (state.kind === "own" && state.same)) return;
  await refuseOutdated(session, state);
  if (state.kind === "own" && open) return pushOnto(session, publication, state);
  await startBranch(session, publication.branch, state);
  await firstCommit(session, publication);
}

/** Moves the branch to the base commit, where no pull request shows it. */
async function startBranch(session: Session, branch: string, state: BranchState): Promise<void> {
  const sha = session.base.commit;
  if (state.kind === "absent") {
    try {
      // A branch is named: asking for it again makes no second one.
      await write(session, "POST /git/refs", { ref: `refs/heads/${branch}`, sha });
    } catch (error) {
      // It exists: what counts is where it is now.
      if (!(error instanceof ForgeError) || error.status !== 422) throw error;
      if ((await headOf(session, branch)) !== sha) throw error;
    }
  } else if (state.kind !== "foreign" && state.head !== sha) {
    await write(session, `PATCH /git/refs/heads/${branch}`, { sha, force: state.kind === "own" });
  }
}

const COMMIT_ON_BRANCH = `mutation ($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid signature { isValid } } }
}`;

interface CommitAnswer {
  readonly createCommitOnBranch: {
    readonly commit: { readonly signature: { readonly isValid: boolean } | null };
  } | null;
}

/** On the base commit, by the mutation whose commits GitHub signs; it writes plain files only. */
async function firstCommit(session: Session, publication: PullPublication): Promise<void> {
  const { branch, files, id } = publication;
  const parent = session.base.commit;
  const tree = await treeWith(session, files);
  const message = signedMessage(publication.commitMessage, { id, parents: [parent], tree }, session.key);
  if (files.some((file) => file.mode !== "100644")) {
    return commitAndMove(session, { branch, message, tree, parents: [parent] });
  }
  const [headline = "", ...rest] = message.split("\n");
  const additions = files.map(({ path, after }) => ({ path, contents: Buffer.from(after).toString("base64") }));
  const input = {
    branch: { repositoryNameWithOwner: `${session.owner}/${session.repo}`, branchName: branch },
    expectedHeadOid: parent,
    message: { headline, body: rest.join("\n").trim() },
    fileChanges: { additions },
  };
  try {
    const made = await mutate<CommitAnswer>(session, COMMIT_ON_BRANCH, { input });
    if (made.createCommitOnBranch?.commit.signature?.isValid !== true)
      session.log(`${branch}: GitHub did not sign the commit`);
  } catch (error) {
    if (!(error instanceof ForgeError) || (error.type !== "STALE_DATA" && !mayHaveHappened(error))) throw error;
    await settleCommit(session, publication, { error, retry: () => mutate(session, COMMIT_ON_BRANCH, { input }) });
  }
}

/** After no answer, or a stale head: the commit may be there. Made again only where the branch has not moved. */
async function settleCommit(
  session: Session,
  { branch, id }: PullPublication,
  { error, retry }: { readonly error: ForgeError; readonly retry: () => Promise<unknown> },
): Promise<void> {
  const head = await headOf(session, branch);
  if (head === session.base.commit && error.type !== "STALE_DATA") await retry();
  else if (head === undefined || !(await isOwnHead(session, id, head))) throw error;
}

/**
 * Adds a commit to a branch that people look at: the base branch's files with the changes, as a merge where the base
 * branch has moved on. Never forced, so a commit that came in between makes GitHub refuse it.
 */
async function pushOnto(
  session: Session,
  publication: PullPublication,
  { head, mergeBase }: BranchState & { kind: "own" },
): Promise<void> {
  const { branch, files, id } = publication;
  const parents = mergeBase === session.base.commit ? [head] : [head, session.base.commit];
  const tree = await treeWith(session, files);
  const message = signedMessage(publication.commitMessage, { id, parents, tree }, session.key);
  await commitAndMove(session, { branch, message, tree, parents });
}

/** Hash of the base commit's tree with the files changed. A tree is named by its content: writing it twice is once. */
async function treeWith(session: Session, files: readonly FileChange[]): Promise<string> {
  const base = await read<GitCommit>(session, `/git/commits/${session.base.commit}`);
  const tree = files.map(({ path, after, mode }) => ({ path, mode, type: "blob", content: after }));
  return (await write<{ sha: string }>(session, "POST /git/trees", { base_tree: base.tree.sha, tree })).sha;
}

interface NewCommit {
  readonly branch: string;
  readonly message: string;
  readonly tree: string;
  readonly parents: readonly string[];
}

/** A commit that no branch shows does no harm, so both steps may be repeated. GitHub signs an App's that name no author. */
async function commitAndMove(session: Session, { branch, message, tree, parents }: NewCommit): Promise<void> {
  const { sha } = await write<{ sha: string }>(session, "POST /git/commits", { message, tree, parents });
  await write(session, `PATCH /git/refs/heads/${branch}`, { sha, force: false });
}

/** The base branch may have moved on since the pass began, and the branch with it: an older state is not put on top. */
async function refuseOutdated(session: Session, state: BranchState): Promise<void> {
  const left = state.kind === "own" ? state.mergeBase : state.kind === "empty" ? state.head : session.base.commit;
  if (left === session.base.commit) return;
  const comparison = await compare(session, session.base.commit, left);
  if (comparison?.ahead_by === 0) return;
  const message = "the branch starts from a newer commit than this pass compared";
  throw new ForgeError({ scope: "item", message, remedy: "run it again on the newest commit" });
}

function compare(session: Session, base: string, head: string): Promise<Comparison | undefined> {
  return lookUp<Comparison>(session, "/compare/{basehead}", { basehead: `${base}...${head}`, per_page: 1 });
}

function changesSame(comparison: Comparison, files: readonly FileChange[]): boolean {
  const changed = comparison.files ?? [];
  const wanted = new Map(files.map((file) => [file.path, blobHash(file.after)]));
  const same = (file: { filename: string; sha: string | null; status: string }) =>
    (file.status === "modified" || file.status === "added") && wanted.get(file.filename) === file.sha;
  return changed.length === wanted.size && changed.every(same);
}

/** Git's name for the content. */
function blobHash(text: string): string {
  const bytes = Buffer.from(text);
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}
