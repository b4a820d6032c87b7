/** Small repositories, read by `readDesired` with the real renderers. */

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { fieldAt } from "../../src/core/value.ts";
import type { Value } from "../../src/core/value.ts";
import { isFault } from "../../src/core/fault.ts";
import type { DesiredObject } from "../../src/core/objects.ts";
import type { DesiredState, Progress, SourceTree } from "../../src/core/stages.ts";
import { readDesired } from "../../src/desired/desired.ts";
import type { DesiredTarget } from "../../src/desired/desired.ts";
import type { ChartsInput } from "../../src/desired/charts/open-charts.ts";
import type { RepositoryGrant } from "../../src/desired/other-repositories.ts";
import type { RenderCache } from "../../src/desired/render/cache.ts";
import type { Capabilities } from "../../src/desired/render/helm.ts";
import type { ProgramGrants } from "../../src/desired/render/programs.ts";
import type { RendererLimits } from "../../src/desired/render/process.ts";
import { openRenderers } from "../../src/desired/render/renderers.ts";
import { openWorktree } from "../../src/desired/worktree.ts";
import { digester, isNamespaced, repositoryOf, treeOf, write } from "../desired/repositories.ts";
import { ensureBinary } from "./binaries.ts";

export type Files = Readonly<Record<string, string | Uint8Array>>;

export interface Rendering {
  /** Default: Helm 3. */
  readonly helm?: "helm" | "helm4";
  readonly target?: Partial<DesiredTarget>;
  readonly capabilities?: Partial<Capabilities>;
  readonly limits?: Partial<RendererLimits>;
  readonly isolation?: readonly string[];
  readonly cache?: RenderCache;
  readonly charts?: ChartsInput;
  readonly repositories?: readonly RepositoryGrant[];
  readonly programs?: ProgramGrants;
  readonly progress?: Progress;
  /** Over what the tests give. */
  readonly environment?: Readonly<Record<string, string>>;
}

export async function renderTree(tree: SourceTree, options: Rendering = {}): Promise<DesiredState> {
  const { limits, isolation, cache, charts, progress } = options;
  const renderers = openRenderers({
    environment: {
      HOLDFAST_KUSTOMIZE: await ensureBinary("kustomize"),
      HOLDFAST_HELM: await ensureBinary(options.helm ?? "helm"),
      ...options.environment,
    },
    ...(limits === undefined ? {} : { limits }),
    ...(isolation === undefined ? {} : { isolation }),
    ...(cache === undefined ? {} : { cache }),
    ...(charts === undefined ? {} : { charts }),
    ...(options.repositories === undefined ? {} : { repositories: options.repositories }),
    ...(options.programs === undefined ? {} : { programs: options.programs }),
  });
  try {
    return await readDesired({
      tree,
      target: { name: "t", path: "", exclude: [], ...options.target },
      digester,
      isNamespaced,
      renderers,
      ...(progress === undefined ? {} : { progress }),
      capabilities: { kubeVersion: "v1.36.3", apiVersions: ["v1", "apps/v1"], ...options.capabilities },
    });
  } finally {
    await renderers.close();
  }
}

export async function render(files: Files, options: Rendering = {}): Promise<DesiredState> {
  return await renderTree(treeOf(files), options);
}

/** A repository on disk, changed by `change` before it is read: for what is more than files. */
export async function renderRepository(
  files: Readonly<Record<string, string>>,
  change: (dir: string) => void,
  options: Rendering = {},
): Promise<DesiredState> {
  const dir = repositoryOf(files);
  change(dir);
  const tree = await openWorktree(dir);
  if (isFault(tree)) throw new Error(tree.message);
  return await renderTree(tree, options);
}

/** `Kind/name`, in order. */
export function names(state: DesiredState): readonly string[] {
  return state.objects.map(({ ref }) => `${ref.kind}/${ref.name}`);
}

export function objectOf(state: DesiredState, kind: string, name?: string): DesiredObject {
  const found = state.objects.find(({ ref }) => ref.kind === kind && (name === undefined || ref.name === name));
  if (found === undefined) throw new Error(`no ${kind} in ${names(state).join(", ")}: ${faults(state).join("; ")}`);
  return found;
}

export function at(state: DesiredState, kind: string, ...path: readonly string[]): Value | undefined {
  return fieldAt(objectOf(state, kind).value, ...path);
}

/** `code: message`, for assertions that show what went wrong. */
export function faults(state: DesiredState): readonly string[] {
  return state.faults.map(({ code, message }) => `${code}: ${message}`);
}

export function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), "holdfast-test-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** An empty folder for {@link canSandbox}, before any test runs. */
export function probeFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), "holdfast-probe-"));
  process.once("exit", () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A program that is a shell script. */
export function script(text: string): string {
  const file = join(folder(), "program");
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** A program that is another one, and a count of the times it was started to render. */
export function counted(binary: string): { readonly path: string; readonly starts: () => number } {
  const log = join(folder(), "starts");
  writeFileSync(log, "");
  const path = script(`case "$1" in version) ;; *) echo x >> ${log} ;; esac\nexec ${binary} "$@"`);
  return { path, starts: () => readFileSync(log, "utf8").length / 2 };
}

/** A folder with these files, for programs that make archives. */
export function onDisk(files: Readonly<Record<string, string>>): string {
  const dir = folder();
  write(dir, files);
  return dir;
}

export function configMap(name: string, data = "a: b"): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  ${data}\n`;
}

/** A chart with these templates. */
export function chartOf(
  folderName: string,
  templates: Readonly<Record<string, string>>,
  { values = "", chart = "", version = "v2" }: { values?: string; chart?: string; version?: string } = {},
): Record<string, string> {
  const name = folderName.slice(folderName.lastIndexOf("/") + 1);
  return {
    [`${folderName}/Chart.yaml`]: `apiVersion: ${version}\nname: ${name}\nversion: 1.0.0\n${chart}`,
    [`${folderName}/values.yaml`]: values,
    ...Object.fromEntries(Object.entries(templates).map(([file, text]) => [`${folderName}/templates/${file}`, text])),
  };
}
