/** What charts may ask of the cluster that they are rendered for. */

import type { LiveSource } from "../core/stages.ts";
import { compareText } from "../core/value.ts";
import type { Capabilities } from "../desired/render/helm.ts";
import { builtinKinds } from "../kinds/scopes.ts";

/** As `.Capabilities` has it: versions, and kinds in versions. Of a snapshot nobody knows what else was served: Kubernetes' own. */
export function capabilitiesOf(live: LiveSource): Capabilities {
  const known = new Set<string>();
  const builtin = builtinKinds().filter((served) => !live.lacks(served));
  for (const { apiVersion, kind } of [...live.listable, ...builtin]) {
    known.add(apiVersion);
    known.add(`${apiVersion}/${kind}`);
  }
  return { kubeVersion: live.cluster.version, apiVersions: [...known].toSorted(compareText) };
}
