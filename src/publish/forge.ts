/**
 * `publish` brings a pass's proposals to where people see them: a forge opens, updates and closes pull requests
 * (compliant drift, codified) and issues (everything else). Every forge is idempotent by content: it may be killed
 * after any write and run again, and the second run finds what the first one did (docs/pull-requests.md).
 *
 * This file is the interface that the forges share.
 */

import type { Publication, Published } from "../core/proposal.ts";

export interface PublishInput {
  readonly publications: readonly Publication[];
  /** Names of the targets that the pass looked at: only their pull requests and issues may be closed. */
  readonly targets: readonly string[];
  /** Nothing is closed because of a pass that is not complete. */
  readonly complete: boolean;
  /** Of objects that the pass did not look at, though it is complete (`--no-secrets`): what is open about them stays. */
  readonly unseen?: ReadonlySet<string>;
  /** Reads only, and says what would be done. */
  readonly dryRun: boolean;
  readonly signal?: AbortSignal;
}

/** What cannot be published is a fault in the answer; a forge throws for bugs only. */
export interface Forge {
  publish(input: PublishInput): Promise<Published>;
}
