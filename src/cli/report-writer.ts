/** Writes a finished pass in the formats that were asked for. */

import { mkdir, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import type { Pass } from "../core/pass.ts";
import { htmlReport } from "../report/html.ts";
import { jsonReport } from "../report/json.ts";
import { chartsReport } from "../report/charts.ts";
import { excusedReport, leftOutReport } from "../report/left-out.ts";
import { markdownReport } from "../report/markdown.ts";
import { readOnlyReport } from "../report/read-only.ts";
import { membersReport, textReport } from "../report/text.ts";
import { createStyle } from "../text/style.ts";
import { usage } from "./failure.ts";

export type ReportFormat = "text" | "json" | "markdown" | "html";

export function renderReport(pass: Pass, format: ReportFormat, colours: boolean): string {
  switch (format) {
    case "text":
      return textReport(pass, createStyle(colours));
    case "json":
      return jsonReport(pass);
    case "markdown":
      return markdownReport(pass);
    case "html":
      return htmlReport(pass);
  }
}

/**
 * What a command prints; `--verbose` adds, for people, the objects of groups that are told in one line, what was left out
 * and excused, what a server dry run told nothing of, and what charts were rendered for.
 */
export function shownReport(
  pass: Pass,
  { format, verbose }: { readonly format: ReportFormat; readonly verbose?: boolean },
  colours: boolean,
): string {
  const report = renderReport(pass, format, colours);
  if (verbose !== true || format !== "text") return report;
  const style = createStyle(colours);
  const more = [
    leftOutReport(pass, style),
    excusedReport(pass, style),
    readOnlyReport(pass, style),
    chartsReport(pass, style),
  ].filter((block) => block !== "");
  return `${report}${membersReport(pass, style)}${more.map((block) => `\n${block}`).join("")}`;
}

/** Waits until standard output has taken everything, so that a piped report is never cut by the exit. */
export async function printReport(text: string): Promise<void> {
  // What goes wrong with the stream is `main`'s to tell.
  await new Promise<void>((resolve) => {
    process.stdout.write(text, () => resolve());
  });
}

/** All or nothing: the report is written aside and renamed into place. A device or a pipe is written to as it is. */
export async function writeReport(file: string, text: string): Promise<void> {
  try {
    const existing = await realpath(file).catch(() => undefined);
    if (existing !== undefined && !(await stat(existing)).isFile()) await writeFile(existing, text);
    else await replaceFile(existing ?? file, text);
  } catch (error) {
    throw usage(
      `cannot write ${file}: ${error instanceof Error ? error.message : String(error)}`,
      "name a file that can be written",
    );
  }
}

async function replaceFile(file: string, text: string): Promise<void> {
  await makeFolder(dirname(file));
  const aside = join(dirname(file), `.${basename(file)}.${process.pid}`);
  try {
    await writeFile(aside, text);
    await rename(aside, file);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}

/** One level after the other: Node's own `recursive` never returns where a file system says ENOENT below a folder that exists (/proc). */
export async function makeFolder(folder: string): Promise<void> {
  const exists = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (exists || dirname(folder) === folder) return;
  await makeFolder(dirname(folder));
  await mkdir(folder);
}
