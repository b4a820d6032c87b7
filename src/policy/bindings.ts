/** Reads ValidatingAdmissionPolicyBindings: what a policy is narrowed to, how severe it is, with which parameters. */

import type { Severity } from "../core/drift.ts";
import type { Fault } from "../core/fault.ts";
import { field } from "../core/path.ts";
import { fieldAt, fieldOf, isList, isMap, textOf } from "../core/value.ts";
import type { ValueMap } from "../core/value.ts";
import { MATCH_RESOURCES, parseMatch, SELECTOR } from "./admission-policy.ts";
import type { AdmissionPolicy, PolicyBinding } from "./admission-policy.ts";
import { invalid, isAdmissionApi, nameOf } from "./documents.ts";
import type { PolicyDocument } from "./documents.ts";
import { matchesLabels } from "./matching.ts";
import { checkShape, OBJECT, TEXT, ANY } from "./shape.ts";
import type { Shape } from "./shape.ts";

const BINDING: Shape = {
  kind: "fields",
  fields: {
    apiVersion: TEXT,
    kind: TEXT,
    metadata: OBJECT,
    status: ANY,
    spec: {
      kind: "fields",
      fields: {
        policyName: TEXT,
        validationActions: { kind: "list", of: { kind: "text", oneOf: ["Deny", "Warn", "Audit"] }, nonEmpty: true },
        matchResources: MATCH_RESOURCES,
        paramRef: {
          kind: "fields",
          fields: {
            name: TEXT,
            namespace: TEXT,
            selector: SELECTOR,
            parameterNotFoundAction: { kind: "text", oneOf: ["Allow", "Deny"] },
          },
        },
      },
      required: ["policyName", "validationActions"],
    },
  },
  required: ["metadata", "spec"],
};

/** The policies, in order, each with its bindings. `documents` holds the bindings and the parameter objects. */
export function bindPolicies(
  policies: readonly AdmissionPolicy[],
  documents: readonly PolicyDocument[],
): { readonly policies: readonly AdmissionPolicy[]; readonly faults: readonly Fault[] } {
  const byName = new Map(policies.map((policy) => [policy.name, policy]));
  const bound = new Map<string, PolicyBinding[]>();
  const faults: Fault[] = [];
  for (const document of documents.filter(isBinding)) {
    const problems = checkShape(document.value, BINDING);
    for (const { path, message } of problems)
      faults.push(invalid(document.positionOf(path), nameOf(document), message));
    const spec = fieldOf(document.value, "spec") as ValueMap;
    const name = problems.length === 0 ? (textOf(spec, "policyName") ?? "") : "";
    const policy = byName.get(name);
    if (policy !== undefined) {
      bound.set(name, [...(bound.get(name) ?? []), parseBinding(spec, policy, documents)]);
    } else if (problems.length === 0) {
      const at = document.positionOf([field("spec"), field("policyName")]);
      faults.push(
        invalid(at, nameOf(document), `binds the policy ${JSON.stringify(name)}, which is not among the policies`),
      );
    }
  }
  return { policies: policies.map((policy) => ({ ...policy, bindings: bound.get(policy.name) ?? [] })), faults };
}

function isBinding({ value }: PolicyDocument): boolean {
  return textOf(value, "kind") === "ValidatingAdmissionPolicyBinding" && isAdmissionApi(value);
}

function parseBinding(spec: ValueMap, policy: AdmissionPolicy, documents: readonly PolicyDocument[]): PolicyBinding {
  const actions = fieldOf(spec, "validationActions");
  const match = fieldOf(spec, "matchResources");
  const ref = fieldOf(spec, "paramRef");
  return {
    severity: severityOf(isList(actions) ? (actions as readonly string[]) : []),
    ...(isMap(match) ? { match: parseMatch(match) } : {}),
    params: isMap(ref) ? findParams(ref, policy, documents) : [],
    allowWithoutParams: textOf(ref, "parameterNotFoundAction") === "Allow",
  };
}

function severityOf(actions: readonly string[]): Severity {
  if (actions.includes("Deny")) return "high";
  return actions.includes("Warn") ? "medium" : "low";
}

function findParams(
  ref: ValueMap,
  { paramKind }: AdmissionPolicy,
  documents: readonly PolicyDocument[],
): readonly ValueMap[] {
  const [name, namespace, selector] = [textOf(ref, "name"), textOf(ref, "namespace"), fieldOf(ref, "selector")];
  return documents
    .map((document) => document.value)
    .filter((value) => {
      const labels = fieldAt(value, "metadata", "labels");
      return (
        textOf(value, "kind") === paramKind?.kind &&
        textOf(value, "apiVersion") === paramKind?.apiVersion &&
        (namespace === undefined || textOf(fieldOf(value, "metadata"), "namespace") === namespace) &&
        (name === undefined || textOf(fieldOf(value, "metadata"), "name") === name) &&
        (!isMap(selector) || matchesLabels(selector, isMap(labels) ? labels : {}))
      );
    });
}
