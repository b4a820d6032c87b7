// What Argo CD's Applications and ApplicationSets deploy, through the real programs. No API server is needed.

import { beforeAll, describe, expect, test } from "vitest";
import { ensureBinary, whyUnavailable } from "./binaries.ts";
import { application, applicationSet } from "../desired/argo/applications.ts";
import { deployment } from "../desired/repositories.ts";
import { at, chartOf, configMap, faults, names, objectOf, render } from "./rendering.ts";
import type { Files } from "./rendering.ts";

const unavailable = whyUnavailable(["kustomize", "helm", "helm4"]);
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

const CHART = chartOf(
  "chart",
  {
    "cm.yaml":
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}}\ndata:\n{{- range $k, $v := omit .Values "global" }}\n  {{ $k }}: {{ printf "%v (%s)" $v (kindOf $v) | quote }}\n{{- end }}\n',
  },
  { values: "a: 1\nb: x\n" },
);

interface Case {
  readonly files: Files;
  readonly objects: readonly string[];
  readonly faults?: readonly string[];
}

describe.skipIf(unavailable !== undefined)("Applications", () => {
  beforeAll(async () => void (await Promise.all([ensureBinary("kustomize"), ensureBinary("helm")])));

  const CASES: Readonly<Record<string, Case>> = {
    "a folder, without what is below it": {
      files: {
        "app.yaml": application("web", "path: web"),
        "web/a.yaml": configMap("a"),
        "web/deep/b.yaml": configMap("b"),
      },
      objects: ["ConfigMap/a", "Application/web"],
      faults: ["not-deployed: Argo CD deploys from target t, and nothing of it deploys web/deep/b.yaml: not compared"],
    },
    "a folder with all that is below it, by patterns": {
      files: {
        "app.yaml": application(
          "web",
          "path: web\ndirectory: {recurse: true, include: '{*.yaml,x/*}', exclude: 'deep/*'}",
        ),
        "web/a.yaml": configMap("a"),
        "web/x/c.yaml": configMap("c"),
        "web/deep/b.yaml": configMap("b"),
        "web/skipped.yaml": `# +argocd:skip-file-rendering\n${configMap("skipped")}`,
      },
      objects: ["ConfigMap/a", "ConfigMap/c", "Application/web"],
      faults: [
        "not-deployed: Argo CD deploys from target t, and nothing of it deploys web/deep/b.yaml, web/skipped.yaml: not compared",
      ],
    },
    "an Application of Applications, each rendered by its own tool": {
      files: {
        "root.yaml": application("root", "path: apps", "argocd"),
        "apps/one.yaml": application("one", "path: one"),
        "apps/two.yaml": application("two", "path: chart"),
        "one/kustomization.yaml": "resources: [web.yaml]\nnamePrefix: p-\n",
        "one/web.yaml": deployment("web"),
        ...CHART,
      },
      objects: ["ConfigMap/two", "Deployment/p-web", "Application/one", "Application/root", "Application/two"],
    },
    "Applications that a chart makes": {
      files: {
        "root.yaml": application("root", "path: apps\nhelm: {valuesObject: {names: [one]}}", "argocd"),
        ...chartOf("apps", {
          "apps.yaml": `{{- range .Values.names }}\n---\n${application("{{ . }}", "path: {{ . }}")}\n{{- end }}\n`,
        }),
        "one/a.yaml": configMap("a"),
      },
      objects: ["ConfigMap/a", "Application/one", "Application/root"],
    },
    "Applications of a kustomization that nothing deploys": {
      files: {
        "boot/kustomization.yaml": "resources: [app.yaml]\nnamePrefix: x-\n",
        "boot/app.yaml": application("web", "path: web"),
        "web/a.yaml": configMap("a"),
      },
      objects: ["ConfigMap/a", "Application/x-web"],
    },
    "Applications of a chart that nothing deploys, one of which deploys another such chart": {
      files: {
        ...chartOf("a", {
          "app.yaml": application("b", "path: b\nhelm: {parameters: [{name: env, value: prod}]}", "argocd"),
        }),
        ...chartOf("b", { "app.yaml": application("web-{{ .Values.env }}", "path: web") }, { values: "env: none\n" }),
        "web/a.yaml": configMap("a"),
      },
      objects: ["ConfigMap/a", "Application/b", "Application/web-prod"],
    },
    "one that deploys itself": {
      files: { "apps/self.yaml": application("self", "path: apps"), "apps/a.yaml": configMap("a") },
      objects: ["ConfigMap/a", "Application/self"],
    },
    "a circle of them": {
      files: {
        "a/app.yaml": application("b", "path: b"),
        "b/app.yaml": application("a", "path: a"),
      },
      objects: ["Application/a", "Application/b"],
    },
    "what is deployed to another cluster, and is not compared": {
      files: {
        "app.yaml": application("far", "path: far").replace("server: https://kubernetes.default.svc", "name: far"),
        "far/a.yaml": configMap("a"),
      },
      objects: ["Application/far"],
      faults: ['deployer-unsupported: Application/far in argocd: deployed to another cluster, "far", and not compared'],
    },
    "a path that is not there": {
      files: { "app.yaml": application("web", "path: web") },
      objects: ["Application/web"],
      faults: [
        'deployer-unsupported: Application/web in argocd deploys "web", where the repository has no folder with files',
      ],
    },
    "a values file that is no YAML, and a chart that does not template": {
      files: {
        "apps.yaml": [application("a", "path: c\nhelm: {valueFiles: [bad.yaml]}"), application("b", "path: d")].join(
          "---\n",
        ),
        "c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
        "c/bad.yaml": "a: [\n",
        "d/Chart.yaml": "apiVersion: v2\nname: d\nversion: 1.0.0\n",
        "d/templates/x.yaml": "{{ fail }}\n",
      },
      objects: ["Application/a", "Application/b"],
      faults: [
        expect.stringMatching(/^render-failed: Application\/a in argocd: .*bad\.yaml/),
        expect.stringMatching(/^render-failed: Application\/b in argocd: /),
      ],
    },
    "one object that two of them declare": {
      files: {
        "apps.yaml": `${application("a", "path: a")}---\n${application("b", "path: b")}`,
        "a/x.yaml": configMap("x"),
        "b/y.yaml": configMap("x"),
      },
      objects: ["Application/a", "Application/b"],
      faults: [
        "duplicate-object: ConfigMap/x in shop is declared 2 times, equally: a/x.yaml:1:1 (Application/a in argocd) and b/y.yaml:1:1 (Application/b in argocd)",
      ],
    },
    "a chart of a Helm repository": {
      files: {
        "app.yaml": application("redis", "chart: redis").replace("targetRevision: HEAD", "targetRevision: 1.2.3"),
      },
      objects: ["Application/redis"],
      faults: [
        "chart-missing: Application/redis needs the chart redis 1.2.3 from https://git.example.com/org/repo.git, which the repository does not hold",
      ],
    },
    "a plugin, Jsonnet, and several tools at once": {
      files: {
        "apps.yaml": [
          application("a", "path: a\nplugin: {name: tanka}"),
          application("b", "path: b"),
          application("c", "path: b\nhelm: {releaseName: x}\nkustomize: {namePrefix: y-}"),
        ].join("---\n"),
        "a/x.yaml": configMap("x"),
        "b/y.jsonnet": "{}",
        "b/y.yaml": configMap("why"),
      },
      objects: ["ConfigMap/why", "Application/a", "Application/b", "Application/c"],
      faults: [
        'deployer-unsupported: Application/a in argocd is rendered by the plugin "tanka": holdfast runs none that the operator names no command for',
        'deployer-unsupported: Application/b in argocd is made by Jsonnet ("b/y.jsonnet"): holdfast runs none',
        "deployer-unsupported: Application/c in argocd names several tools: kustomize, helm",
        "not-deployed: Argo CD deploys from target t, and whether anything of it deploys a/x.yaml is not known, because of Application/a in argocd, Application/b in argocd, Application/c in argocd: not compared",
      ],
    },
    "another repository, where a source is named that others refer to": {
      files: {
        "app.yaml": application(
          "web",
          "path: chart\nhelm: {valueFiles: [$v/prod.yaml]}",
          "shop",
          "ref: v\nrepoURL: https://git.example.com/org/repo",
        ),
        "prod.yaml": "b: prod\n",
        ...CHART,
      },
      objects: ["ConfigMap/web", "Application/web"],
    },
  };

  test.each(Object.entries(CASES))("%s", async (_name, { files, objects, faults: expected = [] }) => {
    const state = await render(files);
    expect({ objects: names(state), faults: faults(state) }).toEqual({ objects, faults: expected });
  });

  test("objects without a namespace get the destination's, and roots tell their Application", async () => {
    const state = await render({ "app.yaml": application("web", "path: web"), "web/a.yaml": configMap("a") });
    expect(objectOf(state, "ConfigMap").ref.namespace).toBe("shop");
    expect(state.roots.map(({ path, renderer, deployer }) => [path, renderer, deployer?.ref.name])).toEqual([
      ["web", "plain", "web"],
    ]);
  });
});

describe.skipIf(unavailable !== undefined).each(["helm", "helm4"] as const)(
  "an Application's options for %s",
  (helm) => {
    const HELM: Readonly<Record<string, readonly [string, Readonly<Record<string, string>>, Files?]>> = {
      "values over values files, parameters over values": [
        "helm: {valueFiles: [prod.yaml], values: 'b: inline', parameters: [{name: c, value: '3'}, {name: d, value: '3', forceString: true}]}",
        { a: "2 (float64)", b: "inline (string)", c: "3 (int64)", d: "3 (string)" },
        { "chart/prod.yaml": "a: 2\nb: file\n" },
      ],
      "valuesObject over values": [
        "helm: {values: 'b: text', valuesObject: {b: object}}",
        { a: "1 (float64)", b: "object (string)" },
      ],
      "values files from the repository's root, by patterns, and missing ones": [
        "helm: {ignoreMissingValueFiles: true, valueFiles: ['/env/**/*.yaml', /env/a.yaml, missing.yaml, 'no/*.yaml']}",
        { a: "7 (float64)", b: "deep (string)" },
        { "env/a.yaml": "a: 7\n", "env/x/b.yaml": "a: 8\nb: deep\n" },
      ],
      "a file as a value, commas, and the build environment": [
        "helm: {fileParameters: [{name: f, path: text.txt}], parameters: [{name: b, value: 'x,$ARGOCD_APP_NAME,$$,${ARGOCD_APP_SOURCE_PATH}$nope'}]}",
        { a: "1 (float64)", b: "x,web,$,chart (string)", f: "hello (string)" },
        { "chart/text.txt": "hello" },
      ],
    };

    test.each(Object.entries(HELM))("%s", async (_name, [options, data, files = {}]) => {
      const state = await render(
        { "app.yaml": application("web", `path: chart\n${options}`), ...CHART, ...files },
        { helm },
      );
      expect(faults(state).filter((fault) => !fault.startsWith("not-deployed"))).toEqual([]);
      expect(at(state, "ConfigMap", "data")).toEqual(data);
    });

    test("the release's name and namespace, definitions left out, and versions of the cluster", async () => {
      const state = await render(
        {
          "app.yaml": application(
            "web",
            "path: c\nhelm: {releaseName: rel, namespace: other, skipCrds: true, kubeVersion: 1.30.0, apiVersions: [x.io/v1]}",
          ),
          ...chartOf("c", {
            "a.yaml":
              'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata: {ns: {{ .Release.Namespace }}, k: "{{ .Capabilities.KubeVersion }}", h: "{{ .Capabilities.APIVersions.Has "x.io/v1" }}", not: "{{ .Capabilities.APIVersions.Has "y.io/v1" }}"}\n',
          }),
          "c/crds/x.yaml":
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: xs.x.io}\n",
        },
        { helm },
      );
      expect(names(state)).toEqual(["ConfigMap/rel", "Application/web"]);
      expect(objectOf(state, "ConfigMap").ref.namespace).toBe("shop");
      expect(at(state, "ConfigMap", "data")).toEqual({ ns: "other", k: "v1.30.0", h: "true", not: "false" });
    });

    test("Go templates of an ApplicationSet are Argo CD's", async () => {
      const state = await render(
        {
          "set.yaml": applicationSet(
            "apps",
            "- git: {repoURL: https://git.example.com/org/repo.git, directories: [{path: 'apps/*'}], values: {up: '{{ .path.basename | upper }}'}}",
            "'{{ normalize .path.basename }}'",
            "path: '{{ .path.path }}'\nkustomize: {commonLabels: {up: '{{ .values.up }}', s: '{{ index .path.segments 0 }}', '{{ .path.basename }}': '{{ if eq .path.basename \"a_b\" }}yes{{ else }}no{{ end }}'}}",
            "goTemplate: true\n  goTemplateOptions: [missingkey=error]",
          ),
          "apps/a_b/kustomization.yaml": "resources: [x.yaml]\n",
          "apps/a_b/x.yaml": configMap("x"),
          "apps/c/kustomization.yaml": "resources: [z.yaml]\n",
          "apps/c/z.yaml": configMap("z"),
        },
        { helm },
      );
      expect(faults(state)).toEqual([]);
      expect(at(state, "ConfigMap", "metadata", "labels")).toEqual({ up: "A_B", s: "apps", a_b: "yes" });
      expect(state.roots.map(({ deployer }) => deployer?.ref.name)).toEqual(["a-b", "c"]);
    });

    test.each([
      ["{{ .path.nope }}", "has templates that name a parameter that its generators do not give"],
      ["{{ randAlpha 5 | lower }}", "has templates that give something else each time"],
      ["{{ slugify .path.basename }}", "uses slugify, which holdfast lacks"],
    ])("a name of %s is refused", async (name, expected) => {
      const state = await render(
        {
          "set.yaml": applicationSet(
            "apps",
            "- git: {repoURL: https://git.example.com/org/repo.git, directories: [{path: apps}]}",
            `'${name}'`,
            "path: apps",
            "goTemplate: true\n  goTemplateOptions: [missingkey=error]",
          ),
          "apps/x.yaml": configMap("x"),
        },
        { helm },
      );
      expect(faults(state)[0]).toBe(`deployer-unsupported: ApplicationSet/apps in argocd ${expected}`);
    });
  },
);

describe.skipIf(unavailable !== undefined)("an Application's options for kustomize", () => {
  test("names, labels, annotations, images, replicas, patches and components", async () => {
    const state = await render({
      "app.yaml": application(
        "web",
        `path: web
kustomize:
  namePrefix: p-
  nameSuffix: -s
  namespace: other
  images: ['nginx:2', 'old=registry:5000/new@sha256:abc']
  replicas: [{name: web, count: '7'}]
  commonLabels: {app: $ARGOCD_APP_NAME}
  labelWithoutSelector: true
  commonAnnotations: {who: $ARGOCD_APP_NAME}
  patches: [{target: {kind: Deployment}, patch: '[{"op": "add", "path": "/spec/paused", "value": true}]'}]
  components: [../part, ../none]
  ignoreMissingComponents: true`,
      ),
      "web/kustomization.yaml": "resources: [web.yaml]\nnamePrefix: own-\nimages: [{name: nginx, newName: mine}]\n",
      "web/web.yaml":
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 1\n  selector: {matchLabels: {a: b}}\n  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: 'nginx:1'}, {name: b, image: old}]}}\n",
      "part/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [c.yaml]\n",
      "part/c.yaml": configMap("c"),
    });
    expect(faults(state)).toEqual([]);
    expect(names(state)).toEqual(["ConfigMap/p-c-s", "Deployment/p-web-s", "Application/web"]);
    const web = objectOf(state, "Deployment").value;
    expect(web).toMatchObject({
      metadata: { namespace: "other", labels: { app: "web" }, annotations: { who: "$ARGOCD_APP_NAME" } },
      spec: { replicas: 7, paused: true, selector: { matchLabels: { a: "b" } } },
    });
    expect(JSON.stringify(web)).toContain('"image":"nginx:2"');
    expect(JSON.stringify(web)).toContain('"image":"registry:5000/new@sha256:abc"');
  });

  test("what the folder itself says over them, and a commit that is not known", async () => {
    const state = await render({
      "app.yaml": application(
        "web",
        "path: web\nkustomize: {commonAnnotations: {at: $ARGOCD_APP_REVISION}, commonAnnotationsEnvsubst: true}",
      ),
      "web/kustomization.yaml": "resources: [a.yaml]\n",
      "web/a.yaml": configMap("a"),
      "web/.argocd-source.yaml": "kustomize: {namePrefix: all-}\n",
      "web/.argocd-source-web.yaml": "kustomize: {nameSuffix: -one}\npath: elsewhere\n",
    });
    const found = objectOf(state, "ConfigMap");
    expect([faults(state), found.ref.name]).toEqual([[], "all-a-one"]);
    expect(found.again).toBeDefined();
  });
});
