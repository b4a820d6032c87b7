/** Quantities (kubernetes/apiserver `pkg/cel/library/quantity.go`), held in billionths. */

import type { Environment } from "@marcbachmann/cel-js";
import { quantityNanos } from "../kinds/quantity.ts";
import { CelFailure } from "./cel/register.ts";
import type { Register } from "./cel/register.ts";

const NANOS = 1_000_000_000n;

class Quantity {
  readonly #nanos: bigint;
  constructor(nanos: bigint) {
    this.#nanos = nanos;
  }
  get nanos(): bigint {
    return this.#nanos;
  }
}

const TYPE = "kubernetes.Quantity";

export function registerQuantity(environment: Environment, register: Register): void {
  environment.registerType(TYPE, Quantity);
  environment.registerOperator(`${TYPE} == ${TYPE}`, (a: Quantity, b: Quantity) => a.nanos === b.nanos);
  register(`quantity(string): ${TYPE}`, parse);
  register("isQuantity(string): bool", (text: string) => quantityNanos(text) !== undefined);
  register(`${TYPE}.sign(): int`, ({ nanos }: Quantity) => sign(nanos));
  register(`${TYPE}.isInteger(): bool`, ({ nanos }: Quantity) => integer(nanos) !== undefined);
  register(`${TYPE}.asInteger(): int`, ({ nanos }: Quantity) => {
    const value = integer(nanos);
    if (value === undefined) throw new CelFailure("cannot convert value to integer");
    return value;
  });
  register(`${TYPE}.asApproximateFloat(): double`, ({ nanos }: Quantity) => Number(nanos) / Number(NANOS));
  register(`${TYPE}.compareTo(${TYPE}): int`, (a: Quantity, b: Quantity) => sign(a.nanos - b.nanos));
  register(`${TYPE}.isLessThan(${TYPE}): bool`, (a: Quantity, b: Quantity) => a.nanos < b.nanos);
  register(`${TYPE}.isGreaterThan(${TYPE}): bool`, (a: Quantity, b: Quantity) => a.nanos > b.nanos);
  register(`${TYPE}.add(${TYPE}): ${TYPE}`, (a: Quantity, b: Quantity) => new Quantity(a.nanos + b.nanos));
  register(`${TYPE}.add(int): ${TYPE}`, (a: Quantity, b: bigint) => new Quantity(a.nanos + b * NANOS));
  register(`${TYPE}.sub(${TYPE}): ${TYPE}`, (a: Quantity, b: Quantity) => new Quantity(a.nanos - b.nanos));
  register(`${TYPE}.sub(int): ${TYPE}`, (a: Quantity, b: bigint) => new Quantity(a.nanos - b * NANOS));
}

function parse(text: string): Quantity {
  const nanos = quantityNanos(text);
  if (nanos === undefined) throw new CelFailure("no quantity in this text");
  return new Quantity(nanos);
}

function sign(value: bigint): bigint {
  if (value === 0n) return 0n;
  return value < 0n ? -1n : 1n;
}

/** The whole number, where it is one and fits into 64 bits. */
function integer(nanos: bigint): bigint | undefined {
  const whole = nanos / NANOS;
  return nanos % NANOS === 0n && BigInt.asIntN(64, whole) === whole ? whole : undefined;
}
