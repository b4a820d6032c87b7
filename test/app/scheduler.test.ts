import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { nextPass } from "../../src/app/schedule.ts";
import { createScheduler } from "../../src/app/scheduler.ts";
import type { Scheduler } from "../../src/app/scheduler.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

interface Run {
  readonly repository: string;
  readonly at: number;
  readonly signal: AbortSignal;
  end(nextAt?: number): void;
}

const NEVER = 10 ** 12;

function rig(parallel = 2): { readonly scheduler: Scheduler; readonly runs: Run[] } {
  const runs: Run[] = [];
  const scheduler = createScheduler({
    run: (repository, signal) => {
      const { promise, resolve } = Promise.withResolvers<number>();
      runs.push({ repository, at: Date.now(), signal, end: (nextAt = NEVER) => resolve(nextAt) });
      signal.addEventListener("abort", () => resolve(NEVER));
      return promise;
    },
    parallel,
    debounceMs: 2000,
    clock: { now: () => Date.now() },
  });
  return { scheduler, runs };
}

function times(runs: readonly Run[]): readonly (readonly [string, number])[] {
  return runs.map(({ repository, at }) => [repository, at] as const);
}

describe("the scheduler", () => {
  it("runs a repository when it is due, and again when the pass says", async () => {
    const { scheduler, runs } = rig();
    scheduler.add("a", 500);
    await vi.advanceTimersByTimeAsync(600);
    runs[0]?.end(5000);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(times(runs)).toEqual([
      ["a", 500],
      ["a", 5000],
    ]);
  });

  it("runs no more at once than it may, in the order in which they came due", async () => {
    const { scheduler, runs } = rig(2);
    for (const [index, name] of ["a", "b", "c", "d"].entries()) scheduler.add(name, index);
    await vi.advanceTimersByTimeAsync(100);
    expect(runs.map(({ repository }) => repository)).toEqual(["a", "b"]);
    runs[1]?.end();
    await vi.advanceTimersByTimeAsync(0);
    expect(runs.map(({ repository }) => repository)).toEqual(["a", "b", "c"]);
  });

  it("never runs a repository twice at once, and once more after what happened meanwhile", async () => {
    const { scheduler, runs } = rig();
    scheduler.add("a", 0);
    await vi.advanceTimersByTimeAsync(0);
    for (let event = 0; event < 5; event++) scheduler.hurry("a");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(runs).toHaveLength(1);
    runs[0]?.end();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(times(runs)).toEqual([
      ["a", 0],
      ["a", 62_000],
    ]);
    runs[1]?.end();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(runs).toHaveLength(2);
  });

  it("waits a moment for more events, and is not put off by a storm of them", async () => {
    const { scheduler, runs } = rig();
    scheduler.add("a", NEVER);
    for (let event = 0; event < 10; event++) {
      scheduler.hurry("a");
      await vi.advanceTimersByTimeAsync(1000);
      runs[0]?.end();
    }
    expect(runs[0]?.at).toBe(2000);
  });

  it("makes nothing later that is due sooner", async () => {
    const { scheduler, runs } = rig();
    scheduler.add("a", 100);
    scheduler.hurry("a");
    await vi.advanceTimersByTimeAsync(100);
    expect(times(runs)).toEqual([["a", 100]]);
  });

  it("knows nothing of what it does not look after, or no longer", async () => {
    const { scheduler, runs } = rig();
    scheduler.hurry("stranger");
    scheduler.add("a", 100);
    scheduler.remove("a");
    scheduler.hurry("a");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(runs).toEqual([]);
  });

  it("does not run one that was taken out and in again beside its own earlier pass", async () => {
    const { scheduler, runs } = rig();
    scheduler.add("a", 0);
    await vi.advanceTimersByTimeAsync(0);
    scheduler.remove("a");
    scheduler.add("a", 10);
    await vi.advanceTimersByTimeAsync(1000);
    expect(runs).toHaveLength(1);
    runs[0]?.end();
    await vi.advanceTimersByTimeAsync(1000);
    expect(runs).toHaveLength(2);
  });

  it("waits longer than a timer can", async () => {
    const { scheduler, runs } = rig();
    scheduler.add("a", 40 * 86_400_000);
    await vi.advanceTimersByTimeAsync(39 * 86_400_000);
    expect(runs).toEqual([]);
    await vi.advanceTimersByTimeAsync(2 * 86_400_000);
    expect(runs).toHaveLength(1);
  });

  it("aborts what runs when it stops, waits for its end, and starts nothing more", async () => {
    const { scheduler, runs } = rig(1);
    scheduler.add("a", 0);
    scheduler.add("b", 0);
    scheduler.add("c", 5000);
    await vi.advanceTimersByTimeAsync(0);
    await scheduler.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(runs).toHaveLength(1);
    expect(runs[0]?.signal.aborted).toBe(true);
  });
});

describe("nextPass", () => {
  const noon = Date.UTC(2026, 0, 5, 12, 0, 30);
  it.each([
    ["every 15 minutes", { kind: "every", milliseconds: 900_000 }, 0, 900_000],
    ["every 15 minutes, at the latest", { kind: "every", milliseconds: 900_000 }, 0.999, 900_000 + 59_940],
    ["every minute, at the latest", { kind: "every", milliseconds: 60_000 }, 0.5, 63_000],
    ["at a quarter past", { kind: "cron", expression: "15 * * * *" }, 0, 870_000],
    ["on a day that never comes", { kind: "cron", expression: "0 0 30 2 *" }, 0, 86_400_000],
  ] as const)("%s", (_, schedule, random, wait) => {
    expect(nextPass(schedule, noon, random) - noon).toBe(wait);
  });
});
