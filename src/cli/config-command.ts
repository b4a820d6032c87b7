/** `holdfast config check`: every problem of the configuration files, with file, line and column. */

import { readFile } from "node:fs/promises";

import { isFault } from "../core/fault.ts";
import type { SourceTree } from "../core/stages.ts";
import { CONFIG_PATH, configTextOf } from "../config/config-file.ts";
import { readServerConfig } from "../config/server.ts";
import { openWorktree } from "../desired/worktree.ts";
import { EXIT } from "./exit-codes.ts";
import { failureOf, usage } from "./failure.ts";
import { printReport } from "./report-writer.ts";
import { loadConfig } from "./session.ts";

interface ConfigCheckOptions {
  readonly repo: string;
  readonly config?: string;
  readonly serverConfig?: string;
}

/** 0 when all is well, 1 otherwise (each problem is a line on standard error). */
export async function configCheckCommand(raw: Readonly<Record<string, unknown>>): Promise<number> {
  const options = raw as unknown as ConfigCheckOptions;
  const tree = await openWorktree(options.repo);
  if (isFault(tree)) throw failureOf(tree);
  const config = await loadConfig(tree, options.config);
  const lines = [
    `${await configName(tree, options.config)}: ok, targets: ${config.targets.map((target) => target.name).join(", ")}`,
  ];
  if (options.serverConfig !== undefined) {
    await checkServer(options.serverConfig);
    lines.push(`${options.serverConfig}: ok`);
  }
  await printReport(`${lines.join("\n")}\n`);
  return EXIT.inSync;
}

async function configName(tree: SourceTree, file: string | undefined): Promise<string> {
  if (file !== undefined) return file;
  return (await configTextOf(tree)) === undefined ? `no ${CONFIG_PATH}, the defaults` : CONFIG_PATH;
}

async function checkServer(file: string): Promise<void> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw usage(
      `cannot read ${file}: ${(error as Error).message}`,
      "name a file that can be read with --server-config",
    );
  }
  const config = readServerConfig(text, file);
  if (Array.isArray(config)) throw failureOf(config);
}
