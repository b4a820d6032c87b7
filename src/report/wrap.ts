/** Lines for a terminal that is so many columns wide. */

/**
 * The text in lines of at most `width` UTF-16 units, broken at single spaces; a longer word has a line of its own. `first`
 * stands before the first line, and as many spaces before the others.
 */
export function wrap(first: string, text: string, width: number): readonly string[] {
  const lines: string[] = [];
  const room = Math.max(width - first.length, 20);
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines.map((one, index) => `${index === 0 ? first : " ".repeat(first.length)}${one}`);
}
