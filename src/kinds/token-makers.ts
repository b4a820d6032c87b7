/** Who makes tokens and pull Secrets for ServiceAccounts, and what they call them. */

/** Controllers that make tokens and pull Secrets for accounts: Kubernetes' (in k3s, one binary), OpenShift's. */
export const TOKEN_MAKERS: ReadonlySet<string> = new Set([
  "cluster-policy-controller",
  "k3s",
  "kube-controller-manager",
  "openshift-controller-manager",
]);

/** By the names that the controllers give (kubernetes and OpenShift: `<account>-token-x7x2q`). */
export function isTokenOf(account: string, secret: string | undefined): boolean {
  if (secret === undefined || !secret.startsWith(`${account}-`)) return false;
  return /^(?:token|dockercfg)-[a-z0-9]{5}$/.test(secret.slice(account.length + 1));
}
