/** holdfast's own pull requests and issues, as GitHub shows them, told from everybody else's. */

import { createHash } from "node:crypto";

import type { Publication } from "../core/proposal.ts";
import { readAll, readPages } from "./github-client.ts";
import type { Session } from "./github-client.ts";
import { ForgeError } from "./github-faults.ts";
import { markerLine, readMarker } from "./marker.ts";
import type { Marker } from "./marker.ts";

/** The fields that pull requests and issues have in common, of REST's answers. */
export interface Post {
  readonly number: number;
  readonly title: string;
  readonly body: string | null;
  readonly state: "open" | "closed";
  readonly user: { readonly login: string } | null;
  readonly labels: readonly { readonly name: string }[];
  readonly html_url: string;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface Pull extends Post {
  readonly head: { readonly ref: string; readonly sha: string };
  readonly merged_at: string | null;
}

export interface Issue extends Post {
  /** Present where the issue is a pull request. */
  readonly pull_request?: unknown;
}

/** A post that holdfast made, with what it wrote about it. */
export interface Own<P extends Post> {
  readonly post: P;
  readonly marker: Marker;
}

/** In characters; GitHub refuses more. */
const LONGEST_BODY = 65_536;

/**
 * The posts with a marker whose signature holds and whose author is the identity that holdfast acts as. Lists are
 * never narrowed by author on the server: on some hosts that finds nothing of an App's, and everything would be
 * opened again (renovate#44406).
 */
export function ownOf<P extends Post>(session: Session, kind: Marker["kind"], posts: readonly P[]): readonly Own<P>[] {
  return posts.flatMap((post) => {
    if (!isBySelf(session, post)) return [];
    const marker = readMarker(post.body, session.key);
    return marker?.kind === kind ? [{ post, marker }] : [];
  });
}

export function isBySelf({ identity }: Session, post: Post): boolean {
  return post.user?.login.toLowerCase() === identity.login.toLowerCase();
}

export async function openPulls(session: Session): Promise<readonly Own<Pull>[]> {
  return ownOf(session, "pull-request", await readAll<Pull>(session, "/pulls", { state: "open" }));
}

export async function openIssues(session: Session): Promise<readonly Own<Issue>[]> {
  return ownIssues(session, await readAll<Issue>(session, "/issues", { state: "open" }));
}

/** Of the newest 10,000 closed issues and pull requests: what was closed before those is forgotten. */
export async function closedIssues(session: Session): Promise<readonly Own<Issue>[]> {
  const closed = { parameters: { state: "closed" }, most: 100 };
  return ownIssues(session, (await readPages<Issue>(session, "/issues", closed)).items);
}

/** To GitHub a pull request is an issue too. */
export function ownIssues(session: Session, posts: readonly Issue[]): readonly Own<Issue>[] {
  const issues = posts.filter((post) => post.pull_request === undefined);
  return ownOf(session, "issue", issues);
}

export function firstMarker(publication: Publication): Marker {
  const { kind, id, target, fingerprint } = publication;
  const branch = kind === "pull-request" ? { branch: publication.branch } : {};
  return { kind, id, target, fingerprint, words: wordsDigest(publication), ...branch, clean: 0 };
}

/** The body as it is sent. Throws where GitHub would refuse it. */
export function bodyWith(session: Session, marker: Marker, words: string): string {
  const body = [markerLine(marker, session.key), noteOf(marker), words].filter((part) => part !== "").join("\n\n");
  if (body.length <= LONGEST_BODY) return body;
  const message = `the body is longer than GitHub takes (${body.length} characters)`;
  throw new ForgeError({ scope: "item", message, remedy: "split it: group by object" });
}

/** The body that stands there with another marker: for posts whose words are not at hand, since nothing is proposed. */
export function remarked(session: Session, { post, marker }: Own<Post>, changes: Partial<Marker>): string {
  const rest = (post.body ?? "").replaceAll("\r\n", "\n").split("\n").slice(1).join("\n").trimStart();
  const note = noteOf(marker);
  const words = note !== "" && rest.startsWith(note) ? rest.slice(note.length).trimStart() : rest;
  return bodyWith(session, { ...marker, ...changes }, words);
}

/** What people are told by the state in the marker, in the body, so that it is told once whatever happens. */
function noteOf({ kind, closed, paused, reopened }: Marker): string {
  if (closed === "settled") return "> **Closed:** this drift was not found in two complete passes.";
  if (closed === "duplicate") return "> **Closed:** a duplicate of an earlier one.";
  if (paused === true) {
    return "> **Paused:** there is a commit on this branch that holdfast did not make. It pushes nothing more here; merge, close, or take the commit away.";
  }
  if (kind === "issue" && (reopened ?? 0) > 0) {
    return "> **Reopened:** it was closed and the drift still stands. Close it again and it stays closed until the drift changes.";
  }
  return "";
}

function wordsDigest({ title, body }: Publication): string {
  return createHash("sha256")
    .update(JSON.stringify([title, body]))
    .digest("base64url")
    .slice(0, 22);
}
