/** Random changes of objects, and what an object is after them: written for the property test, apart from the code under test. */

import type { Change } from "../../src/core/drift.ts";
import { field } from "../../src/core/path.ts";
import type { FieldPath, PathStep } from "../../src/core/path.ts";
import type { Scalar, Value } from "../../src/core/value.ts";

export interface Random {
  /** A whole number from 0, below `limit`. */
  below(limit: number): number;
  pick<T>(items: readonly T[]): T;
}

/** mulberry32: the same numbers for the same seed, everywhere. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return { below, pick: (items) => items[below(items.length)] as (typeof items)[number] };
}

const TEXTS: readonly string[] = [
  "",
  " ",
  "web",
  "web:2.0@sha256:abc",
  "a b",
  " lead",
  "trail ",
  "yes",
  "No",
  "y",
  "~",
  "null",
  "0644",
  "0o17",
  "1e3",
  "12:30",
  "1_0",
  "2001-12-14",
  "2001-12-14T21:59:43Z",
  ".5",
  "1.",
  "=",
  "<<",
  "- a",
  "-",
  "--flag",
  "? b",
  ": c",
  "a: b",
  "a :b",
  "a:",
  "x #y",
  "#z",
  "x#y",
  "'q'",
  "it's",
  '"d"',
  "\\",
  "a\\nb",
  "{",
  "}",
  "[x]",
  "{{ .Values.a }}",
  "%d",
  "@x",
  "`x`",
  "&a",
  "*a",
  "!t",
  "|",
  ">",
  "a, b",
  "a,b",
  "---",
  "--- x",
  "...",
  "\t",
  "a\tb",
  "line\n",
  "two\nlines",
  "two\nlines\n",
  "blank\n\nbetween\n",
  "\nlead",
  "tail\n\n",
  " indented\nless",
  "a\n  more\nb\n",
  "a\n \nb",
  "a \nb \n",
  "cr\rx",
  "crlf\r\nx",
  "a\n\tb\n",
  "# c\n# d\n",
  "---\na: b\n",
  "a:\n- b\n",
  "\0",
  "\u0007\u001b[0m",
  "\u0085",
  "\u2028",
  "\ufeff",
  "\u202e",
  "é",
  "日本",
  "\u{1F680}",
  "\ufffe",
  "\u00a0x\u00a0",
  "$(X) ${Y}",
  "x".repeat(3000),
  `${"word ".repeat(40)}end`,
  "1.2.3",
  "true",
  "False",
  "on",
  "0x1F",
  "9007199254740993",
  "1.0",
  "+1",
  "-0",
  "null ",
  "NaN",
  ".inf",
];

/** Values that no text can give back. */
const IMPOSSIBLE: readonly string[] = ["\ud800", "a\udfffb"];

function randomScalar(random: Random): Scalar {
  switch (random.below(8)) {
    case 0:
      return random.below(100000) - 500;
    case 1:
      return random.pick([true, false]);
    case 2:
      return random.pick([9007199254740993n, 1.5, -0.25, 1e-7, 9223372036854775807n]);
    case 3:
      return random.below(12) === 0 ? random.pick(IMPOSSIBLE) : random.pick(["fine", "also-fine", "v1.2"]);
    default:
      return random.pick(TEXTS);
  }
}

function randomValue(random: Random, depth = 0): Value {
  const kind = random.below(depth > 2 ? 3 : 6);
  if (kind < 3) return randomScalar(random);
  if (kind === 3) return random.pick<Value>([{}, []]);
  const size = 1 + random.below(3);
  if (kind === 4) return Array.from({ length: size }, () => randomValue(random, depth + 1));
  return Object.fromEntries(Array.from({ length: size }, () => [randomKey(random), randomValue(random, depth + 1)]));
}

function randomKey(random: Random): string {
  return random.pick([
    "added",
    "also",
    "a.b/c",
    "yes",
    "1",
    "with space",
    "ключ",
    "-x",
    "a:b",
    "{",
    "it's",
    "#h",
    "tail:",
    "__proto__x",
    "n",
  ]);
}

interface Place {
  readonly path: FieldPath;
  readonly value: Value;
}

/** All places of a value but the root; items of lists by key or value where that names exactly one, else by index. */
function placesOf(value: Value, path: FieldPath = []): readonly Place[] {
  const own = path.length === 0 ? [] : [{ path, value }];
  if (Array.isArray(value)) {
    const items = value as readonly Value[];
    return [...own, ...items.flatMap((item, index) => placesOf(item, [...path, stepOf(items, index)]))];
  }
  if (typeof value !== "object" || value === null) return own;
  return [...own, ...Object.entries(value).flatMap(([name, inner]) => placesOf(inner, [...path, field(name)]))];
}

function stepOf(items: readonly Value[], index: number): PathStep {
  const item = items[index] as Value;
  const name = nameOf(item);
  if (typeof name === "string" && items.filter((other) => nameOf(other) === name).length === 1) {
    return { kind: "key", keys: { name } };
  }
  if (typeof item === "string" && items.filter((other) => other === item).length === 1)
    return { kind: "value", value: item };
  return { kind: "index", index };
}

function nameOf(item: Value): unknown {
  return typeof item === "object" && item !== null && Object.hasOwn(item, "name")
    ? (item as { name: unknown }).name
    : undefined;
}

/** A change that fits the object; never of what names it. */
export function randomChange(random: Random, object: Value): Change | undefined {
  const places = placesOf(object).filter(({ path }) => !isIdentity(path));
  if (places.length === 0) return undefined;
  const { path, value } = random.pick(places);
  const direction = "live-changed";
  // An item of a set goes or comes; it is not replaced.
  const last = path.at(-1);
  if (last?.kind === "value") return { path, operation: "remove", direction };
  if (last?.kind === "key" && random.below(3) === 0) {
    return { path, operation: "replace", live: { other: randomValue(random), ...last.keys }, direction };
  }
  switch (random.below(10)) {
    case 0:
    case 1:
      return { path, operation: "remove", direction };
    case 2:
    case 3:
    case 4:
      return addition(random, { path, value });
    case 5:
      if (last?.kind === "key") return { path, operation: "remove", direction };
      return { path, operation: "replace", live: randomValue(random), direction };
    default: {
      const leaves = places.filter((place) => typeof place.value !== "object" && place.path.at(-1)?.kind !== "value");
      const leaf = leaves.length === 0 ? { path } : random.pick(leaves);
      return { path: leaf.path, operation: "replace", live: randomScalar(random), direction };
    }
  }
}

function addition(random: Random, { path, value }: Place): Change | undefined {
  const direction = "live-changed";
  const live = randomValue(random);
  if (Array.isArray(value)) {
    return { path: [...path, { kind: "index", index: value.length }], operation: "add", live, direction };
  }
  if (typeof value !== "object" || value === null) {
    return value === null
      ? { path: [...path, field("deep"), field("er")], operation: "add", live, direction }
      : undefined;
  }
  const steps = random.below(4) === 0 ? [field(randomKey(random)), field("new")] : [field(randomKey(random))];
  const [first] = steps as [{ kind: "field"; name: string }];
  if (Object.hasOwn(value, first.name)) return undefined;
  return { path: [...path, ...steps], operation: "add", live, direction };
}

function isIdentity(path: FieldPath): boolean {
  // A list's key names its item, and is never changed by itself.
  const [parent, last] = path.slice(-2);
  if (path.length > 1 && parent?.kind === "key" && last?.kind === "field" && last.name === "name") return true;
  const names = path.map((step) => (step.kind === "field" ? step.name : ""));
  return (
    ["apiVersion", "kind", "items"].includes(names[0] ?? "") ||
    (names[0] === "metadata" && (names.length === 1 || ["name", "namespace"].includes(names[1] ?? "")))
  );
}

type Box = Record<string, unknown> | unknown[];

/** The object after the changes, made by changing a copy in place. */
export function applied(object: Value, changes: readonly Change[]): Value {
  const root = structuredClone<Value>(object);
  for (const { path, operation, live } of changes) {
    let box = root as unknown as Box;
    for (const [depth, step] of path.slice(0, -1).entries()) {
      const key = keyIn(box, step);
      const inner = (box as Record<string, unknown>)[key];
      // Only fields are made anew.
      if (inner === null || inner === undefined || !Object.hasOwn(box, key)) {
        const made = path[depth + 1]?.kind === "field" ? {} : [];
        Object.defineProperty(box, key, { value: made, enumerable: true, configurable: true, writable: true });
      }
      box = (box as Record<string, unknown>)[key] as Box;
    }
    const key = keyIn(box, path.at(-1) as PathStep);
    if (operation !== "remove") {
      Object.defineProperty(box, key, {
        value: structuredClone(live),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    } else if (Array.isArray(box)) box.splice(Number(key), 1);
    else delete box[key];
  }
  return root;
}

function keyIn(box: Box, step: PathStep): string {
  if (step.kind === "field") return step.name;
  if (step.kind === "index") return String(step.index);
  const items = box as unknown[];
  if (step.kind === "value") return String(items.indexOf(step.value));
  return String(items.findIndex((item) => (item as { name?: unknown } | null)?.name === step.keys["name"]));
}
