/** What is to be done about drift: edits that codify compliant changes, issues for the rest, and how they are published. */

import type { Fault, SourcePosition } from "./fault.ts";
import type { FieldPath } from "./path.ts";
import type { ObjectRef } from "./refs.ts";
import type { Value } from "./value.ts";

/** One codified change. Offsets are UTF-16 units into the file's text as it was read. */
export interface Edit {
  readonly file: string;
  readonly ref: ObjectRef;
  readonly path: FieldPath;
  readonly operation: "add" | "remove" | "replace";
  /** What Git will say; absent where the field is removed. */
  readonly value?: Value;
  readonly splices: readonly Splice[];
  readonly position: SourcePosition;
}

export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface FileChange {
  /** Relative to the repository, with `/`. */
  readonly path: string;
  readonly before: string;
  readonly after: string;
  /** `100644`, `100755`: kept as it is. */
  readonly mode: string;
}

/** Why a change was not codified: a closed code and a sentence for people. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly path: FieldPath;
  readonly reason: string;
  readonly position?: SourcePosition;
}

export type RefusalCode =
  | "alias"
  | "ambiguous"
  | "conflict"
  | "contested"
  | "dependent"
  | "deployer-setting"
  | "duplicate-key"
  | "encrypted"
  | "file-changed"
  | "flow-multi-line"
  | "generated"
  | "merge-key"
  | "not-found"
  | "not-round-trip"
  | "outside-repository"
  | "proof-failed"
  | "protected-path"
  | "secret"
  | "template"
  | "unsupported";

/** What was checked after the edits, as facts that a reviewer can repeat. */
export interface Proof {
  readonly renderer: "plain" | "kustomize" | "helm" | "plugin";
  readonly rendererVersion?: string;
  readonly roots: readonly string[];
  /** Objects rendered before and after, and found equal but for the codified fields. */
  readonly objectsCompared: number;
  readonly editedObjects: number;
  readonly bytesOutsideEdits: "unchanged";
}

export type Proposal = PullRequestProposal | IssueProposal;

export interface PullRequestProposal {
  readonly kind: "pull-request";
  readonly id: string;
  readonly fingerprint: string;
  readonly target: string;
  readonly branch: string;
  /** Which changes of which drifts: indexes into each drift's changes. */
  readonly parts: readonly { readonly driftId: string; readonly changes: readonly number[] }[];
  readonly files: readonly FileChange[];
  readonly edits: readonly Edit[];
  readonly proof: Proof;
}

export interface IssueProposal {
  readonly kind: "issue";
  readonly id: string;
  readonly fingerprint: string;
  readonly target: string;
  readonly driftId: string;
  /** The changes it is about (violating, or compliant and not codifiable); empty for missing and unmanaged objects. */
  readonly changes: readonly number[];
  readonly refusals: readonly Refusal[];
}

/** A proposal with its words, ready for a forge. Titles and bodies are finished Markdown; a forge adds its marker. */
export type Publication =
  | {
      readonly kind: "pull-request";
      readonly id: string;
      readonly fingerprint: string;
      readonly target: string;
      readonly branch: string;
      readonly title: string;
      readonly body: string;
      readonly commitMessage: string;
      readonly files: readonly FileChange[];
      readonly labels: readonly string[];
    }
  | {
      readonly kind: "issue";
      readonly id: string;
      readonly fingerprint: string;
      readonly target: string;
      readonly title: string;
      readonly body: string;
      readonly labels: readonly string[];
      readonly assignees: readonly string[];
    };

/** What publishing did, or would do. */
export interface PublishedAction {
  readonly kind: "pull-request" | "issue";
  readonly id: string;
  readonly did: "opened" | "updated" | "unchanged" | "closed" | "reopened" | "waiting" | "left-alone";
  /** One line: why. */
  readonly reason: string;
  readonly url?: string;
}

export interface Published {
  readonly actions: readonly PublishedAction[];
  readonly faults: readonly Fault[];
}
