// What kustomize and helm make of small repositories, through the real programs. No API server is needed.

import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { DesiredObject, LiveObject } from "../../src/core/objects.ts";
import { formatPath } from "../../src/core/path.ts";
import { fieldAt, withField } from "../../src/core/value.ts";
import type { ValueMap } from "../../src/core/value.ts";
import { compareObject } from "../../src/drift/compare.ts";
import { builtinSchemas } from "../../src/kinds/schemas.ts";
import { deployment } from "../desired/repositories.ts";
import { ensureBinary, whyUnavailable } from "./binaries.ts";
import { at, chartOf, configMap, faults, names, objectOf, onDisk, render, renderRepository } from "./rendering.ts";
import type { Files } from "./rendering.ts";

const unavailable = whyUnavailable(["kustomize", "helm", "helm4"]);
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

describe.skipIf(unavailable !== undefined)("kustomizations", () => {
  beforeAll(async () => void (await ensureBinary("kustomize")));

  const KUSTOMIZATIONS: readonly (readonly [string, Files, readonly string[]])[] = [
    [
      "a base through an overlay, with prefix, suffix, namespace and labels",
      {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": deployment("web"),
        "prod/kustomization.yaml":
          "resources: [../base]\nnamePrefix: p-\nnameSuffix: -s\nnamespace: prod\nlabels:\n- pairs: {a: b}\n  includeSelectors: true\n",
      },
      ["Deployment/p-web-s"],
    ],
    [
      "components, used twice and each once",
      {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": deployment("web"),
        "parts/more/kustomization.yaml":
          "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [cm.yaml]\n",
        "parts/more/cm.yaml": configMap("more"),
        "parts/unused/kustomization.yaml":
          "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [x.yaml]\n",
        "parts/unused/x.yaml": configMap("unused"),
        "prod/kustomization.yaml": "resources: [../base]\ncomponents: [../parts/more]\n",
      },
      ["ConfigMap/more", "Deployment/web"],
    ],
    [
      "generators with hashes in their names, from literals, files and env files",
      {
        "kustomization.yaml":
          "configMapGenerator:\n- name: c\n  files: [a.txt, k=deep/b.txt]\n  envs: [c.env]\nsecretGenerator:\n- name: s\n  literals: [p=q]\ngeneratorOptions: {labels: {x: z}}\n",
        "a.txt": "a",
        "deep/b.txt": "b",
        "c.env": "X=1\n",
      },
      ["ConfigMap/c-cg656t94dg", "Secret/s-hb2dth72f6"],
    ],
    [
      "generators and transformers that are configured in files of their own, which name further files",
      {
        "kustomization.yaml":
          "resources: [web.yaml]\ngenerators: [conf/gen.yaml]\ntransformers:\n- conf/patch.yaml\n- |-\n  apiVersion: builtin\n  kind: PrefixTransformer\n  metadata: {name: x}\n  prefix: p-\n  fieldSpecs: [{path: metadata/name}]\n",
        "web.yaml": deployment("web"),
        "conf/gen.yaml":
          "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: made}\nfiles: [deep/er/a.txt]\noptions: {disableNameSuffixHash: true}\n",
        "deep/er/a.txt": "a",
        "conf/patch.yaml":
          "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: p}\npath: deep/patch.yaml\ntarget: {kind: Deployment}\n",
        "deep/patch.yaml": "- {op: replace, path: /spec/replicas, value: 7}\n",
      },
      ["ConfigMap/p-made", "Deployment/p-web"],
    ],
    [
      "generators that another kustomization configures",
      {
        "kustomization.yaml": "generators: [conf]\n",
        "conf/kustomization.yaml": "resources: [gen.yaml]\n",
        "conf/gen.yaml":
          "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: made}\nfiles: [deep/er/a.txt]\noptions: {disableNameSuffixHash: true}\n",
        "deep/er/a.txt": "a",
      },
      ["ConfigMap/made"],
    ],
    [
      "fields in another case, as kustomize's decoder takes them",
      { "kustomization.yaml": "Resources: [sub/web.yaml]\n", "sub/web.yaml": deployment("web") },
      ["Deployment/web"],
    ],
    [
      "the older name of a base, of a patch and of images",
      {
        "base/kustomization.yml": "resources: [web.yaml]\n",
        "base/web.yaml": deployment("web"),
        "over/Kustomization": "bases: [../base]\npatchesStrategicMerge: [patch.yaml]\nimageTags: []\n",
        "over/patch.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 9}\n",
      },
      ["Deployment/web"],
    ],
    [
      "a folder whose name could be an option",
      { "--output=x/kustomization.yaml": "resources: [web.yaml]\n", "--output=x/web.yaml": deployment("web") },
      ["Deployment/web"],
    ],
  ];

  test.for(KUSTOMIZATIONS)("%s", async ([, files, expected]) => {
    const state = await render(files);
    expect(faults(state)).toEqual([]);
    expect(names(state)).toEqual(expected);
    expect(state.complete).toBe(true);
  });

  const PATCHES: readonly (readonly [string, string, Files])[] = [
    [
      "strategic, inline",
      "patches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: web}\n    spec: {replicas: 9}\n",
      {},
    ],
    [
      "strategic, from a file",
      "patches: [{path: p/patch.yaml}]\n",
      {
        "p/patch.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 9}\n",
      },
    ],
    [
      "json6902, inline",
      `patches:\n- target: {kind: Deployment}\n  patch: '[{"op": "replace", "path": "/spec/replicas", "value": 9}]'\n`,
      {},
    ],
    [
      "json6902, from a file",
      "patches: [{path: p/patch.json, target: {kind: Deployment}}]\n",
      { "p/patch.json": '[{"op": "replace", "path": "/spec/replicas", "value": 9}]' },
    ],
    [
      "the older json6902",
      "patchesJson6902: [{path: p/patch.yaml, target: {group: apps, version: v1, kind: Deployment, name: web}}]\n",
      { "p/patch.yaml": "- {op: replace, path: /spec/replicas, value: 9}\n" },
    ],
    ["replicas", "replicas: [{name: web, count: 9}]\n", {}],
    [
      "replacements, from a file",
      "replacements: [{path: p/replace.yaml}]\n",
      {
        "p/replace.yaml":
          "source: {kind: ConfigMap, name: num, fieldPath: data.count}\ntargets:\n- select: {kind: Deployment}\n  fieldPaths: [spec.replicas]\n",
      },
    ],
  ];

  test.for(PATCHES)("a patch: %s", async ([, text, files]) => {
    const state = await render({
      "kustomization.yaml": `resources: [web.yaml, num.yaml]\n${text}`,
      "web.yaml": deployment("web"),
      "num.yaml": configMap("num", 'count: "9"'),
      ...files,
    });
    expect(faults(state)).toEqual([]);
    expect(Number(at(state, "Deployment", "spec", "replicas"))).toBe(9);
  });

  test("a link to a folder is gone through, and to a file outside of the kustomization's folder kustomize refuses it", async () => {
    const files = {
      "real/kustomization.yaml": "resources: [web.yaml]\n",
      "real/web.yaml": deployment("web"),
      "over/kustomization.yaml": "resources: [base, own.yaml]\n",
      "over/own.yaml": configMap("own"),
      "files/kustomization.yaml": "resources: [link.yaml]\n",
    };
    const state = await renderRepository(files, (dir) => {
      symlinkSync("../real", join(dir, "over/base"));
      symlinkSync("../real/web.yaml", join(dir, "files/link.yaml"));
    });
    expect(names(state)).toEqual(["ConfigMap/own", "Deployment/web"]);
    expect(faults(state)).toEqual([
      expect.stringMatching(/^render-failed: files cannot be rendered: kustomize says: .*not in or below/),
    ]);
  });
});

describe.skipIf(unavailable !== undefined).each(["helm", "helm4"] as const)("charts, with %s", (helm) => {
  beforeAll(async () => void (await ensureBinary(helm)));

  const CM = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n";

  test("values in layers, later ones over earlier ones, for a release in a namespace", async () => {
    const state = await render(
      {
        ...chartOf(
          "charts/app",
          { "a.yaml": `${CM}  a: {{ .Values.a }}\n  b: {{ .Values.b }}\n  c: {{ .Values.c }}\n` },
          {
            values: "a: 1\nb: 1\nc: 1\n",
          },
        ),
        "charts/app/one.yaml": "b: 2\nc: 2\n",
        "env/-prod, eu.yaml": "c: 3\n",
      },
      {
        helm,
        target: {
          path: "charts/app",
          helm: { release: "r", namespace: "ns", values: ["one.yaml", "../../env/-prod, eu.yaml"] },
        },
      },
    );
    expect(faults(state)).toEqual([]);
    expect(at(state, "ConfigMap", "data")).toEqual({ a: 1, b: 2, c: 3 });
    expect(objectOf(state, "ConfigMap").ref).toMatchObject({ name: "r", namespace: "ns" });
    expect(objectOf(state, "ConfigMap").origin).toMatchObject({ file: "charts/app/templates/a.yaml", layer: "helm" });
  });

  test("what a chart may ask of the cluster is the target's cluster", async () => {
    const template = `${CM}  version: {{ .Capabilities.KubeVersion.Version | quote }}\n  minor: {{ .Capabilities.KubeVersion.Minor | quote }}\n  has: {{ .Capabilities.APIVersions.Has "example.com/v1/Widget" | quote }}\n  last: {{ .Capabilities.APIVersions.Has "g1999.example.com/v1" | quote }}\n  none: {{ .Capabilities.APIVersions.Has "example.com/v2" | quote }}\n`;
    // More than one argument may hold: a cluster with many operators.
    const many = Array.from({ length: 2000 }, (_, index) => [
      `g${index}.example.com/v1`,
      `g${index}.example.com/v1/${"Kind".repeat(12)}${index}`,
    ]).flat();
    const state = await render(chartOf("app", { "a.yaml": template }, { chart: "kubeVersion: '>=1.31.0'\n" }), {
      helm,
      capabilities: { kubeVersion: "v1.31.4", apiVersions: ["example.com/v1/Widget", ...many, 'a"b', "-x,y"] },
    });
    expect(faults(state)).toEqual([]);
    expect(at(state, "ConfigMap", "data")).toEqual({
      version: "v1.31.4",
      minor: "31",
      has: "true",
      last: "true",
      none: "false",
    });
  });

  test.for(["v1.31.4-gke.1274000", "v1.30.9-eks-5d632ec", "v1.29.1+k3s1", "", "unknown"])(
    "a cluster's version as vendors write it: %j",
    async (kubeVersion) => {
      const chart = chartOf(
        "app",
        { "a.yaml": `${CM}  a: b\n` },
        { chart: kubeVersion.startsWith("v") ? "kubeVersion: '>=1.29.0-0'\n" : "" },
      );
      const state = await render(chart, { helm, capabilities: { kubeVersion } });
      expect(faults(state)).toEqual([]);
      expect(names(state)).toEqual(["ConfigMap/app"]);
    },
  );

  test("definitions are there; hooks, tests and notes are not", async () => {
    const state = await render(
      {
        ...chartOf("app", {
          "a.yaml": `${CM}  a: b\n`,
          "hook.yaml": hook("pre-install"),
          "tests/t.yaml": hook("test"),
          "NOTES.txt": "thanks\n",
          "_helpers.tpl": "",
        }),
        "app/crds/crd.yaml":
          "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: ws.example.com}\n",
      },
      { helm },
    );
    expect(faults(state)).toEqual([]);
    expect(names(state)).toEqual(["CustomResourceDefinition/ws.example.com", "ConfigMap/app"]);
    expect(state.roots).toEqual([
      {
        path: "app",
        renderer: "helm",
        version: expect.stringMatching(helm === "helm" ? /^v3\./ : /^v4\./) as unknown,
        kubernetes: "v1.36.3",
      },
    ]);
  });

  test("dependencies: packed, in folders, by path (and theirs), and of the older API version", async () => {
    const packed = onDisk(
      chartOf(
        "dep",
        { "d.yaml": `${CM.replace(".Release.Name", '"packed"')}  v: {{ .Values.v }}\n` },
        { values: "v: old\n" },
      ),
    );
    execFileSync(await ensureBinary(helm), ["package", "dep"], { cwd: packed });
    const archive = readdirSync(packed).find((file) => file.endsWith(".tgz")) ?? "";
    const named = (name: string) => ({ "d.yaml": `${CM.replace(".Release.Name", `"${name}"`)}  a: b\n` });
    const state = await render(
      {
        ...chartOf(
          "app",
          { "a.yaml": `${CM}  a: b\n` },
          {
            values: "dep: {v: new}\n",
            chart: `dependencies:\n${dependency("dep", "https://charts.example.com")}${dependency("folder", "oci://x.example.com/y")}${dependency("near", "file://../libs/near")}`,
          },
        ),
        [`app/charts/${archive}`]: readFileSync(join(packed, archive)),
        ...chartOf("app/charts/folder", named("folder")),
        ...chartOf("libs/near", named("near"), { chart: `dependencies:\n${dependency("far", "file://../far")}` }),
        ...chartOf("libs/far", named("far")),
        ...chartOf("older", { "a.yaml": `${CM}  a: b\n` }, { version: "v1" }),
        "older/requirements.yaml": `dependencies:\n${dependency("far", "file://../libs/far")}`,
      },
      { helm, target: { exclude: ["libs"] } },
    );
    expect(faults(state)).toEqual([
      // Both charts take it in: one name, declared twice.
      expect.stringMatching(
        /^duplicate-object: ConfigMap\/far in default is declared 2 times, \w+: app\/Chart.yaml:1:1 and older\/Chart.yaml/,
      ),
    ]);
    expect(names(state)).toEqual(
      expect.arrayContaining([
        "ConfigMap/packed",
        "ConfigMap/folder",
        "ConfigMap/near",
        "ConfigMap/app",
        "ConfigMap/older",
      ]),
    );
    expect(fieldAt(objectOf(state, "ConfigMap", "packed").value, "data", "v")).toBe("new");
  });

  test("what is random is left out by path, and the rest is compared", async () => {
    const secret = `apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n  annotations: {kept: a}\ndata:\n  made: {{ randAlphaNum 20 | b64enc }}\n  fixed: {{ "x" | b64enc }}\n`;
    const found = `{{- $known := lookup "v1" "Secret" .Release.Namespace "known" }}\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: looked}\ndata:\n  a: {{ if $known }}{{ $known.data.a }}{{ else }}{{ uuidv4 }}{{ end }}\n  b: c\n`;
    const state = await render(chartOf("app", { "a.yaml": secret, "b.yaml": found }), { helm });
    expect(faults(state)).toEqual([]);
    const looked = objectOf(state, "ConfigMap");
    const data = fieldAt(looked.value, "data") as ValueMap;
    const changed = compared(looked, withField(looked.value, "data", { ...data, a: "of the cluster", b: "by hand" }));
    expect(changed).toEqual({ changes: ["data.b"], leftOut: ["data.a"] });
    const made = objectOf(state, "Secret");
    expect(made.again).toBeDefined();
    const metadata = fieldAt(made.value, "metadata") as ValueMap;
    const live = withField(made.value, "metadata", { ...metadata, annotations: { kept: "b" } });
    expect(compared({ ...made }, withData(live, fieldAt(made.again as ValueMap, "data") as ValueMap))).toEqual({
      changes: ["metadata.annotations.kept"],
      leftOut: ["data.made"],
    });
  });

  test("what has another name each time is not compared, and is said", async () => {
    const random = CM.replace("{{ .Release.Name }}", "n-{{ randAlphaNum 8 | lower }}");
    const state = await render(chartOf("app", { "a.yaml": `${random}  a: b\n`, "b.yaml": `${CM}  a: b\n` }), { helm });
    expect(names(state)).toEqual(["ConfigMap/app"]);
    expect(faults(state)).toEqual([expect.stringMatching(/^render-unsteady: 1 object has another name each time/)]);
    expect(state.complete).toBe(true);
  });

  test("files, links, ignored files and a chart whose name is no folder's", async () => {
    const files = {
      ...chartOf("app", {
        "a.yaml": `${CM}  own: {{ .Files.Get "own.txt" | quote }}\n  ignored: {{ .Files.Get "no.txt" | quote }}\n`,
      }),
      "app/own.txt": "own",
      "app/no.txt": "no",
      "app/.helmignore": "no.txt\n",
      "shared/templates/s.yaml": configMap("shared"),
    };
    const state = await renderRepository(
      files,
      (dir) => symlinkSync("../../shared/templates", join(dir, "app/templates/more")),
      { helm, target: { path: "app" } },
    );
    expect(faults(state)).toEqual([]);
    expect(names(state).toSorted()).toEqual(["ConfigMap/app", "ConfigMap/shared"]);
    expect(fieldAt(objectOf(state, "ConfigMap", "app").value, "data")).toEqual({ own: "own", ignored: "" });
  });

  test("kustomize inflates vendored charts, for the target's cluster", async () => {
    const state = await render(
      {
        "prod/kustomization.yaml":
          "helmCharts:\n- name: app\n  releaseName: r\n  namespace: ns\n  valuesFile: v.yaml\n  additionalValuesFiles: [w.yaml]\n  includeCRDs: true\n- {name: other, version: 1.0.0, repo: https://charts.example.com, releaseName: o, valuesInline: {x: inline}}\nnamespace: ns\n",
        "prod/v.yaml": "v: 1\nw: 1\n",
        "prod/w.yaml": "w: 2\n",
        ...chartOf("prod/charts/app", {
          "a.yaml": `${CM}  v: {{ .Values.v | quote }}\n  w: {{ .Values.w | quote }}\n  minor: {{ .Capabilities.KubeVersion.Minor | quote }}\n  has: {{ .Capabilities.APIVersions.Has "example.com/v1" | quote }}\n  r: {{ randAlphaNum 5 }}\n`,
        }),
        ...chartOf(
          "prod/charts/other-1.0.0/other",
          { "a.yaml": `${CM}  x: {{ .Values.x }}\n` },
          { values: "x: none\n" },
        ),
      },
      { helm, capabilities: { kubeVersion: "v1.30.2", apiVersions: ["v1", "example.com/v1"] } },
    );
    expect(faults(state)).toEqual([]);
    expect(names(state)).toEqual(["ConfigMap/o", "ConfigMap/r"]);
    expect(fieldAt(objectOf(state, "ConfigMap", "r").value, "data")).toMatchObject({
      v: "1",
      w: "2",
      minor: "30",
      has: "true",
    });
    expect(objectOf(state, "ConfigMap", "r").again).toBeDefined();
    expect(objectOf(state, "ConfigMap", "o").again).toBeUndefined();
  });
});

function hook(kind: string): string {
  return `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${kind}\n  annotations: {helm.sh/hook: ${kind}}\nspec: {containers: []}\n`;
}

function dependency(name: string, repository: string): string {
  return `- {name: ${name}, version: 1.0.0, repository: ${JSON.stringify(repository)}}\n`;
}

function withData(value: ValueMap, data: ValueMap): ValueMap {
  return withField(value, "data", data);
}

function compared(desired: DesiredObject, value: ValueMap): unknown {
  const live: LiveObject = { ref: desired.ref, value, managers: [] };
  const { changes, leftOut } = compareObject({
    desired,
    live,
    schema: builtinSchemas.schemaOf(desired.ref.apiVersion, desired.ref.kind),
  });
  return {
    changes: changes.map(({ path }) => formatPath(path)),
    leftOut: leftOut.map(({ path }) => formatPath(path)),
  };
}
