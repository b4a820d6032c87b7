// The mode server-dry-run on a real API server: that it changes nothing, what it knows better than reading alone, what it
// cannot be asked for, and where the two modes differ on the same objects.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { refKey } from "../../src/core/refs.ts";
import { isMap } from "../../src/core/value.ts";
import type { ValueMap } from "../../src/core/value.ts";
import { builtinKind } from "../../src/kinds/scopes.ts";
import { readYaml } from "../../src/yaml/read.ts";
import { refOf } from "../drift/objects.ts";
import { runHoldfast } from "./cli.ts";
import type { Ran } from "./cli.ts";
import { startCluster } from "./cluster.ts";
import type { TestCluster } from "./cluster.ts";
import { startFaultProxy } from "./fault-proxy.ts";
import type { FaultProxy } from "./fault-proxy.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { describeOnCluster } from "./suite.ts";

const ROOT = join(import.meta.dirname, "../..");
const EXAMPLES = join(ROOT, "../shared/corpus/manifests/kubernetes-examples");

type Mode = "read-only" | "server-dry-run";

interface Report {
  readonly mode: Mode;
  readonly summary: {
    readonly objects: Readonly<Record<string, number>>;
    readonly leftOut: Readonly<Record<string, number>>;
  };
  readonly drifts: readonly {
    readonly object: { readonly kind: string; readonly name: string };
    readonly state: string;
    readonly changes: readonly { readonly operation: string; readonly field: string }[];
  }[];
  readonly faults: readonly { readonly code: string; readonly about: string; readonly message: string }[];
}

describeOnCluster("the mode server-dry-run", () => {
  let cluster: TestCluster;
  let proxy: FaultProxy;
  let folder: string;

  beforeAll(async () => {
    cluster = await startCluster({ controllerManager: true, name: "dry" });
    proxy = await startFaultProxy(cluster);
    folder = await mkdtemp(join(cluster.folder, "repos-"));
  });
  afterAll(async () => {
    await proxy?.stop();
    await cluster?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  async function kubectl(args: readonly string[], input?: string): Promise<string> {
    const ran = await cluster.kubectl(args, input === undefined ? {} : { input });
    if (ran.code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${ran.stderr}`);
    return ran.stdout;
  }

  /** A namespace of its own, where the manifests were applied; with the repository that declares them. */
  async function deployed(name: string, manifests: string, how: readonly string[] = ["apply"]): Promise<string> {
    await kubectl(["create", "namespace", name]);
    await kubectl([...how, "-n", name, "-f", "-"], manifests);
    return await repository(name, manifests, name);
  }

  async function repository(name: string, manifests: string, namespace?: string): Promise<string> {
    const repo = join(folder, name);
    await mkdir(join(repo, ".github"), { recursive: true });
    await writeFile(join(repo, "all.yaml"), manifests);
    const target = namespace === undefined ? "{ name: all }" : `{ name: all, namespace: ${namespace} }`;
    await writeFile(join(repo, ".github/holdfast.yml"), `version: 1\ntargets: [${target}]\n`);
    execFileSync("git", ["init", "-q", repo]);
    return repo;
  }

  async function scanned(repo: string, mode: Mode, kubeconfig = proxy.kubeconfig): Promise<Report> {
    const ran = await run(["scan", "--repo", repo, "--format", "json"], mode, kubeconfig);
    if (ran.stdout === "") throw new Error(ran.stderr);
    return JSON.parse(ran.stdout) as Report;
  }

  function run(args: readonly string[], mode: Mode, kubeconfig = proxy.kubeconfig): Promise<Ran> {
    return runHoldfast([...args, "--mode", mode, "--kubeconfig", kubeconfig, "--quiet"]);
  }

  /** Both modes over the same objects. */
  async function both(repo: string): Promise<Readonly<Record<Mode, readonly string[]>>> {
    const readOnly = await scanned(repo, "read-only");
    const dryRun = await scanned(repo, "server-dry-run");
    expect([readOnly.mode, dryRun.mode]).toEqual(["read-only", "server-dry-run"]);
    expect(dryRun.faults.filter(({ code }) => code === "dry-run-failed")).toEqual([]);
    return { "read-only": told(readOnly), "server-dry-run": told(dryRun) };
  }

  it("finds what was changed by hand, as reading does, and leaves every object as it is", async () => {
    const repo = await deployed("plain", WEB, ["apply", "--server-side"]);
    await kubectl(["-n", "plain", "set", "image", "deployment/web", "web=registry.example/web:evil"]);
    await kubectl(["-n", "plain", "label", "deployment/web", "tier-"]);
    await kubectl(["-n", "plain", "patch", "configmap/web", "-p", '{"data":{"added":"x"}}']);
    await kubectl(["-n", "plain", "set", "env", "deployment/web", "ADDED=1"]);
    await sleep(1000);
    const before = await versions("plain");
    proxy.reset();
    const { "read-only": readOnly, "server-dry-run": dryRun } = await both(repo);
    expect(dryRun).toEqual(PLANTED);
    expect(less(PLANTED, readOnly)).toEqual([]);
    const patches = proxy.requests.filter(({ method }) => method !== "GET");
    expect(patches.length).toBeGreaterThanOrEqual(3);
    for (const { method, path } of patches)
      expect([method, path]).toEqual(["PATCH", expect.stringMatching(/[?&]dryRun=All(?:&|$)/)]);
    expect(await versions("plain")).toEqual(before);
  });

  async function versions(namespace: string): Promise<string> {
    const path = "{range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{'\\n'}{end}";
    return await kubectl(["get", "deployments,configmaps,replicasets", "-n", namespace, "-o", `jsonpath=${path}`]);
  }

  it("knows what a mutating policy makes of a declared field, and what it would put back", async () => {
    const repo = await deployed("mutated", WEB);
    await kubectl(["apply", "-f", "-"], MUTATION);
    await waitForMutation("mutated");
    // The policy rewrites what Git declares and adds what Git does not: both are there in every object of the namespace.
    await kubectl(["-n", "mutated", "annotate", "deployment/web", "touched=1"]);
    await kubectl(["-n", "mutated", "annotate", "deployment/web", "touched-"]);
    const readOnly = told(await scanned(repo, "read-only"));
    const dryRun = await scanned(repo, "server-dry-run");
    expect(readOnly).toContain("Deployment/web replace spec.minReadySeconds");
    expect(told(dryRun)).toEqual([]);
    expect(dryRun.summary.leftOut["admission"]).toBeGreaterThanOrEqual(1);
    // What a person adds beside it is drift as ever.
    await kubectl(["-n", "mutated", "label", "deployment/web", "by-hand=yes"]);
    expect(told(await scanned(repo, "server-dry-run"))).toEqual(["Deployment/web add metadata.labels.by-hand"]);
    await kubectl(["delete", "-f", "-"], MUTATION);
  });

  async function waitForMutation(namespace: string): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      const made = await kubectl([
        "-n",
        namespace,
        "annotate",
        "deployment/web",
        "probe=1",
        "--dry-run=server",
        "-o",
        "jsonpath={.metadata.labels.team}",
      ]);
      if (made === "payments") return;
      await sleep(100);
    }
    throw new Error("the mutating policy does not take effect");
  }

  it("finds what nobody owns, where a mutating policy would put it back if it were its own", async () => {
    const repo = await deployed("mutated-too", WEB);
    await kubectl(["apply", "-f", "-"], MUTATING_LABELS);
    await waitForMutation("mutated-too");
    const evil = '{"spec":{"template":{"spec":{"containers":[{"name":"evil","image":"evil:1"}]}}}}';
    await kubectl(["-n", "mutated-too", "patch", "deployment/web", "-p", evil]);
    await kubectl(["-n", "mutated-too", "patch", "deployment/web", "-p", '{"metadata":{"labels":{"evil":"1"}}}']);
    await disown("mutated-too", "kubectl-patch");
    const container = 'Deployment/web add spec.template.spec.containers[name="evil"]';
    const { "read-only": readOnly, "server-dry-run": dryRun } = await both(repo);
    // The policy names labels, and no containers.
    expect(readOnly).toEqual([container]);
    expect(dryRun).toEqual(["Deployment/web add metadata.labels.evil", container].toSorted());
    await kubectl(["delete", "-f", "-"], MUTATING_LABELS);
  });

  /** Takes a manager out of the object's managedFields, as whoever may write the object may. */
  async function disown(namespace: string, manager: string): Promise<void> {
    const get = ["get", "deployment/web", "-n", namespace, "-o", "json", "--show-managed-fields"];
    const { metadata } = JSON.parse(await kubectl(get)) as { metadata: { managedFields: { manager: string }[] } };
    const value = metadata.managedFields.filter((entry) => entry.manager !== manager);
    const patch = JSON.stringify([{ op: "replace", path: "/metadata/managedFields", value }]);
    await kubectl(["patch", "deployment/web", "-n", namespace, "--type=json", "-p", patch]);
  }

  it("finds an account that the server would fill in again from its older name", async () => {
    const repo = await deployed("accounts", WEB);
    const account = '{"spec":{"template":{"spec":{"serviceAccountName":"admin"}}}}';
    await kubectl(["-n", "accounts", "patch", "deployment/web", "-p", account]);
    const { "read-only": readOnly, "server-dry-run": dryRun } = await both(repo);
    expect(dryRun).toEqual(["Deployment/web add spec.template.spec.serviceAccountName"]);
    expect(readOnly).toEqual(dryRun);
  });

  it("falls back where a webhook with side effects stands in the way, and says which", async () => {
    const repo = await deployed("hooked", WEB);
    await storeWebhook();
    await kubectl(["label", "namespace", "hooked", "hooked=yes"]);
    await waitForRefusal("hooked");
    await kubectl(["-n", "hooked", "scale", "deployment/web", "--replicas=4"]).catch(() => undefined);
    const dryRun = await scanned(repo, "server-dry-run");
    expect(told(dryRun)).toEqual(told(await scanned(repo, "read-only")));
    expect(dryRun.faults).toMatchObject([
      {
        code: "dry-run-failed",
        about: "ConfigMap/web in hooked, Deployment/web in hooked",
        message: expect.stringMatching(
          /^2 objects were compared read-only.*: the webhook side\.effects\.example has side effects /,
        ),
      },
    ]);
    const { stdout } = await run(["explain", "Deployment/web", "-n", "hooked", "--repo", repo], "server-dry-run");
    expect(stdout.replaceAll(/\s+/g, " ")).toContain(
      "no server dry-run, since the webhook side.effects.example has side effects",
    );
    await kubectl(["delete", "mutatingwebhookconfiguration", WEBHOOK.metadata.name]);
  });

  /**
   * Only clusters that once served admissionregistration.k8s.io/v1beta1 (up to 1.21) have such a webhook: v1 takes none. So
   * it is put where that version left it, into etcd.
   */
  async function storeWebhook(): Promise<void> {
    const order = readFileSync(`/proc/${cluster.pids.get("kube-apiserver")}/cmdline`, "utf8");
    const [, etcd] = /--etcd-servers=(http:[^\0]+)/.exec(order) ?? [];
    const key = `/registry/mutatingwebhookconfigurations/${WEBHOOK.metadata.name}`;
    const body = { key: btoa(key), value: btoa(JSON.stringify(WEBHOOK)) };
    const answer = await fetch(`${etcd}/v3/kv/put`, { method: "POST", body: JSON.stringify(body) });
    expect(answer.status).toBe(200);
    await kubectl(["get", "mutatingwebhookconfiguration", WEBHOOK.metadata.name]);
  }

  async function waitForRefusal(namespace: string): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      const { stderr } = await cluster.kubectl([
        "-n",
        namespace,
        "annotate",
        "deployment/web",
        "probe=1",
        "--dry-run=server",
      ]);
      if (stderr.includes("does not support dry run")) return;
      await sleep(100);
    }
    throw new Error("the webhook is not asked");
  }

  it("compares read-only what may not be patched, what cannot be changed, and Secrets; and sends no digest", async () => {
    const repo = await deployed("refused", `${WEB}---\n${AWKWARD}`);
    await writeFile(join(repo, "all.yaml"), `${WEB}---\n${AWKWARD.replace("app: fixed", "app: other")}`);
    proxy.reset();
    const admin = await scanned(repo, "server-dry-run");
    expect(told(admin)).toContain("Deployment/fixed replace spec.selector");
    expect(less(told(admin), told(await scanned(repo, "read-only")))).toEqual([]);
    expect(admin.faults.map(({ code, message }) => `${code} ${message}`)).toEqual([
      expect.stringMatching(/^dry-run-failed 1 object .*does not take Deployment.apps as Git has it: spec.selector/),
    ]);
    // That Secrets are not asked about is so on every pass: said on request, and no fault.
    const { stdout: verbose } = await run(["scan", "--repo", repo, "--verbose"], "server-dry-run");
    expect(verbose).toContain("holdfast knows digests only of what they hold\n      Secret/db in refused\n");
    const { stdout: explained } = await run(
      ["explain", "Secret/db", "-n", "refused", "--repo", repo],
      "server-dry-run",
    );
    expect(explained.replaceAll(/\s+/g, " ")).toContain("no server dry-run, since holdfast knows digests only");
    expect(proxy.requests.filter(({ method, path }) => method !== "GET" && path.includes("secrets"))).toEqual([]);
    const reader = await scanned(repo, "server-dry-run", cluster.kubeconfigFor("reader"));
    expect(told(reader)).toEqual(told(await scanned(repo, "read-only")));
    expect(reader.faults.map(({ message }) => message)).toContainEqual(
      expect.stringContaining("Deployment.apps may not be patched"),
    );
  });

  it("asks about custom resources, whose server says that it knows dry runs; and of what Git has given up", async () => {
    await kubectl(["apply", "-f", "-"], WIDGETS);
    await kubectl(["wait", "--for=condition=Established", "crd/widgets.shop.example", "--timeout=60s"]);
    const repo = await deployed("custom", WIDGET, ["apply", "--server-side"]);
    await kubectl([
      "-n",
      "custom",
      "patch",
      "widget/big",
      "--type=merge",
      "-p",
      '{"spec":{"size":4,"note":"by hand"}}',
    ]);
    await writeFile(join(repo, "all.yaml"), WIDGET.replace("colour: red, ", ""));
    const expected = ["Widget/big add spec.colour", "Widget/big add spec.note", "Widget/big replace spec.size"];
    // OpenAPI comes some seconds after the kind is served: until then its definition tells of defaults, but nothing of
    // dry runs.
    const late = proxy.inject({ path: "/openapi/v3/apis/shop.example/v1", fault: { kind: "status", status: 404 } });
    expect(told(await scanned(repo, "read-only"))).toEqual(expected);
    expect(late.hits()).toBe(1);
    const unknown = await scanned(repo, "server-dry-run");
    expect(told(unknown)).toEqual(expected);
    expect(unknown.faults).toMatchObject([{ code: "dry-run-failed", about: "Widget/big in custom" }]);
    late.remove();
    await waitForOpenApi("shop.example/v1", "Widget");
    const { "read-only": readOnly, "server-dry-run": dryRun } = await both(repo);
    expect(dryRun).toEqual(expected);
    expect(readOnly).toEqual(expected);
  });

  async function waitForOpenApi(apiVersion: string, kind: string): Promise<void> {
    for (let tries = 0; tries < 300; tries++) {
      const { stdout } = await cluster.kubectl(["get", "--raw", `/openapi/v3/apis/${apiVersion}`]);
      if (stdout.includes(`"${kind}"`)) return;
      await sleep(100);
    }
    throw new Error(`OpenAPI does not have ${kind}`);
  }

  it("asks as the deployer that the configuration names", async () => {
    const repo = await deployed("piped", WEB, ["apply", "--server-side", "--field-manager=our-pipeline"]);
    const config = "version: 1\ntargets: [{ name: all, namespace: piped }]\ndeployers: [our-pipeline]\n";
    await writeFile(join(repo, ".github/holdfast.yml"), config);
    proxy.reset();
    expect(told(await scanned(repo, "server-dry-run"))).toEqual([]);
    const patches = proxy.requests.filter(({ method }) => method === "PATCH");
    const managers = patches.map(({ path }) => new URL(path, "http://server").searchParams.get("fieldManager"));
    expect(managers).toEqual(["our-pipeline", "our-pipeline"]);
  });

  it("works with the role of deploy/, which can change nothing", async () => {
    const repo = await deployed("role", WEB, ["apply", "--server-side"]);
    for (const file of ["namespace.yaml", "rbac.yaml", "rbac-server-dry-run.yaml"]) {
      await kubectl(["apply", "-f", join(ROOT, "deploy", file)]);
    }
    const token = (await kubectl(["create", "token", "holdfast", "-n", "holdfast"])).trim();
    const kubeconfig = join(folder, "role.kubeconfig");
    await writeKubeconfig(kubeconfig, { context: "role", server: cluster.server, authority: cluster.authority, token });
    const write = ["-n", "role", "label", "deployment/web", "tier=changed", "--overwrite"];
    for (let tries = 0; tries < 100; tries++) {
      const { stderr } = await cluster.kubectl(write, { kubeconfig });
      if (stderr.includes("holdfast asks for dry runs only")) break;
      await sleep(100);
    }
    await kubectl(["-n", "role", "label", "deployment/web", "tier=back", "--overwrite"]);
    expect((await cluster.kubectl(write, { kubeconfig })).stderr).toContain("holdfast asks for dry runs only");
    const report = await scanned(repo, "server-dry-run", kubeconfig);
    expect(told(report)).toEqual(["Deployment/web replace metadata.labels.tier"]);
    // Secrets, and custom resources of other tests: the role does not grant them, and Git does not declare them here.
    expect(report.faults.map(({ about }) => about)).toEqual(["kinds that Git does not declare"]);
  });

  describe("on all that the corpus has", () => {
    it.skipIf(!existsSync(EXAMPLES))("differs from reading in nothing", async () => {
      const declared = corpus();
      const items = declared.map((value) => JSON.stringify(value));
      for (const name of new Set(declared.map((value) => refOf(value).namespace ?? "default"))) {
        await cluster.kubectl(["create", "namespace", name]);
      }
      // Half as kubectl applies by itself, half as it does with --server-side.
      for (const [index, item] of items.entries()) {
        await cluster.kubectl(["apply", "-f", "-", ...(index % 2 === 0 ? ["--server-side"] : [])], { input: item });
      }
      await sleep(3000);
      const repo = await repository("corpus", items.join("\n---\n"));
      const readOnly = await scanned(repo, "read-only");
      const dryRun = await scanned(repo, "server-dry-run");
      const matched = (readOnly.summary.objects["desired"] ?? 0) - (readOnly.summary.objects["missing"] ?? 0);
      process.stderr.write(`compared ${matched} objects in both modes\n`);
      expect(matched).toBeGreaterThan(100);
      expect(dryRun.faults).toEqual([]);
      expect(told(dryRun)).toEqual(told(readOnly));

      const kinds = "configmaps,daemonsets,deployments,replicationcontrollers,services,statefulsets";
      await kubectl(["annotate", kinds, "--all", "-n", "default", "planted=yes"]);
      await kubectl(["scale", "deployments", "--all", "-n", "default", "--replicas=7"]);
      const planted = (report: Report): readonly string[] =>
        less(told(report), told(dryRun)).filter((line) => /annotations|replicas$/.test(line));
      const found = planted(await scanned(repo, "read-only"));
      expect(found.filter((line) => line.includes("annotations")).length).toBeGreaterThan(50);
      expect(found.filter((line) => line.endsWith("replace spec.replicas")).length).toBeGreaterThan(5);
      expect(planted(await scanned(repo, "server-dry-run"))).toEqual(found);
    });
  });
});

function told({ drifts }: Report): readonly string[] {
  return drifts
    .flatMap(({ object, state, changes }) => {
      const name = `${object.kind}/${object.name}`;
      if (state === "unmanaged" || state === "missing") return [`${name} ${state}`];
      return changes.map(({ operation, field }) => `${name} ${operation} ${field}`);
    })
    .filter((line) => !line.endsWith(" unmanaged"))
    .toSorted();
}

function less(lines: readonly string[], others: readonly string[]): readonly string[] {
  return lines.filter((line) => !others.includes(line));
}

function corpus(): readonly ValueMap[] {
  const byKey = new Map<string, ValueMap[]>();
  for (const file of readdirSync(EXAMPLES, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.ya?ml$/.test(name),
  )) {
    for (const { value } of readYaml(readFileSync(join(EXAMPLES, file), "utf8"), { file }).documents) {
      if (!isMap(value) || !isMap(value["metadata"]) || typeof value["kind"] !== "string") continue;
      const served = builtinKind(refOf(value));
      if (served === undefined) continue;
      const placed = served.namespaced ? { ...value, metadata: { namespace: "default", ...value["metadata"] } } : value;
      byKey.set(refKey(refOf(placed)), [...(byKey.get(refKey(refOf(placed))) ?? []), placed]);
    }
  }
  return [...byKey.values()].flatMap((same) => (same.length === 1 ? same : []));
}

const WEB = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, labels: { app: web, tier: front } }
spec:
  replicas: 1
  minReadySeconds: 1
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - { name: web, image: "registry.example/web:1", env: [{ name: A, value: "1" }], resources: { requests: { cpu: 1000m } } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: web }
data: { key: value }
`;

const PLANTED = [
  "ConfigMap/web add data.added",
  'Deployment/web add spec.template.spec.containers[name="web"].env[name="ADDED"]',
  "Deployment/web remove metadata.labels.tier",
  'Deployment/web replace spec.template.spec.containers[name="web"].image',
];

const AWKWARD = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: fixed }
spec:
  selector: { matchLabels: { app: fixed } }
  template:
    metadata: { labels: { app: fixed } }
    spec: { containers: [{ name: web, image: "registry.example/web:1" }] }
---
apiVersion: v1
kind: Secret
metadata: { name: db }
stringData: { password: hunter2 }
`;

/** Writes over what Git declares, and adds a label. */
const MUTATION = `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: { name: payments }
spec:
  failurePolicy: Fail
  reinvocationPolicy: Never
  matchConstraints:
    namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: mutated } }
    resourceRules: [{ apiGroups: [apps], apiVersions: [v1], resources: [deployments], operations: [CREATE, UPDATE] }]
  mutations:
    - patchType: ApplyConfiguration
      applyConfiguration:
        expression: >
          Object{metadata: Object.metadata{labels: {"team": "payments"}}, spec: Object.spec{minReadySeconds: 7}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: { name: payments }
spec: { policyName: payments }
`;

const MUTATING_LABELS = MUTATION.replaceAll("payments }", "labels }")
  .replace("policyName: payments", "policyName: labels")
  .replace("kubernetes.io/metadata.name: mutated", "kubernetes.io/metadata.name: mutated-too")
  .replace(", spec: Object.spec{minReadySeconds: 7}", "");

const WIDGETS = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.shop.example }
spec:
  group: shop.example
  scope: Namespaced
  names: { kind: Widget, plural: widgets, singular: widget, listKind: WidgetList }
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
                size: { type: integer, format: int64 }
                colour: { type: string }
                note: { type: string }
                unit: { type: string, default: cm }
`;

const WIDGET = `
apiVersion: shop.example/v1
kind: Widget
metadata: { name: big }
spec: { colour: red, size: 9007199254740993 }
`;

/** Nothing listens there: the API server refuses a dry run before it would ask. */
const WEBHOOK = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "MutatingWebhookConfiguration",
  metadata: {
    name: "side-effects",
    uid: "8bbf7b2c-3b3f-4a3c-9f43-1d1d6a0f6a11",
    creationTimestamp: "2020-01-01T00:00:00Z",
  },
  webhooks: [
    {
      name: "side.effects.example",
      clientConfig: { url: "https://127.0.0.1:1/" },
      failurePolicy: "Ignore",
      matchPolicy: "Equivalent",
      timeoutSeconds: 1,
      sideEffects: "Some",
      reinvocationPolicy: "Never",
      admissionReviewVersions: ["v1"],
      namespaceSelector: { matchLabels: { hooked: "yes" } },
      objectSelector: {},
      rules: [
        {
          apiGroups: ["", "apps"],
          apiVersions: ["v1"],
          resources: ["deployments", "configmaps"],
          operations: ["UPDATE"],
          scope: "*",
        },
      ],
    },
  ],
};
