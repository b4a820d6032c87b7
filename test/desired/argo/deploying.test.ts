import { describe, expect, test } from "vitest";
import type { RenderJob } from "../../../src/desired/render/renderers.ts";
import { isFault } from "../../../src/core/fault.ts";
import { unreadIgnores } from "../../../src/reconcile/unread-ignores.ts";
import { applicationIgnores } from "../../../src/drift/declared-ignores.ts";
import type { DesiredState, SourceTree } from "../../../src/core/stages.ts";
import { readDesired } from "../../../src/desired/desired.ts";
import type { DesiredInput, DesiredTarget } from "../../../src/desired/desired.ts";
import { openRevision } from "../../../src/desired/revision.ts";
import { openWorktree } from "../../../src/desired/worktree.ts";
import { commitAll, digester, git, isNamespaced, RENDERING, repositoryOf, treeOf, write } from "../repositories.ts";
import { application, applicationSet, REPOSITORY } from "./applications.ts";

const MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

/** Each chart prints what `printed` makes of its job. */
async function read(
  tree: SourceTree,
  target: Partial<DesiredTarget> = {},
  printed?: (job: RenderJob) => string,
  more: Partial<DesiredInput> = {},
): Promise<DesiredState> {
  const renderers =
    printed === undefined
      ? RENDERING.renderers
      : {
          render: (job: RenderJob) => Promise.resolve({ output: Buffer.from(printed(job)), version: "1.0.0" }),
          close: () => Promise.resolve(),
        };
  return await readDesired({
    tree,
    target: { name: "t", path: "", exclude: [], ...target },
    digester,
    isNamespaced,
    renderers,
    capabilities: RENDERING.capabilities,
    ...more,
  });
}

function names(state: DesiredState): readonly string[] {
  return state.objects.map(({ ref }) => `${ref.kind}/${ref.name}`);
}

function messages(state: DesiredState): readonly string[] {
  return state.faults.map(({ message, leavesUnknown }) => `${leavesUnknown}: ${message}`);
}

function source(fields: string): string {
  return `destination: {name: in-cluster}\n  source: {repoURL: '${REPOSITORY}', ${fields}}`;
}

function to(cluster: string, name: string): string {
  return application(name, `path: ${name}`).replace("server: https://kubernetes.default.svc", `name: ${cluster}`);
}

describe("what Argo CD deploys", () => {
  test("a chart that makes another Application of itself each time comes to an end", async () => {
    let count = 0;
    const state = await read(
      treeOf({ "app.yaml": application("app", "path: chart"), "chart/Chart.yaml": "name: c\napiVersion: v2\n" }),
      {},
      () => `---\n# Source: c/a.yaml\n${application(`app-${++count}`, "path: chart")}`,
    );
    expect(messages(state)).toEqual([
      expect.stringContaining("is one of Applications that lead to more of them without end"),
    ]);
    expect(count).toBe(17);
  });

  test("what an ApplicationSet may deploy that could not be computed is not said to be deployed by nothing", async () => {
    const set = applicationSet("all", "- clusters: {}", "'{{name}}'", "path: web");
    const state = await read(
      treeOf({ "set.yaml": set, "app.yaml": application("api", "path: api"), "api/a.yaml": MAP, "web/a.yaml": MAP }),
    );
    expect(messages(state)).toEqual([
      expect.stringMatching(/^declared: ApplicationSet\/all in argocd /),
      "nothing: Argo CD deploys from target t, and whether anything of it deploys web/a.yaml is not known, because of ApplicationSet/all in argocd: not compared",
    ]);
  });

  test("a project that nothing deploys is known all the same, and is not compared", async () => {
    const project = "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: p, namespace: argocd}\n";
    const state = await read(
      treeOf({ "p.yaml": project, "app.yaml": application("web", "path: web"), "web/a.yaml": MAP }),
    );
    expect(state.projects?.map(({ ref }) => ref.name)).toEqual(["p"]);
    expect(names(state)).toEqual(["ConfigMap/a", "Application/web"]);
  });

  describe("the namespace that an Application makes and labels", () => {
    const POLICY =
      "syncPolicy: {syncOptions: [CreateNamespace=true], managedNamespaceMetadata: {labels: {team: a}, annotations: {b: c}}}";
    const made = (name: string, policy = POLICY): string => `${application(name, `path: ${name}`)}  ${policy}\n`;
    const NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";

    test("has its labels, and is the Application's", async () => {
      const state = await read(treeOf({ "app.yaml": made("web"), "web/a.yaml": MAP }));
      const found = state.objects.find(({ ref }) => ref.kind === "Namespace");
      expect(found).toMatchObject({ origin: { file: "app.yaml", layer: "argo-cd" }, deployer: { name: "web" } });
      expect(found?.value).toEqual({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: {
          name: "shop",
          labels: { team: "a" },
          annotations: { b: "c", "argocd.argoproj.io/sync-options": "ServerSideApply=true" },
        },
      });
    });

    test.each<readonly [string, Readonly<Record<string, string>>, readonly string[]]>([
      [
        "is not looked at where nothing is asked of it",
        { "app.yaml": made("web", "syncPolicy: {syncOptions: [CreateNamespace=true]}") },
        [],
      ],
      ["is not made without the option", { "app.yaml": made("web", POLICY.replace("=true", "=false")) }, []],
      [
        "is as the Application declares it, where it does",
        { "app.yaml": made("web"), "web/n.yaml": NAMESPACE },
        ["web/n.yaml"],
      ],
      [
        "is as another Application declares it, where that does",
        { "app.yaml": `${made("web")}---\n${application("other", "path: other")}`, "other/n.yaml": NAMESPACE },
        ["other/n.yaml"],
      ],
      [
        "is one where several ask for the same",
        { "app.yaml": `${made("web")}---\n${made("other")}`, "other/b.yaml": MAP.replace("a}", "b}") },
        ["app.yaml"],
      ],
    ])("%s", async (_what, files, expected) => {
      const state = await read(treeOf({ "web/a.yaml": MAP, ...files }));
      const found = state.objects.filter(({ ref }) => ref.kind === "Namespace");
      expect(found.map(({ origin }) => origin.file)).toEqual(expected);
      expect(messages(state)).toEqual([]);
    });

    test("is unknown where several ask for different things", async () => {
      const other = made("other", POLICY.replace("team: a", "team: b"));
      const files = {
        "app.yaml": `${made("web")}---\n${other}`,
        "web/a.yaml": MAP,
        "other/b.yaml": MAP.replace("a}", "b}"),
      };
      const state = await read(treeOf(files));
      expect(messages(state)).toEqual([
        expect.stringMatching(/^declared: Namespace\/shop is declared 2 times, differently/),
      ]);
    });

    test("is unknown with its Application where a label is no text", async () => {
      const state = await read(
        treeOf({ "app.yaml": made("web", POLICY.replace("team: a", "team: 1")), "web/a.yaml": MAP }),
      );
      expect(messages(state)).toEqual([
        "declared: Application/web in argocd has a spec.syncPolicy.managedNamespaceMetadata.labels that is no map of texts",
        expect.stringContaining("deploys web/a.yaml is not known, because of Application/web in argocd: not compared"),
      ]);
    });
  });

  test("a target's alias is a destination's name, and others are noted once", async () => {
    const state = await read(
      treeOf({
        "apps.yaml": [to("prod", "one"), to("dev", "two"), to("dev", "three")].join("---\n"),
        "one/a.yaml": MAP,
        "two/a.yaml": MAP,
        "three/a.yaml": MAP,
      }),
      { cluster: "prod" },
    );
    expect(names(state).filter((name) => name.startsWith("ConfigMap"))).toEqual(["ConfigMap/a"]);
    expect(messages(state)).toEqual([
      'nothing: Application/three in argocd, Application/two in argocd: deployed to another cluster, "dev", and not compared',
    ]);
    expect(state.complete).toBe(true);
  });

  test("an address is the target's cluster where that is asked at it; others are noted once, and other targets' not at all", async () => {
    const files = {
      "apps.yaml": ["https://api.prod:6443", "https://api.dev:6443", "https://api.dev:6443/", "staging"]
        .map((cluster, index) =>
          application(`app-${index}`, `path: app-${index}`).replace(
            "server: https://kubernetes.default.svc",
            cluster.startsWith("https") ? `server: ${cluster}` : `name: ${cluster}`,
          ),
        )
        .join("---\n"),
      ...Object.fromEntries([0, 1, 2, 3].map((n) => [`app-${n}/a.yaml`, MAP.replace("name: a", `name: a${n}`)])),
    };
    const state = await read(treeOf(files), { cluster: "prod", otherClusters: ["staging"] }, undefined, {
      cluster: { name: "x", server: "https://api.prod:6443" },
    });
    expect(names(state).filter((name) => name.startsWith("ConfigMap"))).toEqual(["ConfigMap/a0"]);
    expect(messages(state)).toEqual([
      'nothing: Application/app-1 in argocd, Application/app-2 in argocd: deployed to another cluster, "https://api.dev:6443", and not compared',
    ]);
  });

  test.each([
    ["that has no Argo CD is what the Applications that name it deploy", true, ["ConfigMap/p"]],
    [
      "with Argo CD of its own is all of it",
      false,
      ["Application/apps", "Application/prod", "ConfigMap/h", "ConfigMap/p"],
    ],
  ])("a cluster %s", async (_what, withoutArgo, expected) => {
    const files = {
      "root.yaml": application("apps", "path: apps", "argocd"),
      "apps/prod.yaml": to("prod", "prod"),
      "apps/hub.yaml": MAP.replace("name: a", "name: h"),
      "prod/a.yaml": MAP.replace("name: a", "name: p"),
    };
    const cluster = { name: "prod", withoutArgo };
    const state = await read(treeOf(files), { cluster: "prod" }, undefined, { cluster });
    expect(names(state).toSorted()).toEqual(expected);
    expect(messages(state)).toEqual(
      withoutArgo
        ? ['nothing: Application/apps in argocd: deployed to another cluster, "in-cluster", and not compared']
        : [],
    );
    // A cluster that is yet to have Argo CD lacks all of it.
    const bare = await read(treeOf({ ...files, "apps/prod.yaml": application("prod", "path: prod") }), {}, undefined, {
      cluster,
    });
    expect(names(bare)).toHaveLength(4);
  });

  test.each<readonly [string, string, string]>([
    ["no destination", "destination: {}", "names no destination"],
    [
      "a destination named twice",
      "destination: {name: a, server: 'https://b'}",
      "names its destination by server and by name",
    ],
    [
      "a source hydrator",
      "destination: {name: in-cluster}\n  sourceHydrator: {}",
      "deploys what its source hydrator writes to another branch",
    ],
    ["no source", "destination: {name: in-cluster}", "names no source"],
    [
      "another repository",
      "destination: {name: in-cluster}\n  source: {repoURL: 'https://me:token@git.example.com/o/other', path: x}",
      'deploys from another repository, "https://git.example.com/o/other"',
    ],
    [
      "a path that leaves the repository",
      `destination: {name: in-cluster}\n  source: {repoURL: '${REPOSITORY}', path: ../x}`,
      'deploys "../x", where the repository has no folder with files',
    ],
    [
      "objects that have no namespace at all",
      `destination: {name: in-cluster}\n  source: {repoURL: '${REPOSITORY}', path: x}`,
      "has no destination.namespace, and 1 of its objects name none either",
    ],
    ["a path that is no text", source("path: yes"), "has a spec.source.path that is no text"],
    [
      "a revision that is a number",
      source("path: x, targetRevision: 1.10"),
      "has a spec.source.targetRevision that is no text",
    ],
    ["a source that is a list", "destination: {name: in-cluster}\n  source: []", "has a spec.source that is no map"],
    [
      "sources that are a map",
      "destination: {name: in-cluster}\n  sources: {a: b}",
      "has a spec.sources that is no list of maps",
    ],
    [
      "sources that hold a text",
      "destination: {name: in-cluster}\n  sources: [x]",
      "has a spec.sources that is no list of maps",
    ],
    [
      "one of several that is odd",
      `destination: {name: in-cluster}\n  sources: [{repoURL: '${REPOSITORY}', path: x}, {repoURL: 5}]`,
      "has a spec.sources[1].repoURL that is no text",
    ],
    ["a destination that is a text", "destination: in-cluster", "has a spec.destination that is no map"],
    [
      "values files that are one text",
      source("path: x, helm: {valueFiles: a.yaml}"),
      "has a spec.source.helm.valueFiles that is no list of texts",
    ],
    [
      "a values file that is no text",
      source("path: x, helm: {valueFiles: [{}]}"),
      "has a spec.source.helm.valueFiles that is no list of texts",
    ],
    [
      "images that are maps",
      source("path: x, kustomize: {images: [{name: a}]}"),
      "has a spec.source.kustomize.images that is no list of texts",
    ],
    [
      "a switch that is a text",
      source("path: x, directory: {recurse: 'true'}"),
      "has a spec.source.directory.recurse that is no true or false",
    ],
    ["no address", "destination: {name: in-cluster}\n  source: {path: x}", "has a source without repoURL"],
    ["neither path nor chart", source("targetRevision: HEAD"), "has a source with neither path nor chart"],
    ["only a name for others", source("ref: v"), "has a source with neither path nor chart"],
    [
      "a file for a path",
      source("path: x/a.yaml"),
      'deploys "x/a.yaml", where the repository has no folder with files',
    ],
    [
      "a values file that is not there",
      source("path: c, helm: {valueFiles: [gone.yaml]}"),
      'takes values from "c/gone.yaml", which is not in the repository',
    ],
    [
      "a chart that is none",
      source("path: x, helm: {releaseName: r}"),
      'is rendered by Helm, and "x" has no Chart.yaml',
    ],
    [
      "a kustomization that is none",
      source("path: x, kustomize: {namePrefix: a-}"),
      'is built by kustomize, and "x" has no kustomization',
    ],
    [
      "two tools",
      source("path: x, kustomize: {namePrefix: a-}, helm: {releaseName: r}"),
      "names several tools: kustomize, helm",
    ],
    [
      "a plugin",
      source("path: x, plugin: {name: p}"),
      'is rendered by the plugin "p": holdfast runs none that the operator names no command for',
    ],
  ])("%s is said, and leaves unknown what it deploys", async (_what, spec, expected) => {
    const files = {
      "app.yaml": `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a, namespace: argocd}\nspec:\n  ${spec}\n`,
      "x/a.yaml": MAP,
      "c/Chart.yaml": "name: c\napiVersion: v2\n",
    };
    const state = await read({ ...treeOf(files), origin: async () => REPOSITORY });
    expect(state.faults[0]?.position?.file).toBe("app.yaml");
    expect(messages(state)[0]).toBe(`declared: Application/a in argocd ${expected}`);
    expect(state.complete).toBe(false);
  });

  test("Flux and Argo CD in one repository: what each deploys, and what neither does", async () => {
    const flux =
      "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: f, namespace: flux-system}\nspec: {path: ./f, sourceRef: {kind: GitRepository, name: r}}\n";
    const state = await read(
      treeOf({
        "flux.yaml": flux,
        "f/app.yaml": application("web", "path: web"),
        "web/a.yaml": MAP,
        "other.yaml": MAP,
      }),
      {},
      () => application("web", "path: web"),
    );
    expect(names(state)).toEqual(["Application/web", "Kustomization/f", "ConfigMap/a"]);
    expect(state.roots.map(({ path, deployer }) => [path, deployer?.kind])).toEqual([
      ["f", "flux-kustomization"],
      ["web", "argo-cd-application"],
    ]);
    expect(messages(state)).toEqual([
      "nothing: Flux and Argo CD deploy from target t, and nothing of it deploys other.yaml: not compared",
    ]);
  });

  const FLUX = `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: f, namespace: flux-system}
spec: {path: ./f, targetNamespace: shop, sourceRef: {kind: GitRepository, name: r}}
`;

  test.each<readonly [string, Readonly<Record<string, string>>, string]>([
    [
      "two Applications of one folder",
      { "apps.yaml": [application("one", "path: x"), application("two", "path: x")].join("---\n"), "x/a.yaml": MAP },
      "2 times, equally: x/a.yaml:1:1 (Application/one in argocd) and x/a.yaml:1:1 (Application/two in argocd)",
    ],
    [
      "two Applications of two folders",
      {
        "apps.yaml": [application("one", "path: x"), application("two", "path: z")].join("---\n"),
        "x/a.yaml": MAP,
        "z/a.yaml": `# another\n---\n${MAP}data: {a: b}\n`,
      },
      "2 times, differently: x/a.yaml:1:1 (Application/one in argocd) and z/a.yaml:3:1 (Application/two in argocd)",
    ],
    [
      "Flux and Argo CD",
      {
        "apps.yaml": application("one", "path: x"),
        "x/a.yaml": MAP,
        "flux.yaml": FLUX,
        "f/kustomization.yaml": "resources: [a.yaml]\n",
        "f/a.yaml": MAP,
      },
      "2 times, equally: f/a.yaml:1:1 (Kustomization/f in flux-system) and x/a.yaml:1:1 (Application/one in argocd)",
    ],
    [
      "plain files",
      { "a.yaml": MAP, "b.yaml": `${MAP}data: {a: b}\n` },
      "2 times, differently: a.yaml:1:1 and b.yaml:1:1",
    ],
    [
      "three plain files, one of which differs",
      { "a.yaml": MAP, "b.yaml": MAP, "c.yaml": `${MAP}data: {a: b}\n` },
      "3 times, differently: a.yaml:1:1 and b.yaml:1:1 and c.yaml:1:1",
    ],
  ])("one object that %s declare is unknown, and both are named", async (_what, files, expected) => {
    const rendered = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: shop\n  annotations:\n    config.kubernetes.io/origin: |\n      path: a.yaml\n`;
    const state = await read(treeOf(files), {}, () => rendered);
    expect(names(state).filter((name) => name === "ConfigMap/a")).toEqual([]);
    const where = expected.includes("plain") || files["a.yaml"] !== undefined ? "default" : "shop";
    expect(messages(state)).toContain(`declared: ConfigMap/a in ${where} is declared ${expected}`);
    expect(state.complete).toBe(false);
  });

  test("generated Applications are no objects that Git declares, and tell their roots", async () => {
    const generators = `- git: {repoURL: ${REPOSITORY}, directories: [{path: 'apps/*'}]}`;
    const state = await read(
      treeOf({
        "set.yaml": applicationSet("set", generators, "'{{path.basename}}'", "path: '{{path}}'"),
        "apps/one/a.yaml": MAP,
      }),
    );
    expect(names(state)).toEqual(["ConfigMap/a", "ApplicationSet/set"]);
    expect(state.roots.map(({ path, deployer }) => [path, deployer?.ref.name, deployer?.file])).toEqual([
      ["apps/one", "one", "set.yaml"],
    ]);
  });

  test("what a generated Application ignores counts for what it deploys, and for nothing else", async () => {
    const generators = `- git: {repoURL: ${REPOSITORY}, directories: [{path: 'apps/*'}]}`;
    const more = "ignoreDifferences: [{group: '', kind: ConfigMap, jsonPointers: ['/data/{{path.basename}}', '/x*']}]";
    const set = applicationSet("set", generators, "'{{path.basename}}'", "path: '{{path}}'");
    const state = await read(
      treeOf({
        "set.yaml": `# first\n---\n${set.replace("      project: default", `      project: default\n      ${more}`)}`,
        "apps/one/a.yaml": MAP,
        "apps/two/b.yaml": MAP.replace("name: a", "name: b"),
      }),
    );
    const ignores = applicationIgnores([...state.objects, ...(state.generated ?? [])], () => ({ file: "", line: 1 }));
    const asked = state.objects.map((one) => [one.ref.name, ignores.rulesFor(one).map(({ field }) => field?.text)]);
    expect(asked).toEqual([
      ["a", ["/data/one"]],
      ["b", ["/data/two"]],
      ["set", []],
    ]);
    const declared = state.objects.map((object) => ({ target: "t", object }));
    const generated = (state.generated ?? []).map((object) => ({ target: "t", object }));
    const tree = treeOf({});
    const told = await unreadIgnores(declared, { generated, defaults: [] }, () => tree);
    expect(told.map(({ about, position }) => [about, position?.file])).toEqual([
      ["Application/one in argocd", "set.yaml"],
    ]);
  });

  test("what a renderer fails at names the Applications that deploy it", async () => {
    const state = await read(
      treeOf({
        "apps.yaml": [application("one", "path: c"), application("two", "path: c")].join("---\n"),
        "c/Chart.yaml": "name: c\napiVersion: v2\n",
      }),
    );
    expect(state.faults.map(({ code, message, position }) => [code, message, position?.file, position?.line])).toEqual([
      ["render-failed", "Application/one in argocd: not rendered by helm", "apps.yaml", 1],
      ["render-failed", "Application/two in argocd: not rendered by helm", "apps.yaml", 12],
    ]);
  });

  test("a fault names the line that the Application begins at", async () => {
    const other = applicationSet("set", "- clusters: {}", "x", "path: x");
    const state = await read(
      treeOf({
        "apps.yaml": [application("one", "path: gone"), application("two", "path: gone"), other].join("---\n"),
      }),
    );
    expect(state.faults.map(({ about, position }) => [about, position?.file, position?.line])).toEqual([
      ["Application/one in argocd", "apps.yaml", 1],
      ["Application/two in argocd", "apps.yaml", 12],
      ["ApplicationSet/set in argocd", "apps.yaml", 23],
    ]);
  });
});

describe("the revision that Argo CD deploys", () => {
  test.each<readonly [string, boolean | undefined, boolean | undefined]>([
    ["main", true, true],
    ["v1", false, true],
    ["other", false, false],
    ["nowhere", undefined, undefined],
    ["--help", undefined, undefined],
    ["a b", undefined, undefined],
  ])("%s, beside the working tree and beside an older commit", async (name, atHead, atFirst) => {
    const dir = repositoryOf({ "a.yaml": MAP });
    git(dir, "tag", "v1");
    git(dir, "checkout", "--quiet", "-b", "other");
    write(dir, { "b.yaml": MAP });
    commitAll(dir);
    git(dir, "checkout", "--quiet", "main");
    write(dir, { "c.yaml": MAP });
    commitAll(dir);
    const tree = await openWorktree(dir);
    const first = await openRevision(dir, "v1");
    if (isFault(tree) || isFault(first)) throw new Error("no tree");
    expect(await tree.isAt?.(name)).toBe(atHead);
    // A branch that has gone on stands for something else.
    expect(await first.isAt?.(name)).toBe(name === "main" ? false : atFirst);
    first.close();
  });

  test("is noted where another commit is read, for all Applications at once", async () => {
    const dir = repositoryOf({
      "apps.yaml": ["one", "two"]
        .map((name) => application(name, `path: ${name}`).replace("targetRevision: HEAD", "targetRevision: v1"))
        .join("---\n"),
      "one/a.yaml": MAP,
      "two/b.yaml": MAP.replace("name: a", "name: b"),
    });
    git(dir, "tag", "v1");
    const [at, after] = [await openWorktree(dir), await openWorktree(dir)];
    if (isFault(at) || isFault(after)) throw new Error("no tree");
    expect(messages(await read(at))).toEqual([]);
    write(dir, { "one/a.yaml": `${MAP}data: {a: b}\n` });
    commitAll(dir);
    expect(messages(await read(after))).toEqual([
      'nothing: Application/one in argocd, Application/two in argocd: Argo CD deploys "v1", and what is read is another commit',
    ]);
  });
});
