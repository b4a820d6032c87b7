// The bundled packs: every rule is complete, does what its cases say, and is what makes them say so.

import { describe, expect, it } from "vitest";
import type { Violation } from "../../src/core/admission.ts";
import { SEVERITIES } from "../../src/core/drift.ts";
import { fieldAt, isList } from "../../src/core/value.ts";
import type { AdmissionPolicy } from "../../src/policy/admission-policy.ts";
import { runCases } from "../../src/policy/cases.ts";
import type { CaseResult } from "../../src/policy/cases.ts";
import { policyEnvironment } from "../../src/policy/environment.ts";
import { compilePolicy } from "../../src/policy/compile.ts";
import { evaluateRequest } from "../../src/policy/evaluate.ts";
import { loadPolicies } from "../../src/policy/load.ts";
import { LIFTS, readPacks, requestOf } from "./packs.ts";
import type { Case, Rule } from "./packs.ts";

const RULES = readPacks();

const POD_RESOURCES = [
  "apps/daemonsets",
  "apps/deployments",
  "apps/replicasets",
  "apps/statefulsets",
  "batch/cronjobs",
  "batch/jobs",
  "core/podtemplates",
  "core/pods",
  "core/pods/ephemeralcontainers",
  "core/replicationcontrollers",
];

const ENVIRONMENT = policyEnvironment();

/** What the rule answers to each of its cases, in order. */
function answers(rule: Rule, policy: AdmissionPolicy = rule.policy): readonly (readonly Violation[])[] {
  const compiled = compilePolicy(policy, ENVIRONMENT);
  return rule.cases.map((one) => evaluateRequest(requestOf(one), [compiled]));
}

/** What it answers where `length` characters of its text are replaced. */
function answersWith(rule: Rule, [, position, length]: Place, replacement: string): readonly (readonly Violation[])[] {
  const { file, text } = rule.file;
  const changed = text.slice(0, position) + replacement + text.slice(position + length);
  const { policies, faults } = loadPolicies([{ file, text: changed }]);
  expect(faults).toEqual([]);
  return answers(rule, policies[0]);
}

function wrong(results: readonly CaseResult[]): readonly string[] {
  return results.filter((result) => !result.passed).map((result) => `${result.name}: ${result.why}`);
}

function casesThat(rule: Rule, expected: Case["expect"]): readonly string[] {
  return rule.cases.flatMap((one) => (one.expect === expected ? [one.name] : []));
}

describe("the bundled packs", () => {
  it("are these rules", () => {
    expect(RULES.map((rule) => rule.id)).toEqual([
      "exposure/EX01",
      "exposure/EX02",
      "exposure/EX03",
      "pss-baseline/appArmor",
      "pss-baseline/capabilities",
      "pss-baseline/hostNamespaces",
      "pss-baseline/hostPath",
      "pss-baseline/hostPorts",
      "pss-baseline/hostProbesAndHostLifecycle",
      "pss-baseline/privileged",
      "pss-baseline/procMount",
      "pss-baseline/seLinux",
      "pss-baseline/seccomp",
      "pss-baseline/sysctls",
      "pss-baseline/windowsHostProcess",
      "rbac-escalation/RB01",
      "rbac-escalation/RB02",
      "rbac-escalation/RB03",
      "rbac-escalation/RB04",
      "rbac-escalation/RB05",
      "rbac-escalation/RB08",
    ]);
  });

  it("have names of their own, as cluster objects must", () => {
    expect(new Set(RULES.map((rule) => rule.policy.name)).size).toBe(RULES.length);
    for (const { policy } of RULES) expect(policy.name).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
  });

  it("leave to the change only what a change alone can show", () => {
    expect(RULES.filter((rule) => rule.policy.delta).map((rule) => rule.id)).toEqual(["exposure/EX01"]);
  });
});

describe.each(RULES)("$id", (rule) => {
  it("says which rule it is, how severe, in a sentence, and for which controls", () => {
    const annotations = fieldAt(rule.document, "metadata", "annotations") as Readonly<Record<string, string>>;
    expect(annotations["holdfast.dev/rule"]).toBe(rule.id);
    expect(SEVERITIES).toContain(annotations["holdfast.dev/severity"]);
    expect(annotations["holdfast.dev/title"]).toMatch(/^[A-Z].{20,}\.$/);
    expect(rule.policy.controls.length).toBeGreaterThan(0);
    for (const control of rule.policy.controls)
      expect(control).toMatch(/^(?:PSS baseline: \S|NSA\/CISA: \S|CIS \d|CVE-\d)/);
  });

  it("is one validation with a message in words, and names what violates", () => {
    expect(rule.policy.validations).toHaveLength(1);
    expect(rule.policy.validations[0]?.message).toMatch(/\S \S/);
    expect(rule.policy.validations[0]?.messageExpression).toBeDefined();
    expect(rule.policy.auditAnnotations.map((annotation) => annotation.name)).toEqual(["element"]);
    expect(fieldAt(rule.document, "spec", "failurePolicy")).toBe("Fail");
  });

  it("does what its cases say", () => {
    const { results, faults } = runCases([rule.file, rule.casesFile]);
    expect([...faults, ...wrong(results)]).toEqual([]);
  });

  it("has cases that pass and cases that fail, and names for them", () => {
    expect(casesThat(rule, "pass").length).toBeGreaterThan(0);
    expect(casesThat(rule, "fail").length).toBeGreaterThan(0);
    expect(new Set(rule.cases.map((one) => one.name)).size).toBe(rule.cases.length);
  });

  it("names an element in every case that fails", () => {
    for (const violation of answers(rule).flat()) expect(violation.element).toMatch(/\S/);
  });

  it("fails its cases by its validation alone", () => {
    const text = rule.file.text.replace("- expression: size(variables.violating) == 0", "- expression: 'true'");
    const { results } = runCases([{ ...rule.file, text }, rule.casesFile]);
    expect(results.filter((result) => !result.passed).map((result) => result.name)).toEqual(casesThat(rule, "fail"));
  });

  it.each(fieldsOf(rule))("has a case that needs the field %s (%i)", (...place) => {
    expect(answersWith(rule, place, "mistyped")).not.toEqual(answers(rule));
  });

  it.each(literalsOf(rule))("has a case that needs the text %s (%i)", (...place) => {
    expect(answersWith(rule, place, "'mistyped'")).not.toEqual(answers(rule));
  });
});

type Place = readonly [text: string, position: number, length: number];

/** Where the rule's variables read a field that may be absent. */
function fieldsOf(rule: Rule): readonly Place[] {
  return places(rule, /(?<=\.\?)\w+/g);
}

/** The texts that the rule's variables compare with. */
function literalsOf(rule: Rule): readonly Place[] {
  return places(rule, /(?:(?<=[=!]= )|(?<=\bin \[)|(?<=\bin \[[^\]]*, )|(?<=(?:startsWith|endsWith)\())'[^']*'/g);
}

function places({ file }: Rule, pattern: RegExp): readonly Place[] {
  const [start, end] = [file.text.indexOf("  variables:"), file.text.indexOf("  validations:")];
  return [...file.text.matchAll(pattern)]
    .filter((match) => match.index > start && match.index < end)
    .map((match) => [match[0], match.index, match[0].length]);
}

describe.each(RULES.filter((rule) => rule.pack.startsWith("pss-")))("$id on every kind that has Pods", (rule) => {
  it("matches them all", () => {
    const resources = rule.policy.match.resourceRules.flatMap((match) =>
      match.apiGroups.flatMap((group) => match.resources.map((resource) => `${group || "core"}/${resource}`)),
    );
    expect(resources.toSorted()).toEqual(POD_RESOURCES.toSorted());
    for (const match of rule.policy.match.resourceRules) expect(match.operations).toEqual(["CREATE", "UPDATE"]);
  });

  it("has a case for an init container, an ephemeral container and a CronJob", () => {
    const kinds = rule.cases.filter((one) => one.expect === "fail").map((one) => one.object?.["kind"]);
    expect(kinds).toContain("CronJob");
    if (!rule.file.text.includes("initContainers")) return;
    const specs = rule.cases.filter((one) => one.expect === "fail").map((one) => fieldAt(one.object, "spec"));
    for (const list of ["initContainers", "ephemeralContainers"]) {
      expect(specs.some((spec) => isList(fieldAt(spec, list)))).toBe(true);
    }
  });

  it.each(Object.entries(LIFTS))("says of a %s what it says of the Pod", (_, lift) => {
    const compiled = compilePolicy(rule.policy, ENVIRONMENT);
    const pods = rule.cases.flatMap(({ name, operation, object, expect: expected }) =>
      operation === "CREATE" && object?.["kind"] === "Pod" ? [{ name, operation, expect: expected, object }] : [],
    );
    expect(pods.length).toBeGreaterThan(5);
    for (const pod of pods) {
      const lifted = evaluateRequest(requestOf({ ...pod, object: lift(pod.object) }), [compiled]);
      expect([pod.name, lifted]).toEqual([pod.name, evaluateRequest(requestOf(pod), [compiled])]);
    }
  });
});
