/**
 * Asks an API server, with time limits, bounded repeats and a bounded number of requests in flight: GETs, and (only for
 * who opens a {@link DryRunApi}) PATCHes that the server is told to try and not to do. Nothing else can be sent.
 */

import { request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import { pipeline } from "node:stream";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { createGunzip } from "node:zlib";
import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import { interrupted, unauthorized, unreachable } from "./faults.ts";
import type { Endpoint } from "./kubeconfig.ts";

export interface ApiLimits {
  /** Requests in flight. */
  readonly requests: number;
  /** Tries of one request, the first included. A server that stalls is tried twice at most. */
  readonly attempts: number;
  /** Longest silence, before the answer or within it. */
  readonly idleMilliseconds: number;
  /** Longest time of one try. */
  readonly requestMilliseconds: number;
  /** The wait before the second try; it doubles, half of it at random. */
  readonly retryMilliseconds: number;
  /** The longest wait that a server may ask for (`Retry-After`). */
  readonly maxRetryMilliseconds: number;
  /** Most bytes of an answer, unpacked. */
  readonly bodyBytes: number;
}

export const API_LIMITS: ApiLimits = {
  requests: 4,
  attempts: 5,
  idleMilliseconds: 45_000,
  requestMilliseconds: 180_000,
  retryMilliseconds: 200,
  maxRetryMilliseconds: 30_000,
  bodyBytes: 64 * 1024 * 1024,
};

/** After so many requests in a row that were given up for want of any answer, the rest is not asked at all. */
const GIVE_UP_AFTER = 3;

/** How long a login is used before the authentication is asked again. */
const CREDENTIAL_MILLISECONDS = 10_000;

/** An answer with any status but 401; the caller knows what 403, 404 or 410 mean. 429 and 5xx were repeated in vain. */
export interface Answer {
  readonly kind: "answer";
  readonly status: number;
  readonly body: Buffer;
}

/** The body is longer than {@link ApiLimits.bodyBytes}: ask for less. */
export interface TooLarge {
  readonly kind: "too-large";
}

export interface Api {
  readonly server: string;
  /** Never rejects. Faults: `cluster-unreachable`, `unauthorized`, `interrupted`, `kubeconfig-invalid`. */
  get(path: string, accept?: string): Promise<Answer | TooLarge | Fault>;
  close(): void;
}

/** What would come of a PATCH. The path is without a query. */
export interface DryRunPatch {
  readonly path: string;
  readonly type: "application/apply-patch+yaml" | "application/json-patch+json";
  readonly query: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface DryRunApi {
  /** Never rejects; faults as those of {@link Api.get}. A 500 or 504 is not repeated: a webhook that fails does so again. */
  patch(asked: DryRunPatch): Promise<Answer | TooLarge | Fault>;
}

export interface ApiOptions {
  readonly endpoint: Endpoint;
  readonly limits: ApiLimits;
  readonly signal?: AbortSignal | undefined;
}

export function openApi(options: ApiOptions): Api {
  const { endpoint } = options;
  const state = openState(options);
  return {
    server: endpoint.server,
    get: (path, accept = "application/json") => askInTurn(state, { path, accept }),
    close: () => endpoint.close(),
  };
}

/** Apart from the GETs: dry runs that nobody answers keep nobody from reading. Closed with the endpoint. */
export function openDryRuns(options: ApiOptions): DryRunApi {
  const state = openState(options);
  return { patch: (patch) => askInTurn(state, { path: patch.path, accept: "application/json", patch }) };
}

function openState(options: ApiOptions): State {
  return { ...options, login: undefined, lost: 0, refused: undefined, slots: openSlots(options.limits.requests) };
}

async function askInTurn(state: State, asked: Asked): Promise<Answer | TooLarge | Fault> {
  const release = await state.slots();
  try {
    return state.signal?.aborted === true ? interrupted(state.endpoint.server) : await askPatiently(state, asked);
  } finally {
    release();
  }
}

interface Asked {
  readonly path: string;
  readonly accept: string;
  /** Absent for a GET. */
  readonly patch?: DryRunPatch;
}

interface State extends ApiOptions {
  login: { readonly at: number; readonly credentials: Credentials } | undefined;
  /** Requests in a row that nobody answered. */
  lost: number;
  /** Why nothing more is asked. */
  refused: Fault | undefined;
  readonly slots: () => Promise<() => void>;
}

type Credentials = Exclude<Awaited<ReturnType<Endpoint["credentials"]>>, Fault>;

type Try =
  | Answer
  | TooLarge
  | { readonly kind: "again"; readonly answer: Answer; readonly milliseconds: number | undefined }
  | { readonly kind: "lost"; readonly why: string; readonly stalled: boolean; readonly final: boolean };

async function askPatiently(state: State, asked: Asked): Promise<Answer | TooLarge | Fault> {
  const { endpoint, limits, signal } = state;
  let stalls = 0;
  for (let attempt = 1; ; attempt++) {
    if (state.refused !== undefined) return state.refused;
    const credentials = await credentialsOf(state);
    if (isFault(credentials)) return credentials;
    const tried = await askOnce({ ...asked, state, credentials });
    if (signal?.aborted === true) return interrupted(endpoint.server);
    if (tried.kind !== "lost") state.lost = 0;
    if (tried.kind === "answer" || tried.kind === "too-large") {
      if (tried.kind === "too-large" || tried.status !== 401) return tried;
      // The login may have run out since it was asked for: once more with a new one.
      if (attempt > 1) return (state.refused = unauthorized(endpoint.server));
      state.login = undefined;
      continue;
    }
    if (tried.kind === "lost" && tried.stalled) stalls++;
    if (attempt >= limits.attempts || stalls > 1 || (tried.kind === "lost" && tried.final)) {
      return tried.kind === "lost" ? giveUp(state, tried.why) : tried.answer;
    }
    await pause(state, attempt, tried.kind === "again" ? tried.milliseconds : undefined);
  }
}

function giveUp(state: State, why: string): Fault {
  const fault = unreachable(state.endpoint.server, why);
  state.lost++;
  if (state.lost >= GIVE_UP_AFTER) state.refused = fault;
  return fault;
}

async function pause({ limits, signal }: State, attempt: number, asked: number | undefined): Promise<void> {
  const step = limits.retryMilliseconds * 2 ** (attempt - 1);
  const wait = asked ?? step / 2 + (Math.random() * step) / 2;
  // An interruption ends the wait; the next round sees it.
  await sleep(Math.min(wait, limits.maxRetryMilliseconds), undefined, signal === undefined ? {} : { signal }).catch(
    () => undefined,
  );
}

async function credentialsOf(state: State): Promise<Credentials | Fault> {
  const { login } = state;
  if (login !== undefined && performance.now() - login.at < CREDENTIAL_MILLISECONDS) return login.credentials;
  const credentials = await state.endpoint.credentials();
  if (isFault(credentials)) return credentials;
  state.login = { at: performance.now(), credentials };
  return credentials;
}

interface Once extends Asked {
  readonly state: State;
  readonly credentials: Credentials;
}

async function askOnce(once: Once): Promise<Try> {
  const { limits } = once.state;
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(new Stalled(limits.requestMilliseconds)), limits.requestMilliseconds);
  const cancel = (): void => stop.abort();
  const { signal } = once.state;
  signal?.addEventListener("abort", cancel);
  try {
    const response = await send(once, stop);
    const body = await collect(response, limits.bodyBytes);
    return body === undefined ? { kind: "too-large" } : judge(once, response, body);
  } catch (error) {
    return lossOf(stop.signal.reason instanceof Stalled ? stop.signal.reason : error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", cancel);
  }
}

class Stalled extends Error {
  constructor(milliseconds: number) {
    super(`no answer for ${milliseconds / 1000} s`);
  }
}

function send({ state, credentials, path, accept, patch }: Once, stop: AbortController): Promise<IncomingMessage> {
  const { endpoint, limits } = state;
  const url = new URL(endpoint.server + path);
  if (patch !== undefined) {
    for (const [name, value] of Object.entries(patch.query)) url.searchParams.set(name, value);
    // The one place: whatever the caller asks for, no PATCH leaves without it.
    url.searchParams.set("dryRun", "All");
  }
  const request = url.protocol === "http:" ? httpRequest : httpsRequest;
  // Packing pays on a network and costs on the same machine.
  const packed = isLoopback(url.hostname) ? {} : { "accept-encoding": "gzip" };
  const typed = patch === undefined ? {} : { "content-type": patch.type };
  const own = { ...packed, ...typed, accept, "user-agent": "holdfast" };
  const headers = { ...(credentials.headers as Record<string, string>), ...own };
  const method = patch === undefined ? "GET" : "PATCH";
  return new Promise((resolve, reject) => {
    const { idleMilliseconds: timeout } = limits;
    const sent = request(url, { ...credentials, method, headers, signal: stop.signal, timeout });
    sent.on("timeout", () => stop.abort(new Stalled(limits.idleMilliseconds)));
    sent.on("error", reject);
    sent.on("response", resolve);
    sent.end(patch?.body);
  });
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || (isIP(host) === 4 && host.startsWith("127."));
}

/** The whole body, or `undefined` where it is over the limit; the rest is then not read. */
async function collect(response: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of unpacked(response)) {
    size += (chunk as Buffer).length;
    if (size > limit) {
      response.destroy();
      return undefined;
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks, size);
}

function unpacked(response: IncomingMessage): Readable {
  if (response.headers["content-encoding"] !== "gzip") return response;
  // The reader of the unpacked stream sees the error: pipeline destroys it with the cause.
  return pipeline(response, createGunzip(), () => undefined);
}

function judge({ patch }: Once, response: IncomingMessage, body: Buffer): Try {
  const status = response.statusCode ?? 0;
  const answer: Answer = { kind: "answer", status, body };
  if (status !== 429 && status < 500) return answer;
  if (patch !== undefined && (status === 500 || status === 504)) return answer;
  const seconds = Number(response.headers["retry-after"]);
  return { kind: "again", answer, milliseconds: seconds > 0 ? seconds * 1000 : undefined };
}

/** Errors that another try does not mend: wrong names and refused certificates. */
const FINAL =
  /^(?:ENOTFOUND|EPROTO|EACCES|ERR_(?:TLS|SSL|OSSL)_.*|CERT_.*|DEPTH_ZERO_.*|SELF_SIGNED_.*|UNABLE_TO_.*|HOSTNAME_MISMATCH)$/;

function lossOf(error: unknown): Try {
  if (error instanceof Stalled) return { kind: "lost", why: error.message, stalled: true, final: false };
  const code = (error as { code?: unknown }).code;
  const why = typeof code === "string" ? wordsOf(code) : "the connection failed";
  return { kind: "lost", why, stalled: false, final: typeof code === "string" && FINAL.test(code) };
}

function wordsOf(code: string): string {
  switch (code) {
    case "ECONNREFUSED":
      return "the connection was refused";
    case "ECONNRESET":
    case "EPIPE":
    case "ERR_STREAM_PREMATURE_CLOSE":
      return "the connection was cut";
    case "ENOTFOUND":
      return "its name is unknown";
    default:
      return code;
  }
}

/** A semaphore: resolves when a slot is free, with the function that frees it again. */
function openSlots(count: number): () => Promise<() => void> {
  const waiting: (() => void)[] = [];
  let free = count;
  const release = (): void => {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  };
  return () =>
    new Promise((resolve) => {
      if (free > 0) {
        free--;
        resolve(release);
      } else {
        waiting.push(() => resolve(release));
      }
    });
}
