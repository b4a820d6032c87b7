/**
 * `app` is the GitHub App: which repositories it looks after, when, and what one pass over a repository of GitHub is.
 * The schedule is the truth; events only hurry it.
 *
 * This file is the App as a whole, as the server starts, tells and stops it.
 */

import type { ServerConfig } from "../config/server.ts";
import { formatFault, isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import { wishOf } from "./events.ts";
import type { Delivery } from "./events.ts";
import { installedRepositories } from "./installations.ts";
import type { InstalledRepository } from "./installations.ts";
import { nextPass } from "./schedule.ts";
import { createScheduler } from "./scheduler.ts";
import type { Scheduler } from "./scheduler.ts";
import { serverPass } from "./server-pass.ts";
import type { RepositoryOutcome, ServerParts } from "./server-pass.ts";

export interface AppOptions {
  readonly parts: ServerParts;
  /** Told of each pass's end, with its length in milliseconds. */
  readonly onOutcome: (outcome: RepositoryOutcome, milliseconds: number) => void;
  /** 0 to 1 (without 1): for jitter. */
  readonly random: () => number;
  readonly debounceMs?: number;
}

export interface App {
  /** Looks for installations, and goes on by itself. */
  start(): void;
  /** A webhook: a pass soon, or a look at the installations, where it tells of something. */
  receive(delivery: Delivery): void;
  /** Whether GitHub has said where the App is installed. */
  readonly ready: boolean;
  /** Ends passes that run, in good order, and starts none. */
  stop(): Promise<void>;
}

const DEBOUNCE = 2000;
const REFRESH = 600_000;
/** Where GitHub could not be asked. */
const REFRESH_AFTER_FAILURE = 30_000;
/** After a pass that did not get to the repository's schedule. */
const RETRY: { readonly kind: "every"; readonly milliseconds: number } = { kind: "every", milliseconds: 300_000 };
const FIRST_PASSES_WITHIN = 1000;

interface State {
  readonly options: AppOptions;
  readonly scheduler: Scheduler;
  /** By name in lower case. */
  readonly installed: Map<string, InstalledRepository>;
  /** Whom GitHub shows as the author of what the App does; "" until it is known. */
  login: string;
  ready: boolean;
  stopped: boolean;
  /** While it runs. */
  refreshing: Promise<void> | undefined;
  refreshAgain: boolean;
  timer: NodeJS.Timeout | undefined;
}

export function createApp(options: AppOptions): App {
  const { server, clock } = options.parts;
  const scheduler: Scheduler = createScheduler({
    run: (repository, signal) => pass(state, repository, signal),
    parallel: server.limits.parallelPasses,
    debounceMs: options.debounceMs ?? DEBOUNCE,
    clock,
  });
  const state: State = {
    options,
    scheduler,
    installed: new Map(),
    login: "",
    ready: false,
    stopped: false,
    refreshing: undefined,
    refreshAgain: false,
    timer: undefined,
  };
  return {
    start: () => refresh(state),
    receive: (delivery) => receive(state, delivery),
    get ready() {
      return state.ready;
    },
    stop: async () => {
      state.stopped = true;
      clearTimeout(state.timer);
      await scheduler.stop();
    },
  };
}

function receive(state: State, delivery: Delivery): void {
  const wish = wishOf(delivery, state.login);
  if (wish?.kind === "pass") state.scheduler.hurry(wish.repository.toLowerCase());
  if (wish?.kind === "installations") refreshIn(state, state.options.debounceMs ?? DEBOUNCE);
}

function refreshIn(state: State, milliseconds: number): void {
  if (state.stopped) return;
  clearTimeout(state.timer);
  state.timer = setTimeout(() => refresh(state), milliseconds);
}

function refresh(state: State): void {
  if (state.refreshing !== undefined) {
    state.refreshAgain = true;
    return;
  }
  state.refreshing = refreshNow(state);
}

async function refreshNow(state: State): Promise<void> {
  let complete = false;
  try {
    complete = await lookForRepositories(state);
  } catch (error) {
    logBug(state, error, "looking for installations");
  }
  state.refreshing = undefined;
  refreshIn(state, state.refreshAgain ? 0 : complete ? REFRESH : REFRESH_AFTER_FAILURE);
  state.refreshAgain = false;
}

/** Whether all could be asked. What could not be asked is looked after as before. */
async function lookForRepositories(state: State): Promise<boolean> {
  const { credentials, addresses, server, log } = state.options.parts;
  const granted = grantedRepositories(server);
  const owners = new Set([...granted].map((name) => name.split("/")[0] ?? ""));
  const found = await installedRepositories({ credentials, addresses, owners });
  if (state.stopped) return true;
  if (isFault(found)) {
    logFault(state, found);
    return false;
  }
  for (const fault of found.faults) logFault(state, fault);
  const complete = found.faults.length === 0;
  const [any] = found.repositories;
  if (any !== undefined) state.login = `${any.installation.appSlug}[bot]`;
  update(state, { found: found.repositories.filter((one) => granted.has(keyOf(one))), complete });
  state.ready = true;
  const absent = [...granted].filter((name) => !state.installed.has(name));
  if (absent.length > 0)
    log.warn({ repositories: absent }, "granted a cluster, but the App is not installed there, or they take no writes");
  return complete;
}

function grantedRepositories(server: ServerConfig): ReadonlySet<string> {
  return new Set(server.grants.map(({ repository }) => repository.toLowerCase()));
}

function update(
  state: State,
  { found, complete }: { readonly found: readonly InstalledRepository[]; readonly complete: boolean },
): void {
  const { clock, log } = state.options.parts;
  const live = new Map(found.filter((one) => !one.readOnly).map((one) => [keyOf(one), one]));
  const readOnly = new Set(found.filter((one) => one.readOnly).map(keyOf));
  for (const name of state.installed.keys()) {
    if (live.has(name) || !(complete || readOnly.has(name))) continue;
    state.installed.delete(name);
    state.scheduler.remove(name);
    log.info({ repository: name }, "no longer looked after");
  }
  for (const [name, repository] of live) {
    if (!state.installed.has(name)) log.info({ repository: name }, "looked after from now on");
    state.installed.set(name, repository);
    state.scheduler.add(name, clock.now() + state.options.random() * FIRST_PASSES_WITHIN);
  }
}

function keyOf({ owner, name }: InstalledRepository): string {
  return `${owner}/${name}`.toLowerCase();
}

/** When the next pass is due. */
async function pass(state: State, name: string, stop: AbortSignal): Promise<number> {
  const { parts, onOutcome, random } = state.options;
  const { clock, log, server } = parts;
  const repository = state.installed.get(name);
  if (repository === undefined) return nextPass(RETRY, clock.now(), random());
  const started = clock.now();
  const limit = AbortSignal.timeout(server.limits.passTimeoutMs);
  const signal = AbortSignal.any([stop, limit]);
  try {
    log.debug({ repository: name }, "pass starts");
    const outcome = await serverPass(parts, repository, signal);
    report(state, outcome, clock.now() - started);
    onOutcome(outcome, clock.now() - started);
    return nextPass(outcome.schedule ?? RETRY, clock.now(), random());
  } catch (error) {
    if (stop.aborted) log.info({ repository: name }, "pass interrupted");
    else if (limit.aborted) onOutcome(timedOut(state, name), clock.now() - started);
    else logBug(state, error, `the pass of ${name}`);
    return nextPass(RETRY, clock.now(), random());
  }
}

function timedOut(state: State, repository: string): RepositoryOutcome {
  const fault: Fault = {
    kind: "fault",
    code: "interrupted",
    about: repository,
    message: `${repository}: the pass took longer than limits.passTimeout`,
    remedy: "raise the limit, or split the repository's targets",
    leavesUnknown: "declared",
  };
  logFault(state, fault, repository);
  return { repository, clusters: [], faults: [fault] };
}

function report(state: State, outcome: RepositoryOutcome, milliseconds: number): void {
  const { log } = state.options.parts;
  const { repository, commit } = outcome;
  for (const fault of outcome.faults) logFault(state, fault, repository);
  for (const { alias, pass: done, published } of outcome.clusters) {
    for (const fault of [...done.faults, ...published.faults]) logFault(state, fault, repository);
    for (const { kind, id, did, reason, url } of published.actions) {
      if (did === "unchanged") log.debug({ repository, kind, id, url }, "unchanged");
      else log.info({ repository, kind, id, reason, url }, did);
    }
    const { drifted, missing, unmanaged, unknown } = done.summary.objects;
    log.info(
      {
        repository,
        cluster: alias,
        commit,
        milliseconds,
        complete: done.complete,
        drifted,
        missing,
        unmanaged,
        unknown,
      },
      "pass done",
    );
  }
  if (outcome.clusters.length === 0) log.info({ repository, commit, milliseconds }, "pass done: nothing was compared");
}

function logFault(state: State, fault: Fault, repository?: string): void {
  state.options.parts.log.warn(
    { ...(repository === undefined ? {} : { repository }), code: fault.code },
    formatFault(fault),
  );
}

/** Without its message: what a parser or a library puts there may be a piece of what it was given. */
function logBug(state: State, error: unknown, what: string): void {
  const [name, stack] = error instanceof Error ? [error.name, error.stack ?? ""] : [typeof error, ""];
  const frames = stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim());
  state.options.parts.log.error({ error: name, frames }, `a bug in holdfast, in ${what}`);
}
