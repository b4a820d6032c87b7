/** Turns judged drift into proposals: edits for what is compliant, issues for everything else. */

import type { CodifyAnswer, Codified, CodifyRequest } from "../core/codify.ts";
import { changesOf } from "../core/drift.ts";
import type { DriftResult } from "../core/pass.ts";
import type { IssueProposal, Proposal, PullRequestProposal, Refusal } from "../core/proposal.ts";
import type { FieldSchema } from "../core/schema.ts";
import { compareText } from "../core/value.ts";
import type { Digester } from "../text/digest.ts";
import { editsContent, fingerprintOf, groupId } from "./identity.ts";
import { isOperationalChange } from "./operational-change.ts";

export interface ProposeInput {
  /** Results of one target. */
  readonly results: readonly DriftResult[];
  readonly target: string;
  readonly group: "object" | "namespace" | "target";
  readonly digester: Digester;
  readonly schemaOf: (apiVersion: string, kind: string) => FieldSchema | undefined;
  readonly codify: (requests: readonly CodifyRequest[]) => Promise<Codified>;
}

/** Pull requests first, then issues, each in the order of the results. */
export async function propose(input: ProposeInput): Promise<readonly Proposal[]> {
  const pullRequests: PullRequestProposal[] = [];
  const refusals = new Map<string, { readonly index: number; readonly refusal: Refusal }[]>();
  for (const [group, results] of groupsOf(input)) {
    const candidates = results.flatMap(candidateOf);
    if (candidates.length === 0) continue;
    const codified = await input.codify(candidates.map((candidate) => requestOf(candidate, input)));
    for (const [at, candidate] of candidates.entries())
      collectRefusals(candidate, codified.answers[at] ?? [], refusals);
    const pullRequest = pullRequestOf({ input, group, candidates, codified });
    if (pullRequest !== undefined) pullRequests.push(pullRequest);
  }
  const issues = input.results.flatMap((result) =>
    issueOf(input, result, [...conflictsOf(result), ...(refusals.get(result.id) ?? [])]),
  );
  return [...pullRequests, ...issues];
}

interface Candidate {
  readonly result: DriftResult;
  readonly request: Omit<CodifyRequest, "schema">;
  /** Indexes of the request's changes among the drift's. */
  readonly indexes: readonly number[];
}

function groupsOf(input: ProposeInput): readonly (readonly [string, readonly DriftResult[]])[] {
  const groups = Map.groupBy(input.results, (result) => {
    if (input.group === "target") return "";
    return input.group === "namespace" ? (result.drift.ref.namespace ?? "") : result.id;
  });
  return [...groups].toSorted(([a], [b]) => compareText(a, b));
}

/**
 * A drifted object's compliant changes. What only Git has moved (`git-ahead`), conflicts, and marks of something that was
 * to happen once (a restart) are never codified.
 */
function candidateOf(result: DriftResult): readonly Candidate[] {
  const { drift, judgement } = result;
  if (drift.state !== "drifted") return [];
  const indexes = drift.changes.flatMap((change, index) => {
    const mayCodify = change.direction === "live-changed" || change.direction === "unknown";
    const verdict = judgement.changes[index]?.verdict;
    return verdict === "compliant" && mayCodify && !isOperationalChange(change) ? [index] : [];
  });
  if (indexes.length === 0) return [];
  const changes = indexes.flatMap((index) => drift.changes[index] ?? []);
  return [{ result, indexes, request: { desired: drift.desired, changes } }];
}

function requestOf(candidate: Candidate, input: ProposeInput): CodifyRequest {
  const { apiVersion, kind } = candidate.request.desired.ref;
  const schema = input.schemaOf(apiVersion, kind);
  return schema === undefined ? candidate.request : { ...candidate.request, schema };
}

function collectRefusals(
  candidate: Candidate,
  answer: CodifyAnswer,
  into: Map<string, { readonly index: number; readonly refusal: Refusal }[]>,
): void {
  const refused = answer.flatMap((one, at) => {
    const index = candidate.indexes[at];
    return "refusal" in one && index !== undefined ? [{ index, refusal: one.refusal }] : [];
  });
  if (refused.length > 0) into.set(candidate.result.id, refused);
}

interface PullRequestInput {
  readonly input: ProposeInput;
  readonly group: string;
  readonly candidates: readonly Candidate[];
  readonly codified: Codified;
}

function pullRequestOf({ input, group, candidates, codified }: PullRequestInput): PullRequestProposal | undefined {
  if (codified.proof === undefined || codified.files.length === 0) return undefined;
  const id = groupId(input.target, group);
  const edits = codified.answers.flatMap((answer) => answer.flatMap((one) => ("edit" in one ? [one.edit] : [])));
  const parts = candidates.flatMap((candidate, at) => {
    const changes = candidate.indexes.filter((_index, position) => isEdit(codified.answers[at], position));
    return changes.length === 0 ? [] : [{ driftId: candidate.result.id, changes }];
  });
  return {
    kind: "pull-request",
    id,
    fingerprint: fingerprintOf(editsContent(edits), input.digester),
    target: input.target,
    branch: `holdfast/${id}`,
    parts,
    files: codified.files,
    edits,
    proof: codified.proof,
  };
}

function isEdit(answer: CodifyAnswer | undefined, position: number): boolean {
  const one = answer?.[position];
  return one !== undefined && "edit" in one;
}

const CONFLICT = "Git and the cluster both changed it since it was last deployed";

/** Compliant or not, nobody but a person can say which of the two new values is meant. */
function conflictsOf({ drift }: DriftResult): readonly { readonly index: number; readonly refusal: Refusal }[] {
  return changesOf(drift).flatMap(({ path, direction }, index) =>
    direction === "both-changed" ? [{ index, refusal: { code: "conflict", path, reason: CONFLICT } }] : [],
  );
}

/** One issue an object: what violates, what cannot be codified, what is missing, and what is unmanaged with a finding. */
function issueOf(
  input: ProposeInput,
  result: DriftResult,
  refused: readonly { readonly index: number; readonly refusal: Refusal }[],
): readonly IssueProposal[] {
  const violating = changesOf(result.drift).flatMap((_change, index) =>
    result.judgement.changes[index]?.verdict === "violating" ? [index] : [],
  );
  const changes = [...new Set([...violating, ...refused.map((one) => one.index)])].toSorted((a, b) => a - b);
  if (!opensIssue(result, changes)) return [];
  return [
    {
      kind: "issue",
      id: result.id,
      fingerprint: fingerprintOf(`${result.fingerprint}:${changes.join(",")}`, input.digester),
      target: input.target,
      driftId: result.id,
      changes,
      refusals: refused.map((one) => one.refusal),
    },
  ];
}

function opensIssue(result: DriftResult, changes: readonly number[]): boolean {
  return result.drift.state === "drifted" ? changes.length > 0 : result.counts;
}
