/** Turns judged drift into proposals: edits for what is compliant, issues for everything else. */

import type { CodifyAnswer, Codified, CodifyRequest } from "../core/codify.ts";
import { changesOf } from "../core/drift.ts";
import type { Drift } from "../core/drift.ts";
import type { DriftResult } from "../core/pass.ts";
import type { IssueProposal, Proposal, PullRequestProposal } from "../core/proposal.ts";
import type { FieldSchema } from "../core/schema.ts";
import { compareText } from "../core/value.ts";
import type { Digester } from "../text/digest.ts";
import { dependentOn, keptOut } from "./held-back.ts";
import type { HeldChange } from "./held-back.ts";
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
  const held: HeldByDrift = new Map();
  for (const [group, results] of groupsOf(input)) {
    const candidates = results.flatMap((result) => candidateOf(result, held));
    const settled = await codifySettled(input, candidates, held);
    if (settled === undefined) continue;
    const pullRequest = pullRequestOf({ input, group, ...settled });
    if (pullRequest !== undefined) pullRequests.push(pullRequest);
  }
  const issues = input.results.flatMap((result) => issueOf(input, result, held.get(result.id) ?? []));
  return [...pullRequests, ...issues];
}

/** By the drifts' ids, what of them is held back though no policy objects. */
type HeldByDrift = Map<string, HeldChange[]>;

interface Candidate {
  readonly result: DriftResult;
  readonly drift: Extract<Drift, { readonly state: "drifted" }>;
  /** What is asked to be codified: indexes among the drift's changes. */
  readonly indexes: readonly number[];
}

interface Settled {
  readonly candidates: readonly Candidate[];
  readonly codified: Codified;
}

/**
 * Codifies, and once more without what goes together with a change that could not be, until none is left that does.
 * `undefined` where nothing is to be codified.
 */
async function codifySettled(
  input: ProposeInput,
  given: readonly Candidate[],
  held: HeldByDrift,
): Promise<Settled | undefined> {
  let candidates = given;
  while (candidates.length > 0) {
    const codified = await input.codify(candidates.map((candidate) => requestOf(candidate, input)));
    const next = candidates.map((candidate, at) => {
      const refused = refusalsOf(candidate, codified.answers[at] ?? []);
      const without = candidate.indexes.filter((index) => !refused.some((one) => one.index === index));
      const dependent = dependentOn(
        candidate.drift,
        without,
        refused.map(({ index }) => index),
      );
      return { candidate, refused, without, dependent };
    });
    const again = next.some(({ dependent }) => dependent.length > 0);
    for (const { candidate, refused, dependent } of next) hold(held, candidate.result.id, [...refused, ...dependent]);
    if (!again) return { candidates, codified };
    candidates = next.flatMap(({ candidate, without, dependent }) => {
      const gone = new Set(dependent.map(({ index }) => index));
      const indexes = without.filter((index) => !gone.has(index));
      return indexes.length === 0 ? [] : [{ ...candidate, indexes }];
    });
  }
  return undefined;
}

function hold(into: HeldByDrift, id: string, held: readonly HeldChange[]): void {
  if (held.length > 0) into.set(id, [...(into.get(id) ?? []), ...held]);
}

function groupsOf(input: ProposeInput): readonly (readonly [string, readonly DriftResult[]])[] {
  const groups = Map.groupBy(input.results, (result) => {
    if (input.group === "target") return "";
    return input.group === "namespace" ? (result.drift.ref.namespace ?? "") : result.id;
  });
  return [...groups].toSorted(([a], [b]) => compareText(a, b));
}

/**
 * A drifted object's compliant changes. What only Git has moved (`git-ahead`), conflicts, marks of something that was to
 * happen once (a restart), what is taken back anyway and settings of deployers are never codified, nor is what the API server checks against them.
 */
function candidateOf(result: DriftResult, held: HeldByDrift): readonly Candidate[] {
  const { drift, judgement } = result;
  if (drift.state !== "drifted") return [];
  hold(held, result.id, conflictsOf(drift));
  const codifiable: number[] = [];
  const others: number[] = [];
  for (const [index, change] of drift.changes.entries()) {
    if (isOperationalChange(change)) continue;
    const mayCodify = change.direction === "live-changed" || change.direction === "unknown";
    const compliant = judgement.changes[index]?.verdict === "compliant";
    const kept = compliant && mayCodify ? keptOut(drift, change) : undefined;
    if (kept !== undefined) hold(held, result.id, [{ index, refusal: kept }]);
    (compliant && mayCodify && kept === undefined ? codifiable : others).push(index);
  }
  const dependent = dependentOn(drift, codifiable, others);
  hold(held, result.id, dependent);
  const gone = new Set(dependent.map(({ index }) => index));
  const indexes = codifiable.filter((index) => !gone.has(index));
  return indexes.length === 0 ? [] : [{ result, drift, indexes }];
}

function requestOf({ drift, indexes }: Candidate, input: ProposeInput): CodifyRequest {
  const { apiVersion, kind } = drift.desired.ref;
  const schema = input.schemaOf(apiVersion, kind);
  const changes = indexes.flatMap((index) => drift.changes[index] ?? []);
  return { desired: drift.desired, changes, ...(schema === undefined ? {} : { schema }) };
}

function refusalsOf({ indexes }: Candidate, answer: CodifyAnswer): readonly HeldChange[] {
  return answer.flatMap((one, at) => {
    const index = indexes[at];
    return "refusal" in one && index !== undefined ? [{ index, refusal: one.refusal }] : [];
  });
}

interface PullRequestInput extends Settled {
  readonly input: ProposeInput;
  readonly group: string;
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
function conflictsOf(drift: Drift): readonly HeldChange[] {
  return changesOf(drift).flatMap(({ path, direction }, index) =>
    direction === "both-changed" ? [{ index, refusal: { code: "conflict", path, reason: CONFLICT } }] : [],
  );
}

/** One issue an object: what violates, what cannot be codified, what is missing, and what is unmanaged with a finding. */
function issueOf(input: ProposeInput, result: DriftResult, refused: readonly HeldChange[]): readonly IssueProposal[] {
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
