/** Characters that show nothing, or make other text show as something else, in forms that can be seen. */

// Controls, format characters (bidirectional, tags), halves of characters, what is no character, all line ends and blanks
// but the plain one, and characters that renderers leave out (zero-width, selectors, fillers).
const UNSEEN = /[[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800\uFFFC]--[ ]]/gv;

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
