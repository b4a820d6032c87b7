/** Reads the YAML documents of policy files; the places of fields are looked up only where somebody asks for one. */

import type { Fault, SourcePosition } from "../core/fault.ts";
import type { FieldPath } from "../core/path.ts";
import { groupOf } from "../core/refs.ts";
import { fieldOf, isMap, textOf } from "../core/value.ts";
import type { ValueMap } from "../core/value.ts";
import { lineStarts, positionOf } from "../yaml/locator.ts";
import { readYaml } from "../yaml/read.ts";
import { objectAt, offsetOf } from "../yaml/source-find.ts";
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

/** The documents of one file that hold a map; `List`s are not followed. */
export function readDocuments({ file, text, tested = false }: PolicyFile): {
  readonly documents: readonly PolicyDocument[];
  readonly faults: readonly Fault[];
} {
  const read = readYaml(text, { file });
  const locate = locatorOf(file, text);
  const documents = read.documents.flatMap(({ index, value }): readonly PolicyDocument[] =>
    isMap(value) ? [{ file, tested, value, positionOf: (path) => locate(index, path) }] : [],
  );
  const faults = read.faults.map(({ position, message }) => invalid(position, file, message));
  const others = read.documents
    .filter(({ value }) => !isMap(value))
    .map(({ index }) => invalid(locate(index, []), file, "holds something that is no map"));
  return { documents, faults: [...faults, ...others] };
}

function locatorOf(file: string, text: string): (document: number, path: FieldPath) => SourcePosition {
  let parsed: { readonly lines: readonly number[]; readonly source: SourceText } | undefined;
  return (index, path) => {
    parsed ??= { lines: lineStarts(text), source: parseSource(text) };
    const document = parsed.source.documents[index];
    const root = document?.parse().root;
    const map = root === undefined ? undefined : objectAt(root, []);
    return positionOf(parsed.lines, file, map === undefined ? (document?.start ?? 0) : offsetOf(map, path));
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
