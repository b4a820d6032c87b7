/** The renderers' programs: where they are, and which version they are. */

import { constants } from "node:fs";
import { access, realpath } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import type { Fault } from "../../core/fault.ts";
import { runRenderer } from "./process.ts";
import type { RendererRun } from "./process.ts";

export type RendererName = "kustomize" | "helm";

export interface RendererBinary {
  readonly path: string;
  /** As it says itself, without what it was built from: `v5.8.1`. */
  readonly version: string;
}

/** Where the operator says that a program is, before PATH is asked. Nothing in a repository has a say in it. */
export const RENDERER_SETTINGS: Readonly<Record<RendererName, string>> = {
  kustomize: "HOLDFAST_KUSTOMIZE",
  helm: "HOLDFAST_HELM",
};

interface Known {
  readonly arguments: readonly string[];
  /** Major and minor of the oldest one. */
  readonly oldest: readonly [number, number];
}

const KNOWN: Readonly<Record<RendererName, Known>> = {
  // 5.0 is the first whose output keeps the order of what it was given (`sortOptions`), as Flux and Argo CD have it.
  kustomize: { arguments: ["version"], oldest: [5, 0] },
  // 3.8 is the first with OCI charts outside of experiments; Helm 4 takes the same arguments.
  helm: { arguments: ["version", "--short"], oldest: [3, 8] },
};

export interface FindBinary extends Pick<RendererRun, "home" | "limits" | "isolation"> {
  readonly name: RendererName;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The program, or `renderer-missing` where there is none, it does not start, or it is too old. */
export async function findBinary(input: FindBinary): Promise<RendererBinary | Fault> {
  const { name, environment } = input;
  const setting = RENDERER_SETTINGS[name];
  const set = environment[setting];
  const path = set === undefined || set === "" ? await onPath(name, environment["PATH"]) : await programAt(set);
  if (path === undefined) {
    return missing(name, set === undefined || set === "" ? "is not on PATH" : `is not where ${setting} says`);
  }
  const { arguments: args, oldest } = KNOWN[name];
  const end = await runRenderer({ ...input, binary: path, args, cwd: input.home });
  if (end.kind !== "done") return missing(name, "does not say its version when it is started");
  const found = /v?(\d+)\.(\d+)(?:\.\d+)?/.exec(end.output.toString("utf8"));
  if (found === null) return missing(name, "does not say its version when it is started");
  const [text, major, minor] = found;
  const version = text.startsWith("v") ? text : `v${text}`;
  if (Number(major) < oldest[0] || (Number(major) === oldest[0] && Number(minor) < oldest[1])) {
    const message = `is ${version}, which is too old: ${oldest.join(".")} is the oldest that is known to work`;
    return missing(name, message, "upgrade");
  }
  return { path, version };
}

async function onPath(name: string, path: string | undefined): Promise<string | undefined> {
  for (const folder of (path ?? "").split(delimiter)) {
    const found = isAbsolute(folder) ? await programAt(join(folder, name)) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

async function programAt(path: string): Promise<string | undefined> {
  try {
    await access(path, constants.X_OK);
    return isAbsolute(path) ? await realpath(path) : undefined;
  } catch {
    return undefined;
  }
}

function missing(name: RendererName, message: string, remedy: "install" | "upgrade" = "install"): Fault {
  return {
    kind: "fault",
    code: "renderer-missing",
    about: name,
    message: `${name} ${message}`,
    remedy: `${remedy} ${name}, or say where ${remedy === "install" ? "it" : "a newer one"} is with ${RENDERER_SETTINGS[name]} (an absolute path)`,
    leavesUnknown: "declared",
  };
}
