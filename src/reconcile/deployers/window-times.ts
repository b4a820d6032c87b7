/**
 * When a sync window is open. Argo CD takes its schedule as one of UTC, and shifts the clock by what its time zone is off UTC
 * at that time (argo-cd `pkg/apis/application/v1alpha1/types.go`, SyncWindows.active). Schedules are those of
 * github.com/robfig/cron/v3 with five fields: what it reads is written out for the library that counts here.
 */

import { Cron } from "croner";

import { textOf } from "../../core/value.ts";
import type { Value } from "../../core/value.ts";

export interface WindowTimes {
  /** @param time milliseconds since the epoch. @returns when that may change next, if it ever does. */
  at(time: number): { readonly open: boolean; readonly change?: number };
}

/** @returns what Argo CD cannot read; `unknown` for what it reads, and this does not. */
export function readTimes(window: Value): WindowTimes | "schedule" | "duration" | "unknown" {
  const text = textOf(window, "schedule") ?? "";
  if (/^(?:CRON_)?TZ=/.test(text)) return "unknown";
  const schedule = scheduleOf(text);
  if (schedule === undefined) return "schedule";
  const duration = durationOf(textOf(window, "duration") ?? "");
  if (duration === undefined) return "duration";
  const offset = zoneOffset(textOf(window, "timeZone") ?? "");
  return { at: (time) => windowAt(schedule, duration, offset, time) };
}

interface Schedule {
  next(time: number): number | undefined;
  previous(time: number): number | undefined;
}

type Offset = (time: number) => number;

/** Open strictly between a start and its end. */
function windowAt(schedule: Schedule, duration: number, offset: Offset, time: number): ReturnType<WindowTimes["at"]> {
  const local = time + offset(time);
  const start = schedule.next(local - duration);
  // Where there is no next time, Argo CD compares with the year 1, and finds the window open.
  if (start === undefined) return { open: true };
  const open = start < local;
  if (duration <= 0) return { open };
  const change = open ? (schedule.previous(local) ?? start) + duration : start;
  const at = time + change - local;
  return { open, change: offset(at) === offset(time) ? at : clockChange(offset, time, at) };
}

/** The clocks are changed between the two: what is told by the old one does not hold any more. */
function clockChange(offset: Offset, from: number, to: number): number {
  let [before, after] = [from, to];
  while (after - before > 1000) {
    const middle = Math.floor((before + after) / 2);
    if (offset(middle) === offset(from)) before = middle;
    else after = middle;
  }
  return after - (after % 1000);
}

/** SpecSchedule.Next gives up after five years. */
const MOST_YEARS = 5;

/** `undefined` for what is no schedule. */
function scheduleOf(text: string): Schedule | undefined {
  const parts = text.trim() === "" ? [] : text.trim().split(/\s+/);
  if (parts.length !== FIELDS.length || text.length > MOST_TEXT) return undefined;
  const fields = FIELDS.map((field, index) => writtenOut(parts[index] as string, field));
  if (fields.includes(undefined)) return undefined;
  // A field of commas alone is read as none of its values.
  if (fields.includes("")) return { next: () => undefined, previous: () => undefined };
  const cron = new Cron(fields.join(" "), { timezone: "UTC", paused: true, mode: "5-part" });
  return {
    next: (time) => {
      const found = cron.nextRun(new Date(time));
      const tooFar = found === null || found.getUTCFullYear() > new Date(time).getUTCFullYear() + MOST_YEARS;
      return tooFar ? undefined : found.getTime();
    },
    previous: (time) => cron.previousRuns(1, new Date(time))[0]?.getTime(),
  };
}

const MOST_TEXT = 1000;

interface Field {
  readonly least: number;
  readonly most: number;
  readonly names?: readonly string[];
}

const FIELDS: readonly Field[] = [
  { least: 0, most: 59 },
  { least: 0, most: 23 },
  { least: 1, most: 31 },
  {
    least: 1,
    most: 12,
    names: ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
  },
  { least: 0, most: 6, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

/** Every value, since the libraries' dialects differ (getField, getRange); `*` where days of the month and of the week are both to hold. */
function writtenOut(text: string, field: Field): string | undefined {
  const values = new Set<number>();
  let star = false;
  for (const part of text.split(",").filter((one) => one !== "")) {
    const range = rangeOf(part, field);
    if (range === undefined) return undefined;
    star ||= range.star;
    for (let value = range.start; value <= range.end; value += range.step) values.add(value);
  }
  return star ? "*" : [...values].toSorted((a, b) => a - b).join(",");
}

interface Range {
  readonly start: number;
  readonly end: number;
  readonly step: number;
  readonly star: boolean;
}

function rangeOf(text: string, field: Field): Range | undefined {
  const [ends = "", stepText, ...tooMany] = text.split("/");
  const [low = "", high, ...more] = ends.split("-");
  const step = stepText === undefined ? 1 : numberOf(stepText);
  if (tooMany.length > 0 || step === undefined || step === 0) return undefined;
  if (low === "*" || low === "?") return { start: field.least, end: field.most, step, star: step === 1 };
  const start = valueOf(low, field);
  const end = high === undefined ? (stepText === undefined ? start : field.most) : valueOf(high, field);
  if (more.length > 0 || start === undefined || end === undefined) return undefined;
  return start < field.least || end > field.most || start > end ? undefined : { start, end, step, star: false };
}

function valueOf(text: string, { names }: Field): number | undefined {
  const named = text === "" ? -1 : (names?.indexOf(text.toLowerCase()) ?? -1);
  return named >= 0 ? named : numberOf(text);
}

/** strconv.Atoi, without what is below zero. */
function numberOf(text: string): number | undefined {
  return /^\+?\d{1,15}$|^-0+$/.test(text) ? Math.abs(Number(text)) : undefined;
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "\u00B5s": 1e-3,
  "\u03BCs": 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** What Go's durations can hold, in milliseconds. */
const MOST_DURATION = 2 ** 63 / 1e6;

/** Go's time.ParseDuration, in milliseconds. */
function durationOf(text: string): number | undefined {
  const match = /^([-+]?)(0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|\u00B5s|\u03BCs|ms|s|m|h))+)$/.exec(text);
  if (match === null || text.length > MOST_TEXT) return undefined;
  const parts = (match[2] as string).matchAll(/([\d.]+)([a-z\u00B5\u03BC]+)/g);
  const sum = [...parts].reduce((all, [, number, unit]) => all + Number(number) * (UNITS[unit as string] as number), 0);
  return sum >= MOST_DURATION ? undefined : match[1] === "-" ? -sum : sum;
}

/** Short names that Go's tables have; others of three letters are the platform's own. */
const SHORT = /^(?:UTC|GMT|UCT|EST|MST|HST|CET|MET|EET|WET|PRC|ROC|ROK)$/;

/** How much further its clock is, in milliseconds. What is no zone counts as UTC, as Argo CD has it. */
function zoneOffset(name: string): Offset {
  // Zones are files to Go, whose names tell capitals from small letters, and differences are none.
  const isName = /^[A-Z][A-Za-z0-9_+-]*(?:\/[A-Z][A-Za-z0-9_+-]*)*$/.test(name) && name.length <= 60;
  if (!isName || name === "Local" || (name.length === 3 && !SHORT.test(name))) return utc;
  try {
    const format = new Intl.DateTimeFormat("en", { timeZone: name, timeZoneName: "longOffset" });
    const known = format.resolvedOptions().timeZone;
    if (known !== name && known.toLowerCase() === name.toLowerCase()) return utc;
    return (time) => offsetIn(format.formatToParts(time).find(({ type }) => type === "timeZoneName")?.value ?? "");
  } catch {
    return utc;
  }
}

function utc(): number {
  return 0;
}

/** `GMT+01:00`, `GMT`. */
function offsetIn(text: string): number {
  const match = /^GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(text);
  if (match === null) return 0;
  const [, sign, hours, minutes, seconds] = match;
  const size = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds ?? 0)) * 1000;
  return sign === "-" ? -size : size;
}
