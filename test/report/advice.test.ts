import { describe, expect, test } from "vitest";
import type { Change, Drift } from "../../src/core/drift.ts";
import type { DesiredObject } from "../../src/core/objects.ts";
import type { DriftResult } from "../../src/core/pass.ts";
import { fields } from "../../src/core/path.ts";
import type { ValueMap } from "../../src/core/value.ts";
import { unmanagedOf } from "../../src/drift/unmanaged.ts";
import { adviceOn } from "../../src/report/advice.ts";
import { desiredOf, liveOf, yaml } from "../drift/objects.ts";

const OBJECT = yaml("{apiVersion: v1, kind: ConfigMap, metadata: {name: web, namespace: shop}, data: {x: '2', y: z}}");
const REPLACED: Change = {
  path: fields("data", "x"),
  operation: "replace",
  desired: "1",
  live: "2",
  direction: "live-changed",
};
const ADDED: Change = { path: fields("data", "y"), operation: "add", live: "z", direction: "live-changed" };
const SOURCE = { source: { file: "web.yaml", line: 3 } };

function driftOf(changes: readonly Change[], origin: Partial<DesiredObject["origin"]>, live: ValueMap = OBJECT) {
  const desired = desiredOf(live);
  return {
    state: "drifted",
    ref: desired.ref,
    desired: { ...desired, origin: { ...desired.origin, ...origin } },
    live: liveOf(live),
    changes,
  } as const satisfies Drift;
}

function advice(drift: Drift, results: readonly DriftResult[] = []): string {
  const count = drift.state === "drifted" ? drift.changes.length : 0;
  return adviceOn({ drift }, [...Array.from({ length: count }).keys()], results);
}

const KUSTOMIZE = { layer: "kustomize", root: "overlays/prod", file: "base/web.yaml" } as const;
const HELM = { layer: "helm", root: "chart", file: "chart/templates/c.yaml" } as const;
const flux = (kind: string): DesiredObject["deployer"] => ({
  apiVersion: `${kind === "HelmRelease" ? "helm" : "kustomize"}.toolkit.fluxcd.io/v1`,
  kind,
  namespace: "flux-system",
  name: "apps",
});

describe("deploying again", () => {
  test.each([
    ["alone in its file says no more", {}, undefined],
    [
      "one of several in its file says that all are applied",
      { objects: 3 },
      "It applies the 3 objects of ` web.yaml `, not this one alone.",
    ],
  ])("what is %s", (_what, origin, expected) => {
    const text = advice(driftOf([REPLACED], origin));
    expect(text).toContain("kubectl apply -f web.yaml");
    expect(/It applies .*/.exec(text)?.[0]).toBe(expected);
  });

  test.each<readonly [string, Partial<DesiredObject["origin"]>, DesiredObject["deployer"], string]>([
    ["a file", {}, undefined, "kubectl apply -f web.yaml"],
    ["a kustomization", KUSTOMIZE, undefined, "kustomize build overlays/prod | kubectl apply -f -"],
    ["the repository's own kustomization", { ...KUSTOMIZE, root: "" }, undefined, "kustomize build . | kubectl"],
    [
      "what Flux builds",
      KUSTOMIZE,
      flux("Kustomization"),
      "flux reconcile kustomization apps -n flux-system --with-source",
    ],
    ["what Flux installs", HELM, flux("HelmRelease"), "flux reconcile helmrelease apps -n flux-system"],
    [
      "what Argo CD syncs",
      KUSTOMIZE,
      { apiVersion: "argoproj.io/v1alpha1", kind: "Application", namespace: "argocd", name: "apps" },
      "argocd app sync apps --app-namespace argocd",
    ],
  ])("%s", (_what, origin, deployer, command) => {
    const drift = driftOf([REPLACED], origin);
    const desired = { ...drift.desired, ...(deployer === undefined ? {} : { deployer }) };
    expect(advice({ ...drift, desired })).toContain(command);
    expect(advice({ state: "missing", ref: drift.ref, desired })).toContain(command);
    const anew = advice({ ...drift, desired, changes: [{ ...REPLACED, immutable: true }] });
    expect(anew).toContain(`kubectl delete configmap web --namespace shop\n${command}`);
  });

  test("a chart has no such command, and never one that applies its template", () => {
    const drift = driftOf([REPLACED], HELM);
    for (const text of [advice(drift), advice({ state: "missing", ref: drift.ref, desired: drift.desired })]) {
      expect(text).not.toContain("kubectl apply");
      expect(text).toContain("release");
    }
  });
});

describe("what is said of lines", () => {
  test("only where every field has one", () => {
    const said = "every field above has its file and line";
    expect(advice(driftOf([{ ...REPLACED, ...SOURCE }], {}))).toContain(said);
    expect(advice(driftOf([{ ...REPLACED, ...SOURCE }, ADDED], {}))).not.toContain(said);
    expect(advice(driftOf([REPLACED], KUSTOMIZE))).not.toContain(said);
    expect(advice(driftOf([REPLACED], KUSTOMIZE))).toContain("base/web.yaml");
  });
});

describe("that nothing happens where somebody has changed it", () => {
  const said = "nothing happens where";
  test.each<readonly [string, readonly Change[], boolean]>([
    ["what was replaced", [REPLACED], true],
    ["what was added", [ADDED], true],
    ["both", [REPLACED, ADDED], true],
    ["a secret", [{ ...ADDED, sensitive: true }], false],
    ["a secret beside another field", [REPLACED, { ...ADDED, sensitive: true }], false],
  ])("is said of %s: %#", (_what, changes, expected) => {
    const text = advice(driftOf(changes, {}));
    expect(text).toContain("kubectl patch");
    expect(text.includes(said)).toBe(expected);
    const patch = /--patch '(.*)'/.exec(text)?.[1] ?? "[]";
    const operations = JSON.parse(patch) as readonly { readonly op: string }[];
    const tests = operations.filter(({ op }) => op === "test").length;
    expect(tests === operations.length - tests).toBe(expected);
  });

  test("what was added is taken away by a command even where what was replaced is a secret", () => {
    const text = advice(
      driftOf(
        [
          { ...REPLACED, sensitive: true },
          { ...ADDED, sensitive: true },
        ],
        {},
      ),
    );
    expect(text).toContain("kubectl apply -f web.yaml");
    expect(text).toContain('[{"op":"remove","path":"/data/y"}]');
  });
});

describe("the rules of an aggregated ClusterRole", () => {
  const role = yaml(`{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: agg},
    aggregationRule: {clusterRoleSelectors: [{matchLabels: {into: agg}, matchExpressions: [{key: x, operator: NotIn, values: [a, b]}]}]},
    rules: [{apiGroups: [""], resources: [secrets], verbs: [get]}]}`);
  const rules: Change = { path: fields("rules"), operation: "add", live: [], direction: "live-changed" };
  const part = (name: string, labels: ValueMap): DriftResult => {
    const value: ValueMap = { ...role, metadata: { name, labels } };
    const drift: Drift = { state: "unmanaged", ref: { ...desiredOf(role).ref, name }, live: liveOf(value) };
    return { drift } as DriftResult;
  };

  test("are taken away from the roles that bring them, which are named where they are known", () => {
    const text = advice(driftOf([rules], {}, role), [
      part("agg-part", { into: "agg" }),
      part("not-this", { into: "agg", x: "a" }),
      part("other", {}),
    ]);
    expect(text).toContain("kubectl get clusterroles --selector 'into=agg,x notin (a,b)'");
    expect(text).toContain("ClusterRole/agg-part");
    expect(text).not.toMatch(/not-this|other|kubectl patch/);
  });

  test("are cleared where nobody is known to bring them", () => {
    expect(advice(driftOf([rules], {}, role))).toContain(
      `kubectl patch clusterrole agg --type=json --patch '[{"op":"replace","path":"/rules","value":[]}]'`,
    );
  });

  test("of a role that selects nothing are its own", () => {
    const { aggregationRule: _, ...plain } = role;
    expect(advice(driftOf([rules], {}, plain))).toContain("kubectl patch");
  });
});

describe("a role that Kubernetes made, and that somebody extended", () => {
  const own = liveOf(
    yaml(`{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: "system:public-info-viewer"}, rules: [
      {nonResourceURLs: ["*"], verbs: [get]}, {nonResourceURLs: [/version/, /version, /livez, /readyz, /healthz], verbs: [get]}]}`),
  );

  test("is put back, and never deleted", () => {
    const text = advice(unmanagedOf(own));
    expect(text).not.toContain("kubectl delete");
    expect(text).toContain(
      `[{"op":"test","path":"/rules/0","value":{"nonResourceURLs":["*"],"verbs":["get"]}},{"op":"remove","path":"/rules/0"}]`,
    );
  });

  test("is edited by hand where that cannot be told", () => {
    const aggregated = liveOf(
      yaml(
        `{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: edit}, aggregationRule: {clusterRoleSelectors: [{}]}}`,
      ),
    );
    const text = advice(unmanagedOf(aggregated));
    expect(text).not.toContain("kubectl delete");
    expect(text).toContain("kubectl edit clusterrole edit");
  });
});

test("what was deleted already is not to be deleted", () => {
  const held = liveOf(
    yaml(
      `{apiVersion: v1, kind: ConfigMap, metadata: {name: a, deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: [x.io/a]}}`,
    ),
  );
  expect(advice(unmanagedOf(held))).not.toContain("kubectl delete");
});
