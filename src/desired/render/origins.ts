/**
 * The file that each object of a kustomization comes from, as kustomize itself tells where it is asked to
 * (`buildMetadata: [originAnnotations]`). The note is taken off again: it is in no cluster.
 */

import type { DesiredObject } from "../../core/objects.ts";
import { equalValues, fieldAt, fieldOf, isList, isMap, textOf, withField } from "../../core/value.ts";
import type { Value, ValueMap } from "../../core/value.ts";
import { printJson } from "../../yaml/json.ts";
import { readYaml } from "../../yaml/read.ts";
import { cleanPath } from "../paths.ts";

const NOTE = "config.kubernetes.io/origin";
const ASKED = "originAnnotations";

/** The kustomization, asking for the notes; as it is where it asks for them itself. */
export function askingForOrigins(kustomization: ValueMap): ValueMap {
  const own = fieldOf(kustomization, "buildMetadata");
  if (own === undefined || own === null) return withField(kustomization, "buildMetadata", [ASKED]);
  return isList(own) && !own.includes(ASKED)
    ? withField(kustomization, "buildMetadata", [...own, ASKED])
    : kustomization;
}

/** The same in its own text; `undefined` where a line at its end would not say just that. */
export function textAskingForOrigins(text: string): string | undefined {
  const asking = `${text.replace(/\n*$/, "")}\nbuildMetadata: [${ASKED}]\n`;
  const [before, after] = [valueOf(text), valueOf(asking)];
  if (before === undefined || after === undefined || fieldOf(before, "buildMetadata") !== undefined) return undefined;
  return equalValues(askingForOrigins(before), after) ? asking : undefined;
}

/** The same of what was made, whose text nobody reads. */
export function jsonAskingForOrigins(text: string): string | undefined {
  const value = valueOf(text);
  return value === undefined ? undefined : printJson(askingForOrigins(value));
}

function valueOf(text: string): ValueMap | undefined {
  const { documents, faults } = readYaml(text, { file: "" });
  const [only] = documents;
  return documents.length === 1 && faults.length === 0 && isMap(only?.value) ? only.value : undefined;
}

export interface NotedObject {
  readonly object: DesiredObject;
  /** From the repository's root; absent where the note names none, or another repository. */
  readonly file?: string;
}

/** @param path the root's folder, which notes are relative to. */
export function withoutNote(object: DesiredObject, path: string): NotedObject {
  const metadata = fieldOf(object.value, "metadata");
  const annotations = fieldOf(metadata, "annotations");
  const note = textOf(annotations, NOTE);
  if (note === undefined || !isMap(metadata) || !isMap(annotations)) return { object };
  const others = withField(annotations, NOTE, undefined);
  const kept: Value | undefined = Object.keys(others).length === 0 ? undefined : others;
  const value = withField(object.value, "metadata", withField(metadata, "annotations", kept));
  const file = fileIn(note, path);
  return { object: { ...object, value }, ...(file === undefined ? {} : { file }) };
}

/** `path` of what is written out, `configuredIn` of what a generator makes. */
function fileIn(note: string, path: string): string | undefined {
  const told = readYaml(note, { file: "" }).documents[0]?.value;
  const written = textOf(told, "path") ?? textOf(told, "configuredIn");
  if (written === undefined || fieldAt(told, "repo") !== undefined) return undefined;
  return cleanPath(`${path}/${written}`.replace(/^\//, ""));
}
