/** The git generator's parameters: one set for each folder, or for each map in a file. */

import { isFault } from "../../core/fault.ts";
import type { Fault } from "../../core/fault.ts";
import { fieldOf, isList, isMap, setField, textOf } from "../../core/value.ts";
import type { Value, ValueMap } from "../../core/value.ts";
import { compareText } from "../../core/value.ts";
import { decodeText } from "../../yaml/content.ts";
import { readYaml } from "../../yaml/read.ts";
import { baseName, folderOf } from "../paths.ts";
import { compileGlob } from "./globs.ts";
import type { GlobDialect } from "./globs.ts";
import { argoFault, listAt, quoted } from "./objects.ts";
import type { ApplicationSet } from "./objects.ts";
import { flattened, normalized, printed } from "./params.ts";
import type { Repository } from "./root.ts";

export interface GitParamsInput {
  readonly set: ApplicationSet;
  readonly generator: ValueMap;
  readonly repository: Repository;
  readonly goTemplate: boolean;
  /** `pathParamPrefix`; may be empty. */
  readonly prefix: string;
}

/** Folders below the repository's root, none that is hidden. What is excluded anywhere is out. */
export function directoryParams(input: GitParamsInput): readonly ValueMap[] {
  const folders = new Set<string>();
  for (const { path } of input.repository.files) {
    for (let folder = folderOf(path); folder !== "" && !folders.has(folder); folder = folderOf(folder)) {
      folders.add(folder);
    }
  }
  const visible = [...folders].filter((folder) => !folder.split("/").some((step) => step.startsWith(".")));
  return chosen(visible, listAt(input.generator, "directories"), "path").map((folder) => placed({}, folder, input));
}

/** A fault where a file holds something else than maps. */
export async function fileParams(input: GitParamsInput): Promise<readonly ValueMap[] | Fault> {
  const { set, repository, goTemplate } = input;
  const wanted = listAt(input.generator, "files");
  const magic = wanted.find((one) => (textOf(one, "path") ?? "").startsWith(":"));
  if (magic !== undefined) return argoFault(set, { what: `reads files by ${quoted(textOf(magic, "path") ?? "")}` });
  const names = repository.files.filter(({ folder }) => folder === undefined).map(({ path }) => path);
  const params: ValueMap[] = [];
  for (const file of chosen(names, wanted, "pathspec")) {
    const bytes = await repository.tree.read(file);
    if (isFault(bytes)) return bytes;
    const maps = mapsIn(decodeText(bytes), file);
    if (maps === undefined) return argoFault(set, { what: `reads ${quoted(file)}, which holds no maps` });
    for (const map of maps) params.push(placed(goTemplate ? map : texts(map), file, input, true));
  }
  return params;
}

/** In code-unit order. */
function chosen(paths: readonly string[], wanted: readonly Value[], dialect: GlobDialect): readonly string[] {
  const matchers = wanted.map((one) => ({
    matches: compileGlob((textOf(one, "path") ?? "").replace(/^(?:\.\/+)+/, ""), dialect),
    exclude: fieldOf(one, "exclude") === true,
  }));
  const included = matchers.filter(({ exclude }) => !exclude);
  const excluded = matchers.filter(({ exclude }) => exclude);
  return paths
    .filter(
      (path) => included.some(({ matches }) => matches?.(path)) && !excluded.some(({ matches }) => matches?.(path)),
    )
    .toSorted(compareText);
}

/** One map, or a list of them; a file without content is an empty map. */
function mapsIn(text: string | undefined, file: string): readonly ValueMap[] | undefined {
  if (text === undefined) return undefined;
  const { documents, faults } = readYaml(text, { file });
  if (faults.some(({ leavesUnknown }) => leavesUnknown !== "nothing")) return undefined;
  const value = documents[0]?.value ?? {};
  if (isMap(value)) return [value];
  return isList(value) && value.every(isMap) ? value : undefined;
}

function texts(map: ValueMap): ValueMap {
  const flat: Record<string, Value> = {};
  for (const [name, value] of flattened(map)) setField(flat, name, printed(value));
  return flat;
}

/** With where it was found: `path.basename` and the like, or a map of them. */
function placed(params: ValueMap, path: string, { goTemplate, prefix }: GitParamsInput, isFile = false): ValueMap {
  const folder = isFile ? folderOf(path) || "." : path;
  const steps = folder.split("/");
  const about: Record<string, Value> = {
    basename: baseName(folder),
    basenameNormalized: normalized(baseName(folder)),
    ...(isFile ? { filename: baseName(path), filenameNormalized: normalized(baseName(path)) } : {}),
  };
  const all: Record<string, Value> = { ...params };
  if (goTemplate) {
    const found = { path: folder, ...about, segments: steps };
    setField(all, prefix === "" ? "path" : prefix, prefix === "" ? found : { path: found });
    return all;
  }
  const name = prefix === "" ? "path" : `${prefix}.path`;
  setField(all, name, folder);
  for (const [key, value] of Object.entries(about)) setField(all, `${name}.${key}`, value);
  for (const [index, step] of steps.entries()) setField(all, `${name}[${index}]`, step);
  return all;
}
