/** The report as one self-contained HTML page: no script, no font, no image, no request to anywhere. */

import { changesOf } from "../core/drift.ts";
import type { Change, Finding } from "../core/drift.ts";
import { formatLine } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import { formatPath } from "../core/path.ts";
import type { DriftResult, Pass } from "../core/pass.ts";
import { formatRef } from "../core/refs.ts";
import { htmlText } from "../text/escape-html.ts";
import { entriesOf, groupActions, kindWords, makerWords, memberNames } from "./unmanaged-groups.ts";
import type { ReportEntry } from "./unmanaged-groups.ts";
import { placeWords } from "./source-words.ts";
import { showSide } from "./values.ts";
import {
  actionWords,
  changesWords,
  changeVerdict,
  clusterWords,
  faultPlace,
  originWords,
  coverageShare,
  standing,
  standingWords,
  statusWords,
  summaryWords,
  verdictWords,
} from "./words.ts";

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --bad: #b3261e; --ok: #1b7f3b; --dim: #777; }
@media (prefers-color-scheme: dark) { :root { --bad: #ff8a80; --ok: #7ddc98; --dim: #999; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.05rem; margin: 0 0 .3rem; }
code { font: 13px/1.45 ui-monospace, monospace; overflow-wrap: break-word; } h2 code { font-size: 15px; font-weight: 600; }
p, li { overflow-wrap: anywhere; } .wide { overflow-x: auto; } td { min-width: 4rem; max-width: 32rem; }
section { border-top: 1px solid var(--line); padding: 1rem 0; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); }
.tiles { display: flex; flex-wrap: wrap; gap: .5rem 2rem; padding: 0; list-style: none; } .tiles b { font-size: 1.5rem; display: block; }
.violating, .mixed { color: var(--bad); } .compliant { color: var(--ok); } .dim, .pending { color: var(--dim); }
`;

/** A whole document. Everything that comes from the cluster, Git or a policy is escaped text. */
export function htmlReport(pass: Pass): string {
  const { summary } = pass;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Drift report</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Drift report</h1>
<p>${htmlText(summaryWords(summary))}. ${htmlText(changesWords(summary))}.</p>
<p class="dim">Cluster ${htmlText(clusterWords(pass))} · ${htmlText(targetWords(pass))} · ${new Date(pass.finishedAt).toISOString()} · holdfast ${htmlText(pass.version)}</p>
${tiles(pass)}
${pass.complete ? "" : '<p class="violating">The pass is not complete, and absence of drift proves nothing: see the faults below.</p>'}
${entriesOf(pass.results)
  .map((entry) => (entry.kind === "one" ? driftSection(entry.result) : groupSection(entry)))
  .join("\n")}
${faultSection(pass.faults)}
</body>
</html>
`;
}

function targetWords(pass: Pass): string {
  return pass.targets.map((target) => `${target.name} at ${target.revision}`).join(", ");
}

function tiles(pass: Pass): string {
  const { objects } = pass.summary;
  const shown = { ...objects, coverage: coverageShare(pass.summary) };
  const names = { desired: "in Git", live: "live", inSync: "in sync" } as Readonly<Record<string, string>>;
  const items = Object.entries(shown).map(([name, count]) => `<li><b>${count}</b>${names[name] ?? name}</li>`);
  return `<ul class="tiles">${items.join("")}</ul>`;
}

function driftSection(result: DriftResult): string {
  const { drift, judgement } = result;
  const where = result.source === undefined ? "" : ` · <code>${htmlText(formatLine(result.source))}</code>`;
  const made =
    drift.state === "unmanaged" && drift.maker !== undefined ? ` · ${htmlText(makerWords(drift.maker))}` : "";
  return `<section>
<h2><code>${htmlText(formatRef(drift.ref))}</code></h2>
<p><span class="${judgement.verdict}">${verdictWords(result)}</span> · ${htmlText(standingWords(drift))}${where}${made}</p>
${changeTable(result)}${findingList(standing(judgement.findings))}${actionList(result.actions)}</section>`;
}

/** What one maker left behind: a line, and the objects folded away. */
function groupSection({ words, findings, results }: Extract<ReportEntry, { kind: "group" }>): string {
  const items = memberNames(results).map((name) => `<li><code>${htmlText(name)}</code></li>`);
  return `<section>
<h2>${results.length} unmanaged objects <code>${htmlText(words)}</code></h2>
<details><summary>${htmlText(kindWords(results))} · are in the cluster and not in Git</summary><ul>${items.join("")}</ul></details>
${findingList(findings)}${actionList(groupActions(results))}</section>`;
}

function changeTable(result: DriftResult): string {
  const changes = changesOf(result.drift);
  if (changes.length === 0) return "";
  const rows = changes.map((change, index) => changeRow(change, changeVerdict(result, index)));
  return `<div class="wide"><table><tr><th>Field<th>Git<th>Live<th>Where<th>Who<th>Verdict</tr>${rows.join("")}</table></div>`;
}

function changeRow(change: Change, verdict: string): string {
  const where = change.source === undefined ? "" : `<code>${htmlText(placeWords(change.source))}</code>`;
  const cells = [
    code(formatPath(change.path)),
    code(showSide(change, "desired", 400)),
    code(showSide(change, "live", 400)),
    where,
    htmlText(originWords(change)),
    `<span class="${verdict}">${verdict}</span>`,
  ];
  return `<tr>${cells.map((cell) => `<td>${cell}`).join("")}</tr>`;
}

function code(text: string): string {
  return `<code>${htmlText(text)}</code>`;
}

function findingList(findings: readonly Finding[]): string {
  if (findings.length === 0) return "";
  const items = findings.map(
    (finding) =>
      `<li><b>${finding.severity}</b> <code>${htmlText(finding.policy)}</code> (${statusWords(finding.status)}): ${htmlText(finding.message)}</li>`,
  );
  return `<ul>${items.join("")}</ul>`;
}

function actionList(actions: DriftResult["actions"]): string {
  return actions.map((action) => `<p>→ ${actionWords(action.kind)}: ${htmlText(action.reason)}</p>`).join("");
}

function faultSection(faults: readonly Fault[]): string {
  if (faults.length === 0) return "";
  const items = faults.map((fault) => {
    const where = faultPlace(fault);
    return `<li><code>${htmlText(where)}</code>: ${htmlText(fault.message)} <span class="dim">${htmlText(fault.remedy)}</span></li>`;
  });
  return `<section><h2>Faults</h2><ul>${items.join("")}</ul></section>`;
}
