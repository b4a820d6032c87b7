import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { answerAccount } from "./accounts.ts";
import { json, parsed } from "./backend.ts";
import type { Answer } from "./backend.ts";
import { Faults } from "./faults.ts";
import type { OrderedFault } from "./faults.ts";
import { answerGit, isGitRequest } from "./git-http.ts";
import { answerGraphql, isMutation } from "./graphql.ts";
import { Refusal } from "./refusals.ts";
import { answerRepository } from "./repositories.ts";
import type { ClientRequest, Stand } from "./stand.ts";

/** One request as tests see it. */
export interface LoggedRequest {
  readonly method: string;
  /** Without the query and without `/api/v3`. */
  readonly path: string;
  readonly query: string;
  /** Parsed JSON; undefined where there is none. */
  readonly body: unknown;
  /** "holdfast[bot]", "app/holdfast" for a JSON web token, a user's login, or "anonymous". */
  as: string;
  /** What was answered, or would have been; undefined for what never got so far. */
  status: number | undefined;
  /** Whether it changed something: a successful POST, PUT, PATCH or DELETE other than getting a token or fetching. */
  wrote: boolean;
  /** False when the connection was cut instead. */
  answered: boolean;
}

/** Called after the effect of a write and before its answer; "drop" cuts the connection instead of answering. */
export type WriteHook = (write: LoggedRequest) => void | "drop" | Promise<void | "drop">;

/** The HTTP server in front of the emulator: one request at a time, logged, with faults on demand. */
export class Proxy {
  readonly requests: LoggedRequest[] = [];
  readonly faults = new Faults();
  readonly #hooks = new Set<WriteHook>();
  readonly #server: Server;
  #stand: Stand | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor() {
    this.#server = createServer((incoming, outgoing) => void this.#serve(incoming, outgoing));
  }

  /** Listens on a free loopback port; answers once `connect` has told what to. */
  static async listen(): Promise<Proxy> {
    const proxy = new Proxy();
    const { promise, resolve } = Promise.withResolvers<void>();
    proxy.#server.listen(0, "127.0.0.1", resolve);
    await promise;
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  connect(stand: Stand): void {
    this.#stand = stand;
  }

  onWrite(hook: WriteHook): () => void {
    this.#hooks.add(hook);
    return () => this.#hooks.delete(hook);
  }

  /** Runs something while no client's request is being answered. */
  exclusively<T>(work: (stand: Stand) => Promise<T>): Promise<T> {
    const stand = this.#stand;
    if (!stand) throw new Error("stand-in: not connected");
    const result = this.#queue.then(() => work(stand));
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
    await this.#queue;
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? "/", this.url);
    const path = url.pathname.replace(/^\/api\/v3(?=\/)/, "").replace(/^\/api\/graphql$/, "/graphql");
    const method = incoming.method ?? "GET";
    const body = await bytesOf(incoming).catch(() => Buffer.alloc(0));
    const entry: LoggedRequest = {
      method,
      path,
      query: url.search,
      body: readable(body),
      as: "anonymous",
      status: undefined,
      wrote: false,
      answered: true,
    };
    this.requests.push(entry);
    const fault = this.faults.next(method, path);
    if (fault?.kind === "stall" || fault?.kind === "drop-before") {
      entry.answered = false;
      if (fault.kind === "drop-before") incoming.socket.destroy();
      return;
    }
    const answer = await this.exclusively((stand) =>
      this.#answer(
        stand,
        { method, path, query: url.searchParams, headers: flat(incoming), body },
        { incoming, entry, fault },
      ),
    ).catch((error: unknown) => json(500, { message: `stand-in: ${String(error)}` }));
    if (answer === "drop") {
      entry.answered = false;
      incoming.socket.destroy();
    } else reply(incoming, outgoing, answer);
  }

  async #answer(
    stand: Stand,
    request: Omit<ClientRequest, "identity">,
    { incoming, entry, fault }: { incoming: IncomingMessage; entry: LoggedRequest; fault: OrderedFault | undefined },
  ): Promise<Answer | "drop"> {
    const answer = await refusalsAnswered(async () => {
      const identity = stand.identities.identify(incoming.headers);
      entry.as = identity.login;
      if (fault?.kind === "status")
        return json(fault.status, { message: fault.message ?? "Injected by the test" }, fault.headers);
      const honest = await answerFor(stand, { ...request, identity });
      return fault?.kind === "lag" ? lagging(honest, fault.ordered) : honest;
    });
    entry.status = answer.status;
    if (fault?.kind !== "status") entry.wrote = writes(request, answer);
    let drop = fault?.kind === "drop-after";
    if (entry.wrote) for (const hook of this.#hooks) drop = (await hook(entry)) === "drop" || drop;
    return drop ? "drop" : answer;
  }
}

/** The answer to one request, from whichever part knows it. */
async function answerFor(stand: Stand, request: ClientRequest): Promise<Answer> {
  if (isGitRequest(request.path)) return answerGit(stand, request);
  if (request.path === "/graphql") return answerGraphql(stand, request);
  if (request.path.startsWith("/repos/")) return answerRepository(stand, request);
  return answerAccount(stand, request);
}

/** The list without what was created since. */
function lagging(answer: Answer, since: number): Answer {
  const items = parsed(answer);
  if (!Array.isArray(items)) return answer;
  const old = (items as { created_at?: string }[]).filter(({ created_at = "" }) => !(Date.parse(created_at) > since));
  return json(answer.status, old, answer.headers);
}

async function refusalsAnswered(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) return error.answer;
    throw error;
  }
}

function writes(request: Omit<ClientRequest, "identity">, answer: Answer): boolean {
  if (request.method === "GET" || request.method === "HEAD" || answer.status >= 300) return false;
  if (request.path.endsWith("/access_tokens") || request.path === "/installation/token") return false;
  if (isGitRequest(request.path)) return false;
  if (request.path !== "/graphql") return true;
  return isMutation(request.body) && (parsed(answer) as { errors?: unknown }).errors === undefined;
}

function reply(incoming: IncomingMessage, outgoing: ServerResponse, answer: Answer): void {
  const prefixed = incoming.url?.startsWith("/api/v3/") === true;
  const headers: Record<string, string> = { ...answer.headers };
  if (prefixed && headers["link"])
    headers["link"] = headers["link"].replaceAll(/<(https?:\/\/[^/]+)\//g, "<$1/api/v3/");
  if (incoming.method === "GET" && answer.status === 200) {
    headers["etag"] = `"${createHash("sha256").update(answer.body).digest("hex")}"`;
    if (incoming.headers["if-none-match"]?.includes(headers["etag"])) {
      outgoing.writeHead(304, { etag: headers["etag"] }).end();
      return;
    }
  }
  outgoing.writeHead(answer.status, { ...headers, "content-length": answer.body.length }).end(answer.body);
}

async function bytesOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function readable(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

const HOP_BY_HOP = new Set(["connection", "content-length", "host", "keep-alive", "transfer-encoding", "expect"]);

function flat(incoming: IncomingMessage): Record<string, string> {
  const entries = Object.entries(incoming.headers).filter(([name]) => !HOP_BY_HOP.has(name));
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}
