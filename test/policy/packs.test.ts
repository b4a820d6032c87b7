// The bundled packs: every rule is complete, does what its cases say, and is what makes them say so.

import { describe, expect, it } from "vitest";
import { SEVERITIES } from "../../src/core/drift.ts";
import { fieldAt, isList } from "../../src/core/value.ts";
import { runCases } from "../../src/policy/cases.ts";
import type { CaseResult } from "../../src/policy/cases.ts";
import { policyEnvironment } from "../../src/policy/environment.ts";
import { compilePolicy } from "../../src/policy/compile.ts";
import { evaluateRequest } from "../../src/policy/evaluate.ts";
import { casesOf, LIFTS, readPacks, requestOf } from "./packs.ts";
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

/** What the rule says of its cases where its text is written otherwise. */
function resultsWith(rule: Rule, change: (text: string) => string): readonly CaseResult[] {
  const { results, faults } = runCases([{ ...rule.file, text: change(rule.file.text) }, rule.cases]);
  expect(faults).toEqual([]);
  return results;
}

function wrong(results: readonly CaseResult[]): readonly string[] {
  return results.filter((result) => !result.passed).map((result) => `${result.name}: ${result.why}`);
}

function casesThat(rule: Rule, expected: Case["expect"]): readonly string[] {
  return casesOf(rule).flatMap((one) => (one.expect === expected ? [one.name] : []));
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
    expect(wrong(resultsWith(rule, (text) => text))).toEqual([]);
  });

  it("has cases that pass and cases that fail, and names for them", () => {
    expect(casesThat(rule, "pass").length).toBeGreaterThan(0);
    expect(casesThat(rule, "fail").length).toBeGreaterThan(0);
    expect(new Set(casesOf(rule).map((one) => one.name)).size).toBe(casesOf(rule).length);
  });

  it("names an element in every case that fails", () => {
    const compiled = compilePolicy(rule.policy, policyEnvironment());
    for (const one of casesOf(rule).filter((candidate) => candidate.expect === "fail")) {
      const violations = evaluateRequest(requestOf(one), [compiled]);
      expect(violations.map((violation) => violation.element)).not.toContain(undefined);
    }
  });

  it("fails its cases by its validation alone", () => {
    const results = resultsWith(rule, (text) =>
      text.replace("- expression: size(variables.violating) == 0", "- expression: 'true'"),
    );
    expect(results.filter((result) => !result.passed).map((result) => result.name)).toEqual(casesThat(rule, "fail"));
  });

  it.each(fieldsOf(rule))("has a case that needs the field %s", (_, position, length) => {
    const results = resultsWith(rule, (text) => `${text.slice(0, position)}mistyped${text.slice(position + length)}`);
    expect(wrong(results)).not.toEqual([]);
  });

  it.each(literalsOf(rule))("has a case that needs the text %s", (_, position, length) => {
    const results = resultsWith(rule, (text) => `${text.slice(0, position)}'mistyped'${text.slice(position + length)}`);
    expect(wrong(results)).not.toEqual([]);
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
    const kinds = casesOf(rule)
      .filter((one) => one.expect === "fail")
      .map((one) => one.object?.["kind"]);
    expect(kinds).toContain("CronJob");
    if (!rule.file.text.includes("initContainers")) return;
    const specs = casesOf(rule)
      .filter((one) => one.expect === "fail")
      .map((one) => fieldAt(one.object, "spec"));
    for (const list of ["initContainers", "ephemeralContainers"]) {
      expect(specs.some((spec) => isList(fieldAt(spec, list)))).toBe(true);
    }
  });

  it.each(Object.entries(LIFTS))("says of a %s what it says of the Pod", (_, lift) => {
    const compiled = compilePolicy(rule.policy, policyEnvironment());
    const pods = casesOf(rule).flatMap(({ name, operation, object, expect: expected }) =>
      operation === "CREATE" && object?.["kind"] === "Pod" ? [{ name, operation, expect: expected, object }] : [],
    );
    expect(pods.length).toBeGreaterThan(5);
    for (const pod of pods) {
      const lifted = evaluateRequest(requestOf({ ...pod, object: lift(pod.object) }), [compiled]);
      expect([pod.name, lifted]).toEqual([pod.name, evaluateRequest(requestOf(pod), [compiled])]);
    }
  });
});
