/**
 * Files that look like Kubernetes objects and are read by tools alone: no API server stores them, so they are no
 * desired objects. A list, since nothing in such a file says so itself.
 */

import { groupOf } from "../core/refs.ts";

const GROUPS: ReadonlySet<string> = new Set([
  // Kubernetes' own components (k8s.io/kubernetes cmd/*/apis/config, staging/src/k8s.io/*/config).
  "apiserver.config.k8s.io",
  "apiserver.k8s.io",
  "audit.k8s.io",
  "client.authentication.k8s.io",
  "cloudcontrollermanager.config.k8s.io",
  "controllermanager.config.k8s.io",
  "credentialprovider.kubelet.k8s.io",
  "eventratelimit.admission.k8s.io",
  "kubeadm.k8s.io",
  "kubecontrollermanager.config.k8s.io",
  "kubectl.config.k8s.io",
  "kubelet.config.k8s.io",
  "kubeproxy.config.k8s.io",
  "kubescheduler.config.k8s.io",
  "pod-security.admission.config.k8s.io",
  "resourcequota.admission.k8s.io",
  "webhookadmission.config.k8s.io",
  // Tools that run outside a cluster.
  "backstage.io",
  "chainsaw.kyverno.io",
  "cli.kyverno.io",
  "config.kubernetes.io",
  "ctlptl.dev",
  "eksctl.io",
  "k0sctl.k0sproject.io",
  "k3d.io",
  "kind.sigs.k8s.io",
  "kind.x-k8s.io",
  "krew.googlecontainertools.github.com",
  "kustomize.config.k8s.io",
  "kuttl.dev",
  "skaffold",
  "talos.dev",
]);

/** Kubeconfig files, and the scheduler's configuration of old. */
const CORE_KINDS: ReadonlySet<string> = new Set(["v1 Config", "v1 Policy", "v1 Preferences"]);

export function isClientOnly(apiVersion: string, kind: string): boolean {
  return GROUPS.has(groupOf(apiVersion)) || CORE_KINDS.has(`${apiVersion} ${kind}`);
}
