// Where fields of rendered objects come from: each told line is changed for real, and rendered, by what does not know how it was found.

import { cpSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { CORPUS, whyNoCorpus } from "../../bench/drift/corpus.ts";
import { measureOrigins } from "../../bench/targets/origins.ts";
import type { FieldPath } from "../../src/core/path.ts";
import { field } from "../../src/core/path.ts";
import { holdfast } from "../cli/run.ts";
import { application } from "../desired/argo/applications.ts";
import { deployment, git, repositoryOf } from "../desired/repositories.ts";
import { ensureBinary, whyUnavailable } from "./binaries.ts";
import { expected, fields, inCharts, toldOf } from "./origin-cases.ts";
import type { Case } from "./origin-cases.ts";
import { chartOf, configMap, folder, onDisk } from "./rendering.ts";
import type { Files } from "./rendering.ts";

const unavailable = whyUnavailable(["kustomize", "helm"]);
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

const BASE = {
  "base/kustomization.yaml": "resources: [web.yaml]\n",
  "base/web.yaml": deployment("web"),
};

const CONTAINER: FieldPath = [
  ...fields("spec", "template", "spec", "containers"),
  { kind: "key", keys: { name: "web" } },
];

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

const WEB = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  paused: false
  template:
    spec:
      containers:
        - name: web
          image: nginx:1.25
          env:
            - name: LEVEL
              value: info
            - name: PORT
              value: "8080"
          ports:
            - containerPort: 8080
          resources: {limits: {memory: 128Mi}}
`;

const OVERLAID = (kustomization: string): Files => ({
  "base/kustomization.yaml": "resources: [web.yaml]\n",
  "base/web.yaml": WEB,
  "prod/kustomization.yaml": `resources: [../base]\n${kustomization}`,
});

const CHART = chartOf(
  "web",
  {
    "web.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  annotations: {checksum/values: {{ toJson .Values | sha256sum }}}
spec:
  replicas: {{ .Values.replicas }}
  revisionHistoryLimit: 7
  paused: {{ .Values.paused }}
  template:
    spec:
      {{- if .Values.host }}
      hostname: {{ .Values.host | quote }}
      {{- end }}
      subdomain: {{ default "plain" .Values.subdomain }}
      containers:
        - name: web
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
          command: {{ toJson .Values.command }}
          env:
            - name: SHOUT
              value: {{ upper .Values.host | quote }}
`,
  },
  {
    values:
      "replicas: 2\npaused: false\nhost: inner\nimage:\n  repository: example.org/web\n  tag: 1.2.3\ncommand: [serve, --fast]\n",
  },
);

const FLUX_RELEASE = `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: shop}
spec:
  interval: 1h
  chart:
    spec:
      chart: ./web
      sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}
  values:
    replicas: 4
    image:
      tag: 9.9.9
`;

const CASES: Readonly<Record<string, Case>> = {
  "a base's own line": {
    files: { ...BASE, "prod/kustomization.yaml": "resources: [../base]\nnamePrefix: p-\n" },
    object: "Deployment/p-web",
    path: fields("spec", "replicas"),
    told: "base/web.yaml:6 resource spec.replicas feeds 0",
    edit: ["3", "4"],
  },
  "a patch over it, of which the base is told, too": {
    files: { ...OVERLAID("patches: [{path: more.yaml}]\n"), "prod/more.yaml": deployment("web").replace("3", "5") },
    object: "Deployment/web",
    path: fields("spec", "replicas"),
    told: "prod/more.yaml:6 patch spec.replicas feeds 0 overlaid base/web.yaml:6 resource spec.replicas",
    edit: ["5", "4"],
  },
  "an inline patch": {
    files: OVERLAID(
      "patches:\n- target: {kind: Deployment}\n  patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: x}\n    spec:\n      # more\n      replicas: 5\n",
    ),
    object: "Deployment/web",
    path: fields("spec", "replicas"),
    told: "prod/kustomization.yaml:10 patch patches[0].patch: spec.replicas feeds 0 overlaid base/web.yaml:6 resource spec.replicas",
    edit: ["5", "4"],
  },
  "an operation of a JSON patch": {
    files: OVERLAID(
      "patches:\n- target: {kind: Deployment}\n  patch: |\n    - op: replace\n      path: /spec/replicas\n      value: 8\n",
    ),
    object: "Deployment/web",
    path: fields("spec", "replicas"),
    told: "prod/kustomization.yaml:7 patch patches[0].patch: [0].value feeds 0 overlaid base/web.yaml:6 resource spec.replicas",
    edit: ["8", "4"],
  },
  "the tag of images, over the base's": {
    files: OVERLAID("images: [{name: nginx, newName: example.org/nginx, newTag: '1.27'}]\n"),
    object: "Deployment/web",
    path: [...CONTAINER, field("image")],
    told: "prod/kustomization.yaml:2 kustomization images[0].newTag feeds 0 part overlaid base/web.yaml:12 resource spec.template.spec.containers[0].image",
    edit: ["1.27", "1.28"],
  },
  "the tag that a base writes": {
    files: OVERLAID("images: [{name: nginx, newName: example.org/nginx}]\n"),
    object: "Deployment/web",
    path: [...CONTAINER, field("image")],
    told: "base/web.yaml:12 resource spec.template.spec.containers[0].image feeds 0 part",
    edit: ["1.25", "1.28"],
  },
  "replicas of the kustomization": {
    files: OVERLAID("replicas:\n- name: web\n  count: 9\n"),
    object: "Deployment/web",
    path: fields("spec", "replicas"),
    told: "prod/kustomization.yaml:4 kustomization replicas[0].count feeds 0 overlaid base/web.yaml:6 resource spec.replicas",
    edit: ["9", "4"],
  },
  "a number that is a port in one place and a text in another": {
    files: OVERLAID(""),
    object: "Deployment/web",
    path: [...CONTAINER, field("env"), { kind: "key", keys: { name: "PORT" } }, field("value")],
    told: "base/web.yaml:17 resource spec.template.spec.containers[0].env[1].value feeds 0",
    edit: ["8080", "9090"],
  },
  "a quantity": {
    files: OVERLAID(""),
    object: "Deployment/web",
    path: [...CONTAINER, ...fields("resources", "limits", "memory")],
    told: "base/web.yaml:20 resource spec.template.spec.containers[0].resources.limits.memory feeds 0",
    edit: ["128Mi", "1Gi"],
  },
  "what is true or false": {
    files: OVERLAID(""),
    object: "Deployment/web",
    path: fields("spec", "paused"),
    told: "base/web.yaml:7 resource spec.paused feeds 0",
    edit: ["false", "true"],
  },
  "a literal of a generator, whose object has another name then": {
    files: OVERLAID("configMapGenerator:\n- name: c\n  literals:\n  - LEVEL=debug\n  - OTHER=1\n"),
    object: "ConfigMap/c-8gk2g729d6",
    path: fields("data", "LEVEL"),
    told: "prod/kustomization.yaml:5 generator configMapGenerator[0].literals[0] feeds 0",
    edit: ["debug", "trace"],
  },
  "a line of a generator's file": {
    files: {
      "kustomization.yaml":
        "configMapGenerator:\n- name: c\n  envs: [c.env]\n  options: {disableNameSuffixHash: true}\n",
      "c.env": "# more\nLEVEL=debug\n",
    },
    object: "ConfigMap/c",
    path: fields("data", "LEVEL"),
    told: "c.env:2 generator LEVEL feeds 0",
    edit: ["debug", "trace"],
  },
  "a generator's file": {
    files: {
      "kustomization.yaml":
        "configMapGenerator:\n- name: c\n  files: [a.conf]\n  options: {disableNameSuffixHash: true}\n",
      "a.conf": "x {\n}\n",
    },
    object: "ConfigMap/c",
    path: fields("data", "a.conf"),
    told: "a.conf generator feeds 0",
    edit: ["x", "y"],
  },
  "a secret's literal, of which the value is not known": {
    files: {
      "kustomization.yaml": "secretGenerator:\n- name: s\n  literals: [a=1, password=hunter2hunter2]\n",
    },
    object: "Secret/s-ggmfckd77c",
    path: fields("data", "password"),
    told: "kustomization.yaml:3 generator secretGenerator[0].literals[1] feeds 0",
    edit: ["hunter2hunter2", "other"],
  },
  "a secret in its own manifest, in Base64": {
    files: {
      "kustomization.yaml": "resources: [s.yaml]\n",
      "s.yaml":
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  user: YWRtaW4=\n  password: aHVudGVyMmh1bnRlcjI=\n",
    },
    object: "Secret/s",
    path: fields("data", "password"),
    told: "s.yaml:6 resource data.password feeds 0",
    edit: ["aHVudGVyMmh1bnRlcjI=", "b3RoZXI="],
  },
  "a secret in its own manifest, as text": {
    files: {
      "kustomization.yaml": "resources: [s.yaml]\n",
      "s.yaml":
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  user: admin\n  password: hunter2hunter2\n",
    },
    object: "Secret/s",
    path: fields("data", "password"),
    told: "s.yaml:6 resource stringData.password feeds 0",
    edit: ["hunter2hunter2", "other"],
  },
  "a value that a replacement takes from another object": {
    files: {
      ...OVERLAID(""),
      "prod/kustomization.yaml":
        "resources: [../base, c.yaml]\nreplacements:\n- source: {kind: ConfigMap, name: c, fieldPath: data.level}\n  targets:\n  - select: {kind: Deployment}\n    fieldPaths: ['spec.template.spec.containers.[name=web].env.[name=LEVEL].value']\n",
      "prod/c.yaml": configMap("c", "level: chatty"),
    },
    object: "Deployment/web",
    path: [...CONTAINER, field("env"), { kind: "key", keys: { name: "LEVEL" } }, field("value")],
    told: "prod/c.yaml:6 other-resource data.level feeds 1 overlaid base/web.yaml:15 resource spec.template.spec.containers[0].env[0].value",
    edit: ["chatty", "quiet"],
  },
  "a default of a chart, in its own values": {
    files: CHART,
    object: "Deployment/web",
    path: fields("spec", "replicas"),
    told: "web/values.yaml:1 chart-defaults replicas feeds 0",
    edit: ["2", "4"],
  },
  "the tag of a chart's image, where the cluster has another tag": {
    files: CHART,
    object: "Deployment/web",
    path: [...CONTAINER, field("image")],
    live: "example.org/web:2.0.0",
    told: "web/values.yaml:6 chart-defaults image.tag feeds 0 part part web/values.yaml:5 chart-defaults image.repository",
    edit: ["1.2.3", "2.0.0"],
  },
  "a chart's image, where the cluster has another one": {
    files: CHART,
    object: "Deployment/web",
    path: [...CONTAINER, field("image")],
    live: "example.org/other:1.2.3",
    told: "web/values.yaml:5 chart-defaults image.repository feeds 0 part part web/values.yaml:6 chart-defaults image.tag",
    edit: ["example.org/web", "example.org/other"],
  },
  "a number of a template": {
    files: CHART,
    object: "Deployment/web",
    path: fields("spec", "revisionHistoryLimit"),
    told: "web/templates/web.yaml:8 template feeds 0",
    edit: ["7", "4"],
  },
  "what a template has in quotes": {
    files: CHART,
    object: "Deployment/web",
    path: fields("spec", "template", "spec", "subdomain"),
    told: "web/templates/web.yaml:15 template feeds 0",
    edit: ["plain", "other"],
  },
  "a value of a chart that is true or false": {
    files: CHART,
    object: "Deployment/web",
    path: fields("spec", "paused"),
    told: "web/values.yaml:2 chart-defaults paused feeds 0",
    edit: ["false", "true"],
  },
  "an item of a list of a chart's values": {
    files: CHART,
    object: "Deployment/web",
    path: [...CONTAINER, field("command")],
    told: "web/values.yaml:7 chart-defaults command[0] feeds 0",
    edit: ["serve", "other"],
  },
  "what a template makes of a value": {
    files: CHART,
    object: "Deployment/web",
    path: [...CONTAINER, field("env"), { kind: "key", keys: { name: "SHOUT" } }, field("value")],
    told: "web/templates/web.yaml:22 template feeds 0 computed",
    edit: ["{{ upper .Values.host | quote }}", "other"],
  },
  "a value of which a template makes more": {
    files: CHART,
    object: "Deployment/web",
    path: fields("spec", "template", "spec", "hostname"),
    told: "web/values.yaml:3 chart-defaults host feeds 1",
    edit: ["inner", "outer"],
  },
  "a name that is another one only as long as it is the name of something": {
    files: {
      "kustomization.yaml": "namePrefix: p-\nresources: [conf.yaml, pod.yaml]\n",
      "conf.yaml": configMap("conf"),
      "pod.yaml":
        "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n  - name: web\n    envFrom: [{configMapRef: {name: conf}}]\n",
    },
    object: "Pod/p-x",
    path: [
      ...fields("spec", "containers"),
      { kind: "key", keys: { name: "web" } },
      field("envFrom"),
      { kind: "index", index: 0 },
      ...fields("configMapRef", "name"),
    ],
    told: "nothing",
  },
  "values that a kustomization gives to a chart": {
    files: {
      ...inCharts(CHART),
      "kustomization.yaml": "helmCharts:\n- name: web\n  releaseName: web\n  valuesInline:\n    replicas: 5\n",
    },
    object: "Deployment/web",
    path: fields("spec", "replicas"),
    told: "kustomization.yaml:5 inline-values helmCharts[0].valuesInline.replicas feeds 0",
    edit: ["5", "4"],
  },
  "values of a HelmRelease": {
    files: { ...CHART, "ks.yaml": KS(""), "apps/release.yaml": FLUX_RELEASE },
    object: "Deployment/web",
    path: fields("spec", "replicas"),
    told: "apps/release.yaml:11 inline-values spec.values.replicas feeds 1",
    edit: ["4", "5"],
  },
  "a default under a HelmRelease": {
    files: { ...CHART, "ks.yaml": KS(""), "apps/release.yaml": FLUX_RELEASE },
    object: "Deployment/web",
    path: fields("spec", "template", "spec", "hostname"),
    told: "web/values.yaml:3 chart-defaults host feeds 1",
    edit: ["inner", "outer"],
  },
  "a variable of a Flux Kustomization": {
    files: {
      "ks.yaml": KS("  postBuild:\n    substitute:\n      LEVEL: chatty\n"),
      "apps/c.yaml": configMap("c", "a: level ${LEVEL}"),
    },
    object: "ConfigMap/c",
    path: fields("data", "a"),
    told: "ks.yaml:11 deployer spec.postBuild.substitute.LEVEL feeds 1 part part apps/c.yaml:6 resource data.a",
    edit: ["chatty", "quiet"],
  },
  "the default of a variable": {
    files: {
      "ks.yaml": KS("  postBuild:\n    substitute: {X: y}\n"),
      "apps/c.yaml": configMap("c", "a: ${LEVEL:=chatty}"),
    },
    object: "ConfigMap/c",
    path: fields("data", "a"),
    told: "apps/c.yaml:6 resource data.a feeds 0",
    edit: ["chatty", "quiet"],
  },
  "a patch of a Flux Kustomization": {
    files: {
      "ks.yaml": KS(
        "  patches:\n  - patch: |\n      apiVersion: apps/v1\n      kind: Deployment\n      metadata: {name: web}\n      spec: {replicas: 7}\n",
      ),
      "apps/web.yaml": WEB,
    },
    object: "Deployment/web",
    path: fields("spec", "replicas"),
    told: "ks.yaml:14 deployer spec.patches[0].patch: spec.replicas feeds 1 overlaid apps/web.yaml:6 resource spec.replicas",
    edit: ["7", "4"],
  },
  "a patch in a patch of a Flux Kustomization": {
    files: {
      "ks.yaml": KS(
        "  patches:\n  - patch: |\n      apiVersion: kustomize.toolkit.fluxcd.io/v1\n      kind: Kustomization\n      metadata: {name: _}\n      spec:\n        patches:\n        - patch: |\n            apiVersion: apps/v1\n            kind: Deployment\n            metadata: {name: _}\n            spec:\n              replicas: 7\n          target: {kind: Deployment}\n    target: {kind: Kustomization}\n",
      ),
      "apps/inner.yaml": KS("").replace("name: apps", "name: inner").replace("./apps", "./inner"),
      "inner/web.yaml": WEB,
    },
    object: "Deployment/web",
    path: fields("spec", "replicas"),
    told: "ks.yaml:21 deployer spec.patches[0].patch: spec.patches[0].patch: spec.replicas feeds 2 overlaid inner/web.yaml:6 resource spec.replicas",
    edit: ["7", "4"],
  },
  "what a Flux Kustomization deploys, which is another thing then": {
    files: {
      "ks.yaml": KS("  targetNamespace: shop\n"),
      "apps/inner.yaml": KS("  targetNamespace: other\n")
        .replace("name: apps", "name: inner")
        .replace("./apps", "./inner"),
      "inner/web.yaml": WEB,
    },
    object: "Kustomization/inner",
    path: fields("spec", "targetNamespace"),
    told: "apps/inner.yaml:9 resource spec.targetNamespace feeds 0",
  },
  "a variable that is an alias": {
    files: {
      "ks.yaml": KS("  postBuild:\n    substitute:\n      LEVEL: *level\n").replace(
        "interval: 1h",
        "interval: &level 1h",
      ),
      "apps/c.yaml": configMap("c", "a: ${LEVEL}"),
    },
    object: "ConfigMap/c",
    path: fields("data", "a"),
    told: "ks.yaml:11 deployer spec.postBuild.substitute.LEVEL feeds 1 part apps/c.yaml:6 resource data.a",
    edit: ["*level", "2h"],
  },
  "a variable that names objects, too": {
    files: {
      "ks.yaml": KS("  postBuild:\n    substitute:\n      APP: web\n"),
      "apps/c.yaml": configMap("${APP}", "a: ${APP}"),
    },
    object: "ConfigMap/web",
    path: fields("data", "a"),
    told: "apps/c.yaml:6 resource data.a feeds 0 part",
    edit: ["${APP}", "other"],
  },
  "a parameter of an Argo CD Application": {
    files: {
      ...CHART,
      "app.yaml": application("web", "path: web\nhelm:\n  parameters:\n  - name: image.tag\n    value: 7.7.7"),
    },
    object: "Deployment/web",
    path: [...CONTAINER, field("image")],
    live: "example.org/web:8",
    told: "app.yaml:14 inline-values spec.source.helm.parameters[0].value feeds 1 part part web/values.yaml:5 chart-defaults image.repository",
    edit: ["7.7.7", "8"],
  },
  "values of an Argo CD Application": {
    files: { ...CHART, "app.yaml": application("web", "path: web\nhelm:\n  valuesObject:\n    replicas: 6") },
    object: "Deployment/web",
    path: fields("spec", "replicas"),
    told: "app.yaml:13 inline-values spec.source.helm.valuesObject.replicas feeds 1",
    edit: ["6", "4"],
  },
  "values in a text of an Argo CD Application": {
    files: { ...CHART, "app.yaml": application("web", "path: web\nhelm:\n  values: |\n    replicas: 6") },
    object: "Deployment/web",
    path: fields("spec", "replicas"),
    told: "app.yaml:13 inline-values spec.source.helm.values: replicas feeds 1",
    edit: ["6", "4"],
  },
  "an image of an Argo CD Application's": {
    files: {
      ...OVERLAID(""),
      "app.yaml": application("web", "path: prod\nkustomize:\n  images:\n  - nginx=example.org/nginx:1.30"),
    },
    object: "Deployment/web",
    path: [...CONTAINER, field("image")],
    told: "app.yaml:13 deployer spec.source.kustomize.images[0] feeds 1 part overlaid base/web.yaml:12 resource spec.template.spec.containers[0].image",
    edit: ["1.30", "1.31"],
  },
  "a file of values": {
    files: {
      ...CHART,
      "prod.yaml": "# prod\nreplicas: 6\n",
      "app.yaml": application("web", "path: web\nhelm:\n  valueFiles: [../prod.yaml]"),
    },
    object: "Deployment/web",
    path: fields("spec", "replicas"),
    told: "prod.yaml:2 values-file replicas feeds 0",
    edit: ["6", "4"],
  },
};

describe.skipIf(unavailable !== undefined)("origins of fields", () => {
  beforeAll(async () => void (await Promise.all([ensureBinary("kustomize"), ensureBinary("helm")])));

  test.each(Object.entries(CASES))("%s", async (_name, one) => {
    expect(await toldOf(one)).toEqual(expected(one));
  });
});

describe.skipIf(unavailable !== undefined)("a scan", () => {
  test("tells the line of what differs", async () => {
    const files = { ...OVERLAID("replicas: [{name: web, count: 5}]\n") };
    const repo = repositoryOf({
      ...(files as Record<string, string>),
      "base/web.yaml": WEB.replace("name: web", "name: web\n  namespace: shop"),
    });
    const live = onDisk({
      "web.yaml": WEB.replace("name: web", "name: web\n  namespace: shop").replace("replicas: 3", "replicas: 7"),
    });
    const ran = await holdfast(["scan", "--repo", repo, "--live", live, "--format", "json"], {
      env: { HOLDFAST_KUSTOMIZE: await ensureBinary("kustomize"), HOLDFAST_HELM: await ensureBinary("helm") },
    });
    const { drifts } = JSON.parse(ran.stdout) as {
      drifts: { state: string; changes: { field: string; source?: unknown }[] }[];
    };
    const changes = drifts.flatMap((drift) => drift.changes);
    expect(changes.map(({ field: name, source }) => [name, source])).toEqual([
      [
        "spec.replicas",
        {
          file: "prod/kustomization.yaml",
          line: 2,
          role: "kustomization",
          path: "replicas[0].count",
          feeds: 0,
          others: [{ file: "base/web.yaml", line: 7, is: "overlaid", role: "resource", path: "spec.replicas" }],
        },
      ],
    ]);
  });
});

const noCorpus = unavailable ?? whyNoCorpus();
if (noCorpus !== undefined) console.warn(`skipped: ${noCorpus}`);

/** Of `npm run bench:targets`, which samples more, and of a repository that Flux deploys, too. */
const SAMPLED = 60;
const REPOSITORIES = ["gitops-catalog", "podinfo"];

describe.skipIf(noCorpus !== undefined)("origins of fields of the corpus", () => {
  test("none is wrong, and few are not told", async () => {
    const home = folder();
    const repositories = REPOSITORIES.map((repository) => ({ repository, dir: join(home, repository) }));
    for (const { repository, dir } of repositories) {
      cpSync(join(CORPUS, repository), dir, { recursive: true });
      git(dir, "init", "--quiet");
    }
    const programs = {
      kustomize: await ensureBinary("kustomize"),
      helm: await ensureBinary("helm"),
      judge: await ensureBinary("yamljudge"),
    };
    const sampled = await measureOrigins({ repositories, home, programs, count: SAMPLED, seed: 7, told: () => {} });
    expect(sampled).toHaveLength(SAMPLED);
    expect(sampled.filter(({ verdict }) => verdict.kind === "wrong")).toEqual([]);
    expect(sampled.filter(({ verdict }) => verdict.kind === "right").length).toBeGreaterThanOrEqual(SAMPLED * 0.95);
  });
});
