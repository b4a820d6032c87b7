/** Reads a file's text to the documents that Kubernetes' own reader finds in it, with a fault for each that it refuses. */

import type { Fault } from "../core/fault.ts";
import type { Value } from "../core/value.ts";
import { YamlError } from "./build.ts";
import type { Built } from "./build.ts";
import { splitDocuments } from "./documents.ts";
import type { DocumentText } from "./documents.ts";
import { readSlowly } from "./fallback.ts";
import { readFast } from "./fast.ts";
import { booleanKey, duplicateKey, invalid, positionAt, tooLarge } from "./faults.ts";
import { readJson } from "./json.ts";
import type { TextPool } from "./text-pool.ts";

export interface YamlDocument {
  /** Position in the file, from 0; documents without content count. */
  readonly index: number;
  readonly value: Value;
  /** Of each key that is a word without quotes and read as a boolean (`on`): a fault that leaves nothing unknown, for who asks. */
  readonly booleanKeys?: readonly Fault[];
}

export interface ReadOptions {
  /** For faults: relative to the repository, with `/`. */
  readonly file: string;
  /** Larger texts (as UTF-8) are not read; {@link MAX_FILE_BYTES} where absent. */
  readonly maxBytes?: number;
  /** For who keeps the values of many files. */
  readonly texts?: TextPool;
}

export interface ReadYaml {
  /** Without the empty ones. */
  readonly documents: readonly YamlDocument[];
  readonly faults: readonly Fault[];
}

export const MAX_FILE_BYTES = 10 * 1024 * 1024;

/**
 * The documents of a text. One that Kubernetes refuses costs itself alone: a fault `yaml-invalid` that leaves what it
 * declares unknown. A key that stands twice counts with its last value: a fault that leaves nothing unknown.
 */
export function readYaml(text: string, { file, maxBytes = MAX_FILE_BYTES, texts }: ReadOptions): ReadYaml {
  if (text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes) {
    return { documents: [], faults: [tooLarge(file, maxBytes)] };
  }
  const pieces = splitDocuments(text);
  const documents: YamlDocument[] = [];
  const faults: Fault[] = [];
  for (const piece of pieces) {
    const read = readPiece(text, piece, texts);
    if ("error" in read) {
      const json = pieces.length === 1 ? readValues(text, file) : undefined;
      if (json !== undefined) return json;
      faults.push(invalid("YAML", read.error.message, positionAt(text, piece.start + read.error.offset, file)));
      continue;
    }
    const words = read.booleanKeys.map(({ offset, word }) =>
      booleanKey(word, positionAt(text, piece.start + offset, file)),
    );
    const booleanKeys = words.length === 0 ? {} : { booleanKeys: words };
    if (read.value !== null) documents.push({ index: piece.index, value: read.value, ...booleanKeys });
    for (const offset of read.duplicates) {
      faults.push(duplicateKey(positionAt(text, piece.start + offset, file)));
    }
  }
  return { documents, faults };
}

/** `kubectl` reads JSON values that stand one behind the other, which is no YAML. */
function readValues(text: string, file: string): ReadYaml | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  const { values, faults } = readJson(text, { file });
  if (values.length === 0) return undefined;
  return { documents: values.map((value, index) => ({ index, value })), faults };
}

// What go.yaml.in/yaml/v2 refuses anywhere in a text (`readerc.go`), and what it takes for the end of a line where the
// parsers here do not (U+0085, U+2028, U+2029): a document with one of those would be read as something else.
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const REFUSED = /[\0-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F\u2028\u2029\uD800-\uDFFF\uFFFE\uFFFF]/u;
// Behind it, Kubernetes does not look.
const DOCUMENT_END = /\n\.\.\.(?=[ \t\r\n]|$)/;

function readPiece(
  text: string,
  piece: DocumentText,
  texts: TextPool | undefined,
): Built | { readonly error: YamlError } {
  if (piece.badSeparator !== undefined) {
    const message = "only a comment may stand behind a document separator";
    return { error: new YamlError(message, piece.badSeparator - piece.start) };
  }
  const whole = text.slice(piece.start, piece.end);
  const end = whole.includes("\n...") ? whole.search(DOCUMENT_END) : -1;
  return readOne(end < 0 ? whole : whole.slice(0, end + 1), texts);
}

// Directives need a `---` behind them, at which Kubernetes has already cut: it refuses every document that has one.
const DIRECTIVE = /^\uFEFF?(?:[ \t]*(?:#[^\n]*)?\r?\n)*%/;

function readOne(text: string, texts: TextPool | undefined): Built | { readonly error: YamlError } {
  const refused = text.search(REFUSED);
  if (refused >= 0)
    return { error: new YamlError("a control character, or a line end that is none to other readers", refused) };
  const directive = DIRECTIVE.exec(text);
  if (directive !== null) return { error: new YamlError("a YAML directive", directive[0].length - 1) };
  try {
    return readFast(text, texts);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    return (error.syntax ? readAgain(text) : undefined) ?? { error };
  }
}

function readAgain(text: string): Built | undefined {
  try {
    return readSlowly(text);
  } catch (error) {
    // A RangeError is nesting beyond the stack of `yaml`.
    if (error instanceof YamlError || error instanceof RangeError) return undefined;
    throw error;
  }
}
