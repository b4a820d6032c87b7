import { expect, test } from "vitest";
import type { AdmissionRequest, Evaluator } from "../../src/core/admission.ts";
import { batching } from "../../src/reconcile/batching.ts";

function ask(name: string): AdmissionRequest {
  return {
    operation: "CREATE",
    ref: { apiVersion: "v1", kind: "Pod", name },
    resource: { resource: "pods", namespaced: true },
  };
}

const answer = (name: string): unknown => [{ policy: name }];

test("what is asked at once goes out in one, and each caller gets its own answers", async () => {
  const asked: number[] = [];
  const evaluator: Evaluator = {
    evaluate: async (requests) => {
      asked.push(requests.length);
      return requests.map(({ ref }) => answer(ref.name) as never);
    },
  };
  const batched = batching(evaluator);
  const answers = await Promise.all([
    batched.evaluate([ask("a"), ask("b")]),
    batched.evaluate([]),
    batched.evaluate([ask("c")]),
  ]);
  expect(answers).toEqual([[answer("a"), answer("b")], [], [answer("c")]]);
  expect(await batched.evaluate([ask("d")])).toEqual([answer("d")]);
  expect(asked).toEqual([3, 1]);
});

test("a failure is everybody's who asked", async () => {
  const batched = batching({ evaluate: async () => Promise.reject(new Error("closed")) });
  const both = await Promise.allSettled([batched.evaluate([ask("a")]), batched.evaluate([ask("b")])]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
});
