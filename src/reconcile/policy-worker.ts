/** The thread in which policies are compiled and evaluated. `policy-workers.ts` starts it, and ends it where a policy never answers. */

import { parentPort, workerData } from "node:worker_threads";
import { policyEnvironment } from "../policy/environment.ts";
import { brokenPolicy, compilePolicy } from "../policy/compile.ts";
import type { CompiledPolicy } from "../policy/compile.ts";
import { evaluateRequest } from "../policy/evaluate.ts";
import { PROGRESS } from "./policy-progress.ts";
import type { WorkerAnswer, WorkerInput, WorkerJob } from "./policy-progress.ts";

run(workerData as WorkerInput);

function run({ policies, broken, progress }: WorkerInput): void {
  const begin = (request: number, policy: number): void => {
    Atomics.store(progress, PROGRESS.request, request);
    Atomics.store(progress, PROGRESS.policy, policy);
    Atomics.add(progress, PROGRESS.begun, 1);
    Atomics.store(progress, PROGRESS.busy, 1);
  };
  const idle = (): void => void Atomics.store(progress, PROGRESS.busy, 0);
  const environment = policyEnvironment();
  const compiled = policies.map((policy, index) => {
    begin(-1, index);
    const why = broken.get(index);
    return why === undefined ? compilePolicy(policy, environment) : brokenPolicy(policy, why);
  });
  idle();
  parentPort?.on("message", ({ requests }: WorkerJob) => {
    for (const [index, { request, broken: brokenHere }] of requests.entries()) {
      const violations = evaluateRequest(request, withBroken(compiled, brokenHere), (policy) => begin(index, policy));
      idle();
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      parentPort?.postMessage({ request: index, violations } satisfies WorkerAnswer);
    }
  });
}

function withBroken(
  compiled: readonly CompiledPolicy[],
  broken: ReadonlyMap<number, string>,
): readonly CompiledPolicy[] {
  if (broken.size === 0) return compiled;
  return compiled.map((policy, index) => {
    const why = broken.get(index);
    return why === undefined ? policy : brokenPolicy(policy.policy, why);
  });
}
