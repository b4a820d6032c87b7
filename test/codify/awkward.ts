/** The awkward files of fixtures/yaml-awkward: those in `hand/`, and what is made of them into `made/`. */

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readYaml } from "../../src/yaml/read.ts";

const ROOT = join(import.meta.dirname, "../../fixtures/yaml-awkward");

export function handWritten(): ReadonlyMap<string, string> {
  return readFolder(join(ROOT, "hand"));
}

export function made(): ReadonlyMap<string, string> {
  return readFolder(join(ROOT, "made"));
}

function readFolder(folder: string): ReadonlyMap<string, string> {
  const names = readdirSync(folder).sort();
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

export function writeMade(files: ReadonlyMap<string, string>): void {
  const folder = join(ROOT, "made");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
}

/** What is made of each hand-written file: nothing where it would be no other file. */
const TRANSFORMS: Readonly<Record<string, (text: string, name: string) => string | undefined>> = {
  crlf: (text) => text.replaceAll("\n", "\r\n"),
  bom: (text, name) => (name.startsWith("directive") ? undefined : `\uFEFF${text}`),
  unended: (text) => (text.endsWith("\n") ? text.replace(/\n+$/, "") : undefined),
  among: (text, name) =>
    name.startsWith("directive") || text.startsWith("{")
      ? undefined
      : `apiVersion: v1\nkind: Before\nmetadata: {name: before}\n---\n${text}${text.endsWith("\n") ? "" : "\n"}---\n# after\napiVersion: v1\nkind: After\nmetadata:\n    name: after\n`,
  listed: (text) =>
    /^(?:---|%)|kind: "?List|^["'{]/m.test(text) || text.includes("\t")
      ? undefined
      : `apiVersion: v1\nkind: List\nitems:\n${text.replace(/^(?=.)/gm, "    ").replace(/^ {4}(?=\S)/m, "  - ")}`,
};

export function makeFiles(hand: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const [name, text] of hand) {
    for (const [transform, make] of Object.entries(TRANSFORMS)) {
      const result = make(text, name);
      if (result !== undefined && result !== text)
        files.set(`${name.replace(/\.yaml$/, "")}.${transform}.yaml`, result);
    }
    for (const [style, json] of jsonOf(name, text)) files.set(`${name.replace(/\.yaml$/, "")}.${style}.json`, json);
  }
  return files;
}

/** The same object as JSON, as the usual printers write it. */
function jsonOf(name: string, text: string): readonly (readonly [string, string])[] {
  if (!/^(?:deployment|flow|list|crd|empties|unicode|hpa|quoted-keys-2|nested-lists)\.yaml$/.test(name)) return [];
  const value = readYaml(text, { file: name }).documents[0]?.value;
  return [
    ["two", `${JSON.stringify(value, null, 2)}\n`],
    ["tabs", `${JSON.stringify(value, null, "\t")}\n`],
    ["line", JSON.stringify(value)],
    ["crlf", JSON.stringify(value, null, 4).replaceAll("\n", "\r\n")],
  ];
}
