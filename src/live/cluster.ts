/**
 * `live` reads what a cluster has: of the cluster itself, or of a snapshot. Every object is handed on as it is, but
 * for its field managers (apart) and the values of Secrets (digests). A read that failed never looks like absence.
 *
 * This file opens a cluster: kubeconfig, discovery, lists of raw JSON. Only GETs are ever sent, unless dry runs are asked
 * for: those are PATCHes that the server does not carry out.
 */

import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import type { LiveSource, Progress } from "../core/stages.ts";
import { textOf } from "../core/value.ts";
import type { Digester } from "../text/digest.ts";
import { API_LIMITS, openApi, openDryRuns } from "./api.ts";
import type { Api, ApiLimits } from "./api.ts";
import { openSchemas } from "./cluster-schemas.ts";
import { discover } from "./discovery.ts";
import { openDryRun } from "./dry-run.ts";
import { getJson } from "./get-json.ts";
import { openReleases } from "./helm-releases.ts";
import { openKubeconfig } from "./kubeconfig.ts";
import { openLook, openReadAgain } from "./look.ts";
import { readCluster } from "./read.ts";

/** Kinds that are listed at once, each one page ahead: latency is hidden and memory stays bounded. */
const KINDS_AT_ONCE = 3;

export interface ClusterOptions {
  /** A file; else as kubectl finds it: `KUBECONFIG`, `~/.kube/config`, the Pod's own ServiceAccount. */
  readonly kubeconfig?: string;
  /** Else the current one. */
  readonly context?: string;
  /** The Pod's own ServiceAccount, whatever kubeconfig files there are. */
  readonly inCluster?: boolean;
  /** Takes the place of Secrets' values. */
  readonly digester: Digester;
  /** Cancels what is in flight at once; kinds that were not read to their end are then `unread` with `interrupted`. */
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
  readonly limits?: Partial<ApiLimits>;
  /** The source has {@link LiveSource.dryRun}. */
  readonly dryRun?: boolean;
}

/**
 * Opens a cluster: logs in, asks for its version and what it serves. Nothing else is read yet.
 * Faults: `kubeconfig-invalid`, `cluster-unreachable`, `unauthorized`, `interrupted`, `list-failed` (no API server).
 *
 * `read` never rejects. A kind that Git declares in two versions that are both served is read in both. With
 * `secrets: false` no event tells of Secrets. Whether what a fault leaves unknown is declared in Git is not known here:
 * every fault says `declared`.
 */
export async function openCluster(options: ClusterOptions): Promise<LiveSource | Fault> {
  const { digester, signal, progress, dryRun } = options;
  const endpoint = await openKubeconfig(options);
  if (isFault(endpoint)) return endpoint;
  const asking = { endpoint, limits: { ...API_LIMITS, ...options.limits }, signal };
  const api = openApi(asking);
  const opened = await open(api);
  if (isFault(opened)) {
    api.close();
    return opened;
  }
  const { version, discovery } = opened;
  const schemas = openSchemas(api, (kind) => discovery.isVersioned(kind));
  return {
    cluster: { name: endpoint.name, version },
    server: endpoint.server,
    served: (kind) => discovery.served(kind),
    lacks: (kind) => discovery.lacks(kind),
    listable: discovery.listable,
    schemas: schemas.source,
    read: (query) => readCluster({ api, discovery, schemas, digester, kinds: KINDS_AT_ONCE, progress }, query),
    helmRelease: openReleases(api, digester),
    look: openLook(api, discovery),
    readAgain: openReadAgain(api, discovery, digester),
    ...(dryRun === true ? { dryRun: openDryRun({ api, dryRuns: openDryRuns(asking), discovery, digester }) } : {}),
    close: async () => api.close(),
  };
}

async function open(api: Api) {
  // First alone: a server that is not there, or does not know us, is asked once.
  const about = await getJson(api, "/version");
  if (isFault(about)) return about;
  const discovery = await discover(api);
  if (isFault(discovery)) return discovery;
  return { version: textOf(about.document, "gitVersion") ?? "", discovery };
}
