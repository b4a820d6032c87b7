/** Why a change is not codified, as a value that travels up from where it was seen. */

import type { RefusalCode } from "../core/proposal.ts";

export interface Refused {
  readonly kind: "refused";
  readonly code: RefusalCode;
  readonly reason: string;
  /** Offset in the file, where one place is to blame. */
  readonly offset?: number;
}

export function refused(code: RefusalCode, reason: string, offset?: number): Refused {
  return { kind: "refused", code, reason, ...(offset === undefined ? {} : { offset }) };
}

export function isRefused(value: unknown): value is Refused {
  return typeof value === "object" && value !== null && (value as { kind?: unknown }).kind === "refused";
}
