/** The words of an issue: a violating object, a missing or unmanaged one, or drift that cannot be codified. */

import { changesOf } from "../core/drift.ts";
import type { Change, Drift } from "../core/drift.ts";
import { formatLine } from "../core/fault.ts";
import { formatPath } from "../core/path.ts";
import type { DriftResult, Pass } from "../core/pass.ts";
import type { IssueProposal, Refusal } from "../core/proposal.ts";
import { formatRef } from "../core/refs.ts";
import { codeBlock, codeSpan } from "../text/escape-markdown.ts";
import { isPlainName } from "../text/plain-title.ts";
import { changeTable, findingList } from "./markdown.ts";
import { fit } from "./pull-request.ts";
import { objectWords, shellWord } from "./shell.ts";
import { undoCommand } from "./undo.ts";
import { standing, standingWords, titleRef, toldOnce } from "./words.ts";

export interface IssueWords {
  readonly title: string;
  readonly body: string;
}

/** Throws where the proposal names a drift that the pass does not hold. */
export function issueWords(pass: Pass, proposal: IssueProposal): IssueWords {
  const result = pass.results.find((one) => one.id === proposal.driftId);
  if (result === undefined) throw new Error(`issue ${proposal.id} is about a drift that is not in the pass`);
  return { title: titleOf(result, proposal), body: bodyOf(result, proposal) };
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

function bodyOf(result: DriftResult, proposal: IssueProposal): string {
  const { drift, judgement } = result;
  const where = result.source === undefined ? "" : `, declared at ${codeSpan(formatLine(result.source))}`;
  const findings = toldOnce(standing(judgement.findings));
  const parts = [
    `${codeSpan(formatRef(drift.ref))} ${standingWords(drift)}${where}.`,
    changeTable(result, proposal.changes),
    findings.length === 0 ? "" : `### Findings\n\n${findingList(findings)}`,
    refusalSection(proposal.refusals),
    `### What to do\n\n${advice(drift, proposal.changes)}`,
    "This issue closes by itself after two complete passes in which the drift is gone.",
  ];
  return fit(parts.filter((part) => part !== "").join("\n\n"));
}

function refusalSection(refusals: readonly Refusal[]): string {
  if (refusals.length === 0) return "";
  const lines = refusals.map((one) => `- ${codeSpan(formatPath(one.path))}: ${codeSpan(one.reason)}`);
  return `### Why there is no pull request\n\n${lines.join("\n")}`;
}

function advice(drift: Drift, changes: readonly number[]): string {
  switch (drift.state) {
    case "missing":
      return `Deploy it again from Git:\n\n${codeBlock(`kubectl apply -f ${shellWord(drift.desired.origin.file)}`, "sh")}\n\nor remove it from Git, if it should be gone.`;
    case "unmanaged":
      return `Add it to Git, or delete it:\n\n${codeBlock(`kubectl delete ${objectWords(drift.ref)}`, "sh")}`;
    case "drifted":
    case "pending":
      return [undoAdvice(drift, changes), `To keep it, change Git: every field above has its file and line.`].join(
        "\n\n",
      );
  }
}

/**
 * The deployer first: what it owns comes back by itself, and a patch would be undone or undo its bookkeeping. What Git
 * never had, an apply leaves alone: that has to be taken away.
 */
function undoAdvice(drift: Drift, indexes: readonly number[]): string {
  const changes = indexes.flatMap((index) => changesOf(drift)[index] ?? []);
  if (changes.some(({ immutable }) => immutable === true)) return anewAdvice(drift, changes);
  const added = changes.filter(({ operation }) => operation === "add").length;
  const apply = codeBlock(`kubectl apply -f ${shellWord(fileOf(drift))}`, "sh");
  const patch = undoCommand(drift, changes);
  const fields = patch === undefined ? undefined : codeBlock(patch, "sh");
  if (added > 0 && added === changes.length) {
    const why = "Deploying from Git again leaves alone what Git never had.";
    return fields === undefined
      ? `To undo it, take away by hand what only the cluster has (\`kubectl edit\`). ${why}`
      : `To undo it, take away what only the cluster has; nothing happens where it has moved. ${why}\n\n${fields}`;
  }
  const rest = added > 0 ? " What only the cluster has stays: take it away besides." : "";
  const first = `To undo it, deploy the object from Git again (sync first, where a GitOps controller owns it).${rest}\n\n${apply}`;
  if (fields === undefined) return first;
  return `${first}\n\nor put back just these fields; nothing happens where somebody has changed them again:\n\n${fields}`;
}

/** Fields that a sentence names. */
const MOST_NAMED = 3;

/** Neither an apply nor a patch puts back what the API server refuses to change. */
function anewAdvice(drift: Drift, changes: readonly Change[]): string {
  const fixed = changes.flatMap(({ path, immutable }) => (immutable === true ? [codeSpan(formatPath(path))] : []));
  const named = fixed.length > MOST_NAMED ? [...fixed.slice(0, MOST_NAMED), "others"] : fixed;
  const commands = `kubectl delete ${objectWords(drift.ref)}\nkubectl apply -f ${shellWord(fileOf(drift))}`;
  return `The API server usually refuses to change ${named.join(", ")} on an object that exists. To undo it, delete the object and deploy it from Git again, after a look at what goes with it (its Pods, its data):\n\n${codeBlock(commands, "sh")}`;
}

function fileOf(drift: Drift): string {
  return drift.state === "unmanaged" || drift.desired === undefined ? "FILE" : drift.desired.origin.file;
}
