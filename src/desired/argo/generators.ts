/** What the generators of an ApplicationSet give: sets of parameters (argo-cd `applicationset/generators`). */

import { isFault } from "../../core/fault.ts";
import type { Fault } from "../../core/fault.ts";
import { fieldOf, isList, isMap, setField, textOf, withField } from "../../core/value.ts";
import type { Value, ValueMap } from "../../core/value.ts";
import { readYaml } from "../../yaml/read.ts";
import { directoryParams, fileParams } from "./git-params.ts";
import { argoFault, listAt, quoted } from "./objects.ts";
import type { ApplicationSet } from "./objects.ts";
import { mergedOver, printed, selectorOf } from "./params.ts";
import { isOwn } from "./root.ts";
import type { Repository } from "./root.ts";
import { textsIn, withTexts } from "./templates.ts";
import type { Templates } from "./templates.ts";
import { printJson } from "../../yaml/json.ts";
import { withoutCredentials } from "../origin.ts";

export interface GeneratorContext {
  readonly set: ApplicationSet;
  readonly repository: Repository;
  readonly templates: Templates;
  /** Parameters have maps and lists in them. */
  readonly goTemplate: boolean;
}

export interface Generated {
  /** `template` of the generator itself. */
  readonly template: ValueMap;
  readonly params: readonly ValueMap[];
}

/** Of one ApplicationSet. */
export const MAX_PARAMS = 5000;

const KINDS = [
  "list",
  "git",
  "matrix",
  "merge",
  "clusters",
  "clusterDecisionResource",
  "scmProvider",
  "pullRequest",
  "plugin",
] as const;

/** @param outer of a matrix' first generator, for its second one */
export async function generate(
  written: Value,
  context: GeneratorContext,
  outer: ValueMap = {},
): Promise<Generated | Fault> {
  const refused = (what: string): Fault => argoFault(context.set, { what });
  const kinds = KINDS.filter((kind) => isMap(fieldOf(written, kind)));
  const [kind] = kinds;
  if (kind === undefined) return refused("has a generator that holdfast does not know");
  if (kinds.length > 1) return refused(`has a generator that is several: ${kinds.join(", ")}`);
  const interpolated = Object.keys(outer).length === 0 ? written : await withOuter(written, outer, context);
  if (isFault(interpolated)) return interpolated;
  const generator = fieldOf(interpolated, kind);
  const selected = selectorOf(fieldOf(interpolated, "selector"));
  if (selected === undefined) return refused("has a selector that is none");
  const params = await paramsOf(kind, isMap(generator) ? generator : {}, context);
  if (isFault(params)) return params;
  if (params.length > MAX_PARAMS) return refused(`generates more than ${MAX_PARAMS} Applications`);
  const template = fieldOf(fieldOf(written, kind), "template");
  return { template: isMap(template) ? template : {}, params: params.filter(selected) };
}

async function paramsOf(
  kind: (typeof KINDS)[number],
  generator: ValueMap,
  context: GeneratorContext,
): Promise<readonly ValueMap[] | Fault> {
  switch (kind) {
    case "list":
      return listParams(generator, context);
    case "git":
      return await gitParams(generator, context);
    case "matrix":
      return await matrixParams(generator, context);
    case "merge":
      return await mergeParams(generator, context);
    default:
      return argoFault(context.set, {
        what: `generates Applications by ${kind}, which only Argo CD can tell`,
        remedy: "leave it: what its Applications deploy is not compared",
      });
  }
}

/** The second generator of a matrix, filled with what the first gives. Values may name parameters of its own: they wait. */
async function withOuter(written: Value, outer: ValueMap, { templates }: GeneratorContext): Promise<Value | Fault> {
  const values = fieldOf(fieldOf(written, "git"), "values");
  const waiting = new Set(
    [...textsIn(isMap(values) ? Object.values(values) : [])].filter((text) => !templates.knows(text, outer)),
  );
  const texts = [...textsIn(written)].filter((text) => !waiting.has(text));
  const replaced = await templates.replace(texts, [outer]);
  if (isFault(replaced)) return replaced;
  const results = replaced[0] ?? [];
  return withTexts(written, new Map(texts.map((text, index) => [text, results[index] ?? text])));
}

function listParams(generator: ValueMap, { set, goTemplate }: GeneratorContext): readonly ValueMap[] | Fault {
  const elements = listAt(generator, "elements");
  const params: ValueMap[] = [];
  for (const element of elements) {
    const one = !isMap(element) ? undefined : goTemplate ? element : flatElement(element);
    if (one === undefined) return argoFault(set, { what: "has a list element that is no map of texts" });
    params.push(one);
  }
  const text = textOf(generator, "elementsYaml") ?? "";
  const more = text === "" ? [] : readYaml(text, { file: set.origin.file }).documents[0]?.value;
  if (!isList(more) || !more.every(isMap)) return argoFault(set, { what: "has elementsYaml that is no list of maps" });
  return [...params, ...more];
}

/** Texts, and a map of texts under `values`. */
function flatElement(element: ValueMap): ValueMap | undefined {
  const flat: Record<string, Value> = {};
  for (const [name, value] of Object.entries(element)) {
    const inner = name === "values" ? value : { [name]: value };
    if (!isMap(inner)) return undefined;
    for (const [key, text] of Object.entries(inner)) {
      if (typeof text !== "string") return undefined;
      setField(flat, name === "values" ? `values.${key}` : key, text);
    }
  }
  return flat;
}

async function gitParams(generator: ValueMap, context: GeneratorContext): Promise<readonly ValueMap[] | Fault> {
  const { set, repository, goTemplate } = context;
  const repoURL = textOf(generator, "repoURL") ?? "";
  if (!isOwn(repoURL, repository.origin)) {
    return argoFault(set, { what: `reads another repository, ${quoted(withoutCredentials(repoURL))}` });
  }
  const prefix = textOf(generator, "pathParamPrefix") ?? "";
  const input = { set, generator, repository, goTemplate, prefix };
  const found =
    listAt(generator, "directories").length > 0
      ? directoryParams(input)
      : listAt(generator, "files").length > 0
        ? await fileParams(input)
        : argoFault(set, { what: "has a git generator without directories and files" });
  return isFault(found) ? found : await withValues(found, generator, context);
}

/** `values`: texts with parameters in them, which are parameters themselves. */
async function withValues(
  params: readonly ValueMap[],
  generator: ValueMap,
  { templates, goTemplate }: GeneratorContext,
): Promise<readonly ValueMap[] | Fault> {
  const map = fieldOf(generator, "values");
  const values = Object.entries(isMap(map) ? map : {}).filter(
    (one): one is [string, string] => typeof one[1] === "string",
  );
  if (values.length === 0) return params;
  const replaced = await templates.replace(
    values.map(([, text]) => text),
    params,
  );
  if (isFault(replaced)) return replaced;
  return params.map((one, index) => {
    const named: Record<string, Value> = {};
    for (const [at, [name]] of values.entries()) {
      setField(named, goTemplate ? name : `values.${name}`, replaced[index]?.[at] ?? "");
    }
    return goTemplate ? withField(one, "values", named) : { ...one, ...named };
  });
}

async function matrixParams(generator: ValueMap, context: GeneratorContext): Promise<readonly ValueMap[] | Fault> {
  const { set, goTemplate } = context;
  const [first, second, ...more] = listAt(generator, "generators");
  if (first === undefined || second === undefined || more.length > 0) {
    return argoFault(set, { what: "has a matrix that is not of two generators" });
  }
  const rows = await generate(first, context);
  if (isFault(rows)) return rows;
  const all: ValueMap[] = [];
  for (const row of rows.params) {
    const columns = await generate(second, context, row);
    if (isFault(columns)) return columns;
    for (const column of columns.params) {
      const both = goTemplate ? mergedOver(column, row) : combined(row, column);
      if (both === undefined)
        return argoFault(set, { what: "has a matrix whose generators give one parameter two values" });
      all.push(both);
    }
    if (all.length > MAX_PARAMS) return argoFault(set, { what: `generates more than ${MAX_PARAMS} Applications` });
  }
  return all;
}

/** `undefined` where they do not agree. */
function combined(a: ValueMap, b: ValueMap): ValueMap | undefined {
  const both: Record<string, Value> = {};
  for (const [name, value] of Object.entries(a)) setField(both, name, printed(value));
  for (const [name, value] of Object.entries(b)) {
    const text = printed(value);
    if (Object.hasOwn(both, name) && both[name] !== text) return undefined;
    setField(both, name, text);
  }
  return both;
}

async function mergeParams(generator: ValueMap, context: GeneratorContext): Promise<readonly ValueMap[] | Fault> {
  const { set, goTemplate } = context;
  const keys = listAt(generator, "mergeKeys").filter((key) => typeof key === "string");
  const generators = listAt(generator, "generators");
  if (keys.length === 0 || generators.length < 2) {
    return argoFault(set, { what: "has a merge without keys, or of fewer than two generators" });
  }
  const merged = new Map<string, ValueMap>();
  for (const [index, one] of generators.entries()) {
    const generated = await generate(one, context);
    if (isFault(generated)) return generated;
    const seen = new Set<string>();
    for (const params of generated.params) {
      const key = printJson(keys.map((name) => fieldOf(params, name) ?? null));
      if (seen.has(key)) return argoFault(set, { what: "has a merge in which one generator gives a key twice" });
      seen.add(key);
      const base = merged.get(key);
      if (index === 0) merged.set(key, params);
      else if (base !== undefined) merged.set(key, goTemplate ? mergedOver(base, params) : { ...base, ...params });
    }
  }
  return [...merged.values()];
}
