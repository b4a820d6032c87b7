// Sources in other Git repositories, read from clones that the operator names.

import { beforeAll, describe, expect, test } from "vitest";
import type { DesiredState, SourceTree } from "../../src/core/stages.ts";
import { commitAll, deployment, git, repositoryOf, treeOf, write } from "../desired/repositories.ts";
import { ensureBinary, whyUnavailable } from "./binaries.ts";
import { at, chartOf, configMap, faults, names, objectOf, renderTree } from "./rendering.ts";
import type { Files, Rendering } from "./rendering.ts";

const unavailable = whyUnavailable(["kustomize", "helm"]);
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

beforeAll(async () => {
  if (unavailable === undefined) for (const name of ["kustomize", "helm"] as const) await ensureBinary(name);
});

const BASE = "https://git.example.com/acme/base.git";

/** The faults, without the note that nothing deploys what says what is deployed. */
function told(state: DesiredState): readonly string[] {
  return faults(state).filter((one) => !one.startsWith("not-deployed: "));
}

/** Another repository, with a tag that is behind its branch. */
function baseRepository(): string {
  const dir = repositoryOf({
    "apps/kustomization.yaml": "resources: [../shared, web.yaml]\n",
    "apps/web.yaml": deployment("old"),
    "shared/kustomization.yaml": "resources: [map.yaml]\n",
    "shared/map.yaml": configMap("shared"),
    "plain/a.yaml": configMap("plain"),
    "values/prod.yaml": "colour: red\n",
    ...chartOf(
      "chart",
      { "map.yaml": configMap("{{ .Release.Name }}", "colour: {{ .Values.colour }}") },
      { values: "colour: blue\n" },
    ),
  });
  git(dir, "tag", "v1");
  write(dir, { "apps/web.yaml": deployment("new") });
  commitAll(dir);
  return dir;
}

/** A repository that knows its own address. */
function ownTree(files: Files): SourceTree {
  const tree = treeOf(files);
  return { ...tree, origin: () => Promise.resolve("https://git.example.com/acme/own") };
}

async function rendered(files: Files, options: Rendering = {}) {
  return await renderTree(ownTree(files), { repositories: [{ url: BASE, dir: baseRepository() }], ...options });
}

function flux(ref: string, more: Files = {}): Files {
  return {
    "flux.yaml": `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: base, namespace: flux-system}
spec: {path: ./apps, targetNamespace: web, sourceRef: {kind: GitRepository, name: base}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: base, namespace: flux-system}
spec: {url: "ssh://git@git.example.com/acme/base", ref: {${ref}}}
`,
    ...more,
  };
}

function application(sources: string): Files {
  return {
    "app.yaml": `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: shop, namespace: argocd}\nspec:\n  destination: {server: "https://kubernetes.default.svc", namespace: web}\n${sources}`,
  };
}

describe.skipIf(unavailable !== undefined)("another repository", () => {
  test.each([
    ["branch: main", "new"],
    ["tag: v1", "old"],
    ["name: refs/tags/v1", "old"],
  ])("is deployed by a Flux Kustomization at %s", async (ref, web) => {
    const state = await rendered(flux(ref));
    expect(told(state)).toEqual([]);
    expect(names(state)).toEqual(expect.arrayContaining(["ConfigMap/shared", `Deployment/${web}`]));
    // Nothing of it is a file here: no edit can be meant for one.
    expect(objectOf(state, "ConfigMap", "shared").origin).toMatchObject({ file: "flux.yaml", layer: "kustomize" });
  });

  test("is where a HelmRelease's chart comes from, and an Application's folders, charts and values", async () => {
    const release = `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: shop, namespace: web}
spec: {chart: {spec: {chart: ./chart, sourceRef: {kind: GitRepository, name: base, namespace: flux-system}, valuesFiles: [values/prod.yaml]}}}
`;
    const byRelease = await rendered(flux("branch: main", { "release.yaml": release, "flux2.yaml": "" }), {});
    // No Kustomization of this repository deploys the release.
    expect(names(byRelease)).not.toContain("ConfigMap/shop");

    const deployed = await rendered({
      "flux.yaml": flux("branch: main")["flux.yaml"] as string,
      "own.yaml":
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: own, namespace: flux-system}\nspec: {path: ./releases, sourceRef: {kind: GitRepository, name: own}}\n",
      "releases/release.yaml": release,
    });
    expect(told(deployed)).toEqual([]);
    expect(at(deployed, "ConfigMap", "metadata", "name")).toBeDefined();
    expect(objectOf(deployed, "ConfigMap", "shop").value).toMatchObject({ data: { colour: "red" } });
    expect(objectOf(deployed, "ConfigMap", "shop").origin.file).toBe("releases/release.yaml");

    const url = `repoURL: "${BASE}"`;
    for (const [sources, expected] of [
      [`  source: {${url}, path: apps, targetRevision: v1}\n`, ["ConfigMap/shared", "Deployment/old"]],
      [`  source: {${url}, path: apps}\n`, ["ConfigMap/shared", "Deployment/new"]],
      [`  source: {${url}, path: plain, targetRevision: main}\n`, ["ConfigMap/plain"]],
      [`  source: {${url}, path: chart, helm: {valueFiles: [/values/prod.yaml]}}\n`, ["ConfigMap/shop"]],
    ] as const) {
      const state = await rendered(application(sources));
      expect(told(state)).toEqual([]);
      expect(names(state).filter((name) => !name.startsWith("Application/"))).toEqual(expected);
      const made = state.objects.filter(({ ref }) => ref.kind !== "Application");
      expect(new Set(made.map(({ origin }) => origin.file))).toEqual(new Set(["app.yaml"]));
      expect(made.map(({ origin }) => origin.layer)).not.toContain("literal");
    }
  });

  test("gives values to a chart of this one, and this one to a chart of it", async () => {
    const own = `repoURL: "https://git.example.com/acme/own"`;
    const other = `repoURL: "${BASE}"`;
    const chart = chartOf(
      "mine",
      { "map.yaml": configMap("mine", "colour: {{ .Values.colour }}") },
      { values: "colour: none\n" },
    );
    const mine = await rendered({
      ...chart,
      ...application(
        `  sources:\n  - {${own}, path: mine, helm: {valueFiles: [$base/values/prod.yaml]}}\n  - {${other}, ref: base}\n`,
      ),
    });
    expect(told(mine)).toEqual([]);
    expect(at(mine, "ConfigMap", "data", "colour")).toBe("red");
    const theirs = await rendered({
      "values.yaml": "colour: green\n",
      ...application(
        `  sources:\n  - {${other}, path: chart, helm: {valueFiles: [$own/values.yaml]}}\n  - {${own}, ref: own}\n`,
      ),
    });
    expect(told(theirs)).toEqual([]);
    expect(at(theirs, "ConfigMap", "data", "colour")).toBe("green");
  });

  test("that the operator did not name is a fault that names it; so is a revision that the clone lacks", async () => {
    const refused = await rendered(flux("branch: main"), { repositories: [] });
    expect(told(refused)).toEqual([
      "deployer-unsupported: Kustomization/base in flux-system deploys from another repository, ssh://git.example.com/acme/base",
    ]);
    const argo = await rendered(application(`  source: {repoURL: "${BASE}", path: apps}\n`), { repositories: [] });
    expect(told(argo)).toEqual([expect.stringContaining("deploys from another repository")]);
    for (const ref of ["branch: gone", "tag: main", "commit: HEAD", 'branch: "x --help"', "branch: ../../x"]) {
      expect(told(await rendered(flux(ref)))).toEqual([
        expect.stringMatching(/another repository: the clone .* has no "/),
      ]);
    }
    expect(told(await rendered(flux("semver: '1.x'")))).toEqual([
      expect.stringContaining("deploys from another repository, "),
    ]);
  });

  test("cannot be left: a path out of it leads nowhere", async () => {
    const dir = repositoryOf({ "apps/kustomization.yaml": "resources: [../../../../../own.yaml]\n" });
    const files = { ...flux("branch: main"), "own.yaml": configMap("own") };
    const state = await rendered(files, { repositories: [{ url: BASE, dir }] });
    expect(names(state)).not.toContain("ConfigMap/own");
    expect(state.complete).toBe(false);
    const out = await rendered(
      application(`  source: {repoURL: "${BASE}", path: chart, helm: {valueFiles: [../../../../app.yaml]}}\n`),
    );
    expect(out.complete).toBe(false);
  });
});
