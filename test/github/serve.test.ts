// `holdfast serve` as a real process between two real servers: a stateful GitHub and a Kubernetes API server. One story,
// told in order: a cluster that somebody changed by hand, and what becomes of it.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startCluster } from "../cluster/cluster.ts";
import type { TestCluster } from "../cluster/cluster.ts";
import { freePorts } from "../cluster/ports.ts";
import { describeOnCluster } from "../cluster/suite.ts";
import { startGitHub } from "./emulator.ts";
import type { TestGitHub } from "./emulator.ts";
import { kill, runHoldfast, startHoldfast, until } from "./processes.ts";
import type { Started } from "./processes.ts";

const DEPLOY = join(import.meta.dirname, "../../deploy");
const REPOSITORY = "acme/platform";

const WEB = `# The shop's front.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  replicas: 3   # as many as zones
  selector:
    matchLabels: { app: web }
  template:
    metadata:
      labels: { app: web }
    spec:
      containers:
        - name: web
          image: registry.example/web:1
`;

const JOBS = `apiVersion: apps/v1
kind: Deployment
metadata: { name: jobs, namespace: shop }
spec:
  replicas: 1
  selector: { matchLabels: { app: jobs } }
  template:
    metadata: { labels: { app: jobs } }
    spec:
      containers:
        - name: jobs
          image: registry.example/jobs:1
          securityContext: { privileged: false }
`;

const SETTINGS = `apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: Secret
metadata: { name: db, namespace: shop }
stringData: { password: "correct horse" }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: shop }
data: { colour: green }
`;

/** Every two seconds, and nothing waits: the tests are short. */
function config(schedule: string): string {
  return `version: 1
schedule: "${schedule}"
mode: propose
holdOff: 0
targets:
  - { name: shop, cluster: prod, path: apps, namespaces: [shop] }
`;
}

describeOnCluster("serve", () => {
  let cluster: TestCluster;
  let github: TestGitHub;
  let folder: string;
  let port: number;
  let server: Started;

  beforeAll(async () => {
    [cluster, github, [port = 0]] = await Promise.all([
      startCluster({ name: "prod", users: ["holdfast", "without-secrets"] }),
      startGitHub(),
      freePorts(1),
    ]);
    folder = join(cluster.folder, "serve");
    mkdirSync(folder);
    await bindReader("rbac.yaml", "rbac-with-secrets.yaml");
    const apps = { "apps/web.yaml": WEB, "apps/jobs.yaml": JOBS, "apps/settings.yaml": SETTINGS };
    await kubectl(["apply", "-f", "-"], [SETTINGS, WEB, JOBS].join("---\n"));
    await github.seedRepository({
      name: "platform",
      files: { ...apps, ".github/holdfast.yml": config("*/2 * * * * *") },
    });
    await github.seedRepository({
      name: "ungranted",
      files: { ...apps, ".github/holdfast.yml": config("*/2 * * * * *") },
    });
    writeServerConfig();
    server = start();
    await until("the server is ready", server, async () => (await status("/readyz")) === 200);
  });
  afterAll(async () => {
    // Each may be missing where the start failed.
    await Promise.allSettled([(async () => kill(server))()]);
    await Promise.allSettled([(async () => github.close())(), (async () => cluster.stop())()]);
  });

  async function kubectl(args: readonly string[], input = ""): Promise<string> {
    const result = await cluster.kubectl(args, { input });
    if (result.code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${result.stderr}`);
    return result.stdout;
  }

  async function makePrivileged(): Promise<void> {
    const containers = [{ name: "jobs", securityContext: { privileged: true } }];
    const patch = JSON.stringify({ spec: { template: { spec: { containers } } } });
    await kubectl(["patch", "deployment/jobs", "--namespace=shop", "--patch", patch]);
  }

  /** The roles that the project ships, bound to the user whose kubeconfig the server has. */
  async function bindReader(...files: readonly string[]): Promise<void> {
    await kubectl(["create", "namespace", "holdfast"]);
    for (const file of files) await kubectl(["apply", "-f", join(DEPLOY, file)]);
    for (const role of ["holdfast-reader", "holdfast-secrets-reader"]) {
      await kubectl(["create", "clusterrolebinding", `test-${role}`, `--clusterrole=${role}`, "--user=holdfast"]);
    }
    await kubectl([
      "create",
      "clusterrolebinding",
      "test-without",
      "--clusterrole=holdfast-reader",
      "--user=without-secrets",
    ]);
  }

  function writeServerConfig(): void {
    writeFileSync(
      join(folder, "server.yml"),
      `version: 1
stateDir: ${join(folder, "state")}
clusters:
  prod: { kubeconfig: ${cluster.kubeconfigFor("holdfast")} }
grants:
  - { repository: ${REPOSITORY}, cluster: prod, namespaces: all }
`,
    );
  }

  function start(): Started {
    return startHoldfast({
      args: ["serve", "--server-config", join(folder, "server.yml"), "--verbose"],
      environment: { HOME: folder, ...github.appEnvironment, HOST: "127.0.0.1", PORT: String(port) },
      cwd: folder,
    });
  }

  async function status(path: string): Promise<number> {
    return fetch(`http://127.0.0.1:${port}${path}`).then(
      (answer) => answer.status,
      () => 0,
    );
  }

  /** The sum over its labels; 0 before the server answers. */
  async function metric(name: string): Promise<number> {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
    const text = (await answer?.text()) ?? "";
    const lines = text.split("\n").filter((line) => line.startsWith(name));
    return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  }

  /** Waits for so many passes that start from now on. */
  async function passes(wanted: number): Promise<void> {
    const before = await metric("holdfast_passes_total");
    // The one that runs may have begun before what the test did.
    await until(`${wanted} passes`, server, async () => (await metric("holdfast_passes_total")) > before + wanted);
  }

  async function states(): Promise<{ pulls: readonly string[]; issues: readonly string[] }> {
    const [pulls, issues] = [await github.pullRequests(REPOSITORY), await github.issues(REPOSITORY)];
    return { pulls: pulls.map(({ state }) => state), issues: issues.map(({ state }) => state) };
  }

  it("opens nothing while the cluster is what Git says", async () => {
    await passes(2);
    expect(await states()).toEqual({ pulls: [], issues: [] });
    expect(await metric('holdfast_passes_total{result="complete"}')).toBeGreaterThan(1);
    expect(github.writes()).toEqual([]);
  });

  it("opens one pull request with the drifted bytes alone, and one issue for the violation", async () => {
    const base = (await github.branches(REPOSITORY)).get("main") ?? "";
    await kubectl(["scale", "deployment/web", "--namespace=shop", "--replicas=5"]);
    await makePrivileged();
    await until("a pull request and an issue", server, async () => {
      const { pulls, issues } = await states();
      return pulls.length > 0 && issues.length > 0;
    });
    await passes(1);

    const [pull, ...morePulls] = await github.pullRequests(REPOSITORY);
    const [issue, ...moreIssues] = await github.issues(REPOSITORY);
    expect([morePulls, moreIssues]).toEqual([[], []]);
    expect(pull).toMatchObject({ state: "open", user: { login: "holdfast[bot]" }, base: { ref: "main" } });
    expect(issue).toMatchObject({ state: "open", user: { login: "holdfast[bot]" } });
    const changed = await github.diff(REPOSITORY, base, pull?.head.ref ?? "");
    expect(changed.map(({ path }) => path)).toEqual(["apps/web.yaml"]);
    const after = await github.fileAt(REPOSITORY, pull?.head.ref ?? "", "apps/web.yaml");
    expect(after?.toString()).toBe(WEB.replace("replicas: 3 ", "replicas: 5 "));
    expect(issue?.title).toContain("jobs");
  });

  it("writes nothing in the passes after that", async () => {
    github.forgetRequests();
    await passes(2);
    expect(github.writes()).toEqual([]);
  });

  it("shows counts, and no repository's name, to who can reach its port", async () => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(text).toContain('holdfast_drifts{state="drifted",verdict="violating"} 1');
    expect(text).toContain('holdfast_drifts{state="drifted",verdict="compliant"} 1');
    expect(text).toContain('holdfast_published_total{kind="pull-request",did="opened"} 1');
    expect(text).not.toContain("platform");
    expect(await Promise.all(["/healthz", "/", "/api/github/webhooks", "/metrics/x"].map(status))).toEqual([
      200, 404, 404, 404,
    ]);
  });

  it("takes what was merged for settled, and closes the issue two clean passes after the violation is gone", async () => {
    const [pull] = await github.pullRequests(REPOSITORY);
    await github.mergePullRequest(REPOSITORY, pull?.number ?? 0);
    await kubectl(["apply", "-f", "-"], JOBS);
    await until("the issue is closed", server, async () =>
      (await states()).issues.every((state) => state === "closed"),
    );
    await passes(1);
    expect(await states()).toEqual({ pulls: ["closed"], issues: ["closed"] });
    expect((await github.pullRequests(REPOSITORY))[0]?.merged_at).not.toBeNull();
    expect(await metric("holdfast_drifts{")).toBe(0);
  });

  it("never looks at a repository without a grant", async () => {
    const touched = github.requests.filter(({ path }) => path.includes("ungranted"));
    expect(touched).toEqual([]);
  });

  it("is hurried by a push to the default branch, and by no other event or signature", async () => {
    const commit = await github.commit({
      repository: REPOSITORY,
      files: { ".github/holdfast.yml": config("0 0 1 1 *") },
    });
    await until("the new schedule is in force", server, () => server.output.stderr.includes(commit));
    const before = await metric("holdfast_passes_total");
    const url = `http://127.0.0.1:${port}/api/github/webhooks`;
    const payload = {
      ref: "refs/heads/main",
      installation: { id: 1000 },
      repository: { full_name: REPOSITORY, default_branch: "main" },
    };

    const other = await github.sendWebhook({ url, event: "push", payload: { ...payload, ref: "refs/heads/feature" } });
    const forged = await github.sendWebhook({ url, event: "push", payload, secret: "development" });
    expect([other.status, forged.status]).toEqual([200, 400]);
    await sleep(4000);
    expect(await metric("holdfast_passes_total")).toBe(before);

    expect((await github.sendWebhook({ url, event: "push", payload, id: "the-same" })).status).toBe(200);
    await until("a hurried pass", server, async () => (await metric("holdfast_passes_total")) === before + 1, 20_000);
    expect((await github.sendWebhook({ url, event: "push", payload, id: "the-same" })).status).toBe(200);
    await sleep(4000);
    expect(await metric("holdfast_passes_total")).toBe(before + 1);
  });

  it("has a role without Secrets suffice where they are not compared, and calls them unknown where they are", async () => {
    const { WEBHOOK_SECRET: _, ...environment } = github.appEnvironment;
    const reconcile = (...args: readonly string[]) =>
      runHoldfast({
        args: ["reconcile", "--publish", "github", "--github", REPOSITORY, "--dry-run", "--format", "json", ...args],
        environment: { HOME: folder, ...environment, KUBECONFIG: cluster.kubeconfigFor("without-secrets") },
        cwd: folder,
      });
    const [without, withSecrets] = [await reconcile("--no-secrets"), await reconcile()];
    expect([without.code, withSecrets.code]).toEqual([0, 1]);
    expect(without.stdout).not.toContain("list-forbidden");
    expect(withSecrets.stdout).toContain("list-forbidden");
    expect(withSecrets.stdout).toContain('"missing": 0');
  });

  it("keeps an audit log, and no secret of anybody's in its log and its files", async () => {
    const audit = readFileSync(join(folder, "state/audit.jsonl"), "utf8").trim().split("\n");
    const acts = audit.map((line) => JSON.parse(line) as { repository: string; kind: string; did: string; as: string });
    expect(acts).toContainEqual(
      expect.objectContaining({ repository: REPOSITORY, kind: "pull-request", did: "opened", as: "holdfast[bot]" }),
    );
    expect(acts).toContainEqual(expect.objectContaining({ repository: REPOSITORY, kind: "issue", did: "closed" }));
    for (const text of [server.output.stderr, audit.join("\n")]) {
      for (const secret of [
        github.webhookSecret,
        "correct horse",
        "PRIVATE KEY",
        "ghs_",
        cluster.tokenOf("holdfast"),
      ]) {
        expect(text.includes(secret)).toBe(false);
      }
    }
  });

  it("ends by SIGTERM within seconds, in good order, and starts again where it was", async () => {
    const asked = performance.now();
    server.child.kill("SIGTERM");
    expect(await server.finished).toMatchObject({ code: 0 });
    expect(performance.now() - asked).toBeLessThan(10_000);

    github.forgetRequests();
    server = start();
    await until("a pass", server, async () => (await metric("holdfast_passes_total")) > 0);
    expect(github.writes()).toEqual([]);
  });

  it("ends by SIGTERM in the middle of publishing, and what it had begun is finished once by the next start", async () => {
    server.child.kill("SIGTERM");
    await server.finished;
    const known = await states();
    // What was merged there was never deployed; it was live when it was merged, so that another number is no conflict.
    await kubectl(["scale", "deployment/web", "--namespace=shop", "--replicas=7"]);
    await makePrivileged();
    const unhook = github.onWrite(() => void server.child.kill("SIGTERM"));
    server = start();
    expect(await server.finished).toMatchObject({ code: 0 });
    unhook();
    expect(github.writes()).toHaveLength(1);

    server = start();
    await until("a pass", server, async () => (await metric("holdfast_passes_total")) > 0);
    const { pulls, issues } = await states();
    expect(pulls.filter((state) => state === "open")).toHaveLength(1);
    expect(pulls).toHaveLength(known.pulls.length + 1);
    expect(issues.filter((state) => state === "open")).toHaveLength(1);
  });
});
