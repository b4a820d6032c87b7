/** Which cluster an Application deploys to, as far as Git tells. */

import type { Destination } from "./objects.ts";

/**
 * - `here`: the target's cluster.
 * - `elsewhere`: another one, by its name or address.
 * - `invalid`: Argo CD refuses it; how it goes on is the end of a sentence.
 */
export type Whereabouts =
  | { readonly kind: "here" }
  | { readonly kind: "elsewhere"; readonly cluster: string }
  | { readonly kind: "invalid"; readonly why: string };

/** The cluster that Argo CD runs in is taken for the target's own (argo-cd `KubernetesInternalAPIServerAddr`). */
export function whereabouts({ server, name }: Destination, alias: string | undefined): Whereabouts {
  if (server !== "" && name !== "") return { kind: "invalid", why: "names its destination by server and by name" };
  if (server === "" && name === "") return { kind: "invalid", why: "names no destination" };
  const address = server.replace(/\/+$/, "");
  if (name === "in-cluster" || /^https:\/\/kubernetes\.default\.svc(?::443)?$/.test(address)) return { kind: "here" };
  if (alias !== undefined && name === alias) return { kind: "here" };
  return { kind: "elsewhere", cluster: name === "" ? server : name };
}
