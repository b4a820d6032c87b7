/**
 * Cuts a file's text into documents as Kubernetes' reader does (apimachinery `util/yaml/decoder.go`, `YAMLReader`):
 * at every line that begins with `---`, whatever YAML makes of it.
 */

/** One document's place in a file: `[start, end)` in UTF-16 units. A leading `---` line may be part of it. */
export interface DocumentText {
  /** Position in the file, from 0; documents without content count. */
  readonly index: number;
  readonly start: number;
  readonly end: number;
  /** Offset of a separator with something other than a comment behind it: Kubernetes rejects what follows it. */
  readonly badSeparator?: number;
}

// Lines end at LF alone here: `^` with the `m` flag would also match behind U+2028.
const SEPARATOR = /(?<![^\n])---([^\n]*)(?:\n|$)/g;

/** The documents of a text, in order. Text that is empty has none. */
export function splitDocuments(text: string): readonly DocumentText[] {
  const documents: DocumentText[] = [];
  let start = 0;
  let bad: number | undefined;
  const add = (end: number): void => {
    if (end === start && bad === undefined) return;
    documents.push({ index: documents.length, start, end, ...(bad === undefined ? {} : { badSeparator: bad }) });
  };
  for (const match of text.matchAll(SEPARATOR)) {
    const after = (match[1] as string).trim();
    const valid = after === "" || after.startsWith("#");
    const empty = match.index === start && bad === undefined;
    // A separator before any content belongs to the document that it opens, as Kubernetes counts.
    if (valid && empty) continue;
    add(match.index);
    start = match.index + match[0].length;
    bad = valid ? undefined : match.index;
  }
  add(text.length);
  return documents;
}
