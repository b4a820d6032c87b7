/** Reads policies from files' text: every one that can be used, and a fault with its line for every one that cannot. */

import type { Fault, SourcePosition } from "../core/fault.ts";
import type { AdmissionPolicy } from "./admission-policy.ts";
import { compilePolicy } from "./compile.ts";
import type { CompileError } from "./compile.ts";
import { invalid } from "./documents.ts";
import type { PolicyFile } from "./documents.ts";
import { policyEnvironment } from "./environment.ts";
import { readPolicies } from "./read.ts";
import type { PlacedPolicy } from "./read.ts";

export interface LoadedPolicies {
  /** In the files' order; those with an expression that does not compile are among them, and are not evaluable. */
  readonly policies: readonly AdmissionPolicy[];
  /** `policy-invalid`: a document that is not used at all; `policy-not-evaluable`: a policy that is asked and never passes. */
  readonly faults: readonly Fault[];
}

/** As {@link readPolicies}, and what does not compile is a fault. */
export function loadPolicies(files: readonly PolicyFile[]): LoadedPolicies {
  const { policies, untested, faults } = readPolicies(files);
  return { policies, faults: [...faults, ...compileFaults(untested)] };
}

function compileFaults(placed: readonly PlacedPolicy[]): readonly Fault[] {
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
  const fault = invalid(
    expression.position ?? start,
    policy.id,
    `${policy.id} does not compile: ${error.message}${at}`,
  );
  return { ...fault, code: "policy-not-evaluable" };
}
