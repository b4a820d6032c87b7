/** Runs the cases that stand beside policies (`<rule>.cases.yaml`): the tests of a policy, as `holdfast policy test` shows them. */

import type { AdmissionRequest, Violation } from "../core/admission.ts";
import type { Fault, SourcePosition } from "../core/fault.ts";
import { field } from "../core/path.ts";
import { fieldAt, fieldOf, isList, isMap, textOf } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";
import type { AdmissionPolicy } from "./admission-policy.ts";
import { policyEnvironment } from "./environment.ts";
import { compilePolicy } from "./compile.ts";
import type { CompiledPolicy } from "./compile.ts";
import { invalid, readDocuments } from "./documents.ts";
import type { PolicyDocument, PolicyFile } from "./documents.ts";
import { evaluateRequest } from "./evaluate.ts";
import { loadPolicies } from "./load.ts";
import { pluralOf } from "./plural.ts";
import { checkShape, OBJECT, TEXT, ANY } from "./shape.ts";
import type { Shape } from "./shape.ts";

export interface CaseResult {
  /** The policies' ids, joined by `, `. */
  readonly policy: string;
  readonly name: string;
  readonly position: SourcePosition;
  readonly passed: boolean;
  /** Why it did not pass, one line; empty where it did. */
  readonly why: string;
}

export interface CaseRun {
  readonly results: readonly CaseResult[];
  /** Files that could not be read, policies that do not compile. */
  readonly faults: readonly Fault[];
  /** Policies in files without cases beside them. */
  readonly untested: readonly string[];
}

const CASES: Shape = {
  kind: "fields",
  fields: {
    cases: {
      kind: "list",
      nonEmpty: true,
      of: {
        kind: "fields",
        fields: {
          name: TEXT,
          operation: { kind: "text", oneOf: ["CREATE", "UPDATE", "DELETE"] },
          object: OBJECT,
          oldObject: OBJECT,
          namespaceObject: OBJECT,
          params: OBJECT,
          resource: TEXT,
          expect: { kind: "text", oneOf: ["pass", "fail"] },
          element: ANY,
          message: TEXT,
        },
        required: ["name", "expect"],
      },
    },
  },
  required: ["cases"],
};

const SUFFIX = /\.cases(\.ya?ml)$/;

/** `files` holds policies and their cases; cases are run against the policies of the file whose name they share. */
export function runCases(files: readonly PolicyFile[]): CaseRun {
  const texts = new Map(files.map((file) => [file.file, file]));
  const results: CaseResult[] = [];
  const faults: Fault[] = [];
  const untested: string[] = [];
  const environment = policyEnvironment();
  for (const file of files.filter((candidate) => !SUFFIX.test(candidate.file))) {
    const { policies, faults: ofPolicies } = loadPolicies([file]);
    faults.push(...ofPolicies);
    const cases = texts.get(file.file.replace(/(\.ya?ml)$/, ".cases$1"));
    if (cases === undefined) untested.push(...policies.map((policy) => policy.id));
    else results.push(...runFile({ policies, environment }, cases, faults));
  }
  for (const file of files.filter((candidate) => SUFFIX.test(candidate.file))) {
    if (texts.has(file.file.replace(SUFFIX, "$1"))) continue;
    faults.push(invalid({ file: file.file, line: 1 }, file.file, "has no file of policies beside it"));
  }
  return { results, faults, untested };
}

interface Tested {
  readonly policies: readonly AdmissionPolicy[];
  readonly environment: ReturnType<typeof policyEnvironment>;
}

function runFile(tested: Tested, file: PolicyFile, faults: Fault[]): readonly CaseResult[] {
  const { documents, faults: unreadable } = readDocuments(file);
  faults.push(...unreadable);
  return documents.flatMap((document) => {
    const problems = checkShape(document.value, CASES);
    for (const { path, message } of problems) faults.push(invalid(document.positionOf(path), file.file, message));
    if (problems.length > 0) return [];
    const cases = fieldOf(document.value, "cases") as readonly ValueMap[];
    const asked: Asked = {
      ids: tested.policies.map((policy) => policy.id).join(", "),
      compile: (params) =>
        tested.policies.map((policy) => compilePolicy(withParams(policy, params), tested.environment)),
      compiled: tested.policies.map((policy) => compilePolicy(policy, tested.environment)),
    };
    return cases.map((one, index) => runCase(asked, one, document, index));
  });
}

interface Asked {
  readonly ids: string;
  readonly compiled: readonly CompiledPolicy[];
  /** For cases that bring their own parameter object. */
  compile(params: Value): readonly CompiledPolicy[];
}

function runCase(asked: Asked, one: ValueMap, document: PolicyDocument, index: number): CaseResult {
  const about = {
    policy: asked.ids,
    name: textOf(one, "name") ?? "",
    position: document.positionOf([field("cases"), { kind: "index", index }]),
  };
  const request = requestOf(one);
  if (typeof request === "string") return { ...about, passed: false, why: request };
  const params = fieldOf(one, "params");
  const why = compare(one, evaluateRequest(request, params === undefined ? asked.compiled : asked.compile(params)));
  return { ...about, passed: why === "", why };
}

function withParams(policy: AdmissionPolicy, params: Value): AdmissionPolicy {
  if (!isMap(params)) return policy;
  return { ...policy, bindings: [{ severity: "high", params: [params], allowWithoutParams: false }] };
}

/** The request of a case, or what is wrong with the case. */
function requestOf(one: ValueMap): AdmissionRequest | string {
  const operation = (textOf(one, "operation") ?? "CREATE") as AdmissionRequest["operation"];
  const [object, oldObject, namespaceObject] = ["object", "oldObject", "namespaceObject"].map((name) =>
    fieldOf(one, name),
  );
  if ((operation === "DELETE") !== (object === undefined))
    return `${operation} takes ${operation === "DELETE" ? "no" : "an"} object`;
  if ((operation === "CREATE") !== (oldObject === undefined)) {
    return `${operation} takes ${operation === "CREATE" ? "no" : "an"} oldObject`;
  }
  const shown = object ?? oldObject;
  const [apiVersion, kind] = [textOf(shown, "apiVersion"), textOf(shown, "kind")];
  if (apiVersion === undefined || kind === undefined) return "its object lacks apiVersion or kind";
  const metadata = fieldAt(shown, "metadata");
  const namespace = textOf(metadata, "namespace");
  return {
    operation,
    ref: { apiVersion, kind, name: textOf(metadata, "name") ?? "", ...(namespace === undefined ? {} : { namespace }) },
    resource: { resource: textOf(one, "resource") ?? pluralOf(kind), namespaced: namespace !== undefined },
    ...(object === undefined ? {} : { object }),
    ...(oldObject === undefined ? {} : { oldObject }),
    ...(namespaceObject === undefined ? {} : { namespaceObject }),
  };
}

/** Why the answer is not the expected one, or an empty text. */
function compare(one: ValueMap, violations: readonly Violation[]): string {
  const unknown = violations.find((violation) => !violation.evaluable);
  if (unknown !== undefined) return `${unknown.policy}: ${unknown.message}`;
  const messages = violations.map(({ policy, message }) => `${policy}: ${message}`).join("; ");
  if (textOf(one, "expect") === "pass") return violations.length === 0 ? "" : `expected to pass; ${messages}`;
  if (violations.length === 0) return "expected to fail; it passes";
  const message = textOf(one, "message");
  if (message !== undefined && !violations.some((violation) => violation.message.includes(message))) {
    return `no message contains ${JSON.stringify(message)}; ${messages}`;
  }
  return compareElements(fieldOf(one, "element"), violations);
}

function compareElements(expected: Value | undefined, violations: readonly Violation[]): string {
  const found = [...new Set(violations.flatMap(({ element }) => (element === undefined ? [] : [element])))].toSorted();
  const list = isList(expected) ? expected : undefined;
  const agrees =
    expected === undefined ||
    (list === undefined
      ? typeof expected === "string" && found.includes(expected)
      : JSON.stringify(list.map(String).toSorted()) === JSON.stringify(found));
  return agrees
    ? ""
    : `expected ${JSON.stringify(expected)} to be reported; reported: ${found.join(", ") || "no element"}`;
}
