import { describe, expect, test } from "vitest";
import type { KindRef } from "../../src/core/refs.ts";
import type { LiveSource } from "../../src/core/stages.ts";
import { servedVersions } from "../../src/reconcile/served-versions.ts";
import type { Declared } from "../../src/reconcile/compare-live.ts";
import { desiredOf, yaml } from "../drift/objects.ts";

const SERVED = [
  "policy/v1 PodDisruptionBudget",
  "networking.k8s.io/v1 Ingress",
  "autoscaling/v2 Scaler",
  "autoscaling/v1 Scaler",
];

/** Serves the kinds above, in the first version that is listed where another is asked for. */
const live: Pick<LiveSource, "served" | "lacks"> = {
  served: ({ apiVersion, kind }) => {
    const group = apiVersion.split("/")[0] ?? "";
    const found =
      SERVED.find((one) => one === `${apiVersion} ${kind}`) ??
      SERVED.find((one) => one.startsWith(group) && one.endsWith(` ${kind}`));
    if (found === undefined) return undefined;
    return { apiVersion: found.split(" ")[0] ?? "", kind, resource: "x", namespaced: true, verbs: ["list"] };
  },
  lacks: ({ apiVersion, kind }: KindRef) => !SERVED.includes(`${apiVersion} ${kind}`),
};

function declare(apiVersion: string, kind: string, names: readonly string[] = ["web"]): readonly Declared[] {
  return names.map((name) => ({
    target: "default",
    object: desiredOf(yaml(`{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: ${name}, namespace: shop}}`)),
  }));
}

describe("the API version that Git declares", () => {
  test.each<[string, string, string, string | undefined]>([
    ["is served", "policy/v1", "PodDisruptionBudget", undefined],
    ["is served beside a newer one", "autoscaling/v1", "Scaler", undefined],
    ["is gone, and another of its group is served", "policy/v1beta1", "PodDisruptionBudget", "policy/v1"],
    ["is gone, and the kind moved to another group", "extensions/v1beta1", "Ingress", "networking.k8s.io/v1"],
    ["is of a kind that is not served at all", "example.com/v1", "App", undefined],
    ["is of a kind that moved to a group that is not served", "extensions/v1beta1", "Deployment", undefined],
  ])("%s", (_, apiVersion, kind, replacement) => {
    const { declared, faults, outdated } = servedVersions(declare(apiVersion, kind), live);
    expect([declared.length, outdated]).toEqual(replacement === undefined ? [1, 0] : [0, 1]);
    expect(faults.map(({ code, leavesUnknown }) => [code, leavesUnknown])).toEqual(
      replacement === undefined ? [] : [["version-not-served", "declared"]],
    );
    for (const { remedy } of faults) expect(remedy).toContain(`apiVersion to ${replacement}`);
  });

  test("is told once for a kind, with the first objects and their files", () => {
    const names = Array.from({ length: 8 }, (_, index) => `web-${index}`);
    const { faults } = servedVersions(declare("policy/v1beta1", "PodDisruptionBudget", names), live);
    expect(faults).toHaveLength(1);
    expect(faults[0]?.message).toContain("PodDisruptionBudget/web-4 in shop (web.yaml), 3 more");
  });

  test("where it is gone, the object lives under the new group's name", () => {
    expect(servedVersions(declare("extensions/v1beta1", "Ingress"), live).known).toEqual([
      "networking.k8s.io\0Ingress\0shop\0web",
    ]);
  });
});
