/** What the engine's optional values lack of cel-go's: `ofNonZeroValue`, `optMap`, `optFlatMap`. */

import { Optional } from "@marcbachmann/cel-js";
import type { Environment } from "@marcbachmann/cel-js";
import { Duration, UnsignedInt } from "@marcbachmann/cel-js/evaluator";
import { optionalMacro } from "../macros.ts";
import type { Register } from "../register.ts";
import type { CelValue } from "../value.ts";

export function registerOptionals(_environment: Environment, register: Register): void {
  register("OptionalNamespace.ofNonZeroValue(dyn): optional<dyn>", (_: unknown, value: CelValue) =>
    isZero(value) ? Optional.none() : Optional.of(value),
  );
  register(
    "optional.optMap(ast, ast): optional<dyn>",
    optionalMacro((value) => Optional.of(value)),
  );
  register(
    "optional.optFlatMap(ast, ast): optional<dyn>",
    optionalMacro((value) => value),
  );
}

function isZero(value: CelValue): boolean {
  if (value === null || value === "" || value === false || value === 0 || value === 0n) return true;
  if (value instanceof UnsignedInt) return value.value === 0n;
  if (value instanceof Duration) return value.seconds === 0n && value.nanos === 0;
  if (Array.isArray(value)) return value.length === 0;
  if (value instanceof Map) return value.size === 0;
  return (
    typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype && Object.keys(value).length === 0
  );
}
