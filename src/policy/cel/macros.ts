/** `has()` over any operand, and the two-variable comprehensions (cel-go `ext/comprehensions.go`). */

import { Optional } from "@marcbachmann/cel-js";
import type { ASTNode } from "@marcbachmann/cel-js";
import { registeredName } from "./calls.ts";
import type { Register } from "./register.ts";
import type { CelValue } from "./value.ts";

interface Checker {
  check(node: ASTNode, context: Context): Type;
  getType(name: string): Type;
  createError(code: string, message: string, node: ASTNode): Error;
}

interface Evaluation {
  run(node: ASTNode, context: Context): CelValue;
  createError(code: string, message: string, node: ASTNode): Error;
}

interface Type {
  readonly kind: string;
  readonly keyType?: Type;
  readonly valueType?: Type;
}

interface Context {
  forkWithVariable(name: string, type: Type): Context;
  reuse(parent: Context): Context;
  setIterValue(value: CelValue, evaluation: Evaluation): Context;
}

interface MacroCall {
  readonly args: readonly ASTNode[];
  readonly receiver: ASTNode | null;
  readonly ast: ASTNode;
}

export function registerMacros(register: Register): void {
  register(`${registeredName("has")}(ast): bool`, hasMacro);
  register("list.existsOne(ast, ast): bool", oneVariableExistsOne);
  for (const [name, run] of QUANTIFIERS) register(`list.${name}(ast, ast, ast): bool`, twoVariables(run, 1, "bool"));
  for (const [name, run] of TRANSFORMS) {
    const type = name === "transformList" ? "list" : "map";
    register(`list.${name}(ast, ast, ast): dyn`, twoVariables(run, 1, type));
    register(`list.${name}(ast, ast, ast, ast): dyn`, twoVariables(run, 2, type));
  }
}

/** `has(e.f)` is an error where `e` is one or a list, and false where `e` is a map without `f` or anything else (cel-go `interpreter/attributes.go`, refQualify). */
function hasMacro({ args }: MacroCall) {
  const node = args[0] as ASTNode;
  return {
    async: false,
    typeCheck(checker: Checker, _macro: unknown, context: Context): Type {
      if (node.op !== "." && node.op !== ".?") {
        throw checker.createError("invalid_macro_argument", "has() takes a field, as in has(object.spec)", node);
      }
      checker.check(node, context);
      return checker.getType("bool");
    },
    evaluate(evaluation: Evaluation, _macro: unknown, context: Context): boolean {
      const [operand, name] = node.args as [ASTNode, string];
      return hasField(evaluation.run(operand, context), name, () =>
        evaluation.createError("no_such_key", `No such key: ${name}`, node),
      );
    },
  };
}

function hasField(operand: CelValue, name: string, failure: () => Error): boolean {
  if (operand instanceof Optional) return operand.hasValue() && hasField(operand.value(), name, failure);
  if (operand instanceof Map) return operand.get(name) !== undefined;
  if (typeof operand === "object" && operand !== null && Object.getPrototypeOf(operand) === Object.prototype) {
    return Object.hasOwn(operand, name);
  }
  if (!Array.isArray(operand)) return false;
  throw failure();
}

type Entry = readonly [key: CelValue, value: CelValue];
/** One step's outcome: filter (where there is one) and body, evaluated with the entry's variables. */
type Step = (entry: Entry, part: number) => CelValue;
type Run = (entries: readonly Entry[], step: Step, parts: number) => CelValue;

function twoVariables(run: Run, parts: number, type: string) {
  return ({ args, receiver, ast }: MacroCall) => {
    const bodies = args.slice(2);
    let contexts: readonly [Context, Context] | undefined;
    return {
      async: false,
      typeCheck(checker: Checker, _macro: unknown, context: Context): Type {
        const [key, value] = args.slice(0, 2).map((node) => variableName(checker, node));
        const [keyType, valueType] = entryTypes(checker, checker.check(receiver as ASTNode, context), receiver ?? ast);
        const outer = context.forkWithVariable(key as string, keyType);
        contexts = [outer, outer.forkWithVariable(value as string, valueType)];
        for (const body of bodies) checker.check(body, contexts[1]);
        return checker.getType(type);
      },
      evaluate(evaluation: Evaluation, _macro: unknown, context: Context): CelValue {
        const [outer, inner] = contexts as readonly [Context, Context];
        const first = outer.reuse(context);
        const second = inner.reuse(first);
        const step: Step = ([key, value], part) => {
          first.setIterValue(key, evaluation);
          return evaluation.run(bodies[part] as ASTNode, second.setIterValue(value, evaluation));
        };
        return run(entriesOf(evaluation.run(receiver as ASTNode, context)), step, parts);
      },
    };
  };
}

/** `optional.optMap(v, …)`: the body with the optional's value, or none; `wrap` makes an optional of what the body gives. */
export function optionalMacro(wrap: (value: CelValue) => CelValue) {
  return ({ args, receiver }: MacroCall) => {
    let inner: Context | undefined;
    return {
      async: false,
      typeCheck(checker: Checker, _macro: unknown, context: Context): Type {
        const type = checker.check(receiver as ASTNode, context);
        inner = context.forkWithVariable(
          variableName(checker, args[0] as ASTNode),
          type.valueType ?? checker.getType("dyn"),
        );
        checker.check(args[1] as ASTNode, inner);
        return checker.getType("optional");
      },
      evaluate(evaluation: Evaluation, _macro: unknown, context: Context): CelValue {
        const optional = evaluation.run(receiver as ASTNode, context);
        if (!(optional instanceof Optional)) throw new TypeError("optMap is of optional values");
        if (!optional.hasValue()) return optional;
        const scope = (inner as Context).reuse(context).setIterValue(optional.value(), evaluation);
        return wrap(evaluation.run(args[1] as ASTNode, scope));
      },
    };
  };
}

function oneVariableExistsOne({ args, receiver, ast }: MacroCall) {
  let inner: Context | undefined;
  return {
    async: false,
    typeCheck(checker: Checker, _macro: unknown, context: Context): Type {
      const name = variableName(checker, args[0] as ASTNode);
      const [keyType, valueType, isList] = entryTypes(
        checker,
        checker.check(receiver as ASTNode, context),
        receiver ?? ast,
      );
      inner = context.forkWithVariable(name, isList ? valueType : keyType);
      checker.check(args[1] as ASTNode, inner);
      return checker.getType("bool");
    },
    evaluate(evaluation: Evaluation, _macro: unknown, context: Context): boolean {
      const scope = (inner as Context).reuse(context);
      const collection = evaluation.run(receiver as ASTNode, context);
      const items = Array.isArray(collection) ? collection : entriesOf(collection).map(([key]) => key);
      return (
        items.filter((item) => isTrue(evaluation.run(args[1] as ASTNode, scope.setIterValue(item, evaluation))))
          .length === 1
      );
    },
  };
}

function variableName(checker: Checker, node: ASTNode): string {
  if (node.op === "id") return node.args;
  throw checker.createError("invalid_macro_argument", "a comprehension's variables must be names", node);
}

function entryTypes(checker: Checker, type: Type, node: ASTNode): readonly [Type, Type, boolean] {
  const dyn = checker.getType("dyn");
  if (type.kind === "list") return [checker.getType("int"), type.valueType ?? dyn, true];
  if (type.kind === "map") return [type.keyType ?? dyn, type.valueType ?? dyn, false];
  if (type.kind === "dyn") return [dyn, dyn, true];
  throw checker.createError("invalid_comprehension_range", "a comprehension ranges over a list or a map", node);
}

function entriesOf(collection: CelValue): readonly Entry[] {
  if (Array.isArray(collection)) return collection.map((value, index) => [BigInt(index), value] as const);
  if (collection instanceof Map) return [...collection] as Entry[];
  if (typeof collection === "object" && collection !== null) return Object.entries(collection);
  throw new TypeError("a comprehension ranges over a list or a map");
}

function isTrue(value: CelValue): boolean {
  if (typeof value === "boolean") return value;
  throw new TypeError("a comprehension's condition must be a boolean");
}

/** An error counts only where no other entry decides, as `&&` and `||` have it. */
function decide(entries: readonly Entry[], step: Step, deciding: boolean): boolean {
  let failure: { readonly error: unknown } | undefined;
  for (const entry of entries) {
    try {
      if (isTrue(step(entry, 0)) === deciding) return deciding;
    } catch (error) {
      failure ??= { error };
    }
  }
  if (failure !== undefined) throw failure.error;
  return !deciding;
}

const existsOne: Run = (entries, step) => entries.filter((entry) => isTrue(step(entry, 0))).length === 1;

const QUANTIFIERS: readonly (readonly [string, Run])[] = [
  ["all", (entries, step) => decide(entries, step, false)],
  ["exists", (entries, step) => decide(entries, step, true)],
  ["existsOne", existsOne],
  ["exists_one", existsOne],
];

function kept(entries: readonly Entry[], step: Step, parts: number): readonly Entry[] {
  return parts === 1 ? entries : entries.filter((entry) => isTrue(step(entry, 0)));
}

const TRANSFORMS: readonly (readonly [string, Run])[] = [
  ["transformList", (entries, step, parts) => kept(entries, step, parts).map((entry) => step(entry, parts - 1))],
  [
    "transformMap",
    (entries, step, parts) => new Map(kept(entries, step, parts).map((entry) => [entry[0], step(entry, parts - 1)])),
  ],
  ["transformMapEntry", transformMapEntry],
];

function transformMapEntry(entries: readonly Entry[], step: Step, parts: number): CelValue {
  const result = new Map<CelValue, CelValue>();
  for (const entry of kept(entries, step, parts)) {
    for (const [key, value] of mapEntries(step(entry, parts - 1))) {
      if (result.has(key)) throw new Error("transformMapEntry gives the same key twice");
      result.set(key, value);
    }
  }
  return result;
}

function mapEntries(value: CelValue): readonly Entry[] {
  if (Array.isArray(value)) throw new TypeError("transformMapEntry takes a map");
  return entriesOf(value);
}
