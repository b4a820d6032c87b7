/** What `--allow-exec` and `--plugin` let be run. */

import { InvalidArgumentError } from "commander";
import { cleanPath } from "../desired/paths.ts";
import type { ProgramGrants } from "../desired/render/programs.ts";
import type { PluginGrant, SourceOptions } from "./options.ts";

export function grantedPrograms({ allowExec, plugin }: Pick<SourceOptions, "allowExec" | "plugin">): {
  readonly programs?: ProgramGrants;
} {
  if (allowExec.length + plugin.length === 0) return {};
  return { programs: { functions: allowExec, plugins: new Map(plugin.map(({ name, command }) => [name, command])) } };
}

export function collectExec(value: string, before: readonly string[]): readonly string[] {
  const path = value.startsWith("/") ? value : cleanPath(value);
  if (path === undefined || path === "")
    throw new InvalidArgumentError("Write a path of the repository, or from / on.");
  return [...before, path];
}

/** The command's words are parted by spaces; one that begins with `[` is a JSON list of them. */
export function collectPlugin(value: string, before: readonly PluginGrant[]): readonly PluginGrant[] {
  const equals = value.indexOf("=");
  const text = value.slice(equals + 1).trim();
  const command = text.startsWith("[") ? listOf(text) : text.split(/ +/);
  if (equals < 1 || command?.[0]?.startsWith("/") !== true) {
    throw new InvalidArgumentError("Write NAME=COMMAND, where the command begins with a path from / on.");
  }
  const name = value.slice(0, equals);
  if (before.some((one) => one.name === name)) {
    throw new InvalidArgumentError(`The plugin ${JSON.stringify(name)} has a command already.`);
  }
  return [...before, { name, command }];
}

function listOf(text: string): readonly string[] | undefined {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && list.every((one) => typeof one === "string") ? list : undefined;
  } catch {
    return undefined;
  }
}
