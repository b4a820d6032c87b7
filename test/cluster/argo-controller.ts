// The real Argo CD beside a test cluster: its repo server, its application controller and its controller of
// ApplicationSets, with Debian's Redis. Its API server and UI are not there: what they write (an Application's
// `operation`, say) the test writes itself, as `argocd --core` does.

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { ensureBinary } from "./binaries.ts";
import type { TestCluster } from "./cluster.ts";
import { keepProcesses, logTail } from "./kept-processes.ts";
import type { KeptProcesses } from "./kept-processes.ts";
import { freePorts } from "./ports.ts";

const run = promisify(execFile);

export const ARGO_NAMESPACE = "argocd";
const APPLICATIONS = "applications.argoproj.io";
const CONTROLLER = "argocd-application-controller";
const REPO_SERVER = "argocd-repo-server";
const SETS = "argocd-applicationset-controller";
const REFRESH = "argocd.argoproj.io/refresh";
const REFRESH_SETS = "argocd.argoproj.io/application-set-refresh";

/** Of an Application, what the tests look at. */
export interface ArgoApplication {
  readonly name: string;
  readonly automated: boolean;
  readonly heals: boolean;
  readonly sync: string;
  readonly health: string;
  /** What was compared last: one of each source. */
  readonly compared: readonly string[];
  /** What the last operation was about. */
  readonly synced: readonly string[];
  /** Of the last operation. */
  readonly phase: string | undefined;
  readonly message: string;
  /** It is told to look again, or to work, and did not come to it or to its end. */
  readonly busy: boolean;
  readonly conditions: readonly string[];
  /** Nothing else is left to do, and automation does not prune: it does nothing. */
  readonly pruneIsDue: boolean;
}

export interface ManualSync {
  readonly revisions: readonly string[];
  readonly prune?: boolean;
  /** As the API server takes them over from the Application. */
  readonly syncOptions?: readonly string[];
  /** Absent: all. */
  readonly resources?: readonly { readonly kind: string; readonly name: string; readonly namespace: string }[];
}

export interface ArgoController {
  applications(): Promise<readonly ArgoApplication[]>;
  /**
   * Tells each Application to look at Git, and waits until all did and ended what they then had to do at that commit.
   *
   * @param patience in milliseconds, for those of which some may wait for ever for what will never be healthy.
   */
  settle(commit: string, patience?: number): Promise<readonly ArgoApplication[]>;
  /** As the button "Sync", and waits for the end of it, whatever it is. */
  sync(name: string, manual: ManualSync): Promise<ArgoApplication>;
  /** Waits until what is asked for is so. */
  until(
    what: string,
    done: (all: readonly ArgoApplication[]) => boolean,
    milliseconds?: number,
  ): Promise<readonly ArgoApplication[]>;
  log(): string;
  stop(): Promise<void>;
}

/** Its kinds, by the very version that is built. */
export async function argoDefinitions(): Promise<string> {
  const folder = join(await moduleFolder(), "manifests/crds");
  const files = (await readdir(folder)).filter((name) => name.endsWith("-crd.yaml")).toSorted();
  return (await Promise.all(files.map((name) => readFile(join(folder, name), "utf8")))).join("---\n");
}

/** Its settings, as an installation has them; the API server would have made the project. */
export async function argoSettings(): Promise<string> {
  const folder = join(await moduleFolder(), "manifests/base/config");
  const names = ["argocd-cm.yaml", "argocd-cmd-params-cm.yaml", "argocd-rbac-cm.yaml", "argocd-secret.yaml"];
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  return [...texts, PROJECT].map((text) => text.trim()).join("\n---\n") + "\n";
}

const PROJECT = `apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: { name: default }
spec:
  sourceRepos: ["*"]
  destinations: [{ namespace: "*", server: "*" }]
  clusterResourceWhitelist: [{ group: "*", kind: "*" }]
`;

async function moduleFolder(): Promise<string> {
  const args = ["list", "-m", "-f", "{{.Dir}}", "github.com/argoproj/argo-cd/v3"];
  const { stdout } = await run("go", args, { cwd: join(import.meta.dirname, "go-argo") });
  return stdout.trim();
}

/** Its kinds, its settings and its namespace are made first; the rest is what the repository deploys. */
export async function startArgo(cluster: TestCluster): Promise<ArgoController> {
  await must(cluster, ["apply", "--server-side", "-f", "-"], await argoDefinitions());
  await established(cluster);
  await must(cluster, ["create", "namespace", ARGO_NAMESPACE]);
  await must(cluster, ["apply", "--server-side", "-n", ARGO_NAMESPACE, "-f", "-"], await argoSettings());
  const folder = await mkdtemp(join(tmpdir(), "holdfast-argo-"));
  const processes = keepProcesses(folder);
  try {
    await startParts(cluster, folder, processes);
  } catch (error) {
    await processes.stop();
    throw error;
  }
  const log = (): string =>
    [CONTROLLER, REPO_SERVER, SETS].map((name) => `${name}:\n${logTail(join(folder, `${name}.log`))}`).join("\n");
  return controllerOf(cluster, processes, log);
}

/** A definition without any condition yet is an error to kubectl. */
async function established(cluster: TestCluster): Promise<void> {
  const kinds = ["applications", "applicationsets", "appprojects"].map((name) => `crd/${name}.argoproj.io`);
  const deadline = performance.now() + 30_000;
  for (;;) {
    const { code, stderr } = await cluster.kubectl(["wait", "--for=condition=Established", ...kinds]);
    if (code === 0) return;
    if (performance.now() > deadline) throw new Error(`Argo CD's kinds: ${stderr}`);
    await sleep(200);
  }
}

async function startParts(cluster: TestCluster, folder: string, processes: KeptProcesses): Promise<void> {
  const argocd = await ensureBinary("argocd");
  const programs = [await ensureBinary("kustomize"), await ensureBinary("helm")].map(dirname);
  const [redis = 0, repo = 0, repoMetrics = 0, metrics = 0, setMetrics = 0, setProbe = 0, setHooks = 0] =
    await freePorts(7);
  await mkdir(join(folder, "plugins"));
  await mkdir(join(folder, "bin"));
  // A part of its image: it looks for signatures of commits with it, and takes those that have none.
  const verifier = join(folder, "bin", "git-verify-wrapper.sh");
  await writeFile(verifier, await readFile(join(await moduleFolder(), "hack/git-verify-wrapper.sh")), { mode: 0o755 });
  const env = {
    PATH: [join(folder, "bin"), ...programs, process.env["PATH"] ?? ""].join(delimiter),
    HOME: folder,
    TMPDIR: folder,
    KUBECONFIG: cluster.kubeconfig,
    // The destination `https://kubernetes.default.svc` is what the kubeconfig says.
    ARGOCD_FAKE_IN_CLUSTER: "true",
    ARGOCD_GPG_ENABLED: "false",
    ARGOCD_SYNC_WAVE_DELAY: "0",
    ARGOCD_ASK_PASS_SOCK: join(folder, "ask-pass.sock"),
    ARGOCD_PLUGINSOCKFILEPATH: join(folder, "plugins"),
    ARGOCD_TLS_DATA_PATH: folder,
    ARGOCD_SSH_DATA_PATH: folder,
    GIT_CONFIG_GLOBAL: "/dev/null",
  };
  const start = async (name: string, command: string, args: readonly string[], port: number): Promise<void> => {
    const log = join(folder, `${name}.log`);
    await processes.start({ name, command, args, log, env });
    await listening({ name, port, log, processes });
  };
  const local = "127.0.0.1";
  const redisArgs = ["--bind", local, "--port", `${redis}`, "--save", "", "--appendonly", "no", "--dir", folder];
  await start("redis-server", "redis-server", redisArgs, redis);
  const shared = ["--redis", `${local}:${redis}`, "--logformat", "text"];
  // Its default is a file, which does not go with no TLS.
  const noTls = ["--disable-tls", "--client-ca-path", ""];
  // A new commit is looked at when the test says so, and never before.
  const patience = ["--revision-cache-expiration", "2h"];
  const repoPorts = ["--port", `${repo}`, "--metrics-address", local, "--metrics-port", `${repoMetrics}`];
  await start(REPO_SERVER, argocd, ["--address", local, ...repoPorts, ...noTls, ...patience, ...shared], repo);
  const server = [`${local}:${repo}`, "--namespace", ARGO_NAMESPACE];
  // Edits are reverted at once, each time; Git is looked at when the test says so.
  const pace = ["--self-heal-backoff-timeout-seconds", "0", "--app-resync", "0"];
  const controls = ["--repo-server", ...server, "--repo-server-plaintext", "--metrics-port", `${metrics}`, ...pace];
  await start(CONTROLLER, argocd, [...controls, ...shared], metrics);
  const ports = ["--metrics-addr", `${local}:${setMetrics}`, "--probe-addr", `${local}:${setProbe}`];
  const hooks = ["--webhook-addr", `${local}:${setHooks}`, "--logformat", "text"];
  const sets = ["--argocd-repo-server", ...server, "--repo-server-plaintext", ...ports, ...hooks];
  await start(SETS, argocd, sets, setProbe);
}

interface Listener {
  readonly name: string;
  readonly port: number;
  readonly log: string;
  readonly processes: KeptProcesses;
}

async function listening({ name, port, log, processes }: Listener): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await accepts(port))) {
    if (processes.endOf(name) !== undefined || performance.now() > deadline) {
      throw new Error(`${name} does not listen on ${port}:\n${logTail(log)}`);
    }
    await sleep(50);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}

function controllerOf(cluster: TestCluster, processes: KeptProcesses, log: () => string): ArgoController {
  const patch = async (name: string, change: unknown): Promise<void> => {
    const where = ["-n", ARGO_NAMESPACE, `${APPLICATIONS}/${name}`];
    await must(cluster, ["patch", ...where, "--type=merge", "-p", JSON.stringify(change)]);
  };
  // One that was pruned meanwhile has nothing to be told.
  const refresh = async (name: string): Promise<void> => {
    const where = ["-n", ARGO_NAMESPACE, `${APPLICATIONS}/${name}`, `${REFRESH}=normal`, "--overwrite"];
    const { code, stderr } = await cluster.kubectl(["annotate", ...where]);
    if (code !== 0 && !stderr.includes("NotFound")) throw new Error(`refresh of ${name}: ${stderr}`);
  };
  const applications = async (): Promise<readonly ArgoApplication[]> => {
    const text = await must(cluster, ["get", APPLICATIONS, "-n", ARGO_NAMESPACE, "-o", "json"]);
    return (JSON.parse(text) as { items: readonly Item[] }).items.map(applicationOf);
  };
  const until: ArgoController["until"] = async (what, done, milliseconds = 90_000) => {
    const deadline = performance.now() + milliseconds;
    for (;;) {
      const all = await applications();
      if (done(all)) return all;
      const gone = [CONTROLLER, REPO_SERVER, SETS].find((name) => processes.endOf(name) !== undefined);
      if (gone !== undefined || performance.now() > deadline) {
        throw new Error(`${what} did not come: ${JSON.stringify(all, undefined, 1)}\n${log()}`);
      }
      await sleep(200);
    }
  };
  const settle: ArgoController["settle"] = async (commit, patience) => {
    // Those that the first ones deploy are only told the second time, or the third.
    for (let told = ""; ;) {
      await refreshSets(cluster);
      const before = (await applications()).map(({ name }) => name);
      if (told === String(before)) return await applications();
      told = String(before);
      await Promise.all(before.map((name) => refresh(name)));
      const done = (one: ArgoApplication): boolean => ended(one, commit) || (patience !== undefined && isStuck(one));
      await until(`the end of ${commit}`, (now) => now.every(done), patience);
    }
  };
  return {
    applications,
    settle,
    until,
    async sync(name, { revisions, prune = false, resources, syncOptions = [] }) {
      const [revision] = revisions;
      const which = revisions.length === 1 ? { revision } : { revisions };
      const some = resources === undefined ? {} : { resources };
      const sync = { ...which, prune, syncStrategy: { hook: {} }, syncOptions, ...some };
      await patch(name, { operation: { initiatedBy: { username: "admin" }, sync } });
      const idle = (one: ArgoApplication): boolean =>
        one.name === name && !one.busy && String(one.synced) === String(revisions);
      const all = await until(`the sync of ${name}`, (now) => now.some(idle));
      return all.find((one) => one.name === name) as ArgoApplication;
    },
    log,
    stop: () => processes.stop(),
  };
}

/** Tells the ApplicationSets to generate anew, and waits until they did. */
async function refreshSets(cluster: TestCluster): Promise<void> {
  const sets = ["-n", ARGO_NAMESPACE, "applicationsets.argoproj.io"];
  await must(cluster, ["annotate", ...sets, "--all", "--overwrite", `${REFRESH_SETS}=true`]);
  const deadline = performance.now() + 60_000;
  while ((await must(cluster, ["get", ...sets, "-o", "json"])).includes(`"${REFRESH_SETS}"`)) {
    if (performance.now() > deadline) throw new Error("the ApplicationSets are not done");
    await sleep(200);
  }
}

/** An automated one that is out of sync works once for each commit, and again where it heals itself. */
function ended(one: ArgoApplication, commit: string): boolean {
  if (one.busy) return false;
  // A path that is not there, say.
  if (one.conditions.includes("ComparisonError") || one.conditions.includes("InvalidSpecError")) return true;
  if (one.compared.length === 0 || one.compared.some((revision) => revision !== commit)) return false;
  if (!one.automated || one.sync === "Synced" || one.pruneIsDue) return true;
  if (one.heals && one.phase === "Succeeded") return false;
  return one.synced.length > 0 && one.synced.every((revision) => revision === commit);
}

/** There are no nodes and no operators. */
function isStuck({ phase, message }: ArgoApplication): boolean {
  return phase === "Running" && message.startsWith("waiting for healthy state");
}

interface Item {
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly syncPolicy?: { readonly automated?: { readonly enabled?: boolean; readonly selfHeal?: boolean } };
  };
  readonly operation?: unknown;
  readonly status?: {
    readonly sync?: Revisions & { readonly status?: string };
    readonly health?: { readonly status?: string };
    readonly resources?: readonly { readonly status?: string; readonly requiresPruning?: boolean }[];
    readonly conditions?: readonly { readonly type: string; readonly message: string }[];
    readonly operationState?: {
      readonly phase?: string;
      readonly message?: string;
      readonly syncResult?: Revisions;
    };
  };
}

interface Revisions {
  readonly revision?: string;
  readonly revisions?: readonly string[];
}

function applicationOf({ metadata, spec, operation, status = {} }: Item): ArgoApplication {
  const { sync, health, operationState: last } = status;
  const { automated } = spec.syncPolicy ?? {};
  const left = (status.resources ?? []).filter((one) => one.status !== "Synced");
  return {
    name: metadata.name,
    automated: automated !== undefined && automated.enabled !== false,
    heals: automated?.selfHeal === true,
    sync: sync?.status ?? "Unknown",
    health: health?.status ?? "Unknown",
    compared: revisionsOf(sync),
    synced: revisionsOf(last?.syncResult),
    phase: last?.phase,
    message: last?.message ?? "",
    busy: operation !== undefined || last?.phase === "Running" || metadata.annotations?.[REFRESH] !== undefined,
    conditions: (status.conditions ?? []).map(({ type }) => type),
    pruneIsDue: left.length > 0 && left.every(({ requiresPruning }) => requiresPruning === true),
  };
}

function revisionsOf({ revision, revisions }: Revisions = {}): readonly string[] {
  return revisions ?? (revision === undefined || revision === "" ? [] : [revision]);
}

async function must(cluster: TestCluster, args: readonly string[], input?: string): Promise<string> {
  const result = await cluster.kubectl(args, input === undefined ? {} : { input });
  if (result.code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${result.stderr}`);
  return result.stdout;
}
