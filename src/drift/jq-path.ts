/** The jq expressions that name fields and do nothing else, as people write them in `ignoreDifferences`. */

import type { PatternStep } from "../core/field-pattern.ts";
import type { Scalar } from "../core/value.ts";

const LONGEST = 1000;
const FIELD = /^\.?([A-Za-z_][A-Za-z0-9_]*)\??/;
const QUOTED = /^\.?\[?("(?:[^"\\]|\\.)*")/;
const SELECT = /^\|\s*select\(\s*\.([A-Za-z_][A-Za-z0-9_]*)\s*==\s*("(?:[^"\\]|\\.)*"|-?\d{1,15}|true|false)\s*\)/;

/**
 * `.spec.replicas`, `.metadata.annotations["a.b/c"]`, `.spec.containers[].image`, `.spec.rules[0]`,
 * `.spec.containers[] | select(.name == "web") | .image`. `undefined` for everything else.
 */
export function readJqPath(text: string): readonly PatternStep[] | undefined {
  const steps: PatternStep[] = [];
  let rest = text.trim();
  if (rest.length > LONGEST || !rest.startsWith(".")) return undefined;
  while (rest !== "") {
    const read = readStep(rest, steps.at(-1));
    if (read === undefined) return undefined;
    if (read.instead === true) steps.pop();
    if (read.step !== undefined) steps.push(read.step);
    rest = rest.slice(read.length).trimStart();
  }
  return steps;
}

interface Read {
  readonly step?: PatternStep;
  /** It narrows the step before it, and stands in its place. */
  readonly instead?: true;
  readonly length: number;
}

function readStep(rest: string, last: PatternStep | undefined): Read | undefined {
  const select = SELECT.exec(rest);
  if (select !== null) {
    if (last?.kind !== "any") return undefined;
    const keys = { [select[1] ?? ""]: JSON.parse(select[2] ?? "null") as Scalar };
    return hasWildcard(select[2])
      ? undefined
      : { step: { kind: "key", keys }, instead: true, length: select[0].length };
  }
  const pipe = /^\|\s*(?=\.)/.exec(rest);
  if (pipe !== null) return { length: pipe[0].length };
  const items = /^\.?\[(\d{0,9})\]\??/.exec(rest);
  if (items !== null) {
    const number = items[1] ?? "";
    return {
      step: number === "" ? { kind: "any" } : { kind: "number", number: Number(number) },
      length: items[0].length,
    };
  }
  return readName(rest);
}

function readName(rest: string): Read | undefined {
  const plain = rest.startsWith(".") ? FIELD.exec(rest) : null;
  if (plain !== null) return { step: { kind: "field", name: plain[1] ?? "" }, length: plain[0].length };
  const quoted = QUOTED.exec(rest);
  if (quoted === null || hasWildcard(quoted[1])) return undefined;
  const name = parse(quoted[1] ?? "");
  const bracket = quoted[0].includes("[") && !quoted[0].startsWith('."');
  const end = /^\s*\]\??/.exec(rest.slice(quoted[0].length));
  if (name === undefined || (bracket && end === null) || (!bracket && !rest.startsWith('."'))) return undefined;
  return { step: { kind: "field", name }, length: quoted[0].length + (bracket ? (end?.[0].length ?? 0) : 0) };
}

/** In a pattern's names `*` and `?` would match more than the one field that jq names. */
function hasWildcard(text: string | undefined): boolean {
  return /[*?]/.test(text ?? "");
}

function parse(json: string): string | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
