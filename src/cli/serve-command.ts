/** `holdfast serve`: the GitHub App, until it is told to stop. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { createApp } from "../app/app.ts";
import { openGranted } from "../app/clusters.ts";
import { missingPasswords } from "../app/granted-charts.ts";
import { readServerConfig } from "../config/server.ts";
import type { ServerConfig } from "../config/server.ts";
import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import { chartCache } from "../desired/charts/cache.ts";
import { serverLog, wordsOnly } from "../server/logger.ts";
import { createMetrics } from "../server/metrics.ts";
import { startServer } from "../server/server.ts";
import type { RunningServer } from "../server/server.ts";
import { serverSettings } from "../server/settings.ts";
import type { ServerSettings } from "../server/settings.ts";
import { createWebhooks } from "../server/webhooks.ts";
import { openAuditLog } from "../store/audit-log.ts";
import { openHistory } from "../store/history.ts";
import { EXIT } from "./exit-codes.ts";
import { failureOf, usage } from "./failure.ts";
import { PACKAGE_FOLDER, version } from "./version.ts";

interface ServeOptions {
  readonly serverConfig?: string;
  readonly verbose?: boolean;
}

/** 0 after SIGTERM or SIGINT; what keeps it from starting is a failure. */
export async function serveCommand(raw: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<number> {
  const options = raw as ServeOptions;
  const settings = serverSettings(process.env);
  if (isFaults(settings)) throw failureOf(settings);
  const config = await loadServerConfig(options.serverConfig ?? process.env["HOLDFAST_CONFIG"]);
  const missing = missingPasswords(config, process.env);
  if (missing.length > 0) throw failureOf(missing);
  await serve({ settings, config, verbose: options.verbose === true }, signal);
  return EXIT.inSync;
}

interface Serve {
  readonly settings: ServerSettings;
  readonly config: ServerConfig;
  readonly verbose: boolean;
}

async function serve({ settings, config, verbose }: Serve, signal: AbortSignal): Promise<void> {
  const log = serverLog(verbose);
  const metrics = createMetrics();
  const app = createApp({
    parts: {
      ...storesOf(config),
      credentials: settings.credentials,
      addresses: settings.addresses,
      server: config,
      openLive: openGranted,
      packageFolder: PACKAGE_FOLDER,
      version: version(),
      clock: { now: () => Date.now() },
      log,
    },
    onOutcome: (outcome, milliseconds) => metrics.take(outcome, milliseconds),
    random: Math.random,
  });
  const webhooks = await createWebhooks({
    settings,
    log: wordsOnly(verbose),
    receive: (delivery) => app.receive(delivery),
  });
  const server = await startServer({
    host: settings.host,
    port: settings.port,
    webhooks,
    metrics: async () => ({ contentType: metrics.contentType, text: await metrics.text() }),
    ready: () => app.ready && !signal.aborted,
    onError: (error) => log.error({ error }, "a request failed"),
  });
  if (isFault(server)) throw failureOf(server);
  log.info({ host: server.host, port: server.port, version: version() }, "listening");
  app.start();
  await aborted(signal);
  await stop(server, app);
  log.info({}, "stopped");
}

/** Both at once: a pass that ends needs no connection from outside, and a request no pass. */
async function stop(server: RunningServer, app: { stop(): Promise<void> }): Promise<void> {
  await Promise.all([server.close(), app.stop()]);
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
}

async function loadServerConfig(file: string | undefined): Promise<ServerConfig> {
  if (!file)
    throw usage(
      "there is no server configuration",
      "name it with --server-config or HOLDFAST_CONFIG (config/server.example.yml shows one)",
    );
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "it cannot be read";
    throw usage(
      `cannot read the server configuration ${file}: ${code}`,
      "name a file that can be read with --server-config or HOLDFAST_CONFIG",
    );
  }
  const config = readServerConfig(text, file);
  if (isFaults(config)) throw failureOf(config);
  return config;
}

function storesOf({ stateDir }: ServerConfig) {
  try {
    return {
      cacheDir: join(stateDir, "clones"),
      chartCache: chartCache(join(stateDir, "charts")),
      history: openHistory(join(stateDir, "history")),
      audit: openAuditLog(join(stateDir, "audit.jsonl")),
    };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "it cannot be written";
    throw usage(
      `cannot use the state folder ${stateDir}: ${code}`,
      "set stateDir in the server configuration to a folder that can be written",
    );
  }
}

function isFaults(value: object): value is readonly Fault[] {
  return Array.isArray(value);
}
