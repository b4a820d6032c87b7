/** Proves edits on the text alone: documents read again say what they should, and all others are the same text. */

import { equalValues, fieldOf, isList, withField } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";
import { valueOfNode } from "../yaml/source-node.ts";
import type { SourceText } from "../yaml/source.ts";

/** What an object must say after the edit. */
export interface Expectation {
  /** Index of its document. */
  readonly document: number;
  readonly items: readonly number[];
  readonly value: ValueMap;
}

export function proveDocuments(before: SourceText, again: SourceText, expected: readonly Expectation[]): boolean {
  if (again.documents.length !== before.documents.length) return false;
  return before.documents.every((document, index) => {
    const edited = again.documents[index];
    if (edited === undefined) return false;
    const wanted = expected.filter((expectation) => expectation.document === index);
    const text = again.text.slice(edited.start, edited.end);
    if (wanted.length === 0) return text === before.text.slice(document.start, document.end);
    const { root: oldRoot } = document.parse();
    const { root, problems } = edited.parse();
    if (root === undefined || oldRoot === undefined || problems.length > 0) return false;
    let value = valueOfNode(oldRoot);
    for (const { items, value: object } of wanted)
      value = value === undefined ? undefined : placed(value, items, object);
    return value !== undefined && equalValues(valueOfNode(root), value);
  });
}

/** The document's value with one of its objects replaced. */
function placed(value: Value, items: readonly number[], object: ValueMap): Value | undefined {
  const [index, ...rest] = items;
  if (index === undefined) return object;
  const list = fieldOf(value, "items");
  if (!isList(list) || list[index] === undefined) return undefined;
  const inner = placed(list[index], rest, object);
  if (inner === undefined) return undefined;
  return withField(
    value as ValueMap,
    "items",
    list.map((item, at) => (at === index ? inner : item)),
  );
}
