// What a kustomization that nobody can read may take in is neither deployed as it stands nor known to be anything else.

import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isFault } from "../../src/core/fault.ts";
import type { SourceTree } from "../../src/core/stages.ts";
import { listSources, readDesired } from "../../src/desired/desired.ts";
import { mentionsIn } from "../../src/desired/mentions.ts";
import { openWorktree } from "../../src/desired/worktree.ts";
import { RENDERING, deployment, digester, isNamespaced, repositoryOf, treeOf } from "./repositories.ts";

type Files = Readonly<Record<string, string | Uint8Array>>;

const TARGET = { name: "all", path: "", exclude: [] };

/** Roots, and then plain files. */
async function comparedIn(tree: SourceTree, path = ""): Promise<readonly string[]> {
  const sources = await listSources(tree, { ...TARGET, path });
  if (isFault(sources)) throw new Error(sources.message);
  return [...sources.rendered, ...sources.files].map((one) => one.path);
}

const compared = (files: Files, path?: string): Promise<readonly string[]> => comparedIn(treeOf(files), path);

const BASE: Files = { "base/kustomization.yaml": "resources: [cm.yaml]\n", "base/cm.yaml": deployment("b") };
const CHART = "apiVersion: v2\nname: c\nversion: 1.0.0\n";
const OPEN = 'namePrefix: "\n';

describe("is no root of its own, where what names it cannot be read:", () => {
  test.for<[string, string | Uint8Array]>([
    ["an open quote", `resources: [../base]\n${OPEN}`],
    ["an open list", "resources: [../base\n"],
    ["infinity", "resources: [../base]\nweight: .inf\n"],
    ["a tab", "resources:\n\t- ../base\n"],
    ["a tab behind what can be read", "resources:\n- ../base\nimages:\n\t- name: a\n"],
    ["an open quote in front of it", 'namePrefix: "a\nresources: [../base]\n'],
    ["marks of a merge", "resources:\n<<<<<<< HEAD\n- ../base\n=======\n- x.yaml\n>>>>>>> b\n"],
    ["a control character", "resources: [../base] # \u0001\n"],
    ["a letter that is no UTF-8", Buffer.from("resources: [../base] # \u00e9\n", "latin1")],
    ["a space that is none", "resources:\n-\u00a0../base\n- [\n"],
    ["an item", `resources:\n  - ../base\n${OPEN}`],
    ["an item without its space", `resources:\n-../base\n${OPEN}`],
    ["a field without its space", `resources:../base\n${OPEN}`],
    ["a flow list in double quotes", `{"resources":["../base"]\n`],
    ["single quotes", `resources: ['../base']\n${OPEN}`],
    ["a slash at its end", `resources: [../base/]\n${OPEN}`],
    ["a path with steps to and fro", `resources: [./../prod/../base]\n${OPEN}`],
    ["the field of old", `bases: [../base]\n${OPEN}`],
    ["a duplicate key, and an open quote", `resources: [../base]\nresources: [x.yaml]\n${OPEN}`],
    ["a field that is none", "resource: [../base]\n"],
    ["a field that is none, beside one", "resources: [x.yaml]\nressources: [../base]\n"],
    ["a text in place of a list", "resources: ../base\n"],
    ["maps in a list of paths", "resources: [{path: ../base}]\n"],
    ["a list in place of a map", "[../base]\n"],
    ["no document of its own", "resources: [../base\n---\nresources: []\n"],
  ])("%s", async ([, text]) => {
    expect(await compared({ ...BASE, "prod/kustomization.yaml": text })).toEqual(["prod"]);
  });

  const other: Files = { "other/kustomization.yaml": "resources: []\n", "own.yaml": deployment("own") };
  const prod = (text: string): Files => ({ ...other, "prod/kustomization.yaml": `${text}\n${OPEN}` });
  test.for<[string, Files]>([
    [
      "a base of a base",
      {
        ...prod("resources: [../middle]"),
        ...BASE,
        "middle/kustomization.yaml": "resources: [../base, ../lone.yaml]\n",
        "lone.yaml": deployment("lone"),
      },
    ],
    ["a file", { ...prod("resources: [../manifests/dep.yaml]"), "manifests/dep.yaml": deployment("d") }],
    ["a patch", { ...prod("patches: [{path: ../patches/p.yaml}]"), "patches/p.yaml": deployment("d") }],
    ["a file of a generator", { ...prod("configMapGenerator: [{files: [a=../x.yaml]}]"), "x.yaml": deployment("d") }],
    ["a file with spaces in its name", { ...prod("resources:\n- ../my own.yaml # x"), "my own.yaml": deployment("d") }],
    ["a chart", { ...prod("helmCharts: [{name: c}]"), "prod/charts/c/Chart.yaml": CHART }],
    ["a chart with its version", { ...prod("helmCharts:\n- name: c"), "prod/charts/c-1.0.0/c/Chart.yaml": CHART }],
    [
      "a chart of a home",
      { ...prod("helmGlobals: {chartHome: ../charts}\nhelmCharts: [{name: c}]"), "charts/c/Chart.yaml": CHART },
    ],
    [
      "a component",
      {
        ...prod("components: [../part]"),
        "part/kustomization.yaml": "kind: Component\nresources: [../lone.yaml]\n",
        "lone.yaml": deployment("l"),
      },
    ],
  ])("%s", async ([, files]) => {
    expect(await compared(files)).toEqual(["other", "prod", "own.yaml"]);
  });

  test("what a link leads to", async () => {
    const dir = repositoryOf({
      "prod/kustomization.yaml": `resources: [../current]\n${OPEN}`,
      ...(BASE as Record<string, string>),
    });
    symlinkSync("base", join(dir, "current"));
    const tree = await openWorktree(dir);
    if (isFault(tree)) throw new Error(tree.message);
    expect(await comparedIn(tree)).toEqual(["prod"]);
  });

  test("through a base that cannot be read: what takes that in is told", async () => {
    const files = {
      ...BASE,
      "mid/kustomization.yaml": "resources: [../base\n",
      "prod/kustomization.yaml": "resources: [../mid]\n",
    };
    expect(await compared(files)).toEqual(["prod"]);
  });

  test("outside of the target, on the way back into it", async () => {
    const files = {
      "t/prod/kustomization.yaml": `resources: [../../mid]\n${OPEN}`,
      "mid/kustomization.yaml": "resources: [../t/lone.yaml]\n",
      "t/lone.yaml": deployment("l"),
      "t/own.yaml": deployment("o"),
    };
    expect(await compared(files, "t")).toEqual(["t/prod", "t/own.yaml"]);
  });
});

describe("goes on, beside one that cannot be read,", () => {
  test.for<[string, Files, readonly string[]]>([
    [
      "what takes in the same",
      {
        ...BASE,
        "dev/kustomization.yaml": "resources: [../base]\n",
        "prod/kustomization.yaml": "resources: [../base\n",
      },
      ["dev", "prod"],
    ],
    [
      "what is not named",
      { ...BASE, "prod/kustomization.yaml": "resources: [basement, ../bases\n", "a.yaml": deployment("a") },
      ["base", "prod", "a.yaml"],
    ],
    [
      "a chart of another folder with the same name",
      { "prod/kustomization.yaml": "helmCharts: [{name: c}\n", "elsewhere/c/Chart.yaml": CHART },
      ["elsewhere/c", "prod"],
    ],
    [
      "what kustomize reads: the last of a key that stands twice",
      { ...BASE, "prod/kustomization.yaml": "resources: [../base]\nresources: []\n" },
      ["base", "prod"],
    ],
    [
      "what kustomize reads: the first of its documents",
      { ...BASE, "prod/kustomization.yaml": "resources: []\n---\nresources: [../base\n" },
      ["base", "prod"],
    ],
    [
      "what kustomize reads: fields in any case",
      { ...BASE, "prod/kustomization.yaml": "Resources: []\n# ../base\n" },
      ["base", "prod"],
    ],
    [
      "the other one of two that name each other",
      { "a/kustomization.yaml": "resources: [../b\n", "b/kustomization.yaml": "resources: [../a\n" },
      ["a", "b"],
    ],
    [
      "what takes it in, though it names that",
      { "a/kustomization.yaml": "resources: [../b\n", "b/kustomization.yaml": "resources: [../a]\n" },
      ["b"],
    ],
  ])("%s", async ([, files, expected]) => {
    expect(await compared(files)).toEqual(expected);
  });
});

describe("objects", () => {
  const BUILT = { output: Buffer.from(deployment("built")), version: "v5.0.0" };
  const read = (files: Files, builds = false) =>
    readDesired({
      tree: treeOf(files),
      target: TARGET,
      digester,
      isNamespaced,
      ...RENDERING,
      ...(builds ? { renderers: { ...RENDERING.renderers, render: () => Promise.resolve(BUILT) } } : {}),
    });

  test("of what may be taken in are unknown, and no others", async () => {
    const state = await read({
      "overlay/kustomization.yaml": "resources: [../manifests/dep.yaml\n",
      "manifests/dep.yaml": deployment("d"),
      "manifests/own.yaml": deployment("own"),
    });
    expect(state.objects.map(({ ref }) => ref.name)).toEqual(["own"]);
    expect(state.complete).toBe(false);
  });

  test("are unknown where kustomize reads what holdfast cannot", async () => {
    const files = { ...BASE, "prod/kustomization.yaml": "resources: []\n# ../base\u2028\n" };
    const state = await read(files, true);
    expect(state.objects.map(({ ref }) => ref.name)).toEqual(["built"]);
    expect(state.faults.map(({ code, about, leavesUnknown }) => [code, about, leavesUnknown])).toEqual([
      ["yaml-invalid", "prod/kustomization.yaml", "declared"],
    ]);
  });

  test("are unknown where a part that nothing uses cannot be read", async () => {
    const state = await read({
      ...BASE,
      "mid/kustomization.yaml": "resources: [../base\n",
      "part/kustomization.yaml": "kind: Component\nresources: [../mid]\n",
    });
    expect(state.faults.map(({ code, about }) => [code, about])).toEqual([["yaml-invalid", "part/kustomization.yaml"]]);
    expect(state.complete).toBe(false);
  });

  const application = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: a, namespace: argocd }
spec: { source: { repoURL: "https://example.com/x", path: apps }, destination: { server: "https://kubernetes.default.svc" } }
`;

  test("of nothing are known where what declares Applications cannot be read", async () => {
    const state = await read({
      "argocd/kustomization.yaml": "resources: [a.yaml\n",
      "argocd/a.yaml": application,
      "apps/d.yaml": deployment("d"),
    });
    expect(state.objects).toEqual([]);
    expect(state.faults.map(({ code, about }) => [code, about])).toEqual([
      ["render-failed", "argocd"],
      ["not-deployed", "all"],
    ]);
    expect(state.complete).toBe(false);
  });

  test("of what a deployer deploys are compared as ever", async () => {
    const files = { "applications/a.yaml": application, "apps/d.yaml": deployment("d") };
    const before = await read(files);
    const state = await read({ ...files, "argocd/kustomization.yaml": "resources: [../applications/a.yaml\n" });
    expect(state.objects.map(({ ref }) => ref.name)).toEqual(before.objects.map(({ ref }) => ref.name));
    expect(state.faults.find(({ code }) => code === "not-deployed")?.about).toBe("all");
  });
});

test("a megabyte of anything is read, and little of it kept", { timeout: 60_000 }, () => {
  const size = 1024 * 1024;
  for (const unit of [
    "a",
    "a ",
    "-",
    "- ",
    "../",
    "a:",
    ":",
    "=a",
    "[",
    '"',
    "\n",
    " ",
    "\t",
    "a/ ",
    "..",
    " #",
    "- - a: b ",
  ]) {
    expect(mentionsIn("prod", unit.repeat(size / unit.length)).paths.size).toBeLessThan(10);
  }
  const words = Array.from({ length: size / 4 }, (_, index) => index.toString(36)).join(" ");
  expect(mentionsIn("prod", words).paths.size).toBeLessThanOrEqual(100_010);
});
