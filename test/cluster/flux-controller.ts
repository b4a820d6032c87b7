// Flux's real kustomize-controller beside a test cluster. There is no source-controller: the test itself says in the
// GitRepository's status which commit is at hand, and serves its archive on loopback, as Flux' own tests do.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { ensureBinary } from "./binaries.ts";
import type { TestCluster } from "./cluster.ts";
import { keepProcesses, logTail } from "./kept-processes.ts";

const run = promisify(execFile);

const FLUX_KUSTOMIZATIONS = "kustomizations.kustomize.toolkit.fluxcd.io";

export interface FluxController {
  /** Says that the repository's commit is what the source has now. */
  source(repository: string, commit: string): Promise<void>;
  /** Waits until every Kustomization that goes on at all has tried that commit, and ended with it. */
  settled(commit: string, milliseconds?: number): Promise<readonly FluxStatus[]>;
  /** Tells the controller to begin at once, and waits until it did. */
  reconcile(name: string): Promise<void>;
  kustomizations(): Promise<readonly FluxStatus[]>;
  log(): string;
  stop(): Promise<void>;
}

export interface FluxStatus {
  readonly name: string;
  readonly namespace: string;
  readonly suspended: boolean;
  readonly applied: string | undefined;
  readonly attempted: string | undefined;
  readonly handled: string | undefined;
  /** Of the condition Ready. */
  readonly ready: string;
  readonly message: string;
}

/** What source-controller would define: of use to the test is the status alone. */
function sourceKind(kind: string, plural: string): string {
  return `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: ${plural}.source.toolkit.fluxcd.io }
spec:
  group: source.toolkit.fluxcd.io
  names: { kind: ${kind}, listKind: ${kind}List, plural: ${plural}, singular: ${kind.toLowerCase()} }
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      subresources: { status: {} }
      schema:
        openAPIV3Schema:
          type: object
          properties:
            apiVersion: { type: string }
            kind: { type: string }
            metadata: { type: object }
            spec: { type: object, x-kubernetes-preserve-unknown-fields: true }
            status: { type: object, x-kubernetes-preserve-unknown-fields: true }
`;
}

const SOURCES = [
  ["GitRepository", "gitrepositories"],
  ["OCIRepository", "ocirepositories"],
  ["Bucket", "buckets"],
  ["HelmRepository", "helmrepositories"],
  ["HelmChart", "helmcharts"],
  ["ExternalArtifact", "externalartifacts"],
] as const;

/** The namespace and the kinds, as `flux bootstrap` commits them. */
export async function fluxComponents(): Promise<string> {
  const namespace = "apiVersion: v1\nkind: Namespace\nmetadata: { name: flux-system }\n";
  const kinds = SOURCES.map(([kind, plural]) => sourceKind(kind, plural));
  return [namespace, await kustomizationDefinition(), ...kinds].join("---\n");
}

/** The source is `GitRepository/flux-system` in flux-system: the repository declares it. */
export async function startFlux(cluster: TestCluster): Promise<FluxController> {
  const binary = await ensureBinary("kustomize-controller");
  await must(cluster, ["apply", "--server-side", "-f", "-"], await fluxComponents());
  const names = [FLUX_KUSTOMIZATIONS, ...SOURCES.map(([, plural]) => `${plural}.source.toolkit.fluxcd.io`)];
  await must(cluster, ["wait", "--for=condition=Established", ...names.map((name) => `crd/${name}`)]);
  const archives = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const archive = archives.get(request.url ?? "");
    response.writeHead(archive === undefined ? 404 : 200).end(archive);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const folder = await mkdtemp(join(tmpdir(), "holdfast-flux-"));
  const processes = keepProcesses(folder);
  const log = join(folder, "kustomize-controller.log");
  await processes.start({
    name: "kustomize-controller",
    command: binary,
    args: ["--metrics-addr=0", "--health-addr=0", "--requeue-dependency=1s", "--log-level=info", "--no-remote-bases"],
    log,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: folder,
      TMPDIR: folder,
      KUBECONFIG: cluster.kubeconfig,
      RUNTIME_NAMESPACE: "flux-system",
    },
  });
  const kustomizations = async (): Promise<readonly FluxStatus[]> =>
    (JSON.parse(await must(cluster, ["get", FLUX_KUSTOMIZATIONS, "-A", "-o", "json"])) as { items: Item[] }).items.map(
      statusOf,
    );
  const until = async (
    what: string,
    done: (all: readonly FluxStatus[]) => boolean,
    milliseconds = 90_000,
  ): Promise<readonly FluxStatus[]> => {
    const deadline = performance.now() + milliseconds;
    for (;;) {
      const all = await kustomizations();
      if (done(all)) return all;
      if (processes.endOf("kustomize-controller") !== undefined || performance.now() > deadline) {
        throw new Error(`${what} did not come: ${JSON.stringify(all, undefined, 1)}\n${logTail(log)}`);
      }
      await sleep(200);
    }
  };
  return {
    kustomizations,
    async source(repository, commit) {
      const path = `/${commit}.tar.gz`;
      archives.set(path, await archiveOf(repository, commit));
      const artifact = {
        path: path.slice(1),
        url: `http://127.0.0.1:${port}${path}`,
        revision: `main@sha1:${commit}`,
        digest: `sha256:${createHash("sha256")
          .update(archives.get(path) as Buffer)
          .digest("hex")}`,
        lastUpdateTime: new Date().toISOString(),
      };
      const patch = JSON.stringify({ status: { artifact, observedGeneration: 1 } });
      const where = ["-n", "flux-system", "gitrepositories.source.toolkit.fluxcd.io/flux-system"];
      await must(cluster, ["patch", ...where, "--subresource=status", "--type=merge", "-p", patch]);
    },
    settled: (commit, milliseconds) =>
      until(
        `the end of ${commit}`,
        (all) => all.length > 0 && all.every((one) => one.suspended || ended(one, commit)),
        milliseconds,
      ),
    async reconcile(name) {
      const at = new Date().toISOString();
      const mark = `reconcile.fluxcd.io/requestedAt=${at}`;
      await must(cluster, ["annotate", "-n", "flux-system", `${FLUX_KUSTOMIZATIONS}/${name}`, "--overwrite", mark]);
      await until(`the reconciliation of ${name}`, (all) =>
        all.some((one) => one.name === name && one.handled === at && one.ready !== "Unknown"),
      );
    },
    log: () => logTail(log),
    async stop() {
      await processes.stop();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** While it works, Ready is what it was before. */
function ended({ applied, attempted, ready }: FluxStatus, commit: string): boolean {
  if (attempted?.endsWith(commit) !== true) return false;
  return ready === "False" || (ready === "True" && applied === attempted);
}

interface Item {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly suspend?: boolean };
  readonly status?: {
    readonly lastAppliedRevision?: string;
    readonly lastAttemptedRevision?: string;
    readonly lastHandledReconcileAt?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message: string }[];
  };
}

function statusOf({ metadata, spec, status = {} }: Item): FluxStatus {
  const ready = status.conditions?.find(({ type }) => type === "Ready");
  return {
    name: metadata.name,
    namespace: metadata.namespace,
    suspended: spec.suspend === true,
    applied: status.lastAppliedRevision,
    attempted: status.lastAttemptedRevision,
    handled: status.lastHandledReconcileAt,
    ready: ready?.status ?? "Unknown",
    message: ready?.message ?? "",
  };
}

/** As source-controller archives: without what it leaves out by itself (fluxcd `pkg/sourceignore`). */
async function archiveOf(repository: string, commit: string): Promise<Buffer> {
  const leftOut = [".github", ".circleci", ".gitignore", ".gitattributes"].map((name) => `:(exclude)${name}`);
  const args = ["-C", repository, "archive", "--format=tar.gz", commit, "--", ".", ...leftOut];
  const { stdout } = await run("git", args, { encoding: "buffer", maxBuffer: 256 * 1024 * 1024 });
  return stdout;
}

/** The definition of the very version that is built. */
async function kustomizationDefinition(): Promise<string> {
  const module = join(import.meta.dirname, "go-flux-controller");
  const args = ["list", "-m", "-f", "{{.Dir}}", "github.com/fluxcd/kustomize-controller"];
  const { stdout } = await run("go", args, { cwd: module });
  return await readFile(
    join(stdout.trim(), "config/crd/bases/kustomize.toolkit.fluxcd.io_kustomizations.yaml"),
    "utf8",
  );
}

async function must(cluster: TestCluster, args: readonly string[], input?: string): Promise<string> {
  const result = await cluster.kubectl(args, input === undefined ? {} : { input });
  if (result.code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${result.stderr}`);
  return result.stdout;
}
