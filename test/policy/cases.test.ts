import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { runCases } from "../../src/policy/cases.ts";
import { pluralOf } from "../../src/policy/plural.ts";

const POLICY = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: named }
spec:
  matchConstraints:
    resourceRules: [{ apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps] }]
  validations: [{ expression: object.metadata.name != 'bad', message: a bad name }]
  auditAnnotations: [{ key: element, valueExpression: '"metadata.name"' }]
`;

function run(cases: string): readonly string[] {
  const { results, faults } = runCases([
    { file: "p.yaml", text: POLICY },
    { file: "p.cases.yaml", text: `cases:\n${cases}` },
  ]);
  return [
    ...faults.map(({ position, message }) => `${position?.line}: ${message}`),
    ...results.map(({ name, passed, why, position }) => `${position.line}: ${name}: ${passed ? "passed" : why}`),
  ];
}

const BAD = "object: { apiVersion: v1, kind: ConfigMap, metadata: { name: bad } }";
const GOOD = "object: { apiVersion: v1, kind: ConfigMap, metadata: { name: good } }";

describe("runCases", () => {
  test.each([
    [
      "as expected",
      `- { name: a, ${GOOD}, expect: pass }\n- { name: b, ${BAD}, expect: fail, message: bad name, element: metadata.name }`,
      ["2: a: passed", "3: b: passed"],
    ],
    ["fails unexpectedly", `- { name: a, ${BAD}, expect: pass }`, ["2: a: expected to pass; named: a bad name"]],
    ["passes unexpectedly", `- { name: a, ${GOOD}, expect: fail }`, ["2: a: expected to fail; it passes"]],
    [
      "another message",
      `- { name: a, ${BAD}, expect: fail, message: ugly }`,
      ['2: a: no message contains "ugly"; named: a bad name'],
    ],
    [
      "another element",
      `- { name: a, ${BAD}, expect: fail, element: spec }`,
      ['2: a: expected "spec" to be reported; reported: metadata.name'],
    ],
    [
      "all elements",
      `- { name: a, ${BAD}, expect: fail, element: [metadata.name, spec] }`,
      ['2: a: expected ["metadata.name","spec"] to be reported; reported: metadata.name'],
    ],
    [
      "not evaluable",
      "- { name: a, object: { apiVersion: v1, kind: ConfigMap }, expect: fail }",
      ["2: a: named: not evaluable: No such key: metadata"],
    ],
    ["no object", "- { name: a, expect: pass }", ["2: a: CREATE takes an object"]],
    [
      "an oldObject too many",
      `- { name: a, ${GOOD}, oldObject: {}, expect: pass }`,
      ["2: a: CREATE takes no oldObject"],
    ],
    ["an unknown field", `- { name: a, ${GOOD}, expects: pass }`, ["2: lacks expect", '2: unknown field "expects"']],
  ])("%s", (_, cases, expected) => expect(run(cases)).toEqual(expected));

  test("a policy without cases is named, and cases without a policy are a fault", () => {
    expect(runCases([{ file: "p.yaml", text: POLICY }]).untested).toEqual(["named"]);
    expect(runCases([{ file: "q.cases.yml", text: "cases: []\n" }]).faults).toMatchObject([{ about: "q.cases.yml" }]);
  });

  test.each([
    ["Ingress", "ingresses"],
    ["NetworkPolicy", "networkpolicies"],
    ["Gateway", "gateways"],
    ["Endpoints", "endpoints"],
    ["Pod", "pods"],
  ])("the plural of %s is %s", (kind, plural) => expect(pluralOf(kind)).toBe(plural));
});

describe("the bundled packs", () => {
  const root = fileURLToPath(new URL("../../config/policies/", import.meta.url));
  const packs = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());

  test.each(packs.map((pack) => pack.name))(
    "%s: every rule has cases that pass and cases that fail, and all come out",
    (pack) => {
      const files = readdirSync(`${root}${pack}`).map((file) => ({
        file: `${pack}/${file}`,
        text: readFileSync(`${root}${pack}/${file}`, "utf8"),
      }));
      const { results, faults, untested } = runCases(files);
      expect({ faults, untested, wrong: results.filter(({ passed }) => !passed) }).toEqual({
        faults: [],
        untested: [],
        wrong: [],
      });
      for (const { file, text } of files.filter((candidate) => candidate.file.endsWith(".cases.yaml"))) {
        expect([file, /expect: pass/.test(text), /expect: fail/.test(text)]).toEqual([file, true, true]);
      }
    },
  );
});
