import { Agent, request as httpRequest } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { createEmulator } from "emulate";

/** What the stand-in, or the emulator behind it, answers to one request. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

interface BackendRequest {
  readonly method: string;
  /** Path with query, as the client sent it. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

/** The emulator as the proxy sees it: raw requests on a client's behalf, and all-seeing ones of the proxy's own. */
export interface Backend {
  forward(request: BackendRequest): Promise<Answer>;
  /** The parsed answer of a request made as the staff user; throws unless it succeeds. */
  staff<T>(method: string, path: string, body?: unknown): Promise<T>;
  /** Like `staff` with GET, undefined where the answer is 404. */
  lookUp<T>(path: string): Promise<T | undefined>;
  close(): Promise<void>;
}

export interface BackendSeed {
  /** Token → login, for users. */
  readonly tokens: Readonly<Record<string, string>>;
  /** The `github` part of emulate's seed file. */
  readonly github: Record<string, unknown>;
}

/** The user behind the stand-in's own reads and the seeding: an owner of every organisation, whom no test meets. */
export const STAFF = "stand-in-staff";

/** emulate allows a token 5,000 requests an hour, as GitHub does; the stand-in itself must not run out. */
const STAFF_TOKENS = Array.from({ length: 400 }, (_, index) => `staff-token-${index}`);

/** Starts emulate in this process, so that it ends with it, on a free loopback port. `publicUrl` is the proxy's. */
export async function startBackend(publicUrl: string, seed: BackendSeed): Promise<Backend> {
  const logins = [...STAFF_TOKENS.map((token) => [token, STAFF] as const), ...Object.entries(seed.tokens)];
  const tokens = Object.fromEntries(logins.map(([token, login]) => [token, { login, scopes: ["repo"] }]));
  const emulator = await createEmulator({ service: "github", port: 0, seed: { tokens, github: seed.github } });
  const agent = new Agent({ keepAlive: true });
  const forward = (request: BackendRequest) => send(agent, emulator.url, publicUrl, request);
  let turn = 0;
  const asStaff = (method: string, path: string, body?: unknown): Promise<Answer> =>
    forward({
      method,
      path,
      headers: {
        authorization: `token ${STAFF_TOKENS[turn++ % STAFF_TOKENS.length] ?? ""}`,
        "content-type": "application/json",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return {
    forward,
    async staff<T>(method: string, path: string, body?: unknown): Promise<T> {
      const answer = await asStaff(method, path, body);
      if (answer.status >= 400)
        throw new Error(`stand-in: ${method} ${path} answered ${answer.status}: ${answer.body.toString()}`);
      return parsed(answer) as T;
    },
    async lookUp<T>(path: string): Promise<T | undefined> {
      const answer = await asStaff("GET", path);
      if (answer.status === 404) return undefined;
      if (answer.status >= 400)
        throw new Error(`stand-in: GET ${path} answered ${answer.status}: ${answer.body.toString()}`);
      return parsed(answer) as T;
    },
    async close() {
      agent.destroy();
      await emulator.close();
    },
  };
}

/** The answer's JSON, undefined where it has none. */
export function parsed(answer: Answer): unknown {
  return answer.body.length === 0 ? undefined : JSON.parse(answer.body.toString());
}

/** An answer of JSON; undefined gives an empty body. */
export function json(status: number, value?: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  if (value === undefined) return { status, headers, body: Buffer.alloc(0) };
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
    body: Buffer.from(JSON.stringify(value)),
  };
}

const DROPPED = new Set(["connection", "content-length", "keep-alive", "transfer-encoding", "date"]);

function send(agent: Agent, backendUrl: string, publicUrl: string, request: BackendRequest): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const body = request.body === undefined ? undefined : Buffer.from(request.body);
  const headers = { ...request.headers, ...(body ? { "content-length": String(body.length) } : {}) };
  const outgoing = httpRequest(new URL(request.path, backendUrl), { agent, method: request.method, headers });
  outgoing.on("error", reject);
  outgoing.on("response", (incoming) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("error", reject);
    incoming.on("end", () =>
      resolve({
        status: incoming.statusCode ?? 500,
        headers: kept(incoming.headers, backendUrl, publicUrl),
        body: publicly(Buffer.concat(chunks), incoming.headers, backendUrl, publicUrl),
      }),
    );
  });
  outgoing.end(body);
  return promise;
}

function kept(headers: IncomingHttpHeaders, backendUrl: string, publicUrl: string): Record<string, string> {
  const entries = Object.entries(headers)
    .filter(([name]) => !DROPPED.has(name))
    .map(([name, value]) => [name, String(value).replaceAll(backendUrl, publicUrl)] as const);
  return Object.fromEntries(entries);
}

/** emulate writes links to itself; clients must follow them to the proxy. */
function publicly(body: Buffer, headers: IncomingHttpHeaders, backendUrl: string, publicUrl: string): Buffer {
  if (!headers["content-type"]?.includes("json")) return body;
  return Buffer.from(body.toString().replaceAll(backendUrl, publicUrl));
}
