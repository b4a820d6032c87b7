/** Names of objects and kinds. */

import { compareText } from "./value.ts";

export interface ObjectRef {
  /** `group/version`, or `version` in the core group. */
  readonly apiVersion: string;
  readonly kind: string;
  /** Absent on cluster-scoped objects. */
  readonly namespace?: string;
  readonly name: string;
}

export interface KindRef {
  readonly apiVersion: string;
  readonly kind: string;
}

/** The API group; `""` for the core group. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? "" : apiVersion.slice(0, slash);
}

export function versionOf(apiVersion: string): string {
  return apiVersion.slice(apiVersion.indexOf("/") + 1);
}

/** One object whatever its API version: group, kind, namespace and name. NUL cannot occur in any of them. */
export function refKey(ref: ObjectRef): string {
  return [groupOf(ref.apiVersion), ref.kind, ref.namespace ?? "", ref.name].join("\0");
}

/** One kind whatever its API version. */
export function kindKey(kind: KindRef): string {
  return `${groupOf(kind.apiVersion)}\0${kind.kind}`;
}

/** `Deployment/web in shop`, for messages. */
export function formatRef(ref: ObjectRef): string {
  return ref.namespace === undefined ? `${ref.kind}/${ref.name}` : `${ref.kind}/${ref.name} in ${ref.namespace}`;
}

/** Reports are ordered by namespace, kind, name, and API version last. */
export function compareRefs(a: ObjectRef, b: ObjectRef): number {
  return (
    compareText(a.namespace ?? "", b.namespace ?? "") ||
    compareText(a.kind, b.kind) ||
    compareText(a.name, b.name) ||
    compareText(a.apiVersion, b.apiVersion)
  );
}
