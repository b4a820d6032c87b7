// test/cluster: a real Kubernetes for the end-to-end suites, without image or download: API server, etcd, controller
// manager and kubectl are built by binaries.ts, started by this file, held by keeper.ts so that none outlives its test,
// and spoilt on demand by fault-proxy.ts. Suites open with `describeOnCluster` of suite.ts.
//
// There are no nodes: what is applied is admitted, defaulted, stored and (with the controller manager) worked on, but no
// container runs. Loopback only, verified TLS, everything in one temporary folder.

import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { askApi } from "./api.ts";
import type { ApiEndpoint } from "./api.ts";
import { ensureBinary, serverBinaries } from "./binaries.ts";
import type { KubernetesMinor } from "./binaries.ts";
import { keepProcesses, logTail } from "./kept-processes.ts";
import type { KeptProcesses } from "./kept-processes.ts";
import { makeUsers, STANDARD_USERS, tokenFile, writeKubeconfig } from "./kubeconfig.ts";
import type { TestUser } from "./kubeconfig.ts";
import { freePorts } from "./ports.ts";
import { apiServerOrder, controllerManagerOrder, etcdOrder } from "./servers.ts";
import type { ServerSetup } from "./servers.ts";

const READY_MILLISECONDS = 120_000;
const POLL_MILLISECONDS = 50;

/** A free port may be taken by another process before the server binds it; then all is tried again. */
const ATTEMPTS = 3;

export interface ClusterOptions {
  /** Run kube-controller-manager: ReplicaSets, ServiceAccounts, namespace deletion, HPAs. Default false. */
  readonly controllerManager?: boolean;
  /** Which Kubernetes; default the newest. Its etcd and kubectl are the newest one's. */
  readonly kubernetes?: KubernetesMinor;
  /** More flags for kube-apiserver, such as those that turn on alpha versions. */
  readonly apiServerFlags?: readonly string[];
  /** Name of the kubeconfigs' context. Default `holdfast-test`. */
  readonly name?: string;
  /** Users without any right, besides the standard ones, for suites that bind roles themselves. */
  readonly users?: readonly string[];
}

export interface KubectlResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

export interface KubectlOptions {
  readonly input?: string;
  /** Default `admin`. */
  readonly user?: string;
  /** Instead of the user's: that of a fault proxy, say. */
  readonly kubeconfig?: string;
}

export interface TestCluster {
  readonly name: string;
  /** `https://127.0.0.1:PORT` */
  readonly server: string;
  /** The admin's kubeconfig file. */
  readonly kubeconfig: string;
  /** PEM of the authority that signed the server's certificate. */
  readonly authority: string;
  /** Certificate (with its authority) and key of the server, good for any port of 127.0.0.1. */
  readonly serving: { readonly certificate: string; readonly key: string };
  /** Temporary, gone after `stop`: suites may put their own things here. */
  readonly folder: string;
  /** Process ids of the servers, by name. */
  readonly pids: ReadonlyMap<string, number>;
  /** How long the start took. */
  readonly startMilliseconds: number;
  /**
   * The kubeconfig file of a user: `admin` (system:masters), `reader` (reads everything, Secrets too), `viewer`
   * (what the built-in `view` has: no Secrets, no RBAC), `nobody` (no more than discovery), or one of `ClusterOptions.users`.
   */
  kubeconfigFor(user: string): string;
  /** What a user sends as `Authorization: Bearer`. */
  tokenOf(user: string): string;
  /** Runs the real kubectl; an exit code is a result, never thrown. */
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<KubectlResult>;
  /** Ends all servers and removes the folder. May be called twice. */
  stop(): Promise<void>;
}

/** Starts a cluster and returns when it is ready. Throws with the end of a server's log where it does not get ready. */
export async function startCluster(options: ClusterOptions = {}): Promise<TestCluster> {
  const binaries = await ensureClusterBinaries(options);
  for (let attempt = 1; ; attempt++) {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-cluster-"));
    const processes = keepProcesses(folder);
    try {
      return await startIn({ folder, processes, binaries, options });
    } catch (error) {
      await processes.stop();
      const taken = error instanceof Error && error.message.includes("address already in use");
      if (!taken || attempt === ATTEMPTS) throw error;
    }
  }
}

interface Binaries {
  readonly etcd: string;
  readonly apiServer: string;
  readonly kubectl: string;
  readonly controllerManager: string | undefined;
}

async function ensureClusterBinaries({ controllerManager, kubernetes = "v1.36" }: ClusterOptions): Promise<Binaries> {
  const servers = serverBinaries(kubernetes);
  return {
    etcd: await ensureBinary("etcd"),
    apiServer: await ensureBinary(servers.apiServer),
    kubectl: await ensureBinary("kubectl"),
    controllerManager: controllerManager === true ? await ensureBinary(servers.controllerManager) : undefined,
  };
}

interface Start {
  readonly folder: string;
  readonly processes: KeptProcesses;
  readonly binaries: Binaries;
  readonly options: ClusterOptions;
}

async function startIn({ folder, processes, binaries, options }: Start): Promise<TestCluster> {
  const started = performance.now();
  const name = options.name ?? "holdfast-test";
  const users = makeUsers([...STANDARD_USERS, ...(options.users ?? [])]);
  const setup = await prepare({ folder, users, controllerManager: options.controllerManager === true });

  await processes.start(etcdOrder(binaries.etcd, setup));
  await processes.start(apiServerOrder(binaries.apiServer, { ...setup, flags: options.apiServerFlags ?? [] }));
  const authority = await readAuthority(setup, processes);
  const server = `https://127.0.0.1:${setup.ports.api}`;
  const admin: ApiEndpoint = { server, authority, token: tokenOf(users, "admin") };
  await waitFor("the API server", { processes, folder }, () => answers(admin, "/readyz"));

  for (const user of users) {
    await writeKubeconfig(join(folder, `${user.name}.kubeconfig`), {
      context: name,
      server,
      authority,
      token: user.token,
    });
  }
  await bindReaders(admin);
  if (binaries.controllerManager !== undefined) {
    await processes.start(controllerManagerOrder(binaries.controllerManager, setup));
    const account = "/api/v1/namespaces/default/serviceaccounts/default";
    await waitFor("the controller manager", { processes, folder }, () => answers(admin, account));
  }
  const certificate = await readFile(setup.certificate, "utf8");
  const key = await readFile(setup.certificateKey, "utf8");
  return {
    name,
    server,
    authority,
    folder,
    kubeconfig: join(folder, "admin.kubeconfig"),
    serving: { certificate, key },
    pids: processes.pids,
    startMilliseconds: performance.now() - started,
    kubeconfigFor: (user) => join(folder, `${named(users, user).name}.kubeconfig`),
    tokenOf: (user) => tokenOf(users, user),
    kubectl: (args, given = {}) => {
      const kubeconfig = given.kubeconfig ?? join(folder, `${named(users, given.user ?? "admin").name}.kubeconfig`);
      return runKubectl({ command: binaries.kubectl, args, kubeconfig, folder, input: given.input });
    },
    stop: () => processes.stop(),
  };
}

interface Preparation {
  readonly folder: string;
  readonly users: readonly TestUser[];
  readonly controllerManager: boolean;
}

async function prepare({ folder, users, controllerManager }: Preparation): Promise<ServerSetup> {
  const [client = 0, peer = 0, api = 0] = await freePorts(3);
  const certificates = join(folder, "certificates");
  await mkdir(certificates);
  const setup: ServerSetup = {
    folder,
    ports: { etcdClient: client, etcdPeer: peer, api },
    tokens: join(folder, "tokens.csv"),
    serviceAccountKey: join(folder, "service-account.key"),
    certificates,
    certificate: join(certificates, "apiserver.crt"),
    certificateKey: join(certificates, "apiserver.key"),
    adminKubeconfig: join(folder, "admin.kubeconfig"),
    controllerManager,
  };
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  await writeFile(setup.serviceAccountKey, privateKey.export({ type: "pkcs1", format: "pem" }), { mode: 0o600 });
  await writeFile(setup.tokens, tokenFile(users), { mode: 0o600 });
  return setup;
}

/** The API server makes its own authority and certificate at first start, and writes both, authority last, to one file. */
async function readAuthority(setup: ServerSetup, processes: KeptProcesses): Promise<string> {
  let authority: string | undefined;
  await waitFor("the API server's certificate", { processes, folder: setup.folder }, async () => {
    const bundle = await readFile(setup.certificate, "utf8").catch(() => "");
    const blocks = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? [];
    authority = blocks.length === 2 ? blocks[1] : undefined;
    return authority !== undefined;
  });
  return authority ?? "";
}

interface Watched {
  readonly processes: KeptProcesses;
  readonly folder: string;
}

async function waitFor(what: string, { processes, folder }: Watched, done: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + READY_MILLISECONDS;
  while (!(await done())) {
    for (const server of ["etcd", "kube-apiserver", "kube-controller-manager"]) {
      const end = processes.endOf(server);
      if (end !== undefined) {
        throw new Error(
          `${server} ended (${end}) before ${what} was ready:\n${logTail(join(folder, `${server}.log`))}`,
        );
      }
    }
    if (performance.now() > deadline) {
      const log = logTail(join(folder, "kube-apiserver.log"));
      throw new Error(`${what} was not ready after ${READY_MILLISECONDS / 1000} s:\n${log}`);
    }
    await sleep(POLL_MILLISECONDS);
  }
}

async function answers(endpoint: ApiEndpoint, path: string): Promise<boolean> {
  const answer = await askApi(endpoint, { method: "GET", path }).catch(() => undefined);
  return answer?.status === 200;
}

/** What `reader` and `viewer` may do. */
async function bindReaders(admin: ApiEndpoint): Promise<void> {
  const rbac = "/apis/rbac.authorization.k8s.io/v1";
  const reads = ["get", "list", "watch"];
  await create(admin, `${rbac}/clusterroles`, {
    metadata: { name: "test-reader" },
    rules: [
      { apiGroups: ["*"], resources: ["*"], verbs: reads },
      { nonResourceURLs: ["*"], verbs: ["get"] },
    ],
  });
  // `view` itself has no rules before the controller manager has aggregated them; these are those rules.
  const bindings = { reader: "test-reader", viewer: "system:aggregate-to-view" };
  for (const [user, role] of Object.entries(bindings)) {
    await create(admin, `${rbac}/clusterrolebindings`, {
      metadata: { name: `test-${user}` },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: user }],
    });
  }
}

async function create(admin: ApiEndpoint, path: string, body: unknown): Promise<void> {
  const { status, text } = await askApi(admin, { method: "POST", path, body });
  if (status !== 201) throw new Error(`POST ${path} answered ${status}: ${text}`);
}

function named(users: readonly TestUser[], name: string): TestUser {
  const user = users.find((known) => known.name === name);
  if (user === undefined) throw new Error(`the test cluster has no user ${name}: name it in ClusterOptions.users`);
  return user;
}

function tokenOf(users: readonly TestUser[], name: string): string {
  return named(users, name).token;
}

interface KubectlRun {
  readonly command: string;
  readonly args: readonly string[];
  readonly kubeconfig: string;
  readonly folder: string;
  readonly input: string | undefined;
}

function runKubectl({ command, args, kubeconfig, folder, input }: KubectlRun): Promise<KubectlResult> {
  const child = spawn(command, args, {
    env: { PATH: process.env["PATH"], HOME: folder, KUBECONFIG: kubeconfig, KUBERC: "off" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  // kubectl may end without having read its input.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input ?? "");
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      const [out, err] = [stdout, stderr].map((chunks) => Buffer.concat(chunks).toString());
      resolve({ stdout: out ?? "", stderr: err ?? "", code: code ?? -1 });
    });
  });
}
