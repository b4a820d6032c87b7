/** Faults of one cause, told in one line: an account of few rights is refused kind by kind. JSON keeps each of them. */

import type { Fault } from "../core/fault.ts";
import { faultPlace } from "./words.ts";

export interface ToldFault {
  readonly fault: Fault;
  readonly message: string;
  readonly remedy: string;
  /** Of how many faults it tells; of several, the message names what they are about. */
  readonly count: number;
  /** What they are, of several; absent: kinds or objects. */
  readonly of?: string;
}

/** What costs nothing that the pass was asked for: a rule that is wrong, a past that is not there, what nobody deploys. */
const NOTICES: ReadonlySet<Fault["code"]> = new Set([
  "deployed-unknown",
  "history-shallow",
  "ignore-not-understood",
  "ignore-unused",
  "not-deployed",
  "secrets-encrypted",
  "sync-failed",
  "variables-unknown",
]);

/** What stands before a fault, in a scan and in a list of targets. */
export function faultWord({ code }: Fault): "NOTICE" | "FAULT" {
  return NOTICES.has(code) ? "NOTICE" : "FAULT";
}

export function toldPlace({ fault, count, of = "kinds or objects" }: ToldFault): string {
  return count === 1 ? faultPlace(fault) : `${count} ${of}`;
}

/** Fewer are told one by one. */
const FEWEST = 3;

/** What is named of a group. */
const MOST_NAMED = 40;

const MOST_CHARTS = 5;

/** In the order of each group's first. */
export function toldFaults(faults: readonly Fault[]): readonly ToldFault[] {
  const groups = Map.groupBy(faults, causeOf);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined || group.length < FEWEST) return group.map(alone);
    if (first.code === "chart-missing") return [chartsMissing(first, group)];
    if (!first.message.includes(first.about)) return group.map(alone);
    const message = joined(group.map((fault) => fault.message));
    return [{ fault: first, message, remedy: joined(group.map((fault) => fault.remedy)), count: group.length }];
  });
}

function alone(fault: Fault): ToldFault {
  return { fault, message: fault.message, remedy: fault.remedy, count: 1 };
}

/** Charts that are published are missing by the dozen, for one reason, and one thing is to be done. */
function chartsMissing(first: Fault, group: readonly Fault[]): ToldFault {
  const names = [...new Set(group.map(({ about }) => about))];
  const more = names.length > MOST_CHARTS ? ` and ${names.length - MOST_CHARTS} more (as JSON each of them)` : "";
  const message = `need charts that the repository does not hold: ${names.slice(0, MOST_CHARTS).join(", ")}${more}`;
  return { fault: first, message, remedy: first.remedy, count: group.length, of: "roots" };
}

/** What is the same of faults that differ in what they are about alone. */
function causeOf(fault: Fault, index: number): string {
  const { code, about, message, position, remedy } = fault;
  if (code === "chart-missing") return JSON.stringify([code, remedy]);
  if (about === "" || position !== undefined) return `${index}`;
  return JSON.stringify([code, message.replaceAll(about, "\0")]);
}

/** `A may not be listed` and `B may not be listed`: `A, B may not be listed`. */
function joined(texts: readonly string[]): string {
  const words = [...new Set(texts)].map((text) => text.split(" "));
  const [first = []] = words;
  const shortest = Math.min(...words.map((one) => one.length));
  let start = 0;
  while (start < shortest && words.every((one) => one[start] === first[start])) start++;
  let end = 0;
  while (end < shortest - start && words.every((one) => one.at(-1 - end) === first.at(-1 - end))) end++;
  if (words.length < 2) return texts[0] ?? "";
  // A comma behind what differs stands once, behind all of it.
  const middles = words.map((one) => one.slice(start, one.length - end).join(" "));
  const comma = middles.every((middle) => middle.endsWith(",")) ? "," : "";
  const names = middles.map((middle) => (comma === "" ? middle : middle.slice(0, -1)));
  const more = names.length > MOST_NAMED ? [`${names.length - MOST_NAMED} more`] : [];
  const list = `${[...names.slice(0, MOST_NAMED), ...more].join(", ")}${comma}`;
  return [...first.slice(0, start), list, ...first.slice(first.length - end)].join(" ");
}
