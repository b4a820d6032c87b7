/** Field managers that deploy what Git declares. A manager's name is chosen by whoever writes: it is evidence, no proof. */

import type { Actor } from "../core/objects.ts";

const DEPLOYERS: ReadonlySet<string> = new Set([
  "argocd-application-controller",
  "argocd-controller",
  "helm",
  "helm-controller",
  "kapp",
  "kustomize-controller",
]);

export function isDeployer({ manager, operation }: Actor): boolean {
  return (
    DEPLOYERS.has(manager) ||
    manager === "kubectl-client-side-apply" ||
    (manager === "kubectl" && operation === "Apply")
  );
}
