/**
 * Argo CD's build environment: variables that stand in an Application's own options
 * (argo-cd `docs/user-guide/build-environment.md`, `reposerver/repository`, newEnv).
 */

import type { Application, Source } from "./objects.ts";

export type Environment = ReadonlyMap<string, string>;

/**
 * Stand-ins for the commit that is deployed, which is another one than the one that is read as soon as anything is
 * committed: what comes of it is not known.
 */
export const REVISIONS = ["0".repeat(40), "f".repeat(40)] as const;

export function environmentOf({ ref, spec, destination }: Application, source: Source, revision: string): Environment {
  const project = spec["project"];
  return new Map([
    ["ARGOCD_APP_NAME", ref.name],
    ["ARGOCD_APP_NAMESPACE", destination.namespace],
    ["ARGOCD_APP_PROJECT_NAME", typeof project === "string" && project !== "" ? project : "default"],
    ["ARGOCD_APP_REVISION", revision],
    ["ARGOCD_APP_REVISION_SHORT", revision.slice(0, 7)],
    ["ARGOCD_APP_REVISION_SHORT_8", revision.slice(0, 8)],
    ["ARGOCD_APP_SOURCE_REPO_URL", source.repoURL],
    ["ARGOCD_APP_SOURCE_PATH", source.path],
    ["ARGOCD_APP_SOURCE_TARGET_REVISION", source.revision ?? ""],
  ]);
}

/** `$NAME` and `${NAME}`: names that are not known are empty, `$$` is one `$` (Go's `os.Expand`). */
export function expanded(text: string, environment: Environment): string {
  // Behind the last brace none is looked for: a text of nothing but their beginnings takes no longer than another.
  const end = text.lastIndexOf("}") + 1;
  const replace = (all: string, braced?: string, special?: string, plain?: string): string => {
    const name = braced ?? special ?? plain;
    if (name === undefined) return all === "$" ? "$" : "";
    return name === "$" ? "$" : (environment.get(name) ?? "");
  };
  const head = text.slice(0, end).replaceAll(/\$(?:\{([^}]*)\}|([*#$@!?\-0-9])|(\w+)|)/g, replace);
  return head + text.slice(end).replaceAll(/\$(?:\{()|([*#$@!?\-0-9])|(\w+)|)/g, replace);
}
