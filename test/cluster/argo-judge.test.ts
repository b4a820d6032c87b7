// What holdfast makes of Applications and ApplicationSets, and what Argo CD's own code makes of them: the same, by value.

import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { SyncWindows } from "../../src/core/deployer.ts";
import { isFault } from "../../src/core/fault.ts";
import { fieldAt, isMap, withField } from "../../src/core/value.ts";
import type { Value, ValueMap } from "../../src/core/value.ts";
import { generatedApplications } from "../../src/desired/argo/application-set.ts";
import { expanded } from "../../src/desired/argo/environment.ts";
import { compileGlob } from "../../src/desired/argo/globs.ts";
import type { GlobDialect } from "../../src/desired/argo/globs.ts";
import { applicationSetOf } from "../../src/desired/argo/objects.ts";
import { KustomizationFolders } from "../../src/desired/kustomization-folders.ts";
import { contextOf, readManifests } from "../../src/desired/manifests.ts";
import { openRenderers } from "../../src/desired/render/renderers.ts";
import { windowReader } from "../../src/reconcile/deployers/sync-windows.ts";
import { application, applicationSet, REPOSITORY } from "../desired/argo/applications.ts";
import { deployment, digester, isNamespaced, treeOf } from "../desired/repositories.ts";
import { judgeArgo, judgeExpansions, judgeGlobs, judgeWindows } from "./argo-judge.ts";
import type { ArgoVerdict, GlobQuestion, WindowQuestion } from "./argo-judge.ts";
import { ensureBinary, whyUnavailable } from "./binaries.ts";
import { chartOf, configMap, faults, folder, render } from "./rendering.ts";
import type { Files } from "./rendering.ts";

const unavailable = whyUnavailable(["argojudge", "kustomize", "helm4"]);
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

type Texts = Readonly<Record<string, string>>;

const CHART: Texts = {
  ...chartOf(
    "chart",
    {
      "cm.yaml":
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}}\ndata:\n  values: {{ .Values | toJson | quote }}\n  kube: {{ .Capabilities.KubeVersion.Version }}\n  has: {{ .Capabilities.APIVersions.Has "x.io/v1" | quote }}\n',
      "hook.yaml":
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hook, annotations: {helm.sh/hook: test}}\ndata: {a: b}\n",
    },
    { values: "a: 1\nb: {c: x, d: [1, 2]}\n" },
  ),
  "chart/crds/x.yaml":
    "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: xs.x.io}\nspec: {group: x.io}\n",
  "chart/prod.yaml": "a: 2\n",
  "chart/text.txt": "one, two\n",
  "env/one.yaml": "b: {c: one}\n",
  "env/deep/two.yaml": "b: {c: two}\n",
};

const OVERLAY: Texts = {
  "web/kustomization.yaml":
    "resources: [web.yaml]\nimages: [{name: nginx, newTag: '1.1'}]\nlabels: [{pairs: {own: label}}]\nreplicas: [{name: web, count: 2}]\n",
  "web/web.yaml": `${deployment("web")}  selector: {matchLabels: {a: b}}\n  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: n, image: nginx:1}, {name: p, image: registry:5000/p}]}}\n`,
  "part/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [c.yaml]\n",
  "part/c.yaml": configMap("c"),
};

const FOLDER: Texts = {
  "web/a.yaml": `${configMap("a")}---\n${configMap("a2")}`,
  "web/b.yml": configMap("b"),
  "web/c.json": '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}',
  "web/list.yaml": "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: ConfigMap, metadata: {name: l}}]\n",
  "web/deep/d.yaml": configMap("d"),
  "web/deep/er/e.yaml": configMap("e"),
  "web/values.yaml": "just: values\n",
  "web/skip.yaml": `# +argocd:skip-file-rendering\n${configMap("skip")}`,
};

/** Each a source of the Application `web`, and perhaps a second one. */
const APPLICATIONS: Readonly<Record<string, readonly [Texts, string, string?]>> = {
  "a chart": [CHART, "path: chart"],
  "values of all kinds": [
    CHART,
    "path: chart\nhelm: {valueFiles: [prod.yaml, /env/one.yaml], values: 'x: inline', parameters: [{name: b.c, value: '7'}, {name: why, value: '7', forceString: true}]}",
  ],
  "values in an object": [
    CHART,
    "path: chart\nhelm: {values: 'x: 1', valuesObject: {x: 2, list: [a, {b: 1e3}], none: null}}",
  ],
  "patterns of values files": [CHART, "path: chart\nhelm: {valueFiles: ['/env/**/*.yaml']}"],
  "a pattern, and a file that it has by its name": [
    CHART,
    "path: chart\nhelm: {valueFiles: [/env/one.yaml, '/env/**/*.yaml', prod.yaml]}",
  ],
  "missing values files": [
    CHART,
    "path: chart\nhelm: {ignoreMissingValueFiles: true, valueFiles: [none.yaml, 'none/*.yaml', prod.yaml]}",
  ],
  "parameters with commas, braces and dots": [
    CHART,
    "path: chart\nhelm: {parameters: [{name: one, value: 'a,b'}, {name: two, value: '{a,b}'}, {name: 'three\\.x', value: 'a\\,b'}, {name: 'b.d[0]', value: 'true'}]}",
  ],
  "the build environment": [
    CHART,
    "path: chart\nhelm: {parameters: [{name: x, value: '$ARGOCD_APP_NAME ${ARGOCD_APP_NAMESPACE} $ARGOCD_APP_PROJECT_NAME'}, {name: why, value: '$ARGOCD_APP_SOURCE_PATH$$HOME $ARGOCD_APP_SOURCE_TARGET_REVISION ${NOPE}$.'}, {name: z, value: $ARGOCD_APP_SOURCE_REPO_URL}]}",
  ],
  "files as values": [
    CHART,
    "path: chart\nhelm: {fileParameters: [{name: text, path: text.txt}, {name: other, path: /env/one.yaml}]}",
  ],
  "a release's own name and namespace, and a cluster of its own": [
    CHART,
    "path: chart\nhelm: {releaseName: rel, namespace: other, skipCrds: true, skipTests: true, kubeVersion: '1.30', apiVersions: [x.io/v1]}",
  ],
  "values of another source": [
    CHART,
    "path: chart\nhelm: {valueFiles: [$values/env/one.yaml]}",
    `repoURL: ${REPOSITORY}\nref: values`,
  ],
  "two sources": [{ ...CHART, ...FOLDER }, "path: chart", `repoURL: ${REPOSITORY}\npath: web`],
  "options in the folder": [
    {
      ...CHART,
      "chart/.argocd-source.yaml": "helm: {parameters: [{name: a, value: all}]}\n",
      "chart/.argocd-source-web.yaml": "helm: {releaseName: from-file}\npath: web\n",
    },
    "path: chart\nhelm: {parameters: [{name: a, value: own}], releaseName: own}",
  ],
  "a kustomization": [OVERLAY, "path: web"],
  "a kustomization beside a chart": [
    { ...OVERLAY, "web/Chart.yaml": "apiVersion: v2\nname: x\nversion: 1.0.0\n" },
    "path: web",
  ],
  "names, namespace, images and replicas": [
    OVERLAY,
    "path: web\nkustomize: {namePrefix: p-, nameSuffix: -s, namespace: other, images: ['nginx=mine:$ARGOCD_APP_NAME', 'registry:5000/p@sha256:1234'], replicas: [{name: web, count: '5'}]}",
  ],
  "images that keep something": [OVERLAY, "path: web\nkustomize: {images: ['nginx=new:*', 'registry:5000/p=q']}"],
  "labels into selectors, annotations": [
    OVERLAY,
    "path: web\nkustomize: {commonLabels: {own: $ARGOCD_APP_NAME, more: x}, commonAnnotations: {a: $ARGOCD_APP_NAME}}",
  ],
  "labels beside selectors": [OVERLAY, "path: web\nkustomize: {commonLabels: {extra: x}, labelWithoutSelector: true}"],
  "a label that is there already": [
    OVERLAY,
    "path: web\nkustomize: {commonLabels: {own: x}, labelWithoutSelector: true}",
  ],
  "a label that is there already, by force": [
    OVERLAY,
    "path: web\nkustomize: {commonLabels: {own: x}, labelWithoutSelector: true, forceCommonLabels: true}",
  ],
  "labels in templates": [
    OVERLAY,
    "path: web\nkustomize: {commonLabels: {own: x}, labelWithoutSelector: true, labelIncludeTemplates: true}",
  ],
  "patches and components": [
    OVERLAY,
    'path: web\nkustomize:\n  components: [../part, ../none]\n  ignoreMissingComponents: true\n  patches:\n  - {target: {kind: Deployment}, patch: \'[{"op": "add", "path": "/spec/paused", "value": true}]\'}\n  - patch: \'{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 9}}\'',
  ],
  "a component that is not there": [OVERLAY, "path: web\nkustomize: {components: [../none]}"],
  "a folder": [FOLDER, "path: web"],
  "a folder with all below it": [FOLDER, "path: web\ndirectory: {recurse: true}"],
  "what a pattern takes in": [FOLDER, "path: web\ndirectory: {recurse: true, include: '{a*,*/e.yaml}'}"],
  "what a pattern leaves out": [FOLDER, "path: web\ndirectory: {recurse: true, exclude: 'deep/*'}"],
  "patterns that are none": [FOLDER, "path: web\ndirectory: {recurse: true, exclude: '{a', include: '*.yaml'}"],
  "a folder that is rendered as it stands": [
    { ...FOLDER, "web/kustomization.yaml": "resources: []\n" },
    "path: web\ndirectory: {recurse: true, exclude: '{kustomization.yaml,deep/*}'}",
  ],
  "options without content": [OVERLAY, "path: web\nhelm: {}\nkustomize: {images: []}\ndirectory: {recurse: false}"],
  "two tools": [OVERLAY, "path: web\nhelm: {releaseName: x}\nkustomize: {namePrefix: x}"],
  "a values file that is not there": [CHART, "path: chart\nhelm: {valueFiles: [none.yaml]}"],
  "a values file outside": [CHART, "path: chart\nhelm: {valueFiles: [../../x.yaml]}"],
  "a path that is not there": [CHART, "path: none"],
};

const TREE: Texts = {
  "apps/web/a.yaml": configMap("a"),
  "apps/Team_A.b/a.yaml": configMap("b"),
  "apps/web/deep/a.yaml": configMap("d"),
  "apps/.hidden/a.yaml": configMap("h"),
  "env/prod/config.json": '{"id": "prod", "cluster": {"size": 1000000, "zones": ["a", "b"], "small": 7}, "flag": true}',
  "env/dev/config.json": '{"id": "dev", "cluster": {"size": 2.5, "zones": [], "small": 12345678}, "flag": false}',
  "env/many.yaml": "- {id: m1, cluster: {small: 1}}\n- {id: m2, cluster: {small: 2}}\n",
};

const GIT = `repoURL: ${REPOSITORY}, revision: HEAD`;
const FILES = `- git: {${GIT}, files: [{path: 'env/*/config.json'}]}`;
const GO = "goTemplate: true\n  goTemplateOptions: ['missingkey=error']";

/** Generators, the name, the source, and further lines of the spec. */
const SETS: Readonly<Record<string, readonly [string, string, string, string?]>> = {
  "a list": [
    "- list: {elements: [{id: a, dir: x}, {id: b, dir: z, values: {v: w}}]}",
    "'{{id}}'",
    "path: '{{ dir }}/{{values.v}}'",
  ],
  "a list in Go": [
    "- list: {elements: [{id: a, sub: {dir: x, more: [1, 2]}}]}",
    "'{{ .id }}'",
    "path: '{{ .sub.dir }}/{{ index .sub.more 1 }}'",
    GO,
  ],
  "elements in YAML": [
    "- list: {elements: [], elementsYaml: '[{id: a, dir: x}]'}",
    "'{{ .id }}'",
    "path: '{{ .dir }}'",
    GO,
  ],
  folders: [
    `- git: {${GIT}, directories: [{path: 'apps/*'}]}`,
    "'{{path.basenameNormalized}}'",
    "path: '{{path}} {{path[0]}} {{path[1]}}'",
  ],
  "folders, deeper, and left out": [
    `- git: {${GIT}, directories: [{path: 'apps/*/*'}, {path: 'apps/**'}, {path: 'apps/[T]*', exclude: true}]}`,
    "'{{path.basename}}'",
    "path: '{{path}}'",
  ],
  "folders in Go": [
    `- git: {${GIT}, directories: [{path: 'apps/*'}], values: {up: '{{ .path.basename | upper }}'}}`,
    "'{{ normalize .path.basename }}'",
    "path: '{{ .path.path }} {{ .values.up }} {{ join \"-\" .path.segments }} {{ .path.basenameNormalized }}'",
    GO,
  ],
  "a prefix of parameters": [
    `- git: {${GIT}, directories: [{path: 'apps/web'}], pathParamPrefix: my}`,
    "'{{my.path.basename}}'",
    "path: '{{my.path}} {{my.path[1]}}'",
  ],
  files: [
    FILES,
    "'{{id}}'",
    "path: '{{path}} {{path.filename}} {{path.filenameNormalized}} {{cluster.size}} {{cluster.small}} {{cluster.zones.0}} {{flag}}'",
  ],
  "files in Go": [
    FILES,
    "'{{ .id }}'",
    "path: '{{ .path.path }} {{ .path.filename }} {{ .cluster.size }} {{ .cluster.small }} {{ len .cluster.zones }} {{ .flag }}'",
    GO,
  ],
  "a pattern that crosses folders": [
    `- git: {${GIT}, files: [{path: 'env/*.json'}, {path: 'env/dev/*', exclude: true}]}`,
    "'{{id}}'",
    "path: '{{path}}'",
  ],
  "a list in a file, and a folder": [
    `- git: {${GIT}, files: [{path: env/many.yaml}]}\n- git: {${GIT}, files: [{path: env/prod}]}`,
    "'{{id}}'",
    "path: '{{path}} {{cluster.small}}'",
  ],
  "a selector": [`${FILES}\n  selector: {matchLabels: {flag: 'true'}}`, "'{{id}}'", "path: '{{path}}'"],
  "a selector in Go": [
    `${FILES}\n  selector: {matchExpressions: [{key: cluster.small, operator: NotIn, values: ['7']}]}`,
    "'{{ .id }}'",
    "path: '{{ .path.path }}'",
    GO,
  ],
  "a matrix": [
    `- matrix: {generators: [{list: {elements: [{dir: apps}, {dir: env}]}}, {git: {${GIT}, directories: [{path: '{{dir}}/*'}], values: {id: '{{dir}}-{{path.basenameNormalized}}'}}}]}`,
    "'{{values.id}}'",
    "path: '{{path}}'",
  ],
  "a matrix in Go": [
    `- matrix: {generators: [{list: {elements: [{dir: apps, deep: {a: 1}}]}}, {git: {${GIT}, directories: [{path: '{{ .dir }}/*'}], values: {id: '{{ .dir }}-{{ .path.basename | normalize }}', twice: '{{ .dir }}'}}}]}`,
    "'{{ .values.id }}'",
    "path: '{{ .path.path }} {{ .deep.a }} {{ .values.twice }}'",
    GO,
  ],
  "a matrix that disagrees": [
    "- matrix: {generators: [{list: {elements: [{id: a}]}}, {list: {elements: [{id: b}]}}]}",
    "'{{id}}'",
    "path: x",
  ],
  "a merge": [
    "- merge: {mergeKeys: [id], generators: [{list: {elements: [{id: a, dir: one, more: x}, {id: b, dir: two}]}}, {list: {elements: [{id: b, dir: three}, {id: c, dir: four}]}}]}",
    "'{{id}}'",
    "path: '{{dir}} {{more}}'",
  ],
  "a merge in Go": [
    "- merge: {mergeKeys: [id], generators: [{list: {elements: [{id: a, sub: {x: 1, z: 1}}, {id: b, sub: {x: 2, z: 2}}]}}, {list: {elements: [{id: b, sub: {x: 3}}]}}]}",
    "'{{ .id }}'",
    "path: '{{ .sub.x }} {{ .sub.z }}'",
    GO,
  ],
  "a merge with a key twice": [
    "- merge: {mergeKeys: [id], generators: [{list: {elements: [{id: a}, {id: a}]}}, {list: {elements: [{id: a}]}}]}",
    "'{{id}}'",
    "path: x",
  ],
  "a template of a generator's own": [
    `- list: {elements: [{id: a}], template: {metadata: {name: 'own-{{id}}'}, spec: {project: other, destination: {}, source: {repoURL: '', path: 'own/{{id}}'}}}}`,
    "'{{id}}'",
    "path: '{{id}}'",
  ],
  "a patch": [
    "- list: {elements: [{id: a, flag: 'true'}, {id: b, flag: 'false'}]}",
    "'{{ .id }}'",
    "path: x\nhelm: {valueFiles: [a.yaml]}",
    `${GO}\n  templatePatch: |\n    spec:\n      source:\n        helm:\n          valueFiles: [b.yaml, '{{ .id }}.yaml']\n      {{- if eq .flag "true" }}\n      syncPolicy: {automated: {prune: true}}\n      {{- end }}\n      project: stolen`,
  ],
  "values of an object, keys among them": [
    "- list: {elements: [{id: a}]}",
    "'{{id}}'",
    "path: x\nhelm: {valuesObject: {'{{id}}': {list: ['{{id}}', 7, true]}}}",
  ],
  "what is not known": ["- list: {elements: [{id: a}]}", "'{{id}}'", "path: '{{ nope }} {{}} {{id}}'"],
  "a tag without an end": ["- list: {elements: [{id: a}]}", "'{{id}}'", "path: '{{id}} {{nope'"],
  "what is not known, in Go": ["- list: {elements: [{id: a}]}", "'{{ .id }}'", "path: '{{ .nope }}'", GO],
  "what is not known, in Go that does not mind": [
    "- list: {elements: [{id: a}]}",
    "'{{ .id }}'",
    "path: '{{ .nope }}x'",
    "goTemplate: true",
  ],
  "functions of Go templates": [
    "- list: {elements: [{id: a, list: [x, z], map: {k: v}}]}",
    "'{{ .id }}'",
    "path: '{{ range $i, $e := .list }}{{ $i }}{{ $e }}{{ end }} {{ .map | toYaml }} {{ .map | toJson }} {{ default \"d\" .id | b64enc }} {{ with .map }}{{ .k }}{{ $.id }}{{ end }}'",
    GO,
  ],
  "a template that fails": ["- list: {elements: [{id: a}]}", "'{{ .id }}'", "path: '{{ fail \"no\" }}'", GO],
  "a template that is none": ["- list: {elements: [{id: a}]}", "'{{ .id }}'", "path: '{{ if }}'", GO],
};

describe.skipIf(unavailable !== undefined)("beside Argo CD's own code", () => {
  let judge = "";

  beforeAll(async () => {
    judge = await ensureBinary("argojudge");
    await ensureBinary("kustomize");
    await ensureBinary("helm4");
  });

  test("each Application gives the same objects, or none", async () => {
    const cases = Object.entries(APPLICATIONS).map(([what, [files, source, second]]) => ({
      what,
      files,
      text: application("web", source, "shop", second),
    }));
    const capabilities = { kubeVersion: "v1.36.3", apiVersions: ["v1", "apps/v1"] };
    const verdicts = await judgeArgo(
      judge,
      await programs(),
      cases.map(({ files, text }) => ({ files, application: text, ...capabilities })),
    );
    const ours: Record<string, unknown> = {};
    const theirs: Record<string, unknown> = {};
    for (const [index, { what, files, text }] of cases.entries()) {
      const state = await render({ ...files, "app.yaml": text } satisfies Files, { helm: "helm4", capabilities });
      const lost = state.faults.some(({ leavesUnknown }) => leavesUnknown === "declared");
      const objects = state.objects.filter(({ deployer }) => deployer !== undefined).map(({ value }) => value);
      ours[what] = lost ? "refused" : shown(objects);
      theirs[what] = judged(verdicts[index] as ArgoVerdict);
      if (lost !== (theirs[what] === "refused")) console.warn(what, faults(state), verdicts[index]?.error);
    }
    expect(ours).toEqual(theirs);
  });

  test("each ApplicationSet gives the same Applications, or none", async () => {
    const renderers = openRenderers({ environment: { HOLDFAST_HELM: await ensureBinary("helm4") } });
    const cases = Object.entries(SETS).map(([what, [generators, name, source, more]]) => ({
      what,
      text: applicationSet("apps", generators, name, source, more),
    }));
    const verdicts = await judgeArgo(
      judge,
      await programs(),
      cases.map(({ text }) => ({ files: TREE, applicationSet: text })),
    );
    const ours: Record<string, unknown> = {};
    const theirs: Record<string, unknown> = {};
    for (const [index, { what, text }] of cases.entries()) {
      const found = await generatedFrom(text, renderers);
      ours[what] = typeof found === "string" ? "refused" : shown(found);
      theirs[what] = judged(verdicts[index] as ArgoVerdict);
      if ((ours[what] === "refused") !== (theirs[what] === "refused")) console.warn(what, found, verdicts[index]);
    }
    await renderers.close();
    expect(ours).toEqual(theirs);
  });

  test.each(["gobwas", "path", "doublestar"] as const)("20,000 patterns of the dialect %s", async (dialect) => {
    const random = generator(7);
    const globs = Array.from({ length: 20_000 }, (): GlobQuestion => {
      return [dialect, someText(random, "ab/*?[]{}!^-,\\."), `${someText(random, "ab/-.,")}a`];
    }).filter(([, pattern]) => !isOdd(dialect, pattern));
    const verdicts = await judgeGlobs(judge, globs);
    const wrong = globs.flatMap(([, pattern, text], index) => {
      const ours = matchOf(dialect, pattern, text);
      return ours === (verdicts[index] ?? false) ? [] : [{ pattern, text, ours, theirs: verdicts[index] }];
    });
    expect(wrong.slice(0, 20)).toEqual([]);
  });

  test("20,000 texts with the build environment in them", async () => {
    const random = generator(8);
    const parts = ["$", "{", "}", "ARGOCD_APP_NAME", "ARGOCD", "_", "1", "*", "-", ".", " ", "é", "$$"];
    const texts = Array.from({ length: 20_000 }, () =>
      Array.from({ length: 1 + Math.floor(random() * 8) }, () => parts[Math.floor(random() * parts.length)]).join(""),
    );
    const verdicts = await judgeExpansions(judge, texts);
    const environment = new Map([["ARGOCD_APP_NAME", "web"]]);
    const wrong = texts.flatMap((text, index) => {
      const ours = expanded(text, environment);
      return ours === verdicts[index] ? [] : [{ text, ours, theirs: verdicts[index] }];
    });
    expect(wrong.slice(0, 20)).toEqual([]);
  });

  test("sync windows let through at any time what Argo CD lets through, until when that changes", async () => {
    const random = generator(5);
    const asked = Array.from({ length: 150 }, () => someWindows(random));
    const ours = asked.map(({ windows, name, destination, time }) =>
      windowReader(time)(windows as Value, { name, destination }),
    );
    // Half a second before and after a change is told for either kind of sync.
    const edges = ours.flatMap((said, index) =>
      said?.kind !== "timed"
        ? []
        : [said.automated, said.manual].flatMap(({ allowed, until }, kind) =>
            until === undefined
              ? []
              : [true, false].map((before) => ({
                  index,
                  kind,
                  allowed: before === allowed,
                  time: Date.parse(until) + (before ? -500 : 500),
                })),
          ),
    );
    const all = [...asked, ...edges.map(({ index, time }) => ({ ...(asked[index] as WindowQuestion), time }))];
    const theirs = await judgeWindows(judge, all);
    const wrong = asked.flatMap((question, index) => {
      const [at, said] = [ours[index], theirs[index] ?? ""];
      return wordsOf(at) === said ? [] : [{ question, at, said }];
    });
    expect(wrong.slice(0, 3)).toEqual([]);
    const moved = edges.filter(
      ({ kind, allowed }, edge) => theirs[asked.length + edge]?.split(" ")[kind] !== String(allowed),
    );
    expect(moved.slice(0, 3)).toEqual([]);
    // All that may be said is.
    expect(new Set(theirs)).toEqual(new Set(["none", "error", "true true", "false true", "false false"]));
    expect(edges.length).toBeGreaterThan(100);
  });
});

function wordsOf(said: SyncWindows | undefined): string {
  if (said === undefined) return "none";
  return said.kind === "timed"
    ? `${said.automated.allowed} ${said.manual.allowed}`
    : said.kind === "unreadable"
      ? "error"
      : "?";
}

/** Zones without summer time: the judge takes what a zone is off UTC today for all times. */
const ZONES = [
  "",
  "",
  "UTC",
  "Asia/Kolkata",
  "America/Phoenix",
  "Asia/Kathmandu",
  "asia/tokyo",
  "Asia/TOKYO",
  "JST",
  "+05:00",
  "No/Where",
];

const SCHEDULE_PARTS: readonly (readonly string[])[] = [
  ["0", "30", "*", "*/20", "10-50/10", "5/25", "59", ","],
  ["8", "22", "*", "8-17", "*/6", "0,12", "20/2", "+3", "?"],
  ["*", "*", "*", "?", "1", "31", "*/2", "1-7", "30-31", "*/1,5"],
  ["*", "*", "*", "JAN", "feb", "2", "11,12", "Jun-Aug"],
  ["*", "*", "mon-fri", "SAT,sun", "0", "*/2", "5"],
];

const BAD_SCHEDULES = [
  "",
  "@daily",
  "0 8 * *",
  "60 8 * * *",
  "0 8 * * 7",
  "0 8 L * *",
  "0 8 1#2 * *",
  "* * * * * *",
  "0 8 5-1 * *",
  "*/0 * * * *",
  "0 8 -1 * *",
];
const DURATIONS = ["1h", "1h", "8h", "24h", "30m", "1.5h", "90s", "100h", "0", "-1h", "1h30m", ".5h", "1h1ns"];
const BAD_DURATIONS = ["", "1d", "1", "1 h", "h", "9999999h", "1H"];

function someWindows(random: () => number): WindowQuestion {
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const some = (of: readonly string[]): readonly string[] => of.filter(() => random() < 0.3);
  const window = (): Value => ({
    kind: one(["allow", "deny", "deny", "other"]),
    schedule: random() < 0.04 ? one(BAD_SCHEDULES) : SCHEDULE_PARTS.map(one).join(" "),
    duration: random() < 0.03 ? one(BAD_DURATIONS) : one(DURATIONS),
    timeZone: one(ZONES),
    manualSync: random() < 0.5,
    andOperator: random() < 0.3,
    applications: some(["web", "w*", "*", "other", "{a,web}"]),
    clusters: some(["in-cluster", "https://*", "*", "none"]),
    namespaces: some(["shop", "*", "s?op", "other"]),
  });
  return {
    windows: Array.from({ length: Math.floor(random() * 4) }, window),
    name: one(["web", "api"]),
    destination: { ...one([{ name: "in-cluster" }, { server: "https://a.b" }]), ...one([{}, { namespace: "shop" }]) },
    // In the two years around one day, to the second.
    time: 1_795_000_000_000 + Math.floor((random() - 0.5) * 63_000_000) * 1000,
  };
}

/** What the matchers take in ways that nobody means: braces around nothing, a folder's end, a range that nothing ends. */
function isOdd(dialect: GlobDialect, pattern: string): boolean {
  if (dialect === "gobwas") return /\{[{,\\]*(?:\}|$)/.test(pattern);
  return dialect === "doublestar" && (pattern.endsWith("/**/") || pattern.includes("-]"));
}

/** What is no pattern matches nothing. */
function matchOf(dialect: GlobDialect, pattern: string, text: string): boolean {
  return compileGlob(pattern, dialect)?.(text) ?? false;
}

function someText(random: () => number, letters: string): string {
  const length = Math.floor(random() * 9);
  return Array.from({ length }, () => letters[Math.floor(random() * letters.length)]).join("");
}

/** mulberry32 */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** What the controller would create, or the message. */
async function generatedFrom(
  text: string,
  renderers: ReturnType<typeof openRenderers>,
): Promise<readonly ValueMap[] | string> {
  const [object] = readManifests(
    "set.yaml",
    Buffer.from(text),
    contextOf({ digester, isNamespaced, target: {} }),
  ).objects;
  const set = object === undefined ? undefined : applicationSetOf(object);
  const tree = treeOf(TREE);
  const files = await tree.list("");
  if (set === undefined || isFault(files)) throw new Error(text);
  const repository = {
    tree,
    files,
    folders: new KustomizationFolders(tree, files),
    links: new Map(),
    origin: REPOSITORY,
  };
  const found = await generatedApplications({ set, repository, renderers });
  if (isFault(found)) return found.message;
  return found.map(({ ref, spec }) => ({ metadata: { name: ref.name, namespace: ref.namespace ?? "" }, spec }));
}

/** Both of Argo CD's are the repository's text as JSON; what Helm takes for a hook is none of holdfast's objects. */
function judged({ objects, error }: ArgoVerdict): unknown {
  if (error !== undefined) return "refused";
  const lasting = (objects as readonly ValueMap[]).filter(
    (one) => fieldAt(one, "metadata", "annotations", "helm.sh/hook") === undefined,
  );
  return shown(lasting);
}

/** In one order, without the namespace that the destination gives, and without fields that Argo CD's types fill with nothing. */
function shown(objects: readonly ValueMap[]): readonly string[] {
  return objects.map((one) => JSON.stringify(sorted(withoutNamespace(one)))).toSorted();
}

function withoutNamespace(object: ValueMap): ValueMap {
  const metadata = object["metadata"];
  if (!isMap(metadata) || metadata["namespace"] !== "shop") return object;
  return withField(object, "metadata", withField(metadata, "namespace", undefined));
}

function sorted(value: Value): Value {
  if (Array.isArray(value)) return (value as readonly Value[]).map(sorted);
  if (!isMap(value)) return value;
  const fields = Object.keys(value).toSorted();
  return Object.fromEntries(
    fields.flatMap((name) => (value[name] === "" ? [] : [[name, sorted(value[name] as Value)]])),
  );
}

/** By the names that Argo CD calls them. */
async function programs(): Promise<readonly string[]> {
  const bin = folder();
  symlinkSync(await ensureBinary("kustomize"), join(bin, "kustomize"));
  symlinkSync(await ensureBinary("helm4"), join(bin, "helm"));
  return [join(bin, "helm")];
}
