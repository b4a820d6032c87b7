/** The elements that a rule names: `containers[name="web"],initContainers[name="setup"]`. */

/** Splits at commas outside brackets and quotes; empty parts do not count. */
export function splitElements(text: string): readonly string[] {
  const elements: string[] = [];
  let start = 0;
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (char === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (char === "[") depth++;
    else if (char === "]") depth--;
    else if (char === "," && depth <= 0) {
      elements.push(text.slice(start, index));
      start = index + 1;
    }
  }
  elements.push(text.slice(start));
  return [...new Set(elements.map((element) => element.trim()).filter((element) => element !== ""))];
}
