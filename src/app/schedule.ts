/** When a repository is looked at next. */

import { Cron } from "croner";

import type { Schedule } from "../config/repository.ts";

/** So that repositories with one schedule do not all come at once: up to a tenth of the time, and no more than this. */
const MOST_JITTER = 60_000;

/** What has no next time is looked at daily all the same. */
const A_DAY = 86_400_000;

/**
 * Milliseconds since the epoch.
 * @param random a number from 0 to 1 (without 1)
 */
export function nextPass(schedule: Schedule, now: number, random: number): number {
  const due = dueAt(schedule, now);
  return due + Math.floor(random * Math.min(MOST_JITTER, (due - now) / 10));
}

function dueAt(schedule: Schedule, now: number): number {
  if (schedule.kind === "every") return now + schedule.milliseconds;
  const cron = new Cron(schedule.expression, { timezone: "UTC", paused: true });
  return cron.nextRun(new Date(now))?.getTime() ?? now + A_DAY;
}
