// The OpenAPI v3 documents of a test cluster, and the flags with which its API server serves every version there is.

import { askApi } from "./api.ts";
import type { KubernetesMinor } from "./binaries.ts";
import type { TestCluster } from "./cluster.ts";
import type { OpenApiDocument } from "./kind-data.ts";

/** Features that kinds of their own hang on, off by default. */
const FEATURES: Readonly<Record<KubernetesMinor, readonly string[]>> = {
  "v1.36": [
    "ClusterTrustBundle",
    "ClusterTrustBundleProjection",
    "CoordinatedLeaderElection",
    "DRADeviceTaintRules",
    "DRAResourcePoolStatus",
    "GangScheduling",
    "GenericWorkload",
    "PodCertificateRequest",
    "StorageVersionAPI",
    "StorageVersionMigrator",
  ],
  "v1.33": [
    "ClusterTrustBundle",
    "ClusterTrustBundleProjection",
    "CoordinatedLeaderElection",
    "DRADeviceTaints",
    "DRAPrioritizedList",
    "DynamicResourceAllocation",
    "MutatingAdmissionPolicy",
    "StorageVersionAPI",
    "StorageVersionMigrator",
  ],
};

/** Flags for kube-apiserver. */
export function allVersions(minor: KubernetesMinor): readonly string[] {
  const features = FEATURES[minor].map((name) => `${name}=true`);
  return ["--runtime-config=api/all=true", `--feature-gates=${features.join()}`];
}

/** Flags for kube-apiserver: every version, and every feature that is not finished. */
export const ALL_FEATURES = ["--runtime-config=api/all=true", "--feature-gates=AllAlpha=true,AllBeta=true"] as const;

export async function openApiOf(cluster: TestCluster): Promise<readonly OpenApiDocument[]> {
  const admin = { server: cluster.server, authority: cluster.authority, token: cluster.tokenOf("admin") };
  const ask = async (path: string): Promise<unknown> =>
    JSON.parse((await askApi(admin, { method: "GET", path, milliseconds: 60_000 })).text);
  const index = (await ask("/openapi/v3")) as { paths: Record<string, { serverRelativeURL: string }> };
  const versions = Object.entries(index.paths)
    .filter(([path]) => /^apis?\/.*v\d/.test(path))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Promise.all(versions.map(async ([, entry]) => (await ask(entry.serverRelativeURL)) as OpenApiDocument));
}
