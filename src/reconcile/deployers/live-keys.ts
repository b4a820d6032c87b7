/** Which keys the cluster's ConfigMaps and Secrets have, for what Git does not. They are read where somebody asks, once for a pass. */

import type { LiveSource, QueriedKind } from "../../core/stages.ts";
import { fieldOf, isMap } from "../../core/value.ts";
import type { LiveKeys } from "../../desired/flux/variables.ts";

export interface ReadLiveKeys {
  readonly read: LiveKeys;
  /** What a snapshot has to hold besides what Git declares. */
  asked(): readonly QueriedKind[];
}

type Kind = Parameters<LiveKeys>[0]["kind"];
type KeysByName = ReadonlyMap<string, readonly string[]>;

/** @param secrets `false`: Secrets are not read. */
export function liveKeysOf(live: Pick<LiveSource, "read">, secrets: boolean): ReadLiveKeys {
  const known = new Map<string, Promise<KeysByName | undefined>>();
  const kinds = new Map<Kind, QueriedKind>();
  return {
    read: async ({ kind, namespace, name }) => {
      if (namespace === "" || (kind === "Secret" && !secrets)) return undefined;
      const of: QueriedKind = { apiVersion: "v1", kind, undeclared: true };
      kinds.set(kind, of);
      const key = `${kind}/${namespace}`;
      const found = known.get(key) ?? readKeys(live, of, namespace);
      known.set(key, found);
      const all = await found;
      return all === undefined ? undefined : (all.get(name) ?? "absent");
    },
    asked: () => [...kinds.values()],
  };
}

/** `undefined` where the kind was not read to its end: what is not seen is not absent. */
async function readKeys(
  live: Pick<LiveSource, "read">,
  kind: QueriedKind,
  namespace: string,
): Promise<KeysByName | undefined> {
  const keys = new Map<string, readonly string[]>();
  let whole = false;
  for await (const event of live.read({ kinds: [kind], namespaces: [namespace], secrets: kind.kind === "Secret" })) {
    if (event.kind === "unread") return undefined;
    if (event.kind === "read" && event.of.kind === kind.kind) whole = true;
    if (event.kind !== "objects") continue;
    for (const { ref, value } of event.objects) {
      const data = fieldOf(value, "data");
      if (ref.kind === kind.kind && ref.namespace === namespace)
        keys.set(ref.name, isMap(data) ? Object.keys(data) : []);
    }
  }
  return whole ? keys : undefined;
}
