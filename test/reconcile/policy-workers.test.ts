import { afterEach, expect, test } from "vitest";
import type { AdmissionRequest } from "../../src/core/admission.ts";
import type { Value } from "../../src/core/value.ts";
import { loadPolicies } from "../../src/policy/load.ts";
import { startEvaluator } from "../../src/reconcile/policy-workers.ts";
import type { ClosableEvaluator } from "../../src/reconcile/policy-workers.ts";

function policy(name: string, expression: string): string {
  return [
    "apiVersion: admissionregistration.k8s.io/v1",
    "kind: ValidatingAdmissionPolicy",
    `metadata: { name: ${name} }`,
    "spec:",
    "  matchConstraints:",
    '    resourceRules: [{ apiGroups: [""], apiVersions: [v1], operations: ["*"], resources: [configmaps] }]',
    "  validations:",
    `    - expression: ${JSON.stringify(expression)}`,
    "",
  ].join("\n");
}

/** Runs for hours on an object with a list of 40 items, and at once on one without. */
const LOOP = `!has(object.data) || object.data.all(a, object.data.all(b, object.data.all(c, object.data.all(d, object.data.all(e, object.data.all(f, object.data.all(g, a + b + c + d + e + f + g >= 0)))))))`;
/** Doubles a text until the memory is full. */
const BOMB = `!has(object.data) || ${"x"
  .repeat(40)
  .split("")
  .reduce(
    (inner) => `[${inner}].map(t, t + t)[0]`,
    "'aaaaaaaa'",
  )}.size() > 0 && object.data.map(i, object.data.map(j, object.data.map(k, object.data.map(l, object.data.map(m, [i, j, k, l, m]))))).size() > 0`;

function request(name: string, data?: Value): AdmissionRequest {
  return {
    operation: "CREATE",
    ref: { apiVersion: "v1", kind: "ConfigMap", namespace: "shop", name },
    resource: { resource: "configmaps", namespaced: true },
    object: { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, ...(data === undefined ? {} : { data }) },
  };
}

const NUMBERS = Array.from({ length: 40 }, (_, index) => index);
let evaluator: ClosableEvaluator | undefined;

afterEach(async () => {
  await evaluator?.close();
  evaluator = undefined;
});

function start(text: string, timeoutMs: number): ClosableEvaluator {
  const { policies, faults } = loadPolicies([{ file: "policies.yaml", text }]);
  expect(faults).toEqual([]);
  evaluator = startEvaluator(policies, { timeoutMs });
  return evaluator;
}

test("answers come in the requests' order, also for more than one chunk", async () => {
  const running = start(policy("named-a", "object.metadata.name.startsWith('a')"), 5000);
  const answers = await running.evaluate(
    Array.from({ length: 150 }, (_, index) => request(index % 3 === 0 ? "a" : "b")),
  );
  expect(answers.map((violations) => violations.length)).toEqual(
    Array.from({ length: 150 }, (_, index) => (index % 3 === 0 ? 0 : 1)),
  );
});

test("without a policy no thread is started, and nothing is found", async () => {
  evaluator = startEvaluator([], { timeoutMs: 1000 });
  expect(await evaluator.evaluate([request("a"), request("b")])).toEqual([[], []]);
});

test("a policy that loops is not evaluable for that request alone, and every other answer is kept", async () => {
  const text = [policy("first", "object.metadata.name != 'c'"), policy("loops", LOOP), policy("last", "false")].join(
    "---\n",
  );
  const running = start(text, 400);
  const answers = await running.evaluate([request("a"), request("b", NUMBERS), request("c")]);
  expect(answers.map((violations) => violations.map(({ policy: id, evaluable }) => `${id} ${evaluable}`))).toEqual([
    ["last true"],
    ["loops false", "last true"],
    ["first true", "last true"],
  ]);
  expect(answers[1]?.[0]?.message).toContain("400 ms");
  // The thread that was ended has a successor.
  expect((await running.evaluate([request("a")]))[0]).toHaveLength(1);
});

test("a policy that loops on every object is given up after a few", async () => {
  const running = start(policy("loops", LOOP), 200);
  const answers = await running.evaluate(Array.from({ length: 40 }, () => request("b", NUMBERS)));
  expect(answers.every(([violation]) => violation?.evaluable === false)).toBe(true);
  // Nor is it tried on an object that it would have an answer for.
  const [after] = await running.evaluate([request("a")]);
  expect(after?.map(({ evaluable }) => evaluable)).toEqual([false]);
});

test("a policy that takes all memory is not evaluable", async () => {
  const running = start([policy("bomb", BOMB), policy("other", "false")].join("---\n"), 10_000);
  const [violations] = await running.evaluate([request("b", NUMBERS)]);
  expect(violations?.map(({ policy: id, evaluable }) => `${id} ${evaluable}`)).toEqual(["bomb false", "other true"]);
});

test("closing ends what is still being evaluated", async () => {
  const running = start(policy("loops", LOOP), 60_000);
  const answer = running.evaluate([request("b", NUMBERS)]);
  await Promise.all([expect(answer).rejects.toThrow("closed"), running.close()]);
});

test("a thread that was prepared answers as any other, and an evaluator that never had to is closed", async () => {
  const running = start(policy("named-a", "object.metadata.name.startsWith('a')"), 5000);
  running.prepare?.();
  running.prepare?.();
  expect((await running.evaluate([request("a"), request("b")])).map((found) => found.length)).toEqual([0, 1]);
  await running.close();
  const idle = start(policy("named-a", "true"), 5000);
  idle.prepare?.();
  await idle.close();
  await expect(idle.evaluate([request("a")])).rejects.toThrow("closed");
});
