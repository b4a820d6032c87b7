/** Finds where a JSON value ends, or where and why it is none: `JSON.parse` tells neither, and quotes the text. */

import { MAX_DEPTH } from "../core/value.ts";

export type Scanned =
  | { readonly kind: "value"; readonly start: number; readonly end: number }
  /** Nothing but blanks is left. */
  | { readonly kind: "end" }
  | { readonly kind: "error"; readonly offset: number; readonly reason: string };

/** Scans the next value from `offset`; its text is then what `JSON.parse` takes. */
export function scanJson(text: string, offset: number): Scanned {
  const start = skipBlanks(text, offset);
  if (start >= text.length) return { kind: "end" };
  const open: ("{" | "[")[] = [];
  let at = start;
  let expected: Expected = "value";
  for (;;) {
    at = skipBlanks(text, at);
    const step = stepOver({ text, at, expected, open });
    if ("reason" in step) return { kind: "error", offset: Math.min(step.offset, text.length), reason: step.reason };
    ({ end: at, next: expected } = step);
    if (expected === "nothing") return { kind: "value", start, end: at };
  }
}

/** What may stand next. "first-key" and "first-value" may be the closing bracket just as well. */
type Expected = "value" | "first-value" | "key" | "first-key" | "colon" | "comma" | "nothing";

interface State {
  readonly text: string;
  readonly at: number;
  readonly expected: Expected;
  /** Changed in place: the brackets that are open. */
  readonly open: ("{" | "[")[];
}

type Step = { readonly end: number; readonly next: Expected } | { readonly offset: number; readonly reason: string };

function stepOver(state: State): Step {
  const { text, at, expected, open } = state;
  const char = text[at];
  if (char === undefined) return { offset: at, reason: "it ends too early" };
  switch (expected) {
    case "colon":
      return char === ":" ? { end: at + 1, next: "value" } : { offset: at, reason: "a colon is missing" };
    case "comma":
      if (char === ",") return { end: at + 1, next: open.at(-1) === "{" ? "key" : "value" };
      return close(state) ?? { offset: at, reason: "a comma or a closing bracket is missing" };
    case "first-key":
    case "key": {
      if (char !== '"') {
        return (
          (expected === "first-key" ? close(state) : undefined) ?? { offset: at, reason: "a key must be a string" }
        );
      }
      const end = scanString(text, at);
      return typeof end === "number" ? { end, next: "colon" } : end;
    }
    default:
      return (expected === "first-value" ? close(state) : undefined) ?? scanValue(state);
  }
}

function close({ text, at, open }: State): Step | undefined {
  const wanted = open.at(-1) === "{" ? "}" : "]";
  if (text[at] !== wanted) return undefined;
  open.pop();
  return { end: at + 1, next: afterValue(open) };
}

function afterValue(open: readonly string[]): Expected {
  return open.length === 0 ? "nothing" : "comma";
}

function scanValue({ text, at, open }: State): Step {
  const char = text[at] as string;
  if (char === "{" || char === "[") {
    if (open.length === MAX_DEPTH) return { offset: at, reason: `nested deeper than ${MAX_DEPTH} levels` };
    open.push(char);
    return { end: at + 1, next: char === "{" ? "first-key" : "first-value" };
  }
  const end = char === '"' ? scanString(text, at) : scanWord(text, at);
  return typeof end === "number" ? { end, next: afterValue(open) } : end;
}

function scanWord(text: string, at: number): number | Step {
  const word = /(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)(?![\w.+-])/y;
  word.lastIndex = at;
  if (!word.test(text)) return { offset: at, reason: "this is no JSON value" };
  const large = Math.abs(Number(text.slice(at, word.lastIndex))) === Number.POSITIVE_INFINITY;
  return large ? { offset: at, reason: "the number is too large" } : word.lastIndex;
}

function scanString(text: string, at: number): number | Step {
  // oxlint-disable-next-line no-control-regex -- JSON has none within strings
  const part = /[^"\\\0-\x1F]*(?:(")|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))/y;
  part.lastIndex = at + 1;
  for (;;) {
    const match = part.exec(text);
    if (match === null) return { offset: at, reason: "a string is not ended, or holds a character that it may not" };
    if (match[1] !== undefined) return part.lastIndex;
  }
}

function skipBlanks(text: string, at: number): number {
  const blanks = /[ \t\r\n]*/y;
  blanks.lastIndex = at;
  blanks.test(text);
  return blanks.lastIndex;
}
