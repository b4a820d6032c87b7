/**
 * `policy` judges drift with the documents that clusters enforce: ValidatingAdmissionPolicy
 * (kubernetes/api `admissionregistration/v1`). This file reads such a document into plain data.
 */

import type { Severity } from "../core/drift.ts";
import { SEVERITIES } from "../core/drift.ts";
import type { SourcePosition } from "../core/fault.ts";
import { field } from "../core/path.ts";
import type { FieldPath, PathStep } from "../core/path.ts";
import { fieldAt, fieldOf, isList, isMap, textOf } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";
import { checkShape, ANY, OBJECT, TEXT, TEXTS } from "./shape.ts";
import type { Problem, Shape } from "./shape.ts";

export interface AdmissionPolicy {
  /** `<pack>/<rule>`, or the document's name. */
  readonly id: string;
  readonly name: string;
  /** As annotated; without it each binding's actions tell. */
  readonly severity?: Severity;
  readonly title?: string;
  readonly controls: readonly string[];
  /** Compares with the old object: asked of UPDATE and DELETE only. */
  readonly delta: boolean;
  readonly match: MatchConstraints;
  readonly paramKind?: { readonly apiVersion: string; readonly kind: string };
  /** Without any it is asked as if one bound it, to everything and denying. */
  readonly bindings: readonly PolicyBinding[];
  readonly matchConditions: readonly NamedExpression[];
  readonly variables: readonly NamedExpression[];
  readonly validations: readonly Validation[];
  /** Audit annotations by key. */
  readonly auditAnnotations: readonly NamedExpression[];
}

/** A ValidatingAdmissionPolicyBinding. */
export interface PolicyBinding {
  readonly severity: Severity;
  /** What it narrows the policy to. */
  readonly match?: MatchConstraints;
  /** The parameter objects, each of which the policy is evaluated with; one in a namespace is for that namespace alone. */
  readonly params: readonly ValueMap[];
  /** `parameterNotFoundAction: Allow`: without a parameter object there is nothing to judge. */
  readonly allowWithoutParams: boolean;
}

export interface Expression {
  readonly source: string;
  /** Where the expression's field is written. */
  readonly position?: SourcePosition;
}

export interface NamedExpression extends Expression {
  readonly name: string;
}

interface Validation extends Expression {
  readonly message?: string;
  readonly messageExpression?: Expression;
}

export interface MatchConstraints {
  readonly resourceRules: readonly ResourceRule[];
  readonly excludeResourceRules: readonly ResourceRule[];
  readonly namespaceSelector?: LabelSelector;
  readonly objectSelector?: LabelSelector;
  readonly matchPolicy: "Equivalent" | "Exact";
}

export interface ResourceRule {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly operations: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
  readonly scope: string;
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

export type ParsedPolicy =
  | { readonly kind: "policy"; readonly policy: AdmissionPolicy }
  | { readonly kind: "problems"; readonly problems: readonly Problem[] };

const RULE: Shape = {
  kind: "fields",
  fields: {
    apiGroups: TEXTS,
    apiVersions: TEXTS,
    operations: { kind: "list", of: { kind: "text", oneOf: ["*", "CREATE", "UPDATE", "DELETE", "CONNECT"] } },
    resources: TEXTS,
    resourceNames: TEXTS,
    scope: { kind: "text", oneOf: ["*", "Cluster", "Namespaced"] },
  },
  required: ["apiGroups", "apiVersions", "operations", "resources"],
};

export const SELECTOR: Shape = {
  kind: "fields",
  fields: {
    matchLabels: OBJECT,
    matchExpressions: {
      kind: "list",
      of: {
        kind: "fields",
        fields: {
          key: TEXT,
          operator: { kind: "text", oneOf: ["In", "NotIn", "Exists", "DoesNotExist"] },
          values: TEXTS,
        },
        required: ["key", "operator"],
      },
    },
  },
};

/** `spec.matchConstraints`, and a binding's `matchResources`. */
export const MATCH_RESOURCES: Shape = {
  kind: "fields",
  fields: {
    resourceRules: { kind: "list", of: RULE },
    excludeResourceRules: { kind: "list", of: RULE },
    namespaceSelector: SELECTOR,
    objectSelector: SELECTOR,
    matchPolicy: { kind: "text", oneOf: ["Equivalent", "Exact"] },
  },
};

const NAMED: Shape = { kind: "fields", fields: { name: TEXT, expression: TEXT }, required: ["name", "expression"] };

const POLICY: Shape = {
  kind: "fields",
  fields: {
    apiVersion: TEXT,
    kind: TEXT,
    metadata: OBJECT,
    status: ANY,
    spec: {
      kind: "fields",
      fields: {
        failurePolicy: { kind: "text", oneOf: ["Fail", "Ignore"] },
        matchConstraints: MATCH_RESOURCES,
        matchConditions: { kind: "list", of: NAMED },
        paramKind: { kind: "fields", fields: { apiVersion: TEXT, kind: TEXT }, required: ["apiVersion", "kind"] },
        variables: { kind: "list", of: NAMED },
        validations: {
          kind: "list",
          of: {
            kind: "fields",
            fields: { expression: TEXT, message: TEXT, messageExpression: TEXT, reason: TEXT },
            required: ["expression"],
          },
        },
        auditAnnotations: {
          kind: "list",
          of: { kind: "fields", fields: { key: TEXT, valueExpression: TEXT }, required: ["key", "valueExpression"] },
        },
      },
      required: ["matchConstraints"],
    },
  },
  required: ["metadata", "spec"],
};

/** Reads a document of kind ValidatingAdmissionPolicy; `positionOf` tells where a field is written. */
export function parsePolicy(
  document: ValueMap,
  positionOf: (path: FieldPath) => SourcePosition | undefined,
): ParsedPolicy {
  const problems = [...checkShape(document, POLICY), ...checkMeaning(document)];
  if (problems.length > 0) return { kind: "problems", problems };
  const spec = fieldOf(document, "spec") as ValueMap;
  const at = (...steps: readonly (string | number)[]): { position?: SourcePosition } => {
    const position = positionOf([field("spec"), ...steps.map(stepOf)]);
    return position === undefined ? {} : { position };
  };
  const named = (list: string, name: string, source: string): readonly NamedExpression[] =>
    listOf(spec, list).map((entry, index) => ({
      name: textOf(entry, name) ?? "",
      source: textOf(entry, source) ?? "",
      ...at(list, index, source),
    }));
  const policy: AdmissionPolicy = {
    ...identity(document),
    match: parseMatch(fieldOf(spec, "matchConstraints") ?? {}),
    ...(isMap(fieldOf(spec, "paramKind")) ? { paramKind: fieldOf(spec, "paramKind") as never } : {}),
    bindings: [],
    matchConditions: named("matchConditions", "name", "expression"),
    variables: named("variables", "name", "expression"),
    validations: listOf(spec, "validations").map((entry, index) => ({
      source: textOf(entry, "expression") ?? "",
      ...at("validations", index, "expression"),
      ...optional("message", textOf(entry, "message")),
      ...optional("messageExpression", messageExpression(entry, at("validations", index, "messageExpression"))),
    })),
    auditAnnotations: named("auditAnnotations", "key", "valueExpression"),
  };
  return { kind: "policy", policy };
}

function stepOf(step: string | number): PathStep {
  return typeof step === "string" ? field(step) : { kind: "index", index: step };
}

function messageExpression(entry: Value, at: { position?: SourcePosition }): Expression | undefined {
  const source = textOf(entry, "messageExpression");
  return source === undefined || source === "" ? undefined : { source, ...at };
}

function optional<Name extends string, Item>(name: Name, value: Item | undefined): { readonly [key in Name]?: Item } {
  return value === undefined ? {} : ({ [name]: value } as { [key in Name]: Item });
}

/** What the shape cannot say: a severity that exists, a name, something to validate. */
function checkMeaning(document: ValueMap): readonly Problem[] {
  const problems: Problem[] = [];
  const metadata = [field("metadata")];
  if (textOf(fieldOf(document, "metadata"), "name") === undefined)
    problems.push({ path: metadata, message: "lacks name" });
  const path = [...metadata, field("annotations")];
  const severity = annotation(document, "severity");
  if (severity !== undefined && !SEVERITIES.includes(severity as Severity)) {
    problems.push({
      path: [...path, field("holdfast.dev/severity")],
      message: `must be one of ${SEVERITIES.join(", ")}`,
    });
  }
  const delta = annotation(document, "delta");
  if (delta !== undefined && delta !== "true" && delta !== "false") {
    problems.push({ path: [...path, field("holdfast.dev/delta")], message: 'must be "true" or "false"' });
  }
  const spec = fieldOf(document, "spec");
  if (listOf(fieldOf(spec, "matchConstraints"), "resourceRules").length === 0) {
    problems.push({
      path: [field("spec"), field("matchConstraints")],
      message: "has no resourceRules, and so matches nothing",
    });
  }
  if (listOf(spec, "validations").length === 0 && listOf(spec, "auditAnnotations").length === 0) {
    problems.push({ path: [field("spec")], message: "has neither validations nor auditAnnotations" });
  }
  return problems;
}

function annotation(document: ValueMap, name: string): string | undefined {
  return textOf(fieldAt(document, "metadata", "annotations"), `holdfast.dev/${name}`);
}

function identity(
  document: ValueMap,
): Pick<AdmissionPolicy, "id" | "name" | "severity" | "title" | "controls" | "delta"> {
  const name = textOf(fieldOf(document, "metadata"), "name") ?? "";
  return {
    id: annotation(document, "rule") ?? name,
    name,
    ...optional("severity", annotation(document, "severity") as Severity | undefined),
    ...optional("title", annotation(document, "title")),
    controls: (annotation(document, "controls") ?? "").split(", ").filter((control) => control !== ""),
    delta: annotation(document, "delta") === "true",
  };
}

/** `null` and absent lists are empty ones. */
function listOf(value: Value | undefined, name: string): readonly Value[] {
  const found = fieldOf(value, name);
  return isList(found) ? found : [];
}

/** Reads `matchConstraints` or `matchResources` of a document whose shape was checked. */
export function parseMatch(value: Value): MatchConstraints {
  const selector = (name: string): LabelSelector | undefined => {
    const found = fieldOf(value, name);
    return isMap(found) ? found : undefined;
  };
  return {
    resourceRules: listOf(value, "resourceRules").map(parseRule),
    excludeResourceRules: listOf(value, "excludeResourceRules").map(parseRule),
    ...optional("namespaceSelector", selector("namespaceSelector")),
    ...optional("objectSelector", selector("objectSelector")),
    matchPolicy: textOf(value, "matchPolicy") === "Exact" ? "Exact" : "Equivalent",
  };
}

function parseRule(rule: Value): ResourceRule {
  const texts = (name: string): readonly string[] => listOf(rule, name) as readonly string[];
  return {
    apiGroups: texts("apiGroups"),
    apiVersions: texts("apiVersions"),
    operations: texts("operations"),
    resources: texts("resources"),
    resourceNames: texts("resourceNames"),
    scope: textOf(rule, "scope") ?? "*",
  };
}
