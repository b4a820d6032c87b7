/** Runs the passes: one at a time for each repository, a bounded number at once, on time or sooner where something happened. */

import type { Clock } from "../core/stages.ts";

export interface SchedulerOptions {
  /** One pass; when the next one is due, in the clock's milliseconds. Must not reject. */
  readonly run: (repository: string, signal: AbortSignal) => Promise<number>;
  readonly parallel: number;
  /** A hurried pass waits so long for more of the same: a push is several events. */
  readonly debounceMs: number;
  readonly clock: Clock;
}

export interface Scheduler {
  /** Looks after a repository from now on; does nothing where it does already. */
  add(repository: string, dueAt: number): void;
  /** Looks after it no longer; a pass that runs is not cut short. */
  remove(repository: string): void;
  /** A pass soon, or once more after the one that runs. Of a repository that is not looked after: nothing. */
  hurry(repository: string): void;
  readonly repositories: readonly string[];
  /** No further pass; those that run are aborted, and waited for. */
  stop(): Promise<void>;
}

/** `setTimeout` takes no more. */
const LONGEST_TIMER = 2_147_483_647;

interface Entry {
  dueAt: number;
  timer?: NodeJS.Timeout;
  state: "waiting" | "queued" | "running";
  /** Something happened while it ran. */
  again: boolean;
}

interface State {
  readonly options: SchedulerOptions;
  readonly entries: Map<string, Entry>;
  /** Due, in the order in which they came due. */
  readonly queue: string[];
  readonly running: Map<string, Promise<void>>;
  readonly abort: AbortController;
}

export function createScheduler(options: SchedulerOptions): Scheduler {
  const state: State = { options, entries: new Map(), queue: [], running: new Map(), abort: new AbortController() };
  return {
    add: (repository, dueAt) => {
      if (state.entries.has(repository) || state.abort.signal.aborted) return;
      state.entries.set(repository, { dueAt, state: "waiting", again: false });
      arm(state, repository);
    },
    remove: (repository) => {
      clearTimeout(state.entries.get(repository)?.timer);
      state.entries.delete(repository);
    },
    hurry: (repository) => hurry(state, repository),
    get repositories() {
      return [...state.entries.keys()];
    },
    stop: async () => {
      state.abort.abort(new Error("the server stops"));
      for (const { timer } of state.entries.values()) clearTimeout(timer);
      state.queue.length = 0;
      await Promise.all(state.running.values());
    },
  };
}

function hurry(state: State, repository: string): void {
  const entry = state.entries.get(repository);
  if (entry === undefined) return;
  if (entry.state === "running") entry.again = true;
  if (entry.state !== "waiting") return;
  // What was hurried already keeps its time, so that a storm of events cannot put it off.
  entry.dueAt = Math.min(entry.dueAt, state.options.clock.now() + state.options.debounceMs);
  arm(state, repository);
}

function arm(state: State, repository: string): void {
  const entry = state.entries.get(repository);
  if (entry === undefined || state.abort.signal.aborted) return;
  clearTimeout(entry.timer);
  const wait = Math.max(0, entry.dueAt - state.options.clock.now());
  entry.timer = setTimeout(() => due(state, repository), Math.min(wait, LONGEST_TIMER));
}

function due(state: State, repository: string): void {
  const entry = state.entries.get(repository);
  if (entry === undefined) return;
  if (entry.dueAt > state.options.clock.now()) return arm(state, repository);
  entry.state = "queued";
  state.queue.push(repository);
  startNext(state);
}

function startNext(state: State): void {
  while (state.running.size < state.options.parallel) {
    // A repository that was taken out and in again may still be running: it comes when that is done.
    const at = state.queue.findIndex((repository) => !state.running.has(repository));
    const [repository] = at < 0 ? [] : state.queue.splice(at, 1);
    if (repository === undefined) return;
    const entry = state.entries.get(repository);
    if (entry === undefined || entry.state !== "queued") continue;
    entry.state = "running";
    state.running.set(repository, run(state, repository, entry));
  }
}

async function run(state: State, repository: string, entry: Entry): Promise<void> {
  const { options, abort } = state;
  const next = await options.run(repository, abort.signal);
  state.running.delete(repository);
  if (abort.signal.aborted) return;
  entry.dueAt = entry.again ? options.clock.now() + options.debounceMs : next;
  entry.again = false;
  entry.state = "waiting";
  if (state.entries.get(repository) === entry) arm(state, repository);
  startNext(state);
}
