import { globSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import type { AdmissionRequest } from "../../src/core/admission.ts";
import { groupOf } from "../../src/core/refs.ts";
import { fieldAt, fieldOf, isList, textOf } from "../../src/core/value.ts";
import type { Value, ValueMap } from "../../src/core/value.ts";
import { parsePolicy } from "../../src/policy/admission-policy.ts";
import type { AdmissionPolicy } from "../../src/policy/admission-policy.ts";
import { ask, CORPUS, documentsOf, requestFor, whyWithout } from "./corpus.ts";

const FOLDER = "gatekeeper-library/library";
const without = whyWithout(FOLDER);
if (without !== undefined) console.warn(`skipped: ${without}`);

function listOf(value: Value | undefined, ...path: readonly string[]): readonly Value[] {
  const found = fieldAt(value, ...path);
  return isList(found) ? found : [];
}

/** The ValidatingAdmissionPolicy that Gatekeeper makes of a template with CEL (`pkg/drivers/k8scel/schema`), or `undefined`. */
function policyOf(template: ValueMap): AdmissionPolicy | undefined {
  const target = listOf(template, "spec", "targets")[0];
  const engine = listOf(target, "code").find((code) => textOf(code, "engine") === "K8sNativeValidation");
  const source = fieldOf(engine, "source");
  if (source === undefined) return undefined;
  const parsed = parsePolicy(
    {
      metadata: { name: textOf(fieldOf(template, "metadata"), "name") ?? "" },
      spec: {
        paramKind: { apiVersion: "constraints.gatekeeper.sh/v1beta1", kind: "Constraint" },
        matchConstraints: {
          resourceRules: [{ apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*"] }],
        },
        matchConditions: listOf(source, "matchConditions"),
        variables: [
          { name: "anyObject", expression: 'request.operation == "DELETE" && object == null ? oldObject : object' },
          {
            name: "params",
            expression: "!has(params.spec) ? null : !has(params.spec.parameters) ? null : params.spec.parameters",
          },
          ...listOf(source, "variables"),
        ],
        validations: listOf(source, "validations"),
      },
    },
    () => undefined,
  );
  if (parsed.kind === "problems") throw new Error(JSON.stringify(parsed.problems));
  return parsed.policy;
}

/** A file holds an object, or an AdmissionReview with one. */
function requestOf(document: ValueMap): AdmissionRequest {
  const request = textOf(document, "kind") === "AdmissionReview" ? fieldOf(document, "request") : undefined;
  if (request === undefined) return requestFor("CREATE", document);
  const operation = (textOf(request, "operation") ?? "CREATE") as AdmissionRequest["operation"];
  const object = fieldOf(request, "object") ?? fieldOf(request, "oldObject") ?? {};
  return requestFor(operation, object, fieldOf(request, "oldObject") ?? (operation === "UPDATE" ? object : undefined));
}

function has(list: readonly Value[], wanted: string): boolean {
  return list.includes("*") || list.includes(wanted);
}

function constraintMatches(constraint: ValueMap, { ref }: AdmissionRequest): boolean {
  const kinds = listOf(constraint, "spec", "match", "kinds");
  return (
    !listOf(constraint, "spec", "match", "excludedNamespaces").includes(ref.namespace ?? "") &&
    (kinds.length === 0 ||
      kinds.some(
        (kind) => has(listOf(kind, "apiGroups"), groupOf(ref.apiVersion)) && has(listOf(kind, "kinds"), ref.kind),
      ))
  );
}

interface Verdict {
  readonly name: string;
  readonly expected: string;
  readonly found: string;
  readonly why: string;
}

function verdicts(suite: string): readonly Verdict[] {
  const folder = dirname(suite);
  const [document] = documentsOf(`${FOLDER}/${suite}`);
  return listOf(document, "tests").flatMap((one) => {
    const [template] = documentsOf(join(FOLDER, folder, textOf(one, "template") ?? ""));
    const policy = policyOf(template as ValueMap);
    const [constraint] = documentsOf(join(FOLDER, folder, textOf(one, "constraint") ?? ""));
    if (policy === undefined || constraint === undefined) return [];
    return listOf(one, "cases").map((given): Verdict => {
      const [object] = documentsOf(join(FOLDER, folder, textOf(given, "object") ?? ""));
      const request = requestOf(object as ValueMap);
      const violations = constraintMatches(constraint, request) ? ask([policy], request, constraint) : [];
      const expected = listOf(given, "assertions").every((assertion) => {
        const count = fieldOf(assertion, "violations");
        return count === "no" || count === false || count === 0;
      });
      const unknown = violations.find((violation) => !violation.evaluable);
      return {
        name: `${folder}: ${textOf(one, "name")}: ${textOf(given, "name")}`,
        expected: expected ? "pass" : "fail",
        found: unknown === undefined ? (violations.length === 0 ? "pass" : "fail") : "not evaluable",
        why: unknown?.message ?? "",
      };
    });
  });
}

describe.skipIf(without !== undefined)("gatekeeper's library", () => {
  test("gives the verdicts that its suites expect of templates with CEL", () => {
    const all = globSync("**/suite.yaml", { cwd: `${CORPUS}${FOLDER}` })
      .toSorted()
      .flatMap(verdicts);
    const disagree = all.filter(({ expected, found }) => expected !== found);
    console.log(`gatekeeper: ${all.length - disagree.length} of ${all.length} verdicts agree`);
    for (const { name, expected, found, why } of disagree)
      console.log(`  ${name}: expected ${expected}, found ${found} ${why}`);
    expect(all.length).toBeGreaterThanOrEqual(131);
    expect(all.length - disagree.length).toBeGreaterThanOrEqual(131);
  });
});
