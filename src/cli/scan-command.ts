/** `holdfast scan`. */

import { leftOutReport } from "../report/left-out.ts";
import { createStyle } from "../text/style.ts";
import { exitCodeOf } from "./exit-codes.ts";
import type { ScanOptions } from "./options.ts";
import { printReport, renderReport, writeReport } from "./report-writer.ts";
import { passOf, wantsColour } from "./session.ts";

export async function scanCommand(raw: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<number> {
  const options = raw as unknown as ScanOptions;
  const { pass } = await passOf(options, signal);
  for (const { format, file } of options.report) await writeReport(file, renderReport(pass, format, false));
  const colours = wantsColour(options, process.stdout);
  const more = options.verbose === true && options.format === "text" ? leftOutReport(pass, createStyle(colours)) : "";
  await printReport(`${renderReport(pass, options.format, colours)}${more === "" ? "" : `\n${more}`}`);
  return exitCodeOf(pass, options.failOn);
}
