/** Expected failures are values of this type; only bugs throw. */

/** Every way in which a pass can fall short, in alphabetical order. `docs/faults.md` explains each. */
export type FaultCode =
  | "chart-missing"
  | "chart-unfetched"
  | "cluster-not-granted"
  | "cluster-unreachable"
  | "config-invalid"
  | "deployed-unknown"
  | "deployer-unsupported"
  | "dry-run-failed"
  | "duplicate-object"
  | "file-changed"
  | "file-too-large"
  | "file-unreadable"
  | "forge-failed"
  | "forge-forbidden"
  | "forge-limited"
  | "git-failed"
  | "history-shallow"
  | "ignore-not-understood"
  | "ignore-unused"
  | "interrupted"
  | "kind-not-served"
  | "kubeconfig-invalid"
  | "list-failed"
  | "list-forbidden"
  | "manifest-invalid"
  | "namespace-not-granted"
  | "not-deployed"
  | "output-unwritable"
  | "policy-invalid"
  | "policy-not-evaluable"
  | "render-failed"
  | "render-refused"
  | "render-unsteady"
  | "renderer-missing"
  | "repository-invalid"
  | "revision-unknown"
  | "secret-not-made"
  | "secrets-encrypted"
  | "secrets-other-key"
  | "snapshot-incomplete"
  | "snapshot-invalid"
  | "sync-failed"
  | "target-unknown"
  | "unauthorized"
  | "usage"
  | "variables-unknown"
  | "version-not-served"
  | "yaml-invalid";

export interface Fault {
  readonly kind: "fault";
  readonly code: FaultCode;
  /** The object, kind, file or setting that it is about, for people. */
  readonly about: string;
  /** What is wrong, one line, no secret value, no stack trace. */
  readonly message: string;
  /** What to do about it, one line, in the imperative. */
  readonly remedy: string;
  readonly position?: SourcePosition;
  /**
   * What is unknown because of it: objects that Git declares (the pass is then incomplete and exits 1),
   * something that Git does not declare, or nothing. What is unknown is never called missing, in sync or unmanaged.
   */
  readonly leavesUnknown: "declared" | "undeclared" | "nothing";
}

/** `file` is relative to the repository (or to where the user stands, for other files), with `/`; line and column count from 1. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column?: number;
}

export function isFault(value: unknown): value is Fault {
  return typeof value === "object" && value !== null && (value as { kind?: unknown }).kind === "fault";
}

/** `file:line:column: message (remedy)`: the one line that a user sees. */
export function formatFault(fault: Fault): string {
  const where = fault.position === undefined ? "" : `${formatPosition(fault.position)}: `;
  return `${where}${fault.message} (${fault.remedy})`;
}

/** `file:line`, as reports show where a value is written. */
export function formatLine(position: SourcePosition): string {
  return `${position.file}:${position.line}`;
}

/** `file:line:column`, as problems are shown. */
export function formatPosition(position: SourcePosition): string {
  const column = position.column === undefined ? "" : `:${position.column}`;
  return `${position.file}:${position.line}${column}`;
}
