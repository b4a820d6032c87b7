// holdfast's own pass over a folder and a test cluster, in this process.

import { isFault } from "../../src/core/fault.ts";
import type { Pass } from "../../src/core/pass.ts";
import type { ObjectRef } from "../../src/core/refs.ts";
import type { LiveSource } from "../../src/core/stages.ts";
import { openRenderers } from "../../src/desired/render/renderers.ts";
import { openWorktree } from "../../src/desired/worktree.ts";
import { openCluster } from "../../src/live/cluster.ts";
import { scan } from "../../src/reconcile/scan.ts";
import { createDigester } from "../../src/text/digest.ts";
import type { TestCluster } from "../../test/cluster/cluster.ts";

export const digester = createDigester(Buffer.from("the drift bench's key, not a secret"));

/** The cluster's own rights for its test users: made by hand, and told so rightly. */
export function isOfTheHarness({ kind, name }: ObjectRef): boolean {
  return /^ClusterRole(Binding)?$/.test(kind) && name.startsWith("test-");
}

export async function openLive(cluster: TestCluster): Promise<LiveSource> {
  const live = await openCluster({ kubeconfig: cluster.kubeconfig, digester });
  if (isFault(live)) throw new Error(live.message);
  return live;
}

/** One pass over a Git work tree that declares everything in `namespaces`; policies object to nothing. */
export async function scanFolder(cluster: TestCluster, folder: string, namespaces: readonly string[]): Promise<Pass> {
  const tree = await openWorktree(folder);
  if (isFault(tree)) throw new Error(tree.message);
  const live = await openLive(cluster);
  try {
    return await scan({
      targets: [{ name: "bench", path: "", namespaces, namespace: "default", exclude: [], unmanaged: "drift", tree }],
      live,
      renderers: openRenderers({ environment: process.env }),
      evaluator: { evaluate: async (requests) => requests.map(() => []) },
      digester,
      failOn: "high",
      group: "object",
      secrets: true,
      version: "0.0.0",
      clock: Date,
      progress: () => undefined,
    });
  } finally {
    await live.close();
  }
}
