/** `isSorted`, `sum`, `min`, `max`, `indexOf`, `lastIndexOf` over lists (kubernetes/apiserver `pkg/cel/library/lists.go`). */

import { Duration, UnsignedInt } from "@marcbachmann/cel-js/evaluator";
import type { Environment } from "@marcbachmann/cel-js";
import { registeredName } from "../calls.ts";
import { CelFailure } from "../register.ts";
import type { Register } from "../register.ts";
import type { CelValue } from "../value.ts";

type List = readonly CelValue[];

export function registerLists(environment: Environment, register: Register): void {
  register("list.isSorted(): bool", (list: List) =>
    list.every((item, index) => index === 0 || compareOrdered(list[index - 1], item) <= 0),
  );
  register(
    "list.sum(): dyn",
    (list: List) => list.reduce((sum, item) => (sum === undefined ? summand(item) : add(sum, item)), undefined) ?? 0n,
  );
  register("list.min(): dyn", (list: List) => extreme(list, -1, "min"));
  register("list.max(): dyn", (list: List) => extreme(list, 1, "max"));
  const equal = equality(environment);
  register(`list.${registeredName("indexOf")}(dyn): int`, (list: List, value: CelValue) =>
    BigInt(list.findIndex((item) => equal(item, value))),
  );
  register(`list.${registeredName("lastIndexOf")}(dyn): int`, (list: List, value: CelValue) =>
    BigInt(list.findLastIndex((item) => equal(item, value))),
  );
  register("list.reverse(): list<dyn>", (list: List) => list.toReversed());
  register("list.slice(int, int): list<dyn>", slice);
  register("list.distinct(): list<dyn>", (list: List) => distinct(list, equal));
  register("list.flatten(): list<dyn>", (list: List) => list.flat(1));
  register("list.sort(): list<dyn>", (list: List) => list.toSorted(compareOrdered));
}

/** The language's own `==`, for libraries that compare values. */
export function equality(environment: Environment): (a: CelValue, b: CelValue) => boolean {
  let compare: ((context: Record<string, CelValue>) => CelValue) | undefined;
  return (a, b) => {
    compare ??= environment
      .clone()
      .registerVariable("left", "dyn")
      .registerVariable("right", "dyn")
      .parse("left == right");
    return compare({ left: a, right: b }) === true;
  };
}

/** Ints, uints and doubles compare with each other, everything else with its own type. */
export function compareOrdered(a: CelValue, b: CelValue): -1 | 0 | 1 {
  const [left, right] = [ordered(a), ordered(b)];
  const comparable = typeof left === typeof right || (isNumber(left) && isNumber(right));
  if (!comparable) throw new CelFailure("values of different types have no order");
  if (left < right) return -1;
  return left > right ? 1 : 0;
}

function ordered(value: CelValue): string | number | bigint | boolean {
  if (value instanceof Date) return value.getTime();
  if (value instanceof Duration) return value.seconds * 1_000_000_000n + BigInt(value.nanos);
  if (value instanceof UnsignedInt) return value.value;
  switch (typeof value) {
    case "string":
    case "number":
    case "bigint":
    case "boolean":
      return value;
    default:
      throw new CelFailure("a list of values without an order");
  }
}

function isNumber(value: CelValue): boolean {
  return typeof value === "number" || typeof value === "bigint";
}

function extreme(list: List, sign: 1 | -1, name: string): CelValue {
  if (list.length === 0) throw new CelFailure(`${name} called on empty list`);
  return list.reduce((best, item) => (compareOrdered(item, best) === sign ? item : best));
}

function summand(value: CelValue): CelValue {
  if (
    typeof value === "bigint" ||
    typeof value === "number" ||
    value instanceof Duration ||
    value instanceof UnsignedInt
  ) {
    return value;
  }
  throw new CelFailure("sum() takes numbers or durations");
}

function add(a: CelValue, b: CelValue): CelValue {
  if (typeof a === "bigint" && typeof b === "bigint") return int64(a + b);
  if (typeof a === "number" && typeof b === "number") return a + b;
  if (a instanceof UnsignedInt && b instanceof UnsignedInt) {
    return new UnsignedInt(a.value + b.value);
  }
  if (a instanceof Duration && b instanceof Duration) {
    const nanos = (ordered(a) as bigint) + (ordered(b) as bigint);
    return new Duration(nanos / 1_000_000_000n, Number(nanos % 1_000_000_000n));
  }
  throw new CelFailure("sum() takes numbers of one type, or durations");
}

/** The number, where it fits into a signed 64-bit integer. */
export function int64(value: bigint): bigint {
  if (BigInt.asIntN(64, value) !== value) throw new CelFailure("integer overflow");
  return value;
}

function slice(list: List, start: bigint, end: bigint): List {
  if (start < 0n || end < start || end > BigInt(list.length)) throw new CelFailure("slice out of range");
  return list.slice(Number(start), Number(end));
}

function distinct(list: List, equal: (a: CelValue, b: CelValue) => boolean): List {
  const result: CelValue[] = [];
  for (const item of list) if (!result.some((known) => equal(known, item))) result.push(item);
  return result;
}
