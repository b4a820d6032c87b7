// A repository with charts as people write them, each part of Helm in use, for the suites with the real `helm upgrade --install`.

import { chartOf } from "./rendering.ts";

export type TextFiles = Readonly<Record<string, string>>;

const HELPERS = `{{- define "shop.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}
`;

function meta(kind: string, apiVersion: string, name: string, more = ""): string {
  return `apiVersion: ${apiVersion}
kind: ${kind}
metadata:
  name: {{ .Release.Name }}-${name}
  labels:
    {{- include "shop.labels" . | nindent 4 }}
${more}`;
}

const POD = `    metadata:
      labels: { app: {{ .Release.Name }}-web }
      annotations:
        checksum/config: {{ include (print $.Template.BasePath "/config.yaml") . | sha256sum }}
    spec:
      serviceAccountName: {{ .Release.Name }}-web
      {{- with .Values.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: web
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          ports: [{ name: http, containerPort: 8080 }]
          env:
            - { name: REGION, value: {{ .Values.global.region | quote }} }
            - name: PASSWORD
              valueFrom: { secretKeyRef: { name: {{ .Release.Name }}-random, key: password } }
          resources: {{- toYaml .Values.resources | nindent 12 }}
          volumeMounts: [{ name: tmp, mountPath: /tmp }]
      volumes: [{ name: tmp, emptyDir: {} }]
`;

const TEMPLATES: TextFiles = {
  "_helpers.tpl": HELPERS,
  "NOTES.txt": "Thank you for {{ .Release.Name }}.\n",
  "config.yaml": meta(
    "ConfigMap",
    "v1",
    "config",
    `data:
  region: {{ .Values.global.region | quote }}
  tier: {{ .Values.tier }}
  kube: {{ .Capabilities.KubeVersion.Version }}
  autoscaling: {{ .Capabilities.APIVersions.Has "autoscaling/v2" | quote }}
  deployments: {{ .Capabilities.APIVersions.Has "apps/v1/Deployment" | quote }}
  widgets: {{ .Capabilities.APIVersions.Has "shop.example.com/v1" | quote }}
  file: {{ .Files.Get "files/motd.txt" | quote }}
`,
  ),
  "deployment.yaml": meta(
    "Deployment",
    "apps/v1",
    "web",
    `spec:
  {{- if not .Values.autoscaling }}
  replicas: {{ .Values.replicas }}
  {{- end }}
  selector: { matchLabels: { app: {{ .Release.Name }}-web } }
  template:
${POD}`,
  ),
  "service.yaml": meta(
    "Service",
    "v1",
    "web",
    "spec:\n  type: {{ .Values.service.type }}\n  selector: { app: {{ .Release.Name }}-web }\n  ports: [{ name: http, port: 80, targetPort: http }]\n",
  ),
  "statefulset.yaml": meta(
    "StatefulSet",
    "apps/v1",
    "db",
    `spec:
  serviceName: {{ .Release.Name }}-db
  replicas: 1
  selector: { matchLabels: { app: {{ .Release.Name }}-db } }
  template:
    metadata: { labels: { app: {{ .Release.Name }}-db } }
    spec: { containers: [{ name: db, image: "registry.example/db:1", resources: { limits: { cpu: 1, memory: 1024Mi } } }] }
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`,
  ),
  "ingress.yaml": meta(
    "Ingress",
    "networking.k8s.io/v1",
    "web",
    `spec:
  rules:
    - host: {{ .Values.host }}
      http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: {{ .Release.Name }}-web, port: { name: http } } } }] }
`,
  ),
  "hpa.yaml": `{{- if and .Values.autoscaling (.Capabilities.APIVersions.Has "autoscaling/v2") }}
${meta(
  "HorizontalPodAutoscaler",
  "autoscaling/v2",
  "web",
  `spec:
  minReplicas: 2
  maxReplicas: 4
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: {{ .Release.Name }}-web }
  metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 80 } } }]
`,
)}{{- end }}
`,
  "rbac.yaml": `${meta("ServiceAccount", "v1", "web")}---
${meta("Role", "rbac.authorization.k8s.io/v1", "web", 'rules: [{ apiGroups: [""], resources: [configmaps], verbs: [get] }]\n')}---
${meta(
  "RoleBinding",
  "rbac.authorization.k8s.io/v1",
  "web",
  `roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{ .Release.Name }}-web }
subjects: [{ kind: ServiceAccount, name: {{ .Release.Name }}-web, namespace: {{ .Release.Namespace }} }]
`,
)}---
${meta("ClusterRole", "rbac.authorization.k8s.io/v1", "reader", 'rules: [{ apiGroups: [""], resources: [namespaces], verbs: [get] }]\n')}`,
  "rest.yaml": `${meta("PodDisruptionBudget", "policy/v1", "web", "spec: { minAvailable: 1, selector: { matchLabels: { app: web } } }\n")}---
${meta("NetworkPolicy", "networking.k8s.io/v1", "web", "spec: { podSelector: {}, policyTypes: [Ingress], ingress: [{}] }\n")}---
${meta(
  "CronJob",
  "batch/v1",
  "clean",
  `spec:
  schedule: "0 3 1 1 *"
  jobTemplate: { spec: { template: { spec: { restartPolicy: Never, containers: [{ name: clean, image: "registry.example/clean:1" }] } } } }
`,
)}---
${meta("PersistentVolumeClaim", "v1", "files", "spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }\n")}---
${meta("Widget", "shop.example.com/v1", "first", "spec: { size: 3 }\n")}---
${meta("ConfigMap", "v1", "kept", "data: { a: b }\n").replace("  labels:", "  annotations: { helm.sh/resource-policy: keep }\n  labels:")}---
${meta("ConfigMap", "v1", "elsewhere", "data: { a: b }\n").replace("metadata:\n", "metadata:\n  namespace: {{ .Release.Namespace }}-more\n")}`,
  // What comes out differently each time, and what goes on with what the cluster has.
  "random.yaml": `{{- $known := lookup "v1" "Secret" .Release.Namespace (printf "%s-random" .Release.Name) -}}
{{- $ca := genCA "shop" 365 -}}
${meta(
  "Secret",
  "v1",
  "random",
  `data:
  {{- if $known }}
  password: {{ $known.data.password }}
  {{- else }}
  password: {{ randAlphaNum 20 | b64enc }}
  {{- end }}
  stays: {{ "always" | b64enc }}
`,
)}---
${meta("Secret", "v1", "tls", "type: kubernetes.io/tls\ndata:\n  tls.crt: {{ $ca.Cert | b64enc }}\n  tls.key: {{ $ca.Key | b64enc }}\n")}---
${meta(
  "ValidatingWebhookConfiguration",
  "admissionregistration.k8s.io/v1",
  "hook",
  `webhooks:
  - name: hook.shop.example.com
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Ignore
    clientConfig: { caBundle: {{ $ca.Cert | b64enc }}, service: { name: web, namespace: {{ .Release.Namespace }} } }
    rules: [{ apiGroups: [shop.example.com], apiVersions: [v1], operations: [CREATE], resources: [widgets] }]
`,
)}`,
  // Made and left there, made and deleted, run once, and only by `helm test`.
  "hooks.yaml": `${hook("ServiceAccount", "v1", "pre", "pre-install,pre-upgrade")}---
${hook("ConfigMap", "v1", "post", "post-install,post-upgrade", "data: { revision: {{ .Release.Revision | quote }} }\n")}---
${hook("ConfigMap", "v1", "gone", 'post-install,post-upgrade", "helm.sh/hook-delete-policy": "hook-succeeded', "data: { a: b }\n")}---
${hook(
  "Job",
  "batch/v1",
  "migrate",
  "pre-install,pre-upgrade",
  'spec: { completions: 0, template: { spec: { restartPolicy: Never, containers: [{ name: migrate, image: "registry.example/migrate:{{ .Values.image.tag }}" }] } } }\n',
)}`,
  "tests/connection.yaml": hook(
    "Pod",
    "v1",
    "connection",
    "test",
    'spec: { containers: [{ name: c, image: "c:1" }] }\n',
  ),
};

function hook(kind: string, apiVersion: string, name: string, when: string, more = ""): string {
  const annotations = `  annotations: { "helm.sh/hook": "${when}" }\n  labels:`;
  return meta(kind, apiVersion, name, more).replace("  labels:", annotations);
}

const DEFINITION = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.shop.example.com }
spec:
  group: shop.example.com
  names: { kind: Widget, listKind: WidgetList, plural: widgets, singular: widget }
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: { type: object, properties: { size: { type: integer }, color: { type: string, default: red } } }
`;

const VALUES = `replicas: 2
tier: none
host: shop.example.com
nodeSelector: { disk: ssd, zone: a }
autoscaling: false
service: { type: ClusterIP }
image: { repository: registry.example/web, tag: "" }
resources: { requests: { cpu: 100m, memory: 128Mi } }
global: { region: nowhere }
`;

/** The dependency that comes packed, and one that stands beside the chart. */
export function dependency(name: string): TextFiles {
  const templates = {
    "service.yaml": `apiVersion: v1
kind: Service
metadata: { name: {{ .Release.Name }}-${name}, labels: { region: {{ .Values.global.region | quote }} } }
spec: { clusterIP: None, selector: { app: ${name} }, ports: [{ port: {{ .Values.port }} }] }
`,
  };
  return chartOf(name, templates, { values: "port: 6379\nglobal: { region: nowhere }\n" });
}

/** `charts/shop` and its values; `charts/shop/charts/cache-1.0.0.tgz` is still to be packed (`dependency`). */
export function shop(): TextFiles {
  const chart = `appVersion: "7"
kubeVersion: ">=1.30.0-0"
dependencies:
  - { name: cache, version: 1.0.0, repository: "https://charts.example.com" }
  - { name: queue, version: 1.0.0, repository: "https://charts.example.com", condition: queue.enabled }
  - { name: unused, version: 1.0.0, repository: "https://charts.example.com", condition: unused.enabled }
`;
  const nested = ["queue", "unused"].flatMap((name) => Object.entries(dependency(name)));
  return {
    ...chartOf("charts/shop", TEMPLATES, { values: VALUES, chart }),
    ...Object.fromEntries(nested.map(([file, text]) => [`charts/shop/charts/${file}`, text])),
    "charts/shop/crds/widgets.yaml": DEFINITION,
    "charts/shop/files/motd.txt": "Welcome.\n",
    "values/common.yaml":
      'tier: common\nglobal: { region: north }\nservice: { type: LoadBalancer }\nimage: { tag: "8" }\ncache: { port: 6380 }\nqueue: { enabled: true }\nunused: { enabled: false }\n',
    // null takes away what the chart itself says.
    "values/live.yaml": "tier: live\nautoscaling: true\nnodeSelector: { zone: null }\n",
  };
}
