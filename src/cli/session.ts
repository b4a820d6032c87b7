/** Opens what a command needs: configuration, repository, cluster or snapshot, key. */

import { readFile } from "node:fs/promises";
import { relative, resolve } from "node:path";

import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import type { Pass } from "../core/pass.ts";
import type { LiveSource, SourceTree } from "../core/stages.ts";
import { CONFIG_PATH, configTextOf } from "../config/config-file.ts";
import { defaultRepositoryConfig } from "../config/defaults.ts";
import type { RepositoryConfig } from "../config/repository.ts";
import { openRevision } from "../desired/revision.ts";
import { openWorktree } from "../desired/worktree.ts";
import type { AskedBesides } from "../reconcile/unread-ignores.ts";
import type { Declared } from "../reconcile/compare-live.ts";
import { runPass, targetFault } from "../reconcile/run-pass.ts";
import type { PassInput } from "../reconcile/run-pass.ts";
import type { Digester } from "../text/digest.ts";
import { failureOf, usage } from "./failure.ts";
import type { LiveOptions, SourceOptions } from "./options.ts";
import { createProgress } from "./progress.ts";
import type { ProgressLine } from "./progress.ts";
import { grantedPrograms } from "./programs.ts";
import { fetchedCharts, renderCache } from "./render-cache.ts";
import { operatorDigester } from "./secret.ts";
import { PACKAGE_FOLDER, version } from "./version.ts";

/** The repository's tree and configuration. @param check what the choice of targets must be. */
export async function openSource(
  options: SourceOptions,
  check: typeof targetFault = targetFault,
): Promise<{ readonly tree: SourceTree; readonly config: RepositoryConfig }> {
  const opened =
    options.revision === undefined
      ? await openWorktree(options.repo)
      : await openRevision(options.repo, options.revision);
  if (isFault(opened)) throw failureOf(opened);
  const config = await loadConfig(opened, options.config);
  const wrong = check(config, options.target);
  if (wrong !== undefined) throw failureOf(wrong);
  return { tree: opened, config };
}

/** The named file, else the repository's own at the revision that is read, else the defaults. */
export async function loadConfig(tree: SourceTree, file: string | undefined): Promise<RepositoryConfig> {
  const { text, name } = file === undefined ? await ownConfig(tree) : await namedConfig(file);
  if (text === undefined) return defaultRepositoryConfig();
  const { readRepositoryConfig } = await import("../config/repository.ts");
  const config = readRepositoryConfig(text, name);
  if (Array.isArray(config)) throw failureOf(config);
  return config as RepositoryConfig;
}

async function namedConfig(file: string): Promise<{ readonly text: string; readonly name: string }> {
  try {
    return { text: await readFile(file, "utf8"), name: relative(process.cwd(), resolve(file)) };
  } catch (error) {
    throw usage(
      `cannot read the configuration ${file}: ${(error as Error).message}`,
      "name a file that can be read with --config",
    );
  }
}

async function ownConfig(tree: SourceTree): Promise<{ readonly text: string | undefined; readonly name: string }> {
  const text = await configTextOf(tree);
  if (isFault(text)) throw failureOf(text);
  return { text, name: CONFIG_PATH };
}

interface LiveInput {
  readonly options: LiveOptions;
  readonly config: RepositoryConfig;
  readonly digester: Digester;
  readonly signal: AbortSignal;
  /** Cleared where nothing can be opened. */
  readonly progress: ProgressLine;
}

/** The cluster of the kubeconfig, or a snapshot. A target's cluster alias is the context of that name. */
export async function openLive({ options, config, digester, signal, progress }: LiveInput): Promise<LiveSource> {
  const live = options.live ?? "kube";
  if (options.mode === "server-dry-run" && live !== "kube") {
    progress.clear();
    throw usage("--mode server-dry-run asks an API server, and --live names none", "leave out --live, or --mode");
  }
  const opened =
    live === "kube"
      ? await openKube({ options, config, digester, signal, progress })
      : await openFile(live, digester, signal);
  if (!isFault(opened)) return opened;
  progress.clear();
  throw failureOf(opened);
}

async function openKube({ options, config, digester, signal, progress }: LiveInput): Promise<LiveSource | Fault> {
  const { openCluster } = await import("../live/cluster.ts");
  const context = options.context ?? aliasOf(config, options.target);
  return await openCluster({
    digester,
    signal,
    progress: progress.report,
    dryRun: options.mode === "server-dry-run",
    ...(options.kubeconfig === undefined ? {} : { kubeconfig: options.kubeconfig }),
    ...(context === undefined ? {} : { context }),
  });
}

/** targetFault() has seen to it that the chosen targets are of one cluster. */
function aliasOf(config: RepositoryConfig, targets: readonly string[]): string | undefined {
  return config.targets.find((target) => targets.length === 0 || targets.includes(target.name))?.cluster;
}

async function openFile(path: string, digester: Digester, signal: AbortSignal): Promise<LiveSource | Fault> {
  const { openSnapshot } = await import("../live/snapshot.ts");
  if (path !== "-") return await openSnapshot({ path, digester, signal });
  // A stream that nobody writes to would keep an interrupted pass waiting.
  signal.addEventListener("abort", () => process.stdin.destroy(), { once: true });
  return await openSnapshot({ path: process.stdin, digester, signal });
}

export interface PassRun {
  readonly pass: Pass;
  readonly config: RepositoryConfig;
  readonly tree: SourceTree;
  /** What Git declares. */
  readonly declared: readonly Declared[];
  /** What besides asks to ignore something. */
  readonly besides: AskedBesides;
}

/** Opens both sides, runs one pass, closes them. */
export async function passOf(
  options: SourceOptions & LiveOptions & { readonly kubeVersion?: string },
  signal: AbortSignal,
  watch: Pick<PassInput, "traced" | "onCompared"> = {},
): Promise<PassRun> {
  const { tree, config } = await openSource(options);
  const charts = fetchedCharts(options.fetchCharts, process.env);
  const digester = await operatorDigester(process.env);
  const progress = createProgress(process.stderr, options.quiet === true);
  const live = await openLive({ options, config, digester, signal, progress });
  let declared: readonly Declared[] = [];
  let besides: AskedBesides = { generated: [], defaults: [] };
  try {
    const pass = await runPass({
      config,
      targets: options.target,
      tree,
      live,
      digester,
      secrets: options.secrets,
      ...(options.kubeVersion === undefined ? {} : { kubeVersion: options.kubeVersion }),
      environment: process.env,
      renderCache: renderCache(process.env),
      ...charts,
      repositories: options.source,
      ...grantedPrograms(options),
      packageFolder: PACKAGE_FOLDER,
      version: version(),
      clock: { now: () => Date.now() },
      progress: progress.report,
      signal,
      ...watch,
      onDeclared: (objects, asking) => {
        declared = objects;
        besides = asking;
      },
    });
    return { pass, config, tree, declared, besides };
  } finally {
    progress.clear();
    await live.close();
  }
}

/** Colours on a terminal only, and not where anybody asked for none. */
export function wantsColour(options: LiveOptions, stream: NodeJS.WriteStream): boolean {
  if (options.color === false || (process.env["NO_COLOR"] ?? "") !== "") return false;
  return stream.isTTY || (process.env["FORCE_COLOR"] ?? "0") !== "0";
}
