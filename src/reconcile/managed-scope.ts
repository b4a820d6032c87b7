/** What a pass reads of a cluster, and where it looks for objects that Git does not declare. */

import { groupOf, kindKey } from "../core/refs.ts";
import type { KindRef } from "../core/refs.ts";
import type { ServedKind } from "../core/schema.ts";
import type { DesiredState, LiveQuery, LiveSource, QueriedKind } from "../core/stages.ts";
import { FACT_KINDS } from "../drift/admission-facts.ts";
import type { ManagedScope } from "../drift/unmanaged.ts";
import type { TargetConfig } from "../config/repository.ts";
import { isLookedAt, isRecord } from "../kinds/scope-kinds.ts";
import type { Declared } from "./compare-live.ts";
import { PROJECT } from "./deployers/deployer-objects.ts";

/** Written by autoscalers: they are read first, so that a workload's replicas are known to be theirs. */
export const AUTOSCALER: KindRef = { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler" };
const SCALABLE: ReadonlySet<string> = new Set(["Deployment", "ReplicaSet", "ReplicationController", "StatefulSet"]);

export interface ScopeTarget {
  readonly target: Pick<TargetConfig, "name" | "namespaces" | "unmanaged">;
  readonly state: Pick<DesiredState, "objects" | "complete">;
}

/**
 * The namespaces that a target names, or else those that its objects are in; and the cluster itself, which counts for the
 * first target that looks at it. A target that names its namespaces looks there only, unless it declares something of
 * the cluster's besides Namespaces. Nothing at all where some target could not be read wholly: what it would declare is
 * not known.
 */
export function managedScope(read: readonly ScopeTarget[], neighbours: readonly ScopeTarget[] = []): ManagedScope {
  const namespaces = new Map<string, string>();
  if ([...read, ...neighbours].some(({ state }) => !state.complete)) return { namespaces };
  const looking = read.filter(({ target }) => target.unmanaged !== "ignore");
  for (const { target, state } of looking) {
    const used = state.objects.flatMap((object) => object.ref.namespace ?? []);
    for (const namespace of target.namespaces ?? used) {
      if (!namespaces.has(namespace)) namespaces.set(namespace, target.name);
    }
  }
  const cluster = looking.find(looksAtCluster)?.target.name;
  return cluster === undefined ? { namespaces } : { namespaces, cluster };
}

function looksAtCluster({ target, state }: ScopeTarget): boolean {
  if (state.objects.length === 0) return false;
  if (target.namespaces === undefined) return true;
  return state.objects.some(({ ref }) => ref.namespace === undefined && ref.kind !== "Namespace");
}

export interface QueryInput {
  readonly declared: readonly Declared[];
  readonly secrets: boolean;
  readonly scope: ManagedScope;
  readonly live: Pick<LiveSource, "listable">;
}

/**
 * Each declared kind in each version that Git declares it in, so that the server converts, and what else the scope holds;
 * in the namespaces that Git uses and those of the scope. First what writes into other objects, then what owns others before what is owned.
 */
export function queryOf({ declared, secrets, scope, live }: QueryInput): LiveQuery {
  const kinds = new Map<string, QueriedKind>();
  const add = (kind: QueriedKind): void => void kinds.set(`${kind.apiVersion}\0${kind.kind}`, kind);
  const namespaces = new Set<string>(scope.namespaces.keys());
  if (declared.some(({ object }) => SCALABLE.has(object.ref.kind))) add(AUTOSCALER);
  for (const { object } of declared) {
    const { apiVersion, kind, namespace } = object.ref;
    add({ apiVersion, kind });
    if (namespace !== undefined) namespaces.add(namespace);
  }
  const known = new Set([...kinds.values()].map(kindKey));
  for (const kind of live.listable) {
    if (!known.has(kindKey(kind)) && isInScope(kind, scope)) {
      add({ apiVersion: kind.apiVersion, kind: kind.kind, undeclared: true });
    }
  }
  for (const kind of factKinds(live)) {
    if (declared.length > 0 && !kinds.has(`${kind.apiVersion}\0${kind.kind}`) && !known.has(kindKey(kind))) add(kind);
  }
  for (const kind of deployerKinds(declared, live)) {
    if (!kinds.has(`${kind.apiVersion}\0${kind.kind}`) && !known.has(kindKey(kind))) add(kind);
  }
  const ordered = [...kinds.values()].toSorted((a, b) => rank(a) - rank(b));
  return { kinds: ordered, namespaces: [...namespaces].toSorted(), secrets };
}

/** What says of other objects who writes into them, as far as the cluster serves it. */
function factKinds(live: Pick<LiveSource, "listable">): readonly QueriedKind[] {
  const wanted = new Set(FACT_KINDS.map(kindKey));
  return live.listable
    .filter((kind) => wanted.has(kindKey(kind)))
    .map(({ apiVersion, kind }) => ({ apiVersion, kind, undeclared: true }));
}

/** What deploys and is declared by nobody (Applications that an ApplicationSet generates), as far as the cluster serves it. */
function deployerKinds(declared: readonly Declared[], live: Pick<LiveSource, "listable">): readonly QueriedKind[] {
  const deployers = new Set(declared.flatMap(({ object }) => (object.deployer ? [kindKey(object.deployer)] : [])));
  if ([...deployers].some((key) => key.endsWith("\0Application"))) deployers.add(kindKey(PROJECT));
  return live.listable
    .filter((kind) => deployers.has(kindKey(kind)))
    .map(({ apiVersion, kind }) => ({ apiVersion, kind, undeclared: true }));
}

function isInScope(kind: ServedKind, scope: ManagedScope): boolean {
  if (kind.namespaced) return scope.namespaces.size > 0 && !isRecord(kind);
  return scope.cluster !== undefined && isLookedAt(kind, false);
}

/** What tells of others, then owners before what they own: an object whose owner was not seen yet is kept until the end. */
const OWNING: readonly ReadonlySet<string>[] = [
  new Set(FACT_KINDS.map(kindKey)),
  new Set(["\0Service", "apps\0Deployment", "apps\0StatefulSet", "apps\0DaemonSet", "batch\0CronJob"]),
  new Set(["apps\0ReplicaSet", "batch\0Job", "\0ReplicationController"]),
];

function rank(kind: KindRef): number {
  const at = OWNING.findIndex((kinds) => kinds.has(kindKey(kind)));
  if (at >= 0) return at === 0 ? 0 : at + 1;
  // Operators' resources own workloads and what is in the core group; nothing of the core group owns workloads.
  return groupOf(kind.apiVersion).includes(".") ? 1 : OWNING.length + 1;
}
