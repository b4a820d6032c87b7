import { refusal } from "./refusals.ts";
import { onBehalf } from "./stand.ts";
import type { Stand } from "./stand.ts";
import type { Identity } from "./identities.ts";

export interface FileChange {
  readonly path: string;
  /** Undefined removes the file. */
  readonly content: Buffer | undefined;
  readonly mode?: string;
}

export interface NewCommit {
  readonly fullName: string;
  /** Undefined for a first commit. */
  readonly base: string | undefined;
  readonly parents: readonly string[];
  readonly changes: readonly FileChange[];
  readonly message: string;
  readonly committer?: { readonly name: string; readonly email: string };
}

/** Who GitHub says committed what was made on its site or by createCommitOnBranch. */
export const WEB_FLOW = { name: "GitHub", email: "noreply@github.com" };

/** Writes blobs, tree and commit in a client's name, and touches no ref. Returns the commit's hash. */
export async function writeCommit(stand: Stand, identity: Identity, commit: NewCommit): Promise<string> {
  const repo = `/repos/${commit.fullName}`;
  const entries: { path: string; mode: string; type: "blob"; sha: string | null }[] = [];
  for (const { path, content, mode = "100644" } of commit.changes) {
    const sha = content === undefined ? null : await writeBlob(stand, identity, repo, content);
    entries.push({ path, mode, type: "blob", sha });
  }
  const base = commit.base === undefined ? undefined : await treeOf(stand, commit.fullName, commit.base);
  const tree =
    entries.length === 0 && base !== undefined
      ? base
      : await create(stand, identity, `${repo}/git/trees`, { tree: entries, ...(base ? { base_tree: base } : {}) });
  return create(stand, identity, `${repo}/git/commits`, {
    message: commit.message,
    tree,
    parents: commit.parents,
    ...(commit.committer ? { author: authorOf(identity), committer: commit.committer } : {}),
  });
}

/** Refuses removals of files that are not there, as GitHub does, before anything is written. */
export function refuseUnknownRemovals(changes: readonly FileChange[], present: readonly string[]): void {
  const known = new Set(present);
  const missing = changes.find(({ path, content }) => content === undefined && !known.has(path));
  if (missing)
    throw refusal(422, `A path was requested for deletion which does not exist as of commit. Path: ${missing.path}`);
}

async function treeOf(stand: Stand, fullName: string, commit: string): Promise<string> {
  const { tree } = await stand.backend.staff<{ tree: { sha: string } }>(
    "GET",
    `/repos/${fullName}/git/commits/${commit}`,
  );
  return tree.sha;
}

/** The noreply address by which GitHub attributes a commit. */
function authorOf(identity: Identity): { name: string; email: string } {
  return { name: identity.login, email: `${identity.login}@users.noreply.github.com` };
}

function writeBlob(stand: Stand, identity: Identity, repo: string, content: Buffer): Promise<string> {
  return create(stand, identity, `${repo}/git/blobs`, { content: content.toString("base64"), encoding: "base64" });
}

async function create(stand: Stand, identity: Identity, path: string, body: unknown): Promise<string> {
  return (await onBehalf<{ sha: string }>(stand, identity, { method: "POST", path, body })).sha;
}
