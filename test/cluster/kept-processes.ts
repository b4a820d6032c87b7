// The test's side of keeper.ts: servers that do not outlive the test process, however it ends.

import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import type { KeeperNews, StartOrder } from "./keeper.ts";

const TAIL_BYTES = 6000;

export interface KeptProcesses {
  /** Process ids by server name, of those that run. */
  readonly pids: ReadonlyMap<string, number>;
  /** Starts a server and answers its process id; its output goes to its log. */
  start(order: StartOrder): Promise<number>;
  /** How a server ended, or undefined while it runs. */
  endOf(name: string): string | undefined;
  /** Ends all servers and removes the folder; returns when both is done. May be called twice. */
  stop(): Promise<void>;
}

/** `folder` is removed when the servers end, whoever ends them. */
export function keepProcesses(folder: string): KeptProcesses {
  const keeper = fork(join(import.meta.dirname, "keeper.ts"), [folder], {
    detached: true,
    execArgv: ["--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: { PATH: process.env["PATH"] },
  });
  const pids = new Map<string, number>();
  const ends = new Map<string, string>();
  keeper.on("message", (news: KeeperNews) => {
    if (news.kind === "started") {
      pids.set(news.name, news.pid);
      ends.delete(news.name);
    } else {
      pids.delete(news.name);
      ends.set(news.name, news.how);
    }
  });
  keeper.on("exit", (code) => {
    if (code !== 0) endOrphans(pids);
  });
  return {
    pids,
    start: (order) => start(keeper, order, { pids, ends }),
    endOf: (name) => ends.get(name),
    stop: () => stop(keeper),
  };
}

interface Known {
  readonly pids: ReadonlyMap<string, number>;
  readonly ends: Map<string, string>;
}

async function start(keeper: ChildProcess, order: StartOrder, known: Known): Promise<number> {
  known.ends.delete(order.name);
  keeper.send(order);
  for (;;) {
    const pid = known.pids.get(order.name);
    if (pid !== undefined) return pid;
    const end = known.ends.get(order.name);
    if (end !== undefined) throw new Error(`${order.name} ended at once (${end}):\n${logTail(order.log)}`);
    if (!keeper.connected) throw new Error(`the keeper of the test servers is gone; ${order.name} was not started`);
    await Promise.race([once(keeper, "message"), once(keeper, "disconnect")]);
  }
}

async function stop(keeper: ChildProcess): Promise<void> {
  if (keeper.exitCode !== null || keeper.signalCode !== null) return;
  const exited = once(keeper, "exit");
  if (keeper.connected) keeper.disconnect();
  await exited;
}

/** The keeper ends its servers itself; only if it was itself killed are there any left for the test to end. */
function endOrphans(pids: ReadonlyMap<string, number>): void {
  for (const pid of pids.values()) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // Gone already: what was wanted.
    }
  }
}

/** The end of a log, for an error message; a log that is not there has none. */
export function logTail(file: string): string {
  try {
    const log = openSync(file, "r");
    const size = fstatSync(log).size;
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(log, buffer, 0, buffer.length, size - buffer.length);
    closeSync(log);
    return buffer.toString();
  } catch {
    return "(no log)";
  }
}
