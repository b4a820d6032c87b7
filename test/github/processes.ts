// holdfast as a real child process, for the end-to-end suites: started with an environment of its own, ended by its id.

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const ENTRY = join(import.meta.dirname, "../../src/cli/holdfast.js");
const POLL = 50;

export interface Finished {
  readonly stdout: string;
  readonly stderr: string;
  /** `null` where a signal ended it. */
  readonly code: number | null;
}

export interface Started {
  readonly child: ChildProcess;
  /** What it has printed so far. */
  readonly output: { stdout: string; stderr: string };
  readonly finished: Promise<Finished>;
}

export interface ProcessOptions {
  readonly args: readonly string[];
  /** Nothing else of this process's environment gets there but PATH. */
  readonly environment: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export function startHoldfast({ args, environment, cwd }: ProcessOptions): Started {
  const child = spawn(process.execPath, [ENTRY, ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { PATH: process.env["PATH"], NO_COLOR: "1", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ ...output, code }));
  });
  return { child, output, finished };
}

export function runHoldfast(options: ProcessOptions): Promise<Finished> {
  return startHoldfast(options).finished;
}

/** Waits until the condition holds; throws, with the process's log, when it ended or the time is over. */
export async function until(
  what: string,
  { child, output }: Started,
  condition: () => boolean | Promise<boolean>,
  milliseconds = 60_000,
): Promise<void> {
  const deadline = performance.now() + milliseconds;
  while (!(await condition())) {
    const ended = child.exitCode !== null || child.signalCode !== null;
    if (ended || performance.now() > deadline) {
      throw new Error(
        `${what}: ${ended ? "the process ended" : "not in time"}; its log:\n${output.stderr.slice(-6000)}`,
      );
    }
    await sleep(POLL);
  }
}

/** Ends it the hard way where it still runs. */
export async function kill({ child, finished }: Started): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  await finished;
}
