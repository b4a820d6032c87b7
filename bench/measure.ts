// Runs a command as a whole process and measures it from outside: wall time, and peak memory where /proc tells it.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Exit codes that are no failure; default 0. */
  readonly codes?: readonly number[];
}

export interface Measured {
  readonly seconds: number;
  /** Processor time of the process, its threads and its own processes: what other processes on the machine change least. NaN where there is no /proc. */
  readonly cpuSeconds: number;
  /** Resident set at its largest, in MB; NaN where there is no /proc. */
  readonly peakMb: number;
  readonly stdout: string;
}

const POLL_MILLISECONDS = 10;

/** `sysconf(_SC_CLK_TCK)`: 100 on every Linux that Node runs on. */
const TICKS_A_SECOND = 100;

/** Rejects where the command fails: a figure of a failure is no figure. */
export function measure({ file, args, env, codes = [0] }: Command): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    let peakKb = Number.NaN;
    const spent = childSeconds();
    const poll = setInterval(() => {
      const kb = highWaterKb(child.pid);
      if (kb !== undefined) peakKb = Number.isNaN(peakKb) ? kb : Math.max(kb, peakKb);
    }, POLL_MILLISECONDS);
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
    child.on("error", reject);
    child.on("close", (code) => {
      clearInterval(poll);
      if (!codes.includes(code ?? -1))
        reject(
          new Error(`${file} ${args.join(" ")} ended with ${code}: ${Buffer.concat(errors).toString().slice(-2000)}`),
        );
      else
        resolve({
          seconds: (performance.now() - started) / 1000,
          cpuSeconds: childSeconds() - spent,
          peakMb: peakKb / 1024,
          stdout: Buffer.concat(output).toString(),
        });
    });
  });
}

function highWaterKb(pid: number | undefined): number | undefined {
  const status = readProc(`/proc/${pid}/status`);
  const found = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
  return found === undefined ? undefined : Number(found);
}

function readProc(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** User and system time of the processes that have ended below this one: fields 16 and 17 of proc(5)'s stat. */
function childSeconds(): number {
  const stat = readProc("/proc/self/stat");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) / TICKS_A_SECOND;
}

export interface Figures {
  readonly seconds: { readonly min: number; readonly median: number; readonly max: number };
  readonly cpuSeconds: number;
  readonly peakMb: number;
}

/** Takes the commands in turn (A B A B …), so that a busy moment of the machine meets all of them; one warm-up each. */
export async function inTurn<Name extends string>(
  commands: Readonly<Record<Name, Command>>,
  runs: number,
): Promise<Readonly<Record<Name, Figures>>> {
  const names = Object.keys(commands) as Name[];
  const all = new Map<Name, Measured[]>(names.map((name) => [name, []]));
  for (let round = -1; round < runs; round++) {
    for (const name of names) {
      const measured = await measure(commands[name]);
      if (round >= 0) all.get(name)?.push(measured);
    }
  }
  return Object.fromEntries(names.map((name) => [name, figuresOf(all.get(name) ?? [])])) as Record<Name, Figures>;
}

export function figuresOf(measured: readonly Measured[]): Figures {
  const seconds = measured.map((one) => one.seconds).toSorted((a, b) => a - b);
  return {
    seconds: {
      min: seconds[0] ?? Number.NaN,
      median: seconds[seconds.length >> 1] ?? Number.NaN,
      max: seconds.at(-1) ?? Number.NaN,
    },
    cpuSeconds: measured.map((one) => one.cpuSeconds).toSorted((a, b) => a - b)[measured.length >> 1] ?? Number.NaN,
    peakMb: Math.max(...measured.map((one) => one.peakMb)),
  };
}
