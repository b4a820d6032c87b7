import { createHmac, generateKeyPairSync } from "node:crypto";
import { request } from "node:http";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { Writable } from "node:stream";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isFault } from "../../src/core/fault.ts";
import type { Fault } from "../../src/core/fault.ts";
import type { Delivery } from "../../src/app/events.ts";
import type { RepositoryOutcome } from "../../src/app/server-pass.ts";
import { wordsOnlyOptions } from "../../src/server/logger.ts";
import { createMetrics } from "../../src/server/metrics.ts";
import { startServer } from "../../src/server/server.ts";
import type { RunningServer } from "../../src/server/server.ts";
import { serverSettings } from "../../src/server/settings.ts";
import type { ServerSettings } from "../../src/server/settings.ts";
import { createWebhooks } from "../../src/server/webhooks.ts";

const { privateKey: PRIVATE_KEY } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "pkcs1", format: "pem" },
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
});
const WEBHOOK_SECRET = "a webhook secret, long enough";
const ENVIRONMENT = { APP_ID: "12", PRIVATE_KEY, WEBHOOK_SECRET, PORT: "0" };

describe("the settings of a server", () => {
  it("has what a server needs, on this machine alone unless told otherwise", () => {
    expect(serverSettings({ ...ENVIRONMENT, PORT: "" })).toMatchObject({
      host: "127.0.0.1",
      port: 3000,
      webhookSecret: WEBHOOK_SECRET,
    });
    expect(serverSettings({ ...ENVIRONMENT, HOST: "0.0.0.0", PORT: "8080" })).toMatchObject({
      host: "0.0.0.0",
      port: 8080,
    });
  });

  it.each([
    ["no webhook secret", { WEBHOOK_SECRET: "" }, "WEBHOOK_SECRET"],
    ["Probot's webhook secret", { WEBHOOK_SECRET: "development" }, "WEBHOOK_SECRET"],
    ["a webhook secret of 15 characters", { WEBHOOK_SECRET: "123456789012345" }, "WEBHOOK_SECRET"],
    ["no App", { APP_ID: "" }, "APP_ID"],
    ["no private key", { PRIVATE_KEY: "" }, "PRIVATE_KEY"],
    ["a port that is none", { PORT: "http" }, "PORT"],
    ["a port that is too high", { PORT: "65536" }, "PORT"],
    ["GitHub in clear text", { GITHUB_API_URL: "http://github.example" }, "GITHUB_API_URL"],
  ])("refuses %s", (_, changed, about) => {
    expect(serverSettings({ ...ENVIRONMENT, ...changed })).toMatchObject([{ code: "usage", about }]);
  });

  it("names every problem at once", () => {
    const faults = serverSettings({ PORT: "x" }) as readonly Fault[];
    expect(faults.map(({ about }) => about)).toEqual(["APP_ID", "WEBHOOK_SECRET", "PORT"]);
  });
});

function signed(body: string, secret = WEBHOOK_SECRET): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}

describe("the server", () => {
  let server: RunningServer;
  let ready = true;
  let received: Delivery[];
  let log: string;

  beforeEach(async () => {
    [ready, received, log] = [true, [], ""];
    const stream = new Writable({
      write: (chunk: Buffer, _, done) => {
        log += chunk.toString();
        done();
      },
    });
    const webhooks = await createWebhooks({
      settings: serverSettings(ENVIRONMENT) as ServerSettings,
      log: pino(wordsOnlyOptions(true), stream),
      receive: (delivery) => {
        if (delivery.name === "ping") throw new TypeError("of the payload: hunter2");
        received.push(delivery);
      },
    });
    const started = await startServer({
      host: "127.0.0.1",
      port: 0,
      webhooks,
      metrics: async () => ({ contentType: "text/plain", text: "up 1\n" }),
      ready: () => ready,
      onError: (name) => (log += name),
    });
    if (isFault(started)) throw new Error(started.message);
    server = started;
  });
  afterEach(() => server.close());

  function send(body: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return fetch(`http://127.0.0.1:${server.port}/api/github/webhooks`, {
      method: "POST",
      body,
      headers: {
        "content-type": "application/json",
        "x-github-event": "push",
        "x-github-delivery": "1",
        "x-hub-signature-256": signed(body),
        ...headers,
      },
    });
  }

  const get = (path: string, method = "GET") => fetch(`http://127.0.0.1:${server.port}${path}`, { method });

  it.each([
    ["GET", "/healthz", 200],
    ["HEAD", "/healthz", 200],
    ["GET", "/readyz", 200],
    ["GET", "/metrics", 200],
    ["GET", "/", 404],
    ["GET", "/probot", 404],
    ["GET", "/healthz/../x", 404],
    ["GET", "//", 404],
    ["POST", "/metrics", 404],
    ["DELETE", "/healthz", 404],
    ["GET", "/api/github/webhooks", 404],
  ])("answers %s %s with %i", async (method, path, status) => {
    expect((await get(path, method)).status).toBe(status);
  });

  it("is not ready while it starts and ends, and healthy all the same", async () => {
    ready = false;
    expect([(await get("/readyz")).status, (await get("/healthz")).status]).toEqual([503, 200]);
  });

  it("hands a signed event on, once for each delivery", async () => {
    const body = JSON.stringify({ ref: "refs/heads/main", note: "ünïcode" });
    expect((await send(body)).status).toBe(200);
    expect((await send(body)).status).toBe(200);
    expect((await send(body, { "x-github-delivery": "2" })).status).toBe(200);
    expect(received).toEqual(
      Array.from({ length: 2 }, () => ({ name: "push", payload: { ref: "refs/heads/main", note: "ünïcode" } })),
    );
  });

  it.each([
    ["signed under another secret", { "x-hub-signature-256": signed("{}", "another secret, long enough") }],
    ["signed under Probot's secret", { "x-hub-signature-256": signed("{}", "development") }],
    ["without an event's name", { "x-github-event": "" }],
    ["that is a form", { "content-type": "application/x-www-form-urlencoded" }],
  ])("refuses what comes %s", async (_, headers) => {
    expect((await send("{}", headers)).status).toBeGreaterThanOrEqual(400);
    expect(received).toEqual([]);
  });

  it("refuses a body over the limit before it has come", async () => {
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    const headers = { "content-type": "application/json", "content-length": String(5 * 1024 * 1024 + 1) };
    const sent = request({
      port: server.port,
      host: "127.0.0.1",
      path: "/api/github/webhooks",
      method: "POST",
      headers,
    });
    sent.on("response", (response) => resolve(response.statusCode)).on("error", reject);
    sent.flushHeaders();
    expect(await promise).toBe(413);
    sent.destroy();
  });

  it("refuses a body over the limit that does not say how long it is", async () => {
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    const sent = request({ port: server.port, host: "127.0.0.1", path: "/api/github/webhooks", method: "POST" });
    sent.on("response", (response) => resolve(response.statusCode)).on("error", () => resolve(undefined));
    for (let megabyte = 0; megabyte < 6; megabyte++) sent.write(Buffer.alloc(1024 * 1024));
    expect(await promise).toBe(413);
    sent.destroy();
  });

  it("writes nothing of a payload into its log, whatever goes wrong with it", async () => {
    expect((await send('{"password":"hunter2", broken')).status).toBe(400);
    expect((await send('{"password":"hunter2"}', { "x-hub-signature-256": "sha256=00" })).status).toBe(400);
    expect((await send('{"password":"hunter2"}', { "x-github-event": "ping", "x-github-delivery": "9" })).status).toBe(
      500,
    );
    expect(log).toContain("TypeError");
    expect(log).not.toContain("hunter2");
    expect(log).not.toContain("sha256=");
  });

  it("says who else is there where it cannot listen", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as AddressInfo;
    const options = {
      webhooks: async () => undefined,
      metrics: async () => ({ contentType: "", text: "" }),
      ready: () => true,
      onError: () => undefined,
    };
    const fault = await startServer({ host: "127.0.0.1", port, ...options });
    other.close();
    expect(fault).toMatchObject({ kind: "fault", code: "usage", about: `127.0.0.1:${port}` });
    expect(await startServer({ host: "203.0.113.1", port: 0, ...options })).toMatchObject({
      kind: "fault",
      code: "usage",
    });
  });
});

function outcomeWith(
  part: Partial<RepositoryOutcome>,
  drifts: readonly (readonly [string, string])[] = [],
): RepositoryOutcome {
  const results = drifts.map(([state, verdict]) => ({ drift: { state }, judgement: { verdict } }));
  const pass = { complete: true, faults: [], results } as never;
  const published = { actions: [{ kind: "issue", id: "1", did: "opened", reason: "" }], faults: [], as: "" } as const;
  return { repository: "acme/secret-plans", clusters: [{ alias: "prod", pass, published }], faults: [], ...part };
}

describe("metrics", () => {
  const fault: Fault = {
    kind: "fault",
    code: "git-failed",
    about: "acme/secret-plans",
    message: "m",
    remedy: "r",
    leavesUnknown: "declared",
  };

  it("counts passes, faults and acts, and sums the drifts of every repository's last pass", async () => {
    const metrics = createMetrics();
    metrics.take(
      outcomeWith({}, [
        ["drifted", "compliant"],
        ["drifted", "compliant"],
        ["missing", "violating"],
      ]),
      1500,
    );
    metrics.take(outcomeWith({}, [["drifted", "compliant"]]), 200);
    metrics.take(outcomeWith({ repository: "acme/other" }, [["drifted", "compliant"]]), 200);
    metrics.take(outcomeWith({ clusters: [], faults: [fault] }), 100);
    const text = await metrics.text();
    for (const line of [
      'holdfast_passes_total{result="complete"} 3',
      'holdfast_passes_total{result="failed"} 1',
      "holdfast_pass_duration_seconds_count 4",
      'holdfast_faults_total{code="git-failed"} 1',
      'holdfast_published_total{kind="issue",did="opened"} 3',
      'holdfast_drifts{state="drifted",verdict="compliant"} 2',
    ]) {
      expect(text.split("\n")).toContain(line);
    }
    expect(text).not.toContain('state="missing"');
    expect(text).not.toContain("secret-plans");
  });
});
