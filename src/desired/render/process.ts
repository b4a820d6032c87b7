/**
 * Runs a renderer on files that somebody else wrote: with an environment of its own, without a network where the system
 * can do that, and within limits of time, memory and output.
 */

import { spawn, spawnSync } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { existsSync } from "node:fs";
import { killGroup } from "../git.ts";
import { withoutInherited } from "./descriptors.ts";

export interface RendererLimits {
  readonly milliseconds: number;
  /** Of standard output. */
  readonly outputBytes: number;
  /** Of the process's address space; Go reserves more than it uses. */
  readonly memoryBytes: number;
  /** Of each file that it writes; absent: whatever the disk holds. */
  readonly fileBytes?: number;
  /** Processes and threads that it may have; absent: as many as the system lets it. */
  readonly processes?: number;
}

export const RENDERER_LIMITS: RendererLimits = {
  milliseconds: 60_000,
  outputBytes: 64 * 1024 * 1024,
  memoryBytes: 4 * 1024 * 1024 * 1024,
};

export interface RendererRun {
  /** An absolute path. */
  readonly binary: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** An empty folder that becomes its home, and the place of its caches, configuration and temporary files. */
  readonly home: string;
  readonly limits: RendererLimits;
  /** See {@link networkIsolation}: what the command is started by. */
  readonly isolation: readonly string[];
  /** Over the environment that it has anyway. */
  readonly variables?: Readonly<Record<string, string>>;
  /** On its standard input. */
  readonly input?: string;
  readonly signal?: AbortSignal;
}

export type RendererEnd =
  | { readonly kind: "done"; readonly output: Buffer }
  /** It said that it cannot: what it printed on standard error, cut. */
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "too-long" }
  | { readonly kind: "too-much-output" }
  /** Ended from outside, for want of memory most of all. */
  | { readonly kind: "killed"; readonly by: string }
  | { readonly kind: "not-started"; readonly reason: string }
  | { readonly kind: "interrupted" };

/** Characters of standard error that are kept. */
export const MAX_MESSAGE = 16_000;

/** Runs it to its end. Never rejects. */
export function runRenderer(run: RendererRun): Promise<RendererEnd> {
  const { promise, resolve } = Promise.withResolvers<RendererEnd>();
  const { limits, signal } = run;
  const child = start(run);
  const output: Buffer[] = [];
  let size = 0;
  let message = "";
  let ended: RendererEnd | undefined;
  const end = (how: RendererEnd): void => {
    ended ??= how;
    killGroup(child);
  };
  const timer = setTimeout(() => end({ kind: "too-long" }), limits.milliseconds);
  const onAbort = (): void => end({ kind: "interrupted" });
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  child.stdout.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > limits.outputBytes) end({ kind: "too-much-output" });
    else output.push(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    if (message.length < MAX_MESSAGE) message += chunk.toString("utf8");
  });
  child.stdin.on("error", () => undefined); // It ended before it could be told that there is no more input.
  child.stdin.end(run.input ?? "");
  const finish = (how: RendererEnd): void => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    resolve(ended ?? how);
  };
  child.on("error", (error: NodeJS.ErrnoException) => finish({ kind: "not-started", reason: error.code ?? "" }));
  child.on("close", (code, by) => finish(endOf(code, by, { output, message })));
  return promise;
}

function endOf(
  code: number | null,
  by: NodeJS.Signals | null,
  { output, message }: { readonly output: readonly Buffer[]; readonly message: string },
): RendererEnd {
  if (by !== null) return { kind: "killed", by };
  if (code === 0) return { kind: "done", output: Buffer.concat(output) };
  // Go's runtime and the kernel say it in these words; exit code 2 alone is any panic.
  if (/out of memory|cannot allocate memory|failed to reserve/i.test(message)) return { kind: "killed", by: "memory" };
  return { kind: "failed", message: message.slice(0, MAX_MESSAGE) };
}

/** It leads a process group of its own, so that whatever it starts ends with it. */
function start(run: RendererRun): ChildProcessWithoutNullStreams {
  const { binary, args, cwd, home, limits, isolation } = run;
  const kilobytes = Math.floor(limits.memoryBytes / 1024);
  // POSIX counts in blocks of 512 bytes.
  const files = limits.fileBytes === undefined ? "" : `ulimit -f ${Math.ceil(limits.fileBytes / 512)}; `;
  // dash calls it p, bash u.
  const most = limits.processes;
  const processes = most === undefined ? "" : `ulimit -p ${most} 2>/dev/null || ulimit -u ${most} 2>/dev/null; `;
  // The shell's own words are fixed; what is run comes as arguments, and is never parsed by it.
  const limited = [
    "/bin/sh",
    "-c",
    `${files}${processes}ulimit -v ${kilobytes} 2>/dev/null; exec "$@"`,
    "sh",
    binary,
    ...args,
  ];
  const [command = "", ...rest] = [...isolation, ...limited];
  const started = withoutInherited((more) =>
    spawn(command, rest, {
      cwd,
      env: { ...environment(home), ...run.variables },
      detached: true,
      shell: false,
      stdio: ["pipe", "pipe", "pipe", ...more],
    }),
  );
  return started as ChildProcessWithoutNullStreams;
}

/** Nothing of the caller's, no program to call, and a proxy that nobody answers at, should there be a network after all. */
function environment(home: string): NodeJS.ProcessEnv {
  const nowhere = "http://127.0.0.1:9";
  return {
    HOME: home,
    TMPDIR: home,
    XDG_CACHE_HOME: home,
    XDG_CONFIG_HOME: home,
    XDG_DATA_HOME: home,
    HELM_CACHE_HOME: home,
    HELM_CONFIG_HOME: home,
    HELM_DATA_HOME: home,
    HELM_NO_PLUGINS: "1",
    PATH: "",
    LC_ALL: "C",
    HTTP_PROXY: nowhere,
    HTTPS_PROXY: nowhere,
    http_proxy: nowhere,
    https_proxy: nowhere,
    NO_PROXY: "",
    KUBECONFIG: "/dev/null",
  };
}

const UNSHARE = "/usr/bin/unshare";

/** What starts a program in a network namespace without a network; nothing where the system allows none. */
export function networkIsolation(): readonly string[] {
  const args = ["--user", "--map-current-user", "--net", "--"];
  const works =
    existsSync(UNSHARE) && spawnSync(UNSHARE, [...args, "/bin/true"], { env: {}, timeout: 5000 }).status === 0;
  return works ? [UNSHARE, ...args] : [];
}
