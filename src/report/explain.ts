/** One object's whole chain for a terminal: where it is declared, what each side has, who, verdict, action. */

import { changesOf } from "../core/drift.ts";
import { formatLine } from "../core/fault.ts";
import type { DesiredObject } from "../core/objects.ts";
import type { DriftResult, Pass } from "../core/pass.ts";
import { formatPath } from "../core/path.ts";
import type { Proposal } from "../core/proposal.ts";
import { compareRefs, formatRef } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import { terminalText } from "../text/escape-terminal.ts";
import type { Style } from "../text/style.ts";
import { shownDiff } from "./shown-diff.ts";
import { showSide } from "./values.ts";
import {
  actionWords,
  besides,
  byWords,
  clusterWords,
  directionWords,
  findingsOf,
  plural,
  stateWords,
  verdictWords,
} from "./words.ts";

export interface ExplainInput {
  /** Narrowed to the results and proposals of the object. */
  readonly pass: Pass;
  /** What Git declares under that name. */
  readonly declared: readonly { readonly target: string; readonly object: DesiredObject }[];
  readonly style: Style;
}

/** Ends with a newline. */
export function explainReport({ pass, declared, style }: ExplainInput): string {
  const chains = pass.results.map((result) => driftChain(pass, result, style));
  const quiet = declared
    .filter(({ object }) => !pass.results.some((result) => compareRefs(result.drift.ref, object.ref) === 0))
    .map((one) => quietChain(pass, one, style));
  const faults = pass.faults.map(
    (fault) => `fault       ${terminalText(fault.message)}\n            ${terminalText(fault.remedy)}`,
  );
  return `${[...chains, ...quiet, ...faults].join("\n\n")}\n`;
}

/** An object without drift: in sync, or not compared because of a fault. */
function quietChain(pass: Pass, { target, object }: ExplainInput["declared"][number], style: Style): string {
  const verdict = pass.complete
    ? "every field that Git declares has the declared value in the cluster"
    : "nothing differs in what could be read; see the faults";
  return [
    style.bold(terminalText(formatRef(object.ref))),
    `declared    ${terminalText(object.origin.file)}, document ${object.origin.document + 1} (target ${terminalText(target)})`,
    comparedWords(pass, object.ref),
    `result      ${verdict}`,
  ].join("\n");
}

function driftChain(pass: Pass, result: DriftResult, style: Style): string {
  const { drift } = result;
  const declared = result.source === undefined ? "nowhere in Git" : terminalText(formatLine(result.source));
  const changes = changesOf(drift).flatMap((_change, index) => changeChain(result, index, style));
  const own = besides(result);
  return [
    style.bold(terminalText(formatRef(drift.ref))),
    `declared    ${declared} (target ${terminalText(result.target)})`,
    comparedWords(pass, drift.ref),
    `result      ${stateWords(drift)}`,
    ...changes,
    ...own.map(
      (finding) =>
        `finding     ${finding.severity} ${terminalText(finding.policy)} (${finding.status}): ${terminalText(finding.message)}`,
    ),
    `verdict     ${verdictWords(result)}`,
    ...result.actions.map((action) => `action      ${actionWords(action.kind)}: ${terminalText(action.reason)}`),
    ...pass.proposals.flatMap((proposal) => proposalChain(proposal, result)),
  ].join("\n");
}

/** With what, and in which mode: a server dry-run that could not be made of this object is said here, with the reason. */
function comparedWords(pass: Pass, ref: ObjectRef): string {
  const told = `compared    with cluster ${terminalText(clusterWords(pass))}`;
  if (pass.mode === "read-only") return told;
  const readOnly = pass.comparedReadOnly?.find((one) => compareRefs(one.ref, ref) === 0);
  return readOnly === undefined
    ? `${told}, which was asked what applying Git would change (server dry-run); additions are told by reading`
    : `${told}, read-only: no server dry-run, since ${terminalText(readOnly.why)}`;
}

function changeChain(result: DriftResult, index: number, style: Style): readonly string[] {
  const change = changesOf(result.drift)[index];
  const judged = result.judgement.changes[index];
  if (change === undefined) return [];
  const where = change.source === undefined ? "" : `  ${terminalText(formatLine(change.source))}`;
  return [
    "",
    `field       ${style.bold(terminalText(formatPath(change.path)))} (${change.operation})`,
    `  Git       ${terminalText(showSide(change, "desired", 2000))}${where}`,
    `  cluster   ${terminalText(showSide(change, "live", 2000))}`,
    `  who       ${terminalText(byWords(change))}`,
    `  direction ${change.direction}: ${directionWords(change)}`,
    ...findingsOf(result, index).map(
      (finding) =>
        `  finding   ${finding.severity} ${terminalText(finding.policy)} (${finding.status}): ${terminalText(finding.message)}`,
    ),
    `  verdict   ${judged?.verdict ?? "not judged"}`,
  ];
}

/** What is to be done about this object; a pull request may hold others', too. */
function proposalChain(proposal: Proposal, result: DriftResult): readonly string[] {
  if (proposal.kind === "issue") {
    return proposal.refusals.map(
      (refusal) => `not codified ${terminalText(formatPath(refusal.path))}: ${terminalText(refusal.reason)}`,
    );
  }
  const own = proposal.edits.filter((edit) => compareRefs(edit.ref, result.drift.ref) === 0);
  const files = new Set(own.map((edit) => edit.file));
  const { patch, hidden } = shownDiff({
    files: proposal.files.filter((file) => files.has(file.path)),
    edits: proposal.edits,
  });
  const lines = patch === "" ? [] : patch.trimEnd().split("\n");
  return [
    "",
    `patch       branch ${proposal.branch}, proved by rendering again (${plural(proposal.proof.objectsCompared, "object")} compared)`,
    ...lines.map((line) => `  ${terminalText(line)}`),
    ...hidden.map((file) => `  ${terminalText(file)}: not shown, since the lines hold more than what changed`),
  ];
}
