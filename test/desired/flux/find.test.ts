import { describe, expect, test } from "vitest";
import { isFault } from "../../../src/core/fault.ts";
import { findFlux } from "../../../src/desired/flux/find.ts";
import { contextOf } from "../../../src/desired/manifests.ts";
import { readDesired } from "../../../src/desired/desired.ts";
import type { LiveKeys } from "../../../src/desired/flux/variables.ts";
import type { RenderJob } from "../../../src/desired/render/renderers.ts";
import { digester, isNamespaced, RENDERING, treeOf } from "../repositories.ts";

type Files = Readonly<Record<string, string>>;

function flux(name: string, path: string, more = ""): string {
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${name}, namespace: flux-system }
spec: { path: ${path}, sourceRef: { kind: GitRepository, name: flux-system }${more} }
---
`;
}

/** The names of the Kustomizations that no other deploys. */
async function entries(files: Files): Promise<readonly string[] | undefined> {
  const tree = treeOf(files);
  const all = await tree.list("");
  if (isFault(all)) throw new Error(all.message);
  const context = contextOf({ target: {}, digester, isNamespaced });
  const found = await findFlux({ tree, all, others: all, plain: [], context });
  return found?.entries.map((entry) => entry.flux.ref.name).toSorted();
}

describe("the Flux Kustomizations that a repository begins with", () => {
  test.each<readonly [string, Files, readonly string[] | undefined]>([
    ["there are none", { "a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n" }, undefined],
    ["what only mentions them is none", { "a.yaml": "# kustomize.toolkit.fluxcd.io\na: {{ b }}\n" }, undefined],
    [
      "another kind of that name is none",
      {
        "a.yaml":
          "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: []\n# kustomize.toolkit.fluxcd.io\n",
      },
      undefined,
    ],
    ["one by itself", { "k.yaml": flux("k", "./apps"), "apps/a.yaml": "" }, ["k"]],
    [
      "one that deploys the folder that it stands in",
      {
        "clusters/main/flux-system/sync.yaml": flux("flux-system", "./clusters/main"),
        "clusters/main/apps.yaml": flux("apps", "./apps"),
        "apps/a.yaml": "",
      },
      ["flux-system"],
    ],
    [
      "one that a kustomization takes in",
      {
        "sync.yaml": flux("top", "./top"),
        "top/kustomization.yaml": "resources: [../shared/k.yaml]",
        "shared/k.yaml": flux("k", "./apps"),
        "apps/a.yaml": "",
      },
      ["top"],
    ],
    [
      "a chain",
      { "a.yaml": flux("a", "./b"), "b/b.yaml": flux("b", "./c"), "c/c.yaml": flux("c", "./d"), "d/d.yaml": "" },
      ["a"],
    ],
    [
      "two that deploy each other lead to one another",
      { "a/a.yaml": flux("a", "./b"), "b/b.yaml": flux("b", "./a") },
      ["a", "b"],
    ],
    [
      "that is so beside another one, too",
      { "a/a.yaml": flux("a", "./b"), "b/b.yaml": flux("b", "./a"), "c.yaml": flux("c", "./d") },
      ["a", "b", "c"],
    ],
    ["two clusters", { "one/k.yaml": flux("one", "./one"), "two/k.yaml": flux("two", "./two") }, ["one", "two"]],
    ["one whose folder is not there", { "k.yaml": flux("k", "./gone"), "l.yaml": flux("l", "../outside") }, ["k", "l"]],
    [
      "one that lacks a spec is none",
      { "k.yaml": "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: k }\n" },
      undefined,
    ],
  ])("%s", async (_what, files, expected) => {
    expect(await entries(files)).toEqual(expected);
  });
});

/** A renderer that prints what `made` and the tree hold of a folder's plain files. */
function printing(files: Files, calls: RenderJob[] = []) {
  return {
    ...RENDERING,
    renderers: {
      close: () => Promise.resolve(),
      render: (job: RenderJob) => {
        calls.push(job);
        const [made] = [...(job.made?.values() ?? [])];
        const { resources = [] } = JSON.parse(Buffer.from(made ?? "{}").toString()) as { resources?: string[] };
        const texts = resources.map((one) => files[`${job.path}/${one.slice(2)}`] ?? "");
        return Promise.resolve({ output: Buffer.from(texts.join("\n---\n")), version: "1" });
      },
    },
  };
}

async function deployed(files: Files, origin?: string) {
  const calls: RenderJob[] = [];
  const tree = { ...treeOf(files), ...(origin === undefined ? {} : { origin: () => Promise.resolve(origin) }) };
  const target = { name: "t", path: "", exclude: [] };
  const state = await readDesired({ tree, target, digester, isNamespaced, ...printing(files, calls) });
  return {
    objects: state.objects
      .map(({ ref, deployer }) => `${ref.kind}/${ref.name} by ${deployer?.name ?? "nobody"}`)
      .toSorted(),
    faults: state.faults.map(({ code, about }) => `${code}: ${about}`),
    rendered: calls.map(({ path }) => path).toSorted(),
    complete: state.complete,
  };
}

function config(name: string, data = "a: b"): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: flux-system }\ndata: { ${data} }\n`;
}

const SOURCE = (name: string, url: string): string =>
  `apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: { name: ${name}, namespace: flux-system }\nspec: { url: "${url}" }\n---\n`;

describe("what they deploy", () => {
  test("is followed from one to the next, each once, and what nothing deploys is told", async () => {
    const files = {
      "main/sync.yaml": flux("flux-system", "./main"),
      "main/more.yaml": flux("one", "./one") + flux("two", "./two"),
      "one/a.yaml": config("a") + `---\n${flux("two", "./two")}`,
      "two/b.yaml": config("b"),
      "left/c.yaml": config("c"),
    };
    expect(await deployed(files)).toEqual({
      // Declared twice, so that neither counts.
      objects: [
        "ConfigMap/a by one",
        "ConfigMap/b by two",
        "Kustomization/flux-system by flux-system",
        "Kustomization/one by flux-system",
      ],
      faults: ["duplicate-object: Kustomization/two in flux-system", "not-deployed: t"],
      rendered: ["main", "one", "two"],
      complete: false,
    });
  });

  test("of several clusters whose first Kustomizations have one name is followed for none, and all are named", async () => {
    const clusters = {
      "clusters/production/flux-system/sync.yaml": flux("flux-system", "./clusters/production"),
      "clusters/production/apps.yaml": flux("apps", "./apps/production"),
      "clusters/staging/flux-system/sync.yaml": flux("flux-system", "./clusters/staging"),
      "clusters/staging/apps.yaml": flux("apps", "./apps/staging"),
      "apps/production/a.yaml": config("a"),
      "apps/staging/a.yaml": config("a", "a: c"),
      "own.yaml": flux("own", "./own"),
      "own/b.yaml": config("b"),
    };
    expect(await deployed(clusters)).toEqual({
      objects: ["ConfigMap/b by own", "Kustomization/own by nobody"],
      faults: ["duplicate-object: Kustomization/flux-system in flux-system"],
      rendered: ["own"],
      complete: false,
    });
    const alone = await readDesired({
      tree: treeOf(clusters),
      target: { name: "production", path: "clusters/production", exclude: [] },
      digester,
      isNamespaced,
      ...printing(clusters),
    });
    expect(alone.faults).toEqual([]);
    expect(alone.objects.find(({ ref }) => ref.name === "a")?.value["data"]).toEqual({ a: "b" });
  });

  test("by what stands twice, the same, is followed once", async () => {
    const files = {
      "one/k.yaml": flux("k", "./apps"),
      "two/k.yaml": flux("k", "./apps"),
      "apps/a.yaml": config("a"),
    };
    expect(await deployed(files)).toMatchObject({ rendered: ["apps"], faults: [], complete: true });
  });

  test("goes round only once", async () => {
    const files = { "a/a.yaml": flux("a", "./b"), "b/b.yaml": flux("b", "./a") };
    expect(await deployed(files)).toMatchObject({
      objects: ["Kustomization/a by b", "Kustomization/b by a"],
      rendered: ["a", "b"],
      complete: true,
    });
  });

  test.each<readonly [string, Files, string]>([
    [
      "a folder that is not there",
      { "k.yaml": flux("k", "./gone") },
      "deployer-unsupported: Kustomization/k in flux-system",
    ],
    [
      "a bucket",
      { "k.yaml": flux("k", "./apps").replace("GitRepository", "Bucket"), "apps/a.yaml": config("a") },
      "deployer-unsupported: Kustomization/k in flux-system",
    ],
    [
      "another cluster",
      { "k.yaml": flux("k", "./apps", ", kubeConfig: { secretRef: { name: x } }"), "apps/a.yaml": config("a") },
      "deployer-unsupported: Kustomization/k in flux-system",
    ],
    [
      "a kustomization that does not parse",
      { "k.yaml": flux("k", "./apps"), "apps/kustomization.yaml": "a: [" },
      "yaml-invalid: apps/kustomization.yaml",
    ],
    [
      "another repository, whichever file says so",
      {
        "k.yaml": flux("k", "./apps"),
        "sources/s.yaml": SOURCE("flux-system", "https://git.example/other"),
        "apps/a.yaml": config("a"),
      },
      "deployer-unsupported: Kustomization/k in flux-system",
    ],
  ])("%s costs itself", async (_what, files, fault) => {
    const found = await deployed(
      { ...files, "l.yaml": flux("l", "./own"), "own/o.yaml": config("o") },
      "https://git.example/own",
    );
    expect(found.faults).toContain(fault);
    // Where the source is another repository, that is so of both.
    expect(found.objects.includes("ConfigMap/o by l")).toBe(!("sources/s.yaml" in files));
  });

  test("a Kustomization that waits for a ConfigMap's variables is rendered after it", async () => {
    const variables = ", postBuild: { substituteFrom: [{ kind: ConfigMap, name: vars }] }";
    const files = {
      "main/sync.yaml": flux("flux-system", "./main"),
      "main/more.yaml": flux("uses", "./uses", variables) + flux("has", "./has"),
      "uses/a.yaml": config("a", 'x: "${v}"'),
      "has/vars.yaml": config("vars", "v: known"),
    };
    const state = await readDesired({
      tree: treeOf(files),
      target: { name: "t", path: "", exclude: [] },
      digester,
      isNamespaced,
      ...printing(files),
    });
    const used = state.objects.find(({ ref }) => ref.name === "a");
    expect(used?.value["data"]).toEqual({ x: "known" });
    expect(used?.again).toBeUndefined();
  });

  interface Asking {
    readonly from: string;
    readonly inline?: string;
    /** `undefined`: could not be read. */
    readonly inCluster?: Readonly<Record<string, readonly string[] | undefined>>;
    readonly more?: Files;
  }

  async function substituted({ from, inline = "", inCluster, more = {} }: Asking) {
    const step = `, postBuild: { substitute: { ${inline} }, substituteFrom: [${from}] }`;
    const files = {
      "k.yaml": flux("k", "./apps", step) + flux("l", "./own"),
      "own/o.yaml": config("o"),
      "apps/a.yaml": config("a", 'x: "${x:=dx}", q: "${q:=dq}"'),
      ...more,
    };
    const target = { name: "t", path: "", exclude: [] };
    const liveKeys: LiveKeys = ({ kind, name }) => {
      const key = `${kind}/${name}`;
      return Promise.resolve(Object.hasOwn(inCluster ?? {}, key) ? inCluster?.[key] : "absent");
    };
    const asked = inCluster === undefined ? {} : { liveKeys };
    const state = await readDesired({
      tree: treeOf(files),
      target,
      digester,
      isNamespaced,
      ...printing(files),
      ...asked,
    });
    const { value, again, unknownFrom } = state.objects.find(({ ref }) => ref.name === "a") ?? {};
    const data = value?.["data"] as Readonly<Record<string, string>>;
    const other = (again?.["data"] ?? data) as Readonly<Record<string, string>>;
    return {
      data: Object.entries(data)
        .map(([key, text]) => `${key}=${text === other[key] ? text : "?"}`)
        .join(" "),
      unknownFrom,
      told: state.faults.filter(({ code }) => code === "variables-unknown").map(({ message }) => message),
      complete: state.complete,
    };
  }

  function half(hidden: string): Buffer {
    return Buffer.from(config("a", `x: "\${x}", h: ${hidden}`));
  }

  function twoHalves() {
    return Promise.resolve({ output: half("a"), again: half("b"), version: "1", hidden: true as const });
  }

  const OPTIONAL = "{ kind: Secret, name: s, optional: true }";
  const NEEDED = "{ kind: ConfigMap, name: c }";
  const SECRET = "apiVersion: v1\nkind: Secret\nmetadata: { name: s, namespace: flux-system }\nstringData: { q: b }\n";

  test.each<readonly [string, Asking, string]>([
    ["nobody knows what Git lacks, where no cluster is asked", { from: OPTIONAL }, "x=? q=?"],
    ["inline ones count before what nobody knows", { from: OPTIONAL, inline: "x: 'in'" }, "x=in q=?"],
    [
      "later sources count before what nobody knows",
      { from: `${OPTIONAL}, ${NEEDED}`, more: { "own/c.yaml": config("c", "q: c") } },
      "x=? q=c",
    ],
    [
      "what nobody knows counts before earlier ones",
      { from: `${NEEDED}, ${OPTIONAL}`, more: { "own/c.yaml": config("c", "q: c") } },
      "x=? q=?",
    ],
    ["an optional one that is nowhere holds nothing", { from: OPTIONAL, inline: "z: '1'", inCluster: {} }, "x=dx q=dq"],
    ["so that there may be no variable to substitute", { from: OPTIONAL, inCluster: {} }, "x=${x:=dx} q=${q:=dq}"],
    [
      "an optional one that is nowhere leaves earlier ones",
      { from: `${NEEDED}, ${OPTIONAL}`, inCluster: {}, more: { "own/c.yaml": config("c", "q: c") } },
      "x=dx q=c",
    ],
    ["of one in the cluster the names count", { from: OPTIONAL, inCluster: { "Secret/s": ["q"] } }, "x=dx q=?"],
    ["so they do of ConfigMaps", { from: NEEDED, inCluster: { "ConfigMap/c": ["x"] } }, "x=? q=dq"],
    [
      "one that could not be read may hold anything",
      { from: OPTIONAL, inCluster: { "Secret/s": undefined } },
      "x=? q=?",
    ],
    ["without one that it needs Flux deploys nothing", { from: NEEDED, inCluster: {} }, "x=? q=?"],
    [
      "Git counts before the cluster",
      { from: OPTIONAL, inCluster: { "Secret/s": ["x"] }, more: { "own/s.yaml": SECRET } },
      "x=dx q=?",
    ],
  ])("variables: %s", async (_what, asking, expected) => {
    const found = await substituted(asking);
    expect(found.data).toBe(expected);
    expect(found.complete).toBe(true);
  });

  test("a line says which source Git does not have, and what is not compared because of it", async () => {
    const { told, unknownFrom } = await substituted({
      from: `${NEEDED}, ${OPTIONAL}`,
      inCluster: { "ConfigMap/c": ["x"] },
    });
    expect(told).toEqual([
      "Kustomization/k in flux-system takes variables from ConfigMap/c, which Git does not have: 1 field of 1 object, where ${x} comes out, is not compared",
    ]);
    expect(unknownFrom).toBe("from ConfigMap/c, which Git does not have");
    const both = await substituted({ from: `${NEEDED}, ${OPTIONAL}` });
    expect(both.told).toEqual([
      "Kustomization/k in flux-system takes variables from ConfigMap/c and Secret/s (optional), which Git does not have: 2 fields of 1 object, where ${x} and ${q} come out, are not compared",
    ]);
  });

  test("nothing is told where nothing is unknown, nor of a Secret that Git has", async () => {
    expect((await substituted({ from: OPTIONAL, inline: "x: '1', q: '2'" })).told).toEqual([]);
    const { told, unknownFrom } = await substituted({ from: OPTIONAL, more: { "own/s.yaml": SECRET } });
    expect(told).toEqual([]);
    expect(unknownFrom).toBe("from Secret/s (optional), whose values are not read");
  });

  test("what SOPS hides in what is rendered is no variable, and hides none", async () => {
    const files = { "k.yaml": flux("k", "./apps", ", postBuild: { substitute: { x: one } }"), "apps/a.yaml": "" };
    const renderers = { ...RENDERING.renderers, render: twoHalves };
    const target = { name: "t", path: "", exclude: [] };
    const state = await readDesired({ tree: treeOf(files), target, digester, isNamespaced, ...RENDERING, renderers });
    const object = state.objects.find(({ ref }) => ref.name === "a");
    expect([object?.value["data"], object?.again?.["data"]]).toEqual([
      { x: "one", h: "a" },
      { x: "one", h: "b" },
    ]);
  });
});
