/** Asks policies about requests. Pure and synchronous: time limits are the caller's, who can end a worker. */

import type { AdmissionRequest, Violation } from "../core/admission.ts";
import { atLeast, SEVERITIES } from "../core/drift.ts";
import type { Severity } from "../core/drift.ts";
import { fieldOf, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import type { AdmissionPolicy, PolicyBinding } from "./admission-policy.ts";
import { isCelError } from "./cel/expression.ts";
import type { CelError, CelResult } from "./cel/expression.ts";
import { NotKnowable, Variables } from "./cel/records.ts";
import { CelFailure } from "./cel/register.ts";
import { toCel } from "./to-cel.ts";
import type { CelValue } from "./cel/value.ts";
import type { Compiled, CompiledPolicy } from "./compile.ts";
import { splitElements } from "./elements.ts";
import { matchBinding, matchRequest } from "./matching.ts";
import type { Match } from "./matching.ts";
import { requestContext } from "./request.ts";
import type { RequestContext } from "./request.ts";

/** One answer a request, in order; within it policies in theirs. What a policy cannot answer is a violation that is not evaluable. */
export function evaluateAll(
  requests: readonly AdmissionRequest[],
  policies: readonly CompiledPolicy[],
): readonly (readonly Violation[])[] {
  return requests.map((request) => evaluateRequest(request, policies));
}

/** `before` is told each policy's index before it is asked, so that one that never answers can be told from the rest. */
export function evaluateRequest(
  request: AdmissionRequest,
  policies: readonly CompiledPolicy[],
  before?: (policy: number) => void,
): readonly Violation[] {
  let context: RequestContext | undefined;
  return policies.flatMap((compiled, index) => {
    before?.(index);
    const match = isAsked(compiled, request);
    if (match === "no") return [];
    if (match === "unknown")
      return [notEvaluable({ ...compiled, severity: worst(compiled.policy) }, -1, NAMESPACE_UNKNOWN)];
    return evaluatePolicy(compiled, request, (context ??= requestContext(request)));
  });
}

/** Whether the policy's rules and selectors are about the request; bindings and matchConditions are not asked. */
function isAsked({ policy }: CompiledPolicy, request: AdmissionRequest): Match {
  if (policy.delta && request.operation === "CREATE") return "no";
  return matchRequest(policy.match, request);
}

/** What a policy without a binding is asked by. */
const UNBOUND: PolicyBinding = { severity: "high", params: [], allowWithoutParams: false };

function evaluatePolicy(
  compiled: CompiledPolicy,
  request: AdmissionRequest,
  context: RequestContext,
): readonly Violation[] {
  const bindings = compiled.policy.bindings.length === 0 ? [UNBOUND] : compiled.policy.bindings;
  return withoutRepeats(
    bindings.flatMap((binding) => {
      const bound = { ...compiled, severity: compiled.policy.severity ?? binding.severity };
      const match = binding.match === undefined ? "yes" : matchBinding(binding.match, request);
      if (match === "no") return [];
      if (match === "unknown") return [notEvaluable(bound, -1, NAMESPACE_UNKNOWN)];
      return evaluateBound(bound, binding, request, context);
    }),
  );
}

const NAMESPACE_UNKNOWN = "the labels of its namespace are not known";

/** A policy as one binding asks it. */
interface BoundPolicy extends CompiledPolicy {
  readonly severity: Severity;
}

function evaluateBound(
  bound: BoundPolicy,
  binding: PolicyBinding,
  request: AdmissionRequest,
  context: RequestContext,
): readonly Violation[] {
  if (bound.policy.paramKind === undefined) return evaluateWith(bound, context, undefined);
  const params = binding.params.filter((param) => {
    const namespace = textOf(fieldOf(param, "metadata"), "namespace");
    return namespace === undefined || namespace === request.ref.namespace;
  });
  if (params.length > 0) return params.flatMap((param) => evaluateWith(bound, context, param));
  return binding.allowWithoutParams
    ? []
    : [notEvaluable(bound, -1, `no ${bound.policy.paramKind.kind} is bound to it as its parameter`)];
}

/** Several bindings or parameters can find the same: it is one violation, of the worst severity. */
function withoutRepeats(violations: readonly Violation[]): readonly Violation[] {
  const found = new Map<string, Violation>();
  for (const violation of violations) {
    const key = JSON.stringify([violation.validation, violation.element, violation.evaluable, violation.message]);
    const known = found.get(key);
    if (known === undefined || !atLeast(known.severity, violation.severity)) found.set(key, violation);
  }
  return [...found.values()];
}

type Context = Readonly<Record<string, CelValue>>;

function evaluateWith(compiled: BoundPolicy, request: RequestContext, params: Value | undefined): readonly Violation[] {
  const context: Context = Object.defineProperties(
    { variables: undefined, params: params === undefined ? null : toCel(params) },
    Object.getOwnPropertyDescriptors(request),
  );
  const variables = variablesOf(compiled, context);
  const full = Object.defineProperty(context, "variables", { value: variables, enumerable: true });
  const asked = conditionsHold(compiled, full);
  if (asked === true) return compiled.validations.flatMap((_, index) => evaluateValidation(compiled, index, full));
  return asked === false ? [] : [notEvaluable(compiled, -1, describe(asked))];
}

function variablesOf(compiled: BoundPolicy, context: Context): Variables {
  return new Variables(
    new Map(
      [...compiled.variables].map(([name, expression]) => [
        name,
        () => {
          const result = evaluate(expression, context);
          if (!isCelError(result)) return result.value;
          if (result.notKnowable) throw new NotKnowable(result.message);
          throw new CelFailure(`variables.${name} ${describe(result)}`);
        },
      ]),
    ),
  );
}

function evaluate(compiled: Compiled, context: Context): CelResult | CelError {
  return compiled.kind === "cel-error" ? compiled : compiled.evaluate(context);
}

/** The severity of a policy of which no binding can be told yet. */
function worst({ severity, bindings }: AdmissionPolicy): Severity {
  const of = new Set(bindings.map((binding) => binding.severity));
  return severity ?? SEVERITIES.find((candidate) => of.has(candidate)) ?? UNBOUND.severity;
}

/** One condition that is false settles it, whatever the others say; else an error does. */
function conditionsHold(compiled: BoundPolicy, context: Context): boolean | CelError {
  const results = compiled.matchConditions.map((condition) => evaluateBool(condition, context));
  if (results.includes(false)) return false;
  return results.find((result) => typeof result !== "boolean") ?? true;
}

function evaluateBool(compiled: Compiled, context: Context): boolean | CelError {
  const result = evaluate(compiled, context);
  if (isCelError(result)) return result;
  if (typeof result.value === "boolean") return result.value;
  return { kind: "cel-error", phase: "evaluate", message: "does not give true or false", notKnowable: false };
}

function evaluateValidation(compiled: BoundPolicy, index: number, context: Context): readonly Violation[] {
  const validation = compiled.validations[index] as CompiledPolicy["validations"][number];
  const valid = evaluateBool(validation.expression, context);
  if (valid === true) return [];
  if (valid !== false) return [notEvaluable(compiled, index, describe(valid))];
  const message = messageOf(compiled, index, context);
  const violation: Violation = { ...aboutPolicy(compiled), validation: index, message, evaluable: true };
  const elements = elementsOf(compiled, index, context);
  return elements.length === 0
    ? [{ ...violation, mentions: compiled.mentions }]
    : elements.map((element) => ({ ...violation, element }));
}

function messageOf({ policy, validations }: CompiledPolicy, index: number, context: Context): string {
  const { message, source } = policy.validations[index] as (typeof policy.validations)[number];
  const expression = validations[index]?.message;
  const result = expression === undefined ? undefined : evaluate(expression, context);
  if (result?.kind === "value" && typeof result.value === "string") {
    // As the API server does: one line, not too long, or the fixed message.
    const text = result.value.trim();
    if (text !== "" && text.length <= MAX_MESSAGE && !text.includes("\n")) return text;
  }
  return message?.trim() || `failed expression: ${oneLine(source)}`;
}

/** kubernetes/apiserver `celconfig.MaxEvaluatedMessageExpressionSizeBytes`. */
const MAX_MESSAGE = 5 * 1024;

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

function elementsOf({ elements }: CompiledPolicy, index: number, context: Context): readonly string[] {
  const expression = elements.get(index) ?? elements.get("all");
  const result = expression === undefined ? undefined : evaluate(expression, context);
  return result?.kind === "value" && typeof result.value === "string" ? splitElements(result.value) : [];
}

function aboutPolicy({ policy, severity }: BoundPolicy): Pick<Violation, "policy" | "severity" | "delta"> {
  return { policy: policy.id, severity, delta: policy.delta };
}

function notEvaluable(compiled: BoundPolicy, validation: number, why: string): Violation {
  return { ...aboutPolicy(compiled), validation, message: `not evaluable: ${oneLine(why)}`, evaluable: false };
}

function describe(error: CelError): string {
  return error.phase === "compile" ? `does not compile: ${error.message}` : error.message;
}
