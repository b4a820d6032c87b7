// A repository that Argo CD deploys, with each kind of Application in use, for the suites with the real one.

import type { TextFiles } from "./flux-repository.ts";
import { config } from "./flux-repository.ts";

export interface ApplicationOptions {
  readonly name: string;
  /** The destination's. */
  readonly namespace: string;
  /** YAML below `spec`, `$url` for the repository's address. */
  readonly spec: string;
  readonly metadata?: string;
}

/** An Application in the form that most have. */
export function application({ name, namespace, spec, metadata = "" }: ApplicationOptions): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd${metadata === "" ? "" : `, ${metadata}`} }
spec:
  project: default
  destination: { server: "https://kubernetes.default.svc", namespace: ${namespace} }
${spec}`;
}

/** One source: a path of the repository. */
export function from(path: string, more = ""): string {
  return `  source: { repoURL: $url, targetRevision: main, path: ${path}${more === "" ? "" : `, ${more}`} }\n`;
}

export const AUTOMATED = "  syncPolicy: { automated: {} }\n";
export const PRUNED = "  syncPolicy: { automated: { prune: true } }\n";
export const HEALED = "  syncPolicy: { automated: { prune: true, selfHeal: true } }\n";
const SERVER_SIDE = "  syncPolicy: { automated: { selfHeal: true }, syncOptions: [ServerSideApply=true] }\n";

/** Takes the address of the repository into texts that name it `$url`. */
export function at(url: string, files: TextFiles): TextFiles {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [name, text.replaceAll("$url", url)]));
}

function deployment(name: string, image = "registry.example/web:1"): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: 2
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
        - { name: web, image: "${image}", ports: [{ containerPort: 8080 }] }
`;
}

export function service(name: string): string {
  return `apiVersion: v1\nkind: Service\nmetadata: { name: ${name} }\nspec: { selector: { app: ${name} }, ports: [{ port: 80, targetPort: 8080 }] }\n`;
}

const CHART: TextFiles = {
  "charts/store/Chart.yaml": "apiVersion: v2\nname: store\nversion: 1.2.3\nappVersion: '4'\n",
  "charts/store/values.yaml": "size: 1\nlevel: info\nextra: {}\n",
  "charts/store/production.yaml": "size: 3\n",
  "charts/store/templates/settings.yaml": `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-settings
  labels: { app.kubernetes.io/managed-by: {{ .Release.Service }}, helm.sh/chart: "{{ .Chart.Name }}-{{ .Chart.Version }}" }
data:
  size: "{{ .Values.size }}"
  level: {{ .Values.level | quote }}
  namespace: {{ .Release.Namespace }}
{{- range $name, $value := .Values.extra }}
  {{ $name }}: {{ $value | quote }}
{{- end }}
`,
  "charts/store/templates/store.yaml": `apiVersion: apps/v1
kind: StatefulSet
metadata: { name: {{ .Release.Name }} }
spec:
  serviceName: {{ .Release.Name }}
  replicas: {{ .Values.size }}
  selector: { matchLabels: { app: {{ .Release.Name }} } }
  template:
    metadata: { labels: { app: {{ .Release.Name }} } }
    spec: { containers: [{ name: store, image: "registry.example/store:{{ .Chart.AppVersion }}" }] }
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`,
  "charts/store/templates/hook.yaml": `apiVersion: v1
kind: ConfigMap
metadata: { name: {{ .Release.Name }}-before, annotations: { helm.sh/hook: pre-install } }
data: { a: b }
`,
};

const KUSTOMIZE_OPTIONS = `kustomize: {
      namePrefix: my-, nameSuffix: -v1,
      images: ["registry.example/web=registry.example/other:7"],
      replicas: [{ name: web, count: 3 }],
      commonLabels: { team: shop }, commonAnnotations: { owner: "$ARGOCD_APP_NAME" }, commonAnnotationsEnvsubst: true,
      patches: [{ target: { kind: Service }, patch: '[{"op": "add", "path": "/metadata/annotations", "value": {"patched": "yes"}}]' }]
    }`;

const HELM_OPTIONS = `helm: {
      releaseName: bag, valueFiles: [production.yaml],
      parameters: [{ name: level, value: debug }, { name: extra.count, value: "7", forceString: true }]
    }`;

const MULTI = `  sources:
    - repoURL: $url
      targetRevision: main
      path: charts/store
      helm: { releaseName: multi, valueFiles: [$values/environments/north.yaml] }
    - { repoURL: $url, targetRevision: main, ref: values }
    - { repoURL: $url, targetRevision: main, path: apps/second }
`;

const SET = `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: tenants, namespace: argocd }
spec:
  goTemplate: true
  goTemplateOptions: [missingkey=error]
  generators:
    - git: { repoURL: $url, revision: main, directories: [{ path: tenants/* }] }
  template:
    metadata: { name: "tenant-{{ .path.basename }}" }
    spec:
      project: default
      source: { repoURL: $url, targetRevision: main, path: "{{ .path.path }}" }
      destination: { server: "https://kubernetes.default.svc", namespace: lab }
      syncPolicy: { automated: { prune: true, selfHeal: true } }
`;

export interface ArgoFleetOptions {
  readonly definitions: string;
  readonly settings: string;
}

/** Everything of it settles, `manual` once it is synced. */
export function argoFleet({ definitions, settings }: ArgoFleetOptions): TextFiles {
  const namespaces = ["shop", "lab"].map((name) => `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name} }\n`);
  return {
    "README.md": "# Fleet\n",
    "root.yaml": application({ name: "root", namespace: "argocd", spec: from("applications") + HEALED }),
    // Argo CD deploys itself.
    "argocd/definitions.yaml": definitions,
    "argocd/settings.yaml": settings,
    "argocd/namespaces.yaml": namespaces.join("---\n"),
    "argocd/namespace.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: { name: argocd }\n",
    "applications/argocd.yaml": application({
      name: "argocd",
      namespace: "argocd",
      spec: from("argocd") + SERVER_SIDE,
    }),
    "applications/web.yaml": application({
      name: "web",
      namespace: "shop",
      spec: from("apps/web", KUSTOMIZE_OPTIONS) + AUTOMATED,
      metadata: "finalizers: [resources-finalizer.argocd.argoproj.io]",
    }),
    "applications/manual.yaml": application({ name: "manual", namespace: "shop", spec: from("apps/manual") }),
    "applications/healed.yaml": application({ name: "healed", namespace: "shop", spec: from("apps/healed") + HEALED }),
    "applications/multi.yaml": application({ name: "multi", namespace: "shop", spec: MULTI + AUTOMATED }),
    "applications/bag.yaml": application({
      name: "bag",
      namespace: "lab",
      spec: from("charts/store", HELM_OPTIONS) + AUTOMATED,
    }),
    "applications/plain.yaml": application({
      name: "plain",
      namespace: "lab",
      spec: from("apps/plain", 'directory: { recurse: true, exclude: "{left,out/**}.yaml" }') + AUTOMATED,
    }),
    "applications/made.yaml": application({
      name: "made",
      namespace: "made",
      spec: from("apps/made") + "  syncPolicy: { automated: {}, syncOptions: [CreateNamespace=true] }\n",
    }),
    "applications/labelled.yaml": application({
      name: "labelled",
      namespace: "labelled",
      spec: `${from("apps/labelled")}  syncPolicy:
    automated: { selfHeal: true }
    syncOptions: [CreateNamespace=true]
    managedNamespaceMetadata: { labels: { team: shop }, annotations: { contact: shop.example } }
`,
    }),
    "applications/side.yaml": application({ name: "side", namespace: "lab", spec: from("apps/side") + SERVER_SIDE }),
    "applications/nested.yaml": application({ name: "nested", namespace: "argocd", spec: from("nested") + PRUNED }),
    "applications/tenants.yaml": SET,
    "nested/inner.yaml": application({ name: "inner", namespace: "lab", spec: from("apps/inner") + AUTOMATED }),
    "apps/web/kustomization.yaml": `resources: [web.yaml, service.yaml, ../base]
configMapGenerator: [{ name: settings, literals: [host=shop.example] }]
labels: [{ pairs: { app.kubernetes.io/part-of: shop } }]
`,
    "apps/web/web.yaml": deployment("web"),
    "apps/web/service.yaml": service("web"),
    "apps/base/kustomization.yaml": "resources: [worker.yaml]\n",
    "apps/base/worker.yaml": deployment("worker"),
    "apps/manual/one.yaml": deployment("by-hand"),
    "apps/manual/two.yaml": `${service("by-hand")}---\n${config("by-hand")}`,
    "apps/healed/one.yaml": deployment("healed"),
    "apps/healed/hook.yaml":
      "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: before, annotations: { argocd.argoproj.io/hook: PreSync } }\ndata: { a: b }\n",
    "apps/second/second.yaml": config("second"),
    "environments/north.yaml": "size: 2\nextra: { region: north }\n",
    ...CHART,
    "apps/plain/one.yaml": config("one"),
    "apps/plain/deep/two.yml": `${config("two")}---\n${config("elsewhere", "1", "shop")}`,
    "apps/plain/deep/three.json": JSON.stringify({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "three" },
      data: { a: "1" },
    }),
    "apps/plain/left.yaml": config("left"),
    "apps/made/one.yaml": config("made"),
    "apps/labelled/one.yaml": config("labelled"),
    "apps/side/one.yaml": deployment("side"),
    "apps/inner/one.yaml": deployment("inner"),
    "apps/inner/role.yaml": `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: inner }
rules: [{ apiGroups: [""], resources: [configmaps], verbs: [get] }]
`,
    "tenants/east/one.yaml": config("east"),
    "tenants/west/kustomization.yaml": "namePrefix: west-\nresources: [one.yaml]\n",
    "tenants/west/one.yaml": config("one"),
  };
}
