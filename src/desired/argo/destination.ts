/** Which cluster an Application deploys to, as far as Git and the cluster's own address tell. */

import type { Destination } from "./objects.ts";

/** What is known of the target's cluster, for who deploys to several. */
export interface ClusterIdentity {
  /** What it is called where the target does not say: the context's name. */
  readonly name?: string;
  /** The address that it is asked at; absent of a snapshot, and where none is asked. */
  readonly server?: string;
  /** It certainly serves no Applications: Argo CD runs elsewhere. */
  readonly withoutArgo?: boolean;
}

/**
 * - `here`: the target's cluster, by its name or address.
 * - `beside`: the one that Argo CD runs in (argo-cd `KubernetesInternalAPIServerAddr`): the target's own, unless that has no Argo CD.
 * - `elsewhere`: another one, by its name or address.
 * - `invalid`: Argo CD refuses it; how it goes on is the end of a sentence.
 */
export type Whereabouts =
  | { readonly kind: "here" | "beside" }
  | { readonly kind: "elsewhere"; readonly cluster: string }
  | { readonly kind: "invalid"; readonly why: string };

/** @param cluster as the target calls it */
export function whereabouts(
  { server, name }: Destination,
  cluster: string | undefined,
  identity: ClusterIdentity = {},
): Whereabouts {
  if (server !== "" && name !== "") return { kind: "invalid", why: "names its destination by server and by name" };
  if (server === "" && name === "") return { kind: "invalid", why: "names no destination" };
  const address = addressOf(server);
  if (name === "in-cluster" || address === "https://kubernetes.default.svc") return { kind: "beside" };
  const own = cluster ?? identity.name;
  if (own !== undefined && own !== "" && name === own) return { kind: "here" };
  if (server !== "" && identity.server !== undefined && address === addressOf(identity.server)) return { kind: "here" };
  return { kind: "elsewhere", cluster: name === "" ? address : name };
}

/** One spelling of each: letters' case in the host, the scheme's own port, slashes at the end. */
function addressOf(server: string): string {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  return (url === undefined ? server : `${url.origin}${url.pathname}`).replace(/\/+$/, "");
}
