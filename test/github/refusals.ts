import { json } from "./backend.ts";
import type { Answer } from "./backend.ts";

/** A request that GitHub refuses; thrown wherever that is noticed, turned into its answer at the top. */
export class Refusal extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`refused with ${answer.status}`);
    this.answer = answer;
  }
}

export interface ValidationError {
  readonly resource: string;
  readonly code: string;
  readonly field?: string;
  readonly message?: string;
}

const DOCUMENTATION = "https://docs.github.com/rest";

/** Any refusal with GitHub's error body. */
export function refusal(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Refusal {
  return new Refusal(json(status, { message, documentation_url: DOCUMENTATION, status: String(status) }, headers));
}

/** 422 with a list of errors, as GitHub answers to a body that it understands and does not accept. */
export function validationFailed(error: ValidationError): Refusal {
  return new Refusal(
    json(422, { message: "Validation Failed", errors: [error], documentation_url: DOCUMENTATION, status: "422" }),
  );
}

export const notFound = (): Refusal => refusal(404, "Not Found");

/** 403 for an App's token without the permission; GitHub names those that would do in a header. */
export function lacksPermission(accepted: string): Refusal {
  return refusal(403, "Resource not accessible by integration", { "x-accepted-github-permissions": accepted });
}

export const archived = (): Refusal => refusal(403, "Repository was archived so is read-only.");
