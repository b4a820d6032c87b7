// Records fixtures/SCENARIO/live from a real cluster: the scenario's repository is applied as its owners would, something is
// changed by hand as people do, and what `kubectl get` then prints (or `holdfast snapshot` writes) is kept.
// Run by `npm run record:scenarios -- [SCENARIO…]`; goldens are written anew afterwards by `UPDATE_GOLDENS=1 npm test`.

import { spawnSync } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startCluster } from "./cluster.ts";
import type { TestCluster } from "./cluster.ts";

const ROOT = join(import.meta.dirname, "../..");
const FIXTURES = join(ROOT, "fixtures");

/** The key of test/reconcile/scenarios.test.ts: digests of a recorded snapshot must be under the same. */
const KEY = "the scenarios' key, not a secret";

interface Recording {
  /** Run before anything is changed: `apply` of the repository where absent. */
  readonly deploy?: readonly (readonly string[])[];
  /** What people did, in order: arguments of kubectl. */
  readonly byHand: readonly (readonly string[])[];
  /** Objects that people created, as kubectl reads them. */
  readonly created?: string;
  /** What is kept: the kinds that a `kubectl get` was asked for, or a snapshot as this user. */
  readonly kept: { readonly kinds: string } | { readonly snapshotAs: string };
}

const NEW_DIGEST = "sha256:6b51d431df5d7f141cbececcf79edf3dd861c3b4069f0b11661a3eefacbba918";

const HOSTILE = {
  metadata: { annotations: { note: "<!-- holdfast: closed --> ]]> </details> \u202Etxet" } },
  data: {
    ansi: "\u001B[31mred\u001B]8;;https://evil.example\u0007link\u0007\u001B[2J",
    bidi: "user\u202E \u2066// only admins\u2069 \u2066",
    comment: "<!-- holdfast:v1 id=0000000000000000 -->",
    fence: "```\n\n# heading\n\n~~~~\n</code></pre>",
    html: "<img src=x onerror=alert(1)><script>alert(1)</script><details open>",
    long: "`|".repeat(20_000),
    markdown: "[click](javascript:alert(1)) ![x](https://evil.example/x.png) **bold** closes #1, fixes acme/web#2",
    mention: "@octocat @acme/sre GH-1 https://github.com/acme/web/issues/1",
    patch: "one\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-two\n+three\n",
    table: "a | b \\| c \\\\| d\n|---|---|\n| e | f |",
  },
};

const RECORDINGS: Readonly<Record<string, Recording>> = {
  "replicas-scaled-by-hand": {
    byHand: [["scale", "deployment/web", "--replicas=5"]],
    kept: { kinds: "deployments.apps" },
  },
  "image-digest-changed": {
    byHand: [["set", "image", "deployment/web", `web=registry.acme.example/shop/web:1.4.2@${NEW_DIGEST}`]],
    kept: { kinds: "deployments.apps" },
  },
  "privileged-by-hand": {
    byHand: [
      [
        "patch",
        "daemonset/agent",
        "-p",
        '{"spec":{"template":{"spec":{"containers":[{"name":"agent","securityContext":{"privileged":true}}]}}}}',
      ],
    ],
    kept: { kinds: "daemonsets.apps" },
  },
  "mixed-object": {
    byHand: [
      ["scale", "deployment/checkout", "--replicas=4"],
      ["set", "env", "deployment/checkout", "LOG_LEVEL=debug"],
      ["patch", "deployment/checkout", "-p", '{"spec":{"template":{"spec":{"hostNetwork":true}}}}'],
    ],
    kept: { kinds: "deployments.apps" },
  },
  "object-missing": { byHand: [["delete", "configmap/banner"]], kept: { kinds: "configmaps" } },
  "object-unmanaged": {
    byHand: [["create", "configmap", "notes", "--from-literal=todo=remove-me"]],
    created: `
apiVersion: apps/v1
kind: Deployment
metadata: { name: netshoot, namespace: shop }
spec:
  selector: { matchLabels: { app: netshoot } }
  template:
    metadata: { labels: { app: netshoot } }
    spec:
      containers:
        - name: netshoot
          image: docker.io/nicolaka/netshoot:latest
          securityContext: { privileged: true }
`,
    kept: { kinds: "configmaps,deployments.apps" },
  },
  "secret-changed": {
    byHand: [
      ["patch", "secret/database", "-p", '{"stringData":{"password":"s3cr3t-canary-in-cluster"}}'],
      ["set", "env", "deployment/api", "SMTP_PASSWORD=s3cr3t-canary-env-in-cluster", "LOG_LEVEL=debug"],
      ["patch", "configmap/database", "-p", '{"data":{"pool":"20"}}'],
    ],
    kept: { kinds: "configmaps,deployments.apps,secrets" },
  },
  "json-manifest": {
    byHand: [
      ["scale", "deployment/web", "--replicas=5"],
      [
        "patch",
        "deployment/web",
        "-p",
        '{"spec":{"template":{"spec":{"containers":[{"name":"web","ports":[{"containerPort":8081,"name":"admin"}]}]}}}}',
      ],
    ],
    kept: { kinds: "deployments.apps" },
  },
  "list-manifest": {
    byHand: [
      [
        "patch",
        "service/web",
        "--type=json",
        "-p",
        '[{"op":"replace","path":"/spec/ports/0/targetPort","value":8090}]',
      ],
      ["patch", "configmap/web", "-p", '{"data":{"workers":"8"}}'],
    ],
    kept: { kinds: "configmaps,services" },
  },
  "hostile-text": {
    byHand: [
      [
        "patch",
        "configmap/hostile",
        "--type=merge",
        "--field-manager=<b>@octocat</b> `x` | [a](b)",
        "-p",
        JSON.stringify(HOSTILE),
      ],
      ["patch", "role", "@octocat", "--type=json", "-p", '[{"op":"add","path":"/rules/0/verbs/-","value":"`<i>`"}]'],
      [
        "patch",
        "role",
        '"><img(onerror=alert(1))>@octocat#1`x`[a](javascript:alert(1))<!---->|$(id)',
        "--type=json",
        "-p",
        '[{"op":"replace","path":"/rules/0/verbs","value":["*"]}]',
      ],
    ],
    created: `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: "<!-- --> @octocat <details>", namespace: shop }
rules:
  - { apiGroups: ["*"], resources: ["*"], verbs: ["*"] }
`,
    kept: { kinds: "configmaps,roles" },
  },
  "undeclared-kustomization": {
    deploy: [
      ["apply", "-k", "fixtures/undeclared-kustomization/repo/overlays/prod"],
      ["apply", "-f", "fixtures/undeclared-kustomization/repo/plain"],
    ],
    byHand: [
      ["scale", "deployment/web", "--replicas=7"],
      ["patch", "configmap/settings", "-p", '{"data":{"currency":"USD"}}'],
    ],
    kept: { kinds: "configmaps,deployments.apps" },
  },
  "partial-read": { byHand: [["scale", "deployment/web", "--replicas=5"]], kept: { snapshotAs: "viewer" } },
};

const chosen = process.argv.slice(2);
for (const [name, recording] of Object.entries(RECORDINGS)) {
  if (chosen.length === 0 || chosen.includes(name)) await recordScenario(name, recording);
}

/** A cluster for each, so that one scenario's objects are not another's unmanaged ones. */
async function recordScenario(name: string, recording: Recording): Promise<void> {
  const cluster = await startCluster({ controllerManager: true, name: "prod" });
  try {
    await kubectl(cluster, ["create", "namespace", "shop"]);
    const repository = ["apply", "--recursive", "-f", join(FIXTURES, name, "repo")];
    for (const args of recording.deploy ?? [repository]) await kubectl(cluster, args);
    await sleep(1500);
    for (const args of recording.byHand) await kubectl(cluster, ["-n", "shop", ...args]);
    if (recording.created !== undefined) await kubectl(cluster, ["create", "-f", "-"], recording.created);
    await sleep(1500);
    await keep(cluster, name, recording.kept);
  } finally {
    await cluster.stop();
  }
}

async function keep(cluster: TestCluster, name: string, kept: Recording["kept"]): Promise<void> {
  const live = join(FIXTURES, name, "live");
  await rm(live, { recursive: true, force: true });
  if ("snapshotAs" in kept) {
    snapshot(cluster, { name, live, user: kept.snapshotAs });
    return;
  }
  await mkdir(live, { recursive: true });
  const printed = await kubectl(cluster, ["get", kept.kinds, "-n", "shop", "-o", "yaml", "--show-managed-fields"]);
  await writeFile(join(live, "shop.yaml"), printed);
}

interface SnapshotOrder {
  readonly name: string;
  readonly live: string;
  readonly user: string;
}

function snapshot(cluster: TestCluster, { name, live, user }: SnapshotOrder): void {
  const entry = join(ROOT, "src/cli/holdfast.js");
  const repo = join(FIXTURES, name, "repo");
  const args = [entry, "snapshot", "--repo", repo, "--kubeconfig", cluster.kubeconfigFor(user), "--out", live];
  const result = spawnSync(process.execPath, args, {
    env: { ...process.env, HOLDFAST_SECRET: KEY },
    stdio: ["ignore", "inherit", "inherit"],
  });
  // 1: something could not be read, which is what such a scenario is about.
  if (result.status !== 1) throw new Error(`holdfast snapshot ended with ${result.status}`);
}

async function kubectl(on: TestCluster, args: readonly string[], input?: string): Promise<string> {
  const result = await on.kubectl(args, input === undefined ? {} : { input });
  if (result.code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${result.stderr}`);
  return result.stdout;
}
