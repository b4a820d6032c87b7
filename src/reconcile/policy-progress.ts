/** What the policy threads and their starter say to each other. */

import type { AdmissionRequest, Violation } from "../core/admission.ts";
import type { AdmissionPolicy } from "../policy/admission-policy.ts";

/** Slots of the shared memory by which the starter sees where the thread is. */
export const PROGRESS = {
  /** 1 while something runs that could hang. */
  busy: 0,
  /** Counts what was begun, to tell slow from stuck. */
  begun: 1,
  /** Index of the request in its job; -1 while policies are compiled. */
  request: 2,
  /** Index of the policy. */
  policy: 3,
  size: 4,
} as const;

export interface WorkerInput {
  readonly policies: readonly AdmissionPolicy[];
  /** By index: why a policy is not to be tried at all. */
  readonly broken: ReadonlyMap<number, string>;
  readonly progress: Int32Array;
}

export interface WorkerJob {
  readonly requests: readonly JobRequest[];
}

export interface JobRequest {
  readonly request: AdmissionRequest;
  /** By index: why a policy is not to be tried on this request. */
  readonly broken: ReadonlyMap<number, string>;
}

/** One request's answer, sent when it is there, so that it is kept if the next one never comes. */
export interface WorkerAnswer {
  readonly request: number;
  readonly violations: readonly Violation[];
}
