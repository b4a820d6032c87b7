/** Field managers that deploy what Git declares. A manager's name is chosen by whoever writes: it is evidence, no proof. */

import type { Actor, ManagedFields } from "../core/objects.ts";
import { compareText } from "../core/value.ts";

interface Deployer {
  readonly manager: string;
  /** `manager` is how names begin. */
  readonly prefix?: true;
  /** Absent: both. */
  readonly operation?: Actor["operation"];
  /** It deploys by itself, from Git; the others are run by people and pipelines. */
  readonly controller?: true;
}

const DEPLOYERS: readonly Deployer[] = [
  // kubectl pkg/cmd/apply/apply.go: FieldManagerClientSideApply, fieldManagerServerSideApply.
  { manager: "kubectl-client-side-apply" },
  { manager: "kubectl", operation: "Apply" },
  // Helm pkg/kube/client.go: the binary's name (ManagedFieldsManager).
  { manager: "helm" },
  // The same where Terraform's provider has Helm built in: `terraform-provider-helm_v2.17.0_x5`.
  { manager: "terraform-provider-helm_", prefix: true },
  // Flux: each controller is the manager of what it applies (kustomize-controller, helm-controller main.go: controllerName).
  { manager: "kustomize-controller", controller: true },
  { manager: "helm-controller", controller: true },
  { manager: "Flux", controller: true },
  // Argo CD common/common.go: ArgoCDSSAManager; client-side applies carry the binary's name.
  { manager: "argocd-controller", controller: true },
  { manager: "argocd-application-controller", controller: true },
  // kapp pkg/kapp/resources: the binary's name.
  { manager: "kapp" },
  // pulumi-kubernetes provider/pkg/provider: `pulumi-kubernetes`, or that with a random end.
  { manager: "pulumi-kubernetes", prefix: true },
  // terraform-provider-kubernetes manifest/provider/apply.go: defaultFieldManagerName; typed resources by their user agent.
  { manager: "Terraform" },
  { manager: "HashiCorp" },
];

/** `more`: names of further managers that deploy, under either operation. */
export function isDeployer(actor: Actor, more: readonly string[] = []): boolean {
  return rowOf(actor) !== undefined || more.includes(actor.manager);
}

function rowOf({ manager, operation }: Actor): Deployer | undefined {
  return DEPLOYERS.find(
    (row) =>
      (row.prefix === true ? manager.startsWith(row.manager) : manager === row.manager) &&
      (row.operation === undefined || row.operation === operation),
  );
}

/** Entries that deployed the object, newest first. Writes to status and through other subresources deploy nothing. */
export function deploymentsOf(
  managers: readonly ManagedFields[],
  more: readonly string[] = [],
): readonly ManagedFields[] {
  return managers
    .filter((entry) => entry.subresource === undefined && isDeployer(entry, more))
    .filter((entry, _index, entries) => !isByHand(entry, entries))
    .toSorted((a, b) => compareText(b.time ?? "", a.time ?? ""));
}

/** Somebody ran a tool on an object that a controller had deployed before: that was no deployment from Git. */
function isByHand(entry: ManagedFields, entries: readonly ManagedFields[]): boolean {
  const row = rowOf(entry);
  if (row === undefined || row.controller === true) return false;
  return entries.some((other) => rowOf(other)?.controller === true && (other.time ?? "~") <= (entry.time ?? ""));
}
