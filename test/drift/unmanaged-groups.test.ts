import { describe, expect, test } from "vitest";
import { makerOf } from "../../src/drift/unmanaged-groups.ts";
import { liveOf, yaml } from "./objects.ts";

const MANAGED =
  "managedFields: [{manager: kubelet, operation: Update, subresource: status, time: '2026-01-01T00:00:00Z', fieldsV1: {}}, {manager: kubectl-edit, operation: Update, time: '2026-03-01T00:00:00Z', fieldsV1: {}}, {manager: kubectl-create, operation: Update, time: '2026-02-01T00:00:00Z', fieldsV1: {}}]";

function entry(manager: string, operation: string, fields: string): string {
  return `{manager: ${manager}, operation: ${operation}, time: '2026-02-01T00:00:00Z', fieldsV1: ${fields}}`;
}

describe("what put an object there", () => {
  test.each([
    [
      "a Helm release",
      "labels: {app.kubernetes.io/managed-by: Helm}, annotations: {meta.helm.sh/release-name: old, meta.helm.sh/release-namespace: infra}",
      { kind: "helm-release", name: "old", namespace: "infra" },
    ],
    [
      "an Argo CD application, by its annotation",
      "annotations: {argocd.argoproj.io/tracking-id: 'shop:apps/Deployment:shop/web'}",
      { kind: "argo-cd-application", name: "shop" },
    ],
    [
      "an Argo CD application, by its label",
      "labels: {argocd.argoproj.io/instance: shop}",
      { kind: "argo-cd-application", name: "shop" },
    ],
    [
      "a Flux Kustomization",
      "labels: {kustomize.toolkit.fluxcd.io/name: apps, kustomize.toolkit.fluxcd.io/namespace: flux-system}",
      { kind: "flux-kustomization", name: "apps", namespace: "flux-system" },
    ],
    ["a Flux HelmRelease", "labels: {helm.toolkit.fluxcd.io/name: web}", { kind: "flux-helm-release", name: "web" }],
    [
      "an operator of the Operator Lifecycle Manager",
      "labels: {olm.owner: etcd.v1, olm.owner.namespace: ops}",
      { kind: "operator", name: "etcd.v1", namespace: "ops" },
    ],
    [
      "whatever its label names",
      "labels: {app.kubernetes.io/managed-by: strimzi}",
      { kind: "operator", name: "strimzi", namespace: "shop" },
    ],
    [
      "the manager of its oldest entry, with the day",
      `creationTimestamp: "2026-02-01T10:00:00Z", ${MANAGED}`,
      { kind: "field-manager", name: "kubectl-create", namespace: "shop", day: "2026-02-01" },
    ],
    [
      "a manager, on a day that is not told",
      `creationTimestamp: yesterday, ${MANAGED}`,
      { kind: "field-manager", name: "kubectl-create", namespace: "shop" },
    ],
    ["nobody knows", "labels: {app: web}", undefined],
    ["a label that is no text", "labels: {olm.owner: [a]}, annotations: 5", undefined],
  ])("%s", (_, metadata, expected) => {
    const text = `{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: shop, ${metadata}}}`;
    expect(makerOf(liveOf(yaml(text)))).toEqual(expected);
  });

  test("whoever wrote what the object says, of those who wrote in the same second", () => {
    const entries = [
      entry("labeller", "Apply", "{'f:metadata': {'f:labels': {'f:a': {}, 'f:b': {}, 'f:c': {}}}}"),
      entry("kubectl-last-applied", "Update", "{'f:metadata': {}, 'f:x': {'f:a': {}, 'f:b': {}, 'f:c': {}}}"),
      entry("kubectl-create", "Update", "{'f:data': {'f:a': {}, 'f:b': {}}}"),
    ];
    const text = `{apiVersion: v1, kind: ConfigMap, metadata: {name: a, managedFields: [${entries.join(", ")}]}}`;
    expect(makerOf(liveOf(yaml(text)))?.name).toBe("kubectl-create");
  });

  test("Kubernetes, where a role of its own grants more than it was made with", () => {
    const role = `{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: "system:discovery", ${MANAGED}}, rules: [{apiGroups: [""], resources: [secrets], verbs: [get]}]}`;
    expect(makerOf(liveOf(yaml(role)))).toEqual({ kind: "kubernetes", name: "ClusterRole" });
  });

  test("an annotation of 200 KB is cut", () => {
    const annotations = { "argocd.argoproj.io/tracking-id": "x".repeat(200_000) };
    const live = liveOf({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", annotations } });
    expect(makerOf(live)?.name).toHaveLength(253);
  });
});
