/** `holdfast reconcile --publish github`: one pass over the head of a repository's base branch, for a CronJob or a workflow. */

import { homedir } from "node:os";
import { join } from "node:path";

import { gitHubAddresses } from "../app/github-addresses.ts";
import type { GitHubAddresses } from "../app/github-addresses.ts";
import { openGitHubRepository } from "../app/github-repository.ts";
import type { OpenRepository } from "../app/github-repository.ts";
import { publishToGitHub } from "../app/publish-to-github.ts";
import { readCredentials } from "../app/credentials.ts";
import type { Credentials } from "../app/credentials.ts";
import { parseRepositoryName, repositoryOfRemote } from "../app/repository-name.ts";
import type { RepositoryName } from "../app/repository-name.ts";
import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import type { Pass } from "../core/pass.ts";
import type { Published } from "../core/proposal.ts";
import { originOf } from "../desired/origin.ts";
import { runPass, targetFault } from "../reconcile/run-pass.ts";
import { createDigester } from "../text/digest.ts";
import { terminalText } from "../text/escape-terminal.ts";
import { usage } from "./failure.ts";
import { grantedPrograms } from "./programs.ts";
import { fetchedCharts, renderCache } from "./render-cache.ts";
import { createProgress } from "./progress.ts";
import type { ReconcileOptions } from "./options.ts";
import { loadConfig, openLive } from "./session.ts";
import { PACKAGE_FOLDER, version } from "./version.ts";

export interface GitHubOutcome {
  readonly pass: Pass;
  readonly published: Published;
  /** `mode: report`. */
  readonly reportsOnly: boolean;
}

/**
 * What the pass found and what became of it. Where the configuration has no `mode`, it proposes: who starts one run
 * wants it. Nothing waits for a hold-off.
 */
export async function reconcileGitHub(options: ReconcileOptions, signal: AbortSignal): Promise<GitHubOutcome | Fault> {
  if (options.revision !== undefined) {
    throw usage("--revision cannot be used with --publish github", "name a branch with --base: its head is scanned");
  }
  const credentials = readCredentials(process.env);
  if (isFault(credentials)) return credentials;
  const addresses = gitHubAddresses(process.env);
  if (isFault(addresses)) return addresses;
  const name = await repositoryName(options, addresses);
  if (isFault(name)) return name;
  const repository = await openGitHubRepository({
    credentials,
    addresses,
    ...name,
    ...(options.base === undefined ? {} : { base: options.base }),
    cacheDir: cacheFolder(process.env),
    signal,
  });
  signal.throwIfAborted();
  if (isFault(repository)) return repository;
  try {
    return await reconcileOpened({ options, credentials, addresses, repository }, signal);
  } finally {
    await repository.close();
  }
}

interface Opened {
  readonly options: ReconcileOptions;
  readonly credentials: Credentials;
  readonly addresses: GitHubAddresses;
  readonly repository: OpenRepository;
}

async function reconcileOpened(
  { options, credentials, addresses, repository }: Opened,
  signal: AbortSignal,
): Promise<GitHubOutcome | Fault> {
  const config = await loadConfig(repository.configTree, options.config);
  const wrong = targetFault(config, options.target);
  if (wrong !== undefined) return wrong;
  const digester = createDigester(credentials.key);
  const progress = createProgress(process.stderr, options.quiet === true);
  const live = await openLive({ options, config, digester, signal, progress });
  const clock = { now: () => Date.now() };
  try {
    const pass = await runPass({
      config,
      targets: options.target,
      tree: repository.tree,
      live,
      digester,
      secrets: options.secrets,
      ...(options.kubeVersion === undefined ? {} : { kubeVersion: options.kubeVersion }),
      environment: process.env,
      renderCache: renderCache(process.env),
      ...fetchedCharts(options.fetchCharts, process.env),
      repositories: options.source,
      ...grantedPrograms(options),
      packageFolder: PACKAGE_FOLDER,
      version: version(),
      clock,
      progress: progress.report,
      signal,
    });
    progress.clear();
    const published = await publishToGitHub({
      pass,
      config,
      repository,
      credentials,
      addresses,
      dryRun: options.dryRun === true,
      clock,
      log: (message) => process.stderr.write(`holdfast: ${terminalText(message)}\n`),
      signal,
    });
    signal.throwIfAborted();
    return { pass, published, reportsOnly: config.mode === "report" };
  } finally {
    progress.clear();
    await live.close();
  }
}

async function repositoryName(
  { github, repo }: ReconcileOptions,
  { server }: GitHubAddresses,
): Promise<RepositoryName | Fault> {
  if (github !== undefined) {
    const named = parseRepositoryName(github);
    if (named === undefined) throw usage(`${github} is no repository's name`, "write --github OWNER/NAME");
    return named;
  }
  const origin = await originOf(repo);
  if (isFault(origin)) return origin;
  const named = origin === undefined ? undefined : repositoryOfRemote(origin, server);
  // The address is not repeated: it may hold a password.
  if (named === undefined)
    throw usage(
      `the origin remote of ${repo} names no repository at ${server}`,
      "name the repository with --github OWNER/NAME",
    );
  return named;
}

/** Clones are kept between runs; on a runner that is made anew, nothing is lost but time. */
function cacheFolder(environment: NodeJS.ProcessEnv): string {
  const cache = environment["XDG_CACHE_HOME"];
  return join(cache !== undefined && cache !== "" ? cache : join(homedir(), ".cache"), "holdfast");
}
