import { writeCommit } from "./commits.ts";
import type { ChangedFile, GitMirror } from "./git-mirror.ts";
import { backendToken } from "./identities.ts";
import type { Identity } from "./identities.ts";
import { answerRepository } from "./repositories.ts";
import { mirrorOf } from "./stand.ts";
import type { Repository, Stand } from "./stand.ts";

export interface RepositorySeed {
  /** An organisation or user of the stand-in; the first organisation where it is left out. */
  readonly owner?: string;
  readonly name: string;
  readonly files: Readonly<Record<string, string | Buffer>>;
  readonly defaultBranch?: string;
  /** True where it is left out: on a public repository GitHub lets any token read, and a missing permission hides. */
  readonly private?: boolean;
}

/** Creates a repository with one commit on its default branch. Returns that commit. */
export async function seedRepository(
  stand: Stand,
  owner: string,
  staff: Identity,
  seed: RepositorySeed,
): Promise<string> {
  const organisation = (await stand.backend.lookUp(`/orgs/${owner}`)) !== undefined;
  const creator = organisation ? staff : userIdentity(owner);
  const settings = { name: seed.name, private: seed.private ?? true, auto_init: false };
  const path = organisation ? `/orgs/${owner}/repos` : "/user/repos";
  await asPerson(stand, creator, "POST", path, settings);
  const fullName = `${owner}/${seed.name}`;
  if (!organisation)
    await asPerson(stand, creator, "PUT", `/repos/${fullName}/collaborators/${staff.login}`, { permission: "admin" });
  stand.repositories.add(fullName);
  const changes = Object.entries(seed.files).map(([file, content]) => ({ path: file, content: Buffer.from(content) }));
  const message = "Everything as it is today";
  const sha = await writeCommit(stand, creator, { fullName, base: undefined, parents: [], changes, message });
  const branch = seed.defaultBranch ?? "main";
  await asPerson(stand, creator, "POST", `/repos/${fullName}/git/refs`, { ref: `refs/heads/${branch}`, sha });
  await asPerson(stand, creator, "PATCH", `/repos/${fullName}`, { default_branch: branch });
  return sha;
}

export interface PersonsCommit {
  readonly repository: string;
  /** The default branch where it is left out. A branch that does not exist is created from the default branch. */
  readonly branch?: string;
  /** Null removes the file. */
  readonly files: Readonly<Record<string, string | Buffer | null>>;
  readonly message?: string;
  readonly as?: string;
}

/** Commits as a person does who pushes. Returns the new head. */
export async function commit(stand: Stand, change: PersonsCommit, person: string): Promise<string> {
  const { default_branch } = await stand.backend.staff<Repository>("GET", `/repos/${change.repository}`);
  const branch = change.branch ?? default_branch;
  const refs = await (await mirrorOf(stand, change.repository)).refs();
  const existing = refs.get(`refs/heads/${branch}`);
  const base = existing ?? refs.get(`refs/heads/${default_branch}`);
  const changes = Object.entries(change.files).map(([path, content]) => ({
    path,
    content: content === null ? undefined : Buffer.from(content),
  }));
  const identity = userIdentity(change.as ?? person);
  const sha = await writeCommit(stand, identity, {
    fullName: change.repository,
    base,
    parents: base === undefined ? [] : [base],
    changes,
    message: change.message ?? "Change by hand",
  });
  const git = `/repos/${change.repository}/git/refs`;
  if (existing === undefined) await asPerson(stand, identity, "POST", git, { ref: `refs/heads/${branch}`, sha });
  else await asPerson(stand, identity, "PATCH", `${git}/heads/${branch}`, { sha });
  return sha;
}

/** Something that a person does on GitHub's site, by the rules for everybody; throws when it is refused. */
export async function act<T>(
  stand: Stand,
  login: string,
  action: { method: string; path: string; body?: unknown },
): Promise<T> {
  const answer = await answerRepository(stand, {
    method: action.method,
    path: action.path,
    query: new URLSearchParams(),
    headers: { "content-type": "application/json" },
    body: Buffer.from(action.body === undefined ? "" : JSON.stringify(action.body)),
    identity: userIdentity(login),
  });
  const text = answer.body.toString();
  if (answer.status >= 400)
    throw new Error(`stand-in: ${action.method} ${action.path} answered ${answer.status}: ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

export async function fileAt(stand: Stand, repository: string, ref: string, path: string): Promise<Buffer | undefined> {
  const mirror = await mirrorOf(stand, repository);
  return mirror.fileAt(await commitOf(mirror, ref), path);
}

/** What `head` changed since it left `base`, as a pull request shows it. */
export async function diff(
  stand: Stand,
  repository: string,
  base: string,
  head: string,
): Promise<readonly ChangedFile[]> {
  const mirror = await mirrorOf(stand, repository);
  const [from, to] = [await commitOf(mirror, base), await commitOf(mirror, head)];
  return mirror.diff((await mirror.git("merge-base", from, to)).trim(), to);
}

export function userIdentity(login: string): Identity {
  return { kind: "user", login, scopes: ["repo"], authorization: `token ${backendToken(login)}` };
}

/** A branch, a full ref or a hash, as a commit. */
async function commitOf(mirror: GitMirror, ref: string): Promise<string> {
  const refs = await mirror.sync();
  const found = refs.get(`refs/heads/${ref}`) ?? refs.get(ref);
  if (found === undefined && !/^[0-9a-f]{40}$/.test(ref)) throw new Error(`stand-in: no ref ${ref}`);
  return found ?? ref;
}

async function asPerson(stand: Stand, identity: Identity, method: string, path: string, body: unknown): Promise<void> {
  const headers = {
    authorization: identity.kind === "anonymous" ? "" : identity.authorization,
    "content-type": "application/json",
  };
  const answer = await stand.backend.forward({ method, path, headers, body: JSON.stringify(body) });
  if (answer.status >= 400)
    throw new Error(`stand-in: ${method} ${path} answered ${answer.status}: ${answer.body.toString()}`);
}
