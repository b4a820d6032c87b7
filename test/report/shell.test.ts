import { expect, test } from "vitest";
import { objectWords } from "../../src/report/shell.ts";

test.each([
  ["a kind of Kubernetes", "apps/v1", "Deployment", "deployment web --namespace shop"],
  ["a kind of a group of Kubernetes", "networking.k8s.io/v1", "Ingress", "ingress web --namespace shop"],
  ["a custom kind", "serving.knative.dev/v1", "Service", "service.serving.knative.dev web --namespace shop"],
])("%s is named so that kubectl finds no other", (_what, apiVersion, kind, words) => {
  expect(objectWords({ apiVersion, kind, namespace: "shop", name: "web" })).toBe(words);
});
