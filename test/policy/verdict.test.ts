import { describe, expect, test } from "vitest";
import type { AdmissionRequest, Evaluator } from "../../src/core/admission.ts";
import type { Change, Drift, Judgement, Severity } from "../../src/core/drift.ts";
import { field, fields } from "../../src/core/path.ts";
import type { FieldPath } from "../../src/core/path.ts";
import type { Value, ValueMap } from "../../src/core/value.ts";
import { policyEnvironment } from "../../src/policy/environment.ts";
import { compilePolicy } from "../../src/policy/compile.ts";
import { evaluateAll } from "../../src/policy/evaluate.ts";
import { loadPolicies } from "../../src/policy/load.ts";
import { judge } from "../../src/policy/verdict.ts";

interface Rule {
  readonly name: string;
  readonly expression: string;
  readonly element?: string;
  readonly severity?: Severity;
  readonly delta?: true;
  readonly operations?: string;
  readonly messageExpression?: string;
}

function document({
  name,
  expression,
  element,
  severity = "high",
  delta,
  operations = "CREATE, UPDATE, DELETE",
  messageExpression = "''",
}: Rule): string {
  return `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: ${name}
  annotations: { holdfast.dev/severity: ${severity}, holdfast.dev/delta: "${delta === true}" }
spec:
  matchConstraints:
    resourceRules: [{ apiGroups: [apps], apiVersions: [v1], operations: [${operations}], resources: [deployments] }]
  validations:
    - { expression: ${JSON.stringify(expression)}, message: ${name}, messageExpression: ${JSON.stringify(messageExpression)} }
${element === undefined ? "" : `  auditAnnotations: [{ key: element, valueExpression: ${JSON.stringify(element)} }]`}
`;
}

/** Evaluates in this thread, and keeps what was asked. */
function evaluatorOf(...rules: readonly Rule[]): Evaluator & { readonly asked: AdmissionRequest[] } {
  const { policies, faults } = loadPolicies([{ file: "rules.yaml", text: rules.map(document).join("---") }]);
  expect(faults.filter((fault) => !fault.message.includes("does not compile"))).toEqual([]);
  const environment = policyEnvironment();
  const compiled = policies.map((policy) => compilePolicy(policy, environment));
  const asked: AdmissionRequest[] = [];
  return {
    asked,
    async evaluate(requests) {
      asked.push(...requests);
      return evaluateAll(requests, compiled);
    },
  };
}

const REF = { apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name: "web" };

function deployment(spec: ValueMap): ValueMap {
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", namespace: "shop" }, spec };
}

function change(
  path: FieldPath,
  sides: { readonly desired?: Value; readonly live?: Value },
  more?: Partial<Change>,
): Change {
  const operation = sides.desired === undefined ? "add" : sides.live === undefined ? "remove" : "replace";
  return { path, operation, direction: "live-changed", ...sides, ...more };
}

function container(name: string, ...more: readonly string[]): FieldPath {
  return [field("spec"), field("containers"), { kind: "key", keys: { name } }, ...fields(...more)];
}

function drifted(live: ValueMap, changes: readonly Change[]): Drift {
  const origin = { file: "web.yaml", document: 0, items: [], layer: "literal", hash: "sha256:0" } as const;
  return {
    state: "drifted",
    ref: REF,
    desired: { ref: REF, value: {}, origin },
    live: { ref: REF, value: live, managers: [] },
    changes,
  };
}

async function judged(evaluator: Evaluator, drift: Drift, failOn: Severity = "medium"): Promise<Judgement> {
  return judge({ drift, evaluator, failOn, resource: { resource: "deployments", namespaced: true } });
}

function summary({ verdict, findings, changes }: Judgement): unknown {
  return {
    verdict,
    changes: changes.map((of) => `${of.verdict} ${of.findings.join()}`.trim()),
    findings: findings.map(({ policy, status, element }) =>
      [policy, status, element].filter((part) => part !== undefined).join(" "),
    ),
  };
}

const PRIVILEGED: Rule = {
  name: "privileged",
  expression: "object.spec.containers.all(c, !c.?privileged.orValue(false))",
  element:
    "object.spec.containers.filter(c, c.?privileged.orValue(false)).map(c, 'containers[name=\"' + c.name + '\"]').join(',')",
};
const COARSE: Rule = {
  name: "coarse",
  expression: "object.spec.containers.all(c, !has(c.privileged) || !c.privileged)",
};

describe("a drifted object", () => {
  test("a compliant change and a violating one are told apart", async () => {
    const live = deployment({ replicas: 5, containers: [{ name: "web", privileged: true }] });
    const drift = drifted(live, [
      change(fields("spec", "replicas"), { desired: 3, live: 5 }),
      change(container("web", "privileged"), { live: true }),
    ]);
    expect(summary(await judged(evaluatorOf(PRIVILEGED), drift))).toEqual({
      verdict: "mixed",
      changes: ["compliant", "violating 0"],
      findings: ['privileged introduced containers[name="web"]'],
    });
  });

  test("a policy that excuses every UPDATE is asked about CREATE all the same", async () => {
    const lenient = { ...COARSE, expression: `request.operation == "UPDATE" || (${COARSE.expression})` };
    const live = deployment({ containers: [{ name: "web", privileged: true }] });
    const evaluator = evaluatorOf(lenient);
    const judgement = await judged(evaluator, drifted(live, [change(container("web", "privileged"), { live: true })]));
    expect(judgement.verdict).toBe("violating");
    expect(evaluator.asked.every((request) => ["CREATE", "UPDATE"].includes(request.operation))).toBe(true);
  });

  test("what Git violates already is no drift's fault, and a second element is", async () => {
    const live = deployment({
      replicas: 2,
      containers: [
        { name: "a", privileged: true },
        { name: "b", privileged: true },
      ],
    });
    const drift = drifted(live, [
      change(fields("spec", "replicas"), { desired: 1, live: 2 }),
      change(container("b", "privileged"), { live: true }),
    ]);
    expect(summary(await judged(evaluatorOf(PRIVILEGED), drift))).toEqual({
      verdict: "mixed",
      changes: ["compliant", "violating 1"],
      findings: ['privileged pre-existing containers[name="a"]', 'privileged introduced containers[name="b"]'],
    });
  });

  test("a policy that names no element excuses no change of what it reads, and every other one", async () => {
    const live = deployment({
      replicas: 2,
      containers: [
        { name: "a", privileged: true },
        { name: "b", privileged: true },
      ],
    });
    const drift = drifted(live, [
      change(fields("spec", "replicas"), { desired: 1, live: 2 }),
      change(container("b", "privileged"), { live: true }),
    ]);
    expect(summary(await judged(evaluatorOf(COARSE), drift))).toEqual({
      verdict: "mixed",
      changes: ["compliant", "violating 0"],
      findings: ["coarse pre-existing"],
    });
  });

  test("where no element is named, another message is another finding", async () => {
    const named = {
      ...COARSE,
      messageExpression: "object.spec.containers.filter(c, has(c.privileged)).map(c, c.name).join()",
    };
    const drift = drifted(
      deployment({
        containers: [
          { name: "a", privileged: true },
          { name: "b", privileged: true },
        ],
      }),
      [change(container("b", "privileged"), { live: true })],
    );
    const { findings } = await judged(evaluatorOf(named), drift);
    expect(findings.map(({ status, message }) => `${status} ${message}`)).toEqual(["introduced ab", "resolved a"]);
  });

  test("what live mends is resolved", async () => {
    const live = deployment({ containers: [{ name: "web" }] });
    const drift = drifted(live, [change(container("web", "privileged"), { desired: true })]);
    expect(summary(await judged(evaluatorOf(PRIVILEGED), drift))).toEqual({
      verdict: "compliant",
      changes: ["compliant 0"],
      findings: ['privileged resolved containers[name="web"]'],
    });
  });

  test("a rule about the change itself weakens", async () => {
    const fewer: Rule = { name: "fewer", delta: true, expression: "object.spec.replicas >= oldObject.spec.replicas" };
    const live = deployment({ replicas: 1, containers: [] });
    const drift = drifted(live, [change(fields("spec", "replicas"), { desired: 3, live: 1 })]);
    expect(summary(await judged(evaluatorOf(fewer), drift))).toEqual({
      verdict: "violating",
      changes: ["violating 0"],
      findings: ["fewer weakened"],
    });
  });

  test("a rule of UPDATE alone that is no delta rule introduces", async () => {
    const frozen: Rule = {
      name: "frozen",
      operations: "UPDATE",
      expression: "object.spec.paused == oldObject.spec.paused",
    };
    const live = deployment({ paused: true });
    const drift = drifted(live, [change(fields("spec", "paused"), { desired: false, live: true })]);
    expect(summary(await judged(evaluatorOf(frozen), drift))).toMatchObject({
      findings: ["frozen introduced"],
      verdict: "violating",
    });
  });

  test.each([
    { why: "a runtime error", expression: "object.spec.nothing.at.all == 1" },
    { why: "a type error", expression: "object.spec.replicas + 'x' == 1" },
    { why: "an expression that does not parse", expression: "object.spec.(" },
    { why: "who asked", expression: "request.userInfo.username != 'system:admin'" },
    { why: "what the requester may do", expression: "authorizer.group('').resource('pods').check('create').allowed()" },
  ])("$why is not evaluable, and never compliant", async ({ expression }) => {
    const live = deployment({ replicas: 5, containers: [] });
    const drift = drifted(live, [change(fields("spec", "replicas"), { desired: 3, live: 5 })]);
    expect(summary(await judged(evaluatorOf({ name: "unknown", expression, severity: "info" }), drift))).toEqual({
      verdict: "violating",
      changes: ["violating 0"],
      findings: ["unknown not-evaluable"],
    });
  });

  test("what is decided without knowing who asked stands", async () => {
    const rule: Rule = {
      name: "known",
      expression: "request.userInfo.username == 'system:admin' || object.spec.replicas < 10",
    };
    const live = deployment({ replicas: 5 });
    const drift = drifted(live, [change(fields("spec", "replicas"), { desired: 3, live: 5 })]);
    expect((await judged(evaluatorOf(rule), drift)).verdict).toBe("compliant");
  });

  test("a finding below the threshold is shown with its change, and blocks nothing", async () => {
    const drift = drifted(deployment({ replicas: 5, containers: [{ name: "web", privileged: true }] }), [
      change(fields("spec", "replicas"), { desired: 3, live: 5 }),
      change(container("web", "privileged"), { live: true }),
    ]);
    expect(summary(await judged(evaluatorOf({ ...PRIVILEGED, severity: "low" }), drift))).toEqual({
      verdict: "compliant",
      changes: ["compliant", "compliant 0"],
      findings: ['privileged introduced containers[name="web"]'],
    });
  });

  test("two changes that are harmless alone and not together: one of them is left out", async () => {
    const both: Rule = { name: "both", expression: "!(object.spec.a && object.spec.b)" };
    const drift = drifted(deployment({ a: true, b: true, c: 2 }), [
      change(fields("spec", "a"), { desired: false, live: true }),
      change(fields("spec", "b"), { desired: false, live: true }),
      change(fields("spec", "c"), { desired: 1, live: 2 }),
    ]);
    expect(summary(await judged(evaluatorOf(both), drift))).toEqual({
      verdict: "mixed",
      changes: ["compliant", "violating 0", "compliant"],
      findings: ["both introduced"],
    });
  });

  test("a change that only another one makes allowed goes with it", async () => {
    const pair: Rule = { name: "pair", expression: "!object.spec.risky || object.spec.guarded" };
    const lone: Rule = { name: "lone", expression: "!object.spec.bad" };
    const drift = drifted(deployment({ risky: true, guarded: true, bad: true }), [
      change(fields("spec", "risky"), { desired: false, live: true }),
      change(fields("spec", "guarded"), { desired: false, live: true }),
      change(fields("spec", "bad"), { desired: false, live: true }),
    ]);
    expect(summary(await judged(evaluatorOf(pair, lone), drift))).toMatchObject({
      verdict: "mixed",
      changes: ["compliant 1", "compliant", "violating 0"],
    });
  });

  test("changes that need each other in a chain go together, whatever else is bad", async () => {
    const chain: Rule = {
      name: "chain",
      expression: "(!object.spec.a || object.spec.b) && (!object.spec.b || object.spec.c)",
    };
    const lone: Rule = { name: "lone", expression: "!object.spec.x && !object.spec.y" };
    const names = ["a", "b", "c", "x", "y"];
    const drift = drifted(
      deployment(Object.fromEntries(names.map((name) => [name, true]))),
      names.map((name) => change(fields("spec", name), { desired: false, live: true })),
    );
    const judgement = await judged(evaluatorOf(chain, lone), drift);
    expect(judgement.changes.map(({ verdict }) => verdict)).toEqual([
      "compliant",
      "compliant",
      "compliant",
      "violating",
      "violating",
    ]);
  });

  test("of many changes with a few bad ones, exactly the bad ones are left out", async () => {
    const numbers = Array.from({ length: 300 }, (_, index) => index);
    const bad = new Set([7, 120, 121, 299]);
    const rule: Rule = { name: "odd", expression: "object.spec.all(k, object.spec[k] != 'bad')" };
    const spec = Object.fromEntries(numbers.map((index) => [`f${index}`, bad.has(index) ? "bad" : "new"]));
    const changes = numbers.map((index) =>
      change(fields("spec", `f${index}`), { desired: "old", live: spec[`f${index}`] as Value }),
    );
    const evaluator = evaluatorOf(rule);
    const judgement = await judged(evaluator, drifted(deployment(spec), changes));
    expect(judgement.changes.flatMap(({ verdict }, index) => (verdict === "violating" ? [index] : []))).toEqual([
      ...bad,
    ]);
    expect(evaluator.asked.length).toBeLessThan(400);
  });

  test("the compliant changes were judged together, on Git's object", async () => {
    const evaluator = evaluatorOf(PRIVILEGED);
    const live = deployment({ replicas: 5, containers: [{ name: "web", privileged: true }] });
    await judged(
      evaluator,
      drifted(live, [
        change(fields("spec", "replicas"), { desired: 3, live: 5 }),
        change(container("web", "privileged"), { live: true }),
      ]),
    );
    const codified = deployment({ replicas: 5, containers: [{ name: "web" }] });
    expect(
      evaluator.asked
        .filter(({ object }) => JSON.stringify(object) === JSON.stringify(codified))
        .map(({ operation }) => operation),
    ).toEqual(["CREATE", "UPDATE"]);
  });

  test("a change that Git made is not judged, and the others on top of it", async () => {
    const rule: Rule = { name: "sum", expression: "object.spec.a + object.spec.b < 10" };
    const drift = drifted(deployment({ a: 1, b: 6 }), [
      change(fields("spec", "a"), { desired: 5, live: 1 }, { direction: "git-ahead" }),
      change(fields("spec", "b"), { desired: 1, live: 6 }),
    ]);
    expect(summary(await judged(evaluatorOf(rule), drift))).toMatchObject({
      changes: ["compliant", "violating 0"],
      verdict: "violating",
    });
  });

  test("the field manager is told, and is no user", async () => {
    const rule: Rule = { name: "manager", expression: "request.options.fieldManager != 'kubectl-edit'" };
    const actor = { manager: "kubectl-edit", operation: "Update" } as const;
    const drift = drifted(deployment({ replicas: 5 }), [
      change(fields("spec", "replicas"), { desired: 3, live: 5 }, { actor }),
    ]);
    expect((await judged(evaluatorOf(rule), drift)).verdict).toBe("violating");
  });
});

describe("an object that one side lacks", () => {
  const keep: Rule = { name: "keep", delta: true, operations: "DELETE", expression: "request.operation != 'DELETE'" };

  test("a missing one is a DELETE", async () => {
    const origin = { file: "web.yaml", document: 0, items: [], layer: "literal", hash: "sha256:0" } as const;
    const drift: Drift = {
      state: "missing",
      ref: REF,
      desired: { ref: REF, value: deployment({ containers: [] }), origin },
    };
    expect(summary(await judged(evaluatorOf(keep), drift))).toEqual({
      verdict: "violating",
      changes: [],
      findings: ["keep weakened"],
    });
    expect(summary(await judged(evaluatorOf({ ...PRIVILEGED, operations: "CREATE" }), drift))).toMatchObject({
      verdict: "compliant",
      findings: [],
    });
  });

  test("an unmanaged one is a CREATE", async () => {
    const live = deployment({ containers: [{ name: "x", privileged: true }] });
    const drift: Drift = { state: "unmanaged", ref: REF, live: { ref: REF, value: live, managers: [] } };
    expect(summary(await judged(evaluatorOf(PRIVILEGED, keep), drift))).toEqual({
      verdict: "violating",
      changes: [],
      findings: ['privileged introduced containers[name="x"]'],
    });
  });

  test("a pending one is not judged", async () => {
    const changes = [change(fields("spec", "replicas"), { desired: 3, live: 5 }, { direction: "git-ahead" })];
    const evaluator = evaluatorOf(PRIVILEGED);
    expect(summary(await judged(evaluator, { state: "pending", ref: REF, changes }))).toEqual({
      verdict: "compliant",
      changes: ["compliant"],
      findings: [],
    });
    expect(evaluator.asked).toEqual([]);
  });
});
