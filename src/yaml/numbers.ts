/**
 * Numbers as Kubernetes holds them in objects without a Go type (apimachinery `util/json`): what JSON writes as an
 * integer within 64 bits is exact, everything else a double. Equal values get equal representations (core's `Scalar`).
 */

const MIN_INT64 = -(2n ** 63n);
export const MAX_INT64 = 2n ** 63n - 1n;

/** An integer in full: a number where JavaScript holds it exactly, else a bigint, beyond 64 bits the nearest double. */
export function integerNumber(exact: bigint): number | bigint {
  const near = Number(exact);
  if (Number.isSafeInteger(near)) return near;
  return exact >= MIN_INT64 && exact <= MAX_INT64 ? exact : near;
}

/** A double, as JSON would write it and read it again: large ones without a fraction are integers. */
export function floatNumber(value: number): number | bigint {
  if (Number.isSafeInteger(value) || !Number.isInteger(value) || Math.abs(value) >= 1e19)
    return value === 0 ? 0 : value;
  return integerNumber(BigInt(String(value)));
}

export interface NumberScalar {
  readonly kind: "integer" | "float";
  readonly value: number | bigint;
  /** Exact, for integers. */
  readonly exact?: bigint;
}

const SMALL_INTEGER = /^(?:0|[1-9][0-9]{0,14})$/;
const DOT_FLOAT = /^\.[0-9](?:_?[0-9])*(?:[eE][-+]?[0-9](?:_?[0-9])*)?$/;
const YAML_FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]([0-7]+)|0([0-7]+)|(0|[1-9][0-9]*))$/;
const MAX_UINT64 = 2n ** 64n - 1n;
// Longer integers than this are no 64-bit ones; without a limit BigInt would take quadratic time.
const MAX_DIGITS = 400;

/** The number that a plain scalar is (`resolve.go`), or `undefined`; words such as `.inf` are none. */
export function resolveNumber(text: string): NumberScalar | undefined {
  if (SMALL_INTEGER.test(text)) return { kind: "integer", value: Number(text) };
  if (text.startsWith(".")) return DOT_FLOAT.test(text) ? float(text.replaceAll("_", "")) : undefined;
  const plain = text.replaceAll("_", "");
  return integer(plain) ?? (YAML_FLOAT.test(plain) ? float(plain) : oddBinary(plain));
}

function float(text: string): NumberScalar | undefined {
  const value = Number(text);
  return Number.isFinite(value) ? { kind: "float", value: floatNumber(value) } : undefined;
}

/** `strconv.ParseInt(text, 0, 64)`, then `ParseUint`. */
function integer(text: string): NumberScalar | undefined {
  const match = INTEGER.exec(text);
  if (match === null) return undefined;
  const [, sign, hex, binary, octal, oldOctal, decimal] = match;
  const digits = (hex ?? binary ?? octal ?? oldOctal ?? decimal) as string;
  const significant = digits.replace(/^0+(?=.)/, "");
  if (significant.length > MAX_DIGITS) return undefined;
  const prefix = hex !== undefined ? "0x" : binary !== undefined ? "0b" : decimal !== undefined ? "" : "0o";
  const magnitude = BigInt(prefix + significant);
  return inRange(sign ?? "", magnitude);
}

function inRange(sign: string, magnitude: bigint): NumberScalar | undefined {
  // A sign rules unsigned integers out.
  if (sign === "-" ? magnitude > MAX_INT64 + 1n : magnitude > (sign === "+" ? MAX_INT64 : MAX_UINT64)) return undefined;
  const exact = sign === "-" ? -magnitude : magnitude;
  return { kind: "integer", value: integerNumber(exact), exact };
}

/** `0b-101`: the reader's own second try at binary numbers takes a sign behind the prefix. */
function oddBinary(text: string): NumberScalar | undefined {
  const match = /^0b([-+])([01]{1,400})$/.exec(text);
  return match === null ? undefined : inRange(match[1] as string, BigInt(`0b${match[2]}`));
}

/** Go's `strconv.FormatFloat(value, 'g', -1, 32)`, by which float keys are written. */
export function formatFloat32(value: number): string {
  const single = Math.fround(value);
  if (!Number.isFinite(single)) return single > 0 ? ".inf" : "-.inf";
  if (single === 0) return Object.is(single, -0) ? "-0" : "0";
  const digits = shortestSingle(single);
  const [mantissa = "", exponent = "0"] = digits.split("e");
  const power = Number(exponent);
  if (power >= -4 && power < 6) return plainDecimal(mantissa, power);
  const size = String(Math.abs(power)).padStart(2, "0");
  return `${mantissa}e${power < 0 ? "-" : "+"}${size}`;
}

/** Fewest digits that read back as the same 32-bit float, in exponent form. */
function shortestSingle(single: number): string {
  for (let digits = 0; digits < 9; digits++) {
    const text = single.toExponential(digits);
    if (Math.fround(Number(text)) === single) return text;
  }
  return single.toExponential(9);
}

function plainDecimal(mantissa: string, power: number): string {
  const sign = mantissa.startsWith("-") ? "-" : "";
  const digits = mantissa.replace(/[-.]/g, "");
  if (power < 0) return `${sign}0.${"0".repeat(-power - 1)}${digits}`;
  const whole = digits.slice(0, power + 1).padEnd(power + 1, "0");
  const rest = digits.slice(power + 1);
  return rest === "" ? sign + whole : `${sign}${whole}.${rest}`;
}
