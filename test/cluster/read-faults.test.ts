// What a user sees when reading a real API server goes wrong: the fault, an exit code of 1, the rest of the report, and
// never that something is missing because it was not read.

import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { runHoldfast } from "./cli.ts";
import type { Ran } from "./cli.ts";
import { startCluster } from "./cluster.ts";
import type { TestCluster } from "./cluster.ts";
import { startFaultProxy } from "./fault-proxy.ts";
import type { FaultProxy } from "./fault-proxy.ts";
import type { InjectedFault } from "./faults.ts";
import { describeOnCluster } from "./suite.ts";

const DEPLOYMENTS = /\/deployments\?/;
const OBJECTS = 1200;

interface Report {
  readonly summary: { readonly objects: Readonly<Record<string, number>> };
  readonly drifts: readonly { readonly state: string }[];
  readonly faults: readonly { readonly code: string; readonly about: string }[];
}

describeOnCluster("faults of reading, as a user sees them", () => {
  let cluster: TestCluster;
  let proxy: FaultProxy;
  let folder: string;

  beforeAll(async () => {
    cluster = await startCluster();
    proxy = await startFaultProxy(cluster, "reader");
    folder = await mkdtemp(join(tmpdir(), "holdfast-faults-"));
    await mkdir(join(folder, "repo/.github"), { recursive: true });
    const target = "{ name: default, path: '', namespaces: [shop] }";
    await writeFile(join(folder, "repo/.github/holdfast.yml"), `version: 1\ntargets: [${target}]\n`);
    execFileSync("git", ["init", "--quiet", join(folder, "repo")]);
    await writeFile(join(folder, "repo/config.yaml"), configMap("one"));
    await writeFile(
      join(folder, "repo/deployments.yaml"),
      Array.from({ length: OBJECTS }, (_, index) => deployment(index)).join("---\n"),
    );
    await kubectl("create", "namespace", "shop");
    await kubectl("create", "-f", join(folder, "repo"));
    await writeFile(join(folder, "repo/config.yaml"), configMap("two"));
  });

  afterEach(() => proxy.reset());

  afterAll(async () => {
    await proxy.stop();
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function kubectl(...args: readonly string[]): Promise<void> {
    const { code, stderr } = await cluster.kubectl(args);
    expect(code, stderr).toBe(0);
  }

  async function scan(): Promise<Ran & { readonly report: Report }> {
    const ran = await runHoldfast([
      "scan",
      "--format",
      "json",
      "--repo",
      join(folder, "repo"),
      "--kubeconfig",
      proxy.kubeconfig,
    ]);
    expect(ran.stdout, ran.stderr).not.toBe("");
    return { ...ran, report: JSON.parse(ran.stdout) as Report };
  }

  test("without a fault everything is compared, in pages", async () => {
    const { code, report } = await scan();
    expect(report.summary.objects).toMatchObject({ desired: OBJECTS + 1, inSync: OBJECTS, drifted: 1, unknown: 0 });
    expect(code).toBe(2);
    expect(proxy.requests.filter(({ path }) => DEPLOYMENTS.test(path))).toHaveLength(3);
    expect(new Set(proxy.requests.map(({ method }) => method))).toEqual(new Set(["GET"]));
  });

  const lasting: readonly (readonly [string, InjectedFault, number, string])[] = [
    ["403 on one kind", { kind: "status", status: 403 }, 1, "list-forbidden"],
    ["403 on the second page", { kind: "status", status: 403 }, 2, "list-forbidden"],
    ["500 again and again", { kind: "status", status: 500 }, 1, "list-failed"],
    ["a continue token that always expires", { kind: "status", status: 410 }, 2, "list-failed"],
    ["a connection cut in every list", { kind: "cut", afterBytes: 5000 }, 2, "cluster-unreachable"],
    [
      "a gateway's page with status 200",
      { kind: "answer", status: 200, contentType: "text/html", body: "<h1>hello" },
      1,
      "list-failed",
    ],
  ];

  test.each(lasting)("%s: that kind is unknown, the rest is reported, exit code 1", async (_name, fault, nth, code) => {
    proxy.inject({ path: DEPLOYMENTS, nth, fault });
    const ran = await scan();
    expect(ran.report.faults.map((one) => one.code)).toEqual([code]);
    expect(ran.report.drifts.map((one) => one.state)).toEqual(["drifted"]);
    expect(ran.report.summary.objects).toMatchObject({ missing: 0, unmanaged: 0 });
    expect(ran.report.summary.objects["unknown"]).toBeGreaterThan(0);
    expect(ran.code).toBe(1);
  });

  const passing: readonly (readonly [string, InjectedFault])[] = [
    ["a continue token that expires once", { kind: "status", status: 410 }],
    ["one connection cut in mid-list", { kind: "cut", afterBytes: 5000 }],
    ["one connection that is reset", { kind: "refuse" }],
    ["one 503", { kind: "status", status: 503 }],
    ["429 with Retry-After, once", { kind: "status", status: 429, retryAfter: 1 }],
  ];

  test.each(passing)("%s is got over, and drops no object", async (_name, fault) => {
    proxy.inject({ path: DEPLOYMENTS, nth: 2, times: 1, fault });
    const { code, report } = await scan();
    expect(report.faults).toEqual([]);
    expect(report.summary.objects).toMatchObject({ inSync: OBJECTS, drifted: 1, unknown: 0, missing: 0 });
    expect(code).toBe(2);
  });

  test("401 everywhere: one clear line, exit code 1", async () => {
    proxy.inject({ fault: { kind: "status", status: 401 } });
    const ran = await runHoldfast(["scan", "--repo", join(folder, "repo"), "--kubeconfig", proxy.kubeconfig]);
    expect(ran.code).toBe(1);
    expect(ran.stdout).toBe("");
    expect(ran.stderr.trim().split("\n")).toHaveLength(1);
    expect(ran.stderr).not.toMatch(/\bat .*\.(?:ts|js):\d/);
  });

  test("Ctrl-C while the server stalls: exit code 130 at once, nothing half-written", async () => {
    proxy.inject({ path: DEPLOYMENTS, fault: { kind: "stall", afterBytes: 1000 } });
    const started = performance.now();
    const args = [
      "reconcile",
      "--repo",
      join(folder, "repo"),
      "--kubeconfig",
      proxy.kubeconfig,
      "--out",
      join(folder, "out"),
      "--report",
      `json=${join(folder, "report.json")}`,
    ];
    const ran = await runHoldfast(args, { started: (pid) => void interrupt(pid) });
    expect(ran.code).toBe(130);
    expect(ran.stdout).toBe("");
    expect(performance.now() - started).toBeLessThan(30_000);
    expect(await readdir(folder)).toEqual(["repo"]);
  });

  /** As soon as the list is under way. */
  async function interrupt(pid: number): Promise<void> {
    const before = proxy.requests.length;
    while (!proxy.requests.slice(before).some(({ path }) => DEPLOYMENTS.test(path))) await sleep(20);
    await sleep(200);
    process.kill(pid, "SIGINT");
  }
});

function configMap(value: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: shop }\ndata: { value: ${value} }\n`;
}

function deployment(index: number): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: web-${index}, namespace: shop }
spec:
  replicas: 0
  selector: { matchLabels: { app: web-${index} } }
  template:
    metadata: { labels: { app: web-${index} } }
    spec: { containers: [{ name: web, image: "registry.example/web:1" }] }
`;
}
