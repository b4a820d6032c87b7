/** What is asked of the cluster before anything is rendered for it. */

import type { KubeVersion } from "../core/kube-version.ts";
import type { LiveSource } from "../core/stages.ts";
import { compareText } from "../core/value.ts";
import type { ClusterIdentity } from "../desired/argo/destination.ts";
import type { Capabilities } from "../desired/render/helm.ts";
import { builtinKinds } from "../kinds/scopes.ts";

/** Which of several clusters it is that a deployer names. */
export function identityOf(live: LiveSource): ClusterIdentity {
  return {
    name: live.cluster.name,
    ...(live.server === undefined ? {} : { server: live.server }),
    withoutArgo: live.lacks({ apiVersion: "argoproj.io/v1alpha1", kind: "Application" }),
  };
}

/** As `.Capabilities` has it: versions, and kinds in versions. Of a snapshot nobody knows what else was served: Kubernetes' own. */
export function capabilitiesOf(live: LiveSource, { version }: KubeVersion): Capabilities {
  const known = new Set<string>();
  const builtin = builtinKinds().filter((served) => !live.lacks(served));
  for (const { apiVersion, kind } of [...live.listable, ...builtin]) {
    known.add(apiVersion);
    known.add(`${apiVersion}/${kind}`);
  }
  return { kubeVersion: version, apiVersions: [...known].toSorted(compareText) };
}
