/**
 * The actions of a template, `{{ … }}`, told as Go's lexer does (`text/template/parse/lex.go`): quotes within one may hold
 * braces. Of those that write something, what works out the text: another text can stand in its place.
 */

export interface Action {
  /** `[start, end)` in the template, braces included. */
  readonly start: number;
  readonly end: number;
  /** Blanks before it, and behind it, are taken off. */
  readonly trims: { readonly before: boolean; readonly behind: boolean };
  /** Absent of what writes nothing by itself: conditions, loops, definitions, variables, comments. */
  readonly expression?: Expression;
}

interface Expression {
  /** `[start, end)` in the template, without what only quotes, indents or encodes the text. */
  readonly start: number;
  readonly end: number;
  /** The text is given in clear, and comes out in Base64. */
  readonly encodes: boolean;
  /** Each line of the text is indented so far. */
  readonly indent?: number;
}

/** In time of the text's length, whatever stands in it; what is not closed is none. */
export function actionsOf(text: string): readonly Action[] {
  const found: Action[] = [];
  let at = text.indexOf("{{");
  while (at >= 0) {
    const end = endOf(text, at + 2);
    if (end === undefined) return found;
    found.push(actionAt(text, at, end));
    at = text.indexOf("{{", end);
  }
  return found;
}

const COMMENT = /(?:- )?\/\*/y;

function endOf(text: string, start: number): number | undefined {
  COMMENT.lastIndex = start;
  if (COMMENT.test(text)) {
    const close = text.indexOf("*/", start);
    const end = close < 0 ? -1 : text.indexOf("}}", close);
    return end < 0 ? undefined : end + 2;
  }
  for (let at = start; at < text.length; at++) {
    const sign = text[at];
    if (sign === "}" && text[at + 1] === "}") return at + 2;
    if (sign !== '"' && sign !== "`" && sign !== "'") continue;
    at = closing(text, at, sign);
  }
  return undefined;
}

/** Of what is never closed, the text's end. */
function closing(text: string, open: number, quote: string): number {
  for (let at = open + 1; at < text.length; at++) {
    if (text[at] === quote) return at;
    if (text[at] === "\\" && quote !== "`") at += 1;
  }
  return text.length;
}

const SILENT = /^(?:(?:if|else|end|range|with|define|block|break|continue)\b|\/\*|\$\w*\s*:?=)/;
/** What leaves the text as it is, but for how it is written: at the very end, so that it stands in no quotes. */
const WRITTEN = /(?:\s*\|\s*(?:quote|squote|b64enc|n?indent\s+\d+))+$/;

function actionAt(text: string, start: number, end: number): Action {
  const inner = text.slice(start + 2, end - 2);
  const [before, behind] = [/^-\s/.test(inner), /\s-$/.test(inner)];
  const common = { start, end, trims: { before, behind } };
  const from = before ? 1 : 0;
  const body = inner.slice(from, inner.length - (behind ? 1 : 0));
  const written = body.trim();
  if (written === "" || SILENT.test(written)) return common;
  const first = start + 2 + from + (body.length - body.trimStart().length);
  const suffix =
    written.startsWith("template") || written.length > MAX_WRITTEN ? "" : (WRITTEN.exec(written)?.[0] ?? "");
  const length = written.length - suffix.length;
  return length === 0 ? common : { ...common, expression: { start: first, end: first + length, ...keptOf(suffix) } };
}

function keptOf(suffix: string): Pick<Expression, "encodes" | "indent"> {
  const indent = /indent\s+(\d+)/.exec(suffix)?.[1];
  return { encodes: suffix.includes("b64enc"), ...(indent === undefined ? {} : { indent: Number(indent) }) };
}

/** Of a longer expression the end is not looked at. */
const MAX_WRITTEN = 1000;
