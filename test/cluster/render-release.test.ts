// Which values a HelmRelease's chart has, where the chart stands in the same repository.

import { beforeAll, describe, expect, test } from "vitest";
import { fieldAt } from "../../src/core/value.ts";
import { ensureBinary, whyUnavailable } from "./binaries.ts";
import { at, chartOf, configMap, faults, objectOf, render } from "./rendering.ts";

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

describe.skipIf(unavailable !== undefined)("post-renderers of a HelmRelease", () => {
  test("change what they name, and leave the rest there", async () => {
    const files = repositoryOf("");
    const patch = `'[{"op": "replace", "path": "/data/size", "value": "large"}]'`;
    const added = `interval: 1h, postRenderers: [{ kustomize: { patches: [{ target: { name: web }, patch: ${patch} }] } }]`;
    const state = await render({
      ...files,
      "apps/web.yaml": String(files["apps/web.yaml"]).replace("interval: 1h", added),
      "charts/web/templates/other.yaml": configMap("other", "{ a: b }"),
    });
    expect(faults(state)).toEqual([]);
    expect(fieldAt(objectOf(state, "ConfigMap", "web").value, "data")).toEqual({ colour: "blue", size: "large" });
    expect(fieldAt(objectOf(state, "ConfigMap", "other").value, "data")).toEqual({ a: "b" });
  });
});

describe.skipIf(unavailable !== undefined)(
  "variables of a Flux Kustomization beside those of an encrypted Secret",
  () => {
    test("are known, and what the Secret's keys give is not", async () => {
      const from = "substituteFrom: [{ kind: ConfigMap, name: settings }, { kind: Secret, name: secrets }]";
      const state = await render({
        "clusters/all.yaml": [kustomization("settings", ""), kustomization("apps", `, postBuild: { ${from} }`)].join(
          "---\n",
        ),
        "settings/map.yaml":
          "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: flux-system }\ndata: { DOMAIN: example.com }\n",
        "settings/secret.sops.yaml":
          "apiVersion: v1\nkind: Secret\nmetadata: { name: secrets, namespace: flux-system }\nstringData:\n  EMAIL: ENC[AES256_GCM,data:aa==,iv:bb=,tag:cc==,type:str]\nsops: { version: 3.9.0, mac: 'ENC[AES256_GCM,data:aa==,iv:bb=,tag:cc==,type:str]' }\n",
        "apps/web.yaml": configMap(
          "web",
          "{ host: 'www.${DOMAIN}', mail: '${EMAIL}', other: '${NONE:=none}' }",
        ).replace("  name: web", "  name: web\n  namespace: shop"),
      });
      const web = state.objects.find(({ ref }) => ref.name === "web");
      const [data, again] = [web?.value["data"], web?.again?.["data"]] as readonly Readonly<Record<string, string>>[];
      expect(data).toMatchObject({ host: "www.example.com", other: "none" });
      expect(again).toMatchObject({ host: "www.example.com", other: "none" });
      expect(again?.["mail"]).not.toBe(data?.["mail"]);
    });
  },
);

function kustomization(name: string, more: string): string {
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: ${name}, namespace: flux-system }\nspec: { path: ./${name}, prune: true, sourceRef: { kind: GitRepository, name: fleet }${more} }\n`;
}
