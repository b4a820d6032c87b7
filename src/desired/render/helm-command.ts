/** The helm that kustomize is told to call: it decides what helm is asked, and a kustomization writes half of that. */

import { writeFile } from "node:fs/promises";

/**
 * Writes the command: helm to render with, and nothing else. A release's name stands where an option may stand
 * (kustomize `HelmChart.AsHelmArgs`), and a program to run can be an option of helm's.
 */
export async function writeHelmCommand(
  file: string,
  { helm, capabilities }: { readonly helm: string; readonly capabilities: readonly string[] },
): Promise<void> {
  await writeFile(file, script(helm, capabilities), { mode: 0o500 });
}

/** What the kustomization says of the cluster itself goes for it. */
function script(helm: string, capabilities: readonly string[]): string {
  return `#!/bin/sh
HELM_CONFIG_HOME=$HOME HELM_CACHE_HOME=$HOME HELM_DATA_HOME=$HOME
export HELM_CONFIG_HOME HELM_CACHE_HOME HELM_DATA_HOME
refuse() { echo "$1" >&2; exit 1; }
case "$1" in
  version) exec ${quoted(helm)} version --short ;;
  template) shift ;;
  *) refuse "helm $1 is not run: the chart is not in the repository" ;;
esac
case "$1" in
  --generate-name) ;;
  -*) refuse "the release's name is an option of helm's" ;;
esac
version=${capabilities[0] === "--kube-version" ? quoted(capabilities[1] ?? "") : "''"}
for one in "$@"; do
  case "$one" in
    --post-renderer*) refuse "post-renderers are not run" ;;
    --kube-version) version= ;;
  esac
done
if [ "$version" != "" ]; then set -- "$@" --kube-version "$version"; fi
exec ${quoted(helm)} template "$@" ${capabilities
    .slice(capabilities[0] === "--kube-version" ? 2 : 0)
    .map(quoted)
    .join(" ")}
`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
