/** Reads the YAML documents of policy files, each with the places of its fields. */

import type { Fault, SourcePosition } from "../core/fault.ts";
import type { FieldPath } from "../core/path.ts";
import { groupOf } from "../core/refs.ts";
import { fieldOf, isMap, textOf } from "../core/value.ts";
import type { ValueMap } from "../core/value.ts";
import { lineStarts, positionOf } from "../yaml/locator.ts";
import { offsetOf } from "../yaml/source-find.ts";
import { resolved, valueOfNode } from "../yaml/source-node.ts";
import { parseSource } from "../yaml/source.ts";

export interface PolicyFile {
  /** As shown in faults. */
  readonly file: string;
  readonly text: string;
}

/** One document of a policy file. */
export interface PolicyDocument {
  readonly file: string;
  readonly value: ValueMap;
  positionOf(path: FieldPath): SourcePosition;
}

/** The documents of one file; `List`s are not followed. */
export function readDocuments({ file, text }: PolicyFile): {
  readonly documents: readonly PolicyDocument[];
  readonly faults: readonly Fault[];
} {
  const lines = lineStarts(text);
  const documents: PolicyDocument[] = [];
  const faults: Fault[] = [];
  for (const source of parseSource(text).documents) {
    const { root, problems } = source.parse();
    const [problem] = problems;
    if (problem !== undefined) faults.push(invalid(positionOf(lines, file, problem.offset), file, problem.message));
    const map = root === undefined || problem !== undefined ? undefined : resolved(root);
    if (map === undefined) continue;
    const value = valueOfNode(map);
    if (map.kind === "map" && isMap(value)) {
      documents.push({ file, value, positionOf: (path) => positionOf(lines, file, offsetOf(map, path)) });
    } else {
      faults.push(invalid(positionOf(lines, file, map.start), file, "is no map that can be read"));
    }
  }
  return { documents, faults };
}

/** Whether the document is of the API group that policies and bindings are of, in any version. */
export function isAdmissionApi(value: ValueMap): boolean {
  return groupOf(textOf(value, "apiVersion") ?? "") === "admissionregistration.k8s.io";
}

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
