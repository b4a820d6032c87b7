/** Words of commands that somebody will paste into a shell. */

import { groupOf } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";

/** Quoted for a POSIX shell where it holds more than plain characters, and never read as an option. */
export function shellWord(text: string): string {
  const safe = text.startsWith("-") ? `./${text}` : text;
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(safe) ? safe : `'${safe.replaceAll("'", `'\\''`)}'`;
}

/** `deployment web --namespace shop`; a custom kind with its group, since Knative's Service is not kubectl's `service`. */
export function objectWords(ref: ObjectRef): string {
  const words = `${shellWord(kindWord(ref))} ${shellWord(ref.name)}`;
  return ref.namespace === undefined ? words : `${words} --namespace ${shellWord(ref.namespace)}`;
}

/** Groups that Kubernetes brings end in `.k8s.io` or have no dot, and no two of their kinds share a name that kubectl would confuse. */
function kindWord({ apiVersion, kind }: ObjectRef): string {
  const group = groupOf(apiVersion);
  const brought = !group.includes(".") || group.endsWith(".k8s.io");
  return brought ? kind.toLowerCase() : `${kind.toLowerCase()}.${group}`;
}
