/**
 * Reads a file's text to documents whose nodes know their places. Slower than the fast reader, and read only where
 * something differs: documents are parsed one by one, when they are asked for.
 */

import type { CST, Document, Pair, Scalar as YamlScalar, YAMLMap, YAMLSeq } from "yaml";
import { MAX_DEPTH } from "../core/value.ts";
import type { Scalar } from "../core/value.ts";
import { splitDocuments } from "./documents.ts";
import { yamlLibrary } from "./library.ts";
import type { YamlLibrary } from "./library.ts";
import { resolveKey, resolveScalar, resolveTagged } from "./scalars.ts";
import type { ListItem, MapEntry, ScalarStyle, SourceNode } from "./source-node.ts";

export interface SourceText {
  readonly text: string;
  readonly documents: readonly SourceDocument[];
}

export interface SourceDocument {
  /** Position in the file, as Kubernetes' reader counts. */
  readonly index: number;
  /** `[start, end)` of the document's text, in UTF-16 units of the file. */
  readonly start: number;
  readonly end: number;
  /** Parses the document; the second call answers what the first did. */
  parse(): ParsedDocument;
}

export interface ParsedDocument {
  /** Absent where the document is empty or has an error. */
  readonly root?: SourceNode;
  /** Why the document is not fit for an edit. */
  readonly problems: readonly SourceProblem[];
  /** Strict JSON: edits obey JSON's rules. */
  readonly json: boolean;
  /** Names that an alias or merge key uses. */
  readonly aliased: ReadonlySet<string>;
}

interface SourceProblem {
  readonly code: "duplicate-key" | "lone-cr" | "not-round-trip" | "syntax" | "tab-indent" | "too-deep";
  readonly message: string;
  /** Offset in the file. */
  readonly offset: number;
}

/** Cuts a text into documents. `text` is the file's decoded bytes, a byte order mark kept. */
export function parseSource(text: string): SourceText {
  const documents = splitDocuments(text).map(({ index, start, end, badSeparator }): SourceDocument => {
    let parsed: ParsedDocument | undefined;
    return {
      index,
      start,
      end,
      parse: () =>
        (parsed ??=
          badSeparator === undefined
            ? parseDocument(text.slice(start, end), start)
            : failed("syntax", "Something stands behind a document separator", badSeparator)),
    };
  });
  return { text, documents };
}

function failed(code: SourceProblem["code"], message: string, offset: number): ParsedDocument {
  return { problems: [{ code, message, offset }], json: false, aliased: new Set() };
}

function parseDocument(text: string, base: number): ParsedDocument {
  const yaml = yamlLibrary();
  try {
    const tokens = [...new yaml.Parser().parse(text)];
    const documents = [...new yaml.Composer(COMPOSER_OPTIONS).compose(tokens, true, text.length)];
    const [document, second] = documents;
    if (document === undefined) return { problems: [], json: false, aliased: new Set() };
    if (second !== undefined) return failed("syntax", "A second document without a separator", base + second.range[0]);
    if (tokens.map((token) => yaml.CST.stringify(token)).join("") !== text) {
      return failed("not-round-trip", "The parser does not give the text back", base);
    }
    return convertDocument(yaml, document, { text, base });
  } catch (error) {
    // The composer and the printer recurse; nothing else of theirs throws RangeErrors.
    if (error instanceof RangeError) return failed("too-deep", "Nested too deeply", base);
    throw error;
  }
}

/** Scalars stay text (`failsafe`): what they mean is decided by the table that the fast reader shares. */
const COMPOSER_OPTIONS = {
  keepSourceTokens: true,
  schema: "failsafe",
  merge: false,
  uniqueKeys: false,
  strict: true,
  logLevel: "silent",
  prettyErrors: false,
} as const;

type ParsedYaml = Document.Parsed;

function convertDocument(
  yaml: YamlLibrary,
  document: ParsedYaml,
  { text, base }: Pick<Conversion, "text" | "base">,
): ParsedDocument {
  const [error] = document.errors;
  // The parser's own words may quote the text, and with it a secret: its code says enough.
  if (error !== undefined) return failed("syntax", `Not read as YAML (${error.code})`, base + error.pos[0]);
  const state: Conversion = { yaml, text, base, anchors: new Map(), aliased: new Set(), scalars: [], problems: [] };
  const contents: unknown = document.contents;
  const root = contents === null ? undefined : convert(contents, state, 0);
  const json = isJson(text);
  checkCharacters(state, json);
  return { ...(root === undefined ? {} : { root }), problems: state.problems, json, aliased: state.aliased };
}

function isJson(text: string): boolean {
  const start = /^\uFEFF?(?:---[ \t]*\r?\n)?\s*/.exec(text)?.[0].length ?? 0;
  if (text[start] !== "{" && text[start] !== "[") return false;
  try {
    JSON.parse(text.slice(start));
    return true;
  } catch {
    return false;
  }
}

interface Conversion {
  readonly yaml: YamlLibrary;
  readonly text: string;
  readonly base: number;
  readonly anchors: Map<string, SourceNode>;
  readonly aliased: Set<string>;
  /** Places of scalars that may hold tabs and carriage returns of their own, relative to the document. */
  readonly scalars: (readonly [number, number])[];
  readonly problems: SourceProblem[];
}

function convert(node: unknown, state: Conversion, depth: number): SourceNode {
  if (depth > MAX_DEPTH) throw new RangeError("too deep");
  const converted = convertNode(node, state, depth);
  if (converted.anchor !== undefined && converted.kind !== "alias") state.anchors.set(converted.anchor, converted);
  return converted;
}

function convertNode(node: unknown, state: Conversion, depth: number): SourceNode {
  if (state.yaml.isAlias(node)) {
    state.aliased.add(node.source);
    const target = state.anchors.get(node.source);
    if (target === undefined) {
      const offset = state.base + (node.range?.[0] ?? 0);
      state.problems.push({ code: "syntax", message: "An alias without an anchor", offset });
    }
    return {
      kind: "alias",
      name: node.source,
      ...placeOf(node, state),
      ...(target === undefined ? {} : { target }),
    };
  }
  if (state.yaml.isScalar(node)) return convertScalar(node, state);
  if (state.yaml.isMap(node)) {
    const entries = node.items.map((pair) => convertPair(pair, state, depth));
    noteDuplicates(entries, state);
    return { kind: "map", flow: node.flow === true, entries, ...placeOf(node, state) };
  }
  if (state.yaml.isSeq(node)) {
    const dashes = dashesOf(node);
    const items = node.items.map((item, index) => convertItem(item, dashes[index], state, depth));
    return { kind: "list", flow: node.flow === true, items, ...placeOf(node, state) };
  }
  throw new TypeError("a node of no known kind");
}

function placeOf(
  node: { range?: readonly [number, number, number] | null; anchor?: string | undefined; tag?: string },
  { base }: Conversion,
): { start: number; end: number; anchor?: string; tag?: string } {
  const [start, end] = node.range as readonly [number, number, number];
  return {
    start: base + start,
    end: base + end,
    ...(node.anchor === undefined ? {} : { anchor: node.anchor }),
    ...(node.tag === undefined ? {} : { tag: node.tag }),
  };
}

const STYLES: Readonly<Record<string, ScalarStyle>> = {
  BLOCK_FOLDED: "folded",
  BLOCK_LITERAL: "literal",
  PLAIN: "plain",
  QUOTE_DOUBLE: "double",
  QUOTE_SINGLE: "single",
};

function convertScalar(node: YamlScalar, state: Conversion): SourceNode {
  const place = placeOf(node, state);
  const style = place.start === place.end ? "empty" : (STYLES[node.type ?? "PLAIN"] as ScalarStyle);
  if (style !== "plain" && style !== "empty") state.scalars.push([place.start - state.base, place.end - state.base]);
  return { kind: "scalar", style, value: scalarValue(node, style, place.tag), ...place };
}

function scalarValue(node: YamlScalar, style: ScalarStyle, tag: string | undefined): Scalar {
  const text = String(node.value);
  if (tag !== undefined) {
    const answer = resolveTagged(tag.replace(/^!!/, "tag:yaml.org,2002:"), text);
    return "value" in answer ? answer.value : text;
  }
  return style === "plain" || style === "empty" ? resolveScalar(text) : text;
}

function convertPair(pair: Pair, state: Conversion, depth: number): MapEntry {
  const token = (pair as Pair & { srcToken?: CST.CollectionItem }).srcToken;
  const colon = token?.sep?.find((part) => part.type === "map-value-ind");
  const key = convert(pair.key, state, depth + 1);
  const value = isPresent(pair.value) ? convert(pair.value, state, depth + 1) : emptyNode(key.end);
  const plainKey = key.kind === "scalar" && key.value !== null && key.tag === undefined && key.anchor === undefined;
  const explicit = token?.start.some((part) => part.type === "explicit-key-ind") === true;
  return {
    key: keyText(pair.key, key, state),
    keyStart: key.start,
    keyEnd: key.end,
    keyStyle: key.kind === "scalar" ? key.style : "plain",
    ...(colon === undefined ? {} : { afterColon: state.base + colon.offset + 1 }),
    odd: !plainKey || explicit || key.style === "literal" || key.style === "folded",
    merge: key.kind === "scalar" && key.style === "plain" && key.value === "<<",
    value,
  };
}

/** A key that Kubernetes refuses is marked odd, and its text does not matter. */
function keyText(yamlKey: unknown, key: SourceNode, { yaml }: Conversion): string {
  if (!yaml.isScalar(yamlKey) || key.kind !== "scalar") return "";
  const text = String(yamlKey.value);
  return key.style === "plain" || key.style === "empty" ? (resolveKey(text) ?? "") : text;
}

function isPresent(node: unknown): boolean {
  return node !== null && node !== undefined;
}

function emptyNode(offset: number): SourceNode {
  return { kind: "scalar", style: "empty", value: null, start: offset, end: offset };
}

function convertItem(item: unknown, dash: number | undefined, state: Conversion, depth: number): ListItem {
  if (state.yaml.isPair(item)) throw new TypeError("a pair that stands in a list by itself");
  return {
    ...(dash === undefined ? {} : { dash: state.base + dash }),
    value: convert(item, state, depth + 1),
  };
}

function dashesOf(node: YAMLSeq | YAMLMap): readonly (number | undefined)[] {
  const token = (node as { srcToken?: CST.BlockSequence | CST.FlowCollection }).srcToken;
  if (token?.type !== "block-seq") return [];
  return token.items
    .map((item) => item.start.find((part) => part.type === "seq-item-ind")?.offset)
    .filter((offset) => offset !== undefined);
}

function noteDuplicates(entries: readonly MapEntry[], state: Conversion): void {
  const seen = new Set<string>();
  for (const entry of entries) {
    if (entry.merge) continue;
    if (seen.has(entry.key)) {
      state.problems.push({ code: "duplicate-key", message: "A key stands twice in one map", offset: entry.keyStart });
    }
    seen.add(entry.key);
  }
}

/** Tabs in indentation and carriage returns by themselves mean different things to different readers. */
function checkCharacters(state: Conversion, json: boolean): void {
  const { text, base, problems } = state;
  const lone = /\r(?!\n)/.exec(text);
  if (lone !== null) {
    problems.push({ code: "lone-cr", message: "A carriage return without a line feed", offset: base + lone.index });
  }
  if (json) return;
  const inScalar = (offset: number): boolean => state.scalars.some(([start, end]) => start < offset && offset < end);
  for (const match of text.matchAll(/^ *\t/gm)) {
    if (inScalar(match.index)) continue;
    problems.push({ code: "tab-indent", message: "A tab in the indentation", offset: base + match.index });
    break;
  }
}
