/**
 * Argo CD's config management plugins, where the operator says what is run in their place: a command of this machine, in the
 * folder that is deployed, with what Argo CD tells a plugin (argo-cd `reposerver/repository`, getPluginEnvs;
 * `docs/operator-manual/config-management-plugins.md`).
 */

import type { Fault } from "../../core/fault.ts";
import { fieldOf, isList, isMap, setField, textOf } from "../../core/value.ts";
import type { Value, ValueMap } from "../../core/value.ts";
import { decodeText } from "../../yaml/content.ts";
import { readYaml } from "../../yaml/read.ts";
import { FOLDER } from "../other-repositories.ts";
import { isWithin } from "../paths.ts";
import type { Capabilities } from "../render/helm.ts";
import type { RenderJob } from "../render/renderers.ts";
import { expanded } from "./environment.ts";
import type { Environment } from "./environment.ts";
import { argoFault, listAt, quoted } from "./objects.ts";
import type { Application, Source } from "./objects.ts";
import type { PluginRoot, Repository } from "./root.ts";

export interface PluginInput {
  readonly application: Application;
  readonly root: PluginRoot;
  readonly repository: Repository;
  readonly environment: Environment;
  readonly capabilities: Capabilities;
}

/** What is run, on all files of the source's own repository. */
export function pluginJob({
  application,
  root,
  repository,
  environment,
  capabilities,
}: PluginInput): RenderJob | Fault {
  const variables = pluginVariables(root.source, environment, capabilities);
  if (variables === undefined) return unfit(application);
  const { path, prefix } = root;
  const [command = "", ...args] = root.command;
  const isHanded = (file: string): boolean => (prefix === undefined ? !isWithin(file, FOLDER) : isWithin(file, prefix));
  return {
    renderer: "plugin",
    command,
    args,
    programs: { paths: [command] },
    path,
    file: root.root.file,
    cwd: path,
    tree: repository.tree,
    files: repository.files.filter((file) => isHanded(file.path)),
    variables,
    charts: false,
    foreseen: true,
    // It is rendered for two revisions anyway.
    mayVary: "never",
  };
}

/** Linux takes 128 KiB for one of them (`MAX_ARG_STRLEN`). */
const MAX_VARIABLE = 120 * 1024;

/** `undefined` where they are none that a program could be given. */
export function pluginVariables(
  { value }: Pick<Source, "value">,
  environment: Environment,
  { kubeVersion, apiVersions }: Capabilities,
): Readonly<Record<string, string>> | undefined {
  const plugin = fieldOf(value, "plugin");
  const known = new Map([
    ...environment,
    ["KUBE_VERSION", /^v?(\d+(?:\.\d+)+)/.exec(kubeVersion)?.[1] ?? ""],
    ["KUBE_API_VERSIONS", apiVersions.join(",")],
  ]);
  const variables = new Map(known);
  for (const one of listAt(plugin, "env")) {
    variables.set(`ARGOCD_ENV_${textOf(one, "name") ?? ""}`, expanded(textOf(one, "value") ?? "", known));
  }
  const parameters = fieldOf(plugin, "parameters");
  variables.set("ARGOCD_APP_PARAMETERS", isList(parameters) ? goJson(parameters.map(parameterOf)) : "null");
  for (const one of isList(parameters) ? parameters : []) addParameter(variables, one);
  const fits = [...variables].every(
    ([name, text]) => !/[=\0]/.test(name) && !text.includes("\0") && text.length < MAX_VARIABLE,
  );
  return fits ? Object.fromEntries(variables) : undefined;
}

/** `PARAM_…` (argo-cd `types.go`, ApplicationSourcePluginParameters.Environ). */
function addParameter(variables: Map<string, string>, parameter: Value): void {
  const base = `PARAM_${escaped(textOf(parameter, "name") ?? "")}`;
  const text = textOf(parameter, "string");
  if (text !== undefined) variables.set(base, text);
  const map = fieldOf(parameter, "map");
  for (const [key, one] of isMap(map) ? Object.entries(map) : []) {
    if (typeof one === "string") variables.set(`${base}_${escaped(key)}`, one);
  }
  for (const [index, one] of listAt(parameter, "array").entries()) {
    if (typeof one === "string") variables.set(`${base}_${index}`, one);
  }
}

/** Go makes one letter of each: a sharp s stays what it is. */
function escaped(name: string): string {
  return Array.from(name, (one) => (/^[A-Z0-9_]$/.test(one.toUpperCase()) ? one.toUpperCase() : "_")).join("");
}

/** Always with a name; keys in order, as Go has them. */
function parameterOf(parameter: Value): ValueMap {
  const result: Record<string, Value> = {};
  const array = fieldOf(parameter, "array");
  const map = fieldOf(parameter, "map");
  if (isList(array)) setField(result, "array", array);
  if (isMap(map)) setField(result, "map", sorted(map));
  setField(result, "name", textOf(parameter, "name") ?? "");
  const text = textOf(parameter, "string");
  if (text !== undefined) setField(result, "string", text);
  return result;
}

function sorted(map: ValueMap): ValueMap {
  const result: Record<string, Value> = {};
  for (const key of Object.keys(map).toSorted()) setField(result, key, map[key] ?? "");
  return result;
}

/** Go's `encoding/json` writes what HTML knows otherwise. */
function goJson(value: readonly ValueMap[]): string {
  return JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * A program may print anything. Of what is no object Argo CD says that it cannot be deployed (gitops-engine `kube.SplitYAML`);
 * `undefined` where all of it is one.
 */
export function oddOutput(application: Application, { name }: PluginRoot, output: Uint8Array): Fault | undefined {
  const text = decodeText(output);
  if (text === undefined) return undefined; // Said by who reads it.
  const { documents, faults } = readYaml(text, { file: application.origin.file });
  if (faults.length === 0 && documents.every(({ value }) => isObject(value))) return undefined;
  const fault = argoFault(application, {
    what: `is rendered by the plugin ${quoted(name)}, and what its command prints is not all of it objects in YAML`,
    remedy: "mend the command, which has to print manifests and nothing else",
  });
  return { ...fault, code: "render-failed" };
}

function isObject(value: Value): boolean {
  return value === null || (textOf(value, "kind") !== undefined && textOf(value, "apiVersion") !== undefined);
}

function unfit(application: Application): Fault {
  return argoFault(application, {
    what: "gives its plugin variables that no program can be given: one is too long, or its name is none",
    remedy: "mend the plugin's env and parameters",
  });
}

/** @param granted by name, what the operator lets be run */
export function pluginFault(application: Application, name: string | undefined): Fault {
  if (name === undefined || name === "") {
    return argoFault(application, {
      what: "is rendered by a config management plugin that it does not name: which one Argo CD finds is not known",
      remedy: "name it in plugin.name, or commit what the plugin makes",
    });
  }
  return argoFault(application, {
    what: `is rendered by the plugin ${quoted(name)}: holdfast runs none that the operator names no command for`,
    remedy: `have the operator name a command (--plugin ${name.slice(0, 100)}=/path/to/program, or plugins in the server's configuration), commit what the plugin makes, or leave it: what it deploys is not compared`,
  });
}
