// The story of the README on a real API server: apply a folder, change things by hand as people do, scan, reconcile to a
// folder, apply the patch, scan again. holdfast runs as a user runs it, as a child process with a read-only account that
// has exactly the rights of deploy/.

import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compareText } from "../../src/core/value.ts";
import { runHoldfast } from "./cli.ts";
import type { Ran } from "./cli.ts";
import { startCluster } from "./cluster.ts";
import type { TestCluster } from "./cluster.ts";
import { describeOnCluster } from "./suite.ts";

const ROOT = join(import.meta.dirname, "../..");
const run = promisify(execFile);

const WEB = `# The shop's front.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  replicas: 3   # two zones and a spare
  selector:
    matchLabels: { app: web }
  template:
    metadata:
      labels: { app: web }
    spec:
      containers:
        - name: web
          image: registry.example/shop/web:1.0
          ports: [{ containerPort: 8080 }]
          securityContext:
            privileged: false
`;

const REST = `apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec:
  selector: { app: web }
  ports: [{ port: 80, targetPort: 8080 }]
---
apiVersion: v1
kind: Secret
metadata: { name: session, namespace: shop }
stringData: { key: s3cr3t-canary }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: default-deny, namespace: shop }
spec: { podSelector: {}, policyTypes: [Ingress] }
`;

interface Change {
  readonly field: string;
  readonly desired: unknown;
  readonly live: unknown;
  readonly verdict: string;
  readonly actor?: { readonly manager: string; readonly subresource?: string; readonly time?: string };
  readonly source: { readonly file: string; readonly line: number };
}

interface Report {
  readonly summary: { readonly objects: Readonly<Record<string, number>> };
  readonly drifts: readonly {
    readonly object: { readonly kind: string; readonly name: string };
    readonly state: string;
    readonly changes: readonly Change[];
  }[];
  readonly faults: readonly { readonly code: string; readonly about: string }[];
}

describeOnCluster("the story on a real API server", () => {
  let cluster: TestCluster;
  let folder: string;
  let repository: string;

  beforeAll(async () => {
    cluster = await startCluster({ controllerManager: true, users: ["holdfast", "holdfast-no-secrets"] });
    folder = await mkdtemp(join(tmpdir(), "holdfast-story-"));
    repository = join(folder, "repo");
    await grantReading();
    await makeRepository();
    await kubectl("create", "namespace", "shop");
    await kubectl("apply", "-f", join(repository, "apps"));
  });

  afterAll(async () => {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function kubectl(...args: readonly string[]): Promise<string> {
    const result = await cluster.kubectl(args);
    expect(result.code, result.stderr).toBe(0);
    return result.stdout;
  }

  /** What deploy/ grants, bound to users instead of the ServiceAccount. */
  async function grantReading(): Promise<void> {
    await kubectl("create", "namespace", "holdfast");
    await kubectl("apply", "-f", join(ROOT, "deploy/rbac.yaml"), "-f", join(ROOT, "deploy/rbac-with-secrets.yaml"));
    await kubectl(
      "create",
      "clusterrolebinding",
      "a",
      "--clusterrole=holdfast-reader",
      "--user=holdfast",
      "--user=holdfast-no-secrets",
    );
    await kubectl("create", "clusterrolebinding", "b", "--clusterrole=holdfast-secrets-reader", "--user=holdfast");
  }

  async function makeRepository(): Promise<void> {
    await cp(join(ROOT, "fixtures/demo/repo/README.md"), join(repository, "README.md"));
    await cp(join(ROOT, "fixtures/demo/repo/README.md"), join(repository, "apps/README.md"));
    await writeFile(join(repository, "apps/web.yaml"), WEB);
    await writeFile(join(repository, "apps/rest.yaml"), REST);
    // The shop's people: what lives elsewhere in the cluster is not theirs.
    await mkdir(join(repository, ".github"));
    await writeFile(
      join(repository, ".github/holdfast.yml"),
      "version: 1\ntargets: [{ name: default, path: apps, namespaces: [shop] }]\n",
    );
    await git("init", "--quiet", "--initial-branch=main");
    await commit("What runs in the shop");
  }

  async function git(...args: readonly string[]): Promise<void> {
    await run("git", ["-C", repository, "-c", "user.name=a", "-c", "user.email=a@b.example", ...args]);
  }

  async function commit(message: string): Promise<void> {
    await git("add", "--all");
    await git("commit", "--quiet", `--message=${message}`);
  }

  async function holdfast(args: readonly string[], user = "holdfast"): Promise<Ran> {
    return await runHoldfast([...args, "--repo", repository, "--kubeconfig", cluster.kubeconfigFor(user)]);
  }

  async function scan(args: readonly string[] = [], user?: string): Promise<Report & { readonly code: number | null }> {
    const { code, stdout, stderr } = await holdfast(["scan", "--format", "json", ...args], user);
    expect(stdout, stderr).not.toBe("");
    expect(stdout).not.toContain("s3cr3t-canary");
    expect(stdout).not.toContain(Buffer.from("s3cr3t-canary").toString("base64"));
    return { code, ...(JSON.parse(stdout) as Report) };
  }

  test("what was just applied has no drift", async () => {
    const report = await scan();
    expect(report.faults).toEqual([]);
    expect(report.drifts).toEqual([]);
    expect(report.summary.objects).toMatchObject({ desired: 4, inSync: 4, unknown: 0 });
    expect(report.code).toBe(0);
  });

  test("an account that may not read Secrets leaves them unknown, and says so", async () => {
    const report = await scan([], "holdfast-no-secrets");
    expect(report.faults.map((fault) => fault.code)).toEqual(["list-forbidden"]);
    expect(report.summary.objects).toMatchObject({ inSync: 3, unknown: 1, missing: 0 });
    expect(report.code).toBe(1);
    expect(await scan(["--no-secrets"], "holdfast-no-secrets")).toMatchObject({ code: 0, faults: [] });
  });

  test("what people do by hand is found: exactly that, where it is declared, and who did it", async () => {
    await kubectl("scale", "deployment/web", "-n", "shop", "--replicas=5");
    await kubectl("set", "image", "deployment/web", "-n", "shop", "web=registry.example/shop/web:1.1");
    await kubectl(
      "patch",
      "deployment/web",
      "-n",
      "shop",
      "-p",
      '{"spec":{"template":{"spec":{"containers":[{"name":"web","securityContext":{"privileged":true}}]}}}}',
    );
    await kubectl("delete", "networkpolicy/default-deny", "-n", "shop");

    const report = await scan();
    expect(report.code).toBe(3);
    expect(report.faults).toEqual([]);
    expect(report.drifts.map(({ object, state }) => `${state} ${object.kind}/${object.name}`)).toEqual([
      "drifted Deployment/web",
      "missing NetworkPolicy/default-deny",
    ]);
    const container = 'spec.template.spec.containers[name="web"]';
    const [image, privileged, replicas] = [lineOf("image:"), lineOf("privileged:"), lineOf("replicas:")];
    const found = (report.drifts[0]?.changes ?? []).map((change) => ({ ...change, time: undefined }));
    expect(found).toMatchObject([
      {
        field: "spec.replicas",
        desired: 3,
        live: 5,
        verdict: "compliant",
        source: replicas,
        actor: { manager: "kubectl", subresource: "scale" },
      },
      {
        field: `${container}.image`,
        live: "registry.example/shop/web:1.1",
        verdict: "compliant",
        source: image,
        actor: { manager: "kubectl-set" },
      },
      {
        field: `${container}.securityContext.privileged`,
        desired: false,
        live: true,
        verdict: "violating",
        source: privileged,
        actor: { manager: "kubectl-patch" },
      },
    ]);
    expect(found[1]?.actor?.time).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect(found[0]?.actor?.time).toBeUndefined();
  });

  test("reconcile writes a patch that git applies and that makes the next scan of those fields clean; a second run changes nothing", async () => {
    const out = join(folder, "out");
    const first = await holdfast(["reconcile", "--out", out]);
    expect(first.code, first.stderr).toBe(0);
    const before = await contentsOf(out);
    const second = await holdfast(["reconcile", "--out", out]);
    expect(second.code, second.stderr).toBe(0);
    expect(await contentsOf(out)).toEqual(before);

    const [branch, ...others] = await readdir(join(out, "pull-requests"));
    expect(others).toEqual([]);
    expect(await readdir(join(out, "issues"))).toHaveLength(2);
    await git("apply", join(out, "pull-requests", String(branch), "changes.patch"));
    const text = await readFile(join(repository, "apps/web.yaml"), "utf8");
    expect(text).toBe(WEB.replace("replicas: 3", "replicas: 5").replace("web:1.0", "web:1.1"));

    const report = await scan();
    expect(report.drifts[0]?.changes.map((change) => change.field)).toEqual([
      'spec.template.spec.containers[name="web"].securityContext.privileged',
    ]);
  });

  test("what is undone leaves the folder", async () => {
    await kubectl("apply", "-f", join(repository, "apps"));
    const out = join(folder, "out");
    const ran = await holdfast(["reconcile", "--out", out]);
    expect(ran.code, ran.stderr).toBe(0);
    expect(await contentsOf(join(out, "issues"))).toEqual({});
    expect(await contentsOf(join(out, "pull-requests"))).toEqual({});
    expect(await scan()).toMatchObject({ code: 0, drifts: [] });
  });

  test("a snapshot says what the cluster says, and holds no secret", async () => {
    await kubectl("scale", "deployment/web", "-n", "shop", "--replicas=7");
    const out = join(folder, "snapshot");
    const written = await holdfast(["snapshot", "--out", out]);
    expect(written.code, written.stderr).toBe(0);
    const files = await contentsOf(out);
    expect(JSON.stringify(files)).not.toContain("s3cr3t-canary");
    expect(JSON.stringify(files)).not.toContain(Buffer.from("s3cr3t-canary").toString("base64"));
    const [live, offline] = [await scan(), await scan(["--live", out])];
    expect(offline.drifts).toEqual(live.drifts);
    expect(offline.code).toBe(2);
  });
});

function lineOf(text: string): { readonly file: string; readonly line: number } {
  return { file: "apps/web.yaml", line: WEB.split("\n").findIndex((line) => line.includes(text)) + 1 };
}

/** Every file below a folder with its bytes and its time of change. */
async function contentsOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const files: Record<string, string> = {};
  for (const name of names.toSorted(compareText)) {
    const file = join(folder, name);
    const { mtimeMs } = await stat(file);
    if ((await stat(file)).isFile()) files[name] = `${mtimeMs} ${await readFile(file, "utf8")}`;
  }
  return files;
}
