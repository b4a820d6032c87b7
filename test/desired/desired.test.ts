import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatPath } from "../../src/core/path.ts";
import { isFault } from "../../src/core/fault.ts";
import type { SourceTree } from "../../src/core/stages.ts";
import { fieldOf, textOf } from "../../src/core/value.ts";
import { readDesired } from "../../src/desired/desired.ts";
import type { DesiredTarget } from "../../src/desired/desired.ts";
import { openWorktree } from "../../src/desired/worktree.ts";
import { RENDERING, deployment, digester, isNamespaced, repositoryOf, treeOf } from "./repositories.ts";

const ALL: DesiredTarget = { name: "all", path: "", exclude: [] };

function read(files: Readonly<Record<string, string | Uint8Array>>, target: Partial<DesiredTarget> = {}) {
  return readTree(treeOf(files), target);
}

function readTree(tree: SourceTree, target: Partial<DesiredTarget> = {}) {
  return readDesired({ tree, target: { ...ALL, ...target }, digester, isNamespaced, ...RENDERING });
}

function names(state: Awaited<ReturnType<typeof read>>): readonly string[] {
  return state.objects.map(({ ref }) => `${ref.kind}/${ref.name}`);
}

function roots(state: Awaited<ReturnType<typeof read>>): readonly string[] {
  return state.faults.filter(({ code }) => /^render-(?:failed|refused)$/.test(code)).map((fault) => fault.about);
}

function inFolder(folder: string, files: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]));
}

function secret(data: string): string {
  return `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n${data}`;
}

function encrypted(name: string): string {
  return `apiVersion: v1
kind: Secret
metadata: {name: ${name}}
type: Opaque
data: {a: "ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]"}
sops: {mac: "ENC[AES256_GCM,data:q]", version: 3.9.0}
`;
}

describe("a target's objects", () => {
  test("are those of every YAML and JSON file below its path, in the order of files and documents", async () => {
    const json = JSON.stringify({ apiVersion: "v1", kind: "Service", metadata: { name: "s" } });
    const state = await read(
      {
        "apps/b.yml": `${deployment("b1")}---\n---\n# empty\n---\n${deployment("b2")}`,
        "apps/a.json": json,
        "apps/deep/er/c.yaml": deployment("c"),
        "apps/notes.txt": deployment("no"),
        "other/d.yaml": deployment("d"),
      },
      { path: "./apps/" },
    );
    expect(state.faults).toEqual([]);
    expect(state.complete).toBe(true);
    expect(names(state)).toEqual(["Service/s", "Deployment/b1", "Deployment/b2", "Deployment/c"]);
    expect(state.roots).toEqual([{ path: "apps", renderer: "plain", version: expect.any(String) }]);
    expect(state.objects[0]?.origin).toEqual({
      file: "apps/a.json",
      document: 0,
      items: [],
      layer: "literal",
      hash: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
  });

  test("may be one file", async () => {
    expect(names(await read({ "a.yaml": deployment("a"), "b.yaml": deployment("b") }, { path: "b.yaml" }))).toEqual([
      "Deployment/b",
    ]);
  });

  test("come out of Lists, nested and typed, with the way to each", async () => {
    const inner = {
      apiVersion: "v1",
      kind: "List",
      items: [{ apiVersion: "v1", kind: "Service", metadata: { name: "in" } }],
    };
    const typed = { apiVersion: "apps/v1", kind: "DeploymentList", items: [{ metadata: { name: "typed" } }] };
    const state = await read({
      "l.json": JSON.stringify({ apiVersion: "v1", kind: "List", items: [inner, typed, 5] }),
    });
    expect(state.faults).toEqual([]);
    expect(state.objects.map(({ ref, origin }) => [ref.apiVersion, ref.kind, ref.name, origin.items])).toEqual([
      ["v1", "Service", "in", [0, 0]],
      ["apps/v1", "Deployment", "typed", [1, 0]],
    ]);
    expect(state.objects[1]?.value["kind"]).toBe("Deployment");
  });

  test("of a kind that ends in List and has a name is an object", async () => {
    expect(
      names(await read({ "a.yaml": "apiVersion: x.io/v1\nkind: AllowList\nmetadata: {name: a}\nitems: []\n" })),
    ).toEqual(["AllowList/a"]);
  });

  test.each([
    ["a namespaced object without a namespace", "apps/v1", "Deployment", "", undefined, "default"],
    ["a namespaced object, by the target's namespace", "apps/v1", "Deployment", "", "shop", "shop"],
    ["a namespaced object with its own", "apps/v1", "Deployment", "own", "shop", "own"],
    ["a cluster-scoped object with a stray one", "v1", "Namespace", "stray", "shop", undefined],
    ["an unknown kind with one", "x.io/v1", "Thing", "own", "shop", "own"],
    ["an unknown kind without one", "x.io/v1", "Thing", "", "shop", undefined],
  ])("stand in the right namespace: %s", async (_, apiVersion, kind, declared, namespace, expected) => {
    const metadata = { name: "n", ...(declared === "" ? {} : { namespace: declared }) };
    const state = await read(
      { "a.json": JSON.stringify({ apiVersion, kind, metadata }) },
      namespace === undefined ? {} : { namespace },
    );
    expect(state.objects[0]?.ref.namespace).toBe(expected);
    expect(Object.hasOwn(state.objects[0]?.ref ?? {}, "namespace")).toBe(expected !== undefined);
    expect(textOf(fieldOf(state.objects[0]?.value, "metadata"), "namespace")).toBe(expected);
  });

  test("are not what exclude names", async () => {
    const files = { "a.yaml": deployment("a"), "x/testdata/b.yaml": deployment("b"), "c.tmpl.yaml": "{{ apiVersion" };
    const state = await read(files, { exclude: ["**/testdata/**", "*.tmpl.yaml"] });
    expect(names(state)).toEqual(["Deployment/a"]);
    expect(state.complete).toBe(true);
  });

  test("are read once where a link leads to a file of the target, and belong to the file that a link leads to", async () => {
    const dir = repositoryOf({ "apps/a.yaml": deployment("a"), "shared/b.yaml": deployment("b") });
    symlinkSync("a.yaml", join(dir, "apps/again.yaml"));
    symlinkSync("../shared/b.yaml", join(dir, "apps/b.yaml"));
    const tree = await openWorktree(dir);
    if (isFault(tree)) throw new Error(tree.message);
    const state = await readTree(tree, { path: "apps" });
    expect(state.faults).toEqual([]);
    expect(state.objects.map(({ origin }) => origin.file)).toEqual(["apps/a.yaml", "shared/b.yaml"]);
  });

  test("of ten thousand files are read in a few seconds", { timeout: 60_000 }, async () => {
    const files = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`apps/${i}.yaml`, deployment(`d${i}`)]));
    const started = performance.now();
    const state = await read(files);
    expect(state.objects).toHaveLength(10_000);
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

describe("files that declare nothing are no errors:", () => {
  test.each([
    ["Helm values", "values.yaml", "image:\n  tag: 1.2\n"],
    ["a workflow", ".github/workflows/ci.yml", "on: push\njobs: {}\n"],
    ["mkdocs with unknown tags", "mkdocs.yml", "plugins:\n  - x: !!python/name:material.x\n"],
    ["templates of another tool", "playbook.yml", "{% if x %}\n- {{ item }}: [\n{% endif %}\n"],
    ["an editor's JSON with comments", ".vscode/settings.json", '{ // comment\n "a": 1, }'],
    ["a kubeconfig", "kubeconfig.yaml", "apiVersion: v1\nkind: Config\nclusters: []\n"],
    ["a kind cluster", "kind.yaml", "apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\n"],
    [
      "a catalogue entry",
      "catalog-info.yaml",
      "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: x}\n",
    ],
    ["an ARM template", "arm.json", '{"resources": [{"apiVersion": "2023-01-01", "type": "x"}]}'],
    ["an empty file", "empty.yaml", ""],
    ["bytes of some other kind", "x.yaml", new Uint8Array([0, 159, 146, 150])],
  ])("%s", async (_, file, content) => {
    const state = await read({ [file]: content, "a.yaml": deployment("a") });
    expect(names(state)).toEqual(["Deployment/a"]);
    expect(state.faults).toEqual([]);
    expect(state.complete).toBe(true);
  });
});

describe("what cannot be read is a fault with its place, and the rest goes on:", () => {
  const nameless = "apiVersion: v1\nkind: Service\nmetadata:\n  labels: {a: b}\n";
  const cases: readonly (readonly [string, string | Uint8Array, string, number, number | undefined])[] = [
    ["YAML that does not parse", "apiVersion: v1\nkind: [\n", "yaml-invalid", 3, 1],
    ["an object without a name", nameless, "manifest-invalid", 3, 1],
    ["a name that is a number", "apiVersion: v1\nkind: Service\nmetadata:\n  name: 5\n", "manifest-invalid", 4, 3],
    ["a name with a slash", "apiVersion: v1\nkind: Service\nmetadata: {name: a/b}\n", "manifest-invalid", 3, 12],
    [
      "a namespace that is none",
      "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: A_B}\n",
      "manifest-invalid",
      3,
      21,
    ],
    [
      "an apiVersion that is none",
      "apiVersion: '{{ v }}'\nkind: Service\nmetadata: {name: a}\n",
      "manifest-invalid",
      1,
      1,
    ],
    ["a second document without a name", `${deployment("x")}---\n${nameless}`, "manifest-invalid", 10, 1],
    ["a List without a list", "apiVersion: v1\nkind: List\nitems: {}\n", "manifest-invalid", 3, 1],
    ["Secret data that is no base64", secret("data:\n  a: Zm9v\n  key: hunter2!\n"), "manifest-invalid", 6, 3],
    ["Secret data that is a number", secret("stringData:\n  port: 5432\n"), "manifest-invalid", 5, 3],
    [
      "a Git LFS pointer",
      "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
      "file-unreadable",
      1,
      undefined,
    ],
    ["Latin-1", Buffer.from(`${deployment("x")}# caf\u00e9\n`, "latin1"), "file-unreadable", 1, undefined],
    ["UTF-16", Buffer.from(`\ufeff${deployment("x")}`, "utf16le"), "file-unreadable", 1, undefined],
  ];
  test.each(cases)("%s", async (_, content, code, line, column) => {
    const state = await read({ "a/bad.yaml": content, "b.yaml": deployment("b") });
    expect(names(state)).toContain("Deployment/b");
    expect(state.complete).toBe(false);
    expect(state.faults).toHaveLength(1);
    expect(state.faults[0]).toMatchObject({ code, position: { file: "a/bad.yaml", line }, leavesUnknown: "declared" });
    expect(state.faults[0]?.position?.column).toBe(column);
    expect(JSON.stringify(state)).not.toMatch(/hunter2|5432/);
  });

  test("a duplicate key counts with its last value and leaves nothing unknown", async () => {
    const state = await read({ "a.yaml": `${deployment("a")}  replicas: 4\n` });
    expect(state.faults).toMatchObject([
      { code: "yaml-invalid", position: { line: 7, column: 3 }, leavesUnknown: "nothing" },
    ]);
    expect(state.objects[0]?.value["spec"]).toEqual({ replicas: 4 });
    expect(state.complete).toBe(true);
  });

  test("generateName is said, and leaves nothing unknown", async () => {
    const state = await read({ "a.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: j-}\n" });
    expect(state.objects).toEqual([]);
    expect(state.faults).toMatchObject([{ code: "manifest-invalid", leavesUnknown: "nothing" }]);
    expect(state.complete).toBe(true);
  });

  test("an object that is declared twice is left out, and both places are named", async () => {
    const other = deployment("web", "  namespace: default\n").replace("apps/v1", "apps/v1beta1");
    const state = await read({
      "a.yaml": deployment("web"),
      "b.yaml": `${deployment("x")}---\n${other}`,
      "c.yaml": deployment("web", "  namespace: other\n"),
    });
    expect(names(state)).toEqual(["Deployment/x", "Deployment/web"]);
    expect(state.faults).toMatchObject([
      {
        code: "duplicate-object",
        about: "Deployment/web in default",
        position: { file: "a.yaml", line: 1 },
        leavesUnknown: "declared",
      },
    ]);
    expect(state.faults[0]?.message).toMatch(/a\.yaml:1.* and b\.yaml:8/);
    expect(state.complete).toBe(false);
  });

  test("an alias bomb", async () => {
    const layers = "bcdefghij"
      .split("")
      .map((name, i) => `  ${name}: &${name} [${`*${"abcdefghij"[i]},`.repeat(10)}]\n`);
    const state = await read({
      "a.yaml": `${deployment("a")}  a: &a [x]\n${layers.join("")}`,
      "b.yaml": deployment("b"),
    });
    expect(names(state)).toEqual(["Deployment/b"]);
    expect(state.faults).toMatchObject([{ code: "yaml-invalid", position: { file: "a.yaml" } }]);
  });

  test("keys that JavaScript takes for its own are ordinary keys", async () => {
    const state = await read({
      "a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {__proto__: x, constructor: y}\n",
    });
    expect(Object.keys(state.objects[0]?.value["data"] as object)).toEqual(["__proto__", "constructor"]);
  });

  test("a path that is not there is a fault, and nothing is complete", async () => {
    for (const path of ["absent", "../up", "/etc"]) {
      expect(await read({ "a.yaml": deployment("a") }, { path })).toMatchObject({
        objects: [],
        complete: false,
        faults: [{ code: "target-unknown", leavesUnknown: "declared" }],
      });
    }
  });

  test("a tree that cannot be listed is its fault", async () => {
    const fault = {
      kind: "fault",
      code: "git-failed",
      about: "git",
      message: "m",
      remedy: "r",
      leavesUnknown: "declared",
    } as const;
    const tree: SourceTree = { revision: "worktree", list: async () => fault, read: async () => fault };
    expect(await readTree(tree)).toEqual({
      revision: "worktree",
      roots: [],
      objects: [],
      faults: [fault],
      complete: false,
    });
  });
});

describe("Secrets", () => {
  test("hold digests of the decoded bytes, of text and base64 alike; stringData wins, and null says nothing", async () => {
    const state = await read({
      "s.yaml": `apiVersion: v1
kind: Secret
metadata:
  name: s
  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{"data":{"a":"c2VjcmV0"}}', keep: x}
data: {a: c2VjcmV0, b: b2xk, z: null}
stringData: {b: new, c: secret}
`,
    });
    const value = state.objects[0]?.value as Record<string, unknown>;
    const digest = digester.digest("secret");
    expect(value["data"]).toEqual({ a: digest, b: digester.digest("new"), c: digest, z: null });
    expect(value).not.toHaveProperty("stringData");
    expect((value["metadata"] as Record<string, unknown>)["annotations"]).toEqual({ keep: "x" });
    expect(JSON.stringify(state)).not.toMatch(/c2VjcmV0|"secret"|"new"/);
  });

  test("of another group are ordinary objects", async () => {
    const state = await read({ "s.yaml": "apiVersion: x.io/v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: '!'}\n" });
    expect(state.objects[0]?.value["data"]).toEqual({ a: "!" });
  });

  test("that are SopsSecrets stand in the cluster as SOPS encrypted them, and lose nothing", async () => {
    const sops =
      "apiVersion: isindir.github.com/v1alpha3\nkind: SopsSecret\nmetadata: {name: s}\nspec: {secretTemplates: [{name: 'ENC[AES256_GCM,data:x]'}]}\nsops: {mac: 'ENC[AES256_GCM,data:q]'}\n";
    const state = await read({ "s.yaml": sops });
    expect(state.faults).toEqual([]);
    expect(state.objects[0]?.value).toMatchObject({
      spec: { secretTemplates: [{ name: "ENC[AES256_GCM,data:x]" }] },
      sops: { mac: "ENC[AES256_GCM,data:q]" },
    });
    expect(state.objects[0]?.sealed).toBeUndefined();
  });

  test("that SOPS encrypted lose their encrypted fields, and it is said once", async () => {
    const state = await read({ "a.yaml": encrypted("a"), "b.yaml": encrypted("b") });
    expect(state.objects.map(({ value }) => value)).toMatchObject([
      { type: "Opaque", data: {} },
      { type: "Opaque", data: {} },
    ]);
    expect(JSON.stringify(state.objects)).not.toMatch(/ENC|sops/);
    expect(state.objects[0]?.sealed?.map(formatPath)).toEqual(["data.a"]);
    expect(state.faults).toMatchObject([{ code: "secrets-encrypted", leavesUnknown: "nothing" }]);
    expect(state.complete).toBe(true);
  });
});

describe("kustomizations and charts", () => {
  const chart = {
    "Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
    "templates/d.yaml": "apiVersion: {{ x }}\n",
  };
  test("are one fault each, and none of their files is a manifest", async () => {
    const state = await read({
      "plain.yaml": deployment("plain"),
      "k/kustomization.yaml": "resources: [d.yaml]\n",
      "k/d.yaml": deployment("k"),
      "k/deeper/e.yaml": deployment("e"),
      ...inFolder("charts/c", chart),
      ...inFolder("charts/c/charts/sub", chart),
    });
    expect(names(state)).toEqual(["Deployment/plain"]);
    expect(roots(state)).toEqual(["charts/c", "k"]);
    expect(state.faults).toHaveLength(2);
    expect(state.faults[0]?.message).toMatch(/helm/);
    expect(state.faults[1]?.message).toMatch(/kustomize/);
    expect(state.complete).toBe(false);
    expect(state.roots).toMatchObject([{ path: "", renderer: "plain" }]);
  });

  test.each(["kustomization.yaml", "kustomization.yml", "Kustomization"])("are found by %s", async (name) => {
    const state = await read({ [`a/${name}`]: "resources: []\n", "a/d.yaml": deployment("d") });
    expect(roots(state)).toEqual(["a"]);
    expect(names(state)).toEqual([]);
  });

  test("that others reach are not told again, and what they take in from elsewhere is no manifest", async () => {
    const state = await read({
      "base/kustomization.yaml": "resources: [d.yaml]\n",
      "base/d.yaml": deployment("d"),
      "component/kustomization.yaml": "kind: Component\npatches: [{path: ../patches/p.yaml}]\n",
      "overlays/prod/kustomization.yaml": `resources: [../../base, ../../single/one.yaml, "https://example.com/x?ref=1"]
components: [../../component]
patchesStrategicMerge:
  - ../../patches/q.yaml
  - |-
    apiVersion: v1
configMapGenerator: [{name: c, files: [key=../../single/two.yaml]}]
`,
      "overlays/dev/kustomization.yml": "bases: [../../base]\n",
      "patches/p.yaml": deployment("d"),
      "patches/q.yaml": deployment("d"),
      "single/one.yaml": deployment("one"),
      "single/two.yaml": deployment("two"),
      "single/three.yaml": deployment("three"),
    });
    expect(roots(state)).toEqual(["overlays/dev", "overlays/prod"]);
    expect(names(state)).toEqual(["Deployment/three"]);
  });

  test("outside the target count for what the target's own take in, and are not told", async () => {
    const state = await read(
      {
        "base/kustomization.yaml": "resources: [../prod/extra.yaml]\n",
        "prod/k/kustomization.yaml": "resources: [../../base]\n",
        "prod/extra.yaml": deployment("extra"),
        "prod/own.yaml": deployment("own"),
      },
      { path: "prod" },
    );
    expect(roots(state)).toEqual(["prod/k"]);
    expect(names(state)).toEqual(["Deployment/own"]);
  });

  test("that reach each other in a circle are told once", async () => {
    const state = await read({
      "a/kustomization.yaml": "resources: [../b]\n",
      "b/kustomization.yaml": "resources: [../a]\n",
    });
    expect(roots(state)).toEqual(["a"]);
  });

  test("that reach themselves are told", async () => {
    expect(roots(await read({ "a/kustomization.yaml": "resources: [.., ../a, .]\n" }))).toEqual(["a"]);
  });

  test("that do not parse are told all the same", async () => {
    const state = await read({ "a/kustomization.yaml": "resources: [\n", "a/d.yaml": deployment("d") });
    expect(roots(state)).toEqual(["a"]);
    expect(names(state)).toEqual([]);
  });

  test("of Flux' kind Kustomization are ordinary objects", async () => {
    const flux =
      "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps, namespace: flux}\n";
    const state = await read({ "a/kustomization.yaml": flux, "a/d.yaml": deployment("d") });
    expect(names(state)).toEqual(["Deployment/d", "Kustomization/apps"]);
    expect(state.complete).toBe(true);
  });

  test("that exclude names are not told", async () => {
    const state = await read(
      { "k/kustomization.yaml": "", "k/d.yaml": deployment("d"), "p.yaml": deployment("p") },
      { exclude: ["k/"] },
    );
    expect(names(state)).toEqual(["Deployment/p"]);
    expect(state.complete).toBe(true);
  });

  test("around the target's path are told: a chart's templates are no manifests", async () => {
    const state = await read(inFolder("c", { ...chart, "templates/plain.yaml": deployment("p") }), {
      path: "c/templates",
    });
    expect(roots(state)).toEqual(["c"]);
    expect(names(state)).toEqual([]);
  });

  test("at the repository's root are told", async () => {
    const state = await read({ "kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": deployment("a") });
    expect(roots(state)).toEqual(["."]);
    expect(state.roots).toEqual([]);
  });

  test("as a submodule are told too", async () => {
    const tree = treeOf({ "a.yaml": deployment("a") });
    const files = [
      { path: "a.yaml", mode: "100644" },
      { path: "vendor", mode: "160000" },
    ];
    const state = await readTree({ ...tree, list: () => Promise.resolve(files) });
    expect(names(state)).toEqual(["Deployment/a"]);
    expect(state.faults).toMatchObject([{ code: "file-unreadable", about: "vendor" }]);
  });
});
