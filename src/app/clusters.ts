/** Which cluster each target of a repository is compared with, as the server's operator granted it. */

import type { RepositoryConfig, TargetConfig } from "../config/repository.ts";
import { grantedNamespaces } from "../config/server.ts";
import type { ClusterAccess, ServerConfig } from "../config/server.ts";
import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import type { LiveSource } from "../core/stages.ts";
import { openCluster } from "../live/cluster.ts";
import type { Digester } from "../text/digest.ts";
import { grantedLive } from "./granted-live.ts";

/** The targets of one cluster. */
export interface ClusterTargets {
  readonly alias: string;
  readonly access: ClusterAccess;
  readonly namespaces: readonly string[] | "all";
  readonly targets: readonly string[];
}

/** A target that names no cluster is of the one that its repository is granted. What is not granted is a fault. */
export function clusterTargets(
  server: ServerConfig,
  repository: string,
  config: RepositoryConfig,
): { readonly clusters: readonly ClusterTargets[]; readonly faults: readonly Fault[] } {
  const own = [...server.clusters.keys()].filter((alias) => grantedNamespaces(server, repository, alias) !== undefined);
  const faults: Fault[] = [];
  const clusters = new Map<string, ClusterTargets>();
  for (const target of config.targets) {
    const alias = aliasOf(target, own);
    const access = isFault(alias) ? undefined : server.clusters.get(alias);
    const namespaces = isFault(alias) ? undefined : grantedNamespaces(server, repository, alias);
    if (isFault(alias)) faults.push(alias);
    if (isFault(alias) || access === undefined || namespaces === undefined) continue;
    const targets = [...(clusters.get(alias)?.targets ?? []), target.name];
    clusters.set(alias, { alias, access, namespaces, targets });
  }
  return { clusters: [...clusters.values()], faults };
}

export interface OpenGranted {
  readonly cluster: ClusterTargets;
  readonly digester: Digester;
  readonly signal: AbortSignal;
}

/** The cluster, under its alias, as far as it is granted. Faults as openCluster()'s. */
export async function openGranted({ cluster, digester, signal }: OpenGranted): Promise<LiveSource | Fault> {
  const { access, alias } = cluster;
  const options = access.kind === "in-cluster" ? { inCluster: true } : optionsOf(access);
  const live = await openCluster({ ...options, digester, signal, dryRun: access.mode === "server-dry-run" });
  if (isFault(live)) return { ...live, message: `cluster ${alias}: ${live.message}` };
  return grantedLive({ ...live, cluster: { ...live.cluster, name: alias } }, cluster.namespaces);
}

function optionsOf({ kubeconfig, context }: Extract<ClusterAccess, { kind: "kubeconfig" }>) {
  return { ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(context === undefined ? {} : { context }) };
}

/** Whether there is a cluster of a name that is not granted is nobody's business. */
function aliasOf(target: TargetConfig, own: readonly string[]): string | Fault {
  const { cluster, name } = target;
  if (cluster !== undefined && own.includes(cluster)) return cluster;
  const [only] = own;
  if (cluster === undefined && own.length === 1 && only !== undefined) return only;
  const message =
    cluster === undefined
      ? `target ${name} names no cluster, and the repository is granted ${own.length}`
      : `target ${name}: the repository is granted no cluster ${JSON.stringify(cluster)}`;
  return {
    kind: "fault",
    code: "cluster-not-granted",
    about: `target ${name}`,
    message,
    remedy:
      own.length === 0
        ? "grant it one in the server's configuration"
        : `name one of ${own.join(", ")}, or grant it in the server's configuration`,
    leavesUnknown: "declared",
  };
}
