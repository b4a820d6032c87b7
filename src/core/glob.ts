/** Wildcards in names. */

/**
 * Whether the whole text matches: `*` stands for any characters, `?` for one. The usual two-pointer match (on a mismatch
 * the last `*` takes one character more): its time grows with pattern times text at most, whatever the pattern.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let p = 0;
  let n = 0;
  let star = -1;
  let mark = 0;
  while (n < text.length) {
    if (pattern[p] === "*") {
      star = p++;
      mark = n;
    } else if (pattern[p] === "?" || (p < pattern.length && pattern[p] === text[n])) {
      p += 1;
      n += 1;
    } else if (star >= 0) {
      p = star + 1;
      n = ++mark;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p += 1;
  return p === pattern.length;
}
