// Which values a HelmRelease's chart has, where the chart stands in the same repository.

import { beforeAll, describe, expect, test } from "vitest";
import { ensureBinary, whyUnavailable } from "./binaries.ts";
import { at, chartOf, configMap, faults, render } from "./rendering.ts";

const unavailable = whyUnavailable(["kustomize", "helm"]);
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

beforeAll(async () => {
  if (unavailable !== undefined) return;
  for (const name of ["kustomize", "helm"] as const) await ensureBinary(name);
}, 600_000);

const CHART = Object.entries(
  chartOf(
    "web",
    {
      "map.yaml": configMap(
        "web",
        '{ colour: {{ .Values.colour | quote }}, size: {{ .Values.size | default "none" }} }',
      ),
    },
    { values: "colour: blue\nsize: small\n" },
  ),
).map(([file, text]) => [`charts/${file}`, text] as const);

function repositoryOf(spec: string): Readonly<Record<string, string | Uint8Array>> {
  return {
    ...Object.fromEntries(CHART),
    "values/production.yaml": "colour: red\n",
    "clusters/main/apps.yaml":
      "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: apps, namespace: flux-system }\nspec: { path: ./apps, prune: true, sourceRef: { kind: GitRepository, name: fleet } }\n",
    "apps/web.yaml": `apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: web, namespace: shop }\nspec: { interval: 1h, chart: { spec: { chart: ./charts/web, sourceRef: { kind: GitRepository, name: fleet, namespace: flux-system }${spec} } } }\n`,
  };
}

describe.skipIf(unavailable !== undefined)("values files of a HelmRelease", () => {
  test.each([
    ["none: the chart's own", "", { colour: "blue", size: "small" }],
    ["one, in place of the chart's own", ", valuesFiles: [values/production.yaml]", { colour: "red", size: "none" }],
    [
      "the chart's own among them",
      ", valuesFiles: [./charts/web/values.yaml, values/production.yaml]",
      { colour: "red", size: "small" },
    ],
    [
      "the chart's own as the last one",
      ", valuesFiles: [values/production.yaml, charts/web/values.yaml]",
      { colour: "blue", size: "small" },
    ],
  ])("%s", async (_, spec, data) => {
    const state = await render(repositoryOf(spec));
    expect(faults(state)).toEqual([]);
    expect(at(state, "ConfigMap", "data")).toEqual(data);
  });
});
