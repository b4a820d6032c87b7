/** Argo CD's own objects as they live, for what only Argo CD can tell. They are read where somebody asks, once for a pass. */

import type { Fault } from "../../core/fault.ts";
import type { LiveObject } from "../../core/objects.ts";
import type { LiveSource, QueriedKind } from "../../core/stages.ts";
import type { ArgoObjects } from "../../desired/argo/live-applications.ts";

const APPLICATION: QueriedKind = { apiVersion: "argoproj.io/v1alpha1", kind: "Application", undeclared: true };
const APPLICATION_SET: QueriedKind = { apiVersion: "argoproj.io/v1alpha1", kind: "ApplicationSet", undeclared: true };

export interface ReadArgoObjects {
  readonly read: ArgoObjects;
  /** What a snapshot has to hold besides what Git declares. */
  asked(): readonly QueriedKind[];
}

export function argoObjectsOf(live: Pick<LiveSource, "read">): ReadArgoObjects {
  const known = new Map<string, ReturnType<ArgoObjects>>();
  return {
    read: async (namespace) => {
      const found = known.get(namespace) ?? readArgo(live, namespace);
      known.set(namespace, found);
      return await found;
    },
    asked: () => (known.size === 0 ? [] : [APPLICATION]),
  };
}

/** A kind that was not read to its end is a fault: what is not seen is not absent. */
async function readArgo(live: Pick<LiveSource, "read">, namespace: string): Promise<readonly LiveObject[] | Fault> {
  const objects: LiveObject[] = [];
  const read = new Set<string>();
  for await (const event of live.read({
    kinds: [APPLICATION, APPLICATION_SET],
    namespaces: [namespace],
    secrets: false,
  })) {
    if (event.kind === "unread") return event.fault;
    if (event.kind === "read") read.add(event.of.kind);
    if (event.kind === "objects") for (const object of event.objects) objects.push(object);
  }
  if (read.size === 2) return objects;
  return {
    kind: "fault",
    code: "list-failed",
    about: "Application",
    message: `namespace ${namespace} was not read`,
    remedy: "grant it, or scan where it may be read",
    leavesUnknown: "declared",
  };
}
