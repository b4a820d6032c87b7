// `holdfast explain` tells a stranger what became of one object, whatever that is.

import { describe, expect, test } from "vitest";
import { repositoryOf } from "../desired/repositories.ts";
import { holdfast } from "./run.ts";

const GIT = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec: { replicas: 3, paused: true, minReadySeconds: 5 }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: same, namespace: shop }
data: { a: b }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: gone, namespace: shop }
data: { a: b }
---
apiVersion: v1
kind: Secret
metadata: { name: key, namespace: shop }
stringData: { a: s3cr3t-canary }
---
apiVersion: batch/v1
kind: Job
metadata: { name: unread, namespace: shop }
spec: {}
`;

const DEPLOYED = `{ manager: kubectl-client-side-apply, operation: Update, time: "2026-11-19T10:00:00Z", fieldsType: FieldsV1, fieldsV1: { "f:spec": { "f:minReadySeconds": {} } } }`;
const SCALED = `{ manager: kubectl, operation: Update, subresource: scale, fieldsType: FieldsV1, fieldsV1: { "f:spec": { "f:replicas": {} } } }`;
const EDITED = `{ manager: kubectl-edit, operation: Update, time: "2026-11-20T14:00:00Z", fieldsType: FieldsV1, fieldsV1: { "f:spec": { "f:minReadySeconds": {} } } }`;

const LIVE = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop, managedFields: [${DEPLOYED}, ${SCALED}, ${EDITED}] }
spec: { replicas: 5, minReadySeconds: 7 }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: same, namespace: shop }
data: { a: b }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: left-behind, namespace: shop }
data: { a: b }
---
apiVersion: v1
kind: Secret
metadata: { name: key, namespace: shop }
data: { a: czNjcjN0LWNhbmFyeQ== }
---
{ apiVersion: apps/v1, kind: DeploymentList, items: [] }
---
{ apiVersion: v1, kind: ConfigMapList, items: [] }
---
{ apiVersion: v1, kind: SecretList, items: [] }
---
{ apiVersion: autoscaling/v2, kind: HorizontalPodAutoscalerList, items: [] }
`;

async function explained(object: string, ignore = "[]", ...args: readonly string[]) {
  const repo = repositoryOf({ "web.yaml": GIT, ".github/holdfast.yml": `ignore: ${ignore}\n` });
  const ran = await holdfast(["explain", object, "--repo", repo, "--live", "-", ...args], { input: LIVE });
  expect(ran.stdout + ran.stderr).not.toMatch(/s3cr3t|czNjcjN0/);
  return ran.stdout;
}

/** The line that starts with the label, with those that go on from it. */
function entry(text: string, label: string): string {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.trimStart().startsWith(`${label} `));
  const rest = lines.slice(start + 1);
  const more = rest.findIndex((line) => !line.startsWith("            "));
  return start < 0
    ? ""
    : [lines[start], ...rest.slice(0, more)]
        .map((line) => line?.trim())
        .join(" ")
        .replace(/ +/g, " ");
}

describe("explain says of an object", () => {
  test("that differs who deploys it, what each side has, who set it, and what cannot be known", async () => {
    const text = await explained("Deployment/web");
    expect(entry(text, "declared")).toBe("declared web.yaml:1 (target default, the working tree)");
    expect(entry(text, "compared")).toBe("compared with cluster standard input, read as apps/v1");
    expect(entry(text, "deployer")).toBe("deployer kubectl-client-side-apply (Update), 2026-11-19T10:00:00Z");
    expect(text).toContain("field       spec.replicas (replace: the values differ)\n  Git       3  web.yaml:4\n");
    expect(text).toContain("  cluster   5\n  who       kubectl through scale (Update), time not recorded\n");
    expect(text).toContain("field       spec.paused (remove: only Git has it)");
    expect(text).toContain("  who       not recorded: a removal leaves no owner\n");
    expect(text).toContain("  who       kubectl-edit (Update), 2026-11-20T14:00:00Z\n");
    expect(entry(text, "note")).toMatch(/no identity.*last write to any of its fields.*scale have no time\.$/);
  });

  test("of which a rule ignores a field what it ignores, and who wrote it", async () => {
    const text = await explained("Deployment/web", "[{ field: spec.replicas }]");
    expect(entry(text, "result")).toBe("result differs from Git: 2 changes; 1 difference left out, below");
    expect(entry(text, "left out")).toBe(
      "left out ignored by the rule at .github/holdfast.yml:1 (field spec.replicas) (ignored)",
    );
    expect(text).toContain("  spec.replicas: 3 → 5\n    by kubectl through scale, time not recorded\n");
  });

  test.each<readonly [string, string, string, RegExp]>([
    ["in sync", "ConfigMap/same", "[]", /^result in sync: nothing differs$/],
    ["missing", "ConfigMap/gone", "[]", /^result is in Git and not in the cluster$/],
    ["unmanaged", "ConfigMap/left-behind", "[]", /^result is in the cluster and not in Git$/],
    [
      "missing and ignored",
      "ConfigMap/gone",
      "[{ name: gone }]",
      /^result ignored: it is in Git and not in the cluster/,
    ],
    [
      "unmanaged and ignored",
      "ConfigMap/left-behind",
      "[{ name: left* }]",
      /^result ignored: it is in the cluster and not in Git/,
    ],
    [
      "all of whose differences are ignored",
      "Deployment/web",
      "[{ field: spec.* }]",
      /^result in sync: nothing differs but for what is no drift; 3 differences left out, below$/,
    ],
    [
      "ignored as a whole",
      "Deployment/web",
      "[{ kind: Deployment }]",
      /^result ignored: a rule says that its differences are no drift; 3 differences left out, below$/,
    ],
    ["not read", "Job/unread", "[]", /^result not known: it could not be read/],
  ])("that is %s what it is", async (_what, object, ignore, result) => {
    expect(entry(await explained(object, ignore), "result")).toMatch(result);
  });

  test("who deploys it, by the configuration, too", async () => {
    const text = await explained("Deployment/web", "[]\ndeployers: [kubectl-edit]");
    expect(entry(text, "deployer")).toBe(
      "deployer kubectl-edit (Update), 2026-11-20T14:00:00Z; kubectl-client-side-apply (Update), 2026-11-19T10:00:00Z",
    );
  });

  test("that is in sync where it is declared", async () => {
    expect(entry(await explained("ConfigMap/same"), "declared")).toBe(
      "declared web.yaml:6 (target default, the working tree)",
    );
  });

  test("that was not read which fault is to blame, and no other", async () => {
    const text = await explained("Job/unread");
    expect(entry(text, "fault")).toMatch(/Job/);
    expect(text.match(/^fault /gm)).toHaveLength(1);
    expect(await explained("ConfigMap/same")).not.toMatch(/^fault /m);
  });

  test("that was not to be looked at that it was not", async () => {
    expect(entry(await explained("Secret/key", "[]", "--no-secrets"), "result")).toBe(
      "result not looked at (--no-secrets)",
    );
    expect(entry(await explained("Secret/key"), "result")).toBe("result in sync: nothing differs");
  });
});

test("--verbose lists behind the report what is left out by rule, and the report stays as it is", async () => {
  const repo = repositoryOf({ "web.yaml": GIT, ".github/holdfast.yml": "ignore: [{ field: spec.replicas }]\n" });
  const args = ["scan", "--repo", repo, "--live", "-"];
  const plain = await holdfast(args, { input: LIVE });
  const verbose = await holdfast([...args, "--verbose"], { input: LIVE });
  expect(plain.stdout).not.toContain("LEFT OUT");
  expect(verbose.stdout.startsWith(`${plain.stdout}\nLEFT OUT `)).toBe(true);
  expect(verbose.stdout).toContain(
    "    1 difference: ignored by the rule at .github/holdfast.yml:1 (field spec.replicas)  ignored\n      Deployment/web in shop spec.replicas\n",
  );
});

test("explain says of a field that cannot be changed how to undo it", async () => {
  const [git, live] = ["1", "2"].map(
    (app) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec: { replicas: ${app}, selector: { matchLabels: { app: "${app}" } } }
`,
  );
  const repo = repositoryOf({ "web.yaml": git ?? "" });
  const { stdout } = await holdfast(["explain", "Deployment/web", "--repo", repo, "--live", "-"], {
    input: `${live}---\n{ apiVersion: apps/v1, kind: DeploymentList, items: [] }\n`,
  });
  const [, replicas, selector] = stdout.split(/^field /m);
  expect(replicas).not.toMatch(/^ {2}undo /m);
  expect(selector).toMatch(/^ {2}undo +only by making the object anew/m);
});

describe("what Argo CD is asked to ignore in words that are not understood", () => {
  const APPLICATION = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: shop, namespace: argocd }
spec:
  destination: { name: in-cluster, namespace: default }
  source: { repoURL: https://git.example.com/acme/shop, path: . }
  ignoreDifferences:
    - group: apps
      kind: Deployment
      jqPathExpressions:
        - .spec.replicas
        - .spec | del(.paused)
`;
  const live = `${LIVE}---\n${APPLICATION}---\n{ apiVersion: argoproj.io/v1alpha1, kind: ApplicationList, items: [] }\n`;
  const repo = (): string => repositoryOf({ "web.yaml": GIT, "app.yaml": APPLICATION });

  async function told(object: string): Promise<string> {
    const ran = await holdfast(["explain", object, "--repo", repo(), "--live", "-"], { input: live });
    return entry(ran.stdout, "not ignored");
  }

  test("is told of the object that it is about, and of no other", async () => {
    expect(await told("Deployment/web")).toBe(
      "not ignored .spec | del(.paused): Application/shop in argocd (app.yaml) asks Argo CD to ignore it, and holdfast does not understand it",
    );
    expect(await told("ConfigMap/same")).toBe("");
  });

  test("is one notice at its line, and what is understood beside it is ignored", async () => {
    const { stdout } = await holdfast(["scan", "--repo", repo(), "--live", "-"], { input: live });
    expect(stdout).toMatch(/^NOTICE +app\.yaml:12:9: .*\(\.spec \| del\(\.paused\)\)/m);
    expect(stdout).not.toContain("spec.replicas");
    expect(stdout).toContain("spec.paused");
  });
});
