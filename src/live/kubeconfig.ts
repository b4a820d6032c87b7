/** Finds the cluster and the credentials as kubectl does, through @kubernetes/client-node. */

import { readFile } from "node:fs/promises";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { RequestOptions } from "node:https";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";
import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import { loadKubeLibrary } from "./kube-library.ts";

/** Files of a ServiceAccount in a Pod. */
const IN_CLUSTER_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/** An exec plugin that asks a person waits for ever: nobody answers here. */
const CREDENTIAL_MILLISECONDS = 60_000;

/** How many connections are kept open; more than {@link ClusterLimits.lists} are never in use. */
const MAX_SOCKETS = 16;

export interface KubeconfigOptions {
  /** A file; else those of `KUBECONFIG`, else `~/.kube/config`, else the Pod's own ServiceAccount. */
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  /** The Pod's own ServiceAccount, whatever files there are. */
  readonly inCluster?: boolean | undefined;
}

/** A cluster that can be asked. */
export interface Endpoint {
  /** The context's name. */
  readonly name: string;
  /** `https://HOST:PORT[/PATH]`, without a slash at its end. */
  readonly server: string;
  /** Headers and TLS options, asked of the authentication anew (it caches): tokens expire. Fault: the login failed. */
  credentials(): Promise<Pick<RequestOptions, "headers" | "auth" | "agent"> | Fault>;
  close(): void;
}

export async function openKubeconfig(options: KubeconfigOptions): Promise<Endpoint | Fault> {
  const loaded = await load(options);
  if (isFault(loaded)) return loaded;
  const selected = select(loaded, options);
  return isFault(selected) ? selected : endpointOf(loaded.library, selected);
}

type Library = Awaited<ReturnType<typeof loadKubeLibrary>>;

interface Loaded {
  readonly library: Library;
  readonly config: KubeConfig;
  /** For messages: the file, or files. */
  readonly from: string;
}

type Cluster = KubeConfig["clusters"][number];
type User = KubeConfig["users"][number];

interface Selected {
  readonly name: string;
  readonly cluster: Cluster;
  readonly user: User;
}

async function load(options: KubeconfigOptions): Promise<Loaded | Fault> {
  const library = await loadKubeLibrary();
  const config = new library.KubeConfig();
  const files = filesOf(options);
  const read: string[] = [];
  for (const file of files) {
    const problem = await addFile({ library, config, file });
    if (problem === "absent" && options.kubeconfig === undefined) continue;
    if (problem === "absent") return invalid(file, "it does not exist");
    if (problem !== undefined) return problem;
    read.push(file);
  }
  if (read.length > 0) return { library, config, from: read.join(delimiter) };
  if (process.env["KUBERNETES_SERVICE_HOST"] !== undefined && (await exists(IN_CLUSTER_TOKEN))) {
    config.loadFromCluster();
    return { library, config, from: "the Pod's ServiceAccount" };
  }
  if (options.inCluster === true)
    return invalid("the Pod's ServiceAccount", "holdfast does not run in a Pod that has one");
  return invalid(files.join(delimiter), "it does not exist");
}

function filesOf({ kubeconfig, inCluster }: KubeconfigOptions): readonly string[] {
  if (inCluster === true) return [];
  if (kubeconfig !== undefined) return [kubeconfig];
  const named = (process.env["KUBECONFIG"] ?? "").split(delimiter).filter((file) => file !== "");
  return named.length > 0 ? named : [join(homedir(), ".kube", "config")];
}

async function exists(file: string): Promise<boolean> {
  return readFile(file).then(
    () => true,
    () => false,
  );
}

/** As kubectl merges several files: the first that names a cluster, user, context or current context wins. */
async function addFile(into: {
  readonly library: Library;
  readonly config: KubeConfig;
  readonly file: string;
}): Promise<Fault | "absent" | undefined> {
  const { library, config, file } = into;
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const code = codeOf(error);
    return code === "ENOENT" ? "absent" : invalid(file, `it cannot be read (${code})`);
  }
  const one = new library.KubeConfig();
  try {
    one.loadFromString(text, { onInvalidEntry: "filter" });
    one.makePathsAbsolute(dirname(file));
  } catch (error) {
    return parseFault(file, error);
  }
  config.clusters = [...config.clusters, ...one.clusters.filter((added) => !hasName(config.clusters, added.name))];
  config.users = [...config.users, ...one.users.filter((added) => !hasName(config.users, added.name))];
  config.contexts = [...config.contexts, ...one.contexts.filter((added) => !hasName(config.contexts, added.name))];
  const current = one.currentContext as string | undefined;
  if (!config.currentContext && current !== undefined) config.setCurrentContext(current);
  return undefined;
}

function hasName(entries: readonly { readonly name: string }[], name: string): boolean {
  return entries.some((entry) => entry.name === name);
}

/** js-yaml's message repeats lines of the file, which holds tokens: only its reason and its place are told. */
function parseFault(file: string, error: unknown): Fault {
  const { reason, mark } = error as { reason?: unknown; mark?: { line?: unknown; column?: unknown } };
  if (typeof reason !== "string") return invalid(file, "it is no kubeconfig");
  const fault = invalid(file, `it is no YAML: ${reason}`);
  return typeof mark?.line === "number" && typeof mark.column === "number"
    ? { ...fault, position: { file, line: mark.line + 1, column: mark.column + 1 } }
    : fault;
}

function select({ config, from }: Loaded, options: KubeconfigOptions): Selected | Fault {
  const name = options.context ?? config.currentContext;
  if (!name) return invalid(from, "it sets no current context: name one with --context");
  const context = config.contexts.find((known) => known.name === name);
  if (context === undefined) {
    const names = config.contexts.map((known) => known.name).slice(0, 20);
    return invalid(from, `it has no context ${name} (it has: ${names.join(", ") || "none"})`);
  }
  const cluster = config.clusters.find((known) => known.name === context.cluster);
  if (cluster === undefined)
    return invalid(from, `its context ${name} names the cluster ${context.cluster}, which it lacks`);
  if (!URL.canParse(cluster.server) || !/^https?:/.test(cluster.server)) {
    return invalid(from, `the server of its cluster ${cluster.name} is no http or https address`);
  }
  const user = context.user ? config.users.find((known) => known.name === context.user) : { name: "anonymous" };
  if (user === undefined) return invalid(from, `its context ${name} names the user ${context.user}, which it lacks`);
  return { name, cluster, user };
}

function endpointOf(library: Library, { name, cluster, user }: Selected): Endpoint {
  const config = new library.KubeConfig();
  const plain = cluster.server.startsWith("http:");
  config.loadFromOptions({
    // The library refuses plain HTTP otherwise; kubectl takes it, for `kubectl proxy` say.
    clusters: [plain ? { ...cluster, skipTLSVerify: true } : cluster],
    users: [withExecInfo(user, cluster)],
    contexts: [{ name, cluster: cluster.name, user: user.name }],
    currentContext: name,
  });
  const agents = new Map<string, HttpAgent | HttpsAgent>();
  return {
    name,
    server: cluster.server,
    credentials: async () => {
      const options: RequestOptions = { headers: {} };
      const problem = await login(config, options, user);
      if (problem !== undefined) return problem;
      const agent = cluster.proxyUrl ? options.agent : keptAgent(agents, options, plain);
      return {
        ...(options.headers === undefined ? {} : { headers: options.headers }),
        ...(typeof options.auth === "string" ? { auth: options.auth } : {}),
        ...(agent === undefined ? {} : { agent }),
      };
    },
    close: () => {
      for (const agent of agents.values()) agent.destroy();
    },
  };
}

/** client-go tells plugins of the request (`pkg/apis/clientauthentication`), and some refuse to work without it. */
function withExecInfo(user: User, cluster: Cluster): User {
  const exec = user.exec as { apiVersion?: string; env?: readonly object[] } | null | undefined;
  if (exec === undefined || exec === null) return user;
  const info = {
    apiVersion: exec.apiVersion ?? "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    spec: { interactive: false, cluster: { server: cluster.server, "certificate-authority-data": cluster.caData } },
  };
  const variable = { name: "KUBERNETES_EXEC_INFO", value: JSON.stringify(info) };
  return { ...user, exec: { ...exec, env: [...(exec.env ?? []), variable] } };
}

async function login(config: KubeConfig, options: RequestOptions, user: User): Promise<Fault | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), CREDENTIAL_MILLISECONDS);
  });
  try {
    const first = await Promise.race([config.applyToHTTPSOptions(options), late]);
    return first === "late" ? loginFault(user, "no answer in time") : undefined;
  } catch (error) {
    // The message of a failed plugin is what it wrote to standard error: it may hold anything.
    return loginFault(user, codeOf(error));
  } finally {
    clearTimeout(timer);
  }
}

function loginFault(user: User, why: string): Fault {
  const plugin = (user.exec as { command?: unknown } | null | undefined)?.command;
  const about = typeof plugin === "string" ? `the credential plugin ${plugin}` : `the credentials of user ${user.name}`;
  return {
    kind: "fault",
    code: "kubeconfig-invalid",
    about: user.name,
    message: `Logging in failed: ${about}: ${why}`,
    remedy:
      typeof plugin === "string" ? `Run ${plugin} by hand to see why.` : "Check the files that the kubeconfig names.",
    leavesUnknown: "declared",
  };
}

/** One agent for each set of TLS options, with its connections kept open. The library's own agents close them. */
function keptAgent(
  agents: Map<string, HttpAgent | HttpsAgent>,
  options: RequestOptions,
  plain: boolean,
): HttpAgent | HttpsAgent {
  const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
  const given = Object.entries({ ca, cert, key, pfx, passphrase, rejectUnauthorized, servername });
  const tls = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  const id = JSON.stringify(tls);
  const known = agents.get(id);
  if (known !== undefined) return known;
  const kept = { keepAlive: true, maxSockets: MAX_SOCKETS };
  const made = plain ? new HttpAgent(kept) : new HttpsAgent({ ...kept, ...tls });
  agents.set(id, made);
  return made;
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" ? code : "it ended with an error";
}

function invalid(about: string, why: string): Fault {
  return {
    kind: "fault",
    code: "kubeconfig-invalid",
    about,
    message: `The kubeconfig ${about} cannot be used: ${why}`,
    remedy: "Name another with --kubeconfig or KUBECONFIG, or read a snapshot with --live PATH.",
    leavesUnknown: "declared",
  };
}
