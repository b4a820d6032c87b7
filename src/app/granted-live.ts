/** A cluster as one repository may see it: the namespaces that the operator granted, and nothing else. */

import type { Fault } from "../core/fault.ts";
import type { KindRef } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import type { DryRunSource, LiveEvent, LiveQuery, LiveSource, Unpredicted } from "../core/stages.ts";
import { builtinKind } from "../kinds/scopes.ts";

/**
 * Nothing outside the granted namespaces is asked for, and what is in no namespace is not either. Objects there that
 * Git declares are unknown, with a fault that says why: never missing, and never in sync. Nor is a dry run made there.
 */
export function grantedLive(live: LiveSource, granted: readonly string[] | "all"): LiveSource {
  if (granted === "all") return live;
  return {
    cluster: live.cluster,
    ...(live.server === undefined ? {} : { server: live.server }),
    schemas: live.schemas,
    served: (kind) => live.served(kind),
    lacks: (kind) => live.lacks(kind),
    listable: live.listable.filter(({ namespaced }) => namespaced),
    read: (query) => readGranted(live, query, granted),
    ...(live.dryRun === undefined ? {} : { dryRun: grantedDryRun(live.dryRun, granted) }),
    close: () => live.close(),
  };
}

async function* readGranted(live: LiveSource, query: LiveQuery, granted: readonly string[]): AsyncGenerator<LiveEvent> {
  const namespaced = query.kinds.filter((kind) => isNamespaced(live, kind));
  const clusterScoped = query.kinds.filter((kind) => !isNamespaced(live, kind));
  const asked = query.namespaces === "all" ? granted : query.namespaces;
  const allowed = asked.filter((namespace) => granted.includes(namespace));
  const refused = asked.filter((namespace) => !granted.includes(namespace));

  for (const of of clusterScoped)
    yield { kind: "unread", of, fault: notGranted(`${of.kind} (${of.apiVersion})`, "is in no namespace") };
  if (refused.length > 0) {
    const names = refused.map((namespace) => `namespace ${namespace}`).join(", ");
    yield { kind: "fault", fault: notGranted(names, "may not be read") };
  }
  if (allowed.length > 0) yield* live.read({ ...query, kinds: namespaced, namespaces: allowed });
}

/** What was not read is not asked about either; this holds whatever asks. */
function grantedDryRun(dryRun: DryRunSource, granted: readonly string[]): DryRunSource {
  const isGranted = ({ namespace }: ObjectRef): boolean => namespace !== undefined && granted.includes(namespace);
  return {
    applied: async (asked) => (isGranted(asked.live.ref) ? await dryRun.applied(asked) : OUTSIDE),
    without: async (live, paths) => (isGranted(live.ref) ? await dryRun.without(live, paths) : OUTSIDE),
  };
}

const OUTSIDE: Unpredicted = {
  kind: "unpredicted",
  why: "this repository is granted certain namespaces only",
  remedy: "grant it in the server's configuration, or leave it out of the target",
};

/** What nobody knows is asked of the cluster in granted namespaces only. */
function isNamespaced(live: LiveSource, kind: KindRef): boolean {
  return (live.served(kind) ?? builtinKind(kind))?.namespaced ?? true;
}

function notGranted(about: string, why: string): Fault {
  return {
    kind: "fault",
    code: "namespace-not-granted",
    about,
    message: `${about} ${why}, and this repository is granted certain namespaces only`,
    remedy: "grant it in the server's configuration, or leave it out of the target",
    leavesUnknown: "declared",
  };
}
