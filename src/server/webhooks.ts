/**
 * GitHub's webhooks, received by Probot: it checks signatures and hands the event on. Nothing else of it is used. It gets
 * no environment (a `REDIS_URL` would break its start, and it would take keys from the working folder), a log that keeps
 * no payload, and clients that repeat nothing and wait where GitHub asks for it, though none of ours is made by it.
 */

import type { IncomingMessage, ServerResponse } from "node:http";

import { createNodeMiddleware, createProbot, ProbotOctokit } from "probot";
import type { Logger } from "pino";

import { rememberDeliveries } from "../app/events.ts";
import type { Delivery } from "../app/events.ts";
import type { ServerSettings } from "./settings.ts";

export const WEBHOOK_PATH = "/api/github/webhooks";

/** GitHub sends up to 25 MB. What is of interest is in a few fields of small events, and the schedule misses none. */
const MAX_BYTES = 5 * 1024 * 1024;
const DELIVERIES = 5000;

export interface WebhookOptions {
  readonly settings: ServerSettings;
  readonly log: Logger;
  readonly receive: (delivery: Delivery) => void;
}

/** Answers requests to {@link WEBHOOK_PATH}. */
export async function createWebhooks({
  settings,
  log,
  receive,
}: WebhookOptions): Promise<(request: IncomingMessage, response: ServerResponse) => Promise<void>> {
  const { credentials, addresses, webhookSecret } = settings;
  const probot = createProbot({
    env: {},
    overrides: {
      appId: credentials.appId,
      privateKey: credentials.privateKey,
      secret: webhookSecret,
      baseUrl: addresses.api,
      log,
      Octokit: ProbotOctokit.defaults({
        retry: { enabled: false },
        throttle: { onRateLimit: () => true, onSecondaryRateLimit: () => true },
      }),
    },
  });
  const deliveries = rememberDeliveries(DELIVERIES);
  const middleware = await createNodeMiddleware(
    (app) => {
      app.onAny(({ id, name, payload }) => {
        if (deliveries.first(id)) receive({ name, payload });
      });
    },
    { probot, webhooksPath: WEBHOOK_PATH },
  );
  return async (request, response) => {
    const body = await bodyOf(request);
    if (body === undefined) {
      response.writeHead(413, { connection: "close" }).end();
      return;
    }
    // The middleware takes a body that was read already from here.
    await middleware(Object.assign(request, { body }), response);
  };
}

/** `undefined` where it is too large: what comes after the limit is not kept. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > MAX_BYTES) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
