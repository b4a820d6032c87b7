/** Faults of single files, and the size beyond which a file is not read. */

import type { Fault } from "../core/fault.ts";

/** What a tree may be told. */
export interface TreeOptions {
  /** Files beyond it are faults (`file-too-large`). Default: {@link MAX_FILE_BYTES}. */
  readonly maxFileBytes?: number;
  /** Ends the git processes. */
  readonly signal?: AbortSignal;
}

export const MAX_FILE_BYTES = 10 * 1024 * 1024;

export function tooLarge(file: string, size: number, limit: number): Fault {
  return {
    kind: "fault",
    code: "file-too-large",
    about: file,
    message: `${file} is ${size} bytes, the limit is ${limit}`,
    remedy: "split the file, or list it under the target's exclude",
    position: { file, line: 1 },
    leavesUnknown: "declared",
  };
}

export function unreadable(
  file: string,
  reason: string,
  remedy = "mend or remove the file, or list it under the target's exclude",
): Fault {
  return {
    kind: "fault",
    code: "file-unreadable",
    about: file,
    message: `${file} cannot be read: ${reason}`,
    remedy,
    position: { file, line: 1 },
    leavesUnknown: "declared",
  };
}
