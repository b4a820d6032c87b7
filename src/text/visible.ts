/** Characters that show nothing, or make other text show as something else, in forms that can be seen. */

// Controls, format characters (zero-width, bidirectional, tags), the Unicode line ends, halves of characters, what is no
// character, blanks that look like nothing, and selectors and fillers that change or hide their neighbours.
const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Cn}\p{Co}\p{Zl}\p{Zp}\u00A0\u034F\u115F\u1160\u17B4\u17B5\u180B-\u180F\u2000-\u200A\u202F\u205F\u2800\u3000\u3164\uFE00-\uFE0F\uFFA0\uFFFC\u{E0100}-\u{E01EF}]/gu;

const NAMED: ReadonlyMap<string, string> = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

/** One line, all of whose characters can be seen: `\n`, `\t`, `\u{202e}` stand for what cannot. */
export function visibleLine(text: string): string {
  return text.replace(UNSEEN, visible);
}

/** Like {@link visibleLine}, line by line: line ends and tabs stay (CRLF shows as `\r` at the end of its line). */
export function visibleLines(text: string): string {
  return text.replace(UNSEEN, (char) => (char === "\n" || char === "\t" ? char : visible(char)));
}

function visible(char: string): string {
  return NAMED.get(char) ?? `\\u{${(char.codePointAt(0) as number).toString(16).padStart(2, "0")}}`;
}
