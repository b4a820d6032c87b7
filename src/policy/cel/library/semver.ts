/** Semantic versions (kubernetes/apiserver `pkg/cel/library/semverlib.go`; ordering by semver.org 2.0.0). */

import type { Environment } from "@marcbachmann/cel-js";
import { CelFailure } from "../register.ts";
import type { Register } from "../register.ts";

interface Version {
  readonly numbers: readonly [bigint, bigint, bigint];
  readonly prerelease: readonly string[];
}

class Semver {
  readonly #version: Version;
  constructor(version: Version) {
    this.#version = version;
  }
  get version(): Version {
    return this.#version;
  }
}

const TYPE = "kubernetes.Semver";

export function registerSemver(environment: Environment, register: Register): void {
  environment.registerType(TYPE, Semver);
  environment.registerOperator(`${TYPE} == ${TYPE}`, (a: Semver, b: Semver) => compare(a, b) === 0n);
  register(`semver(string): ${TYPE}`, (text: string) => required(parse(text)));
  register(`semver(string, bool): ${TYPE}`, (text: string, loose: boolean) =>
    required(parse(loose ? normalize(text) : text)),
  );
  register("isSemver(string): bool", (text: string) => parse(text) !== undefined);
  register(
    "isSemver(string, bool): bool",
    (text: string, loose: boolean) => parse(loose ? normalize(text) : text) !== undefined,
  );
  for (const [index, name] of ["major", "minor", "patch"].entries()) {
    register(`${TYPE}.${name}(): int`, ({ version }: Semver) => version.numbers[index]);
  }
  register(`${TYPE}.compareTo(${TYPE}): int`, compare);
  register(`${TYPE}.isLessThan(${TYPE}): bool`, (a: Semver, b: Semver) => compare(a, b) < 0n);
  register(`${TYPE}.isGreaterThan(${TYPE}): bool`, (a: Semver, b: Semver) => compare(a, b) > 0n);
}

const NUMBER = "(0|[1-9]\\d{0,18})";
const IDENTIFIERS = "[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*";
const FORM = new RegExp(`^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${IDENTIFIERS}))?(?:\\+${IDENTIFIERS})?$`);

function parse(text: string): Version | undefined {
  const match = text.length > 256 ? null : FORM.exec(text);
  if (match === null) return undefined;
  const [, major = "0", minor = "0", patch = "0", prerelease] = match;
  const parts = prerelease?.split(".") ?? [];
  if (parts.some((part) => /^0\d+$/.test(part))) return undefined;
  return { numbers: [BigInt(major), BigInt(minor), BigInt(patch)], prerelease: parts };
}

/** `v01.1` is `1.1.0`: a leading `v` and leading zeros go, missing numbers are zero. */
function normalize(text: string): string {
  const match = /^v?(\d+(?:\.\d+){0,2})((?:[-+].*)?)$/.exec(text);
  if (match === null) return text;
  const numbers = (match[1] as string).split(".").map((part) => part.replace(/^0+(?=\d)/, ""));
  while (numbers.length < 3) numbers.push("0");
  return numbers.join(".") + (match[2] ?? "");
}

function required(version: Version | undefined): Semver {
  if (version === undefined) throw new CelFailure("no semantic version in this text");
  return new Semver(version);
}

function compare({ version: a }: Semver, { version: b }: Semver): bigint {
  for (const [index, number] of a.numbers.entries()) {
    const other = b.numbers[index] as bigint;
    if (number !== other) return number < other ? -1n : 1n;
  }
  // A prerelease comes before its release.
  if (a.prerelease.length === 0 || b.prerelease.length === 0) {
    return BigInt(Math.sign(b.prerelease.length - a.prerelease.length));
  }
  for (const [index, part] of a.prerelease.entries()) {
    const other = b.prerelease[index];
    if (other === undefined) return 1n;
    if (part !== other) return compareIdentifiers(part, other);
  }
  return a.prerelease.length === b.prerelease.length ? 0n : -1n;
}

function compareIdentifiers(a: string, b: string): bigint {
  const [left, right] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (left !== right) return left ? -1n : 1n;
  if (left) return BigInt(a) < BigInt(b) ? -1n : 1n;
  return a < b ? -1n : 1n;
}
