/** The file system's refusals as faults. */

import type { Fault } from "../core/fault.ts";

export function isMissing(error: unknown): boolean {
  return codeOf(error) === "ENOENT";
}

export function outputFault(out: string, message: string, remedy: string): Fault {
  const text = `${out}: ${message}`;
  return { kind: "fault", code: "output-unwritable", about: out, message: text, remedy, leavesUnknown: "nothing" };
}

/** The file system's refusal as a fault; what is no such refusal is a bug, and thrown on. */
export function asOutputFault(error: unknown, out: string): Fault {
  const code = codeOf(error);
  if (code === undefined) throw error;
  return outputFault(
    out,
    REASONS[code] ?? `cannot be written (${code})`,
    "make room or permission, or name another folder",
  );
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "may not be written",
  EDQUOT: "the quota of the disk is used up",
  EEXIST: "is a file, not a folder",
  ELOOP: "a symbolic link stands where a folder of holdfast's should be",
  ENOSPC: "the disk is full",
  ENOTDIR: "is not a folder, or lies below a file",
  EPERM: "may not be written",
  EROFS: "the file system is read-only",
};

/** `ENOSPC` and the like; `undefined` for everything that the file system did not throw. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}
