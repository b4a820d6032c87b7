import { describe, expect, test } from "vitest";
import type { ValueMap } from "../../../src/core/value.ts";
import { helmReleaseOf, valuesAt } from "../../../src/desired/flux/helm-release.ts";

function release(spec: ValueMap) {
  const ref = { apiVersion: "helm.toolkit.fluxcd.io/v2", kind: "HelmRelease", name: "web", namespace: "apps" };
  const origin = { file: "r.yaml", document: 0, items: [], layer: "literal", hash: "" } as const;
  return helmReleaseOf({ ref, origin, value: { spec: { chart: CHART, ...spec } } });
}

const CHART = { spec: { chart: "./charts/web", sourceRef: { kind: "GitRepository", name: "fleet" } } };

/** Facts: helm-controller `api/v2`, GetReleaseName, GetReleaseNamespace, GetStorageNamespace. */
describe("a HelmRelease", () => {
  test.each<readonly [string, ValueMap, string, string]>([
    ["is called as it is", {}, "web", "apps"],
    ["is called by the namespace that it goes to", { targetNamespace: "shop" }, "shop-web", "shop"],
    ["is called as it says", { targetNamespace: "shop", releaseName: "r" }, "r", "shop"],
    ["goes where it is where that is empty", { targetNamespace: "" }, "web", "apps"],
  ])("%s", (_what, spec, name, namespace) => {
    expect(release(spec)).toMatchObject({ release: name, namespace });
  });

  test.each<readonly [string, ValueMap, object]>([
    [
      "a chart of its own repository",
      {},
      { chart: "./charts/web", source: { kind: "GitRepository", name: "fleet", namespace: "apps" }, valuesFiles: [] },
    ],
    [
      "a chart with a version, of another namespace",
      {
        chart: {
          spec: {
            chart: "web",
            version: ">=1",
            sourceRef: { kind: "HelmRepository", name: "x", namespace: "sources" },
            valuesFiles: ["a.yaml", 1],
          },
        },
      },
      {
        chart: "web",
        version: ">=1",
        source: { kind: "HelmRepository", name: "x", namespace: "sources" },
        valuesFiles: ["a.yaml"],
      },
    ],
    [
      "a chart by reference",
      { chartRef: { kind: "OCIRepository", name: "web" } },
      { source: { kind: "OCIRepository", name: "web", namespace: "apps" }, valuesFiles: [] },
    ],
  ])("deploys %s", (_what, spec, expected) => {
    expect(release(spec)?.chart).toEqual(expected);
  });

  test("takes values from others in their order", () => {
    const valuesFrom = [
      { kind: "ConfigMap", name: "a" },
      { kind: "Secret", name: "b", valuesKey: "k", optional: true },
      { kind: "ConfigMap", name: "c", targetPath: "x.y" },
      { kind: "ConfigMap" },
      "nothing",
    ];
    expect(release({ valuesFrom })?.valuesFrom).toEqual([
      { kind: "ConfigMap", name: "a", key: "values.yaml", optional: false },
      { kind: "Secret", name: "b", key: "k", optional: true },
      { kind: "ConfigMap", name: "c", key: "values.yaml", optional: false, targetPath: "x.y" },
    ]);
  });

  test.each<readonly [string, ValueMap]>([
    ["names no chart", { chart: {} }],
    ["names something else as its chart", { chart: [] }],
  ])("that %s is none", (_what, spec) => {
    expect(release(spec)).toBeUndefined();
  });

  test.each<readonly [string, ValueMap, object]>([
    ["suspended", { suspend: true }, { suspended: true, remote: false }],
    ["of another cluster", { kubeConfig: { secretRef: { name: "x" } } }, { suspended: false, remote: true }],
  ])("may be %s", (_what, spec, expected) => {
    expect(release(spec)).toMatchObject(expected);
  });
});

/** Facts: helm `pkg/strvals`, as `--set` reads it. */
describe("a value at a path", () => {
  test.each<readonly [string, string, unknown]>([
    ["a", "text", { a: "text" }],
    ["a.b.c", "1", { a: { b: { c: 1 } } }],
    ["a", "true", { a: true }],
    ["a", "null", { a: null }],
    ["a", '"true"', { a: "true" }],
    ["a", "'1'", { a: "1" }],
    ["a", "007", { a: "007" }],
    ["a", "-3", { a: -3 }],
    ["a", "1.5", { a: "1.5" }],
    ["a", "", { a: "" }],
    ["a[0]", "x", undefined],
    ["a,b", "x", undefined],
    ["a..b", "x", undefined],
    ["", "x", undefined],
    ["a\\.b", "x", undefined],
  ])("%s = %s", (path, text, expected) => {
    expect(valuesAt(path, text)).toEqual(expected);
  });

  test("may be called anything", () => {
    const values = valuesAt("__proto__.x", "1");
    expect(Object.hasOwn(values ?? {}, "__proto__")).toBe(true);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });
});
