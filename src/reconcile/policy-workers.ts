/**
 * Evaluates policies in threads of their own. CEL has no cost limit here, so a policy may run for hours or take all
 * memory: its thread is then ended, that policy is not evaluable for that request, and everything else goes on.
 */

import { Worker } from "node:worker_threads";
import type { AdmissionRequest, Evaluator, Violation } from "../core/admission.ts";
import type { AdmissionPolicy } from "../policy/admission-policy.ts";
import { PROGRESS } from "./policy-progress.ts";
import type { JobRequest, WorkerAnswer, WorkerInput, WorkerJob } from "./policy-progress.ts";

/** What `loadPolicies` gives: plain data, compiled in each thread. */
export type PolicySource = AdmissionPolicy;

export interface EvaluatorOptions {
  /** For one policy on one request, in milliseconds. */
  readonly timeoutMs: number;
  /** Threads at most; they are started when there is something to judge. Default 1. */
  readonly size?: number;
}

export interface ClosableEvaluator extends Evaluator {
  /** Ends the threads. What is still being evaluated is rejected. */
  close(): Promise<void>;
}

/** Requests that a thread is given at once. */
const CHUNK = 64;
/** A policy that hangs this often is not tried again in this evaluator's life. */
const MAX_HANGS = 3;
const MEMORY_MB = 512;

/** A policy's evaluator that answers always: a policy that hangs or bursts is not evaluable. Threads start at the first request, or one at `prepare`. */
export function startEvaluator(policies: readonly PolicySource[], options: EvaluatorOptions): ClosableEvaluator {
  const pool: Pool = {
    policies,
    options,
    idle: [],
    all: new Set(),
    waiting: [],
    broken: new Map(),
    hangs: new Map(),
    closed: false,
  };
  return {
    prepare() {
      if (pool.closed || pool.all.size > 0 || policies.length === 0) return;
      const thread = startThread(pool);
      thread.worker.unref();
      pool.idle.push(thread);
    },
    async evaluate(requests) {
      if (policies.length === 0) return requests.map(() => []);
      const chunks: (readonly AdmissionRequest[])[] = [];
      for (let start = 0; start < requests.length; start += CHUNK) chunks.push(requests.slice(start, start + CHUNK));
      const answers = await Promise.all(chunks.map((chunk) => enqueue(pool, chunk)));
      return answers.flat();
    },
    async close() {
      pool.closed = true;
      for (const job of pool.waiting.splice(0)) job.reject(new Error("the evaluator was closed"));
      await Promise.all([...pool.all].map((thread) => thread.worker.terminate()));
    },
  };
}

interface Pool {
  readonly policies: readonly PolicySource[];
  readonly options: EvaluatorOptions;
  readonly idle: Thread[];
  readonly all: Set<Thread>;
  readonly waiting: Job[];
  /** Policies that are not tried any more, and why. */
  readonly broken: Map<number, string>;
  readonly hangs: Map<number, number>;
  closed: boolean;
}

interface Job {
  readonly requests: JobRequest[];
  readonly answers: (readonly Violation[] | undefined)[];
  /** Index in `requests` of the first one that the thread at work was given. */
  offset: number;
  readonly resolve: (answers: readonly (readonly Violation[])[]) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly progress: Int32Array;
  job?: Job | undefined;
}

function enqueue(pool: Pool, requests: readonly AdmissionRequest[]): Promise<readonly (readonly Violation[])[]> {
  if (pool.closed) return Promise.reject(new Error("the evaluator was closed"));
  return new Promise((resolve, reject) => {
    const none: ReadonlyMap<number, string> = new Map();
    pool.waiting.push({
      requests: requests.map((request) => ({ request, broken: none })),
      answers: requests.map(() => undefined),
      offset: 0,
      resolve,
      reject,
    });
    dispatch(pool);
  });
}

function dispatch(pool: Pool): void {
  while (pool.waiting.length > 0 && !pool.closed) {
    const thread = pool.idle.pop() ?? (pool.all.size < (pool.options.size ?? 1) ? startThread(pool) : undefined);
    if (thread === undefined) return;
    give(pool, thread, pool.waiting.shift() as Job);
  }
}

function give(pool: Pool, thread: Thread, job: Job): void {
  thread.job = job;
  job.offset = job.answers.findIndex((answer) => answer === undefined);
  thread.worker.ref();
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  thread.worker.postMessage({ requests: job.requests.slice(job.offset) } satisfies WorkerJob);
  watch(pool, thread);
}

function startThread(pool: Pool): Thread {
  const progress = new Int32Array(new SharedArrayBuffer(PROGRESS.size * Int32Array.BYTES_PER_ELEMENT));
  const entry = import.meta.url.endsWith(".ts") ? "./policy-worker.ts" : "./policy-worker.js";
  const worker = new Worker(new URL(entry, import.meta.url), {
    workerData: { policies: pool.policies, broken: pool.broken, progress } satisfies WorkerInput,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  const thread: Thread = { worker, progress };
  pool.all.add(thread);
  worker.on("message", (answer: WorkerAnswer) => take(pool, thread, answer));
  worker.on("error", (error: Error) => {
    const burst = (error as { code?: string }).code === "ERR_WORKER_OUT_OF_MEMORY";
    lost(pool, thread, burst ? `takes more than ${MEMORY_MB} MB` : `fails in holdfast: ${error.message}`);
  });
  worker.on("exit", () => lost(pool, thread, "ended the thread"));
  return thread;
}

function take(pool: Pool, thread: Thread, { request, violations }: WorkerAnswer): void {
  const { job } = thread;
  if (job === undefined) return;
  job.answers[job.offset + request] = violations;
  if (job.answers.includes(undefined)) return;
  thread.job = undefined;
  thread.worker.unref();
  pool.idle.push(thread);
  job.resolve(job.answers as readonly (readonly Violation[])[]);
  dispatch(pool);
}

/** Ends a thread that has been at one policy and one request for longer than the limit. */
function watch(pool: Pool, thread: Thread): void {
  const { timeoutMs } = pool.options;
  const { progress, job } = thread;
  let seen = -1;
  let since = 0;
  const timer = setInterval(
    () => {
      if (thread.job !== job || !pool.all.has(thread)) return clearInterval(timer);
      const begun = Atomics.load(progress, PROGRESS.begun);
      if (Atomics.load(progress, PROGRESS.busy) === 0 || begun !== seen) {
        [seen, since] = [begun, performance.now()];
      } else if (performance.now() - since >= timeoutMs) {
        clearInterval(timer);
        lost(pool, thread, `has no answer after ${timeoutMs} ms`);
        void thread.worker.terminate();
      }
    },
    Math.max(5, Math.min(100, timeoutMs / 10)),
  );
  // A thread at work keeps the process alive; its watch need not.
  timer.unref();
}

/** A thread is gone: the policy that it was at is to blame, and the rest of its job goes to another. */
function lost(pool: Pool, thread: Thread, why: string): void {
  if (!pool.all.delete(thread)) return;
  const at = pool.idle.indexOf(thread);
  if (at >= 0) pool.idle.splice(at, 1);
  const { job } = thread;
  thread.job = undefined;
  if (job === undefined) return;
  if (pool.closed) return job.reject(new Error("the evaluator was closed"));
  const policy = Atomics.load(thread.progress, PROGRESS.policy);
  const request = Atomics.load(thread.progress, PROGRESS.request);
  // A thread that dies before it has begun anything would die again.
  if (Atomics.load(thread.progress, PROGRESS.begun) === 0) return job.reject(new Error(`the policy thread ${why}`));
  blame(pool, job, { policy, request, why });
  pool.waiting.unshift(job);
  dispatch(pool);
}

function blame(pool: Pool, job: Job, { policy, request, why }: { policy: number; request: number; why: string }): void {
  const hangs = (pool.hangs.get(policy) ?? 0) + 1;
  pool.hangs.set(policy, hangs);
  if (request < 0 || hangs >= MAX_HANGS) pool.broken.set(policy, why);
  const index = job.offset + request;
  const blamed = job.requests[index];
  if (request < 0 || blamed === undefined) return;
  job.requests[index] = { ...blamed, broken: new Map(blamed.broken).set(policy, why) };
}
