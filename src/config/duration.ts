/** Times as people write them. */

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `15m`, `1h30m`, `2d` or `0`; `undefined` for anything else. Units stand from the largest to the smallest. */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  const match = /^(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m)?(?:(\d{1,7})s)?$/.exec(text);
  if (match === null || text === "") return undefined;
  return ["d", "h", "m", "s"].reduce(
    (sum, unit, index) => sum + Number(match[index + 1] ?? 0) * (UNITS[unit] as number),
    0,
  );
}
