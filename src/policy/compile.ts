/** Compiles a policy's expressions once, to be evaluated on any number of objects. */

import type { ASTNode, Environment } from "@marcbachmann/cel-js";
import type { AdmissionPolicy, Expression, NamedExpression } from "./admission-policy.ts";
import { compileExpression } from "./cel/expression.ts";
import type { CelError, CompiledExpression } from "./cel/expression.ts";

/** A policy ready to be asked. What does not compile stays as its error, and is not evaluable wherever it is needed. */
export interface CompiledPolicy {
  readonly policy: AdmissionPolicy;
  readonly matchConditions: readonly Compiled[];
  readonly variables: ReadonlyMap<string, Compiled>;
  readonly validations: readonly { readonly expression: Compiled; readonly message?: Compiled }[];
  /** The audit annotations that name violating elements: for all validations, and by a validation's index. */
  readonly elements: ReadonlyMap<number | "all", Compiled>;
  /** Field names that the expressions mention, in code-unit order. */
  readonly mentions: readonly string[];
  readonly errors: readonly CompileError[];
}

export type Compiled = CompiledExpression | CelError;

export interface CompileError {
  readonly expression: Expression;
  readonly error: CelError;
}

/** `environment` is a `policyEnvironment()`; one serves all policies. */
export function compilePolicy(policy: AdmissionPolicy, environment: Environment): CompiledPolicy {
  const errors: CompileError[] = [];
  const mentions = new Set<string>();
  const names = policy.variables.map((variable) => variable.name);
  const compile = (expression: Expression, declared: readonly string[], types: readonly string[]): Compiled => {
    const answer = checked(compileExpression(environment, expression.source), declared, types);
    if (answer.kind === "cel-error") errors.push({ expression, error: answer });
    else collectMentions(answer.ast, mentions);
    return answer;
  };
  const compiled = {
    policy,
    matchConditions: policy.matchConditions.map((condition) => compile(condition, [], BOOL)),
    // A variable sees the ones before it only, so none can need itself.
    variables: new Map(
      policy.variables.map((variable, index) => [variable.name, compile(variable, names.slice(0, index), ANY)]),
    ),
    validations: policy.validations.map((validation) => ({
      expression: compile(validation, names, BOOL),
      ...(validation.messageExpression === undefined
        ? {}
        : { message: compile(validation.messageExpression, names, TEXT) }),
    })),
    elements: new Map(
      policy.auditAnnotations.flatMap((annotation) => {
        const expression = compile(annotation, names, [...TEXT, "null"]);
        const index = elementIndex(annotation);
        return index === undefined ? [] : [[index, expression] as const];
      }),
    ),
    errors,
  };
  return { ...compiled, mentions: [...mentions].sort() };
}

/** The policy as one that is never evaluable: what it matches is violated by it, and the reason said. */
export function brokenPolicy(policy: AdmissionPolicy, why: string): CompiledPolicy {
  const error: CelError = { kind: "cel-error", phase: "evaluate", message: why, notKnowable: false };
  return {
    policy,
    matchConditions: [error],
    variables: new Map(),
    validations: [],
    elements: new Map(),
    mentions: [],
    errors: [],
  };
}

const BOOL = ["bool"];
const TEXT = ["string"];
const ANY: readonly string[] = [];

function elementIndex({ name }: NamedExpression): number | "all" | undefined {
  if (name === "element") return "all";
  const match = /^element-(\d{1,6})$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}

/** The expression, where its static type may be one of `types` (any, where there are none) and its variables are declared. */
function checked(compiled: Compiled, declared: readonly string[], types: readonly string[]): Compiled {
  if (compiled.kind === "cel-error") return compiled;
  const unknown = undeclaredVariable(compiled.ast, new Set(declared));
  if (unknown !== undefined) return compileError(`undeclared variable variables.${unknown.args[1]}`, unknown.start);
  const type = compiled.type;
  if (types.length === 0 || type.startsWith("dyn") || types.includes(type)) return compiled;
  return compileError(`must be ${types.join(" or ")}, and is ${type}`, 0);
}

function compileError(message: string, offset: number): CelError {
  return { kind: "cel-error", phase: "compile", message, offset, notKnowable: false };
}

type FieldAccess = ASTNode & { readonly args: [ASTNode, string] };

/** The first `variables.x` with an `x` that is not declared. */
function undeclaredVariable(node: unknown, declared: ReadonlySet<string>): FieldAccess | undefined {
  if (Array.isArray(node)) {
    for (const item of node) {
      const found = undeclaredVariable(item, declared);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!isNode(node)) return undefined;
  if ((node.op === "." || node.op === ".?") && node.args[0].op === "id" && node.args[0].args === "variables") {
    return declared.has(node.args[1]) ? undefined : node;
  }
  return undeclaredVariable(node.args, declared);
}

/** Names that are selected, and texts, which may be keys: `labels["app"]`, `"app" in labels`. */
function collectMentions(node: unknown, mentions: Set<string>): void {
  if (Array.isArray(node)) for (const item of node) collectMentions(item, mentions);
  if (!isNode(node)) return;
  if (node.op === "." || node.op === ".?") mentions.add(node.args[1]);
  if (node.op === "value" && typeof node.args === "string") mentions.add(node.args);
  collectMentions(node.args, mentions);
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === "object" && value !== null && "op" in value && "args" in value;
}
