/** What codifying is asked, and what it answers. */

import type { Change } from "./drift.ts";
import type { DesiredObject } from "./objects.ts";
import type { Edit, FileChange, Proof, Refusal } from "./proposal.ts";
import type { FieldSchema } from "./schema.ts";

/** The compliant changes of one object. */
export interface CodifyRequest {
  readonly desired: DesiredObject;
  readonly changes: readonly Change[];
  readonly schema?: FieldSchema;
}

/** One answer a request, in order; and all files that change, with every edit in them proved together. */
export interface Codified {
  readonly answers: readonly CodifyAnswer[];
  readonly files: readonly FileChange[];
  /** Absent where nothing was codified. */
  readonly proof?: Proof;
}

/** One entry a change, in the request's order: the edit that codifies it, or why there is none. */
export type CodifyAnswer = readonly ({ readonly edit: Edit } | { readonly refusal: Refusal })[];
