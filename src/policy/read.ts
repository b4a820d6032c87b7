/** Reads policies from files' text without compiling them: the engine is not needed to know what there is. */

import type { Fault } from "../core/fault.ts";
import { textOf } from "../core/value.ts";
import { parsePolicy } from "./admission-policy.ts";
import type { AdmissionPolicy } from "./admission-policy.ts";
import { bindPolicies } from "./bindings.ts";
import { invalid, isAdmissionApi, nameOf, readDocuments } from "./documents.ts";
import type { PolicyDocument, PolicyFile } from "./documents.ts";

export interface ReadPolicies {
  /** In the files' order. */
  readonly policies: readonly AdmissionPolicy[];
  /** Of them, those that no test of holdfast's has compiled yet. */
  readonly untested: readonly PlacedPolicy[];
  /** `policy-invalid`: a document that is not used at all. */
  readonly faults: readonly Fault[];
}

export interface PlacedPolicy {
  readonly document: PolicyDocument;
  readonly policy: AdmissionPolicy;
}

/** ValidatingAdmissionPolicies, their bindings and parameter objects. Files of cases (`*.cases.yaml`) are not for this. */
export function readPolicies(files: readonly PolicyFile[]): ReadPolicies {
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
  const bound = bindPolicies(
    unique.map(({ policy }) => policy),
    documents,
  );
  faults.push(...bound.faults);
  return { policies: bound.policies, untested: unique.filter(({ document }) => !document.tested), faults };
}

function isPolicy({ value }: PolicyDocument): boolean {
  return textOf(value, "kind") === "ValidatingAdmissionPolicy" && isAdmissionApi(value);
}

/** Findings are keyed by policy, so an id may be taken once: a later document cannot pass for an earlier one. */
function withoutDuplicates(placed: readonly PlacedPolicy[], faults: Fault[]): readonly PlacedPolicy[] {
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
