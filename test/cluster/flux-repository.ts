// A repository that Flux deploys, with each part of a Flux Kustomization in use, for the suite with the real controller.

import type { Files } from "./rendering.ts";

export type TextFiles = Readonly<Record<string, string>>;

interface Kustomization {
  readonly name: string;
  readonly path: string;
  readonly more?: string;
}

/** A Flux Kustomization that is tried again each ten minutes. */
export function kustomization({ name, path, more = "" }: Kustomization): string {
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${name}, namespace: flux-system }
spec:
  interval: 10m
  retryInterval: 10m
  timeout: 20s
  prune: true
  path: ${path}
  sourceRef: { kind: GitRepository, name: flux-system }
${more}`;
}

const SOURCE = `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: flux-system, namespace: flux-system }
spec: { interval: 1m, url: "https://git.example/fleet.git", ref: { branch: main } }
`;

export function web(name: string, image = "registry.example/web:1", replicas = 2): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
        - name: web
          image: ${image}
          env:
            - { name: REGION, value: "\${region}" }
            - { name: LEVEL, value: "\${level:=info}" }
`;
}

export function config(name: string, value = "1", namespace = ""): string {
  const where = namespace === "" ? "" : `, namespace: ${namespace}`;
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}${where} }\ndata: { a: "${value}" }\n`;
}

export interface FleetOptions {
  /** Of `flux bootstrap`. */
  readonly components: string;
}

const WEB = `  targetNamespace: shop
  namePrefix: my-
  commonMetadata:
    labels: { team: shop }
    annotations: { example.com/owner: shop }
  components: [../../components/tier]
  images:
    - { name: registry.example/web, newTag: "7" }
  patches:
    - patch: |
        apiVersion: apps/v1
        kind: Deployment
        metadata: { name: all }
        spec: { template: { spec: { priorityClassName: "" , terminationGracePeriodSeconds: 45 } } }
      target: { kind: Deployment }
    - patch: |
        - { op: add, path: /metadata/annotations, value: { patched: "yes" } }
      target: { kind: Service, name: web }
  postBuild:
    substitute: { level: debug }
    substituteFrom:
      - { kind: ConfigMap, name: cluster-vars }
      - { kind: Secret, name: cluster-secrets }
      - { kind: ConfigMap, name: nowhere, optional: true }
`;

/** Everything of it settles. */
export function fleet({ components }: FleetOptions): TextFiles & Files {
  return {
    "README.md": "# Fleet\n",
    ".github/workflows/ci.yaml": "on: push\njobs: {}\n",
    "clusters/main/flux-system/gotk-components.yaml": components,
    "clusters/main/flux-system/gotk-sync.yaml": `${SOURCE}---\n${kustomization({ name: "flux-system", path: "./clusters/main" })}`,
    "clusters/main/flux-system/kustomization.yaml":
      "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [gotk-components.yaml, gotk-sync.yaml]\n",
    "clusters/main/namespaces.yaml": ["shop", "lab"]
      .map((name) => `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name} }\n`)
      .join("---\n"),
    "clusters/main/vars.yaml": `apiVersion: v1
kind: ConfigMap
metadata: { name: cluster-vars, namespace: flux-system }
data: { region: north, host: shop.example }
---
apiVersion: v1
kind: Secret
metadata: { name: cluster-secrets, namespace: flux-system }
stringData: { token: s3cr3t-of-the-cluster }
`,
    "clusters/main/apps.yaml": [
      kustomization({ name: "web", path: "./apps/web", more: WEB }),
      kustomization({ name: "plain", path: "./apps/plain", more: "  targetNamespace: lab\n" }),
      kustomization({ name: "nested", path: "./apps/nested", more: "  dependsOn: [{ name: plain }]\n" }),
      kustomization({ name: "only-components", path: "./apps/only-components", more: "  targetNamespace: lab\n" }),
      kustomization({ name: "paused", path: "./apps/paused", more: "  targetNamespace: lab\n" }),
    ].join("---\n"),
    // Patches, images, components, a generator, variables of a ConfigMap and a Secret.
    "apps/web/kustomization.yaml": `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [web.yaml, service.yaml, ../base]
configMapGenerator:
  - name: settings
    literals: ["host=\${host}", "token=\${token}"]
labels:
  - { pairs: { app.kubernetes.io/part-of: shop } }
`,
    "apps/web/web.yaml": web("web"),
    "apps/web/service.yaml":
      "apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec:\n  selector: { app: web }\n  ports: [{ port: 80, targetPort: 8080 }]\n",
    "apps/base/kustomization.yaml": "resources: [worker.yaml]\n",
    "apps/base/worker.yaml": web("worker", "registry.example/worker:1"),
    "components/tier/kustomization.yaml": `apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
labels:
  - { pairs: { tier: front } }
`,
    // No kustomization: all manifests, at any depth, and a folder with one as a whole.
    "apps/plain/one.yaml": config("one"),
    "apps/plain/deep/er/two.yml": `${config("two")}---\n${config("three")}`,
    "apps/plain/deep/notes.txt": "no manifest",
    "apps/plain/own/kustomization.yaml": "namePrefix: own-\nresources: [four.yaml]\n",
    "apps/plain/own/four.yaml": config("four"),
    "apps/plain/own/unused.yaml": config("unused"),
    // Kustomizations that are deployed by another one.
    "apps/nested/inner.yaml": kustomization({ name: "inner", path: "./apps/inner", more: "  targetNamespace: lab\n" }),
    "apps/inner/deployment.yaml": web("inner"),
    "apps/inner/role.yaml": `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: inner }
rules: [{ apiGroups: [""], resources: [configmaps], verbs: [get] }]
`,
    "apps/only-components/kustomization.yaml": "components: [../../components/made]\n",
    "components/made/kustomization.yaml":
      "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [made.yaml]\n",
    "components/made/made.yaml": config("made"),
    "apps/paused/paused.yaml": config("paused"),
    "apps/paused/web.yaml": web("paused"),
  };
}

/** Many small things to change, each by itself. */
export function samples(count: number): TextFiles {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`apps/samples/sample-${index}.yaml`, sample({ index })]),
  );
}

export interface Sample {
  readonly index: number;
  readonly image?: string;
  readonly level?: string;
  readonly replicas?: number;
}

/** Two of three are Deployments. */
export function sample({ index, image = "1", level = "info", replicas = 2 }: Sample): string {
  const name = `sample-${index}`;
  if (index % 3 === 2) {
    return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { level: "${level}", size: "${replicas}", from: "\${region:=south}" }\n`;
  }
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
        - { name: main, image: "registry.example/sample:${image}", args: ["--level=${level}"] }
`;
}
