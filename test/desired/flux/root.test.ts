import { describe, expect, test } from "vitest";
import { isFault } from "../../../src/core/fault.ts";
import type { ValueMap } from "../../../src/core/value.ts";
import { fluxKustomizationOf } from "../../../src/desired/flux/objects.ts";
import { fluxRoot, takesIn } from "../../../src/desired/flux/root.ts";
import { KustomizationFolders } from "../../../src/desired/kustomization-folders.ts";
import type { FluxRoot } from "../../../src/desired/flux/root.ts";
import { sourceIgnored } from "../../../src/desired/flux/source-ignore.ts";
import { contextOf, readManifests } from "../../../src/desired/manifests.ts";
import { digester, isNamespaced, treeOf } from "../repositories.ts";

type Files = Readonly<Record<string, string>>;

const LINK = "a link";

async function rootOf(files: Files, spec: ValueMap, ignore?: string) {
  const tree = treeOf(files);
  const all = await tree.list("");
  if (isFault(all)) throw new Error(all.message);
  const listed = all.map((file) => (files[file.path] === LINK ? { ...file, mode: "120000" } : file));
  const object = {
    apiVersion: "kustomize.toolkit.fluxcd.io/v1",
    kind: "Kustomization",
    metadata: { name: "k", namespace: "flux-system" },
    spec: { sourceRef: { kind: "GitRepository", name: "s" }, ...spec },
  };
  const context = contextOf({ target: {}, digester, isNamespaced });
  const [read] = readManifests("k.json", Buffer.from(JSON.stringify(object)), context).objects;
  const flux = read === undefined ? undefined : fluxKustomizationOf(read);
  if (flux?.path === undefined) return "leaves the repository";
  const folders = new KustomizationFolders(tree, listed);
  const ignored = await sourceIgnored(tree, listed, ignore);
  return await fluxRoot({ ...flux, path: flux.path }, { tree, files: listed, folders, ignored });
}

async function built(files: Files, spec: ValueMap, ignore?: string): Promise<{ root: FluxRoot; value: ValueMap }> {
  const root = await rootOf(files, spec, ignore);
  if (root === undefined || typeof root === "string" || isFault(root)) throw new Error(JSON.stringify(root));
  const [text] = [...root.made.values()];
  return { root, value: JSON.parse(Buffer.from(text ?? []).toString()) as ValueMap };
}

const CM = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n";

/** Facts: fluxcd `pkg/kustomize` v1.35.6, scanManifests. */
describe("a folder without a kustomization", () => {
  test("gives its manifests at any depth, and folders with a kustomization as a whole", async () => {
    const files = {
      "apps/one.yaml": CM,
      "apps/two.yml": CM,
      "apps/three.json": "{}",
      "apps/notes.txt": "",
      "apps/deep/er/four.yaml": CM,
      "apps/own/kustomization.yml": "resources: [x.yaml]",
      "apps/own/x.yaml": CM,
      "apps/own/more/kustomization.yaml": "resources: [y.yaml]",
      "apps/own/more/y.yaml": CM,
      "apps/third/Kustomization": "resources: []",
      "apps-other/z.yaml": CM,
    };
    const { value, root } = await built(files, { path: "./apps" });
    expect(value["resources"]).toEqual(["./deep/er/four.yaml", "./one.yaml", "./own", "./third", "./two.yml"]);
    expect([...root.made.keys()]).toEqual(["apps/kustomization.yaml"]);
    expect(takesIn(root.root, "apps/own/x.yaml")).toBe(true);
    expect(takesIn(root.root, "apps/notes.txt")).toBe(false);
    expect(takesIn(root.root, "apps-other/z.yaml")).toBe(false);
  });

  test("is without links: a source hands on none", async () => {
    const { value } = await built({ "apps/a.yaml": CM, "apps/b.yaml": LINK }, { path: "apps" });
    expect(value["resources"]).toEqual(["./a.yaml"]);
  });

  test.each([
    ["./", ["./a.yaml", "./b/c.yaml"]],
    ["", ["./a.yaml", "./b/c.yaml"]],
    ["/b", ["./c.yaml"]],
    ["b/", ["./c.yaml"]],
    ["./b/../b", ["./c.yaml"]],
  ])("may be named %s", async (path, expected) => {
    expect((await built({ "a.yaml": CM, "b/c.yaml": CM }, { path })).value["resources"]).toEqual(expected);
  });

  test.each([
    ["without a file", { "a.yaml": CM }, "b", undefined],
    ["outside", { "a.yaml": CM }, "../b", "leaves the repository"],
    ["in Git's own folder", { "a.yaml": CM }, ".git/x", "leaves the repository"],
  ])("%s is no root", async (_what, files, path, expected) => {
    expect(await rootOf(files, { path })).toBe(expected);
  });

  test.each<readonly [string, Files, string | undefined, readonly string[]]>([
    [
      "what sources leave out by themselves",
      { ".github/ci.yaml": CM, "x/.sops.yaml": CM, "cloudbuild.yaml": CM },
      undefined,
      [],
    ],
    [
      ".sourceignore, from where it stands",
      { ".sourceignore": "/x\n", "x/b.yaml": CM, "y/x/c.yaml": CM, "y/.sourceignore": "c.yaml # no\n" },
      undefined,
      ["./y/x/c.yaml"],
    ],
    ["the source's own list", { "x/b.yaml": CM, "y/c.yaml": CM }, "# all\n/*\n!/y\n!/a.yaml\n", ["./y/c.yaml"]],
    ["and takes back in what a later line says", { ".github/ci.yaml": CM }, "!.github/\n", ["./.github/ci.yaml"]],
  ])("leaves out %s", async (_what, files, ignore, expected) => {
    const { value } = await built({ "a.yaml": CM, ...files }, { path: "./" }, ignore);
    expect(value["resources"]).toEqual([...expected, "./a.yaml"].toSorted());
  });
});

describe("a folder with a kustomization", () => {
  test("is built from it, in its own file", async () => {
    const files = {
      "a/kustomization.yml": "resources: [x.yaml, ../b]\n",
      "a/x.yaml": CM,
      "a/unused.yaml": CM,
      "b/kustomization.yaml": "resources: [y.yaml]",
      "b/y.yaml": CM,
    };
    const { value, root } = await built(files, { path: "a", namePrefix: "p-", components: ["../c"] });
    expect([...root.made.keys()]).toEqual(["a/kustomization.yml"]);
    expect(value).toMatchObject({ resources: ["x.yaml", "../b"], namePrefix: "p-", components: ["../c"] });
    expect(takesIn(root.root, "b/y.yaml")).toBe(true);
    expect(takesIn(root.root, "a/unused.yaml")).toBe(false);
  });

  test.each([
    ["one that is empty", "", ["originAnnotations"]],
    ["one that is a comment", "# nothing\n", ["originAnnotations"]],
    ["one of several documents", "resources: [x.yaml]\n---\nresources: [y.yaml]\n", ["originAnnotations"]],
  ])("%s is built", async (_what, text, buildMetadata) => {
    expect((await built({ "a/kustomization.yaml": text, "a/x.yaml": CM }, { path: "a" })).value).toMatchObject({
      buildMetadata,
    });
  });

  test.each([
    ["that does not parse", "resources: [\n"],
    ["that is a list", "- a\n"],
    ["that is no text", "\u0000\ufffd"],
  ])("%s is a fault, and never an empty one", async (_what, text) => {
    const root = await rootOf({ "a/kustomization.yaml": text, "a/x.yaml": CM }, { path: "a" });
    expect(root).toMatchObject({ kind: "fault", leavesUnknown: "declared" });
  });

  test("ones that go round are each read once", async () => {
    const files = { "a/kustomization.yaml": "resources: [../b]", "b/kustomization.yaml": "resources: [../a]" };
    const { root } = await built(files, { path: "a" });
    expect(root.root.kustomizations.map(({ path }) => path)).toEqual(["a", "b"]);
  });
});
