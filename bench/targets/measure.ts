// One repository of the corpus: each of its roots rendered by holdfast, and by the program itself.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isFault } from "../../src/core/fault.ts";
import type { DesiredObject } from "../../src/core/objects.ts";
import { refKey } from "../../src/core/refs.ts";
import type { SourceFile } from "../../src/core/stages.ts";
import { equalValues, fieldAt, isMap } from "../../src/core/value.ts";
import { contextOf, readManifests } from "../../src/desired/manifests.ts";
import { helmJob } from "../../src/desired/render/helm.ts";
import { kustomizeJob } from "../../src/desired/render/kustomize.ts";
import { networkIsolation, RENDERER_LIMITS, runRenderer } from "../../src/desired/render/process.ts";
import { readRendered } from "../../src/desired/render/rendered.ts";
import { openRenderers } from "../../src/desired/render/renderers.ts";
import type { Renderers } from "../../src/desired/render/renderers.ts";
import { findRoots } from "../../src/desired/roots.ts";
import type { FoundRoot } from "../../src/desired/roots.ts";
import { openWorktree } from "../../src/desired/worktree.ts";
import type { WorkTree } from "../../src/desired/worktree.ts";
import { builtinKind } from "../../src/kinds/scopes.ts";
import { printJson } from "../../src/yaml/json.ts";
import { createDigester } from "../../src/text/digest.ts";
import { judgeFiles } from "../../test/cluster/yaml-judge.ts";

export type RootOutcome = { readonly path: string; readonly renderer: "kustomize" | "helm" } & (
  | { readonly kind: "same"; readonly objects: number }
  | { readonly kind: "different"; readonly objects: readonly string[] }
  /** By neither; why, as holdfast says it. */
  | { readonly kind: "neither"; readonly code: string; readonly why: string }
  | { readonly kind: "program-only"; readonly code: string; readonly why: string }
  | { readonly kind: "holdfast-only"; readonly why: string }
);

export interface Measured {
  readonly repository: string;
  readonly roots: readonly RootOutcome[];
}

export interface Programs {
  readonly kustomize: string;
  readonly helm: string;
  readonly judge: string;
}

interface Bench {
  readonly dir: string;
  readonly home: string;
  readonly programs: Programs;
  readonly tree: WorkTree;
  readonly files: readonly SourceFile[];
  readonly renderers: Renderers;
}

export const CAPABILITIES = {
  kubeVersion: "v1.36.3",
  apiVersions: ["v1", "apps/v1", "autoscaling/v2", "networking.k8s.io/v1"],
};

export const CONTEXT = contextOf({
  target: {},
  digester: createDigester(Buffer.from("a key for benches")),
  isNamespaced: (kind) => builtinKind(kind)?.namespaced,
});

export async function measureRepository({
  repository,
  dir,
  home,
  programs,
}: {
  readonly repository: string;
  readonly dir: string;
  readonly home: string;
  readonly programs: Programs;
}): Promise<Measured> {
  execFileSync("git", ["init", "--quiet", dir]);
  const tree = await openWorktree(dir);
  if (isFault(tree)) throw new Error(tree.message);
  const files = await tree.list("");
  if (isFault(files)) throw new Error(files.message);
  const renderers = openRenderers({
    environment: { HOLDFAST_KUSTOMIZE: programs.kustomize, HOLDFAST_HELM: programs.helm },
  });
  try {
    const roots: RootOutcome[] = [];
    for (const root of await everyRoot(tree, files)) {
      roots.push(await measureRoot({ dir, home, programs, tree, files, renderers }, root));
    }
    return { repository, roots };
  } finally {
    await renderers.close();
  }
}

/** Every kustomization, those that others use too, but for parts that are nothing by themselves; and every chart. */
export async function everyRoot(tree: WorkTree, files: readonly SourceFile[]): Promise<readonly FoundRoot[]> {
  const found: FoundRoot[] = [];
  for (const file of files) {
    if (!/(?:^|\/)(?:kustomization\.ya?ml|Kustomization|Chart\.yaml)$/.test(file.path)) continue;
    found.push(...(await findRoots(tree, files, [file])).roots);
  }
  return found;
}

async function measureRoot(bench: Bench, root: FoundRoot): Promise<RootOutcome> {
  const common = { path: root.path === "" ? "." : root.path, renderer: root.renderer };
  const own = await byHoldfast(bench, root);
  const theirs = await byProgram(bench, root);
  if (own.kind === "fault") {
    const { code, why } = own;
    return { ...common, kind: theirs === undefined ? "neither" : "program-only", code, why };
  }
  if (theirs === undefined) return { ...common, kind: "holdfast-only", why: "the program itself fails" };
  const different = differences(own.objects, theirs);
  return different.length === 0
    ? { ...common, kind: "same", objects: theirs.length }
    : { ...common, kind: "different", objects: different };
}

type Own =
  | { readonly kind: "objects"; readonly objects: readonly DesiredObject[] }
  | { readonly kind: "fault"; readonly code: string; readonly why: string };

async function byHoldfast({ tree, files, renderers }: Bench, root: FoundRoot): Promise<Own> {
  const job =
    root.renderer === "kustomize"
      ? await kustomizeJob(root, { tree, files, capabilities: CAPABILITIES })
      : await helmJob({
          path: root.path,
          settings: { namespace: "default", values: [] },
          capabilities: CAPABILITIES,
          tree,
          files,
        });
  const rendered = isFault(job) ? job : await renderers.render(job);
  if (isFault(rendered)) return { kind: "fault", code: rendered.code, why: rendered.message };
  const noted = !isFault(job) && job.noted === true;
  const { objects, faults } = readRendered({ root, rendered, context: CONTEXT, noted, isFile: () => false });
  const fault = faults.find(({ leavesUnknown }) => leavesUnknown === "declared");
  return fault === undefined ? { kind: "objects", objects } : { kind: "fault", code: fault.code, why: fault.message };
}

/** The program in the repository itself, without a network; `undefined` where it fails. */
export async function byProgram(
  { dir, home, programs }: Pick<Bench, "dir" | "home" | "programs">,
  root: Pick<FoundRoot, "path" | "renderer">,
): Promise<readonly DesiredObject[] | undefined> {
  const path = join(dir, root.path);
  const place = join(home, "home");
  if (!existsSync(place)) mkdirSync(place);
  const end = await runRenderer({
    binary: programs[root.renderer],
    args:
      root.renderer === "kustomize"
        ? ["build", path, "--enable-helm", "--helm-command", programs.helm]
        : [
            "template",
            root.path.slice(root.path.lastIndexOf("/") + 1),
            path,
            "--include-crds",
            "--kube-version",
            CAPABILITIES.kubeVersion,
            "--api-versions",
            CAPABILITIES.apiVersions.join(","),
          ],
    cwd: dir,
    home: place,
    limits: RENDERER_LIMITS,
    isolation: networkIsolation(),
  });
  if (end.kind !== "done") return undefined;
  const file = join(home, "output.yaml");
  writeFileSync(file, end.output);
  const verdicts = (await judgeFiles(programs.judge, [file])).get(file) ?? [];
  return verdicts.flatMap((verdict) => {
    if (verdict.kind === "refused")
      throw new Error(`${root.path}: Kubernetes does not read the output: ${verdict.why}`);
    if (!isMap(verdict.value)) return [];
    const annotations = fieldAt(verdict.value, "metadata", "annotations");
    if (isMap(annotations) && Object.hasOwn(annotations, "helm.sh/hook")) return [];
    // From here on it is JSON: what the judge read stays what it read.
    return readManifests("judged.json", Buffer.from(printJson(verdict.value)), CONTEXT).objects;
  });
}

function differences(own: readonly DesiredObject[], theirs: readonly DesiredObject[]): readonly string[] {
  const byKey = new Map(own.map((object) => [refKey(object.ref), object]));
  const keys = new Set(theirs.map(({ ref }) => refKey(ref)));
  return [
    ...theirs.filter((object) => !same(byKey.get(refKey(object.ref)), object)).map(({ ref }) => refKey(ref)),
    ...own.filter(({ ref }) => !keys.has(refKey(ref))).map(({ ref }) => `only holdfast: ${refKey(ref)}`),
    ...(own.length === theirs.length ? [] : [`${own.length} objects and ${theirs.length}`]),
  ];
}

function same(own: DesiredObject | undefined, theirs: DesiredObject): boolean {
  return own !== undefined && own.again === undefined && equalValues(own.value, theirs.value);
}
