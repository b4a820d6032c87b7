import { describe, expect, test } from "vitest";
import { loadPolicies } from "../../src/policy/load.ts";

const RULE = '{ apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps] }';

function policy(name: string, spec: string, metadata = ""): string {
  return `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: ${name}${metadata} }
spec:
  matchConstraints: { resourceRules: [${RULE}] }
${spec}`;
}

const FINE = policy("fine", "  validations: [{ expression: 'true' }]\n");

/** Each fault as `line:column message`. */
function faults(...texts: readonly string[]): readonly string[] {
  const loaded = loadPolicies(texts.map((text, index) => ({ file: `${index}.yaml`, text })));
  return loaded.faults.map(
    ({ code, position, message }) => `${code} ${position?.file}:${position?.line}:${position?.column} ${message}`,
  );
}

describe("loadPolicies", () => {
  test("a document that is fine has no fault", () => {
    expect(faults(FINE)).toEqual([]);
    expect(loadPolicies([{ file: "a.yaml", text: FINE }]).policies).toMatchObject([
      { id: "fine", delta: false, controls: [] },
    ]);
  });

  test.each([
    ["a text that is no YAML", "a: [", "policy-invalid 0.yaml:1:"],
    [
      "an expression that does not parse",
      policy("p", "  validations:\n    - expression: 1 +\n"),
      "policy-not-evaluable 0.yaml:7:7 p does not compile",
    ],
    [
      "an expression of a wrong type",
      policy("p", "  validations:\n    - expression: '1'\n"),
      "must be bool, and is int",
    ],
    [
      "a variable that is not declared",
      policy("p", "  validations:\n    - expression: variables.x\n"),
      "undeclared variable variables.x",
    ],
    [
      "a variable that comes later",
      policy(
        "p",
        "  variables:\n    - { name: a, expression: variables.b }\n    - { name: b, expression: '1' }\n  validations:\n    - expression: variables.a == 1\n",
      ),
      "0.yaml:7:18 p does not compile: undeclared variable variables.b",
    ],
    ["an unknown field", policy("p", "  validation: []\n"), '0.yaml:6:3 unknown field "validation"'],
    ["rules that match nothing", FINE.replace(RULE, ""), "0.yaml:5:3 has no resourceRules"],
    ["nothing to validate", policy("p", ""), "0.yaml:4:1 has neither validations nor auditAnnotations"],
    [
      "a severity that is none",
      policy("p", "  validations: [{ expression: 'true' }]\n", ', annotations: { "holdfast.dev/severity": awful }'),
      "0.yaml:3:",
    ],
    [
      "an operation that is none",
      FINE.replace("[CREATE]", "[PATCH]"),
      "must be one of *, CREATE, UPDATE, DELETE, CONNECT",
    ],
    ["a name that is missing", FINE.replace("name: fine", "labels: {}"), "lacks name"],
    [
      "a binding of nothing",
      `apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicyBinding\nmetadata: { name: b }\nspec: { policyName: gone, validationActions: [Deny] }\n`,
      '0.yaml:4:9 binds the policy "gone"',
    ],
  ])("%s is a fault with its place", (_, text, expected) => {
    expect(faults(text).join("\n")).toContain(expected);
  });

  test.each([
    ["a List", "apiVersion: v1\nkind: List\n", FINE],
    [
      "a typed list, whose items leave their kind out",
      "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicyList\n",
      FINE.slice(FINE.indexOf("metadata")),
    ],
  ])("the policies in %s are read as kubectl prints them", (_what, head, item) => {
    const list = (text: string): string => `${head}items:\n- ${text.trimEnd().replaceAll("\n", "\n  ")}\n`;
    expect(loadPolicies([{ file: "a.yaml", text: list(item) }])).toMatchObject({
      policies: [{ id: "fine" }],
      faults: [],
    });
    expect(faults(list(item.replace("[CREATE]", "[PATCH]")))).toEqual([
      expect.stringContaining("must be one of *, CREATE, UPDATE, DELETE, CONNECT"),
    ]);
  });

  test("the same id twice names both places, and the first stays", () => {
    expect(faults(FINE, `---\n${FINE}`)).toEqual([
      "policy-invalid 1.yaml:2:1 the policy fine is declared twice; first in 0.yaml:1",
    ]);
  });

  test("one bad document costs no other", () => {
    const loaded = loadPolicies([{ file: "a.yaml", text: `${policy("bad", "  nonsense: 1\n")}---\n${FINE}` }]);
    expect(loaded.policies.map(({ id }) => id)).toEqual(["fine"]);
    expect(loaded.faults.length).toBeGreaterThan(0);
  });

  test("a policy that does not compile is kept, to be not evaluable", () => {
    expect(
      loadPolicies([{ file: "a.yaml", text: policy("bad", "  validations: [{ expression: '(' }]\n") }]).policies,
    ).toHaveLength(1);
  });

  test("a file that is tested elsewhere is not compiled to look for errors", () => {
    const text = policy("bad", "  validations: [{ expression: '(' }]\n");
    expect(loadPolicies([{ file: "a.yaml", text, tested: true }])).toMatchObject({
      faults: [],
      policies: [{ id: "bad" }],
    });
  });

  test("hostile keys are unknown fields", () => {
    expect(
      faults(policy("p", "  __proto__: {}\n  constructor: 1\n  validations: [{ expression: 'true' }]\n")),
    ).toHaveLength(2);
  });
});
