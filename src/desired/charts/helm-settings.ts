/** What the operator has told Helm: repositories with their credentials, and how to log in to registries. Read, never written. */

import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fieldOf, isList, textOf } from "../../core/value.ts";
import type { Value } from "../../core/value.ts";
import { readYaml } from "../../yaml/read.ts";

/** Of one chart repository (helm `pkg/repo`, Entry). `pass_credentials_all` is not taken over: they go to that server alone. */
export interface RepositorySettings {
  readonly username?: string;
  readonly password?: string;
  /** Options of `helm repo add`. */
  readonly options: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What `helm repo add` was told of that very address; `undefined` where it was told nothing. */
export async function repositorySettings(
  url: string,
  environment: Environment,
): Promise<RepositorySettings | undefined> {
  const file = settingsFile(environment, "HELM_REPOSITORY_CONFIG", "repositories.yaml");
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch {
    return undefined; // As Helm has it: without the file there are no repositories.
  }
  const list = fieldOf(readYaml(text, { file }).documents[0]?.value, "repositories");
  const entry = (isList(list) ? list : []).find((one) => withoutSlash(textOf(one, "url") ?? "") === withoutSlash(url));
  return entry === undefined ? undefined : settingsOf(entry);
}

function settingsOf(entry: Value): RepositorySettings {
  const username = textOf(entry, "username") ?? "";
  const password = textOf(entry, "password") ?? "";
  const files = (["caFile", "certFile", "keyFile"] as const).flatMap((name) => {
    const file = textOf(entry, name) ?? "";
    return file === "" ? [] : [`--${name.replace("File", "-file")}`, file];
  });
  return {
    ...(username === "" || password === "" ? {} : { username, password }),
    options: [...files, ...(fieldOf(entry, "insecure_skip_tls_verify") === true ? ["--insecure-skip-tls-verify"] : [])],
  };
}

/** The file that says how to log in to registries, where there is one. */
export function registryConfig(environment: Environment): string | undefined {
  const file = settingsFile(environment, "HELM_REGISTRY_CONFIG", join("registry", "config.json"));
  return existsSync(file) ? file : undefined;
}

/** helm `pkg/helmpath`: its own variable, its folder, XDG's. */
function settingsFile(environment: Environment, variable: string, name: string): string {
  const set = (one: string): string | undefined => (environment[one] === "" ? undefined : environment[one]);
  const xdg = set("XDG_CONFIG_HOME") ?? join(set("HOME") ?? homedir(), ".config");
  return set(variable) ?? join(set("HELM_CONFIG_HOME") ?? join(xdg, "helm"), name);
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
