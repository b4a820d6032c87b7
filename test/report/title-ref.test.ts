import { expect, test } from "vitest";
import { titleRef } from "../../src/report/words.ts";

test.each([
  ["a plain object", "Deployment", "web", "shop", "Deployment/web in shop"],
  ["a cluster-scoped one", "ClusterRole", "support", undefined, "ClusterRole/support"],
  ["a name that closes issues", "ConfigMap", "fixes", "shop", undefined],
  ["a namespace that refers to one", "ConfigMap", "web", "GH-1", undefined],
  ["a name with a blank", "Role", "no ci", "shop", undefined],
  ["a name with a mention", "Role", "@octocat", "shop", undefined],
  ["a name longer than a title", "Role", "a".repeat(200), "shop", undefined],
])("a title names %s, or not", (_title, kind, name, namespace, expected) => {
  const ref = { apiVersion: "v1", kind, name, ...(namespace === undefined ? {} : { namespace }) };
  expect(titleRef(ref)).toBe(expected);
});
