import { describe, expect, test } from "vitest";
import type { Change } from "../../../src/core/drift.ts";
import type { DesiredObject } from "../../../src/core/objects.ts";
import { fields } from "../../../src/core/path.ts";
import { applicationIgnores } from "../../../src/drift/declared-ignores.ts";
import { rulesFor, withoutIgnored } from "../../../src/drift/ignore.ts";
import { argoSettings, excludedFaults } from "../../../src/reconcile/deployers/argo-settings.ts";
import type { ArgoSettings } from "../../../src/reconcile/deployers/argo-settings.ts";
import { readManifests } from "../../../src/desired/manifests.ts";
import { digester, isNamespaced } from "../../desired/repositories.ts";

function objectOf(text: string, deployer?: DesiredObject["deployer"]): DesiredObject {
  const [object] = readManifests("a.yaml", Buffer.from(text), { namespace: "default", digester, isNamespaced }).objects;
  if (object === undefined) throw new Error(text);
  return deployer === undefined ? object : { ...object, deployer };
}

function plain(apiVersion: string, kind: string): string {
  return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x, namespace: shop}\n`;
}

function application(name: string, destination: string, namespace = "argocd"): DesiredObject {
  return objectOf(
    `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: {destination: ${destination}}\n`,
  );
}

const APP = application("app", "{server: https://kubernetes.default.svc}");
const LABEL = "app.kubernetes.io/part-of: argocd";

function settingsMap(data: string, labels = LABEL, namespace = "argocd"): DesiredObject {
  return objectOf(
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: argocd-cm\n  namespace: ${namespace}\n  labels: {${labels}}\ndata:\n  ${data.replaceAll("\n", "\n  ")}\n`,
  );
}

function settings(objects: readonly DesiredObject[], server?: string): ArgoSettings {
  const declared = objects.map((object) => ({ target: "t", object }));
  return argoSettings({ declared, generated: [], ...(server === undefined ? {} : { server }) });
}

const deployed = (apiVersion: string, kind: string, by = APP): DesiredObject =>
  objectOf(plain(apiVersion, kind), by.ref);

function isIgnored(
  found: ArgoSettings,
  desired: DesiredObject,
  path: readonly string[],
  manager = "somebody",
): boolean {
  const ignores = applicationIgnores([], () => ({ file: "", line: 1 }), found.ignores);
  const actor = { manager, operation: "Update" as const };
  const change: Change = {
    path: fields(...path),
    operation: "replace",
    desired: 1,
    live: 2,
    direction: "unknown",
    actor,
  };
  const rules = rulesFor(ignores.rulesFor(desired), desired.ref);
  return withoutIgnored(change, rules, () => undefined).change === undefined;
}

const REPLICAS = ["spec", "replicas"];

describe("what argocd-cm in Git ignores of what Applications deploy", () => {
  test.each<readonly [string, string, string, string, boolean]>([
    [
      "a kind",
      "resource.customizations.ignoreDifferences.apps_Deployment: 'jsonPointers: [/spec/replicas]'",
      "apps/v1",
      "Deployment",
      true,
    ],
    [
      "another kind",
      "resource.customizations.ignoreDifferences.apps_StatefulSet: 'jsonPointers: [/spec/replicas]'",
      "apps/v1",
      "Deployment",
      false,
    ],
    [
      "a kind of the core group",
      "resource.customizations.ignoreDifferences.ReplicationController: 'jqPathExpressions: [.spec.replicas]'",
      "v1",
      "ReplicationController",
      true,
    ],
    [
      "that kind of another group",
      "resource.customizations.ignoreDifferences.ReplicationController: 'jqPathExpressions: [.spec.replicas]'",
      "x.io/v1",
      "ReplicationController",
      false,
    ],
    [
      "all kinds",
      "resource.customizations.ignoreDifferences.all: 'managedFieldsManagers: [somebody]'",
      "apps/v1",
      "Deployment",
      true,
    ],
    [
      "any group",
      "resource.customizations.ignoreDifferences.*.x.io_*: 'jsonPointers: [/spec]'",
      "a.x.io/v1",
      "Thing",
      true,
    ],
    [
      "the map of all kinds",
      "resource.customizations: |\n  apps/Deployment:\n    ignoreDifferences: |\n      jsonPointers: [/spec/replicas]",
      "apps/v1",
      "Deployment",
      true,
    ],
    [
      "a key that is none",
      "resource.customizations.ignoreDifferences.a_b_c: 'jsonPointers: [/spec/replicas]'",
      "apps/v1",
      "Deployment",
      false,
    ],
    [
      "names of its own, which Argo CD does not know there",
      "resource.customizations.ignoreDifferences.all: '{name: other, jsonPointers: [/spec/replicas]}'",
      "apps/v1",
      "Deployment",
      true,
    ],
    [
      "what a health check says",
      "resource.customizations.health.all: 'jsonPointers: [/spec/replicas]'",
      "apps/v1",
      "Deployment",
      false,
    ],
  ])("%s", (_what, data, apiVersion, kind, expected) => {
    const found = settings([settingsMap(data), APP]);
    expect(isIgnored(found, deployed(apiVersion, kind), REPLICAS)).toBe(expected);
    const alone = objectOf(plain(apiVersion, kind));
    expect(isIgnored(found, alone, REPLICAS)).toBe(false);
  });

  const ALL = "resource.customizations.ignoreDifferences.all: 'jsonPointers: [/spec/replicas]'";
  test.each<readonly [string, readonly DesiredObject[], boolean]>([
    ["one that is not labelled as Argo CD's", [settingsMap(ALL, "a: b")], false],
    ["the only one, in another namespace", [settingsMap(ALL, LABEL, "other")], true],
    ["another namespace's, where there are several", [settingsMap(ALL, LABEL, "other"), settingsMap("a: b")], false],
  ])("%s", (_what, maps, expected) => {
    expect(isIgnored(settings([...maps, APP]), deployed("apps/v1", "Deployment"), REPLICAS)).toBe(expected);
  });

  test("what is not understood is told, with its place", () => {
    const map = settingsMap("resource.customizations.ignoreDifferences.all: 'jqPathExpressions: [\".a | foo\"]'");
    const found = settings([map, APP]);
    const [odd] = applicationIgnores([], () => ({ file: "", line: 1 }), found.ignores).notUnderstoodFor(
      deployed("v1", "Pod"),
    );
    expect(odd).toMatchObject({ application: map, expression: ".a | foo" });
    expect(odd?.path).toEqual(fields("data", "resource.customizations.ignoreDifferences.all"));
  });
});

test.each<readonly [string, string, boolean]>([
  ["application.instanceLabelKey: acme.io/app", "argocd-controller", true],
  ["application.instanceLabelKey: acme.io/app", "kubectl-edit", false],
  ["application.instanceLabelKey: acme.io/other", "argocd-controller", false],
  [
    "application.instanceLabelKey: acme.io/app\napplication.resourceTrackingMethod: annotation",
    "argocd-controller",
    false,
  ],
  [
    "application.instanceLabelKey: acme.io/app\napplication.resourceTrackingMethod: annotation+label",
    "argocd-controller",
    true,
  ],
])("with %j the label that %s wrote is Argo CD's mark: %s", (data, manager, expected) => {
  const found = settings([settingsMap(data), APP]);
  const web = deployed("apps/v1", "Deployment");
  expect(isIgnored(found, web, ["metadata", "labels", "acme.io/app"], manager)).toBe(expected);
  expect(isIgnored(found, web, ["spec", "template", "metadata", "labels", "acme.io/app"], manager)).toBe(expected);
});

describe("what Argo CD does not deploy, whatever its Applications say", () => {
  const CILIUM = "apiGroups: [cilium.io], kinds: [CiliumIdentity]";
  test.each<readonly [string, string, string, string, boolean]>([
    ["nothing said", "a: b", "cilium.io/v2", "CiliumIdentity", false],
    ["leases", "a: b", "coordination.k8s.io/v1", "Lease", true],
    ["an exclusion", `resource.exclusions: '[{${CILIUM}}]'`, "cilium.io/v2", "CiliumIdentity", true],
    ["another kind", `resource.exclusions: '[{${CILIUM}}]'`, "cilium.io/v2", "CiliumEndpoint", false],
    ["another group", `resource.exclusions: '[{${CILIUM}}]'`, "v1", "CiliumIdentity", false],
    ["a pattern of groups, any kind", "resource.exclusions: '[{apiGroups: [\"*.io\"]}]'", "cilium.io/v2", "X", true],
    [
      "every kind by a star, and no pattern of kinds",
      "resource.exclusions: '[{kinds: [\"Cilium*\"]}]'",
      "cilium.io/v2",
      "CiliumIdentity",
      false,
    ],
    [
      "in this cluster",
      `resource.exclusions: '[{${CILIUM}, clusters: ["https://kubernetes.*"]}]'`,
      "cilium.io/v2",
      "CiliumIdentity",
      true,
    ],
    [
      "in another cluster",
      `resource.exclusions: '[{${CILIUM}, clusters: ["https://1.2.3.4"]}]'`,
      "cilium.io/v2",
      "CiliumIdentity",
      false,
    ],
    [
      "what is included, and nothing else",
      "resource.inclusions: '[{apiGroups: [apps]}]'",
      "cilium.io/v2",
      "CiliumIdentity",
      true,
    ],
    ["what is included", "resource.inclusions: '[{apiGroups: [apps]}]'", "apps/v1", "Deployment", false],
    [
      "what is included elsewhere",
      "resource.inclusions: '[{apiGroups: [apps], clusters: [x]}]'",
      "v1",
      "Secret",
      false,
    ],
    [
      "what is both",
      "resource.inclusions: '[{apiGroups: [apps]}]'\nresource.exclusions: '[{kinds: [Deployment]}]'",
      "apps/v1",
      "Deployment",
      true,
    ],
  ])("%s", (_what, data, apiVersion, kind, expected) => {
    const found = settings([settingsMap(data), APP]);
    expect(found.excludes(deployed(apiVersion, kind))).toBe(expected);
    expect(found.excludes(objectOf(plain(apiVersion, kind)))).toBe(false);
  });

  test("an address that only the cluster knows", () => {
    const named = application("app", "{name: prod}");
    const found = (server?: string): boolean =>
      settings(
        [settingsMap(`resource.exclusions: '[{${CILIUM}, clusters: ["https://prod"]}]'`), named],
        server,
      ).excludes(deployed("cilium.io/v2", "CiliumIdentity", named));
    expect([found(), found("https://prod")]).toEqual([false, true]);
  });

  test("is said once for each kind", () => {
    const objects = [deployed("cilium.io/v2", "B"), deployed("cilium.io/v2", "B"), deployed("cilium.io/v2", "A")];
    expect(excludedFaults(objects).map(({ about, leavesUnknown }) => [about, leavesUnknown])).toEqual([
      ["A", "nothing"],
      ["B", "nothing"],
    ]);
  });

  test.each([
    "resource.exclusions: 'a: b'",
    "resource.inclusions: '{'",
    "resource.customizations.ignoreDifferences.all: '['",
  ])("%j is none, and is told", (data) => {
    const found = settings([settingsMap(data), APP]);
    expect(found.faults.map(({ code, about }) => [code, about])).toEqual([
      ["deployer-unsupported", "ConfigMap/argocd-cm in argocd"],
    ]);
    expect(found.excludes(deployed("v1", "Secret"))).toBe(false);
  });
});

test("build options of kustomize that are not followed are told, and with them nothing is unknown", () => {
  const found = settings([
    settingsMap("kustomize.buildOptions: --enable-helm --enable-managedby-label\nkustomize.buildOptions.v5: --nope"),
  ]);
  expect(found.faults.map(({ message, leavesUnknown }) => `${leavesUnknown}: ${message}`)).toEqual([
    'nothing: kustomize.buildOptions of ConfigMap/argocd-cm in argocd has "--enable-managedby-label", which is not followed: what comes of it in the cluster is told as a difference',
    'nothing: kustomize.buildOptions.v5 of ConfigMap/argocd-cm in argocd has "--nope", which kustomize does not know: Argo CD may build no kustomization with it',
  ]);
});
