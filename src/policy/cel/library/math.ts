/** The numeric functions of cel-go's `ext/math.go` but for bit operations. */

import type { Environment } from "@marcbachmann/cel-js";
import { CelFailure } from "../register.ts";
import type { Register } from "../register.ts";
import type { CelValue } from "../value.ts";
import { compareOrdered, int64 } from "./lists.ts";
import { registerNamespace } from "./namespaces.ts";

/** Arguments that `greatest` and `least` take one by one. */
const MAX_ARGUMENTS = 6;

export function registerMath(environment: Environment, register: Register): void {
  const math = registerNamespace(environment, "math");
  for (const [name, sign] of [
    ["greatest", 1],
    ["least", -1],
  ] as const) {
    for (let count = 1; count <= MAX_ARGUMENTS; count++) {
      const types = Array.from({ length: count }, () => "dyn").join(", ");
      register(`${math}.${name}(${types}): dyn`, (_: unknown, ...values: CelValue[]) => extreme(values, sign, name));
    }
  }
  const rounding = { ceil: Math.ceil, floor: Math.floor, trunc: Math.trunc, round: roundAway, sqrt: Math.sqrt };
  for (const [name, round] of Object.entries(rounding)) {
    register(`${math}.${name}(double): double`, (_: unknown, value: number) => round(value));
  }
  register(`${math}.abs(double): double`, (_: unknown, value: number) => Math.abs(value));
  register(`${math}.abs(int): int`, (_: unknown, value: bigint) => int64(value < 0n ? -value : value));
  register(`${math}.sign(double): double`, (_: unknown, value: number) => Math.sign(value));
  register(`${math}.sign(int): int`, (_: unknown, value: bigint) => (value === 0n ? 0n : value < 0n ? -1n : 1n));
  register(`${math}.isNaN(double): bool`, (_: unknown, value: number) => Number.isNaN(value));
  register(`${math}.isInf(double): bool`, (_: unknown, value: number) => Math.abs(value) === Number.POSITIVE_INFINITY);
  register(`${math}.isFinite(double): bool`, (_: unknown, value: number) => Number.isFinite(value));
}

/** Ties go away from zero. */
function roundAway(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value));
}

function extreme(values: readonly CelValue[], sign: 1 | -1, name: string): CelValue {
  const [first] = values;
  const list: readonly CelValue[] = values.length === 1 && Array.isArray(first) ? first : values;
  if (list.length === 0) throw new CelFailure(`math.${name} of nothing`);
  if (!list.every((value) => typeof value === "number" || typeof value === "bigint")) {
    throw new CelFailure(`math.${name} takes numbers`);
  }
  return list.reduce((best, value) => (compareOrdered(value, best) === sign ? value : best));
}
