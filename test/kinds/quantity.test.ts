import { describe, expect, test } from "vitest";
import { compareQuantities, quantityNanos, sameQuantity } from "../../src/kinds/quantity.ts";

// Facts of apimachinery pkg/api/resource/quantity_test.go, in nanos.
const VALUES: readonly [string | number | bigint, bigint][] = [
  ["0", 0n],
  ["0Ki", 0n],
  ["1", 1_000_000_000n],
  [1, 1_000_000_000n],
  [1n, 1_000_000_000n],
  ["+1", 1_000_000_000n],
  ["-1", -1_000_000_000n],
  ["5.", 5_000_000_000n],
  [".5", 500_000_000n],
  [0.5, 500_000_000n],
  [1e-7, 100n],
  ["500m", 500_000_000n],
  ["3u", 3000n],
  ["5n", 5n],
  ["8k", 8_000_000_000_000n],
  ["1Ki", 1_024_000_000_000n],
  ["0.025Ti", 27_487_790_694_400_000_000n],
  ["1E", 10n ** 27n],
  ["1E3", 10n ** 12n],
  ["1e3", 10n ** 12n],
  ["1E-3", 1_000_000n],
  // What is smaller than a billionth is a billionth.
  ["0.1n", 1n],
  ["-0.1n", -1n],
  ["1e-999999999", 1n],
  ["1.1n", 2n],
  // Binary quantities end at 2^63 - 1, decimal ones do not.
  ["16Ei", (2n ** 63n - 1n) * 1_000_000_000n],
  ["16E", 16n * 10n ** 27n],
  ["0e999999999", 0n],
];

const NONE: readonly (string | boolean | null | number)[] = [
  "",
  ".",
  "-.",
  "1e",
  "1K",
  "1kk",
  "1 ",
  " 1",
  "1Kib",
  "0x1F",
  "1e999999999",
  `1${"0".repeat(200)}`,
  "９",
  true,
  null,
  Number.NaN,
  Number.POSITIVE_INFINITY,
];

describe("quantities", () => {
  test.each(VALUES)("%s is %s billionths", (text, nanos) => {
    expect(quantityNanos(text)).toBe(nanos);
  });

  test.each(NONE.map((value) => [value]))("%j is no quantity", (value) => {
    expect(quantityNanos(value)).toBeUndefined();
  });

  test.each([
    ["1000m", "1", true],
    ["0.5", "500m", true],
    ["1Gi", "1024Mi", true],
    ["1e3", "1k", true],
    [1, "1", true],
    ["1Gi", "1G", false],
    ["100m", "101m", false],
    // SetDefaults_ResourceList rounds what Git declares up to milli; never the other way about.
    ["0.5m", "1m", true],
    ["1m", "0.5m", false],
    ["much", "much more", false],
  ] as const)("declared %s and live %s are the same: %s", (declared, live, same) => {
    expect(sameQuantity(declared, live)).toBe(same);
  });

  test("they are ordered by value, and what is no quantity has no order", () => {
    expect(compareQuantities("10000T", "100Gi")).toBe(1);
    expect(compareQuantities("50m", "100m")).toBe(-1);
    expect(compareQuantities("1000m", 1)).toBe(0);
    expect(compareQuantities("some", 1)).toBeUndefined();
  });
});
