/**
 * `desired` reads what Git describes: the working tree, a revision, or a fetched repository as a tree of files, and
 * the objects that are declared in it, each with its origin.
 *
 * This file is the one place that starts git. Nothing of the caller's environment or configuration reaches it, and
 * nothing that a repository's own configuration could make git run: no hooks, file monitors, pagers, credential
 * helpers or remote helpers. Arguments are fixed words and hashes; what users and repositories name goes through
 * standard input.
 */

import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import type { Fault } from "../core/fault.ts";

/** A repository on disk, named outright so that git searches for none. */
export interface GitRepository {
  /** The `.git` folder or file, or a bare repository. */
  readonly gitDir: string;
  /** Absent for a bare repository. */
  readonly workTree?: string;
}

export interface GitCommand {
  readonly repository?: GitRepository;
  /** The subcommand and its arguments. */
  readonly args: readonly string[];
  /** `name=value`, besides the fixed ones. */
  readonly settings?: readonly string[];
  readonly cwd?: string;
  readonly input?: string;
  /** Added to the fixed environment; what must not be seen in a process list goes here. */
  readonly env?: Readonly<Record<string, string>>;
  /** Protocols that git may speak, separated by colons. Default: none at all. */
  readonly protocols?: string;
  /** Default: two minutes. */
  readonly timeoutMs?: number;
  /** Limit of standard output. Default: 256 MiB, a listing of some millions of files. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

const TIMEOUT_MS = 120_000;
const MAX_BYTES = 256 * 1024 * 1024;
const MAX_MESSAGE = 4_000;

const SETTINGS: readonly string[] = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.untrackedCache=false",
  "core.pager=cat",
  "core.askPass=",
  "core.sshCommand=false",
  "core.gitProxy=",
  "core.quotePath=false",
  "credential.helper=",
  "submodule.recurse=false",
  "gc.autoDetach=false",
  "http.lowSpeedLimit=1000",
  "http.lowSpeedTime=60",
];

/** Runs git to its end. A fault where it fails, prints too much, takes too long, or is not installed. */
export function runGit(command: GitCommand): Promise<Buffer | Fault> {
  const { promise, resolve } = Promise.withResolvers<Buffer | Fault>();
  const child = startGit(command);
  const output: Buffer[] = [];
  let size = 0;
  let message = "";
  let ended: Fault | undefined;
  const end = (fault: Fault) => {
    ended ??= fault;
    killGroup(child);
  };
  const timeoutMs = command.timeoutMs ?? TIMEOUT_MS;
  const timer = setTimeout(() => end(gitFault(command, `took longer than ${timeoutMs / 1000} s`)), timeoutMs);
  const onAbort = () => end(interrupted());
  command.signal?.addEventListener("abort", onAbort, { once: true });
  if (command.signal?.aborted === true) onAbort();
  child.stdout.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > (command.maxBytes ?? MAX_BYTES)) end(gitFault(command, "printed more than its limit"));
    else output.push(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    if (message.length < MAX_MESSAGE) message += chunk.toString("utf8");
  });
  child.stdin.on("error", () => undefined); // EPIPE: git ended before it read its input; its exit code says why.
  const finish = (answer: Buffer | Fault) => {
    clearTimeout(timer);
    command.signal?.removeEventListener("abort", onAbort);
    resolve(ended ?? answer);
  };
  child.on("error", (error: NodeJS.ErrnoException) => finish(startFault(command, error)));
  child.on("close", (code) => finish(code === 0 ? Buffer.concat(output) : gitFault(command, oneLine(message))));
  child.stdin.end(command.input ?? "");
  return promise;
}

/** Starts git and leaves its streams to the caller. It leads a process group of its own, so that its helpers end with it. */
export function startGit(command: GitCommand): ChildProcessWithoutNullStreams {
  const { repository } = command;
  const where = repository === undefined ? [] : [`--git-dir=${repository.gitDir}`];
  const tree = repository?.workTree === undefined ? [] : [`--work-tree=${repository.workTree}`];
  const settings = [...SETTINGS, ...(command.settings ?? [])].flatMap((setting) => ["-c", setting]);
  return spawn("git", ["--no-pager", "--literal-pathspecs", ...where, ...tree, ...settings, ...command.args], {
    cwd: command.cwd ?? repository?.workTree ?? repository?.gitDir ?? "/",
    env: environment(command),
    detached: true,
    shell: false,
    stdio: ["pipe", "pipe", "pipe"],
  });
}

export function killGroup(child: ChildProcessWithoutNullStreams): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL"); // The group is gone already, or the system has none.
  }
}

/** The caller's environment without anything that steers git, and what switches its conveniences off. */
function environment(command: GitCommand): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_") && !name.startsWith("SSH_"));
  return {
    ...Object.fromEntries(kept),
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_NO_LAZY_FETCH: "1",
    GIT_ALLOW_PROTOCOL: command.protocols ?? "none",
    ...command.env,
  };
}

/** A fault that says what git said: `about` is the subcommand, never its arguments. */
export function gitFault(command: GitCommand, message: string): Fault {
  const name = command.args[0] ?? "git";
  return {
    kind: "fault",
    code: "git-failed",
    about: `git ${name}`,
    message: `git ${name} failed: ${message}`,
    remedy: "run the same git command in the repository to see what is wrong with it",
    leavesUnknown: "declared",
  };
}

function startFault(command: GitCommand, error: NodeJS.ErrnoException): Fault {
  if (error.code !== "ENOENT") return gitFault(command, error.code ?? "could not be started");
  return {
    kind: "fault",
    code: "git-failed",
    about: "git",
    message: "git could not be started: it is not on PATH, or the folder is gone",
    remedy: "install git 2.36 or newer",
    leavesUnknown: "declared",
  };
}

function interrupted(): Fault {
  return {
    kind: "fault",
    code: "interrupted",
    about: "git",
    message: "reading the repository was interrupted",
    remedy: "run it again",
    leavesUnknown: "declared",
  };
}

/** git's own words on one line, without control characters. */
function oneLine(message: string): string {
  const text = message.replace(/[\p{Cc}\p{Cf}]+/gu, " ").trim();
  return text === "" ? "it gave no reason" : text.slice(0, 500);
}
