// What a fault proxy can do to a request, and which requests it does it to.

/** The answers of an API server that a reader must cope with. */
export const STATUS_FAULTS = {
  401: { reason: "Unauthorized", message: "Unauthorized" },
  403: { reason: "Forbidden", message: "injected: the user cannot do that" },
  404: { reason: "NotFound", message: "the server could not find the requested resource" },
  410: {
    reason: "Expired",
    message: "The provided continue parameter is too old to display a consistent list result.",
  },
  429: { reason: "TooManyRequests", message: "Too many requests, please try again later." },
  500: { reason: "InternalError", message: "injected: Internal error occurred" },
  503: { reason: "ServiceUnavailable", message: "injected: the server is currently unable to handle the request" },
} as const;

export type FaultStatus = keyof typeof STATUS_FAULTS;

export type InjectedFault =
  /** An answer with a `Status` body as the API server writes it; 429 carries Retry-After (seconds, default 1). */
  | { readonly kind: "status"; readonly status: FaultStatus; readonly retryAfter?: number }
  /** Any answer: what a broken gateway says, say. */
  | { readonly kind: "answer"; readonly status: number; readonly contentType: string; readonly body: string }
  /** Without `afterBytes` no answer ever; else the answer's head and so many bytes of its body, and then silence. */
  | { readonly kind: "stall"; readonly afterBytes?: number }
  /**
   * The answer's head, so many bytes of its body, and then the connection is closed. Bytes are as on the wire, so of
   * the compressed body where that was asked for. Of a shorter body all but the end is sent: it is always cut.
   */
  | { readonly kind: "cut"; readonly afterBytes: number }
  /** The real answer unpacked, as another server in between might hand it on: its first half only, or under another type. */
  | { readonly kind: "rewrite"; readonly half?: true; readonly contentType?: string }
  /** The connection is reset before any answer. (A connection that is refused: stop the proxy.) */
  | { readonly kind: "refuse" }
  /** The real answer, so much later. */
  | { readonly kind: "delay"; readonly milliseconds: number };

export interface FaultRule {
  /** Default: any. */
  readonly method?: string;
  /** Of the path with its query, as sent; a string is its beginning. Default: any. */
  readonly path?: string | RegExp;
  /** The first matching request that is hit, from 1. Default 1. */
  readonly nth?: number;
  /** How many matching requests are hit from there on. Default: all. */
  readonly times?: number;
  readonly fault: InjectedFault;
}

/** An active rule, with how often it matched so far. */
export interface ActiveRule {
  readonly rule: FaultRule;
  matched: number;
  hits: number;
}

/** The first rule that hits this request. Every rule that matches counts it, hit or not. */
export function chooseFault(rules: readonly ActiveRule[], method: string, path: string): InjectedFault | undefined {
  let chosen: ActiveRule | undefined;
  for (const active of rules) {
    if (!matches(active.rule, method, path)) continue;
    active.matched++;
    if (chosen === undefined && isDue(active)) chosen = active;
  }
  if (chosen === undefined) return undefined;
  chosen.hits++;
  return chosen.rule.fault;
}

function matches(rule: FaultRule, method: string, path: string): boolean {
  if (rule.method !== undefined && rule.method !== method) return false;
  if (rule.path === undefined) return true;
  return typeof rule.path === "string" ? path.startsWith(rule.path) : rule.path.test(path);
}

function isDue({ rule, matched }: ActiveRule): boolean {
  const first = rule.nth ?? 1;
  return matched >= first && matched < first + (rule.times ?? Number.POSITIVE_INFINITY);
}

/** The body of a status fault. */
export function statusBody(status: FaultStatus, retryAfter: number | undefined): string {
  const { reason, message } = STATUS_FAULTS[status];
  const details = retryAfter === undefined ? {} : { details: { retryAfterSeconds: retryAfter } };
  const body = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, ...details };
  return JSON.stringify({ ...body, code: status });
}
