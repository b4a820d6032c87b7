/**
 * `matches`, `find` and `findAll` by RE2, whose time is linear in the text: a pattern of a policy, or a text of the
 * cluster, cannot hang a pass (`^(a+)+$` on 31 letters takes a JavaScript RegExp 37 seconds).
 */

import { RE2JS } from "re2js";
import type { Environment } from "@marcbachmann/cel-js";
import { registeredName } from "../calls.ts";
import { CelFailure } from "../register.ts";
import type { Register } from "../register.ts";

/** Compiled patterns kept by each environment. */
const MAX_KEPT = 500;

export function registerRegex(_environment: Environment, register: Register): void {
  const compile = keepingCompiler();
  const matches = (text: string, pattern: string): boolean => compile(pattern).matcher(text).find();
  register(`string.${registeredName("matches")}(string): bool`, matches);
  register(`${registeredName("matches")}(string, string): bool`, matches);
  register(
    "string.find(string): string",
    (text: string, pattern: string) => findAll(compile(pattern), text, 1n)[0] ?? "",
  );
  register("string.findAll(string): list<string>", (text: string, pattern: string) =>
    findAll(compile(pattern), text, -1n),
  );
  register("string.findAll(string, int): list<string>", (text: string, pattern: string, limit: bigint) =>
    findAll(compile(pattern), text, limit),
  );
}

function keepingCompiler(): (pattern: string) => RE2JS {
  const kept = new Map<string, RE2JS>();
  return (pattern) => {
    const known = kept.get(pattern);
    if (known !== undefined) return known;
    if (kept.size >= MAX_KEPT) kept.clear();
    const compiled = compilePattern(pattern);
    kept.set(pattern, compiled);
    return compiled;
  };
}

function compilePattern(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch {
    throw new CelFailure("not a regular expression that RE2 takes");
  }
}

/** Non-overlapping matches from the left; a negative limit means all. */
function findAll(pattern: RE2JS, text: string, limit: bigint): string[] {
  const found: string[] = [];
  const most = limit < 0n ? Number.POSITIVE_INFINITY : Number(limit);
  const matcher = pattern.matcher(text);
  while (found.length < most && matcher.find()) found.push(matcher.group() ?? "");
  return found;
}
