/** Which revision a deployer says that it deployed. */

import type { ValueMap } from "../../core/value.ts";

export type DeployedRevision =
  /** By its full hash; `sources` where the deployer noted what it made of the commit. */
  | { readonly kind: "commit"; readonly commit: string; readonly sources?: readonly ValueMap[] }
  /** It deployed nothing yet. */
  | { readonly kind: "nothing" }
  /** It deployed something, and does not say by one commit what that was. */
  | { readonly kind: "untold" };

export interface Sync {
  /** What was deployed last. */
  readonly applied: DeployedRevision;
  /** What was tried last, and may be there in part; as `applied` where that came to its end. */
  readonly attempted: DeployedRevision;
  /**
   * Where the deployer forgets some syncs: when what was `applied` came to its end, in milliseconds since the epoch. What it
   * wrote after that it deployed by a sync that nothing tells of any more.
   */
  readonly forgetsAfter?: number;
}

export const NOTHING: DeployedRevision = { kind: "nothing" };
export const UNTOLD: DeployedRevision = { kind: "untold" };

/** The full hash that a revision ends in (`<hash>`, `sha1:<hash>`, `main@sha1:<hash>`, `main/<hash>`). */
export function commitIn(revision: string): DeployedRevision {
  const commit = /(?:^|[@/])(?:sha1:|sha256:)?([0-9a-f]{40}|[0-9a-f]{64})$/.exec(revision)?.[1];
  return commit === undefined ? UNTOLD : { kind: "commit", commit };
}
