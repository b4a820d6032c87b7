// `kubectl diff` over the same files, to stand beside holdfast.

import type { TestCluster } from "../../test/cluster/cluster.ts";

export const PEERS = {
  "kubectl diff": ["diff"],
  "kubectl diff --server-side": ["diff", "--server-side", "--force-conflicts"],
} as const;
export type Peer = keyof typeof PEERS;
export const PEER_NAMES = Object.keys(PEERS) as Peer[];

/** How many objects of a file or folder the peer reports as different; `undefined` where it failed. */
export async function differing(cluster: TestCluster, peer: Peer, path: string): Promise<number | undefined> {
  const { code, stdout } = await cluster.kubectl([...PEERS[peer], "-f", path]);
  const count = stdout.split("\n").filter((line) => line.startsWith("diff -u")).length;
  return code > 1 && count === 0 ? undefined : count;
}
