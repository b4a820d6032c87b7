/** `holdfast scan`. */

import type { ReportFile } from "./main.ts";
import { exitCodeOf } from "./exit-codes.ts";
import type { FailOn } from "./exit-codes.ts";
import { printReport, renderReport, writeReport } from "./report-writer.ts";
import type { ReportFormat } from "./report-writer.ts";
import { passOf, wantsColour } from "./session.ts";
import type { LiveOptions, SourceOptions } from "./session.ts";

export interface ScanCommandOptions extends SourceOptions, LiveOptions {
  readonly format: ReportFormat;
  readonly report: readonly ReportFile[];
  readonly failOn: FailOn;
}

export async function scanCommand(raw: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<number> {
  const options = raw as unknown as ScanCommandOptions;
  const { pass } = await passOf(options, signal);
  for (const { format, file } of options.report) await writeReport(file, renderReport(pass, format, false));
  await printReport(renderReport(pass, options.format, wantsColour(options, process.stdout)));
  return exitCodeOf(pass, options.failOn);
}
