/**
 * Labels, annotations and fields that tell a deployer, or holdfast itself, what to do with the object: not to apply it, to
 * keep or prune it, not to compare it, whose it is. Somebody who sets one in the cluster changes what Git will mean, and
 * in Git some of them switch holdfast's own eyes off (declared-ignores.ts): they are shown, and never written into Git.
 */

import { kindKey } from "../core/refs.ts";
import type { KindRef } from "../core/refs.ts";
import { isMap } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { kindsOf, standsAt, union } from "./left-out.ts";
import type { Place } from "./left-out.ts";

interface Settings {
  /** Whom it tells. */
  readonly deployer: string;
  /** Of these kinds, as kindKey(); absent: of any. */
  readonly kinds?: ReadonlySet<string>;
  readonly labels?: readonly string[];
  readonly annotations?: readonly string[];
  readonly fields?: readonly Place[];
  readonly source: string;
}

/** Flux reads its names in labels and annotations alike, so that both are listed. */
function both(...names: readonly string[]): Pick<Settings, "labels" | "annotations"> {
  return { labels: names, annotations: names };
}

const FLUX_OBJECTS = union(
  kindsOf("kustomize.toolkit.fluxcd.io", "Kustomization"),
  kindsOf("helm.toolkit.fluxcd.io", "HelmRelease"),
  kindsOf(
    "source.toolkit.fluxcd.io",
    "GitRepository",
    "OCIRepository",
    "Bucket",
    "HelmRepository",
    "HelmChart",
    "ExternalArtifact",
  ),
);

const SETTINGS: readonly Settings[] = [
  {
    deployer: "Flux",
    // reconcile, ssa, prune, force, substitute; name and namespace, by which it knows its own.
    ...both("kustomize.toolkit.fluxcd.io/*", "helm.toolkit.fluxcd.io/*", "reconcile.fluxcd.io/*"),
    source: "fluxcd kustomize-controller docs/spec/v1/kustomizations.md, pkg/ssa/utils AnyInMetadata",
  },
  {
    deployer: "Flux",
    ...both("fluxcd.controlplane.io/*", "fluxcd.io/*"),
    source: "flux-operator docs/api/v1/fluxinstance.md; Flux v1's fluxcd.io/ignore",
  },
  {
    deployer: "Flux",
    kinds: FLUX_OBJECTS,
    fields: [
      ["spec", "suspend"],
      ["spec", "driftDetection", "**"],
    ],
    source: "flux suspend (flux2 cmd/flux/suspend.go); helm-controller docs/spec/v2/helmreleases.md",
  },
  {
    deployer: "Argo CD",
    // compare-options, sync-options, hook, sync-wave, tracking-id, instance, managed-by, skip-reconcile.
    ...both("argocd.argoproj.io/*"),
    source: "argo-cd common/common.go, gitops-engine pkg/sync/common/types.go",
  },
  {
    deployer: "Argo CD",
    kinds: kindsOf("argoproj.io", "Application", "ApplicationSet"),
    fields: [
      ["spec", "ignoreDifferences"],
      ["spec", "template", "spec", "ignoreDifferences"],
      ["spec", "ignoreApplicationDifferences"],
    ],
    source: "argo-cd docs/user-guide/diffing.md",
  },
  {
    deployer: "Helm",
    // hook, hook-weight, hook-delete-policy, resource-policy; helm.sh/chart is a label, and tells nobody anything.
    annotations: ["helm.sh/*", "meta.helm.sh/*"],
    source: "helm pkg/release/hook.go, pkg/kube/resource_policy.go, pkg/action/validate.go",
  },
  {
    deployer: "kapp",
    ...both("kapp.k14s.io/*"),
    source: "carvel.dev/kapp/docs, config and annotations",
  },
  {
    deployer: "Config Sync",
    ...both("configsync.gke.io/*", "configmanagement.gke.io/*", "client.lifecycle.config.k8s.io/*"),
    source: "kpt-config-sync pkg/metadata, cli-utils pkg/common/common.go",
  },
  {
    deployer: "kustomize or kpt",
    // local-config and depends-on among them; on-remove: keep; owning-inventory.
    ...both(
      "config.kubernetes.io/*",
      "internal.config.kubernetes.io/*",
      "kustomize.config.k8s.io/*",
      "config.k8s.io/*",
      "cli-utils.sigs.k8s.io/*",
    ),
    source: "kustomize api/internal/utils/annotations.go, cli-utils pkg/common/common.go",
  },
  {
    deployer: "kubectl",
    ...both("applyset.kubernetes.io/*"),
    source: "kubectl pkg/cmd/apply/applyset.go: what is pruned with an ApplySet",
  },
  {
    deployer: "Fleet",
    ...both("fleet.cattle.io/*", "objectset.rio.cattle.io/*"),
    source: "rancher/wrangler pkg/apply/desiredset_apply.go",
  },
  {
    deployer: "Pulumi",
    annotations: ["pulumi.com/*"],
    source: "pulumi-kubernetes provider/pkg/metadata/annotations.go",
  },
  {
    deployer: "the addon manager",
    labels: ["addonmanager.kubernetes.io/mode"],
    source: "kubernetes cluster/addons/addon-manager/README.md",
  },
  {
    // An owner's uid is that of one cluster: elsewhere, and once the owner was made anew, the object would be deleted.
    deployer: "Kubernetes' garbage collector",
    fields: [
      ["metadata", "ownerReferences"],
      ["metadata", "finalizers"],
    ],
    source: "kubernetes pkg/controller/garbagecollector, attemptToDeleteItem",
  },
  {
    // Git that asks it to act leaves replicas to it (writers.ts).
    deployer: "kube-downscaler",
    annotations: ["downscaler/*"],
    source: "py-kube-downscaler README.md, Configuration",
  },
  {
    // Git that has them leaves a certificate's bundle to whoever writes it (allocated.ts).
    deployer: "OpenShift",
    annotations: ["service.beta.openshift.io/inject-cabundle"],
    labels: ["config.openshift.io/inject-trusted-cabundle"],
    source: "OpenShift service-ca-operator, cluster-network-operator",
  },
];

interface Row {
  readonly deployer: string;
  readonly kinds?: ReadonlySet<string>;
  readonly places: readonly Place[];
}

const ROWS: readonly Row[] = SETTINGS.map(({ deployer, kinds, labels = [], annotations = [], fields = [] }) => ({
  deployer,
  ...(kinds === undefined ? {} : { kinds }),
  places: [
    ...labels.map((name) => ["metadata", "labels", name]),
    ...annotations.map((name) => ["metadata", "annotations", name]),
    ...fields,
  ],
}));

/** How deep the places lie. */
const DEEPEST = 5;

/**
 * Whom a change at these field names tells what to do with the object, or `undefined`. `values`: what either side has there;
 * a map that holds such a setting beside others counts.
 */
export function deployerTold(
  kind: KindRef,
  names: readonly string[],
  values: readonly (Value | undefined)[],
): string | undefined {
  const own = kindKey(kind);
  const rows = ROWS.filter(({ kinds }) => kinds === undefined || kinds.has(own));
  const at = (where: readonly string[], value: Value | undefined): string | undefined => {
    const found = rows.find(({ places }) => places.some((place) => standsAt(where, place) || isWithin(where, place)));
    if (found !== undefined) return found.deployer;
    if (!isMap(value) || where.length >= DEEPEST) return undefined;
    for (const name of Object.keys(value)) {
      const inside = at([...where, name], value[name]);
      if (inside !== undefined) return inside;
    }
    return undefined;
  };
  if (values.every((value) => value === undefined)) return at(names, undefined);
  for (const value of values) {
    const told = at(names, value);
    if (told !== undefined) return told;
  }
  return undefined;
}

/** Below a place: part of such a setting. */
function isWithin(names: readonly string[], place: Place): boolean {
  return names.length > place.length && standsAt(names.slice(0, place.length), place);
}
