/** Texts of which only parts are known. */

/**
 * Whether the text is these parts in their order, the first and the last at its ends, with anything between them that is a
 * gap. Of several places for a part the first is taken. Of a single part only that the text begins with it is asked.
 */
export function isMadeOf(text: string, parts: readonly string[], isGap: (between: string) => boolean = isAny): boolean {
  const [first = "", ...rest] = parts;
  const last = rest.pop() ?? "";
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0 || !isGap(text.slice(at, found))) return false;
    at = found + part.length;
  }
  const end = text.length - last.length;
  return end >= at && text.endsWith(last) && isGap(text.slice(at, end));
}

function isAny(): boolean {
  return true;
}
