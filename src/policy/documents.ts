/** Reads the YAML documents of policy files; the places of fields are looked up only where somebody asks for one. */

import type { Fault, SourcePosition } from "../core/fault.ts";
import { field } from "../core/path.ts";
import type { FieldPath } from "../core/path.ts";
import { groupOf } from "../core/refs.ts";
import { fieldOf, isList, isMap, textOf } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";
import { lineStarts, positionOf } from "../yaml/locator.ts";
import { readYaml } from "../yaml/read.ts";
import { objectAt, offsetOf } from "../yaml/source-find.ts";
import { sourceFinder } from "../yaml/source-finder.ts";
import { parseSource } from "../yaml/source.ts";
import type { SourceText } from "../yaml/source.ts";

export interface PolicyFile {
  /** As shown in faults. */
  readonly file: string;
  readonly text: string;
  /** Part of holdfast, and compiled by its tests: not compiled again just to look for errors. */
  readonly tested?: boolean;
}

/** One document of a policy file. */
export interface PolicyDocument {
  readonly file: string;
  readonly tested: boolean;
  readonly value: ValueMap;
  positionOf(path: FieldPath): SourcePosition;
}

/** The documents of one file that hold a map; the items of a `List` (what `kubectl get -o yaml` prints) are documents each. */
export function readDocuments({ file, text, tested = false }: PolicyFile): {
  readonly documents: readonly PolicyDocument[];
  readonly faults: readonly Fault[];
} {
  const read = readYaml(text, { file });
  const locate = locatorOf(file, text);
  const faults = read.faults.map(({ position, message }) => invalid(position, file, message));
  const documents: PolicyDocument[] = [];
  for (const { index, value } of read.documents) {
    for (const item of itemsOf(value, [])) {
      const place = (path: FieldPath) => locate(index, [...item.path, ...path]);
      if (isMap(item.value)) documents.push({ file, tested, value: item.value, positionOf: place });
      else faults.push(invalid(place([]), file, "holds something that is no map"));
    }
  }
  return { documents, faults };
}

interface Item {
  readonly value: Value;
  readonly path: FieldPath;
}

/** Typed lists (`ValidatingAdmissionPolicyList`) leave out what their items are. */
function itemsOf(value: Value, path: FieldPath): readonly Item[] {
  const kind = textOf(value, "kind") ?? "";
  const items = fieldOf(value, "items");
  if (
    !isMap(value) ||
    !isList(items) ||
    !/^(?:|ValidatingAdmissionPolicy|ValidatingAdmissionPolicyBinding)List$/.test(kind)
  )
    return [{ value, path }];
  const inherited: ValueMap =
    kind === "List" ? {} : { apiVersion: value["apiVersion"] ?? null, kind: kind.slice(0, -"List".length) };
  return items.flatMap((item, index) =>
    itemsOf(isMap(item) ? { ...inherited, ...item } : item, [...path, field("items"), { kind: "index", index }]),
  );
}

function locatorOf(file: string, text: string): (document: number, path: FieldPath) => SourcePosition {
  const finder = sourceFinder();
  let parsed: { readonly lines: readonly number[]; readonly source: SourceText } | undefined;
  return (index, path) => {
    parsed ??= { lines: lineStarts(text), source: parseSource(text) };
    const document = parsed.source.documents[index];
    const root = document?.parse().root;
    const map = root === undefined ? undefined : objectAt(root, []);
    return positionOf(parsed.lines, file, map === undefined ? (document?.start ?? 0) : offsetOf(map, path, finder));
  };
}

/** Whether the document is of the API group that policies and bindings are of, in any version. */
export function isAdmissionApi(value: ValueMap): boolean {
  return groupOf(textOf(value, "apiVersion") ?? "") === "admissionregistration.k8s.io";
}

/** The document's name, or its file's where it has none. */
export function nameOf({ value, file }: PolicyDocument): string {
  return textOf(fieldOf(value, "metadata"), "name") ?? file;
}

/** A fault of a policy's document. What it was to judge is then judged without it, or is not evaluable. */
export function invalid(position: SourcePosition | undefined, about: string, message: string): Fault {
  return {
    kind: "fault",
    code: "policy-invalid",
    about,
    message,
    remedy: "Correct the policy; `holdfast policy test` checks it",
    ...(position === undefined ? {} : { position }),
    leavesUnknown: "nothing",
  };
}
