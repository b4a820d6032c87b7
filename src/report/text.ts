/** The report for a terminal. */

import { changesOf } from "../core/drift.ts";
import type { Change, Drift, Finding, Severity } from "../core/drift.ts";
import { formatLine } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import { formatPath } from "../core/path.ts";
import type { DriftResult, Pass } from "../core/pass.ts";
import { formatRef } from "../core/refs.ts";
import { terminalText } from "../text/escape-terminal.ts";
import type { Style } from "../text/style.ts";
import { deployersWords, fatesOf } from "./deployer-words.ts";
import { faultWord, toldFaults, toldPlace } from "./fault-groups.ts";
import type { ToldFault } from "./fault-groups.ts";
import { entriesOf, groupActions, kindWords, makerWords, memberNames } from "./unmanaged-groups.ts";
import type { ReportEntry } from "./unmanaged-groups.ts";
import { placeWords } from "./source-words.ts";
import { showSide } from "./values.ts";
import {
  actionWords,
  besides,
  changesWords,
  changeVerdict,
  clusterWords,
  coverageWords,
  findingsOf,
  originWords,
  plural,
  standing,
  standingWords,
  statusWords,
  summaryWords,
} from "./words.ts";

/** Ends with a newline. Control characters of cluster text are made visible, whether or not colours are on. */
export function textReport(pass: Pass, style: Style): string {
  const blocks = [
    ...entriesOf(pass.results).map((entry) =>
      entry.kind === "one" ? driftBlock(entry.result, style) : groupBlock(entry, style),
    ),
    faultsBlock(pass.faults, style),
    summaryBlock(pass, style),
  ];
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
}

function groupBlock({ words, findings, results }: Extract<ReportEntry, { kind: "group" }>, style: Style): string {
  const isCompliant = results.every(({ judgement }) => judgement.verdict === "compliant");
  const state = isCompliant ? style.yellow("UNMANAGED") : style.red("UNMANAGED");
  const head = `${state}  ${style.bold(terminalText(`${results.length} objects ${words}`))}`;
  return [
    `${head}  ${style.dim(terminalText(kindWords(results)))}`,
    ...findings.map((finding) => `    ${findingLine(finding, style)}`),
    ...actionLines(groupActions(results), style),
  ].join("\n");
}

/** What `--verbose` adds: the objects of each group that the report tells in one line. `""` where there is none. */
export function membersReport(pass: Pass, style: Style): string {
  const blocks = entriesOf(pass.results).flatMap((entry) => {
    if (entry.kind === "one") return [];
    const head = style.bold(terminalText(`Unmanaged objects ${entry.words}`));
    return [[head, ...memberNames(entry.results).map((name) => `    ${terminalText(name)}`)].join("\n")];
  });
  return blocks.map((block) => `\n${block}\n`).join("");
}

function actionLines(actions: DriftResult["actions"], style: Style): readonly string[] {
  return actions.map(({ kind, reason }) => `    ${style.cyan("→")} ${actionWords(kind)}: ${terminalText(reason)}`);
}

/** One drift with its changes, findings and what is to be done about it. */
export function driftBlock(result: DriftResult, style: Style): string {
  const { drift } = result;
  const where = result.source === undefined ? "" : `  ${style.dim(terminalText(formatLine(result.source)))}`;
  const head = `${label(result, style)}  ${style.bold(terminalText(formatRef(drift.ref)))}${where}`;
  const own = besides(result);
  const removed = (drift.state === "pending" || drift.state === "unmanaged") && drift.removedIn !== undefined;
  const excused = drift.state === "unmanaged" && (drift.excuse ?? drift.deletion) !== undefined;
  return [
    head,
    ...madeLine(drift, style),
    ...(removed || excused ? [`    ${terminalText(standingWords(drift))}`] : []),
    ...changesOf(drift).flatMap((change, index) => changeLines({ result, change, index, style })),
    ...own.map((finding) => `    ${findingLine(finding, style)}`),
    ...fateLines(result, style),
    ...actionLines(result.actions, style),
  ].join("\n");
}

/** What becomes of it if nobody does anything. */
function fateLines({ deployer, drift }: DriftResult, style: Style): readonly string[] {
  if (deployer === undefined) return [];
  return fatesOf(deployer, drift).map((words) => `      ${style.dim(terminalText(words))}`);
}

function madeLine(drift: Drift, style: Style): readonly string[] {
  if (drift.state !== "unmanaged" || drift.maker === undefined) return [];
  return [`      ${style.dim(terminalText(makerWords(drift.maker)))}`];
}

function label(result: DriftResult, style: Style): string {
  const state = result.drift.state.toUpperCase().padEnd(9);
  if (result.drift.state === "pending") return style.dim(state);
  return result.judgement.verdict === "compliant" ? style.yellow(state) : style.red(state);
}

interface ChangeLine {
  readonly result: DriftResult;
  readonly change: Change;
  readonly index: number;
  readonly style: Style;
}

function changeLines({ result, change, index, style }: ChangeLine): readonly string[] {
  const verdict = verdictOf(changeVerdict(result, index), style);
  const where = change.source === undefined ? "" : `  ${style.dim(terminalText(placeWords(change.source)))}`;
  const sides = `${showSide(change, "desired")} → ${showSide(change, "live")}`;
  return [
    `    ${terminalText(formatPath(change.path))}: ${terminalText(sides)}  ${verdict}${where}`,
    `      ${style.dim(terminalText(originWords(change)))}`,
    ...standing(findingsOf(result, index)).map((finding) => `      ${findingLine(finding, style)}`),
  ];
}

function verdictOf(verdict: ReturnType<typeof changeVerdict>, style: Style): string {
  if (verdict === "violating") return style.red(verdict);
  return verdict === "pending" ? style.dim(verdict) : style.green("compliant");
}

function findingLine(finding: Finding, style: Style): string {
  const status = finding.status === "introduced" ? "" : ` (${statusWords(finding.status)})`;
  return `${severity(finding.severity, style)} ${terminalText(finding.policy)}${status}: ${terminalText(finding.message)}`;
}

function severity(level: Severity, style: Style): string {
  return level === "critical" || level === "high" ? style.red(level) : style.yellow(level);
}

function faultsBlock(faults: readonly Fault[], style: Style): string {
  return toldFaults(faults)
    .map((told) => faultLines(told, style))
    .join("\n");
}

function faultLines(told: ToldFault, style: Style): string {
  const { message, remedy } = told;
  const word = faultWord(told.fault).padEnd(9);
  return `${style.yellow(word)}  ${style.bold(terminalText(toldPlace(told)))}: ${terminalText(message)}\n      ${style.dim(terminalText(remedy))}`;
}

/** What is in no group above leaves a trace all the same. */
function excusedWords({ excused }: Pass): string | undefined {
  const count = (excused?.rules ?? []).reduce((sum, rule) => sum + rule.count, 0);
  if (count === 0) return undefined;
  return `${plural(count, "object")} in the cluster and not in Git ${count === 1 ? "is" : "are"} excused (by owners, or as a system makes them); --verbose lists them`;
}

function summaryBlock(pass: Pass, style: Style): string {
  const { summary } = pass;
  const lines = [
    style.bold(summaryWords(summary)),
    `${changesWords(summary)}; ${coverageWords(summary)}; cluster ${terminalText(clusterWords(pass))}`,
    ...pass.targets.flatMap((target) => deployersWords(target) ?? []).map((words) => terminalText(words)),
  ];
  const excused = excusedWords(pass);
  if (excused !== undefined) lines.push(style.dim(excused));
  if (!pass.complete)
    lines.push(style.yellow("The pass is not complete, and absence of drift proves nothing: see the faults above."));
  return lines.join("\n");
}
