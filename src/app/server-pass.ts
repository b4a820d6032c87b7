/** One repository's pass in a server: the order in which a repository, its clusters and its pull requests and issues meet. */

import type { RepositoryConfig, Schedule } from "../config/repository.ts";
import { grantedPrograms, grantedSources } from "../config/server.ts";
import type { ServerConfig } from "../config/server.ts";
import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import type { Pass } from "../core/pass.ts";
import type { Clock, LiveSource } from "../core/stages.ts";
import type { ChartCache } from "../desired/charts/cache.ts";
import type { RepositoryGrant } from "../desired/other-repositories.ts";
import { runPass } from "../reconcile/run-pass.ts";
import type { PassInput } from "../reconcile/run-pass.ts";
import { publicationsOf } from "../reconcile/publications.ts";
import type { AuditLog } from "../store/audit-log.ts";
import type { HistoryStore, RepositoryHistory } from "../store/history.ts";
import { createDigester } from "../text/digest.ts";
import { clusterTargets } from "./clusters.ts";
import type { ClusterTargets, OpenGranted } from "./clusters.ts";
import type { AppCredentials } from "./credentials.ts";
import type { GitHubAddresses } from "./github-addresses.ts";
import { chartGrants } from "./granted-charts.ts";
import { openGitHubRepository } from "./github-repository.ts";
import type { OpenRepository } from "./github-repository.ts";
import { sighted, withHoldOff } from "./hold-off.ts";
import type { InstalledRepository } from "./installations.ts";
import type { Log } from "./log.ts";
import { publishToGitHub } from "./publish-to-github.ts";
import type { PublishedAs } from "./publish-to-github.ts";
import { readConfig } from "./repository-config.ts";

/** What all passes of a server share. */
export interface ServerParts {
  readonly credentials: AppCredentials;
  readonly addresses: GitHubAddresses;
  readonly server: ServerConfig;
  readonly cacheDir: string;
  /** Where fetched charts are kept; absent: nowhere. */
  readonly chartCache?: ChartCache;
  readonly history: HistoryStore;
  readonly audit: AuditLog;
  readonly openLive: (options: OpenGranted) => Promise<LiveSource | Fault>;
  readonly packageFolder: string;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** One cluster's part of a repository's pass. */
export interface ClusterPass {
  readonly alias: string;
  readonly pass: Pass;
  readonly published: PublishedAs;
}

export interface RepositoryOutcome {
  /** `owner/name` */
  readonly repository: string;
  readonly commit?: string;
  /** When it wants to be looked at; absent where its configuration could not be had. */
  readonly schedule?: Schedule;
  readonly clusters: readonly ClusterPass[];
  /** Of the whole: what is in no cluster's pass. */
  readonly faults: readonly Fault[];
}

/** Rejects with the signal's reason where it is aborted. */
export async function serverPass(
  parts: ServerParts,
  installed: InstalledRepository,
  signal: AbortSignal,
): Promise<RepositoryOutcome> {
  const name = `${installed.owner}/${installed.name}`;
  const { credentials, addresses, server, cacheDir } = parts;
  const repository = await openGitHubRepository({
    credentials,
    addresses,
    owner: installed.owner,
    name: installed.name,
    installation: installed.installation,
    cacheDir,
    maxFileBytes: server.limits.fileBytes,
    signal,
  });
  signal.throwIfAborted();
  if (isFault(repository)) return { repository: name, clusters: [], faults: [repository] };
  try {
    return await passOver(parts, { installed, repository, signal });
  } finally {
    await repository.close();
  }
}

interface Opened {
  readonly installed: InstalledRepository;
  readonly repository: OpenRepository;
  readonly signal: AbortSignal;
}

async function passOver(parts: ServerParts, opened: Opened): Promise<RepositoryOutcome> {
  const { repository, signal } = opened;
  const name = `${repository.owner}/${repository.name}`;
  const { commit } = repository.base;
  const known = parts.history.load(name);
  const reading = await readConfig(repository.configTree, known.config);
  const faults: Fault[] = reading.kind === "invalid" ? [...reading.faults] : [];
  const config = reading.kind === "invalid" ? reading.last : reading.config;
  if (config === undefined) return { repository: name, commit, clusters: [], faults };

  const chosen = clusterTargets(parts.server, name, config);
  faults.push(...chosen.faults);
  const clusters: ClusterPass[] = [];
  let history: RepositoryHistory = { ...known, ...(reading.kind === "valid" ? { config: reading.text } : {}) };
  for (const cluster of chosen.clusters) {
    const done = await passOfCluster(parts, { ...opened, cluster, config: served(config), history });
    signal.throwIfAborted();
    if (isFault(done)) faults.push(done);
    else {
      clusters.push(done.done);
      history = done.history;
    }
  }
  const outcome: RepositoryOutcome = { repository: name, commit, schedule: config.schedule, clusters, faults };
  return { ...outcome, faults: [...faults, ...remember(parts, { name, history, outcome })] };
}

/** Nobody has asked for proposals yet: report. */
function served(config: RepositoryConfig): RepositoryConfig {
  return { ...config, mode: config.mode ?? "report" };
}

interface OneCluster extends Opened {
  readonly cluster: ClusterTargets;
  readonly config: RepositoryConfig;
  readonly history: RepositoryHistory;
}

interface ClusterDone {
  readonly done: ClusterPass;
  readonly history: RepositoryHistory;
}

async function passOfCluster(parts: ServerParts, input: OneCluster): Promise<ClusterDone | Fault> {
  const { cluster, config, repository, signal } = input;
  const digester = createDigester(parts.credentials.key);
  const live = await parts.openLive({ cluster, digester, signal });
  if (isFault(live)) return live;
  try {
    const pass = await runPass({
      config,
      targets: cluster.targets,
      tree: repository.tree,
      live,
      digester,
      secrets: cluster.access.secrets,
      environment: process.env,
      ...chartsOf(parts, `${repository.owner}/${repository.name}`),
      repositories: sourcesOf(parts, `${repository.owner}/${repository.name}`),
      programs: grantedPrograms(parts.server, `${repository.owner}/${repository.name}`),
      packageFolder: parts.packageFolder,
      version: parts.version,
      clock: parts.clock,
      progress: ignore,
      signal,
    });
    return await publish(parts, input, pass);
  } finally {
    await live.close();
  }
}

function chartsOf({ server, chartCache }: ServerParts, repository: string): Pick<PassInput, "charts"> {
  const grants = chartGrants(server, repository, process.env);
  if (grants.length === 0) return {};
  return { charts: { grants, ...(chartCache === undefined ? {} : { cache: chartCache }) } };
}

function sourcesOf({ server }: ServerParts, repository: string): readonly RepositoryGrant[] {
  return grantedSources(server, repository).map(({ url, path }) => ({ url, dir: path }));
}

async function publish(parts: ServerParts, input: OneCluster, pass: Pass): Promise<ClusterDone> {
  const { cluster, config, repository, installed, history, signal } = input;
  const { clock, credentials, addresses, log } = parts;
  const sightings = sighted({
    before: history.sightings,
    publications: publicationsOf(pass, { pullRequestLabels: [], issueLabels: [], assignees: [] }),
    targets: cluster.targets,
    complete: pass.complete,
    now: clock.now(),
  });
  const name = `${repository.owner}/${repository.name}`;
  const published = await publishToGitHub({
    pass,
    config,
    repository,
    credentials,
    addresses,
    installation: installed.installation,
    dryRun: false,
    clock,
    log: (message) => log.warn({ repository: name }, message),
    signal,
    before: (forge) => withHoldOff({ forge, holdOffMs: config.holdOffMs, sightings, clock }),
  });
  const audited = record(parts, { repository: name, commit: repository.base.commit, as: published.as }, published);
  return {
    done: { alias: cluster.alias, pass, published: { ...published, faults: [...published.faults, ...audited] } },
    history: { ...history, sightings },
  };
}

function record(
  { audit, clock }: ServerParts,
  context: { readonly repository: string; readonly commit: string; readonly as: string },
  published: PublishedAs,
): readonly Fault[] {
  return written("the audit log", () => audit.append({ ...context, at: clock.now() }, published.actions));
}

interface Memory {
  readonly name: string;
  readonly history: RepositoryHistory;
  readonly outcome: RepositoryOutcome;
}

function remember({ history: store, clock }: ServerParts, { name, history, outcome }: Memory): readonly Fault[] {
  const faults = [
    ...outcome.faults,
    ...outcome.clusters.flatMap(({ pass, published }) => [...pass.faults, ...published.faults]),
  ];
  const lastPass = {
    at: clock.now(),
    commit: outcome.commit ?? "",
    complete: outcome.faults.length === 0 && outcome.clusters.every(({ pass }) => pass.complete),
    faults: [...new Set(faults.map(({ code }) => code))],
  };
  return written(`the history of ${name}`, () => store.save(name, { ...history, lastPass }));
}

/** What cannot be written down costs no pass. */
function written(about: string, write: () => void): readonly Fault[] {
  try {
    write();
    return [];
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === undefined) throw error;
    return [
      {
        kind: "fault",
        code: "output-unwritable",
        about,
        message: `${about} cannot be written (${code})`,
        remedy: "make the server's stateDir writable, or free some space",
        leavesUnknown: "nothing",
      },
    ];
  }
}

function ignore(): void {}
