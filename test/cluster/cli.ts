// Runs the real command line beside a test cluster, as a user does.

import { spawn } from "node:child_process";
import { join } from "node:path";

const ENTRY = join(import.meta.dirname, "../../src/cli/holdfast.js");

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Called with the running process, to interrupt it, say. */
  readonly started?: (pid: number) => void;
}

/** Resolves when the process has ended, whatever its exit code. */
export function runHoldfast(args: readonly string[], { env, started }: RunOptions = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [ENTRY, ...args], {
      env: { ...process.env, HOLDFAST_SECRET: "a key for this test alone", NO_COLOR: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (output.stdout += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (output.stderr += chunk));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...output }));
    if (child.pid !== undefined) started?.(child.pid);
  });
}
