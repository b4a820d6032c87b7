/** The options of an Application's `helm` as Argo CD gives them to Helm (argo-cd `reposerver/repository`, helmTemplate). */

import { isFault } from "../../core/fault.ts";
import type { Fault } from "../../core/fault.ts";
import { compareText, fieldOf, isMap, textOf } from "../../core/value.ts";
import type { ValueMap } from "../../core/value.ts";
import { cleanPath, isWithin } from "../paths.ts";
import type { Capabilities, HelmSettings } from "../render/helm.ts";
import { expanded } from "./environment.ts";
import type { Environment } from "./environment.ts";
import { compileGlob } from "./globs.ts";
import { argoFault, jsonBytes, listAt, quoted, textsAt } from "./objects.ts";
import type { Application } from "./objects.ts";
import { prefixOf } from "./root.ts";
import type { HelmRoot, Repository } from "./root.ts";

export interface HelmSettingsInput {
  readonly application: Application;
  readonly root: HelmRoot;
  readonly repository: Repository;
  readonly environment: Environment;
}

/** A fault for values that are not in the repository. */
export function helmSettings(input: HelmSettingsInput): HelmSettings | Fault {
  const { application, root, environment } = input;
  const found = fieldOf(root.source.value, "helm");
  const options: ValueMap = isMap(found) ? found : {};
  const files = valueFiles(input, options);
  if (isFault(files)) return files;
  const read = fileParameters(input, options);
  if (isFault(read)) return read;
  const { destination, ref } = application;
  const namespace = textOrElse(options, "namespace", destination.namespace);
  return {
    release: textOrElse(options, "releaseName", ref.name),
    namespace: namespace === "" ? "default" : namespace,
    values: files.map((file) => fromChart(root.path, file)),
    documents: ownValues(options),
    options: [...parameters(options, environment), ...read.options, ...switches(options)],
    reads: read.files,
    crds: fieldOf(options, "skipCrds") !== true,
  };
}

/** Of the cluster, unless the source says them itself. */
export function capabilitiesOf(source: HelmRoot["source"], cluster: Capabilities): Capabilities {
  const options = fieldOf(source.value, "helm");
  const apiVersions = textsAt(options, "apiVersions");
  return {
    kubeVersion: textOrElse(options, "kubeVersion", cluster.kubeVersion),
    apiVersions: apiVersions.length > 0 ? apiVersions : cluster.apiVersions,
  };
}

function textOrElse(options: Parameters<typeof textOf>[0], name: string, other: string): string {
  const text = textOf(options, name) ?? "";
  return text === "" ? other : text;
}

/** `valuesObject` goes before `values`. */
function ownValues(options: ValueMap): readonly Uint8Array[] {
  const object = fieldOf(options, "valuesObject");
  if (object !== undefined && object !== null) return [jsonBytes(object)];
  const text = textOf(options, "values") ?? "";
  return text === "" ? [] : [Buffer.from(text)];
}

function switches(options: ValueMap): readonly string[] {
  return [
    ...(fieldOf(options, "skipSchemaValidation") === true ? ["--skip-schema-validation"] : []),
    ...(fieldOf(options, "skipTests") === true ? ["--skip-tests"] : []),
  ];
}

function parameters(options: ValueMap, environment: Environment): readonly string[] {
  return listAt(options, "parameters").flatMap((one) => {
    const name = textOf(one, "name") ?? "";
    const value = expanded(textOf(one, "value") ?? "", environment);
    const option = fieldOf(one, "forceString") === true ? "--set-string" : "--set";
    return name === "" ? [] : [option, `${name}=${asOneValue(value)}`];
  });
}

/** Helm takes a comma for the beginning of the next value; what stands in braces is meant for a list (`cleanSetParameters`). */
function asOneValue(text: string): string {
  return text.startsWith("{") && text.endsWith("}") ? text : text.replaceAll(/(?<!\\),/g, "\\,");
}

interface ReadParameters {
  readonly options: readonly string[];
  readonly files: readonly string[];
}

function fileParameters(input: HelmSettingsInput, options: ValueMap): ReadParameters | Fault {
  const read: { options: string[]; files: string[] } = { options: [], files: [] };
  for (const one of listAt(options, "fileParameters")) {
    const name = textOf(one, "name") ?? "";
    const file = fileOf(input, textOf(one, "path") ?? "");
    if (isFault(file)) return file;
    if (!input.repository.files.some(({ path }) => path === file)) return noFile(input.application, file);
    read.files.push(file);
    read.options.push("--set-file", `${name}=${asOneValue(`./${file}`)}`);
  }
  return read;
}

/** In the order in which they are given to Helm, each once: one that is named by itself stands there and not in a pattern's place. */
function valueFiles(input: HelmSettingsInput, options: ValueMap): readonly string[] | Fault {
  const lenient = fieldOf(options, "ignoreMissingValueFiles") === true;
  const known = new Set(input.repository.files.map(({ path }) => path));
  const resolved: string[] = [];
  for (const written of textsAt(options, "valueFiles")) {
    const file = fileOf(input, written);
    if (isFault(file)) return file;
    resolved.push(file);
  }
  const single = new Set(resolved.filter((file) => !isPattern(file)));
  const found = new Set<string>();
  for (const file of resolved) {
    const matches = isPattern(file) ? matching(file, known).filter((one) => !single.has(one)) : [file];
    const there = matches.filter((one) => known.has(one));
    if (there.length === 0 && !lenient && (!isPattern(file) || matching(file, known).length === 0)) {
      return noFile(input.application, file);
    }
    for (const one of there) found.add(one);
  }
  return [...found];
}

function isPattern(file: string): boolean {
  return /[*?[]/.test(file);
}

/** In the order in which Argo CD comes across them: a folder's files before what is below it, unless all below it is meant. */
function matching(pattern: string, files: ReadonlySet<string>): readonly string[] {
  const matches = compileGlob(pattern, "doublestar");
  const filesFirst = !pattern.endsWith("**");
  return matches === undefined ? [] : [...files].filter(matches).toSorted((a, b) => compareWalked(a, b, filesFirst));
}

function compareWalked(a: string, b: string, filesFirst: boolean): number {
  const [left, right] = [a.split("/"), b.split("/")];
  const at = left.findIndex((step, index) => step !== right[index]);
  const [leftIsFile, rightIsFile] = [at === left.length - 1, at === right.length - 1];
  if (filesFirst && leftIsFile !== rightIsFile) return leftIsFile ? -1 : 1;
  return compareText(left[at] ?? "", right[at] ?? "");
}

/** The path in the repository: from its root where it begins with a slash or a source's name, else from the chart. */
function fileOf({ application, root, repository, environment }: HelmSettingsInput, written: string): string | Fault {
  const [name = ""] = written.split("/");
  const refers = name.startsWith("$") && application.sources.length > 1;
  const other = refers ? application.sources.find(({ ref }) => `$${ref}` === name) : undefined;
  if (refers && other === undefined) {
    return argoFault(application, {
      what: `takes ${quoted(written)}, and no source of it has ref ${quoted(name.slice(1))}`,
    });
  }
  const prefix = other === undefined ? (root.prefix ?? "") : prefixOf(other, repository);
  if (other?.chart !== undefined || prefix === undefined) {
    return argoFault(application, { what: `takes ${quoted(written)} from another repository` });
  }
  const path = expanded(other === undefined ? written : written.slice(name.length), environment);
  if (/^[a-z][a-z0-9+.-]*:/i.test(path)) {
    return argoFault(application, { what: `takes values from ${quoted(path)}: holdfast fetches nothing` });
  }
  const fromRoot = other !== undefined || path.startsWith("/");
  const below = fromRoot ? `${prefix}/${path}` : `${root.path}/${path}`;
  const file = cleanPath(below.replace(/^\/+/, ""));
  if (file !== undefined && file !== "" && isWithin(file, fromRoot ? prefix : (root.prefix ?? ""))) return file;
  return argoFault(application, { what: `takes values from ${quoted(written)}, which leaves the repository` });
}

function noFile(application: Application, file: string): Fault {
  return argoFault(application, { what: `takes values from ${quoted(file)}, which is not in the repository` });
}

/** The way from the chart's folder. */
function fromChart(path: string, file: string): string {
  return `${path === "" ? "" : "../".repeat(path.split("/").length)}${file}`;
}
