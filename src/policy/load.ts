/** Reads policies from files' text: every one that can be used, and a fault with its line for every one that cannot. */

import type { Fault, SourcePosition } from "../core/fault.ts";
import { textOf } from "../core/value.ts";
import { parsePolicy } from "./admission-policy.ts";
import type { AdmissionPolicy } from "./admission-policy.ts";
import { bindPolicies } from "./bindings.ts";
import { policyEnvironment } from "./environment.ts";
import { compilePolicy } from "./compile.ts";
import type { CompileError } from "./compile.ts";
import { invalid, isAdmissionApi, nameOf, readDocuments } from "./documents.ts";
import type { PolicyDocument, PolicyFile } from "./documents.ts";

export interface LoadedPolicies {
  /** In the files' order; those with an expression that does not compile are among them, and are not evaluable. */
  readonly policies: readonly AdmissionPolicy[];
  /** `policy-invalid`: a document that is not used at all; `policy-not-evaluable`: a policy that is asked and never passes. */
  readonly faults: readonly Fault[];
}

/** ValidatingAdmissionPolicies, their bindings and parameter objects. Files of cases (`*.cases.yaml`) are not for this. */
export function loadPolicies(files: readonly PolicyFile[]): LoadedPolicies {
  const read = files.map(readDocuments);
  const faults = read.flatMap((file) => file.faults);
  const documents = read.flatMap((file) => file.documents);
  const parsed = documents.filter(isPolicy).map((document) => {
    const result = parsePolicy(document.value, (path) => (document.tested ? undefined : document.positionOf(path)));
    if (result.kind === "policy") return [{ document, policy: result.policy }];
    for (const { path, message } of result.problems)
      faults.push(invalid(document.positionOf(path), nameOf(document), message));
    return [];
  });
  const unique = withoutDuplicates(parsed.flat(), faults);
  faults.push(...compileFaults(unique.filter(({ document }) => !document.tested)));
  const bound = bindPolicies(
    unique.map(({ policy }) => policy),
    documents,
  );
  faults.push(...bound.faults);
  return { policies: bound.policies, faults };
}

function isPolicy({ value }: PolicyDocument): boolean {
  return textOf(value, "kind") === "ValidatingAdmissionPolicy" && isAdmissionApi(value);
}

interface Placed {
  readonly document: PolicyDocument;
  readonly policy: AdmissionPolicy;
}

/** Findings are keyed by policy, so an id may be taken once: a later document cannot pass for an earlier one. */
function withoutDuplicates(placed: readonly Placed[], faults: Fault[]): readonly Placed[] {
  const taken = new Map<string, PolicyDocument>();
  return placed.filter(({ document, policy }) => {
    const first = taken.get(policy.id)?.positionOf([]);
    if (first === undefined) {
      taken.set(policy.id, document);
      return true;
    }
    const message = `the policy ${policy.id} is declared twice; first in ${first.file}:${first.line}`;
    faults.push(invalid(document.positionOf([]), policy.id, message));
    return false;
  });
}

function compileFaults(placed: readonly Placed[]): readonly Fault[] {
  if (placed.length === 0) return [];
  const environment = policyEnvironment();
  return placed.flatMap(({ document, policy }) =>
    compilePolicy(policy, environment).errors.map((error) => compileFault(policy, error, document.positionOf([]))),
  );
}

function compileFault(
  policy: AdmissionPolicy,
  { expression, error }: CompileError,
  start: SourcePosition | undefined,
): Fault {
  const at = error.offset === undefined ? "" : ` at character ${error.offset + 1} of the expression`;
  const fault = invalid(expression.position ?? start, policy.id, `${policy.id} does not compile: ${error.message}${at}`);
  return { ...fault, code: "policy-not-evaluable" };
}
