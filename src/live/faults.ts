/** The faults of reading a cluster. No text of a server's answer is part of them: it could repeat what was asked for. */

import type { Fault } from "../core/fault.ts";
import { groupOf } from "../core/refs.ts";
import type { KindRef } from "../core/refs.ts";
import { compareText } from "../core/value.ts";

/** `Deployment.apps`, as kubectl has it; `Service` in the core group. */
export function kindName(kind: KindRef): string {
  const group = groupOf(kind.apiVersion);
  return group === "" ? kind.kind : `${kind.kind}.${group}`;
}

export function unreachable(server: string, why: string): Fault {
  return {
    kind: "fault",
    code: "cluster-unreachable",
    about: server,
    message: `The cluster at ${server} cannot be reached: ${why}`,
    remedy: "Check that it runs and that the kubeconfig's server, certificates and proxy are right.",
    leavesUnknown: "declared",
  };
}

export function unauthorized(server: string): Fault {
  return {
    kind: "fault",
    code: "unauthorized",
    about: server,
    message: `The cluster at ${server} does not accept the credentials`,
    remedy: "Log in again, or name another context with --context.",
    leavesUnknown: "declared",
  };
}

export function interrupted(server: string): Fault {
  return {
    kind: "fault",
    code: "interrupted",
    about: server,
    message: "Reading the cluster was interrupted",
    remedy: "Run it again.",
    leavesUnknown: "declared",
  };
}

export function listForbidden(kind: KindRef, resource: string, namespaces: readonly string[]): Fault {
  const where = namespaces.length === 0 ? "" : ` in ${namespaces.join(", ")}`;
  return {
    kind: "fault",
    code: "list-forbidden",
    about: kindName(kind),
    message: `${kindName(kind)} may not be listed${where}`,
    remedy: `Grant "list" on ${resource}, or leave the kind out.`,
    leavesUnknown: "declared",
  };
}

export function listFailed(kind: KindRef, why: string): Fault {
  return {
    kind: "fault",
    code: "list-failed",
    about: kindName(kind),
    message: `${kindName(kind)} could not be read: ${why}`,
    remedy: "Run it again; if it persists, look at the API server's log.",
    leavesUnknown: "declared",
  };
}

export function schemaForbidden(kind: KindRef): Fault {
  return {
    kind: "fault",
    code: "list-forbidden",
    about: kindName(kind),
    message: `The schema of ${kindName(kind)} is not in the cluster's OpenAPI, and its CustomResourceDefinition may not be read`,
    remedy: 'Grant "get" on customresourcedefinitions; where the kind is new, run it again.',
    leavesUnknown: "declared",
  };
}

export function notServed(kind: KindRef, stale: boolean): Fault {
  return {
    kind: "fault",
    code: "kind-not-served",
    about: kindName(kind),
    message: stale
      ? `The API service behind ${kind.apiVersion} does not answer, so ${kindName(kind)} is unknown`
      : `The cluster serves no ${kindName(kind)} that can be listed`,
    remedy: stale
      ? "See what ails it: kubectl get apiservices."
      : "Install its CustomResourceDefinition, or take the objects out of Git.",
    leavesUnknown: "declared",
  };
}

/** Told once, however many kinds an account may not list: nothing that Git declares depends on it. */
export function undeclaredUnread(kinds: readonly KindRef[]): Fault {
  const names = [...new Set(kinds.map(kindName))].toSorted(compareText).join(", ");
  return {
    kind: "fault",
    code: "list-forbidden",
    about: "kinds that Git does not declare",
    message: `These kinds may not be listed or were not, so that unmanaged objects of them are not seen: ${names}`,
    remedy: 'Grant "list" on them, or set the target\'s unmanaged to ignore.',
    leavesUnknown: "undeclared",
  };
}
