import { describe, expect, test } from "vitest";
import type { CodifyAnswer, CodifyRequest } from "../../src/core/codify.ts";
import type { Change, Verdict } from "../../src/core/drift.ts";
import type { DriftResult } from "../../src/core/pass.ts";
import { fields, formatPath } from "../../src/core/path.ts";
import type { FieldPath, PathStep } from "../../src/core/path.ts";
import type { Value } from "../../src/core/value.ts";
import { propose } from "../../src/reconcile/propose.ts";
import { createDigester } from "../../src/text/digest.ts";

/** A change in short. `path`: field names, `[x]` for the item with that name, `[mountPath=/x]` for one with another key. */
interface Case {
  readonly path: string;
  readonly git?: Value;
  readonly live?: Value;
  readonly verdict?: Verdict;
  readonly direction?: Change["direction"];
  readonly contested?: true;
}

const POD = "spec template spec";
const WEB = `${POD} containers [web]`;

function pathOf(text: string): FieldPath {
  return text.split(" ").map((part): PathStep => {
    const item = /^\[(?:(\w+)=)?(.*)\]$/.exec(part);
    if (item === null) return { kind: "field", name: part };
    return { kind: "key", keys: { [item[1] ?? "name"]: item[2] ?? "" } };
  });
}

function resultOf(kind: string, cases: readonly Case[]): DriftResult {
  const [apiVersion = "", name = ""] = kind.split(" ");
  const ref = { apiVersion, kind: name, namespace: "shop", name: "web" };
  const value = { apiVersion, kind: name, metadata: { name: "web", namespace: "shop" } };
  const changes = cases.map(({ path, git, live, direction, contested }): Change => ({
    path: pathOf(path),
    operation: git === undefined ? "add" : live === undefined ? "remove" : "replace",
    direction: direction ?? "live-changed",
    ...(contested === true
      ? { contestedBy: { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", name: "web" } }
      : {}),
    ...(git === undefined ? {} : { desired: git }),
    ...(live === undefined ? {} : { live }),
  }));
  const origin = { file: "a.yaml", document: 0, items: [], layer: "literal", hash: "sha256:0" } as const;
  return {
    id: "web",
    fingerprint: "f",
    target: "default",
    drift: { state: "drifted", ref, desired: { ref, value, origin }, live: { ref, value, managers: [] }, changes },
    judgement: {
      verdict: "mixed",
      findings: [],
      changes: cases.map(({ verdict }) => ({ verdict: verdict ?? "compliant", findings: [] })),
    },
    counts: true,
    actions: [],
  };
}

/** What becomes of each change: `pull request`, the code of its refusal, or `violating`; and how often codify was asked. */
async function proposed(kind: string, cases: readonly Case[], refuse: readonly string[] = []) {
  const result = resultOf(kind, cases);
  let asked = 0;
  const proposals = await propose({
    results: [result],
    target: "default",
    group: "object",
    digester: createDigester(Buffer.from("key")),
    schemaOf: () => undefined,
    codify: (requests: readonly CodifyRequest[]) => {
      asked++;
      const answers = requests.map(({ desired, changes }): CodifyAnswer =>
        changes.map(({ path, operation }) =>
          refuse.includes(formatPath(path))
            ? { refusal: { code: "alias", path, reason: "an anchor" } }
            : {
                edit: {
                  file: "a.yaml",
                  ref: desired.ref,
                  path,
                  operation,
                  splices: [],
                  position: { file: "a.yaml", line: 1 },
                },
              },
        ),
      );
      return Promise.resolve({
        answers,
        files: [{ path: "a.yaml", before: "", after: "x", mode: "100644" }],
        proof: { renderer: "plain", roots: [""], objectsCompared: 1, editedObjects: 1, bytesOutsideEdits: "unchanged" },
      });
    },
  });
  const told = cases.map(({ path, verdict }, index) => {
    const shown = formatPath(pathOf(path));
    const homes = proposals.flatMap((one) => {
      if (one.kind === "pull-request") return one.parts[0]?.changes.includes(index) === true ? ["pull request"] : [];
      if (!one.changes.includes(index)) return [];
      return [one.refusals.find((refusal) => formatPath(refusal.path) === shown)?.code ?? verdict ?? "?"];
    });
    return homes.join(", ");
  });
  return { told, asked, proposals };
}

const ALONE = { path: "spec replicas", git: 1, live: 2 } as const;

describe("what the API server checks together is proposed together, or not at all", () => {
  test.each<readonly [string, string, Case, Case]>([
    [
      "a mount of a volume that a policy objects to",
      "apps/v1 Deployment",
      { path: `${POD} volumes`, live: [{ name: "h", hostPath: { path: "/" } }], verdict: "violating" },
      { path: `${WEB} volumeMounts`, live: [{ name: "h", mountPath: "/h" }] },
    ],
    [
      "a mount beside others, of a volume beside others",
      "apps/v1 StatefulSet",
      { path: `${POD} volumes [h]`, live: { name: "h", hostPath: { path: "/" } }, verdict: "violating" },
      { path: `${WEB} volumeMounts [mountPath=/h]`, live: { name: "h", mountPath: "/h" } },
    ],
    [
      "a whole container that mounts it",
      "batch/v1 CronJob",
      {
        path: "spec jobTemplate spec template spec volumes [h]",
        live: { name: "h", hostPath: { path: "/" } },
        verdict: "violating",
      },
      {
        path: "spec jobTemplate spec template spec initContainers [x]",
        live: { name: "x", volumeMounts: [{ name: "h", mountPath: "/h" }] },
      },
    ],
    [
      "a block device of a claim's template",
      "apps/v1 StatefulSet",
      { path: "spec volumeClaimTemplates", live: [{ metadata: { name: "disk" } }], verdict: "violating" },
      { path: `${WEB} volumeDevices [devicePath=/dev/x]`, live: { name: "disk", devicePath: "/dev/x" } },
    ],
    [
      "a mount that names another volume now",
      "v1 Pod",
      { path: "spec volumes [h]", live: { name: "h", hostPath: { path: "/" } }, verdict: "violating" },
      { path: "spec containers [web] volumeMounts [mountPath=/x] name", git: "data", live: "h" },
    ],
    [
      "the traffic policy of a Service that is opened to the outside",
      "v1 Service",
      { path: "spec type", live: "LoadBalancer", verdict: "violating" },
      { path: "spec externalTrafficPolicy", live: "Local" },
    ],
    [
      "a node port of such a Service",
      "v1 Service",
      { path: "spec type", git: "ClusterIP", live: "NodePort", verdict: "violating" },
      { path: "spec ports [port=80] nodePort", live: 30_080 },
    ],
    [
      "the port on the node, where the Pod has the node's network",
      "apps/v1 DaemonSet",
      { path: `${POD} hostNetwork`, live: true, verdict: "violating" },
      { path: `${WEB} ports [containerPort=80] hostPort`, live: 80 },
    ],
    [
      "how to roll out, and by which strategy",
      "apps/v1 Deployment",
      { path: "spec strategy type", git: "Recreate", live: "RollingUpdate", direction: "both-changed" },
      { path: "spec strategy rollingUpdate", live: { maxSurge: 2 } },
    ],
    [
      "the other handler of a probe",
      "apps/v1 Deployment",
      { path: `${WEB} livenessProbe exec`, live: { command: ["sh"] }, verdict: "violating" },
      { path: `${WEB} livenessProbe tcpSocket`, git: { port: 81 } },
    ],
    [
      "the other source of a variable",
      "apps/v1 Deployment",
      { path: `${WEB} env [A] value`, live: "password", verdict: "violating" },
      { path: `${WEB} env [A] valueFrom`, git: { fieldRef: { fieldPath: "metadata.name" } } },
    ],
    [
      "requests beyond limits",
      "apps/v1 Deployment",
      { path: `${WEB} resources limits memory`, git: "1Gi", live: "8Gi", verdict: "violating" },
      { path: `${WEB} resources requests memory`, git: "1Gi", live: "8Gi" },
    ],
    [
      "labels that the selector asks for",
      "apps/v1 Deployment",
      {
        path: "spec selector",
        git: { matchLabels: { a: "b" } },
        live: { matchLabels: { a: "c" } },
        verdict: "violating",
      },
      { path: "spec template metadata labels a", git: "b", live: "c" },
    ],
    [
      "a priority and its class",
      "v1 Pod",
      { path: "spec priorityClassName", live: "system-node-critical", verdict: "violating" },
      { path: "spec priority", live: 2_000_001_000 },
    ],
    [
      "both bounds of an autoscaler",
      "autoscaling/v2 HorizontalPodAutoscaler",
      { path: "spec maxReplicas", git: 3, live: 1, verdict: "violating" },
      { path: "spec minReplicas", git: 3, live: 1 },
    ],
    [
      "one bound of a disruption budget instead of the other",
      "policy/v1 PodDisruptionBudget",
      { path: "spec maxUnavailable", live: 1, direction: "both-changed" },
      { path: "spec minAvailable", git: 1 },
    ],
    [
      "what waits for a deployment",
      "apps/v1 Deployment",
      { path: `${POD} volumes [h]`, git: { name: "h" }, direction: "git-ahead" },
      { path: `${WEB} volumeMounts [mountPath=/h]`, live: { name: "h", mountPath: "/h" } },
    ],
    [
      "anything of a custom kind",
      "argoproj.io/v1alpha1 Rollout",
      { path: "spec a", live: 1, verdict: "violating" },
      { path: "spec b c", live: 1 },
    ],
  ])("%s", async (_what, kind, cause, change) => {
    const { told, proposals } = await proposed(kind, [cause, change]);
    expect(told[1]).toBe("dependent");
    const refusal = proposals
      .flatMap((one) => (one.kind === "issue" ? one.refusals : []))
      .find(({ code }) => code === "dependent");
    expect(refusal?.reason).toContain(formatPath(pathOf(cause.path)));
  });

  test.each<readonly [string, string, Case, Case]>([
    [
      "replicas beside a container that a policy objects to",
      "apps/v1 Deployment",
      { path: `${WEB} securityContext privileged`, live: true, verdict: "violating" },
      ALONE,
    ],
    [
      "a mount of another volume",
      "apps/v1 Deployment",
      { path: `${POD} volumes [h]`, live: { name: "h", hostPath: { path: "/" } }, verdict: "violating" },
      { path: `${WEB} volumeMounts [mountPath=/t]`, live: { name: "tmp", mountPath: "/t" } },
    ],
    [
      "another container's probe",
      "apps/v1 Deployment",
      { path: `${WEB} livenessProbe exec`, live: {}, verdict: "violating" },
      { path: `${POD} containers [side] livenessProbe tcpSocket`, git: { port: 81 } },
    ],
    [
      "ports, where the host's network is as it was",
      "apps/v1 Deployment",
      { path: `${WEB} ports [containerPort=80] hostPort`, live: 80, verdict: "violating" },
      { path: `${WEB} ports [containerPort=81]`, live: { containerPort: 81 } },
    ],
    [
      "an annotation of a custom kind",
      "argoproj.io/v1alpha1 Rollout",
      { path: "spec a", live: 1, verdict: "violating" },
      { path: "metadata annotations team", live: "a" },
    ],
    [
      "a selector of a Service",
      "v1 Service",
      { path: "spec type", live: "LoadBalancer", verdict: "violating" },
      { path: "spec selector app", git: "a", live: "b" },
    ],
  ])("but not %s", async (_what, kind, cause, change) => {
    expect((await proposed(kind, [cause, change])).told[1]).toBe("pull request");
  });

  test("what goes with something that goes with it waits, too", async () => {
    const { told } = await proposed("apps/v1 Deployment", [
      { path: `${POD} volumes [h]`, live: { name: "h", hostPath: {} }, verdict: "violating" },
      { path: WEB, live: { name: "web", volumeMounts: [{ name: "h" }, { name: "t" }] } },
      { path: `${POD} volumes [t]`, live: { name: "t", emptyDir: {} } },
      ALONE,
    ]);
    expect(told).toEqual(["violating", "dependent", "dependent", "pull request"]);
  });

  test("what cannot be written takes along what goes with it, and nothing else", async () => {
    const cases = [
      { path: `${POD} volumes [h]`, live: { name: "h", emptyDir: {} } },
      { path: `${WEB} volumeMounts`, live: [{ name: "h", mountPath: "/h" }] },
      ALONE,
    ];
    const { told, asked } = await proposed("apps/v1 Deployment", cases, ['spec.template.spec.volumes[name="h"]']);
    expect(told).toEqual(["alias", "dependent", "pull request"]);
    expect(asked).toBe(2);
    expect((await proposed("apps/v1 Deployment", cases)).told).toEqual(cases.map(() => "pull request"));
  });

  test("a restart done by hand holds nothing back", async () => {
    const { told } = await proposed("argoproj.io/v1alpha1 Rollout", [
      { path: "spec restartAt", live: "t" },
      { path: "spec replicas", git: 1, live: 2 },
    ]);
    expect(told).toEqual(["", "pull request"]);
  });
});

describe("what tells a deployer what to do with the object is never written into Git", () => {
  test.each<readonly [string, string, Case]>([
    [
      "Flux is to leave it alone",
      "v1 ConfigMap",
      { path: "metadata annotations kustomize.toolkit.fluxcd.io/reconcile", live: "disabled" },
    ],
    [
      "Flux is not to apply it",
      "v1 ConfigMap",
      { path: "metadata annotations kustomize.toolkit.fluxcd.io/ssa", live: "Ignore" },
    ],
    [
      "Flux reads labels too",
      "v1 ConfigMap",
      { path: "metadata labels kustomize.toolkit.fluxcd.io/prune", live: "disabled" },
    ],
    [
      "all annotations, with one of Flux' among them",
      "v1 ConfigMap",
      { path: "metadata annotations", live: { team: "a", "kustomize.toolkit.fluxcd.io/prune": "disabled" } },
    ],
    ["Helm's hooks", "batch/v1 Job", { path: "metadata annotations helm.sh/hook", live: "post-install" }],
    [
      "what Helm keeps",
      "v1 PersistentVolumeClaim",
      { path: "metadata annotations helm.sh/resource-policy", live: "keep" },
    ],
    [
      "what Helm kept, taken away",
      "v1 PersistentVolumeClaim",
      { path: "metadata annotations helm.sh/resource-policy", git: "keep" },
    ],
    [
      "how Argo CD compares",
      "v1 ConfigMap",
      { path: "metadata annotations argocd.argoproj.io/compare-options", live: "IgnoreExtraneous" },
    ],
    [
      "how Argo CD syncs",
      "v1 ConfigMap",
      { path: "metadata annotations argocd.argoproj.io/sync-options", live: "Prune=false" },
    ],
    ["Argo CD's hooks", "v1 ConfigMap", { path: "metadata annotations argocd.argoproj.io/hook", live: "Skip" }],
    [
      "whose it is to Argo CD",
      "v1 ConfigMap",
      { path: "metadata annotations argocd.argoproj.io/tracking-id", live: "a:/ConfigMap:shop/web" },
    ],
    [
      "what Argo CD ignores",
      "argoproj.io/v1alpha1 Application",
      { path: "spec ignoreDifferences", live: [{ kind: "*" }] },
    ],
    [
      "a Kustomization that is suspended",
      "kustomize.toolkit.fluxcd.io/v1 Kustomization",
      { path: "spec suspend", live: true },
    ],
    [
      "a HelmRelease's own drift detection",
      "helm.toolkit.fluxcd.io/v2 HelmRelease",
      { path: "spec driftDetection mode", git: "enabled", live: "disabled" },
    ],
  ])("%s", async (_what, kind, change) => {
    const { told, proposals } = await proposed(kind, [change]);
    expect(told).toEqual(["deployer-setting"]);
    expect(proposals.map((one) => one.kind)).toEqual(["issue"]);
  });

  test.each<readonly [string, string, Case]>([
    ["a chart's name", "v1 ConfigMap", { path: "metadata labels helm.sh/chart", live: "a-1" }],
    ["an annotation of nobody's", "v1 ConfigMap", { path: "metadata annotations team", live: "a" }],
    ["the same name as data", "v1 ConfigMap", { path: "data helm.sh/hook", live: "a" }],
    ["a CronJob that is suspended", "batch/v1 CronJob", { path: "spec suspend", live: true }],
    [
      "annotations with hostile names",
      "v1 ConfigMap",
      { path: "metadata annotations", live: JSON.parse('{"__proto__": {"constructor": "a"}}') as Value },
    ],
  ])("but %s is", async (_what, kind, change) => {
    expect((await proposed(kind, [change])).told).toEqual(["pull request"]);
  });

  test("the rest of the object is codified", async () => {
    const { told } = await proposed("apps/v1 Deployment", [
      { path: "metadata annotations argocd.argoproj.io/sync-options", live: "Prune=false" },
      ALONE,
    ]);
    expect(told).toEqual(["deployer-setting", "pull request"]);
  });
});

test("paths of the cases are what they look like", () => {
  expect(pathOf("spec [a]")).toEqual([...fields("spec"), { kind: "key", keys: { name: "a" } }]);
});

describe("what Git has no use for", () => {
  test.each<readonly [string, string, Case, string]>([
    ["replicas that an autoscaler takes back", "apps/v1 Deployment", { ...ALONE, contested: true }, "contested"],
    [
      "an owner, whose uid is that of one cluster",
      "v1 ConfigMap",
      { path: "metadata ownerReferences", live: [{ apiVersion: "v1", kind: "ConfigMap", name: "a", uid: "1" }] },
      "deployer-setting",
    ],
    [
      "a finalizer beside others",
      "v1 Namespace",
      { path: "metadata finalizers [x]", live: "x.y/z" },
      "deployer-setting",
    ],
    [
      "what asks kube-downscaler to act",
      "v1 Namespace",
      { path: "metadata annotations", live: { "downscaler/uptime": "never" } },
      "deployer-setting",
    ],
  ])("%s", async (_, kind, change, code) => {
    const { told, asked } = await proposed(kind, [change]);
    expect(told).toEqual([code]);
    expect(asked).toBe(0);
  });
});
