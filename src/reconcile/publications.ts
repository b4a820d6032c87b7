/** Gives each proposal its words, so that a forge need know nothing of drift. */

import type { Pass } from "../core/pass.ts";
import type { Proposal, Publication } from "../core/proposal.ts";
import { issueWords } from "../report/issue.ts";
import { pullRequestWords } from "../report/pull-request.ts";

export interface PublicationSettings {
  readonly pullRequestLabels: readonly string[];
  readonly issueLabels: readonly string[];
  readonly assignees: readonly string[];
}

export function publicationsOf(pass: Pass, settings: PublicationSettings): readonly Publication[] {
  return pass.proposals.map((proposal) => publicationOf(pass, proposal, settings));
}

function publicationOf(pass: Pass, proposal: Proposal, settings: PublicationSettings): Publication {
  const { id, fingerprint, target } = proposal;
  if (proposal.kind === "pull-request") {
    const { branch, files } = proposal;
    const words = pullRequestWords(pass, proposal);
    return {
      kind: "pull-request",
      id,
      fingerprint,
      target,
      branch,
      files,
      ...words,
      labels: settings.pullRequestLabels,
    };
  }
  const { issueLabels: labels, assignees } = settings;
  return { kind: "issue", id, fingerprint, target, ...issueWords(pass, proposal), labels, assignees };
}
