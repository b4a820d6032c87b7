// Which side moved, on a real API server: objects deployed in both ways, Git ahead of them, edits by hand, and somebody who
// passes for the deployer.

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { CLUSTER_BINARIES, ensureBinary } from "./binaries.ts";
import { runHoldfast } from "./cli.ts";
import { startCluster } from "./cluster.ts";
import type { TestCluster } from "./cluster.ts";
import { describeOnCluster } from "./suite.ts";

const run = promisify(execFile);

interface Web {
  readonly image?: string;
  readonly replicas?: number;
  readonly more?: string;
}

function web({ image = "registry.example/web:1", replicas = 2, more = "" }: Web = {}): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop, labels: { app: web } }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: ${image}
${more}`;
}

const PRIVILEGED = "          securityContext: { privileged: true }\n";
const CONTAINER = 'spec.template.spec.containers[name="web"]';

function config(name: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: shop }\ndata: { a: "1" }\n`;
}

interface Report {
  readonly summary: { readonly objects: Readonly<Record<string, number>> };
  readonly drifts: readonly {
    readonly object: { readonly kind: string; readonly name: string };
    readonly state: string;
    readonly removedIn?: string;
    readonly verdict: string;
    readonly changes: readonly {
      readonly field: string;
      readonly direction: string;
      readonly deployed?: unknown;
      readonly deployedIn?: string;
      readonly verdict: string;
    }[];
  }[];
}

/** The API server's clock and Git's are one; a commit must come clearly after what was written before it. */
async function later(): Promise<void> {
  await sleep(2100);
}

function told({ drifts }: Report): readonly string[] {
  return drifts.flatMap(({ object, state, changes }) => [
    `${state} ${object.kind}/${object.name}`,
    ...changes.map(({ field, direction, deployed }) =>
      [field, direction, ...(deployed === undefined ? [] : [JSON.stringify(deployed)])].join(" "),
    ),
  ]);
}

describeOnCluster(
  "which side moved",
  () => {
    let cluster: TestCluster;
    let folder: string;
    let repository: string;

    beforeAll(async () => {
      cluster = await startCluster({ controllerManager: true });
      folder = await mkdtemp(join(tmpdir(), "holdfast-direction-"));
      await kubectl("create", "namespace", "shop");
      // The test users' rights are in no repository.
      await kubectl(
        "delete",
        "clusterrole/test-reader",
        "clusterrolebinding/test-reader",
        "clusterrolebinding/test-viewer",
      );
    });

    afterAll(async () => {
      await cluster.stop();
      await rm(folder, { recursive: true, force: true });
    });

    beforeEach(async () => {
      repository = await mkdtemp(join(folder, "repo-"));
      await git("init", "--quiet", "--initial-branch=main");
    });

    afterEach(async () => {
      await kubectl("delete", "deployments,configmaps", "--all", "--namespace=shop", "--wait");
    });

    async function kubectl(...args: readonly string[]): Promise<string> {
      const result = await cluster.kubectl(args);
      expect(result.code, result.stderr).toBe(0);
      return result.stdout;
    }

    async function git(...args: readonly string[]): Promise<string> {
      const names = ["-c", "user.name=a", "-c", "user.email=a@b.example"];
      return (await run("git", ["-C", repository, ...names, ...args])).stdout.trim();
    }

    /** The files as they are then; times have seconds, and what follows is later. */
    async function commit(files: Readonly<Record<string, string | undefined>>): Promise<string> {
      for (const [name, text] of Object.entries(files)) {
        if (text === undefined) await rm(join(repository, name));
        else await writeFile(join(repository, name), text);
      }
      await git("add", "--all");
      await git("commit", "--quiet", "--message=m");
      return await git("rev-parse", "HEAD");
    }

    async function applied(text: string, ...args: readonly string[]): Promise<void> {
      await mkdir(join(folder, "by-hand"), { recursive: true });
      const file = join(folder, "by-hand", "object.yaml");
      await writeFile(file, text);
      await kubectl("apply", ...args, "-f", file);
    }

    async function scan(): Promise<Report & { readonly code: number | null; readonly text: string }> {
      const args = ["scan", "--repo", repository, "--kubeconfig", cluster.kubeconfigFor("admin")];
      const { code, stdout, stderr } = await runHoldfast([...args, "--format", "json"]);
      expect(stdout, stderr).not.toBe("");
      const { stdout: text } = await runHoldfast(args);
      return { code, text, ...(JSON.parse(stdout) as Report) };
    }

    const WAYS: readonly (readonly [string, readonly string[]])[] = [
      ["client-side apply", []],
      ["server-side apply", ["--server-side"]],
      ["a controller's server-side apply", ["--server-side", "--field-manager=kustomize-controller"]],
    ];

    test.each(WAYS)("%s: a commit that is not deployed yet is pending, and no drift", async (_way, args) => {
      const first = await commit({ "web.yaml": web() });
      await kubectl("apply", ...args, "-f", join(repository, "web.yaml"));
      await later();
      await commit({ "web.yaml": web({ image: "registry.example/web:2", more: "          command: [serve]\n" }) });
      const report = await scan();
      expect(told(report)).toEqual([
        "pending Deployment/web",
        `${CONTAINER}.command git-ahead`,
        `${CONTAINER}.image git-ahead "registry.example/web:1"`,
      ]);
      expect(report.drifts[0]?.changes.map(({ deployedIn }) => deployedIn)).toEqual([first, first]);
      expect(report.summary.objects).toMatchObject({ pending: 1, drifted: 0, inSync: 0 });
      expect(report.code).toBe(0);
      expect(report.text).toContain("waits for a deployment");
    });

    test("kubectl create --save-config deploys as an apply does: it leaves the same note", async () => {
      await commit({ "web.yaml": web() });
      await kubectl("create", "--save-config", "-f", join(repository, "web.yaml"));
      await later();
      await commit({ "web.yaml": web({ image: "registry.example/web:2" }) });
      expect(told(await scan())).toEqual([
        "pending Deployment/web",
        `${CONTAINER}.image git-ahead "registry.example/web:1"`,
      ]);
    });

    test.each(WAYS)("%s: a field that Git gave up waits to be pruned", async (_way, args) => {
      await commit({ "web.yaml": web({ more: "          command: [serve]\n" }) });
      await kubectl("apply", ...args, "-f", join(repository, "web.yaml"));
      await later();
      await commit({ "web.yaml": web() });
      const report = await scan();
      expect(told(report)).toEqual(["pending Deployment/web", `${CONTAINER}.command git-ahead ["serve"]`]);
      expect(report.code).toBe(0);
    });

    test.each(WAYS)("%s: an edit by hand is the cluster's, beside a commit that waits", async (_way, args) => {
      await commit({ "web.yaml": web() });
      await kubectl("apply", ...args, "-f", join(repository, "web.yaml"));
      await kubectl("scale", "deployment/web", "-n", "shop", "--replicas=5");
      expect(told(await scan())).toEqual(["drifted Deployment/web", "spec.replicas live-changed 2"]);
      await later();
      await commit({ "web.yaml": web({ image: "registry.example/web:2" }) });
      const report = await scan();
      expect(told(report)).toEqual([
        "drifted Deployment/web",
        "spec.replicas live-changed 2",
        `${CONTAINER}.image git-ahead "registry.example/web:1"`,
      ]);
      expect(report.code).toBe(2);
      await commit({ "web.yaml": web({ replicas: 7 }) });
      const conflict = await scan();
      expect(told(conflict)).toEqual(["drifted Deployment/web", "spec.replicas both-changed 2"]);
      expect(conflict.text).toContain("as last deployed it was 2");
      expect(conflict.text).toContain("issue");
      expect(conflict.text).not.toContain("pull request:");
    });

    test.each(WAYS)("%s: an old image that somebody sets by hand is no commit that waits", async (_way, args) => {
      await commit({ "web.yaml": web() });
      await later();
      await commit({ "web.yaml": web({ image: "registry.example/web:2" }) });
      await later();
      await kubectl("apply", ...args, "-f", join(repository, "web.yaml"));
      await kubectl("set", "image", "deployment/web", "-n", "shop", "web=registry.example/web:1");
      expect(told(await scan())).toEqual([
        "drifted Deployment/web",
        `${CONTAINER}.image live-changed "registry.example/web:2"`,
      ]);
    });

    test.each(WAYS)(
      "%s: somebody who applies what Git never had has changed the cluster, and violates",
      async (_way, args) => {
        await commit({ "web.yaml": web() });
        await kubectl("apply", ...args, "-f", join(repository, "web.yaml"));
        await applied(web({ more: PRIVILEGED }), ...args);
        const report = await scan();
        expect(told(report)).toEqual(["drifted Deployment/web", `${CONTAINER}.securityContext live-changed`]);
        expect(report.drifts[0]?.verdict).toBe("violating");
        expect(report.code).toBe(3);
      },
    );

    test("without Git's past the same is only a claim, which policy does not believe", async () => {
      await commit({ "web.yaml": web({ image: "registry.example/web:1" }) });
      await applied(web({ image: "registry.example/web:0", more: PRIVILEGED }));
      await rm(join(repository, ".git"), { recursive: true });
      await git("init", "--quiet");
      const report = await scan();
      expect(told(report)).toEqual([
        "drifted Deployment/web",
        `${CONTAINER}.image git-ahead "registry.example/web:0"`,
        `${CONTAINER}.securityContext unknown {"privileged":true}`,
      ]);
      expect(report.code).toBe(3);
    });

    test.each(WAYS)(
      "%s: an object that Git gave up waits to be pruned, and the commit is named",
      async (_way, args) => {
        await commit({ "web.yaml": web(), "gone.yaml": config("gone"), "stays.yaml": config("stays") });
        await kubectl("apply", ...args, "-f", repository);
        await later();
        const removed = await commit({
          "gone.yaml": undefined,
          "stays.yaml": undefined,
          "renamed.yaml": config("stays"),
        });
        const report = await scan();
        const prunable = report.drifts.filter(({ object }) => object.name === "gone");
        expect(prunable).toMatchObject([{ state: "pending", removedIn: removed, changes: [] }]);
        expect(report.drifts).toHaveLength(1);
        expect(report.code).toBe(0);
        expect(report.text).toContain(`commit ${removed.slice(0, 12)} removed it from Git`);

        await kubectl("patch", "configmap/gone", "-n", "shop", "-p", '{"data":{"a":"2"}}');
        expect((await scan()).drifts).toMatchObject([{ state: "unmanaged", removedIn: removed }]);
        await kubectl("delete", "configmap/gone", "-n", "shop");
        await later();
        await applied(config("gone"), ...args);
        expect((await scan()).drifts, "made again").toMatchObject([{ state: "unmanaged", removedIn: removed }]);
      },
    );

    test("what Helm noted of its release tells what was deployed, where Git has no past", async () => {
      const chart = join(folder, "chart");
      await mkdir(join(chart, "templates"), { recursive: true });
      await writeFile(join(chart, "Chart.yaml"), "apiVersion: v2\nname: web\nversion: 1.0.0\n");
      await writeFile(join(chart, "templates/web.yaml"), web());
      const helm = await ensureBinary("helm");
      const kubeconfig = ["--kubeconfig", cluster.kubeconfigFor("admin")];
      const env = { PATH: process.env["PATH"], HOME: cluster.folder };
      await run(helm, ["install", "web", chart, "--namespace=shop", ...kubeconfig], { env });
      await writeFile(join(repository, "web.yaml"), web({ image: "registry.example/web:2", replicas: 7 }));
      await kubectl("scale", "deployment/web", "-n", "shop", "--replicas=5");
      const report = await scan();
      await run(helm, ["uninstall", "web", "--namespace=shop", ...kubeconfig], { env });
      expect(told(report)).toEqual([
        "drifted Deployment/web",
        "spec.replicas both-changed 2",
        `${CONTAINER}.image git-ahead "registry.example/web:1"`,
      ]);
    });
  },
  [...CLUSTER_BINARIES, "helm"],
);
