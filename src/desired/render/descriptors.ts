/** Files that holdfast was started with open, beside its three: a program that it starts would have them too. */

import { closeSync, openSync, readFileSync, readdirSync } from "node:fs";

/** Of `/proc/PID/fdinfo`, in octal: closed where another program begins. Node opens nothing without it. */
const CLOSED_ON_EXEC = 0o2000000;

/** Their numbers. None where the system does not tell: only where it does is a program of a repository's choice run. */
function inheritedDescriptors(): ReadonlySet<number> {
  return new Set(numbersIn("/proc/self/fdinfo").filter((descriptor) => descriptor > 2 && isHandedOn(descriptor)));
}

function numbersIn(folder: string): readonly number[] {
  try {
    return readdirSync(folder).map(Number);
  } catch {
    return [];
  }
}

function isHandedOn(descriptor: number): boolean {
  try {
    const [, flags] = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8")) ?? [];
    return flags !== undefined && (Number.parseInt(flags, 8) & CLOSED_ON_EXEC) === 0;
  } catch {
    return false; // The listing's own, which is closed by now.
  }
}

/** Nothing is handed on to a process that runs. */
const INHERITED = inheritedDescriptors();

/** Calls it with what the child has from its fourth descriptor on: nothing to read in the place of what would be handed on. */
export function withoutInherited<Child>(start: (rest: readonly (number | "ignore")[]) => Child): Child {
  if (INHERITED.size === 0) return start([]);
  const nothing = openSync("/dev/null", "r");
  try {
    const length = Math.max(...INHERITED) - 2;
    return start(Array.from({ length }, (_, at) => (INHERITED.has(at + 3) ? nothing : "ignore")));
  } finally {
    closeSync(nothing);
  }
}
