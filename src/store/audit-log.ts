/** The record of what was written to GitHub, for the operator: one line of JSON for each act, appended and never changed. */

import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

import type { PublishedAction } from "../core/proposal.ts";

export interface AuditContext {
  /** `owner/name` */
  readonly repository: string;
  /** What was compared. */
  readonly commit: string;
  /** Whom GitHub shows as the author. */
  readonly as: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface AuditLog {
  /** Throws what the file system says. */
  append(context: AuditContext, actions: readonly PublishedAction[]): void;
}

/** Of what holdfast did; what it left as it was is no act. */
const ACTS: ReadonlySet<PublishedAction["did"]> = new Set(["opened", "updated", "closed", "reopened"]);

/** Opens the file for appending; nobody but its owner may read it. Throws what the file system says. */
export function openAuditLog(file: string): AuditLog {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  return {
    append: (context, actions) => {
      const lines = actions
        .filter(({ did }) => ACTS.has(did))
        .map((action) => `${JSON.stringify(entryOf(context, action))}\n`);
      // In one write, so that lines of two processes do not mix.
      if (lines.length > 0) appendFileSync(file, lines.join(""), { mode: 0o600 });
    },
  };
}

function entryOf({ repository, commit, as, at }: AuditContext, { kind, id, did, reason, url }: PublishedAction) {
  const time = new Date(at).toISOString();
  return { time, repository, commit, as, kind, id, did, reason, ...(url === undefined ? {} : { url }) };
}
