/** The jq expressions that name fields and do nothing else, as people write them in `ignoreDifferences`. */

import type { PatternStep } from "../core/field-pattern.ts";
import type { Scalar } from "../core/value.ts";

const LONGEST = 1000;
/** Fields that one expression names, where it selects items by several names. */
const MOST_PATHS = 100;

const NAME = "[A-Za-z_][A-Za-z0-9_]*";
const TEXT = String.raw`"(?:[^"\\]|\\.)*"`;
const FIELD = new RegExp(String.raw`^\.(${NAME})\??`);
const QUOTED = new RegExp(String.raw`^\.(${TEXT})\??`);
const BRACKET = new RegExp(String.raw`^\.?\[\s*(${TEXT})\s*\]\??`);
const ITEMS = /^\.?\[(\d{0,9})\]\??/;
const PIPE = /^\|\s*(?=\.)/;
const SELECT = new RegExp(String.raw`^\|\s*select\(((?:[^"()]|${TEXT}|\((?:[^"()]|${TEXT})*\))*)\)`);

const EQUAL = new RegExp(String.raw`^\.(${NAME})\s*==\s*(${TEXT}|-?\d{1,15}|true|false)$`);
const CALL = new RegExp(String.raw`^\.(${NAME})\s*\|\s*(startswith|endswith|contains|test)\((${TEXT})\)$`);
const PRESENT = new RegExp(String.raw`^(?:\.(${NAME})(?:\s*!=\s*null)?|has\("(${NAME})"\))$`);

/** One field or several, as pattern steps. */
export type JqPaths = readonly (readonly PatternStep[])[];

/**
 * `.spec.replicas`, `.metadata.annotations["a.b/c"]`, `.spec.containers[].image`, `.spec.rules[0]`, several of them with
 * commas, and items by what is in them: `.spec.containers[] | select(.name == "web") | .image`, with `and` or `or`, with
 * `startswith`, `endswith`, `contains` or a plain `test`, and `select(.nodePort != null) | .nodePort`. `undefined` for
 * everything else.
 */
export function readJqPath(text: string): JqPaths | undefined {
  if (text.length > LONGEST) return undefined;
  const paths: (readonly PatternStep[])[] = [];
  let rest = text.trim();
  for (;;) {
    const read = readOne(rest);
    if (read === undefined) return undefined;
    paths.push(...read.paths);
    if (read.rest === "") return paths;
    rest = read.rest.slice(1).trimStart();
  }
}

/** Up to a comma, or the end. */
function readOne(text: string): { readonly paths: JqPaths; readonly rest: string } | undefined {
  let paths: JqPaths = [[]];
  let rest = text;
  let wanted: string | undefined;
  if (!rest.startsWith(".")) return undefined;
  while (rest !== "" && !rest.startsWith(",")) {
    const read = readStep(rest, paths[0]?.at(-1));
    if (read === undefined) return undefined;
    if (read.step !== undefined) {
      const { step } = read;
      if (wanted !== undefined && !(step.kind === "field" && step.name === wanted)) return undefined;
      paths = paths.map((path) => [...path, step]);
    }
    if (read.instead !== undefined) {
      const { instead } = read;
      paths = paths.flatMap((path) => instead.map((step) => [...path.slice(0, -1), step]));
    }
    if (paths.length > MOST_PATHS) return undefined;
    wanted = read.step === undefined ? (read.wanted ?? wanted) : undefined;
    rest = rest.slice(read.length).trimStart();
  }
  return wanted === undefined ? { paths, rest } : undefined;
}

interface Read {
  readonly step?: PatternStep;
  /** They narrow the step before, and stand in its place: any of them. */
  readonly instead?: readonly PatternStep[];
  /** The field that has to come next: only items that have it are meant. */
  readonly wanted?: string;
  readonly length: number;
}

function readStep(rest: string, last: PatternStep | undefined): Read | undefined {
  const select = SELECT.exec(rest);
  if (select !== null) {
    const read = last?.kind === "any" ? readCondition((select[1] ?? "").trim()) : undefined;
    return read === undefined ? undefined : { ...read, length: select[0].length };
  }
  const pipe = PIPE.exec(rest);
  if (pipe !== null) return { length: pipe[0].length };
  const items = ITEMS.exec(rest);
  if (items !== null) {
    const number = items[1] ?? "";
    const step: PatternStep = number === "" ? { kind: "any" } : { kind: "number", number: Number(number) };
    return { step, length: items[0].length };
  }
  return readName(rest);
}

function readName(rest: string): Read | undefined {
  const plain = FIELD.exec(rest);
  if (plain !== null) return { step: { kind: "field", name: plain[1] ?? "" }, length: plain[0].length };
  const quoted = QUOTED.exec(rest) ?? BRACKET.exec(rest);
  const name = literal(quoted?.[1]);
  if (quoted === null || typeof name !== "string") return undefined;
  return { step: { kind: "field", name }, length: quoted[0].length };
}

function readCondition(text: string): Omit<Read, "length"> | undefined {
  const present = PRESENT.exec(text);
  if (present !== null) return { wanted: present[1] ?? present[2] ?? "" };
  const words = /\s(and|or)\s/.exec(withoutTexts(text))?.[1];
  const found = partsOf(text, words).map((part) => readTerm(part, words === undefined));
  if (!found.every((keys) => keys !== undefined)) return undefined;
  if (words !== "and") return { instead: found.map((keys) => ({ kind: "key", keys })) };
  const keys = Object.assign({}, ...found) as Readonly<Record<string, Scalar>>;
  // The same field twice: what both ask for is not looked into.
  return Object.keys(keys).length === found.length ? { instead: [{ kind: "key", keys }] } : undefined;
}

/** As long as it was, so that what is found in it stands at the same place. */
function withoutTexts(text: string): string {
  return text.replaceAll(new RegExp(TEXT, "g"), (quoted) => '"'.repeat(quoted.length));
}

function partsOf(text: string, word: string | undefined): readonly string[] {
  if (word === undefined) return [text];
  const parts: string[] = [];
  let from = 0;
  for (const { index, 0: found } of withoutTexts(text).matchAll(new RegExp(String.raw`\s${word}\s`, "g"))) {
    parts.push(text.slice(from, index));
    from = index + found.length;
  }
  return [...parts, text.slice(from)];
}

/**
 * What the item is to have. Texts may come to hold a wildcard, which is then meant. A pipe reaches beyond `and` and `or`:
 * a call that is not `alone` stands in brackets.
 */
function readTerm(text: string, alone: boolean): Readonly<Record<string, Scalar>> | undefined {
  const written = text.trim();
  const term = written.replace(/^\((.*)\)$/s, "$1").trim();
  const equal = EQUAL.exec(term);
  if (equal !== null) {
    const value = literal(equal[2]);
    return value === undefined ? undefined : { [equal[1] ?? ""]: value };
  }
  const call = alone || term !== written ? CALL.exec(term) : null;
  const part = literal(call?.[3]);
  if (call === null || typeof part !== "string") return undefined;
  const glob = globOf(call[2] ?? "", part);
  return glob === undefined ? undefined : { [call[1] ?? ""]: glob };
}

function globOf(call: string, text: string): string | undefined {
  switch (call) {
    case "startswith":
      return `${text}*`;
    case "endswith":
      return `*${text}`;
    case "contains":
      return `*${text}*`;
    default: {
      const plain = /^(\^?)([\w/-]+)(\$?)$/.exec(text);
      return plain === null ? undefined : `${plain[1] === "" ? "*" : ""}${plain[2]}${plain[3] === "" ? "*" : ""}`;
    }
  }
}

/** In a pattern's names `*` and `?` would match more than the one field that jq names: such a text is none. */
function literal(json: string | undefined): Scalar | undefined {
  if (json === undefined || /[*?]/.test(json)) return undefined;
  try {
    const value = JSON.parse(json) as Scalar;
    return typeof value === "string" && /[*?]/.test(value) ? undefined : value;
  } catch {
    return undefined;
  }
}
