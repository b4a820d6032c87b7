// What a template works out, of the chart's name or the release's, say: the line that does.

import { beforeAll, describe, expect, test } from "vitest";
import { field } from "../../src/core/path.ts";
import type { FieldPath } from "../../src/core/path.ts";
import { application } from "../desired/argo/applications.ts";
import { ensureBinary, whyUnavailable } from "./binaries.ts";
import { expected, fields, inCharts, toldOf } from "./origin-cases.ts";
import type { Case } from "./origin-cases.ts";
import { fieldOrigins } from "./origin-search.ts";
import { chartOf } from "./rendering.ts";
import type { Files } from "./rendering.ts";

const unavailable = whyUnavailable(["kustomize", "helm"]);
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

/** As `helm create` has them: where the release is not called as the chart, names have both. */
const HELPERS = `{{- define "web.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- define "web.fullname" -}}
{{- if contains (include "web.name" .) .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "web.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- define "web.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "web.selectorLabels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}
{{- define "web.selectorLabels" -}}
app.kubernetes.io/name: {{ include "web.name" . }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}
{{- define "web.token" -}}
token-of-{{ .Release.Name }}
{{- end }}
`;

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "web.fullname" . }}
  labels:
    {{- include "web.labels" . | nindent 4 }}
spec:
  selector:
    matchLabels:
      {{- include "web.selectorLabels" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "web.selectorLabels" . | nindent 8 }}
      annotations: {team: core, of: {{ .Release.Name | upper }}}
    spec:
      serviceAccountName: {{ include "web.fullname" . }}
      containers:
        - name: {{ .Chart.Name }}
          image: "example.org/{{ .Release.Name | lower }}:1.2.3"
          args:
            - --quiet
            - --host={{ include "web.fullname" . }}.{{ .Release.Namespace }}.svc
          env:
            - name: CACHE
              value: {{ include "web.fullname" . }}-cache
            - name: SHOUT
              value: {{ upper .Values.host }}
            - name: WHISPER
              value: {{ .Values.host | lower | quote }}
`;

const SETTINGS = `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "web.fullname" . }}
data:
  nginx.conf: |
    listen 80;
    server_name {{ .Release.Name }}.local;
    gzip on;
  made.txt: |-
{{ include "web.token" . | indent 4 }}
  {{- range $key, $value := .Values.more }}
  {{ $key }}: {{ $value | upper }}
  {{- end }}
`;
const OFTEN = chartOf("web", {
  "c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata:\n  often: {{ randAlphaNum 8 }}\n",
});

const SECRET = `apiVersion: v1
kind: Secret
metadata:
  name: {{ include "web.fullname" . }}
data:
  token: {{ include "web.token" . | b64enc | quote }}
  ready: {{ b64enc (upper .Values.host) }}
`;

const BINDING = `apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ include "web.fullname" . }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: web}
subjects:
  - kind: ServiceAccount
    name: {{ include "web.fullname" . }}
    namespace: {{ .Release.Namespace }}
`;

const CHART = chartOf(
  "web",
  { "_helpers.tpl": HELPERS, "d.yaml": DEPLOYMENT, "c.yaml": SETTINGS, "s.yaml": SECRET, "b.yaml": BINDING },
  { values: "host: inner\nmore:\n  a.txt: one\n" },
);

/** Objects that are called the same, whatever the chart and the release are. */
const PLAIN = chartOf("web", {
  "c.yaml":
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  of: {{ .Release.Name }}\n  run.sh: |\n    # run\n    echo {{ .Release.Name }}\n",
  "s.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  user: admin\n  host: 'a-b'\n",
  "r.yaml":
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: r}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}\nsubjects:\n- kind: ServiceAccount\n  name: r\n",
});

const CONTAINER: FieldPath = [
  ...fields("spec", "template", "spec", "containers"),
  { kind: "key", keys: { name: "web" } },
];
const label = (name: string): FieldPath => fields("metadata", "labels", name);
const env = (name: string): FieldPath => [...CONTAINER, field("env"), { kind: "key", keys: { name } }, field("value")];
const D = { files: CHART, object: "Deployment/web" } as const;
const C = { files: CHART, object: "ConfigMap/web" } as const;
const CONF = "listen 80;\nserver_name web.local;\ngzip on;\n";

const RELEASE = `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: shop, namespace: shop}
spec:
  interval: 1h
  chart:
    spec:
      chart: ./web
      sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}
`;
const FLUX: Files = {
  ...CHART,
  "ks.yaml":
    "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps, namespace: flux-system}\nspec:\n  path: ./apps\n  prune: true\n  sourceRef: {kind: GitRepository, name: flux-system}\n",
  "apps/release.yaml": RELEASE,
};

const CASES: Readonly<Record<string, Case>> = {
  "a label of the chart's name, which objects are called by, too": {
    ...D,
    path: label("app.kubernetes.io/name"),
    told: "web/templates/_helpers.tpl:17 template feeds 2 computed",
    edit: ['{{ include "web.name" . }}', "other"],
  },
  "a label of the release's name": {
    ...D,
    path: label("app.kubernetes.io/instance"),
    told: "web/templates/_helpers.tpl:18 template feeds 2 computed",
    edit: ["{{ .Release.Name | quote }}", "other"],
  },
  "the same label where it selects": {
    ...D,
    path: fields("spec", "selector", "matchLabels", "app.kubernetes.io/instance"),
    told: "web/templates/_helpers.tpl:18 template feeds 2 computed",
    edit: ["{{ .Release.Name | quote }}", "other"],
  },
  "a label of who installs": {
    ...D,
    path: label("app.kubernetes.io/managed-by"),
    told: "web/templates/_helpers.tpl:14 template feeds 0 computed",
    edit: ["{{ .Release.Service }}", "other"],
  },
  "a label with the chart's version: the version's line": {
    ...D,
    path: label("helm.sh/chart"),
    told: "web/Chart.yaml:3 chart-file version feeds 0 part",
    edit: ["1.0.0", "1.0.1"],
  },
  "a label with the chart's version, where the cluster has another name": {
    ...D,
    path: label("helm.sh/chart"),
    live: "shop-1.0.0",
    told: "web/templates/_helpers.tpl:12 template feeds 0 computed",
    edit: ['{{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}', "other"],
  },
  "the name of an account": {
    ...D,
    path: fields("spec", "template", "spec", "serviceAccountName"),
    told: "web/templates/d.yaml:17 template feeds 0 computed",
    edit: ['{{ include "web.fullname" . }}', "other"],
  },
  "the name of a container": {
    ...D,
    path: [...fields("spec", "template", "spec", "containers"), { kind: "index", index: 0 }, field("name")],
    told: "web/templates/d.yaml:19 template feeds 0 computed",
    edit: ["{{ .Chart.Name }}", "other"],
  },
  "the namespace of a subject": {
    files: CHART,
    object: "RoleBinding/web",
    path: [...fields("subjects"), { kind: "index", index: 0 }, field("namespace")],
    told: "web/templates/b.yaml:9 template feeds 0 computed",
    edit: ["{{ .Release.Namespace }}", "other"],
  },
  "an annotation in brackets": {
    ...D,
    path: fields("spec", "template", "metadata", "annotations", "of"),
    told: "web/templates/d.yaml:15 template feeds 0 computed",
    edit: ["{{ .Release.Name | upper }}", "OTHER"],
  },
  "an image's name, between what is written out": {
    ...D,
    path: [...CONTAINER, field("image")],
    live: "example.org/shop:1.2.3",
    told: "web/templates/d.yaml:20 template feeds 0 part computed",
    edit: ["{{ .Release.Name | lower }}", "other"],
  },
  "an image's tag, behind what is worked out": {
    ...D,
    path: [...CONTAINER, field("image")],
    live: "example.org/web:1.2.4",
    told: "web/templates/d.yaml:20 template feeds 0 part",
    edit: ["1.2.3", "1.2.4"],
  },
  "an item of a list, the first of two": {
    ...D,
    path: [...CONTAINER, field("args")],
    live: ["--quiet", "--host=shop.default.svc"],
    told: "web/templates/d.yaml:23 template feeds 0 part computed",
    edit: ['{{ include "web.fullname" . }}', "other"],
  },
  "an item of a list, the second of two": {
    ...D,
    path: [...CONTAINER, field("args")],
    live: ["--quiet", "--host=web.shop.svc"],
    told: "web/templates/d.yaml:23 template feeds 0 part computed",
    edit: ["{{ .Release.Namespace }}", "other"],
  },
  "a name with more behind it": {
    ...D,
    path: env("CACHE"),
    live: "shop-cache",
    told: "web/templates/d.yaml:26 template feeds 0 part computed",
    edit: ['{{ include "web.fullname" . }}', "other"],
  },
  "what is behind a name": {
    ...D,
    path: env("CACHE"),
    live: "web-store",
    told: "web/templates/d.yaml:26 template feeds 0 part",
    edit: ["-cache", "-store"],
  },
  "a value in capitals": {
    ...D,
    path: env("SHOUT"),
    told: "web/templates/d.yaml:28 template feeds 0 computed",
    edit: ["{{ upper .Values.host }}", "OUTER"],
  },
  "a value that comes out as it is, though it is worked out": {
    ...D,
    path: env("WHISPER"),
    told: "web/values.yaml:1 chart-defaults host feeds 2",
    edit: ["inner", "outer"],
  },
  "a line of a text": {
    ...C,
    path: fields("data", "nginx.conf"),
    live: CONF.replace("web.local", "shop.local"),
    told: "web/templates/c.yaml:8 template feeds 0 part computed",
    edit: ["{{ .Release.Name }}", "other"],
  },
  "a text that a helper writes": {
    ...C,
    path: fields("data", "made.txt"),
    told: "web/templates/c.yaml:11 template feeds 0 computed",
    edit: ['{{ include "web.token" . | indent 4 }}', "    other"],
  },
  "one of several values, under a name that is worked out, too": {
    ...C,
    path: fields("data", "a.txt"),
    told: "web/templates/c.yaml:13 template feeds 0 computed",
    edit: ["{{ $value | upper }}", "other"],
  },
  "another text each time": { files: OFTEN, object: "ConfigMap/web", path: fields("data", "often"), told: "nothing" },
  "a secret": {
    files: CHART,
    object: "Secret/web",
    path: fields("data", "token"),
    told: "web/templates/s.yaml:6 template feeds 0 computed",
    edit: ['{{ include "web.token" . | b64enc | quote }}', "b3RoZXI="],
  },
  "a secret that is encoded within": {
    files: CHART,
    object: "Secret/web",
    path: fields("data", "ready"),
    told: "web/templates/s.yaml:7 template feeds 0 computed",
    edit: ["{{ b64enc (upper .Values.host) }}", "b3RoZXI="],
  },
  "the release's name, which is the chart's as long as nobody names it": {
    files: PLAIN,
    object: "ConfigMap/c",
    path: fields("data", "of"),
    told: "web/templates/c.yaml:5 template feeds 0 computed",
    edit: ["{{ .Release.Name }}", "other"],
  },
  "the chart's name, by which nothing is called": {
    files: chartOf("web", {
      "c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  by: the {{ .Chart.Name }}\n",
    }),
    object: "ConfigMap/c",
    path: fields("data", "by"),
    told: "web/Chart.yaml:2 chart-file name feeds 0 part",
    edit: ["web", "other"],
  },
  "a text of which the cluster has nothing": {
    files: PLAIN,
    object: "ConfigMap/c",
    path: fields("data", "run.sh"),
    told: "web/templates/c.yaml:7 template feeds 0 part",
    edit: ["run", "walk"],
  },
  "a secret that a template writes out": {
    files: PLAIN,
    object: "Secret/s",
    path: fields("data", "user"),
    told: "web/templates/s.yaml:5 template feeds 0",
    edit: ["admin", "other"],
  },
  "a secret that a template writes out in quotes": {
    files: PLAIN,
    object: "Secret/s",
    path: fields("data", "host"),
    told: "web/templates/s.yaml:6 template feeds 0",
    edit: ["a-b", "other"],
  },
  "what kind of object a subject is": {
    files: PLAIN,
    object: "RoleBinding/r",
    path: [...fields("subjects"), { kind: "index", index: 0 }, field("kind")],
    told: "web/templates/r.yaml:6 template feeds 0",
    edit: ["ServiceAccount", "User"],
  },
  "the name of an object, which would be another one": { ...D, path: fields("metadata", "name"), told: "nothing" },
  "in a chart that Flux installs": {
    files: FLUX,
    object: "Deployment/shop-web",
    path: label("app.kubernetes.io/instance"),
    told: "web/templates/_helpers.tpl:18 template feeds 2 computed",
    edit: ["{{ .Release.Name | quote }}", "other"],
  },
  "in a chart that Argo CD installs": {
    files: { ...CHART, "app.yaml": application("shop", "path: web") },
    object: "Deployment/shop-web",
    path: label("app.kubernetes.io/name"),
    told: "web/templates/_helpers.tpl:17 template feeds 2 computed",
    edit: ['{{ include "web.name" . }}', "other"],
  },
  "in a chart that a kustomization inflates": {
    files: {
      ...inCharts(CHART),
      "kustomization.yaml": "helmCharts:\n- name: web\n  releaseName: web\n",
    },
    object: "Deployment/web",
    path: fields("spec", "template", "spec", "serviceAccountName"),
    told: "charts/web/templates/d.yaml:17 template feeds 0 computed",
    edit: ['{{ include "web.fullname" . }}', "other"],
  },
};

describe.skipIf(unavailable !== undefined)("what a template works out", () => {
  beforeAll(async () => void (await Promise.all([ensureBinary("kustomize"), ensureBinary("helm")])));

  test.each(Object.entries(CASES))("%s", async (_name, one) => {
    expect(await toldOf(one)).toEqual(expected(one));
  });

  test.each([
    ["a label", label("app.kubernetes.io/instance")],
    ["a part of a text", env("CACHE")],
    ["a value in capitals", env("SHOUT")],
  ])("is found with few renderings: %s", async (_name, path) => {
    const { origin, renders } = await fieldOrigins(CHART, { object: "Deployment/web", path });
    expect(origin).toMatchObject({ kind: "found", source: { computed: true } });
    expect(renders).toBeLessThanOrEqual(4);
  });
});
