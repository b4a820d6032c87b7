// One repository's pass as a server makes it, against the stand-in and with the demo's snapshot for a cluster: what waits,
// what stays in force, and what costs no more than itself.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readServerConfig } from "../../src/config/server.ts";
import type { ServerConfig } from "../../src/config/server.ts";
import type { Fault } from "../../src/core/fault.ts";
import { isFault } from "../../src/core/fault.ts";
import { openSnapshot } from "../../src/live/snapshot.ts";
import { openAuditLog } from "../../src/store/audit-log.ts";
import { openHistory } from "../../src/store/history.ts";
import { createApp } from "../../src/app/app.ts";
import { appCredentials } from "../../src/app/credentials.ts";
import type { OpenGranted } from "../../src/app/clusters.ts";
import { gitHubAddresses } from "../../src/app/github-addresses.ts";
import { grantedLive } from "../../src/app/granted-live.ts";
import { installedRepositories } from "../../src/app/installations.ts";
import type { InstalledRepository } from "../../src/app/installations.ts";
import { serverPass } from "../../src/app/server-pass.ts";
import type { RepositoryOutcome, ServerParts } from "../../src/app/server-pass.ts";
import { DEMO_LIVE, demoFiles } from "./demo.ts";
import { startGitHub } from "./emulator.ts";
import type { TestGitHub } from "./emulator.ts";

const PACKAGE = join(import.meta.dirname, "../..");
const MINUTE = 60_000;
const CONFIG = ".github/holdfast.yml";

let github: TestGitHub;
let folder: string;
let name: string;
let now: number;
let count = 0;
let down: Fault | undefined;

beforeAll(async () => {
  github = await startGitHub();
});
afterAll(() => github.close());
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-server-"));
  name = `watched-${++count}`;
  now = Date.now();
  down = undefined;
  await github.seedRepository({ name, files: demoFiles() });
  github.clearFaults();
  github.forgetRequests();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function must<T>(value: T | Fault): T {
  if (isFault(value)) throw new Error(value.message);
  return value;
}

async function openDemo({ cluster, digester, signal }: OpenGranted) {
  if (down !== undefined) return down;
  const live = await openSnapshot({ path: DEMO_LIVE, digester, signal });
  return isFault(live) ? live : grantedLive(live, cluster.namespaces);
}

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

function parts(namespaces = "all", log: ServerParts["log"] = quiet): ServerParts {
  const config = `stateDir: ${folder}\nclusters: { prod: { inCluster: true } }\ngrants: [{ repository: acme/${name}, cluster: prod, namespaces: ${namespaces} }]\n`;
  return {
    credentials: must(appCredentials(github.appEnvironment)),
    addresses: must(gitHubAddresses(github.appEnvironment)),
    server: readServerConfig(config, "server.yml") as ServerConfig,
    cacheDir: join(folder, "clones"),
    history: openHistory(join(folder, "history")),
    audit: openAuditLog(join(folder, "audit.jsonl")),
    openLive: openDemo,
    packageFolder: PACKAGE,
    version: "0.0.0",
    clock: { now: () => now },
    log,
  };
}

async function installed(): Promise<InstalledRepository> {
  const { credentials, addresses } = parts();
  const found = must(await installedRepositories({ credentials, addresses, owners: new Set(["acme"]) }));
  const own = found.repositories.find((one) => one.name === name);
  if (own === undefined) throw new Error(`${name} is not installed`);
  return own;
}

async function pass(namespaces?: string): Promise<RepositoryOutcome> {
  return serverPass(parts(namespaces), await installed(), new AbortController().signal);
}

async function configure(text: string): Promise<void> {
  await github.commit({ repository: `acme/${name}`, files: { [CONFIG]: text } });
  github.forgetRequests();
}

function did(outcome: RepositoryOutcome): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const action of outcome.clusters.flatMap(({ published }) => published.actions))
    counts[action.did] = (counts[action.did] ?? 0) + 1;
  return counts;
}

function codes(outcome: RepositoryOutcome): readonly string[] {
  const all = [
    ...outcome.faults,
    ...outcome.clusters.flatMap(({ pass: one, published }) => [...one.faults, ...published.faults]),
  ];
  return [...new Set(all.map(({ code }) => code))];
}

describe("a server's pass", () => {
  it("only reports until somebody sets the mode", async () => {
    const outcome = await pass();
    expect(outcome.clusters[0]?.pass.proposals.length).toBeGreaterThan(2);
    expect(did(outcome)).toEqual({});
    expect(github.writes()).toEqual([]);
    const tokens = github.requests.filter(({ path }) => path.endsWith("/access_tokens"));
    expect(tokens.every(({ body }) => !JSON.stringify(body).includes("write"))).toBe(true);
  });

  it("holds off until a drift has stood its time and two passes, and remembers that over a restart", async () => {
    await configure("mode: propose\nholdOff: 10m\n");
    expect(Object.keys(did(await pass()))).toEqual(["waiting"]);
    now += 9 * MINUTE;
    expect(Object.keys(did(await pass()))).toEqual(["waiting"]);
    expect(github.writes()).toEqual([]);
    now += 2 * MINUTE;
    const third = await pass();
    expect(Object.keys(did(third))).toEqual(["opened"]);
    expect(await github.pullRequests(`acme/${name}`)).toHaveLength(1);
    const audit = readFileSync(join(folder, "audit.jsonl"), "utf8").trim().split("\n");
    expect(audit).toHaveLength(did(third)["opened"] ?? 0);

    github.forgetRequests();
    expect(Object.keys(did(await pass()))).toEqual(["unchanged"]);
    expect(github.writes()).toEqual([]);
  }, 90_000);

  it("updates and keeps what is open although it changed a moment ago", async () => {
    await configure("mode: propose\nholdOff: 0\n");
    const first = await pass();
    await configure("mode: propose\nholdOff: 10m\npullRequests: { labels: [other] }\n");
    rmSync(join(folder, "history"), { recursive: true, force: true });
    const second = await pass();
    expect(did(second)["waiting"]).toBeUndefined();
    expect(await github.issues(`acme/${name}`)).toHaveLength((did(first)["opened"] ?? 0) - 1);
    expect((await github.pullRequests(`acme/${name}`)).map(({ state }) => state)).toEqual(["open"]);
  }, 90_000);

  it("keeps the last valid configuration in force, and says what is wrong with the new one", async () => {
    await configure("mode: report\nschedule: 42m\n");
    await pass();
    await configure("moed: propose\n");
    const outcome = await pass();
    expect(codes(outcome)).toEqual(["config-invalid"]);
    expect(outcome.faults[0]?.position).toMatchObject({ file: CONFIG, line: 1 });
    expect(outcome.schedule).toEqual({ kind: "every", milliseconds: 42 * MINUTE });
    expect(outcome.clusters).toHaveLength(1);
    expect(github.writes()).toEqual([]);
  });

  it("compares nothing by a configuration that never was valid", async () => {
    await configure("moed: propose\n");
    const outcome = await pass();
    expect(codes(outcome)).toEqual(["config-invalid"]);
    expect(outcome.clusters).toEqual([]);
  });

  it("reaches no cluster that is not granted, and the ones that are all the same", async () => {
    await configure(
      "mode: report\ntargets: [{ name: a, path: shop, cluster: prod }, { name: b, path: data, cluster: other }]\n",
    );
    const outcome = await pass();
    expect(codes(outcome)).toContain("cluster-not-granted");
    expect(outcome.clusters.map(({ pass: one }) => one.targets.map((target) => target.name))).toEqual([["a"]]);
  });

  it("reads the granted namespaces alone: what is elsewhere is unknown, and never missing", async () => {
    const outcome = await pass("[shop]");
    const done = outcome.clusters[0]?.pass;
    expect(done?.complete).toBe(false);
    expect(done?.summary.objects.unknown).toBeGreaterThan(10);
    expect(new Set(done?.results.map(({ drift }) => drift.ref.namespace))).toEqual(new Set(["shop"]));
    expect(codes(outcome)).toEqual(["namespace-not-granted"]);
  });

  it("opens and closes nothing because of a cluster that cannot be reached", async () => {
    await configure("mode: propose\nholdOff: 0\n");
    down = {
      kind: "fault",
      code: "cluster-unreachable",
      about: "prod",
      message: "m",
      remedy: "r",
      leavesUnknown: "declared",
    };
    const outcome = await pass();
    expect(codes(outcome)).toEqual(["cluster-unreachable"]);
    expect(github.writes()).toEqual([]);
  });

  it("is a fault where git or GitHub fail", async () => {
    const own = await installed();
    github.inject({ kind: "status", status: 500, path: /git-upload-pack|info\/refs/, times: 99 });
    expect(codes(await serverPass(parts(), own, new AbortController().signal))).toEqual(["git-failed"]);
    github.clearFaults();
    github.inject({
      kind: "status",
      status: 403,
      message: "This installation has been suspended",
      path: /access_tokens$/,
      times: 99,
    });
    expect(codes(await serverPass(parts(), own, new AbortController().signal))).toEqual(["forge-forbidden"]);
  });

  it("loses the hold-off's time, and nothing else, where its state cannot be written", async () => {
    await configure("mode: report\n");
    const full = Object.assign(new Error("no space"), { code: "ENOSPC" });
    const broken: ServerParts = {
      ...parts(),
      history: {
        load: () => ({ sightings: new Map() }),
        save: () => {
          throw full;
        },
      },
    };
    const outcome = await serverPass(broken, await installed(), new AbortController().signal);
    expect(codes(outcome)).toEqual(["output-unwritable"]);
    expect(outcome.clusters[0]?.pass.complete).toBe(true);
  });

  it("rejects with the reason of its abort, and writes nothing more", async () => {
    await configure("mode: propose\nholdOff: 0\n");
    const controller = new AbortController();
    const off = github.onWrite(() => controller.abort(new Error("stop")));
    await expect(serverPass(parts(), await installed(), controller.signal)).rejects.toThrow("stop");
    off();
    expect(github.writes()).toHaveLength(1);
  });
});

async function eventually(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error("not in time");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function start(log?: ServerParts["log"]) {
  const outcomes: RepositoryOutcome[] = [];
  const app = createApp({
    parts: { ...parts("all", log), clock: { now: () => Date.now() } },
    onOutcome: (outcome) => void outcomes.push(outcome),
    random: () => 0,
    debounceMs: 10,
  });
  app.start();
  return { app, outcomes };
}

describe("the App", () => {
  it("looks after what is granted and installed, and leaves what is archived meanwhile", async () => {
    const lines: string[] = [];
    const note = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
    const { app, outcomes } = start({ debug: note, info: note, warn: note, error: note });
    await eventually(() => outcomes.length === 1);
    expect(app.ready).toBe(true);
    await github.archive(`acme/${name}`);
    app.receive({ name: "repository", payload: { action: "archived" } });
    await eventually(() => lines.some((line) => line.startsWith("no longer looked after")));
    app.receive({
      name: "push",
      payload: { ref: "refs/heads/main", repository: { full_name: `acme/${name}`, default_branch: "main" } },
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(outcomes).toHaveLength(1);
    await app.stop();
  });

  it.each([
    ["the installations", /^\/app\/installations$/],
    ["an installation's repositories", /^\/installation\/repositories$/],
  ])(
    "goes on with what it knows where GitHub cannot be asked for %s, and is hurried by events all the same",
    async (_, path) => {
      const { app, outcomes } = start();
      await eventually(() => outcomes.length === 1);
      github.inject({ kind: "status", status: 502, path, times: 99 });
      app.receive({ name: "installation", payload: {} });
      await new Promise((resolve) => setTimeout(resolve, 4000));
      app.receive({
        name: "push",
        payload: { ref: "refs/heads/main", repository: { full_name: `ACME/${name}`, default_branch: "main" } },
      });
      await eventually(() => outcomes.length === 2);
      expect(outcomes.map(({ clusters }) => clusters.length)).toEqual([1, 1]);
      await app.stop();
    },
  );
});
