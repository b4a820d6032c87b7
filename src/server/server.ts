/**
 * `server` is the HTTP side of the App: webhooks in, health and metrics out. Whoever can reach its port sees no more than
 * counts: reports and repositories' names are not served.
 *
 * This file is the server itself.
 */

import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import type { Fault } from "../core/fault.ts";
import { WEBHOOK_PATH } from "./webhooks.ts";

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly webhooks: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
  /** Whether it may be sent work: false while it starts and while it ends. */
  readonly ready: () => boolean;
  /** Told of answers that failed, by the error's name. */
  readonly onError: (name: string) => void;
}

export interface RunningServer {
  readonly host: string;
  readonly port: number;
  /** Takes no more connections, and ends those that are idle; others get a moment. */
  close(): Promise<void>;
}

const REQUEST_TIMEOUT = 30_000;
const CLOSING = 2000;
const MAX_CONNECTIONS = 500;

/** A fault where the address is taken, or not this machine's, or not allowed. */
export async function startServer(options: ServerOptions): Promise<RunningServer | Fault> {
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT, headersTimeout: REQUEST_TIMEOUT, keepAliveTimeout: 5000 },
    (request, response) => {
      answer(options, request, response).catch((error: unknown) => {
        options.onError(error instanceof Error ? error.name : typeof error);
        if (!response.headersSent) response.writeHead(500);
        response.end();
      });
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  const failed = await listen(server, options);
  if (failed !== undefined) return failed;
  const { address, port } = server.address() as AddressInfo;
  return { host: address, port, close: () => close(server) };
}

async function answer(options: ServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = URL.parse(request.url ?? "/", "http://localhost")?.pathname;
  if (path === WEBHOOK_PATH && request.method === "POST") return await options.webhooks(request, response);
  if (request.method !== "GET" && request.method !== "HEAD") return send(response, 404, "not found\n");
  switch (path) {
    case "/healthz":
      return send(response, 200, "ok\n");
    case "/readyz":
      return options.ready() ? send(response, 200, "ok\n") : send(response, 503, "not ready\n");
    case "/metrics": {
      const { contentType, text } = await options.metrics();
      return send(response, 200, text, contentType);
    }
    default:
      return send(response, 404, "not found\n");
  }
}

function send(response: ServerResponse, status: number, text: string, contentType = "text/plain; charset=utf-8"): void {
  response
    .writeHead(status, {
      "content-type": contentType,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    })
    .end(text);
}

async function listen(server: Server, { host, port }: ServerOptions): Promise<Fault | undefined> {
  const { promise, resolve } = Promise.withResolvers<Fault | undefined>();
  server.once("error", (error: NodeJS.ErrnoException) => resolve(cannotListen(`${host}:${port}`, error.code ?? "")));
  server.listen({ host, port }, () => resolve(undefined));
  return promise;
}

function cannotListen(where: string, code: string): Fault {
  const words: Readonly<Record<string, string>> = {
    EADDRINUSE: "another program listens there",
    EADDRNOTAVAIL: "the address is not this machine's",
    EACCES: "that is not allowed to this user",
    ENOTFOUND: "there is no such host",
  };
  return {
    kind: "fault",
    code: "usage",
    about: where,
    message: `cannot listen at ${where}: ${words[code] ?? code}`,
    remedy: "set HOST and PORT to an address that is free",
    leavesUnknown: "nothing",
  };
}

async function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), CLOSING);
  await promise;
  clearTimeout(timer);
}
