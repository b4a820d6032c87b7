/** Progress of long work on standard error: nothing for the first second, then one line that is rewritten on a terminal. */

import type { Progress } from "../core/stages.ts";

const SILENT_MILLISECONDS = 1000;
const EVERY_MILLISECONDS = { terminal: 100, other: 5000 };

export interface ProgressLine {
  readonly report: Progress;
  /** Takes the line away, so that other output starts on a clean one. */
  clear(): void;
}

export function createProgress(stream: NodeJS.WriteStream, quiet: boolean): ProgressLine {
  const started = performance.now();
  const terminal = stream.isTTY;
  let last = started;
  let shown = false;
  return {
    report: ({ stage, what, done, total }) => {
      const now = performance.now();
      const every = terminal ? EVERY_MILLISECONDS.terminal : EVERY_MILLISECONDS.other;
      if (quiet || now - started < SILENT_MILLISECONDS || (shown && now - last < every)) return;
      last = now;
      shown = true;
      const line = `${stage}: ${done}${total === undefined ? "" : ` of ${total}`} ${what}`;
      stream.write(terminal ? `\r\u001B[K${line}` : `${line}\n`);
    },
    clear: () => {
      if (shown && terminal) stream.write("\r\u001B[K");
      shown = false;
    },
  };
}
