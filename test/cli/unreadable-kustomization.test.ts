// A kustomization that somebody broke costs what it declares, and makes nothing else a declaration of its own.

import { expect, test } from "vitest";
import { repositoryOf } from "../desired/repositories.ts";
import { holdfast } from "./run.ts";

const FILES = {
  "manifests/dep.yaml": deployment("1.24", 1),
  "base/kustomization.yaml": "resources: [more.yaml]\n",
  "base/more.yaml": deployment("1.24", 1).replace("name: web,", "name: more,"),
};
const OVERLAY = 'resources: [../manifests/dep.yaml, ../base]\nimages: [{ name: nginx, newTag: "1.25" }]\n';

function deployment(tag: string, replicas: number): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: "nginx:${tag}" }] }
`;
}

test.for([
  ["an open quote", 'namePrefix: "\n'],
  ["infinity", "weight: .inf\n"],
  ["a field that is none", "resource: []\n"],
])("%s brings no drift and no proposal of a file that is patched before it is deployed", async ([, broken]) => {
  const repo = repositoryOf({ ...FILES, "overlay/kustomization.yaml": OVERLAY + broken });
  const live = `${deployment("1.25", 5)}---\n${deployment("1.25", 5).replace("name: web,", "name: more,")}`;
  const { code, stdout } = await holdfast(["scan", "--repo", repo, "--live", "-", "--format", "json"], { input: live });
  const report = JSON.parse(stdout) as {
    readonly drifts: readonly unknown[];
    readonly faults: readonly { readonly message: string }[];
  };
  expect(report.drifts).toEqual([]);
  expect(report.faults.map(({ message }) => message).join("\n")).toContain("overlay");
  expect(stdout).not.toContain("base/more.yaml");
  expect(code).not.toBe(0);
});
