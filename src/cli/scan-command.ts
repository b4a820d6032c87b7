/** `holdfast scan`. */

import { exitCodeOf } from "./exit-codes.ts";
import type { ScanOptions } from "./options.ts";
import { printReport, renderReport, shownReport, writeReport } from "./report-writer.ts";
import { passOf, wantsColour } from "./session.ts";

export async function scanCommand(raw: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<number> {
  const options = raw as unknown as ScanOptions;
  const { pass } = await passOf(options, signal);
  for (const { format, file } of options.report) await writeReport(file, renderReport(pass, format, false));
  await printReport(shownReport(pass, options, wantsColour(options, process.stdout)));
  return exitCodeOf(pass, options.failOn);
}
