/** What was seen and is no drift, for a terminal. */

import type { LeftOutField } from "../core/drift.ts";
import type { Pass } from "../core/pass.ts";
import { formatPath } from "../core/path.ts";
import { terminalText } from "../text/escape-terminal.ts";
import type { Style } from "../text/style.ts";
import { showSide } from "./values.ts";
import { byWords, plural } from "./words.ts";
import { wrap } from "./wrap.ts";

/** What `--verbose` adds to the report: each rule with its count and a few places. Ends with a newline; `""` where there is nothing. */
export function leftOutReport(pass: Pass, style: Style): string {
  if (pass.leftOutRules.length === 0) return "";
  const total = pass.leftOutRules.reduce((sum, { count }) => sum + count, 0);
  const rules = pass.leftOutRules.flatMap(({ reason, rule, count, examples }) => {
    const more = count > examples.length ? [`      … and ${count - examples.length} more`] : [];
    return [
      `    ${plural(count, "difference")}: ${terminalText(rule)}  ${style.dim(reason)}`,
      ...examples.map((example) => `      ${style.dim(terminalText(example))}`),
      ...more.map((line) => style.dim(line)),
    ];
  });
  const head = `${style.cyan("LEFT OUT ")}  ${style.bold(`${plural(total, "difference")} that ${total === 1 ? "is" : "are"} no drift`)}`;
  return `${[head, ...rules].join("\n")}\n`;
}

/** What `--verbose` adds besides: why objects that Git does not declare are not unmanaged. Ends with a newline, or `""`. */
export function excusedReport({ excused }: Pass, style: Style): string {
  if (excused === undefined) return "";
  const total = excused.rules.reduce((sum, { count }) => sum + count, 0);
  const rules = excused.rules.flatMap(({ rule, count, examples }) => [
    `    ${plural(count, "object")}: ${terminalText(rule)}`,
    ...examples.map((example) => `      ${style.dim(terminalText(example))}`),
    ...(count > examples.length ? [style.dim(`      … and ${count - examples.length} more`)] : []),
  ]);
  const head = `${style.cyan("EXCUSED  ")}  ${style.bold(`${plural(total, "object")} in the cluster and not in Git that ${total === 1 ? "is" : "are"} not unmanaged`)}`;
  return `${[head, ...rules].join("\n")}\n`;
}

/** Fields of one object that are shown of each rule; a list of thousands of items tells nobody more. */
const MOST_FIELDS = 50;

/** One object's left-out fields by rule, each with its values and who set it. */
export function leftOutLines(fields: readonly LeftOutField[], width: number): readonly string[] {
  const byRule = Map.groupBy(fields, ({ reason, rule }) => `${reason}\0${rule}`);
  return [...byRule.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const asked = first.judged ? "; policies were asked about it all the same, and do not object" : "";
    const rest = group.length - MOST_FIELDS;
    return [
      ...wrap("left out    ", `${terminalText(first.rule)} (${first.reason})${asked}`, width),
      ...group.slice(0, MOST_FIELDS).flatMap(fieldLines),
      ...(rest > 0 ? [`  … and ${plural(rest, "more field")}`] : []),
    ];
  });
}

function fieldLines(field: LeftOutField): readonly string[] {
  if (field.path.length === 0) return [];
  const sides = `${showSide(field, "desired", 400)} → ${showSide(field, "live", 400)}`;
  return [
    `  ${terminalText(formatPath(field.path))}: ${terminalText(sides)}`,
    ...(field.live === undefined ? [] : [`    ${terminalText(byWords(field))}`]),
  ];
}
