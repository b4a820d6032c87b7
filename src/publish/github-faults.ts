/** GitHub's refusals as faults: what could not be done, and what to allow so that it can. No token gets here. */

import type { Fault, FaultCode } from "../core/fault.ts";

/** How far a failure reaches: the pull request or issue at hand, all of its kind, or the rest of the pass. */
export type Scope = "item" | "kind" | "pass";

export interface Failure {
  readonly scope: Scope;
  readonly message: string;
  readonly remedy: string;
  readonly code?: FaultCode;
  /** Of the answer; 0 where the failure is none of GitHub's. */
  readonly status?: number;
  /** `STALE_DATA` and the like, of a mutation. */
  readonly type?: string;
}

/** Thrown inside `publish` and caught by the forge, which hands its fault on. */
export class ForgeError extends Error {
  readonly scope: Scope;
  readonly status: number;
  readonly type: string | undefined;
  readonly code: FaultCode;
  readonly remedy: string;

  constructor({ scope, message, remedy, code = "forge-failed", status = 0, type }: Failure) {
    super(message);
    this.scope = scope;
    this.status = status;
    this.type = type;
    this.code = code;
    this.remedy = remedy;
  }
}

export function faultOf(error: ForgeError, about: string): Fault {
  const { code, message, remedy } = error;
  return { kind: "fault", code, about, message: `${about}: ${message}`, remedy, leavesUnknown: "nothing" };
}

export function interrupted(): ForgeError {
  return new ForgeError({
    scope: "pass",
    code: "interrupted",
    message: "interrupted",
    remedy: "run it again: it goes on where it stopped",
  });
}

/** No answer, or one that does not say whether the request had an effect. */
export function mayHaveHappened(error: unknown): boolean {
  return error instanceof ForgeError && error.status >= 500;
}

/** What an Octokit throws; anything else is a bug and thrown on. */
export function forgeErrorOf(error: unknown, what: string): ForgeError {
  if (!(error instanceof Error)) throw error;
  const { status, response, errors } = error as OctokitError;
  const [first] = errors ?? [];
  if (status === undefined && first !== undefined) return ofMutation(first, what);
  if (status === undefined) throw error;
  const said = saidBy(response, error);
  const headers = response?.headers ?? {};
  return new ForgeError({ status, ...explain({ status, said, headers, what }) });
}

/** The fields that Octokit's errors have (`@octokit/request-error`, `@octokit/graphql`). */
interface OctokitError {
  readonly status?: number;
  readonly response?: { readonly data?: unknown; readonly headers?: Headers };
  readonly errors?: readonly { readonly type?: string; readonly message?: string }[];
}

type Headers = Readonly<Record<string, string | number | undefined>>;

interface Answer {
  readonly status: number;
  readonly said: string;
  readonly headers: Headers;
  readonly what: string;
}

function ofMutation({ type = "", message = "" }: { type?: string; message?: string }, what: string): ForgeError {
  const statuses: Readonly<Record<string, number>> = { FORBIDDEN: 403, NOT_FOUND: 404, RATE_LIMITED: 429 };
  const status = statuses[type] ?? 422;
  return new ForgeError({ status, type, ...explain({ status, said: oneLine(message), headers: {}, what }) });
}

function explain(answer: Answer): Failure {
  const { status, said, what } = answer;
  if (status === 401) {
    return {
      scope: "pass",
      code: "unauthorized",
      message: `GitHub does not know the credentials (${said})`,
      remedy: "renew GITHUB_TOKEN, or check APP_ID and PRIVATE_KEY",
    };
  }
  if (isLimit(answer)) return limit(answer);
  if (status === 403) return forbidden(answer);
  if (status === 410) {
    return {
      scope: "kind",
      message: "issues are disabled in this repository",
      remedy: "enable issues in the repository's settings",
    };
  }
  const words =
    status >= 500
      ? `GitHub or the connection failed (${what}: ${status} ${said})`
      : `GitHub refused ${what} (${status} ${said})`;
  return {
    scope: "item",
    message: words,
    remedy: status >= 500 ? "run it again: it goes on where it stopped" : "see what GitHub says",
  };
}

function isLimit({ status, said, headers }: Answer): boolean {
  if (status === 429) return true;
  const spent = String(headers["x-ratelimit-remaining"] ?? "") === "0" || headers["retry-after"] !== undefined;
  return status === 403 && (spent || /rate limit|abuse detection/i.test(said));
}

function limit({ said, headers }: Answer): Failure {
  const seconds = Number(headers["retry-after"]);
  const wait = Number.isFinite(seconds) && seconds > 0 ? `wait ${seconds} s` : "wait some minutes";
  return {
    scope: "pass",
    code: "forge-limited",
    message: `GitHub's rate limit is reached (${said})`,
    remedy: `${wait}, then run it again: it goes on where it stopped`,
  };
}

function forbidden({ said, headers, what }: Answer): Failure {
  if (/archived/i.test(said)) return readOnly("archived");
  if (/not permitted to create/i.test(said)) {
    return {
      scope: "kind",
      code: "forge-forbidden",
      message: `the token may not open pull requests (${said})`,
      remedy: "allow it: Settings, Actions, General, “Allow GitHub Actions to create and approve pull requests”",
    };
  }
  const wanted = headers["x-accepted-github-permissions"];
  const permission = typeof wanted === "string" ? `: ${oneLine(wanted)}` : "";
  const message = `the credentials may not do this (${what}: ${said})`;
  const remedy = `allow it for the App, the token or the workflow's permissions${permission}`;
  return { scope: "kind", code: "forge-forbidden", message, remedy };
}

/** Of a repository that takes no writes. */
export function readOnly(state: "archived" | "disabled"): Failure {
  return { scope: "pass", message: `the repository is ${state}`, remedy: "take it out of holdfast's configuration" };
}

/** GitHub's own message, never a request's headers or body. */
function saidBy(response: OctokitError["response"], error: Error): string {
  const data = response?.data;
  if (typeof data !== "object" || data === null) return response === undefined ? "no answer" : oneLine(error.name);
  const { message, errors } = data as { message?: unknown; errors?: unknown };
  const details = (Array.isArray(errors) ? errors : []).flatMap((one: unknown) => {
    const detail = typeof one === "object" && one !== null ? (one as { message?: unknown }).message : one;
    return typeof detail === "string" ? [detail] : [];
  });
  return oneLine([typeof message === "string" ? message : "", ...details].filter(Boolean).join(": "));
}

/** A proxy's page may say anything, the request's own headers too: whatever looks like a credential goes. */
function oneLine(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .replaceAll(/\b(?:gh[a-z]_|github_pat_)\w+|\bey[\w-]+\.[\w-]+\.[\w-]*|\bv1\.[0-9a-f]{40}\b/g, "(removed)")
    .replaceAll(/\b(token|bearer|basic) [^\s"',]+/gi, "$1 (removed)")
    .trim()
    .slice(0, 300);
}
