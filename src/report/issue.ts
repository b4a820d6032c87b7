/** The words of an issue: a violating object, a missing or unmanaged one, or drift that cannot be codified. */

import { formatLine } from "../core/fault.ts";
import { formatPath } from "../core/path.ts";
import type { DriftResult, Pass } from "../core/pass.ts";
import type { IssueProposal, Refusal } from "../core/proposal.ts";
import { formatRef } from "../core/refs.ts";
import { codeSpan } from "../text/escape-markdown.ts";
import { isPlainName } from "../text/plain-title.ts";
import { adviceOn } from "./advice.ts";
import { changeTable, findingList } from "./markdown.ts";
import { fit } from "./pull-request.ts";
import { standing, standingWords, titleRef, toldOnce } from "./words.ts";

export interface IssueWords {
  readonly title: string;
  readonly body: string;
}

/** Throws where the proposal names a drift that the pass does not hold. */
export function issueWords(pass: Pass, proposal: IssueProposal): IssueWords {
  const result = pass.results.find((one) => one.id === proposal.driftId);
  if (result === undefined) throw new Error(`issue ${proposal.id} is about a drift that is not in the pass`);
  return { title: titleOf(result, proposal), body: bodyOf(pass, result, proposal) };
}

function titleOf(result: DriftResult, proposal: IssueProposal): string {
  const { kind } = result.drift.ref;
  const object =
    titleRef(result.drift.ref) ?? `a ${/^[A-Za-z0-9]{1,63}$/.test(kind) && isPlainName(kind) ? kind : "resource"}`;
  switch (result.drift.state) {
    case "missing":
      return `${object} is missing from the cluster`;
    case "unmanaged":
      return `${object} is not in Git`;
    case "drifted":
    case "pending":
      return violates(result, proposal)
        ? `${object} violates policy in the cluster`
        : `${object} drifted and cannot be codified`;
  }
}

function violates(result: DriftResult, proposal: IssueProposal): boolean {
  return proposal.changes.some((index) => result.judgement.changes[index]?.verdict === "violating");
}

function bodyOf(pass: Pass, result: DriftResult, proposal: IssueProposal): string {
  const { drift, judgement } = result;
  const where = result.source === undefined ? "" : `, declared at ${codeSpan(formatLine(result.source))}`;
  const findings = toldOnce(standing(judgement.findings));
  const parts = [
    `${codeSpan(formatRef(drift.ref))} ${standingWords(drift, codeSpan)}${where}.`,
    changeTable(result, proposal.changes),
    findings.length === 0 ? "" : `### Findings\n\n${findingList(findings)}`,
    refusalSection(proposal.refusals),
    `### What to do\n\n${adviceOn(result, proposal.changes, pass.results)}`,
    "This issue closes by itself after two complete passes in which the drift is gone.",
  ];
  return fit(parts.filter((part) => part !== "").join("\n\n"));
}

function refusalSection(refusals: readonly Refusal[]): string {
  if (refusals.length === 0) return "";
  const lines = refusals.map((one) => `- ${codeSpan(formatPath(one.path))}: ${codeSpan(one.reason)}`);
  return `### Why there is no pull request\n\n${lines.join("\n")}`;
}
