/**
 * Quantities (`500m`, `1Gi`, `1e3`) by their value, exactly. The grammar, the rounding up to nano and the cap of binary
 * quantities are those of apimachinery `pkg/api/resource/quantity.go`.
 */

import type { Scalar } from "../core/value.ts";

const FORM = /^([+-]?)(\d*)(?:\.(\d*))?([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+|)$/;

/** Nobody writes longer ones; what is longer is no quantity here, so that hostile text costs nothing. */
const MAX_LENGTH = 100;

/** Powers of ten beyond this are no quantity here either. */
const MAX_EXPONENT = 100;

const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY: Readonly<Record<string, bigint>> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n };

const NANOS = 1_000_000_000n;
const NANOS_A_MILLI = 1_000_000n;
const LARGEST_BINARY = (2n ** 63n - 1n) * NANOS;

/**
 * Whether a declared quantity and a live one are the same: equal by value, or equal once the declared one is rounded up to
 * milli, as the API server does in resource lists (`SetDefaults_ResourceList`). Numbers count as quantities (`cpu: 1`).
 */
export function sameQuantity(declared: Scalar, live: Scalar): boolean {
  const a = quantityNanos(declared);
  const b = quantityNanos(live);
  return a !== undefined && b !== undefined && (a === b || ceiling(a, NANOS_A_MILLI) * NANOS_A_MILLI === b);
}

/** Negative, zero or positive as `a` is less than, equal to or more than `b`; `undefined` where one is no quantity. */
export function compareQuantities(a: Scalar, b: Scalar): number | undefined {
  const left = quantityNanos(a);
  const right = quantityNanos(b);
  if (left === undefined || right === undefined) return undefined;
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** The value in billionths, rounded away from zero, or `undefined` where it is no quantity. */
export function quantityNanos(value: Scalar): bigint | undefined {
  const text = typeof value === "number" || typeof value === "bigint" ? String(value) : value;
  if (typeof text !== "string" || text.length > MAX_LENGTH) return undefined;
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = "", suffix = ""] = match;
  if (whole === "" && fraction === "") return undefined;
  const nanos = scaled(BigInt(whole + fraction), fraction.length, suffix);
  return nanos !== undefined && sign === "-" ? -nanos : nanos;
}

/** `digits` × 10^-`places`, times what the suffix says, in nanos. */
function scaled(digits: bigint, places: number, suffix: string): bigint | undefined {
  const shift = BINARY[suffix];
  if (shift !== undefined) {
    const nanos = power(digits << shift, 9 - places);
    return nanos > LARGEST_BINARY ? LARGEST_BINARY : nanos;
  }
  const exponent = DECIMAL[suffix] ?? Number(suffix.slice(1));
  if (exponent > MAX_EXPONENT) return digits === 0n ? 0n : undefined;
  return power(digits, Math.max(exponent, -2 * MAX_EXPONENT) - places + 9);
}

function power(digits: bigint, exponent: number): bigint {
  return exponent >= 0 ? digits * 10n ** BigInt(exponent) : ceiling(digits, 10n ** BigInt(-exponent));
}

/** Division that rounds away from zero. */
function ceiling(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  if (value % by === 0n) return quotient;
  return value < 0n ? quotient - 1n : quotient + 1n;
}
