/** Ids that stay, and fingerprints that change exactly when the content does. */

import { createHash } from "node:crypto";

import type { PullRequestProposal } from "../core/proposal.ts";
import { formatPath } from "../core/path.ts";
import { refKey } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import type { Digester } from "../text/digest.ts";

/** 16 hexadecimal digits, the same for the object in its target whatever its API version. */
export function driftId(target: string, ref: ObjectRef): string {
  return shortHash(["drift", target, refKey(ref)]);
}

/** 16 hexadecimal digits for a group of objects that share a pull request. */
export function groupId(target: string, group: string): string {
  return shortHash(["group", target, group]);
}

/** Keyed, so that nobody can guess a value by trying: 32 hexadecimal digits. */
export function fingerprintOf(content: string, digester: Digester): string {
  return digester.digest(content).split(":").at(-1)?.slice(0, 32) ?? "";
}

/**
 * What a pull request proposes: its edits. Not the files around them: somebody else's commit to the same file must not
 * reopen what a person closed.
 */
export function editsContent(edits: PullRequestProposal["edits"]): string {
  return JSON.stringify(
    edits.map(({ file, ref, path, operation, value }) => [file, refKey(ref), formatPath(path), operation, value]),
    (_key, value: unknown) => (typeof value === "bigint" ? `${value}n` : value),
  );
}

function shortHash(parts: readonly string[]): string {
  return createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 16);
}
