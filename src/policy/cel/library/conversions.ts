/** Conversions that the engine lacks or takes too loosely: `int("")` is an error, not 0. */

import type { Duration, UnsignedInt } from "@marcbachmann/cel-js/evaluator";
import type { Environment } from "@marcbachmann/cel-js";
import { registeredName } from "../calls.ts";
import { CelFailure } from "../register.ts";
import type { Register } from "../register.ts";
import { int64 } from "./lists.ts";

const TIMESTAMP = "google.protobuf.Timestamp";
const DURATION = "google.protobuf.Duration";

export function registerConversions(_environment: Environment, register: Register): void {
  const int = registeredName("int");
  register(`${int}(int): int`, (value: bigint) => value);
  register(`${int}(uint): int`, (value: UnsignedInt) => int64(value.value));
  register(`${int}(double): int`, intOfDouble);
  register(`${int}(string): int`, intOfText);
  register(`${int}(${TIMESTAMP}): int`, (value: Date) => BigInt(Math.floor(value.getTime() / 1000)));
  register(`string(${TIMESTAMP}): string`, (value: Date) => value.toISOString().replace(/\.?0*Z$/, "Z"));
  register(`string(${DURATION}): string`, (value: Duration) => durationText(value));
}

function intOfDouble(value: number): bigint {
  // 2^63 is a double; the largest 64-bit integer is not.
  if (!(value > -(2 ** 63) && value < 2 ** 63)) throw new CelFailure("integer overflow");
  return BigInt(Math.trunc(value));
}

function intOfText(text: string): bigint {
  if (!/^[-+]?[0-9]{1,19}$/.test(text)) throw new CelFailure("no integer in this text");
  return int64(BigInt(text.replace(/^\+/, "")));
}

function durationText(value: Duration): string {
  const nanos = value.seconds * 1_000_000_000n + BigInt(value.nanos);
  const sign = nanos < 0n ? "-" : "";
  const size = nanos < 0n ? -nanos : nanos;
  const fraction = (size % 1_000_000_000n).toString().padStart(9, "0").replace(/0+$/, "");
  return `${sign}${size / 1_000_000_000n}${fraction === "" ? "" : `.${fraction}`}s`;
}
