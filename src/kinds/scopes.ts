/** Plural and scope of the built-in kinds, for reading manifests and snapshots without a cluster at hand. */

import type { KindRef } from "../core/refs.ts";
import type { ServedKind } from "../core/schema.ts";
import older from "./data/v1.33.json" with { type: "json" };
import newest from "./data/v1.36.json" with { type: "json" };

const ALL_VERBS: readonly string[] = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
];

const KINDS: ReadonlyMap<string, { resource: string; namespaced: boolean; verbs?: readonly string[] }> = new Map([
  ...Object.entries(older.kinds),
  ...Object.entries(newest.kinds),
]);

/** The kind as an API server serves it, the newest before an older one, or `undefined` where it is none of Kubernetes' own. */
export function builtinKind({ apiVersion, kind }: KindRef): ServedKind | undefined {
  const found = KINDS.get(`${apiVersion}/${kind}`);
  if (found === undefined) return undefined;
  return { apiVersion, kind, resource: found.resource, namespaced: found.namespaced, verbs: found.verbs ?? ALL_VERBS };
}

/** All that Kubernetes itself has served in the versions that are known. */
export function builtinKinds(): readonly KindRef[] {
  return [...KINDS.keys()].map((key) => {
    const slash = key.lastIndexOf("/");
    return { apiVersion: key.slice(0, slash), kind: key.slice(slash + 1) };
  });
}
