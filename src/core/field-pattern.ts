/** Patterns of fields, as `ignore` rules name them: written as reports show fields, with `*` where anything may stand. */

import { matchesGlob } from "./glob.ts";
import type { FieldPath, PathStep } from "./path.ts";
import { pointerSteps } from "./pointer.ts";
import { fieldOf, isMap } from "./value.ts";
import type { Scalar, Value } from "./value.ts";

export type PatternStep =
  /** `*` or `[*]`: any field, key or item. */
  | { readonly kind: "any" }
  /** A field or key by name, in which `*` and `?` are wildcards. */
  | { readonly kind: "field"; readonly name: string }
  /** `["x"]`: a key of a map, or an item of a set. */
  | { readonly kind: "text"; readonly text: string }
  /** `[name="web"]`: an item that has these values, whatever other keys its list has. */
  | { readonly kind: "key"; readonly keys: Readonly<Record<string, Scalar>> }
  /** `[3]`: a position, or that number in a set. */
  | { readonly kind: "number"; readonly number: number };

export interface FieldPattern {
  /** As it was written. */
  readonly text: string;
  /** At least one. */
  readonly steps: readonly PatternStep[];
}

/** What keeps a text from being a pattern: `message` goes on from its name. */
export interface PatternProblem {
  readonly kind: "problem";
  readonly message: string;
  readonly remedy: string;
}

const LONGEST_PATTERN = 1000;
const MOST_STEPS = 100;
const EXAMPLE = "write it as reports show fields, for example spec.template.spec.containers[*].image";
/** A bare name. Dots part names, so what has dots or slashes in it stands in quotes. */
const NAME = /^[A-Za-z0-9_$*?-]+/;
const QUOTED = /^"(?:[^"\\]|\\.)*"/;
const KEY = /^([A-Za-z_][A-Za-z0-9_-]*)=("(?:[^"\\]|\\.)*"|-?\d{1,19}|true|false)/;

/** Reads `spec.template.spec.containers[name="web"].image`, `metadata.annotations["a.b/*"]`, `webhooks[*].clientConfig`. */
export function parseFieldPattern(text: string): FieldPattern | PatternProblem {
  if (text.length > LONGEST_PATTERN) return problem("is longer than any field's path", EXAMPLE);
  if (text.trim() === "") return problem("is empty", EXAMPLE);
  if (text.startsWith("/")) return problem("is a JSON pointer", `${EXAMPLE}: ${fromPointer(text)}`);
  const steps: PatternStep[] = [];
  let rest = text;
  while (rest !== "") {
    const read = steps.length < MOST_STEPS ? readStep(rest, steps.length === 0) : undefined;
    if (read === undefined) return unreadable(text, text.length - rest.length);
    if (read.step.kind === "field" && read.step.name === "**")
      return problem("holds **", "a rule covers all that is below its field: leave it out, or write * for one step");
    steps.push(read.step);
    rest = rest.slice(read.length);
  }
  return { text, steps };
}

interface ReadStep {
  readonly step: PatternStep;
  readonly length: number;
}

function readStep(rest: string, first: boolean): ReadStep | undefined {
  if (rest.startsWith("[")) return readBracket(rest);
  if (!first && !rest.startsWith(".")) return undefined;
  const skipped = first ? 0 : 1;
  const name = NAME.exec(rest.slice(skipped))?.[0];
  if (name === undefined) return undefined;
  return { step: name === "*" ? { kind: "any" } : { kind: "field", name }, length: skipped + name.length };
}

function readBracket(rest: string): ReadStep | undefined {
  const inside = rest.slice(1);
  const simple = /^(?:(\*)|(\d{1,9}))\]/.exec(inside);
  if (simple !== null) {
    const step: PatternStep = simple[1] === undefined ? { kind: "number", number: Number(simple[2]) } : { kind: "any" };
    return { step, length: 1 + simple[0].length };
  }
  const quoted = QUOTED.exec(inside)?.[0];
  if (quoted === undefined) return readKeys(inside);
  const text = parseJson(quoted);
  return typeof text === "string" && inside[quoted.length] === "]"
    ? { step: { kind: "text", text }, length: quoted.length + 2 }
    : undefined;
}

/** `containerPort=53,protocol="UDP"]`. */
function readKeys(inside: string): ReadStep | undefined {
  const keys: [string, Scalar][] = [];
  let at = 0;
  for (;;) {
    const match = KEY.exec(inside.slice(at));
    const value = match === null ? undefined : parseJson(match[2] ?? "");
    if (match === null || value === undefined) return undefined;
    keys.push([match[1] ?? "", value]);
    at += match[0].length;
    if (inside[at] === "]") return { step: { kind: "key", keys: Object.fromEntries(keys) }, length: at + 2 };
    if (inside[at] !== ",") return undefined;
    at += 1;
  }
}

function parseJson(text: string): Scalar | undefined {
  try {
    const number = /^-?\d+$/.test(text) ? BigInt(text) : undefined;
    if (number !== undefined) return Number.isSafeInteger(Number(number)) ? Number(number) : number;
    return JSON.parse(text) as Scalar;
  } catch {
    return undefined;
  }
}

function problem(message: string, remedy: string): PatternProblem {
  return { kind: "problem", message, remedy };
}

/** Names with dots and slashes are what people forget to quote. */
function unreadable(text: string, at: number): PatternProblem {
  const domain = /^(?:metadata\.)?(annotations|labels)\.(.*)$/.exec(text);
  const remedy =
    domain === null
      ? `${EXAMPLE}; names with other characters than letters, digits, _ and - stand in quotes: data["a.yaml"]`
      : `put the name in quotes: metadata.${domain[1]}[${JSON.stringify(domain[2])}]`;
  return problem(`is no field from character ${at + 1} on`, remedy);
}

function fromPointer(text: string): string {
  return pointerSteps(text)
    .map((name) =>
      /^\d+$/.test(name) ? "[*]" : /^[A-Za-z_][A-Za-z0-9_-]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`,
    )
    .join("")
    .replace(/^\./, "");
}

export interface MatchSteps {
  readonly steps: readonly PatternStep[];
  readonly path: FieldPath;
  /** Of the first so many steps. */
  readonly count: number;
  /** What stands at the path: an item may be named by what is no key of its list (a Service's port by its name). */
  readonly valueAt?: ((path: FieldPath) => Value | undefined) | undefined;
}

/** Whether the pattern's first steps are about the path's; both must have them. */
export function matchesSteps({ steps, path, count, valueAt }: MatchSteps): boolean {
  return steps.slice(0, count).every((wanted, depth) => {
    if (matchesStep(wanted, path[depth])) return true;
    const step = path[depth];
    if (wanted.kind !== "key" || step?.kind !== "key") return false;
    // What is a key has been told apart already.
    if (Object.keys(wanted.keys).every((name) => Object.hasOwn(step.keys, name))) return false;
    const item = valueAt?.(path.slice(0, depth + 1));
    return item !== undefined && hasKeys(item, wanted.keys);
  });
}

function matchesStep(wanted: PatternStep, step: PathStep | undefined): boolean {
  if (step === undefined) return false;
  switch (wanted.kind) {
    case "any":
      return true;
    case "field":
      return step.kind === "field" && matchesGlob(wanted.name, step.name);
    case "text":
      return (
        (step.kind === "field" && matchesGlob(wanted.text, step.name)) ||
        (step.kind === "value" && matchesScalar(wanted.text, step.value))
      );
    case "key":
      return step.kind === "key" && hasKeys(step.keys, wanted.keys);
    case "number":
      return (
        (step.kind === "index" && step.index === wanted.number) ||
        (step.kind === "value" && step.value === wanted.number)
      );
  }
}

/** Whether the pattern's step leads from the value to this child of it: a field by its name, an item by its position. */
export function leadsTo(
  wanted: PatternStep,
  child: { readonly name: string } | { readonly index: number; readonly item: Value },
): boolean {
  if (wanted.kind === "any") return true;
  if ("name" in child) {
    if (wanted.kind === "field") return matchesGlob(wanted.name, child.name);
    return wanted.kind === "text" && matchesGlob(wanted.text, child.name);
  }
  switch (wanted.kind) {
    case "field":
      return false;
    case "text":
      return matchesScalar(wanted.text, child.item);
    case "key":
      return isMap(child.item) && hasKeys(child.item, wanted.keys);
    case "number":
      return child.index === wanted.number || child.item === wanted.number;
  }
}

function hasKeys(item: Value, wanted: Readonly<Record<string, Scalar>>): boolean {
  return Object.entries(wanted).every(([name, value]) => {
    const found = fieldOf(item, name);
    return found !== undefined && matchesScalar(value, found);
  });
}

/** Texts may hold wildcards; other scalars are as they are. */
function matchesScalar(wanted: Scalar, found: Value): boolean {
  return typeof wanted === "string" ? typeof found === "string" && matchesGlob(wanted, found) : wanted === found;
}
