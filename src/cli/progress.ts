/** Progress of long work on standard error: nothing for the first second, then one line that is rewritten on a terminal. */

import type { Progress } from "../core/stages.ts";

const SILENT_MILLISECONDS = 1000;
const EVERY_MILLISECONDS = { terminal: 100, other: 5000 };
/** So long without any progress, and it is said that the work still waits. */
const WAITING_MILLISECONDS = 5000;

export interface ProgressLine {
  readonly report: Progress;
  /** Takes the line away, so that other output starts on a clean one, and says no more of waiting. */
  clear(): void;
}

export function createProgress(stream: NodeJS.WriteStream, quiet: boolean): ProgressLine {
  const started = performance.now();
  const terminal = stream.isTTY;
  let last = started;
  let shown = false;
  let doing = "opening the cluster or the snapshot";
  const write = (line: string): void => {
    shown = true;
    stream.write(terminal ? `\r\u001B[K${line}` : `${line}\n`);
  };
  const waiting = setInterval(() => {
    const seconds = Math.round((performance.now() - last) / 1000);
    if (!quiet && seconds * 1000 >= WAITING_MILLISECONDS) write(`${doing}: nothing new for ${seconds} s`);
  }, WAITING_MILLISECONDS).unref();
  return {
    report: ({ stage, what, done, total }) => {
      const now = performance.now();
      const every = terminal ? EVERY_MILLISECONDS.terminal : EVERY_MILLISECONDS.other;
      const line = `${stage}: ${done}${total === undefined ? "" : ` of ${total}`} ${what}`;
      doing = line;
      if (quiet || now - started < SILENT_MILLISECONDS || (shown && now - last < every)) return;
      last = now;
      write(line);
    },
    clear: () => {
      clearInterval(waiting);
      if (shown && terminal) stream.write("\r\u001B[K");
      shown = false;
    },
  };
}
