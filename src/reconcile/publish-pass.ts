/** The last step of a pass: its proposals, with their words, to a forge; and what became of them, back into the pass. */

import type { Fault } from "../core/fault.ts";
import type { Action, DriftResult, Pass } from "../core/pass.ts";
import type { Published, PublishedAction } from "../core/proposal.ts";
import type { RepositoryConfig } from "../config/repository.ts";
import type { Forge } from "../publish/forge.ts";
import { publicationsOf } from "./publications.ts";

export interface PublishPassInput {
  readonly pass: Pass;
  readonly config: RepositoryConfig;
  readonly forge: Forge;
  readonly dryRun: boolean;
  readonly signal?: AbortSignal;
}

/** In `mode: report` nothing is opened, changed or closed. */
export async function publishPass({ pass, config, forge, dryRun, signal }: PublishPassInput): Promise<Published> {
  if (config.mode === "report") return { actions: [], faults: [] };
  if (!pass.policiesRead) return { actions: [], faults: [unjudged()] };
  return await forge.publish({
    publications: publicationsOf(pass, {
      pullRequestLabels: config.pullRequests.labels,
      issueLabels: config.issues.labels,
      assignees: config.issues.assignees,
    }),
    targets: pass.targets.map((target) => target.name),
    complete: pass.complete,
    unseen: new Set(pass.unseen),
    dryRun,
    ...(signal === undefined ? {} : { signal }),
  });
}

function unjudged(): Fault {
  return {
    kind: "fault",
    code: "policy-invalid",
    about: "policies",
    message: "nothing is opened, changed or closed, since not every policy could be read",
    remedy: "mend the policies named above",
    leavesUnknown: "nothing",
  };
}

/** The pass with the addresses of what was opened for each drift, and the faults of publishing. */
export function withPublished(pass: Pass, published: Published): Pass {
  const results = pass.results.map((result) => ({
    ...result,
    actions: result.actions.map((action) => linked({ action, result, pass, published })),
  }));
  return { ...pass, results, faults: [...pass.faults, ...published.faults] };
}

interface Link {
  readonly action: Action;
  readonly result: DriftResult;
  readonly pass: Pass;
  readonly published: Published;
}

function linked({ action, result, pass, published }: Link): Action {
  const proposal = pass.proposals.find(
    (one) =>
      one.kind === action.kind &&
      (one.kind === "issue" ? one.driftId === result.id : one.parts.some((part) => part.driftId === result.id)),
  );
  const done = published.actions.find((one: PublishedAction) => one.kind === proposal?.kind && one.id === proposal.id);
  return done?.url === undefined ? action : { ...action, url: done.url };
}
