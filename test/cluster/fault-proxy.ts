// A server between the program and the API server that passes everything on, writes down what was asked, and misbehaves
// where it is told to. TLS on both sides: it shows the API server's own certificate, which holds for any port of
// 127.0.0.1, so that the program verifies it as it would verify the real one.

import { createServer, Agent, request as httpsRequest } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { TestCluster } from "./cluster.ts";
import { chooseFault, statusBody } from "./faults.ts";
import type { ActiveRule, FaultRule, InjectedFault } from "./faults.ts";
import { writeKubeconfig } from "./kubeconfig.ts";

/** A request that reached the proxy. */
export interface SeenRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly userAgent: string | undefined;
  readonly acceptEncoding: string | undefined;
  /** Milliseconds since the proxy started. */
  readonly at: number;
  /** How many requests were unanswered when it came, itself included. */
  readonly inFlight: number;
  /** What was done to it. */
  readonly fault: InjectedFault | undefined;
}

/** A rule that was injected. */
export interface Injection {
  /** How many requests it hit so far. */
  hits(): number;
  remove(): void;
}

export interface FaultProxy {
  /** `https://127.0.0.1:PORT` */
  readonly server: string;
  /** A kubeconfig file that leads through the proxy; it stays when the proxy stops, and is then refused a connection. */
  readonly kubeconfig: string;
  /** All requests so far, in the order of their arrival. */
  readonly requests: readonly SeenRequest[];
  /** Of several rules that hit a request the one injected first counts. */
  inject(rule: FaultRule): Injection;
  /** Forgets all rules and requests. */
  reset(): void;
  /** Closes all connections, stalled ones too. */
  stop(): Promise<void>;
}

/** `user`: who the kubeconfig logs in, default `admin`. */
export async function startFaultProxy(cluster: TestCluster, user = "admin"): Promise<FaultProxy> {
  const rules: ActiveRule[] = [];
  const requests: SeenRequest[] = [];
  const agent = new Agent({ keepAlive: true, ca: cluster.authority });
  const started = performance.now();
  let inFlight = 0;

  const listener = createServer({ cert: cluster.serving.certificate, key: cluster.serving.key }, (incoming, reply) => {
    const { method = "", url = "", headers } = incoming;
    const fault = chooseFault(rules, method, url);
    inFlight++;
    reply.on("close", () => inFlight--);
    requests.push({
      method,
      path: url,
      userAgent: headers["user-agent"],
      acceptEncoding: headers["accept-encoding"]?.toString(),
      at: performance.now() - started,
      inFlight,
      fault,
    });
    void answer({ incoming, reply, fault, upstream: { server: cluster.server, agent } });
  });
  await new Promise<void>((resolve, reject) => {
    listener.on("error", reject);
    listener.listen(0, "127.0.0.1", resolve);
  });
  const { port } = listener.address() as AddressInfo;
  const server = `https://127.0.0.1:${port}`;
  return {
    server,
    kubeconfig: await writeKubeconfig(join(cluster.folder, `proxy-${port}-${user}.kubeconfig`), {
      context: cluster.name,
      server,
      authority: cluster.authority,
      token: cluster.tokenOf(user),
    }),
    requests,
    inject: (rule) => inject(rules, rule),
    reset: () => {
      rules.length = 0;
      requests.length = 0;
    },
    stop: async () => {
      const closed = new Promise((resolve) => listener.close(resolve));
      listener.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

function inject(rules: ActiveRule[], rule: FaultRule): Injection {
  const active: ActiveRule = { rule, matched: 0, hits: 0 };
  rules.push(active);
  return {
    hits: () => active.hits,
    remove: () => {
      const index = rules.indexOf(active);
      if (index >= 0) rules.splice(index, 1);
    },
  };
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly reply: ServerResponse;
  readonly fault: InjectedFault | undefined;
  readonly upstream: { readonly server: string; readonly agent: Agent };
}

async function answer(exchange: Exchange): Promise<void> {
  const { incoming, reply, fault } = exchange;
  switch (fault?.kind) {
    case undefined:
      return passOn(exchange, undefined);
    case "status":
      return answerStatus(reply, fault);
    case "answer":
      reply.writeHead(fault.status, { "content-type": fault.contentType }).end(fault.body);
      return;
    case "refuse":
      incoming.socket.destroy();
      return;
    case "delay":
      await sleep(fault.milliseconds);
      return passOn(exchange, undefined);
    case "stall":
      if (fault.afterBytes !== undefined) passOn(exchange, { bytes: fault.afterBytes, ending: "stall" });
      return;
    case "cut":
      return passOn(exchange, { bytes: fault.afterBytes, ending: "cut" });
    case "rewrite":
      return passOn(exchange, fault);
  }
}

function answerStatus(reply: ServerResponse, fault: Extract<InjectedFault, { kind: "status" }>): void {
  const retryAfter = fault.retryAfter ?? (fault.status === 429 ? 1 : undefined);
  reply.setHeader("content-type", "application/json");
  if (retryAfter !== undefined) reply.setHeader("retry-after", String(retryAfter));
  reply.writeHead(fault.status).end(statusBody(fault.status, retryAfter));
}

interface Limit {
  readonly bytes: number;
  readonly ending: "cut" | "stall";
}

type Rewrite = Extract<InjectedFault, { kind: "rewrite" }>;

/** Hands the request to the API server and its answer back: unchanged, up to the limit if there is one, or rewritten. */
function passOn({ incoming, reply, upstream }: Exchange, change: Limit | Rewrite | undefined): void {
  const rewrite = change !== undefined && "kind" in change ? change : undefined;
  const limit = change !== undefined && "ending" in change ? change : undefined;
  const { method, url = "/", headers } = incoming;
  const target = new URL(upstream.server);
  const sent = httpsRequest({
    host: target.hostname,
    port: target.port,
    path: url,
    method,
    agent: upstream.agent,
    headers: { ...headers, host: target.host, ...(rewrite === undefined ? {} : { "accept-encoding": "identity" }) },
  });
  sent.on("error", () => reply.destroy());
  reply.on("close", () => sent.destroy());
  sent.on("response", (response) => {
    if (rewrite !== undefined) return void rewritten(response, reply, rewrite).catch(() => reply.destroy());
    reply.writeHead(response.statusCode ?? 502, response.headers);
    reply.flushHeaders();
    response.on("error", () => reply.destroy());
    if (limit === undefined) response.pipe(reply);
    else passPart(response, reply, limit);
  });
  incoming.pipe(sent);
}

/** With the right length: nothing of the transport tells that something is missing. */
async function rewritten(response: IncomingMessage, reply: ServerResponse, rewrite: Rewrite): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const whole = Buffer.concat(chunks);
  const body = rewrite.half === true ? whole.subarray(0, whole.length >> 1) : whole;
  const type = rewrite.contentType ?? response.headers["content-type"] ?? "application/json";
  reply.writeHead(response.statusCode ?? 502, { "content-type": type, "content-length": body.length }).end(body);
}

function passPart(response: IncomingMessage, reply: ServerResponse, limit: Limit): void {
  const length = Number(response.headers["content-length"] ?? Number.POSITIVE_INFINITY);
  let left = Math.min(limit.bytes, length - 1);
  response.on("data", (chunk: Buffer) => {
    if (left <= 0) return;
    const part = chunk.subarray(0, left);
    left -= part.length;
    reply.write(part, () => {
      if (left <= 0) finish();
    });
  });
  response.on("end", finish);
  if (left <= 0) finish();

  function finish(): void {
    if (limit.ending === "cut") reply.socket?.end(() => reply.destroy());
  }
}
