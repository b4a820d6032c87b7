// Where the binaries of the test cluster are: in KUBEBUILDER_ASSETS where that is set, else in the cache, and where they
// are not there either, Go builds them once: from the module in go/, or by `go install`. The cache is HOLDFAST_CACHE,
// or `holdfast` in XDG_CACHE_HOME, or in ~/.cache.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { accessSync, constants, readdirSync, readFileSync } from "node:fs";
import { access, chmod, mkdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join, relative } from "node:path";
import { withLock } from "./lock.ts";

export const KUBERNETES_VERSION = "v1.36.3";

/** The Kubernetes versions that the test cluster can be, newest first: each with the Go module that builds it. */
export const KUBERNETES = {
  "v1.36": { version: KUBERNETES_VERSION, minor: "36", module: join(import.meta.dirname, "go") },
  "v1.33": { version: "v1.33.13", minor: "33", module: join(import.meta.dirname, "go-1.33") },
} as const;

export type KubernetesMinor = keyof typeof KUBERNETES;

const NEWEST: KubernetesMinor = "v1.36";

const VERSION_PACKAGE = "k8s.io/component-base/version";

/** How a binary is made; `seconds` is what a cold build took on two cores. */
type Recipe =
  | {
      readonly kind: "module";
      readonly package: string;
      readonly source?: string;
      /** Default: the newest. */
      readonly kubernetes?: KubernetesMinor;
      readonly seconds: number;
    }
  // Of another module than the cluster's, so that a change there does not build the cluster anew.
  | {
      readonly kind: "judge";
      readonly module: string;
      readonly package: string;
      readonly source?: string;
      readonly seconds: number;
    }
  | { readonly kind: "install"; readonly package: string; readonly seconds: number };

const RECIPES = {
  argojudge: {
    kind: "judge",
    module: join(import.meta.dirname, "go-argo"),
    package: "./argojudge",
    source: "argojudge",
    seconds: 160,
  },
  // After the judge of the same module, or it takes as long as that.
  argocd: {
    kind: "judge",
    module: join(import.meta.dirname, "go-argo"),
    package: "./argocd",
    source: "argocd",
    seconds: 60,
  },
  etcd: { kind: "module", package: "./etcd", source: "etcd", seconds: 10 },
  fluxjudge: {
    kind: "judge",
    module: join(import.meta.dirname, "go-flux"),
    package: "./fluxjudge",
    source: "fluxjudge",
    seconds: 30,
  },
  helm: { kind: "install", package: "helm.sh/helm/v3/cmd/helm@v3.22.0", seconds: 50 },
  // Helm 4 has other flags' defaults and other readers; both majors are in use.
  helm4: { kind: "install", package: "helm.sh/helm/v4/cmd/helm@v4.3.1", seconds: 60 },
  "kube-apiserver": { kind: "module", package: "k8s.io/kubernetes/cmd/kube-apiserver", seconds: 160 },
  "kube-controller-manager": { kind: "module", package: "k8s.io/kubernetes/cmd/kube-controller-manager", seconds: 40 },
  "kube-apiserver-1.33": {
    kind: "module",
    package: "k8s.io/kubernetes/cmd/kube-apiserver",
    kubernetes: "v1.33",
    seconds: 250,
  },
  "kube-controller-manager-1.33": {
    kind: "module",
    package: "k8s.io/kubernetes/cmd/kube-controller-manager",
    kubernetes: "v1.33",
    seconds: 90,
  },
  "kustomize-controller": {
    kind: "judge",
    module: join(import.meta.dirname, "go-flux-controller"),
    package: "github.com/fluxcd/kustomize-controller",
    seconds: 200,
  },
  kubectl: { kind: "module", package: "k8s.io/kubernetes/cmd/kubectl", seconds: 20 },
  kustomize: { kind: "install", package: "sigs.k8s.io/kustomize/kustomize/v5@v5.8.1", seconds: 10 },
  // A registry as others have it, for charts.
  registry: {
    kind: "install",
    package: "github.com/distribution/distribution/v3/cmd/registry@v3.1.2",
    seconds: 115,
  },
  yamljudge: { kind: "module", package: "./yamljudge", source: "yamljudge", seconds: 8 },
} as const satisfies Record<string, Recipe>;

export type BinaryName = keyof typeof RECIPES;

export const BINARY_NAMES = Object.keys(RECIPES) as BinaryName[];

/** The binaries that startCluster runs. */
export const CLUSTER_BINARIES = ["etcd", "kubectl", "kube-apiserver", "kube-controller-manager"] as const;

/** What a cluster of the older Kubernetes runs besides etcd and kubectl. */
export const OLDER_BINARIES = ["kube-apiserver-1.33", "kube-controller-manager-1.33"] as const;

/** The two servers that differ from version to version; etcd and kubectl are the newest one's for all. */
export function serverBinaries(kubernetes: KubernetesMinor): {
  readonly apiServer: BinaryName;
  readonly controllerManager: BinaryName;
} {
  return kubernetes === "v1.33"
    ? { apiServer: "kube-apiserver-1.33", controllerManager: "kube-controller-manager-1.33" }
    : { apiServer: "kube-apiserver", controllerManager: "kube-controller-manager" };
}

/** Neither there nor to be built here; the message says what to install. */
export class BinaryUnavailable extends Error {}

/**
 * The path of a binary, built first where it is neither given nor cached. What is built, and how long it took, is told
 * on standard error. Throws BinaryUnavailable without Go, and an Error with the end of Go's output where a build fails.
 */
export async function ensureBinary(name: BinaryName): Promise<string> {
  const found = findBinary(name);
  if (found !== undefined) return found;
  const go = findGo();
  if (go === undefined) throw new BinaryUnavailable(missingGo(name));
  const folder = cacheFolder(name);
  await mkdir(folder, { recursive: true });
  // One lock for all: two builds at once take longer than one after the other, and much memory.
  await withLock(join(cacheRoot(), "build.lock"), async () => {
    if (findBinary(name) === undefined) await build(go, name, folder);
  });
  return join(folder, name);
}

/** Why these binaries cannot be had on this machine, or undefined where they are there or can be built. Builds nothing. */
export function whyUnavailable(names: readonly BinaryName[]): string | undefined {
  if (findGo() !== undefined) return undefined;
  const missing = names.find((name) => findBinary(name) === undefined);
  return missing === undefined ? undefined : missingGo(missing);
}

/** Where a built binary is kept: by the hash of all that decides what it is, so a changed recipe never finds an old one. */
export function cacheFolder(name: BinaryName): string {
  const recipe: Recipe = RECIPES[name];
  const hash = createHash("sha256").update(JSON.stringify([process.platform, process.arch]));
  if (recipe.kind === "install") {
    hash.update(recipe.package);
  } else {
    const module = moduleOf(recipe);
    const files = recipe.source === undefined ? [] : sourceFiles(join(module, recipe.source));
    hash.update(flagsOf(recipe).join("\0"));
    for (const file of ["go.mod", "go.sum"]) hash.update(file).update(readFileSync(join(module, file)));
    for (const file of files) hash.update(relative(module, file)).update(readFileSync(file));
  }
  return join(cacheRoot(), "bin", hash.digest("hex").slice(0, 16));
}

function cacheRoot(): string {
  const { HOLDFAST_CACHE: own, XDG_CACHE_HOME: shared } = process.env;
  if (own) return own;
  return join(shared ? shared : join(homedir(), ".cache"), "holdfast");
}

function moduleOf(recipe: Recipe): string {
  if (recipe.kind === "judge") return recipe.module;
  return KUBERNETES[(recipe.kind === "module" ? recipe.kubernetes : undefined) ?? NEWEST].module;
}

function flagsOf(recipe: Recipe): readonly string[] {
  return goFlags(recipe.kind === "module" ? recipe.kubernetes : undefined);
}

function goFlags(kubernetes: KubernetesMinor = NEWEST): readonly string[] {
  const { version, minor } = KUBERNETES[kubernetes];
  const linkerFlags = [
    "-s -w",
    `-X ${VERSION_PACKAGE}.gitVersion=${version}`,
    `-X ${VERSION_PACKAGE}.gitMajor=1`,
    `-X ${VERSION_PACKAGE}.gitMinor=${minor}`,
  ];
  return ["-trimpath", "-buildvcs=false", "-ldflags", linkerFlags.join(" ")];
}

function sourceFiles(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".go"));
  return names.sort().map((name) => join(folder, name));
}

function findBinary(name: BinaryName): string | undefined {
  const assets = process.env["KUBEBUILDER_ASSETS"];
  const folders = assets ? [assets, cacheFolder(name)] : [cacheFolder(name)];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function findGo(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, "go")).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function missingGo(name: BinaryName): string {
  return `no ${name}: install Go 1.26 or newer (it is built once, into ${cacheRoot()}), or set KUBEBUILDER_ASSETS`;
}

async function build(go: string, name: BinaryName, folder: string): Promise<void> {
  const recipe: Recipe = RECIPES[name];
  const started = performance.now();
  say(`building ${name} (${recipe.package}), about ${recipe.seconds} s with empty caches …`);
  // A name of its own, then a rename: a build that is killed leaves nothing that looks like a binary.
  const part = join(folder, `.${name}-${process.pid}`);
  try {
    const target =
      recipe.kind === "install" ? await install({ go, recipe, part }) : await compile({ go, recipe, part });
    await chmod(target, 0o755);
    await rename(target, join(folder, name));
  } finally {
    await rm(part, { recursive: true, force: true });
  }
  say(`built ${name} in ${((performance.now() - started) / 1000).toFixed(1)} s: ${join(folder, name)}`);
}

interface BuildStep {
  readonly go: string;
  readonly recipe: Recipe;
  /** A path of this build's own: the binary, or the folder that it is installed to. */
  readonly part: string;
}

async function compile({ go, recipe, part }: BuildStep): Promise<string> {
  const args = ["build", "-mod=readonly", ...flagsOf(recipe), "-o", part, recipe.package];
  await runGo(args, { go, module: moduleOf(recipe) });
  return part;
}

async function install({ go, recipe, part }: BuildStep): Promise<string> {
  await runGo(["install", "-trimpath", "-ldflags", "-s -w", recipe.package], {
    go,
    module: moduleOf(recipe),
    env: { GOBIN: part },
  });
  const [binary = "nothing"] = readdirSync(part);
  const path = join(part, binary);
  const moved = `${part}-binary`;
  await access(path, constants.X_OK);
  await rename(path, moved);
  return moved;
}

interface GoRun {
  readonly go: string;
  readonly module: string;
  readonly env?: Readonly<Record<string, string>>;
}

async function runGo(args: readonly string[], { go, module, env = {} }: GoRun): Promise<void> {
  const child = spawn(go, args, {
    cwd: module,
    env: { ...process.env, CGO_ENABLED: "0", GOOS: "", GOARCH: "", GOFLAGS: "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-8000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) throw new Error(`go ${args.join(" ")} ended with ${code ?? "a signal"}:\n${output}`);
}

function say(message: string): void {
  process.stderr.write(`test cluster: ${message}\n`);
}
