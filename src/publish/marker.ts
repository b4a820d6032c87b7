/**
 * What holdfast writes about its own pull requests, issues and commits, signed, so that it trusts nothing that
 * somebody else wrote. GitHub is the only state: what is in a marker is all that one pass tells the next.
 */

import { createHmac, timingSafeEqual } from "node:crypto";
import { COMMIT_TRAILER } from "../core/markers.ts";

export interface Marker {
  readonly kind: "pull-request" | "issue";
  readonly id: string;
  readonly target: string;
  readonly fingerprint: string;
  /** Digest of the title and body that holdfast wrote; a person's edits of them stay until holdfast's own words change. */
  readonly words: string;
  /** Of a pull request. */
  readonly branch?: string;
  /** Complete passes in a row in which nothing was proposed under this id. */
  readonly clean: number;
  /** Why holdfast closed it. What is closed without this was closed by somebody else. */
  readonly closed?: "settled" | "duplicate";
  /** How often an issue was reopened after a person had closed it, since the fingerprint changed last. */
  readonly reopened?: number;
  /** Somebody else's commit is on the branch: nothing more is pushed. */
  readonly paused?: boolean;
}

const LINE = /^<!-- holdfast:v1 ([A-Za-z0-9_-]{1,4000})\.([A-Za-z0-9_-]{43}) -->$/;

/** The first line of a body. Base64url holds nothing that could end the comment. */
export function markerLine(marker: Marker, key: Uint8Array): string {
  const payload = Buffer.from(JSON.stringify(canonical(marker))).toString("base64url");
  return `<!-- holdfast:v1 ${payload}.${sign(key, "marker", payload)} -->`;
}

/** The marker in a body's first line, or `undefined` where there is none or its signature does not hold. */
export function readMarker(body: string | null, key: Uint8Array): Marker | undefined {
  const first = (body ?? "").split("\n", 1)[0]?.replace(/\r$/, "") ?? "";
  const [, payload = "", signature = ""] = LINE.exec(first) ?? [];
  if (payload === "" || !sameText(signature, sign(key, "marker", payload))) return undefined;
  // Signed by this program: the shape is known.
  return JSON.parse(Buffer.from(payload, "base64url").toString()) as Marker;
}

export function sameMarker(a: Marker, b: Marker): boolean {
  return JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));
}

/** What is signed of a commit: all that makes it what it is but its author and time. */
export interface CommitFacts {
  /** Of the pull request. */
  readonly id: string;
  readonly parents: readonly string[];
  /** Hash of the tree. */
  readonly tree: string;
}

/** The commit message with a last line by which holdfast knows its own commits again, whoever its token belongs to. */
export function signedMessage(message: string, facts: CommitFacts, key: Uint8Array): string {
  return `${message.trim()}\n\n${COMMIT_TRAILER}${signCommit(facts, key)}\n`;
}

/** Whether holdfast itself made the commit: an amended, rebased or merged one has other parents or another tree. */
export function isOwnCommit(message: string, facts: CommitFacts, key: Uint8Array): boolean {
  const last = message.trimEnd().split("\n").at(-1) ?? "";
  return last.startsWith(COMMIT_TRAILER) && sameText(last.slice(COMMIT_TRAILER.length).trim(), signCommit(facts, key));
}

function signCommit({ id, parents, tree }: CommitFacts, key: Uint8Array): string {
  return sign(key, "commit", JSON.stringify([id, parents, tree]));
}

/** One key serves several purposes, and nothing signed for one of them passes for another. */
function sign(key: Uint8Array, purpose: "marker" | "commit", text: string): string {
  return createHmac("sha256", key).update(`holdfast ${purpose} v1\0`).update(text).digest("base64url");
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** In one order, without what is absent. */
function canonical(marker: Marker): Marker {
  const { kind, id, target, fingerprint, words, branch, clean, closed, reopened, paused } = marker;
  return JSON.parse(
    JSON.stringify({ kind, id, target, fingerprint, words, branch, clean, closed, reopened, paused }),
  ) as Marker;
}
