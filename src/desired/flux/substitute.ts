/** Substitutes variables in a text as Flux does after a build (fluxcd `pkg/envsubst` v1.8.0, `template.go`). */

import { fromBytes, toBytes } from "./byte-text.ts";
import { callFunction, isDefaultOperator } from "./functions.ts";
import { parseTemplate } from "./template.ts";
import type { Part, VariableUse } from "./template.ts";
import { SubstitutionRefused, Work } from "./work.ts";

/** A variable that is there; of some (Secrets) the value is not known. */
export type Variable = { readonly kind: "known"; readonly value: string } | { readonly kind: "unknown" };

export interface SubstituteOptions {
  /** What stands for a value that is not known, and for whatever is made of one: a text that occurs nowhere else. */
  readonly dye: string;
  /** What the variables are that have no entry: not set, which is the default, or not known either. */
  readonly others?: "unset" | "unknown";
  /** kustomize-controller's `StrictPostBuildSubstitutions`: a variable that is not set and has no default is refused. */
  readonly strict?: boolean;
  /** For who substitutes in several texts: the bound on all of them. */
  readonly work?: Work;
}

export type Substituted =
  | {
      readonly kind: "done";
      readonly text: string;
      /** The variables that the dye in the text stands for, each once. */
      readonly unknown: readonly string[];
    }
  /** What Flux refuses, or what takes too much; holds no value of a variable. */
  | { readonly kind: "refused"; readonly why: string };

export function substitute(
  text: string,
  variables: ReadonlyMap<string, Variable>,
  options: SubstituteOptions,
): Substituted {
  if (!/[$\0]/.test(text)) return { kind: "done", text, unknown: [] };
  const bytes = toBytes(text);
  try {
    const work = options.work ?? new Work();
    const { bytes: made, unknown } = concatenated(parseTemplate(bytes), { variables, options, work });
    const substituted = fromBytes(made);
    if (substituted === undefined) return { kind: "refused", why: "a value is cut within a character" };
    return { kind: "done", text: substituted, unknown: [...new Set(unknown)] };
  } catch (error) {
    if (!(error instanceof SubstitutionRefused)) throw error;
    return { kind: "refused", why: `${lineOf(bytes, error.at)}${error.message}` };
  }
}

interface Scope {
  readonly variables: ReadonlyMap<string, Variable>;
  readonly options: SubstituteOptions;
  readonly work: Work;
}

interface Evaluated {
  readonly bytes: string;
  /** The variables that the dye in it stands for. */
  readonly unknown: readonly string[];
}

function concatenated(parts: readonly Part[], scope: Scope): Evaluated {
  const done = parts.map((part) => evaluated(part, scope));
  return { bytes: done.map(({ bytes }) => bytes).join(""), unknown: done.flatMap(({ unknown }) => unknown) };
}

function evaluated(part: Part, scope: Scope): Evaluated {
  const made = part.kind === "text" ? { bytes: part.bytes, unknown: [] } : valueOf(part, scope);
  scope.work.spend(made.bytes.length);
  return made;
}

/** Flux evaluates all arguments, whether they are used or not: one that fails costs the text. */
function valueOf({ name, operator, args, at }: VariableUse, scope: Scope): Evaluated {
  const { variables, options, work } = scope;
  const given = args.map((arg) => evaluated(arg, scope));
  const variable = variables.get(name) ?? (options.others === "unknown" ? { kind: "unknown" } : undefined);
  const fallback = isDefaultOperator(operator);
  if (variable === undefined && options.strict === true && !fallback) {
    throw new SubstitutionRefused(`the variable ${JSON.stringify(name.slice(0, 200))} is not set`, at);
  }
  if (variable?.kind === "unknown") return { bytes: toBytes(options.dye), unknown: [name] };
  const value = toBytes(variable?.value ?? "");
  const unknown = given.flatMap((arg) => arg.unknown);
  if (unknown.length > 0) {
    if (!fallback) return { bytes: toBytes(options.dye), unknown };
    if (value !== "") return { bytes: value, unknown: [] };
  }
  return { bytes: callFunction({ operator, value, args: given.map(({ bytes }) => bytes), work }), unknown };
}

function lineOf(bytes: string, at: number | undefined): string {
  if (at === undefined) return "";
  return `line ${bytes.slice(0, at).split("\n").length}: `;
}
