// The repository of the benchmark of rendered roots: applications of ten objects each, four in five of them a kustomization
// over a base of its own, the fifth a chart.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { deployment } from "../deployments.ts";

export interface Root {
  /** The folder that is rendered. */
  readonly path: string;
  readonly renderer: "kustomize" | "helm";
}

const CHART_EVERY = 5;

/** Writes `count` applications below `repo`, and commits nothing: a scan reads the working copy. */
export function makeRoots(repo: string, count: number): readonly Root[] {
  mkdirSync(repo, { recursive: true });
  execFileSync("git", ["init", "--quiet", repo]);
  return Array.from({ length: count }, (_, index) => {
    const name = `app-${index}`;
    return index % CHART_EVERY === CHART_EVERY - 1 ? makeChart(repo, name) : makeOverlay(repo, name);
  });
}

/** The file that the second scan finds changed, and one line of it before and after: the same objects come out. */
export const TOUCHED = { file: "apps/app-0/base/service.yaml", line: "# The port of the proxy is 9090.\n" };

function makeOverlay(repo: string, name: string): Root {
  const base = `apps/${name}/base`;
  const path = `apps/${name}/production`;
  const objects = objectsOf(name, name);
  for (const [file, object] of Object.entries(objects)) {
    if (file !== "configmap") write(repo, `${base}/${file}.yaml`, stringify(object));
  }
  write(
    repo,
    `${base}/kustomization.yaml`,
    stringify({
      resources: Object.keys(objects)
        .filter((file) => file !== "configmap")
        .map((file) => `${file}.yaml`),
      configMapGenerator: [{ name, files: ["settings.ini"] }],
    }),
  );
  write(repo, `${base}/settings.ini`, `name=${name}\nlevel=info\n`);
  write(
    repo,
    `${path}/kustomization.yaml`,
    stringify({
      namespace: "shop",
      resources: ["../base"],
      labels: [{ pairs: { environment: "production" } }],
      images: [{ name: "registry.example.com/shop/web", newTag: "1.27.4" }],
      replicas: [{ name, count: 4 }],
      patches: [{ path: "memory.yaml" }],
    }),
  );
  write(
    repo,
    `${path}/memory.yaml`,
    stringify({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name },
      spec: { template: { spec: { containers: [{ name: "web", resources: { limits: { memory: "1Gi" } } }] } } },
    }),
  );
  return { path, renderer: "kustomize" };
}

function makeChart(repo: string, name: string): Root {
  const path = `apps/${name}`;
  write(repo, `${path}/Chart.yaml`, stringify({ apiVersion: "v2", name, version: "1.0.0" }));
  write(repo, `${path}/values.yaml`, stringify({ replicas: 4, tag: "1.27.4", host: `${name}.example.com` }));
  for (const [file, object] of Object.entries(objectsOf(name, "{{ .Chart.Name }}"))) {
    const text = stringify({ ...object, metadata: { ...object.metadata, namespace: "shop" } })
      .replace("replicas: 3", "replicas: {{ .Values.replicas }}")
      .replace("web:1.27.3", "web:{{ .Values.tag }}")
      .replace(`host: ${name}.example.com`, "host: {{ .Values.host | quote }}")
      .replaceAll(/: (\{\{ \.Chart\.Name \}\})$/gm, ": $1");
    write(repo, `${path}/templates/${file}.yaml`, text.replaceAll('"{{ .Chart.Name }}"', "{{ .Chart.Name }}"));
  }
  return { path, renderer: "helm" };
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: object;
  readonly [field: string]: unknown;
}

/** Ten objects, by file. @param own the name as it is written in a template. */
function objectsOf(name: string, own: string): Readonly<Record<string, Manifest>> {
  const metadata = { name: own, labels: { app: own } };
  const role = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: own };
  return {
    deployment: {
      ...(deployment(name, false) as unknown as Manifest),
      metadata,
    },
    service: {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { selector: { app: own }, ports: [{ port: 80, targetPort: 8080 }] },
    },
    configmap: { apiVersion: "v1", kind: "ConfigMap", metadata, data: { level: "info" } },
    account: { apiVersion: "v1", kind: "ServiceAccount", metadata },
    role: {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata,
      rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list"] }],
    },
    binding: {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata,
      roleRef: role,
      subjects: [{ kind: "ServiceAccount", name: own }],
    },
    budget: {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata,
      spec: { minAvailable: 1, selector: { matchLabels: { app: own } } },
    },
    network: {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata,
      spec: { podSelector: { matchLabels: { app: own } }, policyTypes: ["Ingress"] },
    },
    ingress: {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata,
      spec: {
        rules: [
          {
            host: `${name}.example.com`,
            http: {
              paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: own, port: { number: 80 } } } }],
            },
          },
        ],
      },
    },
    disk: {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata,
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    },
  };
}

function write(repo: string, path: string, text: string): void {
  const file = join(repo, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
