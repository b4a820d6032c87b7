// Objects of a cluster that Argo CD deploys to, and what a scan beside a repository says of them.

import { holdfast } from "./run.ts";

export function application(path: string) {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name: "web", namespace: "argocd" },
    spec: {
      project: "default",
      source: { repoURL: "https://git.example/r.git", path },
      destination: { name: "in-cluster", namespace: "shop" },
    },
  };
}

export function config(name: string, data: Readonly<Record<string, string>>): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "shop" }, data };
}

function fields(names: readonly string[]): object {
  return { "f:data": Object.fromEntries(names.map((one) => [`f:${one}`, {}])) };
}

function entry(manager: string, operation: string, names: readonly string[]): object {
  return {
    manager,
    operation,
    apiVersion: "v1",
    fieldsType: "FieldsV1",
    fieldsV1: fields(names),
    time: new Date(Date.now() - (operation === "Apply" ? 7_200_000 : 60_000)).toISOString(),
  };
}

/** As Argo CD left it (two hours ago, or then), and kubectl after that. */
export function deployed(
  name: string,
  data: Readonly<Record<string, string>>,
  byHand: readonly string[] = [],
  then?: string,
): object {
  const own = Object.keys(data).filter((one) => !byHand.includes(one));
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name,
      namespace: "shop",
      uid: name,
      creationTimestamp: "2020-01-01T00:00:00Z",
      annotations: { "argocd.argoproj.io/tracking-id": `web:/ConfigMap:shop/${name}` },
      managedFields: [
        { ...entry("argocd-controller", "Apply", own), ...(then === undefined ? {} : { time: then }) },
        ...(byHand.length === 0 ? [] : [entry("kubectl-edit", "Update", byHand)]),
      ],
    },
    data,
  };
}

/** `more`: of the spec. */
export function synced(path: string, commit: string, more: object = {}) {
  const live = application(path);
  const record = { revision: commit, source: live.spec.source };
  return {
    ...live,
    metadata: { ...live.metadata, uid: "a", creationTimestamp: "2020-01-01T00:00:00Z" },
    spec: { ...live.spec, ...more },
    status: {
      sync: { revision: "f".repeat(40), status: "OutOfSync" },
      history: [{ id: 0, ...record }],
      operationState: { phase: "Succeeded", operation: { sync: {} }, syncResult: record },
    },
  };
}

/** Everything was synced at the one commit; then, at the other, something else alone: what came in between nothing tells. */
export function syncedPartly(path: string, { whole, at, last }: { whole: string; at: string; last: string }) {
  const live = synced(path, whole);
  const { history, operationState, ...more } = live.status;
  const status = {
    ...more,
    history: history.map((one) => ({ ...one, deployedAt: at })),
    operationState: {
      ...operationState,
      operation: { sync: { resources: [{ kind: "ConfigMap", name: "other" }] } },
      syncResult: { ...operationState.syncResult, revision: last },
    },
  };
  return { ...live, status };
}

export function text(files: Readonly<Record<string, object>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([path, value]) => [path, JSON.stringify(value)]));
}

interface Told {
  readonly object: { readonly kind: string; readonly name: string };
  readonly state: string;
  readonly keptBy?: string;
  readonly changes: readonly { readonly field: string; readonly direction: string; readonly claimed?: boolean }[];
}

/** `name state: keptBy: field direction, …`, with `?` where that is only claimed. */
export async function scanned(dir: string, live: readonly object[]) {
  const input = JSON.stringify({ apiVersion: "v1", kind: "List", items: live });
  const ran = await holdfast(["scan", "--repo", dir, "--live", "-", "--format", "json"], { input });
  const { drifts } = JSON.parse(ran.stdout) as { readonly drifts: readonly Told[] };
  const told = drifts.map(({ object, state, keptBy, changes }) => {
    const sides = changes
      .map(({ field, direction, claimed }) => `${field} ${direction}${claimed === true ? "?" : ""}`)
      .join(", ");
    return [`${object.name} ${state}`, keptBy, sides].filter((word) => word !== undefined && word !== "").join(": ");
  });
  return { code: ran.code, told };
}
