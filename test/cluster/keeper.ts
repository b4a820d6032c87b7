// The process that holds a cluster's servers. It is forked by kept-processes.ts, starts what it is told to over the IPC
// channel, and ends them all by their ids when that channel closes: because the test closed it, or because the test
// died, `kill -9` included. So an orderly stop and a killed run take the same way, and neither leaves a server or a
// folder behind. It runs in a process group of its own, so that Ctrl-C in the terminal does not reach the servers first.

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, openSync, rmSync } from "node:fs";

/** From the test: start this. The log file is appended to. */
export interface StartOrder {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly log: string;
  readonly env: Readonly<Record<string, string>>;
}

/** To the test. An `ended` of a server that nobody stopped is its failure. */
export type KeeperNews =
  | { readonly kind: "started"; readonly name: string; readonly pid: number }
  | { readonly kind: "ended"; readonly name: string; readonly how: string };

const [folder] = process.argv.slice(2);
if (process.send !== undefined && folder !== undefined) keep(folder);

function keep(temporaryFolder: string): void {
  const servers = new Set<ChildProcess>();
  process.on("message", (order: StartOrder) => start(order, servers));
  process.on("disconnect", () => void endAll(servers, temporaryFolder));
  // Whoever ends the keeper by hand gets the servers ended too.
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => void endAll(servers, temporaryFolder));
  }
}

function start(order: StartOrder, servers: Set<ChildProcess>): void {
  const log = openSync(order.log, "a");
  // Under the name that it has everywhere: clients call themselves in managedFields by the name that they are started by.
  const asNamed = { argv0: order.name, env: { ...order.env } };
  const server = spawn(order.command, order.args, { ...asNamed, stdio: ["ignore", log, log] });
  closeSync(log);
  servers.add(server);
  server.on("error", (error) => ended(error.message));
  server.on("exit", (code, signal) => ended(signal ?? `exit code ${code}`));
  if (server.pid !== undefined) tell({ kind: "started", name: order.name, pid: server.pid });

  function ended(how: string): void {
    if (servers.delete(server)) tell({ kind: "ended", name: order.name, how });
  }
}

/** Nothing of a test cluster is worth a graceful end: its data goes with its folder. */
async function endAll(servers: ReadonlySet<ChildProcess>, temporaryFolder: string): Promise<void> {
  const ends = [...servers].map((server) => new Promise((resolve) => server.once("exit", resolve)));
  for (const server of servers) server.kill("SIGKILL");
  await Promise.all(ends);
  rmSync(temporaryFolder, { recursive: true, force: true, maxRetries: 3 });
  process.exit(0);
}

function tell(news: KeeperNews): void {
  if (process.connected) process.send?.(news);
}
