// What Argo CD says that it deployed, on real runs: repositories of two commits, and clusters as the status has them.

import { expect, test } from "vitest";
import { commitAll, git, repositoryOf, write } from "../desired/repositories.ts";
import { holdfast } from "./run.ts";

function application(path: string): object {
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

function config(name: string, data: Readonly<Record<string, string>>): object {
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

/** As Argo CD left it, and kubectl after that. */
function deployed(name: string, data: Readonly<Record<string, string>>, byHand: readonly string[] = []): object {
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
        entry("argocd-controller", "Apply", own),
        ...(byHand.length === 0 ? [] : [entry("kubectl-edit", "Update", byHand)]),
      ],
    },
    data,
  };
}

/** `more`: of the spec. */
function synced(path: string, commit: string, more: object = {}): object {
  const live = application(path) as { metadata: object; spec: { source: object } };
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

function text(files: Readonly<Record<string, object>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([path, value]) => [path, JSON.stringify(value)]));
}

function repository(first: Readonly<Record<string, object>>, second: Readonly<Record<string, object>>) {
  const dir = repositoryOf(text(first));
  const one = git(dir, "rev-parse", "HEAD").trim();
  write(dir, text(second));
  for (const path of Object.keys(first)) if (!(path in second)) git(dir, "rm", "-q", path);
  commitAll(dir);
  return { dir, one, two: git(dir, "rev-parse", "HEAD").trim() };
}

interface Told {
  readonly object: { readonly kind: string; readonly name: string };
  readonly state: string;
  readonly keptBy?: string;
  readonly changes: readonly { readonly field: string; readonly direction: string }[];
}

async function scanned(dir: string, live: readonly object[]) {
  const input = JSON.stringify({ apiVersion: "v1", kind: "List", items: live });
  const ran = await holdfast(["scan", "--repo", dir, "--live", "-", "--format", "json"], { input });
  const { drifts } = JSON.parse(ran.stdout) as { readonly drifts: readonly Told[] };
  const told = drifts.map(({ object, state, keptBy, changes }) => {
    const sides = changes.map(({ field, direction }) => `${field} ${direction}`).join(", ");
    return [`${object.name} ${state}`, keptBy, sides].filter((word) => word !== undefined && word !== "").join(": ");
  });
  return { code: ran.code, told };
}

test("a commit that waits for a sync by hand is no drift, and what was changed besides is", async () => {
  const { dir, one } = repository(
    { "app.yaml": application("apps"), "apps/web.yaml": config("web", { x: "1", z: "1" }) },
    {
      "app.yaml": application("apps"),
      "apps/web.yaml": config("web", { x: "2", z: "1" }),
      "apps/new.yaml": config("new", {}),
    },
  );
  expect(await scanned(dir, [synced("apps", one), deployed("web", { x: "1", z: "1" })])).toEqual({
    code: 0,
    told: ["new pending", "web pending: data.x git-ahead"],
  });
  expect(await scanned(dir, [synced("apps", one), deployed("web", { x: "1", z: "9" }, ["z"])])).toEqual({
    code: 2,
    told: ["new pending", "web drifted: data.x git-ahead, data.z live-changed"],
  });
});

test("what Git removed waits for a sync by hand, and stays where Argo CD was synced since", async () => {
  const apps = { "app.yaml": application("apps"), "apps/web.yaml": config("web", { x: "1" }) };
  const { dir, one, two } = repository({ ...apps, "apps/old.yaml": config("old", { k: "v" }) }, apps);
  const live = [deployed("web", { x: "1" }), deployed("old", { k: "v" })];
  expect((await scanned(dir, [synced("apps", one), ...live])).told).toEqual(["old pending"]);
  const automated = { syncPolicy: { automated: {} } };
  expect((await scanned(dir, [synced("apps", one, automated), ...live])).told).toEqual(["old unmanaged: Argo CD"]);
  const status = synced("apps", two) as { status: { history: object[] } };
  status.status.history.unshift({ revision: one });
  expect((await scanned(dir, [status, ...live])).told).toEqual(["old unmanaged: Argo CD"]);
});

test("an Application that waits to be applied itself deploys the new commit by its old source", async () => {
  const { dir, two } = repository(
    { "app.yaml": application("old"), "old/web.yaml": config("web", { x: "old" }) },
    {
      "app.yaml": application("new"),
      "old/web.yaml": config("web", { x: "old" }),
      "new/web.yaml": config("web", { x: "new" }),
    },
  );
  const { told } = await scanned(dir, [synced("old", two), deployed("web", { x: "old" })]);
  expect(told).toContain("web pending: data.x git-ahead");
  // Git never had it deploy that folder.
  write(dir, { "elsewhere/web.yaml": JSON.stringify(config("web", { x: "elsewhere" })) });
  commitAll(dir);
  const three = git(dir, "rev-parse", "HEAD").trim();
  const changed = await scanned(dir, [synced("elsewhere", three), deployed("web", { x: "elsewhere" })]);
  expect(changed.told).toContain("web drifted: data.x live-changed");
});
