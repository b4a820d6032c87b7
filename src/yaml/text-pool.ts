/** Keeps texts once, and apart from the file that they were cut from. */

/** The same text, as cheap to keep as can be. */
export type TextPool = (text: string) => string;

/** Texts that are remembered; then it begins anew, so that it stays small whatever it is given. */
const MAX_TEXTS = 4000;

/** Longer texts are rarely the same, and hold a file in memory that is mostly theirs. */
const MAX_LENGTH = 512;

/** V8 copies shorter slices, and lets longer ones hold on to the whole text that they are part of. */
const MIN_SLICE = 13;

/**
 * A pool for one reading of many files. Manifests repeat themselves, and what they declare is kept to the end of a pass:
 * with a pool it takes half the memory.
 */
export function createTextPool(): TextPool {
  const known = new Map<string, string>();
  const scratch = Buffer.allocUnsafeSlow(MAX_LENGTH);
  return (text) => {
    if (text.length > MAX_LENGTH) return text;
    const kept = known.get(text);
    if (kept !== undefined) return kept;
    if (known.size === MAX_TEXTS) known.clear();
    const own = text.length < MIN_SLICE ? text : copyOf(text, scratch);
    known.set(own, own);
    return own;
  };
}

/** The text apart from what it was cut from, unless it has characters beyond Latin-1: those stay slices. */
function copyOf(text: string, scratch: Buffer): string {
  const copy = scratch.toString("latin1", 0, scratch.write(text, "latin1"));
  return copy === text ? copy : text;
}
