/**
 * `cel` is the expression language of ValidatingAdmissionPolicy behind an interface of our own: Common Expression
 * Language with Kubernetes' libraries (kubernetes/apiserver `pkg/cel/environment/base.go`), on `@marcbachmann/cel-js`.
 * No JavaScript regular expression ever runs on a policy's pattern, and errors are values.
 */

import type { ASTNode, Environment } from "@marcbachmann/cel-js";
import { renameCalls, restoreNames } from "./calls.ts";
import { NotKnowable } from "./records.ts";
import type { CelValue } from "./value.ts";

export interface CelError {
  readonly kind: "cel-error";
  readonly phase: "compile" | "evaluate";
  /** One line, in the engine's words. */
  readonly message: string;
  /** UTF-16 units into the source, where known. */
  readonly offset?: number;
  /** The expression asked for what nobody can know (userInfo, authorizer); the policy itself is not at fault. */
  readonly notKnowable: boolean;
}

export interface CelResult {
  readonly kind: "value";
  readonly value: CelValue;
}

export interface CompiledExpression {
  readonly kind: "expression";
  readonly source: string;
  /** The static type as CEL writes it; `dyn` where only running tells. */
  readonly type: string;
  readonly ast: ASTNode;
  /** `context` holds the environment's variables; a getter may throw {@link NotKnowable}. Never throws. */
  evaluate(context: Readonly<Record<string, CelValue>>): CelResult | CelError;
}

/** Parses and type-checks an expression once, to be evaluated often. */
export function compileExpression(environment: Environment, source: string): CompiledExpression | CelError {
  try {
    const parsed = environment.parse(renameCalls(source));
    const checked = parsed.check();
    if (!checked.valid) return celError("compile", checked.error);
    return {
      kind: "expression",
      source,
      type: checked.type ?? "dyn",
      ast: parsed.ast,
      evaluate(context) {
        try {
          return { kind: "value", value: parsed(context) as CelValue };
        } catch (error) {
          return celError("evaluate", error);
        }
      },
    };
  } catch (error) {
    return celError("compile", error);
  }
}

export function isCelError(result: { readonly kind: string }): result is CelError {
  return result.kind === "cel-error";
}

function celError(phase: CelError["phase"], error: unknown): CelError {
  const { summary, range } = error as { summary?: string; range?: { start: number } };
  const text = summary ?? (error instanceof Error ? error.message : String(error));
  const message = restoreNames(text.split("\n", 1)[0] ?? "");
  return {
    kind: "cel-error",
    phase,
    message,
    ...(range === undefined ? {} : { offset: range.start }),
    notKnowable: error instanceof NotKnowable,
  };
}
