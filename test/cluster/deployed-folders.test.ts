// Folders of plain manifests that Argo CD or Flux deploys, as a user meets them: what was changed in the cluster gets its pull
// request, proved as the deployer renders the folder, and nothing is proposed that the deployer would make something else of.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { holdfast, temporaryFolder } from "../cli/run.ts";
import { repositoryOf } from "../desired/repositories.ts";
import { ensureBinary, whyUnavailable } from "./binaries.ts";

const unavailable = whyUnavailable(["kustomize"]);
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

type Files = Readonly<Record<string, string>>;

/** No namespace, comments, and a document beside it. */
function web(replicas: number, more = ""): string {
  return `# the shop
apiVersion: v1
kind: ConfigMap
metadata:
  name: web
data:
  replicas: "${replicas}" # by load
${more}---
apiVersion: v1
kind: ConfigMap
metadata:
  name: other
data: { a: b }
`;
}

function argo(name: string, namespace: string, path = "apps"): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd }
spec:
  project: default
  source: { repoURL: "https://git.example/r.git", path: ${path} }
  destination: { name: in-cluster, namespace: ${namespace} }
`;
}

function flux(more = "", name = "web"): string {
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${name}, namespace: flux-system }
spec:
  interval: 10m
  prune: true
  path: ./apps
  targetNamespace: shop
  sourceRef: { kind: GitRepository, name: flux-system }
${more}`;
}

interface Where {
  readonly namespace?: string;
  readonly labels?: Files;
}

function live(name: string, data: Files, { namespace = "shop", labels = {} }: Where = {}): string {
  const managed = Object.keys(data).map((key) => [`f:${key}`, {}]);
  return JSON.stringify({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name,
      namespace,
      labels,
      uid: `${namespace}-${name}`,
      creationTimestamp: "2020-01-01T00:00:00Z",
      managedFields: [
        {
          manager: "kubectl-edit",
          operation: "Update",
          apiVersion: "v1",
          fieldsType: "FieldsV1",
          fieldsV1: { "f:data": Object.fromEntries(managed) },
          time: "2026-01-01T00:00:00Z",
        },
      ],
    },
    data,
  });
}

const OTHER = live("other", { a: "b" });

describe.skipIf(unavailable !== undefined)("a folder of plain manifests", () => {
  let programs: Files = {};
  beforeAll(async () => void (programs = { HOLDFAST_KUSTOMIZE: await ensureBinary("kustomize") }));

  function environment(): Files {
    return { ...programs, XDG_CACHE_HOME: temporaryFolder() };
  }

  /** What is to be done about the objects called `web`. */
  async function actions(files: Files, objects: readonly string[], ...more: readonly string[]) {
    const args = ["scan", "--repo", repositoryOf(files), "--live", "-", "--format", "json", ...more];
    const ran = await holdfast(args, { env: environment(), input: objects.join("\n---\n") });
    const { drifts } = JSON.parse(ran.stdout) as {
      readonly drifts: readonly {
        readonly object: { readonly name: string; readonly namespace?: string };
        readonly actions: readonly { readonly kind: string; readonly reason: string }[];
      }[];
    };
    return drifts
      .filter(({ object }) => object.name === "web")
      .flatMap((drift) => drift.actions.map((one) => `${drift.object.namespace}: ${one.kind}: ${one.reason}`));
  }

  const CODIFIED = "shop: pull-request: codifies 1 of 1 changes in apps/web.yaml";
  const CHANGED = [live("web", { replicas: "5" }), OTHER];
  const VARIABLES = "  postBuild: { substitute: { size: big, count: '2' } }\n";
  const GENERATED =
    "cannot be codified: what is deployed there is not what the file has: variables, patches or the like make it";

  test.each<readonly [string, Files, readonly string[], readonly string[]]>([
    [
      "by Argo CD, in the destination's namespace",
      { "app.yaml": argo("web", "shop"), "apps/web.yaml": web(2) },
      CHANGED,
      [CODIFIED],
    ],
    ["by Flux, in its targetNamespace", { "k.yaml": flux(), "apps/web.yaml": web(2) }, CHANGED, [CODIFIED]],
    [
      "by Flux, with labels of its own",
      { "k.yaml": flux("  commonMetadata: { labels: { team: shop } }\n"), "apps/web.yaml": web(2) },
      ["web", "other"].map((name) => live(name, { replicas: "5" }, { labels: { team: "shop" } })),
      [CODIFIED],
    ],
    [
      "by Flux, beside a variable",
      { "k.yaml": flux(VARIABLES), "apps/web.yaml": web(2, "  size: ${size}\n") },
      [live("web", { replicas: "5", size: "big" }), OTHER],
      [CODIFIED],
    ],
    [
      "by Flux, where a variable gives the field",
      { "k.yaml": flux(VARIABLES), "apps/web.yaml": web(2, "  size: ${size}\n") },
      [live("web", { replicas: "2", size: "small" }), OTHER],
      [`shop: issue: ${GENERATED}`],
    ],
    [
      "by Flux, where the value would be a variable",
      { "k.yaml": flux(VARIABLES), "apps/web.yaml": web(2) },
      [live("web", { replicas: "${count}" }), OTHER],
      ["shop: issue: cannot be codified: rendering again did not give the live value and nothing else"],
    ],
    [
      "by Flux, where a patch gives the field",
      {
        "k.yaml": flux(
          `  patches: [{ target: { name: web }, patch: '[{"op":"replace","path":"/data/replicas","value":"3"}]' }]\n`,
        ),
        "apps/web.yaml": web(2),
      },
      CHANGED,
      [`shop: issue: ${GENERATED}`],
    ],
    [
      "by Flux, with a kustomization in it",
      { "k.yaml": flux(), "apps/in/web.yaml": web(2), "apps/in/kustomization.yaml": "resources: [web.yaml]\n" },
      CHANGED,
      ["shop: issue: cannot be codified: the object is made by kustomize"],
    ],
    [
      "by Argo CD, into two namespaces",
      { "app.yaml": argo("web", "shop"), "b.yaml": argo("again", "bazaar"), "apps/web.yaml": web(2) },
      [
        ...CHANGED,
        live("web", { replicas: "2" }, { namespace: "bazaar" }),
        live("other", { a: "b" }, { namespace: "bazaar" }),
      ],
      ["shop: issue: cannot be codified: the change would reach other objects: ConfigMap/web in bazaar"],
    ],
  ])("%s", async (_what, files, objects, expected) => {
    expect(await actions(files, objects)).toEqual(expected);
  });

  test("by Flux, for another cluster as well", async () => {
    const files = {
      ".github/holdfast.yml":
        "targets:\n  - { name: one, path: clusters/one }\n  - { name: two, path: clusters/two }\n",
      "clusters/one/k.yaml": flux(),
      "clusters/two/k.yaml": flux(),
      "apps/web.yaml": web(2),
    };
    expect(await actions(files, CHANGED, "--target", "one")).toEqual([
      "shop: issue: cannot be codified: Kustomization/web in flux-system (clusters/two/k.yaml) deploys the file, too, and is none of this target",
    ]);
  });

  test.each<readonly [string, Files, RegExp]>([
    [
      "Argo CD",
      { "app.yaml": argo("web", "shop") },
      /Rendered before and after by ` ?plain builtin ?`, roots ` ?apps ?`/,
    ],
    ["Flux", { "k.yaml": flux() }, /Rendered before and after by ` ?kustomize v?\d[\d.]* ?`, roots ` ?apps ?`/],
  ])("gets its pull request where %s deploys it, with one line changed", async (_what, files, proof) => {
    const repo = repositoryOf({ ...files, "apps/web.yaml": web(2) });
    const out = temporaryFolder();
    const args = ["reconcile", "--repo", repo, "--live", "-", "--out", out, "--quiet"];
    const input = CHANGED.join("\n---\n");
    const said = await holdfast([...args, "--dry-run"], { env: environment(), input });
    expect(said.stdout).toMatch(/pull request/);
    expect(readdirSync(out)).toEqual([]);
    await holdfast(args, { env: environment(), input });
    const [folder = ""] = readdirSync(join(out, "pull-requests"));
    const read = (name: string): string => readFileSync(join(out, "pull-requests", folder, name), "utf8");
    const lines = read("changes.patch")
      .split("\n")
      .filter((line) => /^[-+](?![-+])/.test(line));
    expect(lines).toEqual(['-  replicas: "2" # by load', '+  replicas: "5" # by load']);
    expect(
      readdirSync(join(out, "pull-requests", folder))
        .map(read)
        .join("\n"),
    ).toMatch(proof);
  });
});
