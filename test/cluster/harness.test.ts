// What the other suites rely on: the servers are real, users may do what they may, faults arrive, nothing is left behind.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { askApi } from "./api.ts";
import type { ApiAnswer } from "./api.ts";
import { CLUSTER_BINARIES, KUBERNETES, KUBERNETES_VERSION, OLDER_BINARIES } from "./binaries.ts";
import { startCluster } from "./cluster.ts";
import type { TestCluster } from "./cluster.ts";
import { startFaultProxy } from "./fault-proxy.ts";
import type { FaultProxy } from "./fault-proxy.ts";
import { STATUS_FAULTS } from "./faults.ts";
import type { FaultStatus } from "./faults.ts";
import { describeOnCluster } from "./suite.ts";

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, labels: { app: web } }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: "registry.example/web:1" }] }
`;

const NAMESPACES = "/api/v1/namespaces";

describeOnCluster("a test cluster", () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await startCluster({ controllerManager: true, name: "first", users: ["newcomer"] });
  });
  afterAll(() => cluster?.stop());

  it("has the API server and the kubectl of the version that was built", async () => {
    const { stdout } = await cluster.kubectl(["version", "-o", "json"]);
    const { clientVersion, serverVersion } = JSON.parse(stdout);
    expect([clientVersion.gitVersion, serverVersion.gitVersion]).toEqual([KUBERNETES_VERSION, KUBERNETES_VERSION]);
  });

  it("admits, defaults and stores what kubectl applies, with its field managers", async () => {
    const applied = await cluster.kubectl(["apply", "-f", "-"], { input: DEPLOYMENT });
    expect(applied).toMatchObject({ code: 0, stdout: "deployment.apps/web created\n" });
    const { stdout } = await cluster.kubectl(["get", "deploy", "web", "-o", "json", "--show-managed-fields"]);
    const live = JSON.parse(stdout);
    expect(live.spec.strategy.type).toBe("RollingUpdate");
    expect(live.metadata.managedFields).toContainEqual(
      expect.objectContaining({ manager: "kubectl-client-side-apply", operation: "Update" }),
    );
  });

  it("has a controller manager that makes ReplicaSets and Pods of a Deployment", async () => {
    await cluster.kubectl(["apply", "-f", "-"], { input: DEPLOYMENT });
    const pods = await eventually(
      async () => {
        const { stdout } = await cluster.kubectl(["get", "pods", "-l", "app=web", "-o", "name"]);
        return stdout.split("\n").filter((line) => line !== "");
      },
      (names) => names.length === 2,
    );
    expect(pods).toHaveLength(2);
    const { stdout } = await cluster.kubectl(["get", "rs", "-l", "app=web", "-o", "json"]);
    expect(JSON.parse(stdout).items[0].metadata.ownerReferences[0]).toMatchObject({ kind: "Deployment", name: "web" });
  });

  it.each([
    { user: "reader", verb: "list", resource: "secrets", allowed: "yes" },
    { user: "reader", verb: "list", resource: "clusterroles", allowed: "yes" },
    { user: "reader", verb: "create", resource: "configmaps", allowed: "no" },
    { user: "reader", verb: "patch", resource: "deployments", allowed: "no" },
    { user: "viewer", verb: "list", resource: "deployments", allowed: "yes" },
    { user: "viewer", verb: "list", resource: "secrets", allowed: "no" },
    { user: "nobody", verb: "list", resource: "configmaps", allowed: "no" },
    { user: "newcomer", verb: "list", resource: "configmaps", allowed: "no" },
  ])("lets $user $verb $resource: $allowed", async ({ user, verb, resource, allowed }) => {
    const { stdout } = await cluster.kubectl(["auth", "can-i", verb, resource, "-A"], { user });
    expect(stdout.trim()).toBe(allowed);
  });

  it("forbids a read-only user to write, as the server's answer and not kubectl's guess", async () => {
    const endpoint = { server: cluster.server, authority: cluster.authority, token: cluster.tokenOf("reader") };
    const path = `${NAMESPACES}/default/configmaps`;
    const written = await askApi(endpoint, { method: "POST", path, body: { metadata: { name: "x" } } });
    expect(written.status).toBe(403);
    expect((await askApi(endpoint, { method: "GET", path })).status).toBe(200);
  });

  it("shows a certificate that only its own authority vouches for", async () => {
    const endpoint = { server: cluster.server, token: cluster.tokenOf("admin") };
    const unknownAuthority = { ...endpoint, authority: "" };
    await expect(askApi(unknownAuthority, { method: "GET", path: "/readyz" })).rejects.toThrow(/certificate/);
    const known = await askApi({ ...endpoint, authority: cluster.authority }, { method: "GET", path: "/readyz" });
    expect(known).toEqual({ status: 200, text: "ok" });
  });

  it("stands beside a second one that knows nothing of it, and outlives it", async () => {
    const second = await startCluster({ name: "second" });
    try {
      await cluster.kubectl(["create", "configmap", "only-in-first"]);
      const seen = await Promise.all(
        [cluster, second].map((one) => one.kubectl(["get", "configmap", "only-in-first"])),
      );
      expect(seen.map(({ code }) => code)).toEqual([0, 1]);
      expect((await second.kubectl(["config", "current-context"])).stdout).toBe("second\n");
      expect(second.pids.size).toBe(2);
    } finally {
      await second.stop();
    }
    expect(existsSync(second.folder)).toBe(false);
    expect((await cluster.kubectl(["get", "namespaces"])).code).toBe(0);
  });

  it("admits Pods without a controller manager too", async () => {
    const bare = await startCluster();
    try {
      const created = await bare.kubectl(["run", "alone", "--image=registry.example/web:1"]);
      expect(created).toMatchObject({ code: 0, stdout: "pod/alone created\n" });
    } finally {
      await bare.stop();
    }
  });
});

describeOnCluster("a fault proxy", () => {
  let cluster: TestCluster;
  let proxy: FaultProxy;

  beforeAll(async () => {
    cluster = await startCluster();
    proxy = await startFaultProxy(cluster);
  });
  afterEach(() => proxy?.reset());
  afterAll(async () => {
    await proxy?.stop();
    await cluster?.stop();
  });

  function ask(path: string, milliseconds = 10_000): Promise<ApiAnswer> {
    const endpoint = { server: proxy.server, authority: cluster.authority, token: cluster.tokenOf("admin") };
    return askApi(endpoint, { method: "GET", path, milliseconds });
  }

  it("passes on what it is not told to spoil, and remembers it", async () => {
    const applied = await cluster.kubectl(["create", "configmap", "through"], { kubeconfig: proxy.kubeconfig });
    expect(applied.code).toBe(0);
    const direct = await cluster.kubectl(["get", "configmap", "through", "-o", "name"]);
    expect(direct.stdout).toBe("configmap/through\n");
    const writes = proxy.requests.filter(({ method }) => method !== "GET");
    expect(writes).toMatchObject([
      { method: "POST", fault: undefined, userAgent: expect.stringContaining("kubectl/") },
    ]);
    expect(writes[0]?.path).toMatch(/^\/api\/v1\/namespaces\/default\/configmaps/);
  });

  it.each(Object.keys(STATUS_FAULTS).map((status) => Number(status) as FaultStatus))(
    "answers %i with a Status of that code",
    async (status) => {
      proxy.inject({ path: NAMESPACES, fault: { kind: "status", status } });
      const { status: answered, text } = await ask(NAMESPACES);
      expect(answered).toBe(status);
      expect(JSON.parse(text)).toMatchObject({ kind: "Status", code: status, reason: STATUS_FAULTS[status].reason });
      expect((await ask("/readyz")).status).toBe(200);
    },
  );

  it("is believed by kubectl", async () => {
    proxy.inject({ path: NAMESPACES, fault: { kind: "status", status: 403 } });
    const { code, stderr } = await cluster.kubectl(["get", "namespaces"], { kubeconfig: proxy.kubeconfig });
    expect(code).toBe(1);
    expect(stderr).toContain("(Forbidden)");
  });

  it("hits only from the nth matching request on, and only so many times", async () => {
    const fault = { kind: "status", status: 500 } as const;
    const injection = proxy.inject({
      method: "GET",
      path: /^\/api\/v1\/namespaces\?.*limit=/,
      nth: 2,
      times: 1,
      fault,
    });
    const statuses: number[] = [];
    for (const query of ["?limit=1", "", "?limit=2", "?limit=3"]) {
      statuses.push((await ask(NAMESPACES + query)).status);
    }
    expect(statuses).toEqual([200, 200, 500, 200]);
    expect(injection.hits()).toBe(1);
  });

  it("cuts the connection in mid-body", async () => {
    proxy.inject({ path: NAMESPACES, fault: { kind: "cut", afterBytes: 100 } });
    await expect(ask(NAMESPACES)).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  it("cuts a body that is shorter than the limit as well", async () => {
    proxy.inject({ path: NAMESPACES, fault: { kind: "cut", afterBytes: 1_000_000 } });
    await expect(ask(NAMESPACES)).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  it.each([
    { name: "never answers", afterBytes: undefined },
    { name: "stalls in mid-body", afterBytes: 10 },
  ])("$name", async ({ afterBytes }) => {
    const fault = afterBytes === undefined ? { kind: "stall" as const } : { kind: "stall" as const, afterBytes };
    proxy.inject({ path: NAMESPACES, times: 1, fault });
    await expect(ask(NAMESPACES, 500)).rejects.toMatchObject({ name: "AbortError" });
    expect((await ask(NAMESPACES)).status).toBe(200);
  });

  it("resets the connection before any answer", async () => {
    proxy.inject({ path: NAMESPACES, times: 1, fault: { kind: "refuse" } });
    await expect(ask(NAMESPACES)).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  it("counts the requests in flight", async () => {
    proxy.inject({ path: NAMESPACES, fault: { kind: "delay", milliseconds: 300 } });
    await Promise.all([ask(NAMESPACES), ask(NAMESPACES), ask(NAMESPACES)]);
    expect(proxy.requests.map(({ inFlight }) => inFlight)).toEqual([1, 2, 3]);
    await ask("/readyz");
    expect(proxy.requests.at(-1)?.inFlight).toBe(1);
  });

  it("refuses connections once it is stopped, and stops with a request stalled", async () => {
    const other = await startFaultProxy(cluster, "reader");
    other.inject({ fault: { kind: "stall" } });
    const endpoint = { server: other.server, authority: cluster.authority, token: cluster.tokenOf("reader") };
    const stalled = askApi(endpoint, { method: "GET", path: "/readyz" }).catch((error: unknown) => error);
    await eventually(
      async () => other.requests.length,
      (count) => count === 1,
    );
    await other.stop();
    expect(await stalled).toMatchObject({ code: "ECONNRESET" });
    await expect(askApi(endpoint, { method: "GET", path: "/readyz" })).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});

describeOnCluster(
  "a test cluster of the older Kubernetes",
  () => {
    it("is of that version, with its controllers, and understood by the newest one's kubectl", async () => {
      const cluster = await startCluster({ controllerManager: true, name: "older", kubernetes: "v1.33" });
      try {
        const { stdout } = await cluster.kubectl(["version", "-o", "json"]);
        expect(JSON.parse(stdout).serverVersion.gitVersion).toBe(KUBERNETES["v1.33"].version);
        await cluster.kubectl(["apply", "-f", "-"], { input: DEPLOYMENT });
        const made = await eventually(
          async () => (await cluster.kubectl(["get", "rs", "-l", "app=web", "-o", "name"])).stdout,
          (names) => names !== "",
        );
        expect(made).toMatch(/^replicaset.apps\/web-/);
      } finally {
        await cluster.stop();
      }
    });
  },
  [...CLUSTER_BINARIES, ...OLDER_BINARIES],
);

describeOnCluster("a killed test process", () => {
  it("leaves no server and no folder behind", async () => {
    const victim = spawn(process.execPath, [join(import.meta.dirname, "victim.ts")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const line = await new Promise<string>((resolve, reject) => {
      createInterface(victim.stdout).once("line", resolve);
      victim.once("exit", (code) => reject(new Error(`it ended by itself with ${code}`)));
    });
    const { folder, pids } = JSON.parse(line) as { folder: string; pids: number[] };
    expect(pids).toHaveLength(2);
    expect(pids.map(isAlive)).toEqual([true, true]);
    expect(existsSync(folder)).toBe(true);

    victim.kill("SIGKILL");
    const gone = await eventually(
      async () => pids.filter(isAlive).length + Number(existsSync(folder)),
      (left) => left === 0,
    );
    expect(gone).toBe(0);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Asks until the answer is the wanted one, for 20 s at most; then whatever it is. */
async function eventually<Value>(look: () => Promise<Value>, wanted: (value: Value) => boolean): Promise<Value> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const value = await look();
    if (wanted(value) || performance.now() > deadline) return value;
    await sleep(100);
  }
}
