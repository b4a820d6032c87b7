// What lives in a cluster and not in Git, on real API servers: of a fresh cluster nothing is unmanaged, whatever Kubernetes
// made there by itself; what somebody plants is found, however it is dressed up.

import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KUBERNETES, serverBinaries } from "./binaries.ts";
import type { KubernetesMinor } from "./binaries.ts";
import { runHoldfast } from "./cli.ts";
import { startCluster } from "./cluster.ts";
import type { TestCluster } from "./cluster.ts";
import { startFaultProxy } from "./fault-proxy.ts";
import type { FaultProxy } from "./fault-proxy.ts";
import { describeOnCluster } from "./suite.ts";

const SETTLE_MILLISECONDS = 12_000;

interface Report {
  readonly summary: { readonly objects: Readonly<Record<string, number>>; readonly coverage: number };
  readonly drifts: readonly {
    readonly object: { readonly kind: string; readonly name: string };
    readonly state: string;
    readonly changes?: readonly { readonly field: string; readonly note?: string }[];
    readonly deletion?: string;
    readonly maker?: { readonly kind: string; readonly name: string };
  }[];
  readonly faults: readonly { readonly code: string; readonly message: string }[];
}

/** The test cluster's own users are bound so (cluster.ts). */
const TEST_OWN = /\/test-(?:reader|viewer)$/;

const SYSTEM_NAMESPACES = ["default", "kube-system", "kube-public", "kube-node-lease"];

const DECLARED = `apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: shop }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: registry.example/web:1 }] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: shop-viewer }
rules: [{ apiGroups: [""], resources: [pods], verbs: [get] }]
`;

const BOOTSTRAP = "labels: { kubernetes.io/bootstrapping: rbac-defaults }";
const RBAC = "rbac.authorization.k8s.io";

function binding(name: string, metadata = ""): string {
  return `apiVersion: ${RBAC}/v1
kind: ClusterRoleBinding
metadata: { name: "${name}"${metadata === "" ? "" : `, ${metadata}`} }
roleRef: { apiGroup: ${RBAC}, kind: ClusterRole, name: cluster-admin }
subjects: [{ apiGroup: ${RBAC}, kind: User, name: mallory }]
`;
}

function owner(apiVersion: string, kind: string, uid: string): string {
  return `ownerReferences: [{ apiVersion: ${apiVersion}, kind: ${kind}, name: web, uid: ${uid} }]`;
}

const privileged = (image: string): string =>
  `{ name: main, image: registry.example/${image}, securityContext: { privileged: true } }`;

function autoscaler(version: string, name: string, rest: string): string {
  return `apiVersion: autoscaling/${version}
kind: HorizontalPodAutoscaler
metadata: { name: ${name}, namespace: shop }
spec: { maxReplicas: 4, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: ${name} }, ${rest} }
`;
}

/** Without a kubelet no Pod is ever ready: a rollout is over when it took too long. */
function priv(image: string, more = ""): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: priv, namespace: shop }
spec:
  replicas: 1
  progressDeadlineSeconds: 1
  strategy: { type: Recreate }
  selector: { matchLabels: { app: priv } }
  template: { metadata: { labels: { app: priv } }, spec: { containers: [${privileged(image)}${more}] } }
`;
}

for (const minor of Object.keys(KUBERNETES) as KubernetesMinor[]) {
  const { apiServer, controllerManager } = serverBinaries(minor);
  describeOnCluster(`what Git does not declare, on ${minor}`, () => suite(minor), [
    "etcd",
    "kubectl",
    apiServer,
    controllerManager,
  ]);
}

function suite(minor: KubernetesMinor): void {
  let cluster: TestCluster;
  let folder: string;

  beforeAll(async () => {
    cluster = await startCluster({ kubernetes: minor, controllerManager: true });
    folder = await mkdtemp(join(tmpdir(), "holdfast-unmanaged-"));
    await mkdir(join(folder, "repo/.github"), { recursive: true });
    execFileSync("git", ["init", "--quiet", join(folder, "repo")]);
    await writeFile(join(folder, "repo/all.yaml"), DECLARED);
    await kubectl("create", "namespace", "shop");
    await kubectl("apply", "-f", join(folder, "repo/all.yaml"));
    await sleep(SETTLE_MILLISECONDS);
  });

  afterAll(async () => {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function kubectl(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await cluster.kubectl(args);
    expect(code, stderr).toBe(0);
    return stdout;
  }

  async function apply(text: string): Promise<void> {
    const { code, stderr } = await cluster.kubectl(["create", "-f", "-"], { input: text });
    expect(code, stderr).toBe(0);
  }

  async function scan(
    user = "admin",
    kubeconfig = cluster.kubeconfigFor(user),
  ): Promise<Report & { readonly unmanaged: readonly string[] }> {
    const { stdout, stderr } = await runHoldfast([
      "scan",
      "--format",
      "json",
      "--repo",
      join(folder, "repo"),
      "--kubeconfig",
      kubeconfig,
    ]);
    expect(stdout, stderr).not.toBe("");
    const report = JSON.parse(stdout) as Report;
    const unmanaged = report.drifts
      .filter(({ state }) => state === "unmanaged")
      .map(({ object }) => `${object.kind}/${object.name}`)
      .filter((name) => !TEST_OWN.test(name));
    return { ...report, unmanaged };
  }

  /** What is told while the Deployment has so many: every 15 seconds the autoscaler's controller puts the number right. */
  async function replicas(wanted: number): Promise<readonly string[]> {
    await kubectl("scale", "deployment/web", "-n", "shop", `--replicas=${wanted}`);
    const { drifts } = await scan();
    const after = await kubectl("get", "deployment/web", "-n", "shop", "-o", "jsonpath={.spec.replicas}");
    if (after !== String(wanted)) return await replicas(wanted);
    return drifts.flatMap(({ object, changes }) =>
      object.name === "web" ? (changes ?? []).map(({ field, note }) => `${field}: ${note}`) : [],
    );
  }

  async function configure(namespaces: readonly string[]): Promise<void> {
    const config = `version: 1\ntargets: [{ name: all, path: "", namespaces: [${namespaces.join(", ")}] }]\n`;
    await writeFile(join(folder, "repo/.github/holdfast.yml"), config);
  }

  /** Until its rollout is over, as far as it comes. */
  async function deploy(text: string): Promise<void> {
    await writeFile(join(folder, "repo/priv.yaml"), text);
    await kubectl("apply", "-f", join(folder, "repo/priv.yaml"));
    await sleep(500);
    await kubectl("wait", "deployment/priv", "-n", "shop", "--for=condition=Progressing=false", "--timeout=60s");
  }

  test("nothing of a fresh cluster is unmanaged: in every namespace, and of the cluster itself", async () => {
    await configure(["shop", ...SYSTEM_NAMESPACES]);
    const report = await scan();
    expect(report.faults).toEqual([]);
    expect(report.unmanaged).toEqual([]);
    expect(report.summary.objects).toMatchObject({ desired: 3, inSync: 3 });
    await configure(["shop"]);
  });

  test("what somebody plants is found, however it is dressed up", async () => {
    const web = JSON.parse(await kubectl("get", "deployment/web", "-n", "shop", "-o", "json")) as {
      readonly metadata: { readonly uid: string };
    };
    const real = owner("apps/v1", "Deployment", web.metadata.uid);
    const role = (metadata: string): string => `apiVersion: ${RBAC}/v1
kind: RoleBinding
metadata: { namespace: shop, ${metadata} }
roleRef: { apiGroup: ${RBAC}, kind: ClusterRole, name: edit }
subjects: [{ apiGroup: ${RBAC}, kind: User, name: mallory }]
`;
    await apply(
      [
        role("name: by-hand"),
        role(`name: owned-by-a-deployment, ${real}`),
        role(`name: owned-by-nothing, ${owner("example.com/v1", "Ghost", "0c8a2bb0-3b1f-4cc4-8f1e-0d5e6a3d4c11")}`),
        role("name: held, finalizers: [example.com/stay]"),
        `apiVersion: v1
kind: Pod
metadata: { name: shell, namespace: shop }
spec: { containers: [{ name: shell, image: registry.example/shell:1 }] }
`,
        binding("mallory-is-admin"),
        binding("system:forged", BOOTSTRAP),
        binding("owned-by-a-namespaced-object", real),
        `apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: { name: sees-all }
webhooks: []
`,
        `apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: { name: v1.taken.example.com }
spec:
  group: taken.example.com
  version: v1
  groupPriorityMinimum: 1
  versionPriority: 1
  insecureSkipTLSVerify: true
  service: { name: web, namespace: shop }
`,
        `apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: { name: first }
value: 1000
`,
      ].join("---\n"),
    );
    await kubectl("delete", "rolebinding/held", "-n", "shop", "--wait=false");
    await kubectl(
      "patch",
      "clusterrole/system:discovery",
      "--type=json",
      '--patch=[{"op":"add","path":"/rules/-","value":{"apiGroups":[""],"resources":["secrets"],"verbs":["get"]}}]',
    );
    await kubectl(
      "patch",
      "clusterrolebinding/system:basic-user",
      "--type=json",
      `--patch=[{"op":"add","path":"/subjects/-","value":{"apiGroup":"${RBAC}","kind":"User","name":"mallory"}}]`,
    );
    const { unmanaged, faults, summary } = await scan();
    expect(unmanaged).toEqual([
      "APIService/v1.taken.example.com",
      "ClusterRole/system:discovery",
      "ClusterRoleBinding/mallory-is-admin",
      "ClusterRoleBinding/owned-by-a-namespaced-object",
      "ClusterRoleBinding/system:basic-user",
      "ClusterRoleBinding/system:forged",
      "MutatingWebhookConfiguration/sees-all",
      "PriorityClass/first",
      "Pod/shell",
      "RoleBinding/by-hand",
      "RoleBinding/held",
      "RoleBinding/owned-by-a-deployment",
      "RoleBinding/owned-by-nothing",
    ]);
    expect(faults).toEqual([]);
    expect(summary.coverage).toBeCloseTo(3 / (3 + (summary.objects["unmanaged"] ?? 0)));
    await kubectl("delete", "apiservice/v1.taken.example.com");
  });

  test("what is made to look like a controller's is found, and the controllers' own is excused with the reason", async () => {
    const uidOf = async (object: string): Promise<string> =>
      (
        JSON.parse(await kubectl("get", object, "-n", "shop", "-o", "json")) as {
          readonly metadata: { readonly uid: string };
        }
      ).metadata.uid;
    await apply(
      `apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
`,
    );
    const byDeployment = owner("apps/v1", "Deployment", await uidOf("deployment/web"));
    const byService = owner("v1", "Service", await uidOf("service/web"));
    const forged: readonly (readonly [string, string, string, string])[] = [
      ["v1", "Service", `name: steals, ${byDeployment}`, "spec: { externalIPs: [192.0.2.1], ports: [{ port: 80 }] }"],
      ["v1", "Secret", `name: hides, ${byDeployment}`, "data: {}"],
      ["v1", "ConfigMap", `name: hides, ${byService}`, "data: {}"],
      [
        "networking.k8s.io/v1",
        "NetworkPolicy",
        `name: opens, ${byService}`,
        "spec: { podSelector: {}, ingress: [{}] }",
      ],
      ["v1", "Secret", "name: no-certificate, annotations: { cert-manager.io/certificate-name: web }", "data: {}"],
      [
        "v1",
        "Secret",
        "name: default-token-evil1, annotations: { kubernetes.io/service-account.name: default }",
        "type: kubernetes.io/service-account-token",
      ],
      ["v1", "Secret", "name: sh.helm.release.v1.evil.v1, labels: { owner: helm }", "type: helm.sh/release.v1"],
      [
        "discovery.k8s.io/v1",
        "EndpointSlice",
        "name: web-evil, labels: { kubernetes.io/service-name: web }",
        "addressType: IPv4\nendpoints: [{ addresses: [192.0.2.1] }]",
      ],
    ];
    await apply(
      forged
        .map(
          ([apiVersion, kind, metadata, rest]) =>
            `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { namespace: shop, ${metadata} }\n${rest}\n`,
        )
        .join("---\n"),
    );
    await kubectl(
      "annotate",
      "serviceaccount/default",
      "-n",
      "shop",
      "eks.amazonaws.com/role-arn=arn:aws:iam::1:role/admin",
    );
    await sleep(3000);
    const { unmanaged } = await scan();
    const names = forged.map(([, kind, metadata]) => `${kind}/${/name: ([^,]+)/.exec(metadata)?.[1]}`);
    expect([...names, "ServiceAccount/default"].filter((name) => !unmanaged.includes(name))).toEqual([]);
    // The controllers' own: the slice of the Service, the Pods and ReplicaSets of the Deployment.
    expect(unmanaged.filter((name) => /^(?:EndpointSlice|ReplicaSet|Pod)\/web-/.test(name))).toEqual([
      "EndpointSlice/web-evil",
    ]);
    const verbose = await runHoldfast([
      "scan",
      "--verbose",
      "--repo",
      join(folder, "repo"),
      "--kubeconfig",
      cluster.kubeconfig,
    ]);
    for (const kind of ["Service", "ReplicaSet", "Deployment"]) {
      expect(verbose.stdout).toContain(`owned by a kind (${kind}) whose controller makes such objects`);
    }
    await kubectl("annotate", "serviceaccount/default", "-n", "shop", "eks.amazonaws.com/role-arn-");
    await kubectl("delete", "service/web", "-n", "shop");
    for (const name of names) await kubectl("delete", name.toLowerCase(), "-n", "shop", "--ignore-not-found");
  });

  test("what still works is told, whatever is said of it: deleted, made by a controller, or a system's", async () => {
    const uidOf = async (object: string): Promise<string> =>
      (
        JSON.parse(await kubectl("get", object, "-n", "shop", "-o", "json")) as {
          readonly metadata: { readonly uid: string };
        }
      ).metadata.uid;
    const cron = `apiVersion: batch/v1
kind: CronJob
metadata: { name: web, namespace: shop }
spec:
  schedule: "0 0 1 1 *"
  jobTemplate: { spec: { template: { spec: { restartPolicy: Never, containers: [${privileged("mine:1")}] } } } }
`;
    const stateful = `apiVersion: apps/v1
kind: StatefulSet
metadata: { name: st, namespace: shop }
spec:
  replicas: 1
  serviceName: st
  selector: { matchLabels: { app: st } }
  template: { metadata: { labels: { app: st } }, spec: { containers: [${privileged("st:1")}] } }
`;
    await writeFile(join(folder, "repo/work.yaml"), `${cron}---\n${stateful}`);
    await kubectl("apply", "-f", join(folder, "repo/work.yaml"));
    await kubectl("create", "job", "by-schedule", "--from=cronjob/web", "-n", "shop");
    await apply(binding("half-gone"));
    const half = JSON.parse(await kubectl("get", "clusterrolebinding/half-gone", "-o", "json")) as {
      readonly metadata: { readonly uid: string };
    };
    const blocking = `ownerReferences: [{ apiVersion: ${RBAC}/v1, kind: ClusterRoleBinding, name: half-gone, uid: ${half.metadata.uid}, blockOwnerDeletion: true }]`;
    const by = async (apiVersion: string, kind: string, name: string): Promise<string> =>
      `ownerReferences: [{ apiVersion: ${apiVersion}, kind: ${kind}, name: ${name}, uid: ${await uidOf(`${kind}/${name}`)}, controller: true }]`;
    const spec = `{ restartPolicy: Never, containers: [${privileged("evil:1")}] }`;
    await apply(
      [
        `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: holder, namespace: shop, finalizers: [x.example.com/z], ${blocking} }\n`,
        `apiVersion: v1\nkind: Pod\nmetadata: { name: forever, namespace: shop }\nspec: { nodeName: nowhere, terminationGracePeriodSeconds: 1000000000, containers: [${privileged("evil:1")}] }\n`,
        `apiVersion: batch/v1\nkind: Job\nmetadata: { name: evil, namespace: shop, ${await by("batch/v1", "CronJob", "web")} }\nspec: { suspend: true, template: { spec: ${spec} } }\n`,
        `apiVersion: apps/v1\nkind: ControllerRevision\nmetadata: { name: st-evil, namespace: shop, labels: { app: st }, ${await by("apps/v1", "StatefulSet", "st")} }\nrevision: 0\ndata: { spec: { template: { metadata: { labels: { app: st } }, spec: { containers: [${privileged("evil:1")}] } } } }\n`,
        `apiVersion: v1\nkind: Secret\nmetadata: { name: evil-token, namespace: shop, labels: { sealedsecrets.bitnami.com/sealed-secrets-key: active }, annotations: { kubernetes.io/service-account.name: default } }\ntype: kubernetes.io/service-account-token\n`,
        `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: aws-auth, namespace: shop, annotations: { control-plane.alpha.kubernetes.io/leader: "{}" } }\ndata: { mapUsers: "[]" }\n`,
        `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: istio-ca-root-cert, namespace: shop }\ndata: { root-cert.pem: x }\n`,
      ].join("---\n"),
    );
    await kubectl("delete", "clusterrolebinding/half-gone", "--cascade=foreground", "--wait=false");
    await kubectl("delete", "pod/forever", "-n", "shop", "--wait=false");
    await sleep(5000);
    const { unmanaged, drifts } = await scan();
    const told = [
      "ClusterRoleBinding/half-gone",
      "ConfigMap/aws-auth",
      "ConfigMap/istio-ca-root-cert",
      "ControllerRevision/st-evil",
      "Job/evil",
      "Pod/forever",
      "Secret/evil-token",
    ];
    expect(told.filter((name) => !unmanaged.includes(name))).toEqual([]);
    // What the controllers make of the templates that Git declares, privileged as they are, is not told.
    const made = /^(?:Pod\/(?:st-0|by-schedule)|Job\/by-schedule|ControllerRevision\/st-[0-9a-f]|ReplicaSet\/)/;
    expect(unmanaged.filter((name) => made.test(name) && !told.includes(name))).toEqual([]);
    expect(drifts.find(({ object }) => object.name === "half-gone")?.deletion).toContain(
      "held by its finalizers foregroundDeletion",
    );
    await rm(join(folder, "repo/work.yaml"));
    await kubectl(
      "patch",
      "configmap/holder",
      "-n",
      "shop",
      "--type=merge",
      '--patch={"metadata":{"finalizers":null}}',
    );
    await kubectl("delete", "pod/forever", "-n", "shop", "--force", "--grace-period=0");
    await kubectl("delete", "cronjob/web", "statefulset/st", "-n", "shop");
    await kubectl("delete", "configmap/aws-auth", "configmap/istio-ca-root-cert", "secret/evil-token", "-n", "shop");
    await kubectl(
      "delete",
      "job/evil",
      "job/by-schedule",
      "controllerrevision/st-evil",
      "-n",
      "shop",
      "--ignore-not-found",
    );
  });

  test("replicas are an autoscaler's within its bounds and where Git declares it", async () => {
    const scaler = autoscaler("v2", "web", "minReplicas: 1");
    await apply(scaler);
    const before = await replicas(40);
    await writeFile(join(folder, "repo/scaler.yaml"), scaler);
    const beyond = await replicas(40);
    const within = await replicas(3);
    await rm(join(folder, "repo/scaler.yaml"));
    await kubectl("delete", "hpa/web", "-n", "shop");
    await kubectl("scale", "deployment/web", "-n", "shop", "--replicas=2");
    expect({ before, beyond, within }).toEqual({
      before: [
        "spec.replicas: HorizontalPodAutoscaler/web in shop scales it, and Git does not declare that autoscaler",
      ],
      beyond: ["spec.replicas: beyond what HorizontalPodAutoscaler/web in shop allows (1 to 4)"],
      within: [],
    });
  });

  test("an account that may read little is told what it does not see, once", async () => {
    const { faults } = await scan("viewer");
    expect(faults.filter(({ message }) => message.includes("unmanaged"))).toHaveLength(1);
  });

  test("a version that is not served is told with the one that is", async () => {
    await writeFile(
      join(folder, "repo/old.yaml"),
      "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: { name: web, namespace: shop }\nspec: { minAvailable: 1 }\n",
    );
    await apply(
      "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: { name: web, namespace: shop }\nspec: { minAvailable: 1 }\n",
    );
    const { faults, unmanaged, summary } = await scan();
    expect(faults.map(({ code }) => code)).toEqual(["version-not-served"]);
    expect(unmanaged).not.toContain("PodDisruptionBudget/web");
    expect(summary.objects).toMatchObject({ unknown: 1, missing: 0 });
    await rm(join(folder, "repo/old.yaml"));
    await kubectl("delete", "pdb/web", "-n", "shop");
  });

  test("each object is read in the version that Git declares it in", async () => {
    const both = [
      autoscaler("v1", "one", "targetCPUUtilizationPercentage: 60"),
      autoscaler(
        "v2",
        "two",
        "metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 60 } } }]",
      ),
    ].join("---\n");
    await writeFile(join(folder, "repo/autoscalers.yaml"), both);
    await apply(both);
    const { drifts, summary } = await scan();
    expect(drifts.filter(({ object }) => object.kind === "HorizontalPodAutoscaler")).toEqual([]);
    expect(summary.objects).toMatchObject({ desired: 5, inSync: 5, unknown: 0 });
  });

  describe("what changes while lists are read", () => {
    const LISTS_LATE_MS = 6000;
    let proxy: FaultProxy;

    beforeAll(async () => {
      proxy = await startFaultProxy(cluster);
      await deploy(priv("priv:1"));
      await deploy(priv("priv:2"));
    });

    afterAll(async () => {
      await proxy.stop();
      await rm(join(folder, "repo/priv.yaml"));
      await kubectl("delete", "deployment/priv", "-n", "shop");
    });

    /** What is unmanaged where something changes after owners were listed and before `resource` is, and what was asked for by name. */
    async function scanWhile(resource: string, change: () => Promise<unknown>) {
      proxy.reset();
      const path = new RegExp(`/${resource}\\?`);
      proxy.inject({ path, fault: { kind: "delay", milliseconds: LISTS_LATE_MS } });
      const scanned = scan("admin", proxy.kubeconfig);
      while (!proxy.requests.some((request) => path.test(request.path))) await sleep(50);
      await sleep(500);
      await change();
      const { unmanaged } = await scanned;
      const byName = /\/(deployments|replicasets)\/priv[^/?]*$/;
      return {
        unmanaged: unmanaged.filter((name) => name.includes("/priv-")),
        lookedAt: new Set(proxy.requests.flatMap((request) => byName.exec(request.path)?.[1] ?? [])),
      };
    }

    test("a ReplicaSet that had no Pods, and has some when they are listed, has made them", async () => {
      const seen = await scanWhile("pods", () => kubectl("rollout", "undo", "deployment/priv", "-n", "shop"));
      expect(seen).toEqual({ unmanaged: [], lookedAt: new Set(["replicasets"]) });
    });

    test("a Deployment that is changed has made the ReplicaSet that is listed then", async () => {
      await deploy(priv("priv:2"));
      const next = join(folder, "next.yaml");
      await writeFile(next, priv("priv:2", `, ${privileged("more:1").replace("main", "more")}`));
      const seen = await scanWhile("replicasets", () => kubectl("apply", "-f", next));
      expect(seen).toEqual({ unmanaged: [], lookedAt: new Set(["deployments"]) });
    });
  });

  describe("a forgotten Helm release", () => {
    test("is one line of the report, with its twelve objects", async () => {
      const objects = Array.from(
        { length: 12 },
        (_, index) => `apiVersion: v1
kind: ${index < 8 ? "ConfigMap" : "ServiceAccount"}
metadata:
  name: old-${index}
  namespace: shop
  labels: { app.kubernetes.io/managed-by: Helm }
  annotations: { meta.helm.sh/release-name: old-shop, meta.helm.sh/release-namespace: shop }
`,
      );
      await apply(objects.join("---\n"));
      const args = ["scan", "--repo", join(folder, "repo"), "--kubeconfig", cluster.kubeconfig];
      const { stdout } = await runHoldfast(args);
      const lines = stdout.split("\n").filter((line) => line.includes("old-"));
      expect(lines).toEqual(["UNMANAGED  12 objects of Helm release old-shop in shop  8 ConfigMap, 4 ServiceAccount"]);
      const verbose = await runHoldfast([...args, "--verbose"]);
      expect(verbose.stdout).toContain("    ServiceAccount/old-11 in shop\n");
      const { drifts } = await scan();
      expect(drifts.filter(({ maker }) => maker?.kind === "helm-release" && maker.name === "old-shop")).toHaveLength(
        12,
      );
    });
  });
}
