/** Files in memory, read by the fast reader and rendered as plain manifests: what codify is handed in tests. */

import { codify } from "../../src/codify/codify.ts";
import type { Codified, CodifyRequest } from "../../src/core/codify.ts";
import type { Change } from "../../src/core/drift.ts";
import type { Fault } from "../../src/core/fault.ts";
import type { DesiredObject } from "../../src/core/objects.ts";
import { field } from "../../src/core/path.ts";
import type { FieldPath } from "../../src/core/path.ts";
import type { RefusalCode } from "../../src/core/proposal.ts";
import type { FieldSchema } from "../../src/core/schema.ts";
import type { Renderer } from "../../src/core/stages.ts";
import { fieldAt, fieldOf, isList, isMap, textOf } from "../../src/core/value.ts";
import type { Value } from "../../src/core/value.ts";
import { contentHash } from "../../src/yaml/content.ts";
import { readYaml } from "../../src/yaml/read.ts";

export type Files = Readonly<Record<string, string>>;

/** The objects of a file, as the stage `desired` would read them. */
export function objectsOf(file: string, text: string): readonly DesiredObject[] {
  const hash = contentHash(Buffer.from(text));
  const found: DesiredObject[] = [];
  const collect = (value: Value, document: number, items: readonly number[]): void => {
    const apiVersion = textOf(value, "apiVersion");
    const kind = textOf(value, "kind");
    const name = fieldAt(value, "metadata", "name");
    const list = fieldOf(value, "items");
    if (kind?.endsWith("List") === true && isList(list)) {
      for (const [index, item] of list.entries()) collect(item, document, [...items, index]);
    } else if (isMap(value) && apiVersion !== undefined && kind !== undefined && typeof name === "string") {
      const namespace = fieldAt(value, "metadata", "namespace");
      const ref = { apiVersion, kind, name, ...(typeof namespace === "string" ? { namespace } : {}) };
      found.push({ ref, value, origin: { file, document, items, layer: "literal", hash } });
    }
  };
  for (const { index, value } of readYaml(text, { file }).documents) collect(value, index, []);
  return found;
}

export function plainRenderer(files: Files): Renderer {
  const render = (changed: ReadonlyMap<string, string>): readonly DesiredObject[] =>
    Object.entries(files).flatMap(([file, text]) => objectsOf(file, changed.get(file) ?? text));
  return {
    render: (changed) =>
      Promise.resolve({
        before: render(new Map()),
        after: render(changed),
        roots: [{ path: "", renderer: "plain", version: "test" }],
      }),
  };
}

export interface Bench {
  readonly files: Files;
  readonly requests: readonly CodifyRequest[];
  readonly renderer?: Renderer;
  readonly modes?: Readonly<Record<string, string>>;
  readonly read?: (file: string) => Uint8Array | Fault;
}

export function run({ files, requests, renderer, modes, read }: Bench): Promise<Codified> {
  return codify({
    requests,
    read: (file) => Promise.resolve(read?.(file) ?? Buffer.from(files[file] ?? "")),
    modeOf: (file) => modes?.[file] ?? "100644",
    renderer: renderer ?? plainRenderer(files),
  });
}

type Operation = Pick<Change, "path" | "operation" | "live">;

function change({ path, operation, live }: Operation): Change {
  return { path, operation, direction: "live-changed", ...(live === undefined ? {} : { live }) };
}

export function replace(path: FieldPath, live: Value): Change {
  return change({ path, operation: "replace", live });
}

export function add(path: FieldPath, live: Value): Change {
  return change({ path, operation: "add", live });
}

export function remove(path: FieldPath): Change {
  return change({ path, operation: "remove" });
}

/** `spec.containers[name=web].image`, with indexes as numbers and set values in quotes. */
export function at(path: string): FieldPath {
  const steps = path.match(/[^.[\]]+|\[[^\]]*\]/g) ?? [];
  return steps.map((step) => {
    if (!step.startsWith("[")) return field(step);
    const inner = step.slice(1, -1);
    if (/^\d+$/.test(inner)) return { kind: "index", index: Number(inner) };
    if (inner.startsWith('"')) return { kind: "value", value: JSON.parse(inner) as string };
    const keys = inner.split(",").map((pair) => {
      const [name, value] = pair.split("=") as [string, string];
      return [name, /^\d+$/.test(value) ? Number(value) : value] as const;
    });
    return { kind: "key", keys: Object.fromEntries(keys) };
  });
}

export interface OneFile {
  readonly text: string;
  readonly changes: readonly Change[];
  readonly schema?: FieldSchema;
  readonly file?: string;
  /** Which of the file's objects; the first where absent. */
  readonly pick?: (object: DesiredObject) => boolean;
}

/** A file of one object (or the picked one) after the changes, with the refusals' codes in the changes' order. */
export async function edited({ text, changes, schema, file = "a.yaml", pick }: OneFile) {
  const objects = objectsOf(file, text);
  const desired = objects.find(pick ?? (() => true));
  if (desired === undefined) throw new Error("the text has no object");
  const request = { desired, changes, ...(schema === undefined ? {} : { schema }) };
  const result = await run({ files: { [file]: text }, requests: [request] });
  const codes = (result.answers[0] ?? []).map((answer): RefusalCode | "edited" =>
    "refusal" in answer ? answer.refusal.code : "edited",
  );
  return { text: result.files[0]?.after ?? text, codes, result };
}

/** An object of which any field may be written: `body` stands below its head. */
export function manifest(body: string): string {
  return `apiVersion: v1\nkind: Thing\nmetadata:\n  name: web\n${body}`;
}
