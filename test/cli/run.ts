// Runs the real command line as a user does, and keeps what it printed.

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

export const ROOT = join(import.meta.dirname, "../..");
const ENTRY = join(ROOT, "src/cli/holdfast.js");

/** Told of what takes more than a second, and so by busy machines only. */
const PROGRESS = /^[a-z]+: \d+(?: of \d+)? [a-z]+\n/gm;

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  /** Without lines of progress. */
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Written to standard input, which then ends. */
  readonly input?: string;
  /** Standard input stays open, for `started` to write to. */
  readonly openInput?: true;
  readonly env?: Readonly<Record<string, string>>;
  /** Told of the process once it runs: to send signals, or to end its input. */
  readonly started?: (child: ChildProcess) => void;
}

/** Never rejects: an exit code is a result. */
export async function holdfast(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = spawn(process.execPath, [ENTRY, ...args], {
    cwd: options.cwd ?? ROOT,
    env: environment(options.env),
    stdio: [options.input === undefined && options.openInput === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  // A command may end without having read its input.
  child.stdin?.on("error", () => undefined);
  if (options.input !== undefined) child.stdin?.end(options.input);
  options.started?.(child);
  const output: { readonly stdout: Buffer[]; readonly stderr: Buffer[] } = { stdout: [], stderr: [] };
  child.stdout?.on("data", (chunk: Buffer) => output.stdout.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => output.stderr.push(chunk));
  const code = await new Promise<number | null>((resolve) => {
    child.on("close", (status) => resolve(status));
  });
  const stderr = Buffer.concat(output.stderr).toString();
  return { code, stdout: Buffer.concat(output.stdout).toString(), stderr: stderr.replace(PROGRESS, "") };
}

/** What a user's shell has, without what the test run's own has of holdfast, Git, colours and clusters. */
export function environment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return {
    PATH: process.env["PATH"],
    HOME: tmpdir(),
    HOLDFAST_SECRET: "the tests' key, not a secret",
    ...more,
  };
}

/** Removed when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The arguments that name a scenario's two sides. */
export function sidesOf(scenario: string): readonly string[] {
  return ["--repo", `fixtures/${scenario}/repo`, "--live", `fixtures/${scenario}/live`];
}
