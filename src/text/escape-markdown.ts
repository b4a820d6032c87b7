/**
 * Markdown in which text from a cluster or a repository is only ever code: never prose, link, heading, HTML, image or
 * mention (GitHub-flavoured Markdown; CommonMark 0.31, sections 4.5 and 6.1).
 */

import { visibleLine, visibleLines } from "./visible.ts";

/** Inline code of one line. Blank text shows as a blank in code; empty text as `""`. */
export function codeSpan(text: string): string {
  const line = visibleLine(text);
  const content = line === "" ? '""' : line;
  const delimiter = "`".repeat(longestRun(content) + 1);
  // One blank on either side is taken away again, unless there is nothing but blanks between.
  const pad = /[^ ]/.test(content) ? " " : "";
  return `${delimiter}${pad}${content}${pad}${delimiter}`;
}

/** A fenced block on lines of its own; `language` is the program's own word. Put blank lines around it. */
export function codeBlock(text: string, language = ""): string {
  const content = visibleLines(text);
  const fence = "`".repeat(Math.max(3, longestRun(content) + 1));
  return `${fence}${language.replace(/[^\w+-]/g, "")}\n${content}${content === "" || content.endsWith("\n") ? "" : "\n"}${fence}`;
}

/**
 * What stands in a table's cell: Markdown of the program's own, code spans in it. A `|` is escaped even within code
 * (GFM 4.10). Code cannot show a single backslash before a `|` there: it shows two.
 */
export function tableCell(markdown: string): string {
  return markdown.replace(/[\r\n]+/g, " ").replace(/\\+\|?|\|/g, escapePipe);
}

/** Before a `|` an odd number of backslashes must stand, or the cell ends there. */
function escapePipe(match: string): string {
  if (!match.endsWith("|")) return match;
  const backslashes = match.length - 1;
  return `${match.slice(0, -1)}${backslashes % 2 === 0 ? "\\" : "\\\\"}|`;
}

function longestRun(text: string): number {
  let longest = 0;
  for (const run of text.match(/`+/g) ?? []) longest = Math.max(longest, run.length);
  return longest;
}
