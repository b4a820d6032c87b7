/** What a repository's `ignore` says is no drift. */

import type { SourcePosition } from "./fault.ts";
import type { FieldPattern } from "./field-pattern.ts";

/** All that a rule names must hold; at least one thing is named. `*` and `?` are wildcards in kind, name, namespace and manager. */
export interface IgnoreRule {
  /** `Deployment`, or with its group `Deployment.apps`. */
  readonly kind?: string;
  readonly name?: string;
  /** Objects without a namespace have none that would match. */
  readonly namespace?: string;
  /** The field and everything below it; absent: all of the object. */
  readonly field?: FieldPattern;
  /** Who wrote the live value, by the name that the client gave itself. */
  readonly manager?: string;
  /** Where the rule stands. */
  readonly position: SourcePosition;
}
