/** Which Kubernetes charts are rendered for (`.Capabilities.KubeVersion`): one answer for every command. */

export interface KubeVersion {
  /** `v1.36.3`. */
  readonly version: string;
  /** `asked`: by `--kube-version`. `cluster`: it, or its snapshot, says so. `assumed`: nothing says it. */
  readonly from: "asked" | "cluster" | "assumed";
}

/** Where nothing tells the version: what `kubectl get` prints does not. Helm's own default is years older. */
export const DEFAULT_KUBE_VERSION = "v1.36.0";

/** What helm takes. */
export function isKubeVersion(text: string): boolean {
  return /^v?\d{1,4}\.\d{1,4}(?:\.\d{1,6}(?:[-+][\w.+-]{1,100})?)?$/.test(text);
}

export function kubeVersionOf(asked: string | undefined, told = ""): KubeVersion {
  if (asked !== undefined) return { version: asked, from: "asked" };
  return /^v?\d+\.\d/.test(told)
    ? { version: told, from: "cluster" }
    : { version: DEFAULT_KUBE_VERSION, from: "assumed" };
}
