// The manifests of the public corpus (../shared/corpus beside the checkout), each as one object with a place of its own:
// what has a namespace of its own gets another, so that nothing collides.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fieldAt, fieldOf, isList, isMap, textOf, withField } from "../../src/core/value.ts";
import type { Value, ValueMap } from "../../src/core/value.ts";
import { printJson } from "../../src/yaml/json.ts";
import { readYaml } from "../../src/yaml/read.ts";

export const CORPUS = join(import.meta.dirname, "../../../shared/corpus/manifests");

export interface CorpusObject {
  /** File and position, to be found again. */
  readonly from: string;
  readonly value: ValueMap;
}

export interface Slotted extends CorpusObject {
  readonly slot: string;
  /** A file name of its own. */
  readonly file: string;
}

/** Why there is no corpus here, or undefined where there is. */
export function whyNoCorpus(): string | undefined {
  return existsSync(CORPUS) ? undefined : `no corpus at ${CORPUS}`;
}

/** The bench's own manifests, which come before the corpus's: what is first made fills in what comes after it. */
export function readSilent(): readonly CorpusObject[] {
  const file = join(import.meta.dirname, "silent.yaml");
  const { documents } = readYaml(readFileSync(file, "utf8"), { file });
  return documents.flatMap(({ value, index }) =>
    objectsIn(value).map((one) => ({ from: `silent.yaml#${index}`, value: one })),
  );
}

/** Every document that says what kind of object it is and has a name, equal ones once. `every`: only each n-th file. */
export function readCorpus(every = 1): readonly CorpusObject[] {
  const files = readdirSync(CORPUS, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(ya?ml|json)$/.test(file))
    .toSorted()
    .filter((_file, index) => index % every === 0);
  const seen = new Set<string>();
  const found: CorpusObject[] = [];
  for (const file of files) {
    const { documents } = readYaml(readFileSync(join(CORPUS, file), "utf8"), { file });
    for (const document of documents) {
      for (const value of objectsIn(document.value)) {
        const text = printJson(value);
        if (seen.has(text)) continue;
        seen.add(text);
        found.push({ from: `${file}#${document.index}`, value });
      }
    }
  }
  return found;
}

function objectsIn(value: Value): readonly ValueMap[] {
  if (!isMap(value) || textOf(value, "apiVersion") === undefined) return [];
  const kind = textOf(value, "kind");
  if (kind?.endsWith("List") === true && isList(fieldOf(value, "items"))) {
    return (fieldOf(value, "items") as readonly Value[]).flatMap(objectsIn);
  }
  const name = fieldAt(value, "metadata", "name");
  return kind === undefined || typeof name !== "string" ? [] : [value];
}

/**
 * Gives each object a namespace in which nothing else has its kind and name; `undefined` of `scopeOf`: not served, left
 * out. Of cluster-scoped objects with one name the first is taken.
 */
export function slotted(
  objects: readonly CorpusObject[],
  scopeOf: (apiVersion: string, kind: string) => boolean | undefined,
): { readonly placed: readonly Slotted[]; readonly refused: readonly (readonly [from: string, why: string])[] } {
  const taken = new Set<string>();
  const placed: Slotted[] = [];
  const refused: [string, string][] = [];
  for (const object of objects) {
    const [apiVersion = "", kind = "", name = ""] = [
      textOf(object.value, "apiVersion"),
      textOf(object.value, "kind"),
      textOf(fieldOf(object.value, "metadata"), "name"),
    ];
    const namespaced = scopeOf(apiVersion, kind);
    if (namespaced === undefined) {
      refused.push([object.from, `${apiVersion} ${kind} is not served`]);
      continue;
    }
    const identity = `${apiVersion.split("/")[0]} ${kind} ${name}`;
    const slot = namespaced ? freeSlot(taken, identity) : "cluster";
    if (taken.has(`${slot} ${identity}`)) {
      refused.push([object.from, `another ${kind} of the cluster has its name`]);
      continue;
    }
    taken.add(`${slot} ${identity}`);
    const metadata = fieldOf(object.value, "metadata") as ValueMap;
    const value = namespaced ? withField(object.value, "metadata", { ...metadata, namespace: slot }) : object.value;
    placed.push({ ...object, value, slot, file: `${String(placed.length).padStart(5, "0")}.json` });
  }
  return { placed, refused };
}

function freeSlot(taken: ReadonlySet<string>, identity: string): string {
  let index = 0;
  while (taken.has(`s${index} ${identity}`)) index++;
  return `s${index}`;
}
