// Whoever may write an object may write all of its managedFields: a deployer's name, and any time. What Git had once, put back
// by hand and dated then, waits for no deployment where it violates a policy.

import { describe, expect, test } from "vitest";
import { commitAll, repositoryOf, write } from "../desired/repositories.ts";
import { application, scanned, syncedPartly, text } from "./argo-deployed.ts";

function at(minute: number): string {
  return `2026-01-01T10:${minute}:00Z`;
}

interface Said {
  readonly privileged: boolean;
  readonly image: string;
}

function deployment({ privileged, image }: Said): object {
  const security = privileged ? { securityContext: { privileged } } : {};
  const spec = { containers: [{ name: "web", image: `registry.example/${image}`, ...security }] };
  const selector = { matchLabels: { app: "web" } };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "shop" },
    spec: { selector, template: { metadata: { labels: { app: "web" } }, spec } },
  };
}

/** As it was written under that name, or so it says. */
function live(said: Said, manager: string, time: string): object {
  const own = deployment(said) as { readonly metadata: object };
  const container = {
    ".": {},
    "f:name": {},
    "f:image": {},
    ...(said.privileged ? { "f:securityContext": { "f:privileged": {} } } : {}),
  };
  const fieldsV1 = {
    "f:spec": {
      "f:selector": {},
      "f:template": {
        "f:metadata": { "f:labels": { "f:app": {} } },
        "f:spec": { "f:containers": { 'k:{"name":"web"}': container } },
      },
    },
  };
  const entry = { manager, operation: "Apply", apiVersion: "apps/v1", fieldsType: "FieldsV1", fieldsV1, time };
  const annotations = { "argocd.argoproj.io/tracking-id": "web:apps/Deployment:shop/web" };
  const metadata = { ...own.metadata, uid: "w", creationTimestamp: "2025-01-01T00:00:00Z", managedFields: [entry] };
  return { ...own, metadata: { ...metadata, ...(manager === "argocd-controller" ? { annotations } : {}) } };
}

const HARMLESS = { privileged: false, image: "web:1" };
const ONCE = { privileged: true, image: "web:2" };
const NOW = { privileged: false, image: "web:3" };

/** Git had it for ten minutes; with an Application that says that it was synced before, and then of something else. */
function repository(byArgo: boolean) {
  const dir = repositoryOf({ "README.md": "" });
  const commit = (minute: number, said: Said): string => {
    const files = { "apps/web.yaml": deployment(said), ...(byArgo ? { "app.yaml": application("apps") } : {}) };
    write(dir, text(files));
    return commitAll(dir, "test", at(minute));
  };
  const first = commit(10, HARMLESS);
  commit(20, ONCE);
  const last = commit(30, NOW);
  return { dir, others: byArgo ? [syncedPartly("apps", { whole: first, at: at(11), last })] : [] };
}

const IMAGE = 'spec.template.spec.containers[name="web"].image git-ahead';

describe.each([
  ["kubectl", false],
  ["argocd-controller", true],
] as const)("dated when Git had it, under the name of %s,", (manager, byArgo) => {
  test("what violates no policy waits", async () => {
    const { dir, others } = repository(byArgo);
    const { told } = await scanned(dir, [...others, live({ ...ONCE, privileged: false }, manager, at(25))]);
    expect(told).toEqual([`web pending: ${IMAGE}`]);
  });

  test("what violates one is drift", async () => {
    const { dir, others } = repository(byArgo);
    const { told } = await scanned(dir, [...others, live(ONCE, manager, at(25))]);
    const field = 'spec.template.spec.containers[name="web"].securityContext';
    expect(told.map((one) => one.replace("web drifted: ", "").split(", ").toSorted())).toEqual([
      [IMAGE, `${field} unknown`].toSorted(),
    ]);
  });
});
