/** Dyes: texts that stand nowhere else and look like what they stand in for, so that what reads them goes on as before. */

/** `n` from 0; different ones never stand in each other. Six digits at most: Helm writes larger numbers as floats. */
export function dyeFor(text: string, n: number): string {
  const number = String(FIRST_NUMBER + (n % NUMBERS));
  if (/^-?\d+$/.test(text)) return number;
  if (/^-?\d+\.\d+$/.test(text)) return `${number}.5`;
  const counted = /^\d+(?:\.\d+)?(%|[A-Za-z]{1,2})$/.exec(text);
  if (counted !== null) return `${number}${counted[1] ?? ""}`;
  if (/^[0-9a-f]{64}$/.test(text)) return number.padStart(64, "ad");
  const version = /^(v?)\d+(\.\d+.*)$/s.exec(text);
  if (version !== null && text.length < 80 && !text.includes("\n"))
    return `${version[1] ?? ""}${number}${version[2] ?? ""}`;
  const lead = /^(?:[a-z][a-z0-9+.-]*:\/\/|\/)/.exec(text)?.[0] ?? "";
  return `${lead}zzd${number}`;
}

const FIRST_NUMBER = 600_001;
const NUMBERS = 399_000;

/** `true` for `false`, in the words that were used. */
export function flipped(text: string): string | undefined {
  return FLIPS[text];
}

const FLIPS: Readonly<Record<string, string>> = { true: "false", false: "true", True: "False", False: "True" };
