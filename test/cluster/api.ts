// Bare requests to a test cluster, for what the harness itself must know or set up.

import { request } from "node:https";
import type { Agent } from "node:https";

export interface ApiEndpoint {
  /** `https://127.0.0.1:PORT` */
  readonly server: string;
  /** PEM of the authority; the server's certificate is verified against it. */
  readonly authority: string;
  readonly token: string;
  /** Keeps connections, for thousands of requests; default: a connection for each. */
  readonly agent?: Agent;
}

export interface ApiRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
  /** Give up after this time; default 10 s. */
  readonly milliseconds?: number;
}

export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
}

/** One request. Rejects when there is no answer, or none in time. */
export function askApi(endpoint: ApiEndpoint, asked: ApiRequest): Promise<ApiAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(asked.path, endpoint.server), {
      method: asked.method,
      ca: endpoint.authority,
      agent: endpoint.agent ?? false,
      signal: AbortSignal.timeout(asked.milliseconds ?? 10_000),
      headers: { authorization: `Bearer ${endpoint.token}`, "content-type": "application/json" },
    });
    sent.on("error", reject);
    sent.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    sent.end(asked.body === undefined ? undefined : JSON.stringify(asked.body));
  });
}
