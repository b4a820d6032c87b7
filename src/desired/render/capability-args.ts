/** What helm is told of the cluster that a chart is rendered for. */

import type { Capabilities } from "./helm.ts";

/** An argument may have 128 KiB on Linux (`MAX_ARG_STRLEN`), all of them together some megabytes. */
const MAX_ARGUMENT = 64 * 1024;

/** What Kubernetes gives a version; helm splits a list at commas, and takes quotation marks for its own. */
const API_VERSION = /^[A-Za-z0-9.-]+(?:\/[A-Za-z0-9.-]+){0,2}$/;

/** Arguments of `helm template`. A version that helm could not read (of a snapshot, say) is left to helm's own. */
export function capabilityArgs({ kubeVersion, apiVersions }: Capabilities): readonly string[] {
  const version = /^v?\d+\.\d+[\w.+-]*$/.test(kubeVersion) ? ["--kube-version", kubeVersion] : [];
  const lists: string[] = [];
  let list = "";
  for (const one of apiVersions) {
    if (!API_VERSION.test(one)) continue;
    if (list.length + one.length >= MAX_ARGUMENT) {
      lists.push(list);
      list = "";
    }
    list += list === "" ? one : `,${one}`;
  }
  if (list !== "") lists.push(list);
  return [...version, ...lists.flatMap((text) => ["--api-versions", text])];
}
