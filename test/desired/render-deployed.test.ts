import { describe, expect, test } from "vitest";
import { isFault } from "../../src/core/fault.ts";
import { readDesired } from "../../src/desired/desired.ts";
import type { DesiredInput } from "../../src/desired/desired.ts";
import { deployedRenderer, isDeployed } from "../../src/desired/render-deployed.ts";
import { writtenObjects } from "../../src/desired/written.ts";
import { deployment, digester, isNamespaced, RENDERING, treeOf } from "./repositories.ts";

type Files = Readonly<Record<string, string>>;

function argo(name: string, namespace: string): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd }
spec: { source: { repoURL: "https://git.example/r", path: apps }, destination: { name: in-cluster, namespace: ${namespace} } }
`;
}

function flux(name: string, path: string): string {
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${name}, namespace: flux-system }
spec: { path: ${path}, targetNamespace: shop, sourceRef: { kind: GitRepository, name: flux-system } }
`;
}

function inputOf(files: Files, path = ""): DesiredInput {
  const target = { name: "t", path, exclude: [] };
  return { tree: treeOf(files), target, digester, isNamespaced, ...RENDERING };
}

const WEB = deployment("web");

/** A renderer that prints the folder's plain files, in the namespace that they are deployed to. */
function printing(files: Files, path = ""): DesiredInput {
  const render: DesiredInput["renderers"]["render"] = (job) => {
    const [made] = [...(job.made?.values() ?? [])];
    const { resources = [] } = JSON.parse(Buffer.from(made ?? "{}").toString()) as { resources?: string[] };
    const texts = resources.map((one) => {
      const file = `${job.path}/${one.slice(2)}`;
      const note = `annotations: { config.kubernetes.io/origin: "path: ${one.slice(2)}" }`;
      return (files[file] ?? "")
        .replace("metadata:", "metadata:\n  namespace: shop")
        .replace("  name:", `  ${note}\n  name:`);
    });
    return Promise.resolve({ output: Buffer.from(texts.join("\n---\n")), version: "1" });
  };
  return { ...inputOf(files, path), renderers: { ...RENDERING.renderers, render } };
}

const CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata: { a: b }\n";

async function written(files: Files, path = "") {
  const input = printing(files, path);
  const state = await readDesired(input);
  const object = state.objects.find(({ ref }) => ref.kind === "ConfigMap");
  return object === undefined ? "not deployed" : await writtenObjects(input, state).of(object);
}

describe("rendering what is deployed", () => {
  test.each<readonly [string, Files, boolean]>([
    ["an Application", { "app.yaml": argo("a", "shop"), "apps/web.yaml": WEB }, true],
    ["a Kustomization, though it cannot be rendered", { "k.yaml": flux("k", "./apps"), "apps/web.yaml": WEB }, true],
    ["nothing", { "apps/web.yaml": WEB }, false],
    [
      "a Rollout, which deploys nothing",
      { "r.yaml": WEB.replace("apps/v1", "argoproj.io/v1alpha1").replace("Deployment", "Rollout") },
      false,
    ],
  ])("is done where a target has %s", async (_what, files, expected) => {
    expect(isDeployed(await readDesired(inputOf(files)))).toBe(expected);
  });

  test("gives all objects before and after, each as every deployer deploys it", async () => {
    const files = { "a.yaml": argo("a", "shop"), "b.yaml": argo("b", "bazaar"), "apps/web.yaml": WEB };
    const changed = WEB.replace("replicas: 3", "replicas: 5");
    const rendered = await deployedRenderer(inputOf(files)).render(new Map([["apps/web.yaml", changed]]));
    if (isFault(rendered)) throw new Error(rendered.message);
    const told = ([rendered.before, rendered.after] as const).map((side) =>
      side.filter(({ ref }) => ref.kind === "Deployment").map(({ ref, value }) => [ref.namespace, value["spec"]]),
    );
    expect(told).toEqual([
      [
        ["bazaar", { replicas: 3 }],
        ["shop", { replicas: 3 }],
      ],
      [
        ["bazaar", { replicas: 5 }],
        ["shop", { replicas: 5 }],
      ],
    ]);
    expect(rendered.roots.map(({ path, renderer, deployer }) => [path, renderer, deployer?.ref.name])).toEqual([
      ["apps", "plain", "a"],
      ["apps", "plain", "b"],
    ]);
  });

  test("proves nothing of what cannot be read after, and passes over what could not be before", async () => {
    const files = { "a.yaml": argo("a", "shop"), "apps/web.yaml": WEB, "apps/bad.yaml": "apiVersion: [" };
    const render = (text: string) => deployedRenderer(inputOf(files)).render(new Map([["apps/web.yaml", text]]));
    expect(await render("apiVersion: [")).toMatchObject({ kind: "fault", code: "yaml-invalid" });
    expect(isFault(await render(WEB.replace("replicas: 3", "replicas: 5")))).toBe(false);
  });
});

describe("where an object that Flux deploys is written", () => {
  test("is its file, where the folder has no kustomization", async () => {
    const files = { "k.yaml": flux("k", "./apps"), "apps/in/a.yaml": `# first\n---\n${CONFIG}` };
    expect(await written(files)).toMatchObject({
      kind: "written",
      desired: {
        ref: { namespace: "shop", name: "a" },
        origin: { file: "apps/in/a.yaml", document: 1, layer: "literal", root: "apps" },
      },
    });
  });

  test("is told by nobody where another cluster's Kustomization deploys it, too", async () => {
    const files = { "one/k.yaml": flux("k", "./apps"), "two/k.yaml": flux("k", "./apps"), "apps/a.yaml": CONFIG };
    expect(await written(files, "one")).toMatchObject({
      kind: "refused",
      why: expect.stringContaining("two/k.yaml") as string,
    });
    const elsewhere = { ...files, "two/k.yaml": flux("k", "./other") };
    expect(await written(elsewhere, "one")).toMatchObject({ kind: "written" });
  });
});
