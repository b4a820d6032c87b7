/** Drift as an admission request that nobody reviewed: what policies are asked, and what they answer. */

import type { Severity } from "./drift.ts";
import type { ObjectRef } from "./refs.ts";
import type { ServedKind } from "./schema.ts";
import type { Value } from "./value.ts";

export interface AdmissionRequest {
  readonly operation: "CREATE" | "UPDATE" | "DELETE";
  readonly ref: ObjectRef;
  /** The plural and the scope, which resource rules are matched against. */
  readonly resource: Pick<ServedKind, "resource" | "namespaced">;
  /** Absent on DELETE. */
  readonly object?: Value;
  /** Absent on CREATE. */
  readonly oldObject?: Value;
  /** The Namespace object, where known. */
  readonly namespaceObject?: Value;
  /** request.options.fieldManager. */
  readonly fieldManager?: string;
}

/** One validation that did not pass, or a policy that could not be evaluated. */
export interface Violation {
  /** `<pack>/<rule>` or the policy's name. */
  readonly policy: string;
  /** Index of the validation in the policy; -1 for the policy as a whole. */
  readonly validation: number;
  readonly severity: Severity;
  readonly message: string;
  /** `false`: a parse, type or runtime error, a time limit, or what cannot be known offline (userInfo). Never a pass. */
  readonly evaluable: boolean;
  /** The policy compares with the old object; it is asked of UPDATE and DELETE only. */
  readonly delta: boolean;
  readonly element?: string;
  /** Without an element: the field names that the policy's expressions mention, to tell which changes it may be about. */
  readonly mentions?: readonly string[];
}

/** Evaluates policies outside the caller's thread, with a time limit; answers are in the requests' order. Never rejects for a bad policy. */
export interface Evaluator {
  /** Requests will come: policies may be compiled meanwhile. */
  prepare?(): void;
  evaluate(requests: readonly AdmissionRequest[]): Promise<readonly (readonly Violation[])[]>;
}
