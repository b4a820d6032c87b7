/** Writes a finished pass in the formats that were asked for. */

import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import type { Pass } from "../core/pass.ts";
import { htmlReport } from "../report/html.ts";
import { jsonReport } from "../report/json.ts";
import { markdownReport } from "../report/markdown.ts";
import { textReport } from "../report/text.ts";
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

/** Waits until standard output has taken everything, so that a piped report is never cut by the exit. */
export async function printReport(text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(text, (error) => (error === null || error === undefined ? resolve() : reject(error)));
  });
}

/** All or nothing: the report is written aside and renamed into place. */
export async function writeReport(file: string, text: string): Promise<void> {
  const aside = join(dirname(file), `.${basename(file)}.${process.pid}`);
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(aside, text);
    await rename(aside, file);
  } catch (error) {
    await rm(aside, { force: true });
    throw usage(
      `cannot write ${file}: ${error instanceof Error ? error.message : String(error)}`,
      "name a file that can be written",
    );
  }
}
