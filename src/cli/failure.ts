/** How a command ends that cannot go on: one clear line on standard error, never a stack trace without `--verbose`. */

import { formatFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import { terminalText } from "../text/escape-terminal.ts";

/** Thrown by commands and caught by `main`: an exit code, and the lines that explain it. */
export class Failure extends Error {
  readonly exitCode: number;

  constructor(lines: readonly string[], exitCode = 1) {
    super(lines.join("\n"));
    this.exitCode = exitCode;
  }
}

export function failureOf(faults: Fault | readonly Fault[]): Failure {
  const list = "kind" in faults ? [faults] : faults;
  return new Failure(list.map((fault) => terminalText(formatFault(fault))));
}

export function usage(message: string, remedy: string): Failure {
  return new Failure([terminalText(`${message} (${remedy})`)]);
}
