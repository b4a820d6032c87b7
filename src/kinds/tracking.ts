/**
 * Labels and annotations by which deployers remember what they deployed. They are no drift where their own deployer wrote
 * them; a label that somebody else wrote, or that was copied from another object (argo-cd#10456), is a change.
 */

import { fieldAt, textOf } from "../core/value.ts";
import { kindsOf } from "./left-out.ts";
import type { DifferenceAt, LeftOutRow } from "./left-out.ts";

interface Tracker {
  readonly deployer: string;
  /** Field managers that it writes as. */
  readonly by: readonly string[];
  readonly labels?: readonly string[];
  readonly annotations?: readonly string[];
  /** Names that are not the deployer's own: others write them too, so that only its managers tell. */
  readonly shared?: readonly string[];
  readonly source: string;
}

const TRACKERS: readonly Tracker[] = [
  {
    deployer: "Argo CD",
    by: ["argocd-controller", "argocd-application-controller"],
    labels: ["argocd.argoproj.io/instance"],
    annotations: ["argocd.argoproj.io/tracking-id", "argocd.argoproj.io/installation-id"],
    shared: ["app.kubernetes.io/instance"],
    source: "argo-cd util/argo/resource_tracking.go, common/common.go",
  },
  {
    deployer: "Flux",
    by: ["kustomize-controller", "Flux"],
    labels: ["kustomize.toolkit.fluxcd.io/name", "kustomize.toolkit.fluxcd.io/namespace"],
    annotations: ["kustomize.toolkit.fluxcd.io/checksum"],
    source: "fluxcd pkg/ssa/manager.go, OwnerLabels",
  },
  {
    deployer: "Flux",
    by: ["helm-controller", "Flux"],
    labels: ["helm.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/namespace"],
    annotations: ["helm.toolkit.fluxcd.io/driftDetection"],
    source: "fluxcd helm-controller internal/postrender/common.go",
  },
  {
    deployer: "Helm",
    by: ["helm", "helm-controller", "Go-http-client"],
    annotations: ["meta.helm.sh/release-name", "meta.helm.sh/release-namespace"],
    shared: ["app.kubernetes.io/managed-by"],
    source: "helm pkg/action/validate.go, setMetadataVisitor",
  },
  {
    deployer: "kapp",
    by: ["kapp"],
    labels: ["kapp.k14s.io/app", "kapp.k14s.io/association"],
    annotations: ["kapp.k14s.io/identity", "kapp.k14s.io/original", "kapp.k14s.io/original-diff-md5"],
    source: "kapp pkg/kapp/app/labeled_app.go, pkg/kapp/diff/resource_with_history.go",
  },
  {
    deployer: "Config Sync",
    by: ["configsync", "configmanagement"],
    labels: ["configsync.gke.io/*"],
    annotations: ["configsync.gke.io/*", "configmanagement.gke.io/*"],
    shared: ["app.kubernetes.io/managed-by"],
    source: "kpt-config-sync pkg/metadata",
  },
  {
    deployer: "Fleet",
    by: ["fleetagent", "fleet-agent"],
    labels: ["objectset.rio.cattle.io/hash"],
    annotations: ["objectset.rio.cattle.io/*"],
    shared: ["app.kubernetes.io/managed-by"],
    source: "rancher/wrangler pkg/apply/desiredset_apply.go",
  },
];

/** What deployers call themselves in a shared label. */
const NAMES_ITSELF: Readonly<Record<string, string>> = {
  Helm: "Helm",
  "Config Sync": "configmanagement.gke.io",
  Fleet: "Helm",
};

/** Argo CD labels the Pods of workloads too (`util/kube/kube.go`, SetAppInstanceLabel). */
const WORKLOADS = new Set([
  ...kindsOf("apps", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"),
  ...kindsOf("batch", "Job"),
]);

/** `flux reconcile`: what was asked for, and done since. */
const ASKED_OF_FLUX: readonly LeftOutRow[] = [
  ["requestedAt", "lastHandledReconcileAt"],
  ["forceAt", "lastHandledForceAt"],
  ["resetAt", "lastHandledResetAt"],
].map(([asked = "", handled = ""]) => ({
  place: ["metadata", "annotations", `reconcile.fluxcd.io/${asked}`],
  on: "any",
  reason: "ignored",
  rule: "asked of Flux, and done since",
  judged: false,
  test: ({ liveValue, live }: DifferenceAt) => liveValue === textOf(fieldAt(live, "status"), handled),
  source: "fluxcd pkg/apis/meta/annotations.go",
}));

/** Helm within Terraform's provider, whose file is called by its version (helm `pkg/kube/client.go`, getManagedFieldsManager). */
const BY_TERRAFORM: readonly LeftOutRow[] = [
  ["annotations", "meta.helm.sh/release-name"],
  ["annotations", "meta.helm.sh/release-namespace"],
  ["labels", "app.kubernetes.io/managed-by"],
].map(([map = "", name = ""]) => ({
  place: ["metadata", map, name],
  on: "any",
  reason: "ignored",
  rule: "Helm's tracking",
  judged: true,
  test: ({ liveValue, actor }: DifferenceAt) =>
    actor?.manager.startsWith("terraform-provider-helm_") === true && (map === "annotations" || liveValue === "Helm"),
  source: "helm pkg/action/validate.go, setMetadataVisitor",
}));

const KUSTOMIZE = /^kustomize-\S{1,60}$/;

/** `buildMetadata: [managedByLabel]`: which kustomize built it, which need not be the one that holdfast renders with. */
const BUILT_BY: LeftOutRow = {
  place: ["metadata", "labels", "app.kubernetes.io/managed-by"],
  on: "any",
  reason: "ignored",
  rule: "which version of kustomize built it",
  judged: false,
  test: ({ desiredValue, liveValue }: DifferenceAt) =>
    [desiredValue, liveValue].every((value) => typeof value === "string" && KUSTOMIZE.test(value)),
  source: "kustomize api/internal/target/kusttarget.go, addManagedByLabel",
};

export const TRACKING: readonly LeftOutRow[] = [
  BUILT_BY,
  ...BY_TERRAFORM,
  ...TRACKERS.flatMap((tracker) => rowsOf(tracker)),
  ...ASKED_OF_FLUX,
  {
    place: ["metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"],
    on: "any",
    reason: "ignored",
    rule: "what kubectl last applied",
    judged: false,
    source: "kubectl pkg/util/apply.go",
  },
];

function rowsOf({ deployer, by, labels = [], annotations = [], shared = [], source }: Tracker): readonly LeftOutRow[] {
  const marks = [
    ...labels.map((mark) => ({ map: "labels", mark })),
    ...annotations.map((mark) => ({ map: "annotations", mark })),
  ];
  const common = {
    by: new Set(by),
    reason: "ignored",
    rule: `${deployer}'s tracking`,
    source,
  } as const;
  return [
    ...labels.map((name) => ({
      ...common,
      place: ["metadata", "labels", name],
      on: "any" as const,
      unmanaged: true as const,
    })),
    ...annotations.map((name) => ({
      ...common,
      place: ["metadata", "annotations", name],
      on: "any" as const,
      unmanaged: true as const,
    })),
    ...shared.map((name) => ({
      ...common,
      place: ["metadata", "labels", name],
      on: "any" as const,
      // Where the object has no managedFields, what only this deployer writes must be there.
      unmanaged: true as const,
      test: ({ liveValue, live, managed }: DifferenceAt) =>
        (managed || marks.some(({ map, mark }) => fieldAt(live, "metadata", map, mark) !== undefined)) &&
        (NAMES_ITSELF[deployer] === undefined || liveValue === NAMES_ITSELF[deployer]),
    })),
    ...(deployer === "Argo CD"
      ? ["app.kubernetes.io/instance", "argocd.argoproj.io/instance"].map((name) => ({
          ...common,
          kinds: WORKLOADS,
          place: ["spec", "template", "metadata", "labels", name],
          on: "any" as const,
          // The same label as the object's own, which Argo CD wrote beside it.
          test: ({ liveValue, live }: DifferenceAt) => textOf(fieldAt(live, "metadata", "labels"), name) === liveValue,
        }))
      : []),
  ];
}
