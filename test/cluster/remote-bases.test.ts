// Remote bases and files of kustomizations, taken from clones that the operator names.

import { spawnSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { DesiredState, SourceTree } from "../../src/core/stages.ts";
import { field } from "../../src/core/path.ts";
import type { Value } from "../../src/core/value.ts";
import { FOLDER } from "../../src/desired/other-repositories.ts";
import { readYaml } from "../../src/yaml/read.ts";
import { commitAll, deployment, git, repositoryOf, temporaryFolder, treeOf, write } from "../desired/repositories.ts";
import { ensureBinary, whyUnavailable } from "./binaries.ts";
import { fieldOrigins } from "./origin-search.ts";
import { at, configMap, faults, names, objectOf, renderTree } from "./rendering.ts";
import type { Files, Rendering } from "./rendering.ts";

const unavailable = whyUnavailable(["kustomize"]);
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

beforeAll(async () => {
  if (unavailable === undefined) await ensureBinary("kustomize");
});

const BASE = "https://github.com/acme/base";
const ASKING = /needs what is not in the repository: .*/;

interface Base {
  readonly dir: string;
  readonly first: string;
  readonly head: string;
}

const FILES: Readonly<Record<string, string>> = {
  "apps/kustomization.yaml": "resources: [../shared, web.yaml]\ncommonLabels: {from: base}\n",
  "apps/web.yaml": deployment("old"),
  "shared/kustomization.yaml": "resources: [map.yaml]\nconfigMapGenerator: [{name: made, files: [data.txt]}]\n",
  "shared/map.yaml": configMap("shared"),
  "shared/data.txt": "some text\n",
  "component/kustomization.yaml":
    'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncommonAnnotations: {component: "yes"}\n',
  "plain/a.yaml": configMap("plain"),
  "plain/patch.yaml": 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own}\ndata: {patched: "1"}\n',
};

/** Another repository, with a tag that is behind its branch. */
function baseRepository(files: Readonly<Record<string, string>> = {}): Base {
  const dir = repositoryOf({ ...FILES, ...files });
  const first = git(dir, "rev-parse", "HEAD").trim();
  git(dir, "tag", "v1");
  write(dir, { "apps/web.yaml": deployment("new") });
  return { dir, first, head: commitAll(dir) };
}

async function built(files: Files, options: Rendering & { readonly base?: Base } = {}): Promise<DesiredState> {
  const { dir } = options.base ?? baseRepository();
  return await renderTree(treeOf(files), { repositories: [{ url: BASE, dir }], ...options });
}

function resources(...addresses: readonly string[]): Files {
  return { "over/kustomization.yaml": `resources: ${JSON.stringify(addresses)}\n` };
}

describe.skipIf(unavailable !== undefined)("a remote base", () => {
  test.each([
    ["https://github.com/acme/base//apps?ref=v1", "old"],
    ["https://github.com/acme/base/apps?ref=main", "new"],
    ["github.com/acme/base//apps", "new"],
    ["git@github.com:acme/base.git//apps?ref=v1", "old"],
    ["ssh://git@github.com/acme/base.git//apps?ref=refs/tags/v1", "old"],
    ["https://github.com/acme/base.git//apps?version=v1&timeout=90s", "old"],
  ])("is taken from the clone: %s", async (address, web) => {
    const state = await built(resources(address));
    expect(faults(state)).toEqual([]);
    expect(names(state)).toEqual([expect.stringMatching(/^ConfigMap\/made-/), "ConfigMap/shared", `Deployment/${web}`]);
    expect(at(state, "Deployment", "metadata", "labels")).toMatchObject({ from: "base" });
    expect(at(state, "Deployment", "metadata", "annotations")).toBeUndefined();
  });

  test("is told with its commit, and with what it is asked for by; only names that stay are for ever", async () => {
    const base = baseRepository();
    const state = async (ref: string) => await built(resources(`https://github.com/acme/base//apps${ref}`), { base });
    const { first, head } = base;
    for (const [ref, told] of [
      ["?ref=v1", { asked: "v1", commit: first, moves: false }],
      [`?ref=${first}`, { asked: first, commit: first, moves: false }],
      ["?ref=main", { asked: "main", commit: head, moves: true }],
      ["", { commit: head, moves: true }],
    ] as const) {
      const { roots, objects } = await state(ref);
      expect(roots).toEqual([expect.objectContaining({ path: "over", bases: [{ repository: BASE, ...told }] })]);
      expect(new Set(objects.map(({ moves }) => moves === true))).toEqual(new Set([told.moves]));
    }
  });

  test("changes with what is over it, in resources, components and bases; its objects begin with the kustomization", async () => {
    const state = await built({
      "over/kustomization.yaml": `namePrefix: x-
bases: ["github.com/acme/base//shared?ref=v1"]
resources: [own.yaml]
components: ["https://github.com/acme/base//component?ref=v1"]
`,
      "over/own.yaml": configMap("own"),
    });
    expect(faults(state)).toEqual([]);
    expect(names(state)).toEqual(
      expect.arrayContaining(["ConfigMap/x-own", "ConfigMap/x-shared", expect.stringMatching(/^ConfigMap\/x-made-/)]),
    );
    expect(objectOf(state, "ConfigMap", "x-own").origin.file).toBe("over/own.yaml");
    expect(objectOf(state, "ConfigMap", "x-shared").origin).toMatchObject({
      file: "over/kustomization.yaml",
      layer: "kustomize",
      root: "over",
    });
    expect(at(state, "ConfigMap", "metadata", "annotations")).toEqual({ component: "yes" });
    // Without the name that generators give by what is in a file, nothing of the address comes out.
    expect(JSON.stringify(state.objects.map(({ value }) => value))).not.toMatch(/holdfast|acme/);
  });

  test("may name others, and the same repository at another commit", async () => {
    const base = baseRepository({
      "nested/kustomization.yaml":
        'resources: ["https://github.com/acme/base//apps?ref=v1", "https://github.com/acme/more//x"]\n',
    });
    const more = repositoryOf({ "x/kustomization.yaml": "resources: [m.yaml]\n", "x/m.yaml": configMap("more") });
    const address = "https://github.com/acme/base//nested?ref=main";
    const granted = [
      { url: BASE, dir: base.dir },
      { url: "https://github.com/acme/more", dir: more },
    ];
    const state = await built(resources(address), { repositories: granted });
    expect(faults(state)).toEqual([]);
    expect(names(state)).toEqual(expect.arrayContaining(["Deployment/old", "ConfigMap/more"]));
    expect(state.roots[0]?.bases?.map(({ repository, asked }) => [repository, asked])).toEqual([
      [BASE, "main"],
      [BASE, "v1"],
      ["https://github.com/acme/more", undefined],
    ]);
    const [fault, ...others] = (await built(resources(address), { repositories: granted.slice(0, 1) })).faults;
    expect(others).toEqual([]);
    expect(fault).toMatchObject({
      code: "render-refused",
      message: 'over needs what is not in the repository: "https://github.com/acme/more//x"',
      remedy: expect.stringContaining("--source https://github.com/acme/more=DIR"),
      position: { file: "over/kustomization.yaml", line: 1 },
    });
  });

  test("of which the repository is not granted is refused, and how it is granted is said", async () => {
    for (const options of [{ repositories: [] }, { repositories: [{ url: `${BASE}s`, dir: "/nowhere" }] }]) {
      const [fault] = (await built(resources("https://u:pa55@git.example.com/acme/base//x"), options)).faults;
      expect(fault).toMatchObject({ code: "render-refused", message: expect.stringMatching(ASKING) });
      expect(fault?.remedy).toContain("kustomize localize");
      expect(JSON.stringify(fault)).not.toContain("pa55");
    }
    const [plain] = (await built(resources("github.com/acme/base//apps"), { repositories: [] })).faults;
    expect(plain?.remedy).toContain(
      "have the operator name a clone of it (--source https://github.com/acme/base=DIR, or sources in the server's configuration)",
    );
  });

  test.each([
    ["a path out of the repository", "https://github.com/acme/base//../..", ASKING],
    [
      "a revision that begins with a dash",
      "https://github.com/acme/base//apps?ref=--upload-pack=x",
      /has no "--upload/,
    ],
    ["a revision that the clone lacks", "https://github.com/acme/base//apps?ref=v2", /has no "v2"/],
    ["a commit that is cut", "https://github.com/acme/base//apps?ref=HEAD~1", /has no "HEAD~1"/],
    ["a folder that is not there", "https://github.com/acme/base//gone?ref=v1", /no kustomization there/],
    ["a folder without a kustomization", "https://github.com/acme/base//plain?ref=v1", /no kustomization there/],
    ["a release's file", "https://github.com/acme/base/releases/download/v1/x.yaml", ASKING],
    ["a file that is not there", "https://raw.githubusercontent.com/acme/base/v1/gone.yaml", /no such file/],
    ["another host of that name", "https://github.com.example.com/acme/base//apps", ASKING],
  ])("is refused: %s", async (_, address, message) => {
    const state = await built({
      ...resources(address),
      "good/kustomization.yaml": "resources: [a.yaml]\n",
      "good/a.yaml": configMap("a"),
    });
    expect(names(state)).toEqual(["ConfigMap/a"]);
    expect(state.faults).toEqual([
      expect.objectContaining({ code: "render-refused", about: "over", message: expect.stringMatching(message) }),
    ]);
  });

  test.each([
    ["a file beside its folder", "resources: [../plain/a.yaml]\n", /out of its own folder/],
    ["a folder of the repository that takes it in", "resources: [../../../../../own]\n", /out of its own folder/],
    [
      "a file of that",
      "configMapGenerator: [{name: x, files: [../../../../../own/a.yaml]}]\n",
      /out of its own folder/,
    ],
    ["a folder above all that is there", "resources: [../../../../../../own]\n", ASKING],
    ["a file of the machine", "resources: [/etc/hostname]\n", ASKING],
    ["itself", 'resources: ["https://github.com/acme/base//bad?ref=main"]\n', /leads back to itself/],
    ["itself by a shorter address", 'resources: ["https://github.com/acme/base//bad"]\n', /leads back to itself/],
    [
      "a file for a generator on the network",
      'configMapGenerator: [{name: x, files: ["https://raw.githubusercontent.com/acme/base/v1/plain/a.yaml"]}]\n',
      /hands nothing on/,
    ],
  ])("that takes in %s is refused", async (_, kustomization, message) => {
    const base = baseRepository({ "bad/kustomization.yaml": kustomization });
    const files = { "own/kustomization.yaml": "resources: [a.yaml]\n", "own/a.yaml": configMap("a") };
    const state = await built({ ...resources("https://github.com/acme/base//bad?ref=main"), ...files }, { base });
    expect(names(state)).toEqual(["ConfigMap/a"]);
    expect(state.faults).toEqual([
      expect.objectContaining({
        code: "render-refused",
        about: "over",
        message: expect.stringMatching(message),
        position: { file: "over/kustomization.yaml", line: 1 },
      }),
    ]);
  });

  test("with links out of it is refused, or fails", async () => {
    const dir = repositoryOf({ ...FILES, "bad/kustomization.yaml": "resources: [link.yaml]\n" });
    symlinkSync("/etc/hostname", join(dir, "bad/link.yaml"));
    symlinkSync("../plain/a.yaml", join(dir, "apps/link.yaml"));
    symlinkSync("apps", join(dir, "linked"));
    write(dir, { "apps/kustomization.yaml": "resources: [link.yaml]\n" });
    commitAll(dir);
    const options = { repositories: [{ url: BASE, dir }] };
    const bad = await built(resources("https://github.com/acme/base//bad"), options);
    expect(faults(bad)).toEqual([expect.stringMatching(/^render-failed: over .*link\.yaml/)]);
    const beside = await built(resources("https://github.com/acme/base//linked"), options);
    expect(faults(beside)).toEqual([expect.stringMatching(/^render-refused: .*link\.yaml.* out of its own folder/)]);
  });

  test("that leads to ever other ones is given up", async () => {
    const dir = repositoryOf({ "x/kustomization.yaml": "" });
    for (let depth = 0; depth < 3; depth++) {
      const addresses = Array.from(
        { length: 60 },
        (_, index) => `https://github.com/acme/base//x/${"./".repeat(index)}?ref=v${depth}`,
      );
      git(dir, "tag", `v${depth}`);
      write(dir, { "x/kustomization.yaml": `resources: ${JSON.stringify(addresses)}\n` });
      commitAll(dir);
    }
    const state = await built(resources("https://github.com/acme/base//x?ref=main"), {
      repositories: [{ url: BASE, dir }],
    });
    expect(faults(state)).toEqual(["render-refused: over takes in more than 100 addresses"]);
  });

  test("that is this repository itself needs a grant as any other, and is what that has", async () => {
    const dir = repositoryOf({
      "own/kustomization.yaml": "resources: [a.yaml]\n",
      "own/a.yaml": configMap("committed"),
    });
    const files = {
      ...resources("https://github.com/acme/own//own?ref=main"),
      "own/kustomization.yaml": "resources: [a.yaml]\n",
      "own/a.yaml": configMap("edited"),
    };
    const tree: SourceTree = { ...treeOf(files), origin: () => Promise.resolve("https://github.com/acme/own") };
    const state = await renderTree(tree, { repositories: [{ url: "https://github.com/acme/own", dir }] });
    expect(faults(state)).toEqual([]);
    expect(names(state)).toEqual(["ConfigMap/committed", "ConfigMap/edited"]);
    expect(objectOf(state, "ConfigMap", "committed").origin.file).toBe("over/kustomization.yaml");
    expect((await renderTree(tree)).complete).toBe(false);
  });

  test("has no file here, whatever the repository calls its own", async () => {
    const base = baseRepository();
    const fake = `${FOLDER}/github.com/acme/base-${base.first.slice(0, 12)}`;
    const state = await built(
      {
        ...resources("https://github.com/acme/base//shared?ref=v1"),
        [`${fake}/shared/map.yaml`]: configMap("fake"),
        [`${fake}/shared/kustomization.yaml`]: "resources: [map.yaml]\n",
      },
      { base, target: { path: "over" } },
    );
    expect(names(state)).toContain("ConfigMap/shared");
    expect(new Set(state.objects.map(({ origin }) => origin.file))).toEqual(new Set(["over/kustomization.yaml"]));
  });

  test("beside annotations of where objects come from is refused: they would name the address", async () => {
    const over = 'resources: ["https://github.com/acme/base//shared?ref=v1"]\nbuildMetadata: [originAnnotations]\n';
    const state = await built({ "over/kustomization.yaml": over });
    expect(faults(state)).toEqual([expect.stringMatching(/^render-refused: .*buildMetadata/)]);
  });

  test("is nothing that a text could hide: one kustomization in two documents is refused", async () => {
    const over = `${resources("https://github.com/acme/base//shared?ref=v1")["over/kustomization.yaml"] as string}---\nnamePrefix: x-\n`;
    expect(faults(await built({ "over/kustomization.yaml": over }))).toEqual([
      expect.stringMatching(/^render-refused: .*no one document/),
    ]);
  });
});

/** What kustomize itself makes of it where it may fetch: git is told where the repository is, and nothing is on the network. */
async function fetching(files: Files, { dir }: Base): Promise<readonly Value[] | "refused"> {
  const own = repositoryOf(files as Readonly<Record<string, string>>);
  const home = temporaryFolder();
  const addresses = [
    "https://github.com/acme/base.git",
    "https://github.com/acme/base",
    "git@github.com:acme/base.git",
  ];
  const lines = addresses.map((one) => `[url "${dir}"]\n\tinsteadOf = ${one}\n`);
  write(home, { ".gitconfig": `[safe]\n\tdirectory = *\n${lines.join("")}` });
  const nowhere = { HTTP_PROXY: "http://127.0.0.1:9", HTTPS_PROXY: "http://127.0.0.1:9", NO_PROXY: "" };
  const env = { HOME: home, PATH: process.env["PATH"], ...nowhere };
  const { status, stdout } = spawnSync(await ensureBinary("kustomize"), ["build", "over"], { cwd: own, env });
  if (status !== 0) return "refused";
  return readYaml(stdout.toString("utf8"), { file: "" }).documents.map(({ value }) => value);
}

/** Without the namespace that holdfast gives to objects that name none. */
function byText(values: readonly Value[] | "refused"): readonly string[] {
  if (values === "refused") return [values];
  return values.map((one) => JSON.stringify(one).replace(',"namespace":"default"', "")).toSorted();
}

describe.skipIf(unavailable !== undefined)("kustomize itself, where it may fetch, says the same of", () => {
  const REFUSED: ReadonlySet<string> = new Set([
    "a commit that is cut",
    "a component as a resource",
    "a folder as a component",
    "two that declare one object",
    "ones that lead back",
    "ones that lead back by a shorter address",
    "files beside the folder",
    "a patch beside the folder",
    "folders out of the repository",
    "a folder that is not there",
    "a revision that is not there",
    "a path out of it",
  ]);
  const TWICE = { "x/kustomization.yaml": "resources: [a.yaml]\n", "x/a.yaml": configMap("a") };

  test.each<readonly [string, string, Readonly<Record<string, string>>]>([
    ["a folder at a tag", "resources: ['https://github.com/acme/base//apps?ref=v1']\nnamePrefix: x-\n", {}],
    ["a folder at a branch", "resources: ['github.com/acme/base/apps?ref=main']\n", {}],
    ["a folder at the head", "resources: ['git@github.com:acme/base.git//apps']\n", {}],
    ["a name that is a tag and a branch", "resources: ['https://github.com/acme/base//apps?ref=both']\n", {}],
    ["the full name of a branch", "resources: ['https://github.com/acme/base//apps?ref=refs/heads/both']\n", {}],
    ["a commit that is cut", "resources: ['https://github.com/acme/base//apps?ref=COMMIT8']\n", {}],
    ["a commit", "resources: ['https://github.com/acme/base//apps?ref=COMMIT']\n", {}],
    ["a component", "resources: [a.yaml]\ncomponents: ['https://github.com/acme/base//component?ref=v1']\n", {}],
    ["a component as a resource", "resources: ['https://github.com/acme/base//component?ref=v1']\n", {}],
    ["a folder as a component", "components: ['https://github.com/acme/base//shared?ref=v1']\n", {}],
    ["the repository's root", "resources: ['https://github.com/acme/base?ref=main']\n", {}],
    [
      "two that declare one object",
      "resources: ['https://github.com/acme/base//x', 'https://github.com/acme/base//x?ref=main']\n",
      TWICE,
    ],
    [
      "nested ones",
      "resources: ['https://github.com/acme/base//n?ref=main']\n",
      { "n/kustomization.yaml": "resources: ['https://github.com/acme/base//apps?ref=v1']\nnameSuffix: -n\n" },
    ],
    [
      "ones that lead back",
      "resources: ['https://github.com/acme/base//n?ref=main']\n",
      { "n/kustomization.yaml": "resources: ['https://github.com/acme/base//n?ref=main']\n" },
    ],
    [
      "ones that lead back by a shorter address",
      "resources: ['https://github.com/acme/base//n?ref=main']\n",
      { ...TWICE, "n/kustomization.yaml": "resources: ['https://github.com/acme/base//n']\n" },
    ],
    [
      "files beside the folder",
      "resources: ['https://github.com/acme/base//n']\n",
      { "n/kustomization.yaml": "resources: [../plain/a.yaml]\n" },
    ],
    [
      "a patch beside the folder",
      "resources: ['https://github.com/acme/base//n']\n",
      {
        "n/kustomization.yaml":
          "resources: [../x]\npatches: [{path: ../plain/patch.yaml, target: {kind: ConfigMap}}]\n",
        ...TWICE,
      },
    ],
    [
      "folders out of the repository",
      "resources: ['https://github.com/acme/base//n']\n",
      { "n/kustomization.yaml": "resources: [../../x]\n" },
    ],
    ["a folder that is not there", "resources: ['https://github.com/acme/base//gone']\n", {}],
    ["a revision that is not there", "resources: ['https://github.com/acme/base//apps?ref=gone']\n", {}],
    ["a path out of it", "resources: ['https://github.com/acme/base//../x']\n", {}],
    [
      "whatever YAML and kustomize have besides",
      `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
# a comment: https://github.com/acme/base//gone
Resources:
- &a a.yaml
- https://github.com/acme/base//apps?ref=v1
commonAnnotations: {number: "012", "yes": "on", text: "https://github.com/acme/base//apps?ref=v1"}
replicas:
- {name: old, count: 0x10}
configMapGenerator:
- name: lit
  literals: ["a=1", "b=https://github.com/acme/base//apps?ref=v1"]
  options: &o {disableNameSuffixHash: true}
- name: more
  files: [key=a.yaml]
  options: *o
patches:
- patch: |
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: shared
    data:
      url: https://github.com/acme/base//apps?ref=v1
      number: "1e3"
replacements:
- source: {kind: ConfigMap, name: shared, fieldPath: data.a}
  targets: [{select: {kind: Deployment}, fieldPaths: [metadata.annotations.copied], options: {create: true}}]
`,
      {},
    ],
    [
      "labels, patches and images over them",
      'resources: [a.yaml, \'https://github.com/acme/base//apps?ref=v1\']\nlabels: [{pairs: {a: b}, includeSelectors: true}]\npatches: [{patch: \'[{"op": "add", "path": "/data/x", "value": "w"}]\', target: {kind: ConfigMap, name: shared}}]\nimages: [{name: nginx, newTag: \'2\'}]\n',
      {},
    ],
  ])("%s", async (what, over, files) => {
    const base = baseRepository({ "kustomization.yaml": "resources: [plain/a.yaml]\n", ...files });
    git(base.dir, "branch", "both", base.first);
    git(base.dir, "tag", "both", base.head);
    const kustomization = over.replace("COMMIT8", base.first.slice(0, 8)).replace("COMMIT", base.first);
    const own = { "over/kustomization.yaml": kustomization, "over/a.yaml": configMap("own") };
    const refused = REFUSED.has(what);
    const theirs = await fetching(own, base);
    const state = await built(own, { base, target: { path: "over" } });
    const ours = state.complete ? state.objects.map(({ value }) => value) : "refused";
    expect(byText(ours)).toEqual(byText(theirs));
    expect(theirs === "refused").toBe(refused);
  });
});

describe.skipIf(unavailable !== undefined)("a field of a remote base's object", () => {
  test("has its line here where this repository says it, and none where that one does", async () => {
    const { dir } = baseRepository();
    const files = {
      "over/kustomization.yaml": `resources: ["https://github.com/acme/base//apps?ref=v1"]
patches:
- path: patch.yaml
labels:
- pairs: {team: shop}
`,
      "over/patch.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: old}\nspec: {replicas: 7}\n",
      "own/kustomization.yaml": "resources: [a.yaml]\n",
      "own/a.yaml": configMap("a"),
    };
    const originOf = async (object: string, ...path: readonly string[]) => {
      const asked = { object, path: path.map((name) => field(name)), repositories: [{ url: BASE, dir }] };
      return (await fieldOrigins(files, asked)).origin;
    };
    expect(await originOf("Deployment/old", "spec", "replicas")).toMatchObject({
      kind: "found",
      source: { file: "over/patch.yaml", role: "patch" },
    });
    expect(await originOf("ConfigMap/shared", "metadata", "labels", "team")).toMatchObject({
      kind: "found",
      source: { file: "over/kustomization.yaml" },
    });
    expect(await originOf("ConfigMap/shared", "data", "a")).toMatchObject({ kind: "unknown" });
    expect(await originOf("Deployment/old", "metadata", "labels", "from")).toMatchObject({ kind: "unknown" });
  });
});

describe.skipIf(unavailable !== undefined)("a file on the network", () => {
  test.each([
    "https://raw.githubusercontent.com/acme/base/v1/plain",
    "https://github.com/acme/base/raw/refs/heads/main/plain",
  ])("of a granted repository is taken from the clone: %s", async (address) => {
    const state = await built({
      "over/kustomization.yaml": `resources: [own.yaml, "${address}/a.yaml"]\npatches: [{path: "${address}/patch.yaml"}]\n`,
      "over/own.yaml": configMap("own"),
    });
    expect(faults(state)).toEqual([]);
    expect(names(state)).toEqual(["ConfigMap/own", "ConfigMap/plain"]);
    expect(at(state, "ConfigMap", "data")).toMatchObject({ patched: "1" });
    expect(objectOf(state, "ConfigMap", "plain").origin.file).toBe("over/kustomization.yaml");
  });
});

describe.skipIf(unavailable !== undefined)("what deploys", () => {
  const KUSTOMIZATION = 'namePrefix: x-\nresources: ["https://github.com/acme/base//apps?ref=v1"]\n';

  test("Flux Kustomizations and Applications take remote bases in, with their own changes over them", async () => {
    const flux = await built({
      "apps/kustomization.yaml": KUSTOMIZATION,
      "flux.yaml":
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps, namespace: flux-system}\nspec: {path: ./apps, targetNamespace: web, sourceRef: {kind: GitRepository, name: own}}\n",
    });
    expect(flux.faults.filter(({ code }) => code !== "not-deployed")).toEqual([]);
    expect(objectOf(flux, "Deployment")).toMatchObject({
      ref: { name: "x-old", namespace: "web" },
      origin: { file: "apps/kustomization.yaml" },
    });
    expect(flux.roots[0]?.bases).toHaveLength(1);
    const argo = await built({
      "apps/kustomization.yaml": KUSTOMIZATION,
      "app.yaml":
        'apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: shop, namespace: argocd}\nspec:\n  destination: {server: "https://kubernetes.default.svc", namespace: web}\n  source: {repoURL: "https://git.example.com/acme/own", path: apps, kustomize: {nameSuffix: -y}}\n',
    });
    expect(argo.faults.filter(({ code }) => code !== "not-deployed")).toEqual([]);
    expect(objectOf(argo, "Deployment")).toMatchObject({
      ref: { name: "x-old-y" },
      origin: { file: "apps/kustomization.yaml" },
    });
    expect(argo.roots.flatMap(({ bases = [] }) => bases)).toHaveLength(1);
  });

  test("files beside the folder of a remote base are refused to Flux, too, which takes them in elsewhere", async () => {
    const base = baseRepository({ "bad/kustomization.yaml": "resources: [../plain/a.yaml]\n" });
    const state = await built(
      {
        "apps/kustomization.yaml": 'resources: ["https://github.com/acme/base//bad"]\n',
        "flux.yaml":
          "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps, namespace: flux-system}\nspec: {path: ./apps, sourceRef: {kind: GitRepository, name: own}}\n",
      },
      { base },
    );
    expect(faults(state)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^render-refused: .*out of its own folder/)]),
    );
  });
});
