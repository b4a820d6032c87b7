// What a line that is told is a part of, in the words of who renders, over small repositories of each kind.

import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { field } from "../../src/core/path.ts";
import type { FieldPath } from "../../src/core/path.ts";
import { application } from "../desired/argo/applications.ts";
import { deployment } from "../desired/repositories.ts";
import { ensureBinary, whyUnavailable } from "./binaries.ts";
import { packed } from "./chart-servers.ts";
import { expected, fields, inCharts, toldOf } from "./origin-cases.ts";
import type { Case } from "./origin-cases.ts";
import { chartOf, configMap, folder } from "./rendering.ts";
import type { Files } from "./rendering.ts";

const unavailable = whyUnavailable(["kustomize", "helm"]);
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

const CONTAINER: FieldPath = [
  ...fields("spec", "template", "spec", "containers"),
  { kind: "key", keys: { name: "web" } },
];

const WEB = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {tier: front}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: nginx:1.25
`;
const KS = (spec: string): string =>
  `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec:
  interval: 1h
  path: ./apps
  prune: true
  sourceRef: {kind: GitRepository, name: flux-system}
${spec}`;
const HR = (values: string): string => `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: shop}
spec:
  interval: 1h
  chart:
    spec:
      chart: ./web
      sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}
${values}`;
const CM = (data: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n${data}`;
const CHART: Files = {
  ...chartOf(
    "web",
    {
      "cm.yaml": CM(
        "  a: {{ .Values.a | quote }}\n  version: {{ .Chart.Version }}\n  app: {{ .Chart.AppVersion | quote }}\n",
      ),
    },
    { values: "a: fromdefaults\n", chart: "appVersion: 4.5.6\n" },
  ),
};
const over = (kustomization: string, more: Files = {}): Files => ({
  "base/kustomization.yaml": "resources: [web.yaml]\n",
  "base/web.yaml": WEB,
  "prod/kustomization.yaml": `resources: [../base]\n${kustomization}`,
  ...more,
});

const ROLES: Readonly<Record<string, Case>> = {
  "a patch that has another name, for all objects of a kind": {
    files: over("patches: [{path: p.yaml, target: {kind: Deployment}}]\n", {
      "prod/p.yaml": deployment("other").replace("3", "5"),
    }),
    object: "Deployment/web",
    path: fields("spec", "replicas"),
    told: "prod/p.yaml:6 patch spec.replicas feeds 0 overlaid base/web.yaml:7 resource spec.replicas",
    edit: ["5", "4"],
  },
  "a file of operations": {
    files: over("patches: [{path: p.yaml, target: {kind: Deployment}}]\n", {
      "prod/p.yaml": "- op: replace\n  path: /spec/replicas\n  value: 5\n",
    }),
    object: "Deployment/web",
    path: fields("spec", "replicas"),
    told: "prod/p.yaml:3 patch [0].value feeds 0 overlaid base/web.yaml:7 resource spec.replicas",
    edit: ["5", "4"],
  },
  "operations as JSON": {
    files: over(
      "patchesJson6902: [{path: p.json, target: {group: apps, version: v1, name: web, kind: Deployment}}]\n",
      { "prod/p.json": '[{"op":"replace",\n"path":"/spec/replicas",\n"value":5}]\n' },
    ),
    object: "Deployment/web",
    path: fields("spec", "replicas"),
    told: "prod/p.json:3 patch [0].value feeds 0 overlaid base/web.yaml:7 resource spec.replicas",
    edit: ["5", "4"],
  },
  "operations in single quotes": {
    files: over(
      `patches:\n- target: {kind: Deployment}\n  patch: '[{"op": "replace", "path": "/spec/replicas", "value": 5}]'\n`,
    ),
    object: "Deployment/web",
    path: fields("spec", "replicas"),
    told: "prod/kustomization.yaml:4 patch patches[0].patch: [0].value feeds 0 overlaid base/web.yaml:7 resource spec.replicas",
    edit: ["5", "4"],
  },
  "operations in double quotes": {
    files: over(
      String.raw`patches:
- target: {kind: Deployment}
  patch: "[{\"op\": \"replace\", \"path\": \"/metadata/labels/tier\", \"value\": \"back\"}]"
`,
    ),
    object: "Deployment/web",
    path: fields("metadata", "labels", "tier"),
    told: "prod/kustomization.yaml:4 patch patches[0].patch: [0].value feeds 0 overlaid base/web.yaml:5 resource metadata.labels.tier",
    edit: ["back", "other"],
  },
  "operations in double quotes, with escaped lines": {
    files: over(
      String.raw`patches:
- target: {kind: Deployment}
  patch: "- op: replace\n  path: /spec/replicas\n  value: 5\n"
`,
    ),
    object: "Deployment/web",
    path: fields("spec", "replicas"),
    told: "prod/kustomization.yaml:4 patch patches[0].patch: [0].value feeds 0 overlaid base/web.yaml:7 resource spec.replicas",
    edit: ["5", "4"],
  },
  "an inline strategic merge patch": {
    files: over(
      "patchesStrategicMerge:\n- |\n  apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: web}\n  spec:\n    replicas: 5\n",
    ),
    object: "Deployment/web",
    path: fields("spec", "replicas"),
    told: "prod/kustomization.yaml:8 patch patchesStrategicMerge[0]: spec.replicas feeds 0 overlaid base/web.yaml:7 resource spec.replicas",
    edit: ["5", "4"],
  },
  "a component's patch": {
    files: over("components: [../comp]\n", {
      "comp/kustomization.yaml":
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches: [{path: p.yaml, target: {kind: Deployment}}]\n",
      "comp/p.yaml": deployment("x").replace("3", "5"),
    }),
    object: "Deployment/web",
    path: fields("spec", "replicas"),
    told: "comp/p.yaml:6 patch spec.replicas feeds 0 overlaid base/web.yaml:7 resource spec.replicas",
    edit: ["5", "4"],
  },
  "a component's object": {
    files: over("components: [../comp]\n", {
      "comp/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [c.yaml]\n",
      "comp/c.yaml": configMap("c", "a: something"),
    }),
    object: "ConfigMap/c",
    path: fields("data", "a"),
    told: "comp/c.yaml:6 resource data.a feeds 0",
    edit: ["something", "other"],
  },
  "a component's replicas": {
    files: over("components: [../comp]\n", {
      "comp/kustomization.yaml":
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nreplicas:\n- name: web\n  count: 7\n",
    }),
    object: "Deployment/web",
    path: fields("spec", "replicas"),
    told: "comp/kustomization.yaml:5 kustomization replicas[0].count feeds 0 overlaid base/web.yaml:7 resource spec.replicas",
    edit: ["7", "4"],
  },
  "an overlay's object": {
    files: over("", {
      "prod/kustomization.yaml": "resources: [../base, c.yaml]\n",
      "prod/c.yaml": configMap("c", "a: something"),
    }),
    object: "ConfigMap/c",
    path: fields("data", "a"),
    told: "prod/c.yaml:6 resource data.a feeds 0",
    edit: ["something", "other"],
  },
  "an object in a list": {
    files: {
      "kustomization.yaml": "resources: [c.yaml]\n",
      "c.yaml":
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: c}\n  data:\n    a: something\n",
    },
    object: "ConfigMap/c",
    path: fields("data", "a"),
    told: "c.yaml:8 resource items[0].data.a feeds 0",
    edit: ["something", "other"],
  },
  "an object in a list of its kind": {
    files: {
      "kustomization.yaml": "resources: [c.yaml]\n",
      "c.yaml":
        "apiVersion: v1\nkind: ConfigMapList\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: c}\n  data:\n    a: something\n",
    },
    object: "ConfigMap/c",
    path: fields("data", "a"),
    told: "c.yaml:8 resource items[0].data.a feeds 0",
    edit: ["something", "other"],
  },
  "a generator's file that is YAML": {
    files: {
      "kustomization.yaml":
        "configMapGenerator:\n- name: c\n  files: [app.yaml]\n  options: {disableNameSuffixHash: true}\n",
      "app.yaml": "level: info\nport: 8080\n",
    },
    object: "ConfigMap/c",
    path: fields("data", "app.yaml"),
    live: "level: info\nport: 9090\n",
    told: "app.yaml:2 generator feeds 0",
    edit: ["8080", "9090"],
  },
  "a generator's file of one line that is YAML": {
    files: {
      "kustomization.yaml":
        "configMapGenerator:\n- name: c\n  files: [app.yaml]\n  options: {disableNameSuffixHash: true}\n",
      "app.yaml": "level: info",
    },
    object: "ConfigMap/c",
    path: fields("data", "app.yaml"),
    live: "level: debug",
    told: "app.yaml:1 generator feeds 0",
    edit: ["info", "debug"],
  },
  "a literal that an overlay puts over another": {
    files: {
      "base/kustomization.yaml": "configMapGenerator:\n- name: c\n  literals: [A=first, B=second]\n",
      "prod/kustomization.yaml":
        "resources: [../base]\ngeneratorOptions: {disableNameSuffixHash: true}\nconfigMapGenerator:\n- name: c\n  behavior: merge\n  literals:\n  - A=third\n",
    },
    object: "ConfigMap/c",
    path: fields("data", "A"),
    told: "prod/kustomization.yaml:7 generator configMapGenerator[0].literals[0] feeds 0",
    edit: ["third", "fourth"],
  },
  "a replacement of a file of its own": {
    files: over("", {
      "prod/kustomization.yaml": "resources: [../base, c.yaml]\nreplacements: [{path: r.yaml}]\n",
      "prod/r.yaml":
        "source: {kind: ConfigMap, name: c, fieldPath: data.level}\ntargets:\n- select: {kind: Deployment}\n  fieldPaths: [metadata.labels.tier]\n",
      "prod/c.yaml": configMap("c", "level: chatty"),
    }),
    object: "Deployment/web",
    path: fields("metadata", "labels", "tier"),
    told: "prod/c.yaml:6 other-resource data.level feeds 1 overlaid base/web.yaml:5 resource metadata.labels.tier",
    edit: ["chatty", "quiet"],
  },
  "a replacement's own value": {
    files: over(
      "replacements:\n- sourceValue: chatty\n  targets:\n  - select: {kind: Deployment}\n    fieldPaths: [metadata.labels.tier]\n",
    ),
    object: "Deployment/web",
    path: fields("metadata", "labels", "tier"),
    told: "prod/kustomization.yaml:3 kustomization replacements[0].sourceValue feeds 0 overlaid base/web.yaml:5 resource metadata.labels.tier",
    edit: ["chatty", "quiet"],
  },
  "a chart's version": {
    files: CHART,
    object: "ConfigMap/web",
    path: fields("data", "version"),
    told: "web/Chart.yaml:3 chart-file version feeds 0",
    edit: ["1.0.0", "1.0.1"],
  },
  "the version of what a chart installs": {
    files: CHART,
    object: "ConfigMap/web",
    path: fields("data", "app"),
    told: "web/Chart.yaml:4 chart-file appVersion feeds 0",
    edit: ["4.5.6", "4.5.7"],
  },
  "a default of a chart that a kustomization inflates": {
    files: {
      ...inCharts(CHART),
      "kustomization.yaml": "helmCharts:\n- name: web\n  releaseName: web\n",
    },
    object: "ConfigMap/web",
    path: fields("data", "a"),
    told: "charts/web/values.yaml:1 chart-defaults a feeds 0",
    edit: ["fromdefaults", "other"],
  },
  "a values file of a kustomization's chart": {
    files: {
      ...inCharts(CHART),
      "my.yaml": "a: mine\n",
      "kustomization.yaml": "helmCharts:\n- name: web\n  releaseName: web\n  valuesFile: my.yaml\n",
    },
    object: "ConfigMap/web",
    path: fields("data", "a"),
    told: "my.yaml:1 values-file a feeds 0",
    edit: ["mine", "yours"],
  },
  "Chart.yaml of a kustomization's chart": {
    files: {
      ...inCharts(CHART),
      "kustomization.yaml": "helmCharts:\n- name: web\n  releaseName: web\n",
    },
    object: "ConfigMap/web",
    path: fields("data", "app"),
    told: "charts/web/Chart.yaml:4 chart-file appVersion feeds 0",
    edit: ["4.5.6", "4.5.7"],
  },
  "a values file of a HelmRelease's chart": {
    files: {
      ...CHART,
      "web/values-prod.yaml": "a: prodvalue\n",
      "ks.yaml": KS(""),
      "apps/release.yaml": HR("  values: {b: 1}\n").replace(
        "chart: ./web\n",
        "chart: ./web\n      valuesFiles: [./web/values.yaml, ./web/values-prod.yaml]\n",
      ),
    },
    object: "ConfigMap/web",
    path: fields("data", "a"),
    told: "web/values-prod.yaml:1 values-file a feeds 0",
    edit: ["prodvalue", "other"],
  },
  "values of a HelmRelease in a ConfigMap": {
    files: {
      ...CHART,
      "ks.yaml": KS(""),
      "apps/release.yaml": HR("  valuesFrom: [{kind: ConfigMap, name: v}]\n"),
      "apps/v.yaml":
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: v, namespace: shop}\ndata:\n  values.yaml: |\n    a: fromcm\n",
    },
    object: "ConfigMap/web",
    path: fields("data", "a"),
    told: 'apps/v.yaml:6 other-resource data["values.yaml"]: a feeds 1',
    edit: ["fromcm", "other"],
  },
  "values of a HelmRelease in a ConfigMap that is generated from a file": {
    files: {
      ...CHART,
      "ks.yaml": KS(""),
      "apps/release.yaml": HR("  valuesFrom: [{kind: ConfigMap, name: v}]\n"),
      "apps/kustomization.yaml":
        "resources: [release.yaml]\nconfigMapGenerator:\n- name: v\n  namespace: shop\n  files: [values.yaml]\n  options: {disableNameSuffixHash: true}\n",
      "apps/values.yaml": "a: fromcm\n",
    },
    object: "ConfigMap/web",
    path: fields("data", "a"),
    told: "apps/values.yaml:1 values-file a feeds 1",
    edit: ["fromcm", "other"],
  },
  "values of a HelmRelease, in a patch": {
    files: {
      ...CHART,
      "ks.yaml": KS(""),
      "apps/base/release.yaml": HR("  values: {a: one}\n"),
      "apps/base/kustomization.yaml": "resources: [release.yaml]\n",
      "apps/kustomization.yaml": "resources: [base]\npatches: [{path: p.yaml, target: {kind: HelmRelease}}]\n",
      "apps/p.yaml":
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: any}\nspec:\n  values:\n    a: two\n",
    },
    object: "ConfigMap/web",
    path: fields("data", "a"),
    told: "apps/p.yaml:6 inline-values spec.values.a feeds 1",
    edit: ["two", "other"],
  },
  "the HelmRelease itself, where a patch of another name changes it": {
    files: {
      ...CHART,
      "ks.yaml": KS(""),
      "apps/base/release.yaml": HR("  values: {a: one}\n"),
      "apps/base/kustomization.yaml": "resources: [release.yaml]\n",
      "apps/kustomization.yaml": "resources: [base]\npatches: [{path: p.yaml, target: {kind: HelmRelease}}]\n",
      "apps/p.yaml":
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: any}\nspec:\n  values:\n    a: two\n",
    },
    object: "HelmRelease/web",
    path: fields("spec", "values", "a"),
    told: "apps/p.yaml:6 patch spec.values.a feeds 1 overlaid apps/base/release.yaml:10 resource spec.values.a",
    edit: ["two", "other"],
  },
  "an operation on a HelmRelease": {
    files: {
      ...CHART,
      "ks.yaml": KS(""),
      "apps/base/release.yaml": HR("  values: {a: one}\n"),
      "apps/base/kustomization.yaml": "resources: [release.yaml]\n",
      "apps/kustomization.yaml":
        "resources: [base]\npatches:\n- target: {kind: HelmRelease}\n  patch: |\n    - op: replace\n      path: /spec/values/a\n      value: three\n",
    },
    object: "ConfigMap/web",
    path: fields("data", "a"),
    told: "apps/kustomization.yaml:7 patch patches[0].patch: [0].value feeds 1",
    edit: ["three", "other"],
  },
  "a post-renderer of a HelmRelease": {
    files: {
      ...CHART,
      "ks.yaml": KS(""),
      "apps/release.yaml": HR(
        "  postRenderers:\n  - kustomize:\n      patches:\n      - patch: |\n          - op: replace\n            path: /data/a\n            value: rendered\n        target: {kind: ConfigMap}\n",
      ),
    },
    object: "ConfigMap/web",
    path: fields("data", "a"),
    told: "apps/release.yaml:16 deployer spec.postRenderers[0].kustomize.patches[0].patch: [0].value feeds 1",
    edit: ["rendered", "other"],
  },
  "a variable of Flux's from a ConfigMap": {
    files: {
      "self.yaml": KS("").replaceAll("apps", "cluster"),
      "cluster/ks.yaml": KS("  postBuild:\n    substituteFrom: [{kind: ConfigMap, name: vars}]\n"),
      "cluster/vars.yaml":
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vars, namespace: flux-system}\ndata:\n  LEVEL: chatty\n",
      "apps/c.yaml": configMap("c", "a: ${LEVEL}"),
    },
    object: "ConfigMap/c",
    path: fields("data", "a"),
    told: "cluster/vars.yaml:5 other-resource data.LEVEL feeds 1 part apps/c.yaml:6 resource data.a",
    edit: ["chatty", "quiet"],
  },
  "an image of a Flux Kustomization": {
    files: { "ks.yaml": KS("  images:\n  - name: nginx\n    newTag: 1.30.0\n"), "apps/web.yaml": WEB },
    object: "Deployment/web",
    path: [...CONTAINER, field("image")],
    told: "ks.yaml:11 deployer spec.images[0].newTag feeds 1 part overlaid apps/web.yaml:14 resource spec.template.spec.containers[0].image",
    edit: ["1.30.0", "1.31.0"],
  },
  "a label of a Flux Kustomization": {
    files: { "ks.yaml": KS("  commonMetadata:\n    labels:\n      team: alpha\n"), "apps/web.yaml": WEB },
    object: "Deployment/web",
    path: fields("metadata", "labels", "team"),
    told: "ks.yaml:11 deployer spec.commonMetadata.labels.team feeds 1",
    edit: ["alpha", "beta"],
  },
  "a patch of an Argo CD Application": {
    files: {
      ...over(""),
      "app.yaml": application(
        "web",
        "path: prod\nkustomize:\n  patches:\n  - target: {kind: Deployment}\n    patch: |\n      - op: replace\n        path: /spec/replicas\n        value: 6",
      ),
    },
    object: "Deployment/web",
    path: fields("spec", "replicas"),
    told: "app.yaml:17 deployer spec.source.kustomize.patches[0].patch: [0].value feeds 1 overlaid base/web.yaml:7 resource spec.replicas",
    edit: ["6", "4"],
  },
  "replicas of an Argo CD Application": {
    files: {
      ...over(""),
      "app.yaml": application("web", "path: prod\nkustomize:\n  replicas:\n  - name: web\n    count: 6"),
    },
    object: "Deployment/web",
    path: fields("spec", "replicas"),
    told: "app.yaml:14 deployer spec.source.kustomize.replicas[0].count feeds 1 overlaid base/web.yaml:7 resource spec.replicas",
    edit: ["6", "4"],
  },
  "a label of an Argo CD Application": {
    files: { ...over(""), "app.yaml": application("web", "path: prod\nkustomize:\n  commonLabels:\n    team: alpha") },
    object: "Deployment/web",
    path: fields("metadata", "labels", "team"),
    told: "app.yaml:13 deployer spec.source.kustomize.commonLabels.team feeds 3",
    edit: ["alpha", "beta"],
  },
};

const NAMED = chartOf(
  "web",
  {
    "web.yaml": `apiVersion: v1
kind: Secret
metadata: {name: {{ .Release.Name }}}
data:
  admin-password: {{ .Values.adminPassword | b64enc | quote }}
---
apiVersion: v1
kind: Service
metadata:
  name: front
spec:
  ports:
    - name: front
      port: 80
`,
  },
  { values: "adminPassword: hunter2hunter2\n" },
);

const IN_TEMPLATES: Readonly<Record<string, Case>> = {
  "a name within an object, where the object has it, too": {
    files: NAMED,
    object: "Service/front",
    path: [...fields("spec", "ports"), { kind: "index", index: 0 }, ...fields("name")],
    told: "web/templates/web.yaml:13 template feeds 0",
    edit: ["front", "other"],
  },
  "a secret value that the values have under another spelling": {
    files: NAMED,
    object: "Secret/web",
    path: fields("data", "admin-password"),
    told: "web/values.yaml:1 chart-defaults adminPassword feeds 0",
    edit: ["hunter2hunter2", "other"],
  },
};

const TRANSFORMERS: Readonly<Record<string, Case>> = {
  "the name of an image, where the cluster has another one": {
    files: over("images:\n- name: nginx\n  newName: example.org/nginx\n"),
    object: "Deployment/web",
    path: [...CONTAINER, field("image")],
    live: "other.org/nginx:1.25",
    told: "prod/kustomization.yaml:4 kustomization images[0].newName feeds 0 part overlaid base/web.yaml:14 resource spec.template.spec.containers[0].image",
    edit: ["example.org/nginx", "other.org/nginx"],
  },
  "the name of an image that has its tag there, too": {
    files: over("images:\n- name: nginx\n  newName: example.org/nginx\n  newTag: '1.27'\n"),
    object: "Deployment/web",
    path: [...CONTAINER, field("image")],
    live: "other.org/nginx:1.27",
    told: "prod/kustomization.yaml:4 kustomization images[0].newName feeds 0 part overlaid base/web.yaml:14 resource spec.template.spec.containers[0].image",
    edit: ["example.org/nginx", "other.org/nginx"],
  },
  "the digest of an image": {
    files: over(`images:\n- name: nginx\n  digest: sha256:${"a".repeat(64)}\n`),
    object: "Deployment/web",
    path: [...CONTAINER, field("image")],
    told: "prod/kustomization.yaml:4 kustomization images[0].digest feeds 0 part overlaid base/web.yaml:14 resource spec.template.spec.containers[0].image",
    edit: ["sha256:a", "sha256:b"],
  },
  "a label": {
    files: over("labels:\n- pairs:\n    team: alpha\n"),
    object: "Deployment/web",
    path: fields("metadata", "labels", "team"),
    told: "prod/kustomization.yaml:4 kustomization labels[0].pairs.team feeds 0",
    edit: ["alpha", "beta"],
  },
  "a label that templates have, too: the template's": {
    files: over("labels:\n- pairs:\n    team: alpha\n  includeTemplates: true\n"),
    object: "Deployment/web",
    path: fields("spec", "template", "metadata", "labels", "team"),
    told: "prod/kustomization.yaml:4 kustomization labels[0].pairs.team feeds 1",
    edit: ["alpha", "beta"],
  },
  "a label that selects: the selector's": {
    files: over("labels:\n- pairs:\n    team: alpha\n  includeSelectors: true\n"),
    object: "Deployment/web",
    path: fields("spec", "selector", "matchLabels", "team"),
    told: "prod/kustomization.yaml:4 kustomization labels[0].pairs.team feeds 2",
    edit: ["alpha", "beta"],
  },
  "a label that selects: the template's": {
    files: over("labels:\n- pairs:\n    team: alpha\n  includeSelectors: true\n"),
    object: "Deployment/web",
    path: fields("spec", "template", "metadata", "labels", "team"),
    told: "prod/kustomization.yaml:4 kustomization labels[0].pairs.team feeds 2",
    edit: ["alpha", "beta"],
  },
  "a common label": {
    files: over("commonLabels:\n  team: alpha\n"),
    object: "Deployment/web",
    path: fields("metadata", "labels", "team"),
    told: "prod/kustomization.yaml:3 kustomization commonLabels.team feeds 2",
    edit: ["alpha", "beta"],
  },
  "a common label: the selector's": {
    files: over("commonLabels:\n  team: alpha\n"),
    object: "Deployment/web",
    path: fields("spec", "selector", "matchLabels", "team"),
    told: "prod/kustomization.yaml:3 kustomization commonLabels.team feeds 2",
    edit: ["alpha", "beta"],
  },
  "a common label over one that the manifest has": {
    files: over("commonLabels:\n  app: web\n"),
    object: "Deployment/web",
    path: fields("spec", "selector", "matchLabels", "app"),
    told: "prod/kustomization.yaml:3 kustomization commonLabels.app feeds 2 overlaid base/web.yaml:8 resource spec.selector.matchLabels.app",
    edit: ["web", "other"],
  },
  "a common annotation": {
    files: over("commonAnnotations:\n  team: alpha\n"),
    object: "Deployment/web",
    path: fields("metadata", "annotations", "team"),
    told: "prod/kustomization.yaml:3 kustomization commonAnnotations.team feeds 1",
    edit: ["alpha", "beta"],
  },
  replicas: {
    files: over("replicas: [{name: web, count: 9}]\n"),
    object: "Deployment/web",
    path: fields("spec", "replicas"),
    told: "prod/kustomization.yaml:2 kustomization replicas[0].count feeds 0 overlaid base/web.yaml:7 resource spec.replicas",
    edit: ["9", "4"],
  },
  "the namespace, which is what an object is": {
    files: over("namespace: shop\n"),
    object: "Deployment/web",
    path: fields("metadata", "namespace"),
    told: "nothing",
  },
  "the namespace of a subject, which is another one only with all objects": {
    files: {
      "kustomization.yaml": "namespace: shop\nresources: [r.yaml]\n",
      "r.yaml":
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: sa}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: rb}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}\nsubjects:\n- kind: ServiceAccount\n  name: sa\n  namespace: default\n",
    },
    object: "RoleBinding/rb",
    path: [...fields("subjects"), { kind: "index", index: 0 }, field("namespace")],
    told: "nothing",
  },
  "a transformer that is configured in a file of its own": {
    files: over("transformers: [t.yaml]\n", {
      "prod/t.yaml":
        "apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: l}\nlabels:\n  team: alpha\nfieldSpecs:\n- path: metadata/labels\n  create: true\n",
    }),
    object: "Deployment/web",
    path: fields("metadata", "labels", "team"),
    told: "prod/t.yaml:5 kustomization labels.team feeds 0",
    edit: ["alpha", "beta"],
  },
};

const PACKED: Readonly<Record<string, Omit<Case, "files" | "object"> & { readonly values: string }>> = {
  "a value that the chart above gives it": {
    values: "a: 1\nsub:\n  colour: red\n",
    path: fields("data", "colour"),
    told: "web/values.yaml:3 chart-defaults sub.colour feeds 0",
    edit: ["red", "green"],
  },
  "a default of its own, which is in no file": {
    values: "colour: blue\n",
    path: fields("data", "colour"),
    told: "nothing",
  },
  "what its template writes out, which is in no file": {
    values: "fixed: literaltext\n",
    path: fields("data", "fixed"),
    told: "nothing",
  },
  "what its template writes out, as a template of the chart above does": {
    values: "",
    path: fields("data", "both"),
    told: "nothing",
  },
};

describe.skipIf(unavailable !== undefined)("where a field is written", () => {
  beforeAll(async () => void (await Promise.all([ensureBinary("kustomize"), ensureBinary("helm")])));

  test.each(Object.entries(ROLES))("%s", async (_name, one) => {
    expect(await toldOf(one)).toEqual(expected(one));
  });

  test.each(Object.entries(IN_TEMPLATES))("in a template: %s", async (_name, one) => {
    expect(await toldOf(one)).toEqual(expected(one));
  });

  test.each(Object.entries(TRANSFORMERS))("by what a kustomization does to all: %s", async (_name, one) => {
    expect(await toldOf(one)).toEqual(expected(one));
  });

  test.each(Object.entries(PACKED))("in a packed chart: %s", async (_name, { values, ...one }) => {
    const archive = await packed(folder(), "sub", "1.0.0", {
      "templates/web.yaml": CM("  colour: {{ .Values.colour }}\n  fixed: literaltext\n  both: everywhere\n").replace(
        "Release.Name }}",
        "Release.Name }}-sub",
      ),
      "values.yaml": "colour: blue\n",
    });
    const files = {
      ...chartOf(
        "web",
        { "cm.yaml": CM("  both: everywhere\n") },
        { values, chart: "dependencies: [{name: sub, version: 1.0.0, repository: 'https://charts.example.com'}]\n" },
      ),
      "web/charts/sub-1.0.0.tgz": readFileSync(archive),
    };
    expect(await toldOf({ ...one, files, object: "ConfigMap/web-sub" })).toEqual(expected(one));
  });
});
