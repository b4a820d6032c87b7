/** The report as Markdown, for a job summary or a wiki. Cluster text stands in code spans only. */

import { changesOf } from "../core/drift.ts";
import type { Finding } from "../core/drift.ts";
import { formatLine } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import { formatPath } from "../core/path.ts";
import type { DriftResult, Pass } from "../core/pass.ts";
import { formatRef } from "../core/refs.ts";
import { codeSpan, tableCell } from "../text/escape-markdown.ts";
import { deployersWords, fatesOf } from "./deployer-words.ts";
import { entriesOf, groupActions, kindWords, makerWords, memberNames } from "./unmanaged-groups.ts";
import type { ReportEntry } from "./unmanaged-groups.ts";
import { placeWords } from "./source-words.ts";
import { showSide } from "./values.ts";
import {
  actionWords,
  changesWords,
  changeVerdict,
  clusterWords,
  coverageShare,
  faultPlace,
  originWords,
  standing,
  standingWords,
  statusWords,
  summaryWords,
  verdictWords,
} from "./words.ts";

/** Ends with a newline. */
export function markdownReport(pass: Pass): string {
  const { summary } = pass;
  const blocks = [
    "# Drift report",
    `**${summaryWords(summary)}.** ${changesWords(summary)}; coverage ${coverageShare(summary)}; cluster ${codeSpan(clusterWords(pass))}.`,
    ...pass.targets.flatMap((target) => deployersWords(target) ?? []).map((words) => `${codeSpan(words)}.`),
    ...(pass.complete ? [] : ["The pass is not complete, and absence of drift proves nothing: see the faults below."]),
    ...entriesOf(pass.results).map((entry) =>
      entry.kind === "one" ? driftSection(entry.result) : groupSection(entry),
    ),
    ...(pass.faults.length === 0 ? [] : ["## Faults", faultList(pass.faults)]),
  ];
  return `${blocks.join("\n\n")}\n`;
}

/** A drift under a heading of its own. */
function driftSection(result: DriftResult): string {
  const { drift, judgement } = result;
  const where = result.source === undefined ? "" : ` · ${codeSpan(formatLine(result.source))}`;
  const made =
    drift.state === "unmanaged" && drift.maker !== undefined ? ` · ${codeSpan(makerWords(drift.maker))}` : "";
  const parts = [
    `## ${codeSpan(formatRef(drift.ref))}`,
    `${verdictWords(result)} · ${standingWords(drift, codeSpan)}${where}${made}`,
    changeTable(result),
    fateList(result),
    findingList(standing(judgement.findings)),
    actionList(result.actions),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

/** What becomes of it if nobody does anything; `""` where nothing is known of a deployer. */
export function fateList({ deployer, drift }: DriftResult, only?: readonly number[]): string {
  if (deployer === undefined) return "";
  return fatesOf(deployer, drift, only)
    .map((words) => `- ${codeSpan(words)}`)
    .join("\n");
}

/** What one maker left behind: a line, and the objects folded away. GitHub renders Markdown in `details` after a blank line. */
function groupSection({ words, findings, results }: Extract<ReportEntry, { kind: "group" }>): string {
  return [
    `## ${results.length} unmanaged objects ${codeSpan(words)}`,
    `${codeSpan(kindWords(results))} · are in the cluster and not in Git`,
    "<details><summary>Show them</summary>",
    memberNames(results)
      .map((name) => `- ${codeSpan(name)}`)
      .join("\n"),
    "</details>",
    ...(findings.length === 0 ? [] : [findingList(findings)]),
    actionList(groupActions(results)),
  ].join("\n\n");
}

function actionList(actions: DriftResult["actions"]): string {
  return actions.map((action) => `- ${actionWords(action.kind)}: ${codeSpan(action.reason)}`).join("\n");
}

/** A table of field, Git, live, who and verdict; `""` where the drift has no changes. */
export function changeTable(result: DriftResult, only?: readonly number[]): string {
  const rows = changesOf(result.drift).flatMap((change, index) => {
    if (only !== undefined && !only.includes(index)) return [];
    const cells = [
      tableCell(codeSpan(formatPath(change.path))),
      tableCell(codeSpan(showSide(change, "desired"))),
      tableCell(codeSpan(showSide(change, "live"))),
      change.source === undefined ? "" : tableCell(codeSpan(placeWords(change.source))),
      tableCell(codeSpan(originWords(change))),
      changeVerdict(result, index),
    ];
    return [`| ${cells.join(" | ")} |`];
  });
  if (rows.length === 0) return "";
  return ["| Field | Git | Live | Where | Who | Verdict |", "|---|---|---|---|---|---|", ...rows].join("\n");
}

/** Findings as a list; `""` where there are none. */
export function findingList(findings: readonly Finding[]): string {
  return findings
    .map(
      (finding) =>
        `- **${finding.severity}** ${codeSpan(finding.policy)} (${statusWords(finding.status)}): ${codeSpan(finding.message)}`,
    )
    .join("\n");
}

/** Faults as a list with their remedies. */
export function faultList(faults: readonly Fault[]): string {
  return faults
    .map((fault) => {
      const where = faultPlace(fault);
      return `- ${codeSpan(where)}: ${codeSpan(fault.message)} ${codeSpan(fault.remedy)}`;
    })
    .join("\n");
}
