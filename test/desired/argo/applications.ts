/** Applications and ApplicationSets of this repository, as YAML. */

export const REPOSITORY = "https://git.example.com/org/repo.git";

function indented(text: string, by: number): string {
  return text.replaceAll("\n", `\n${" ".repeat(by)}`);
}

/** @param second another source of it */
export function application(name: string, source: string, namespace = "shop", second?: string): string {
  const own = `repoURL: ${REPOSITORY}\ntargetRevision: HEAD\n${source}`;
  const sources =
    second === undefined
      ? `source:\n    ${indented(own, 4)}`
      : `sources:\n  - ${indented(own, 4)}\n  - ${indented(second, 4)}`;
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: '${name}', namespace: argocd}
spec:
  project: default
  destination: {server: https://kubernetes.default.svc, namespace: ${namespace}}
  ${sources}
`;
}

/** @param more lines of its spec */
export function applicationSet(
  name: string,
  generators: string,
  template: string,
  source: string,
  more = "goTemplate: false",
): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: ${name}, namespace: argocd}
spec:
  ${more}
  generators:
  ${indented(generators, 2)}
  template:
    metadata: {name: ${template}}
    spec:
      project: default
      destination: {server: https://kubernetes.default.svc, namespace: shop}
      source:
        repoURL: ${REPOSITORY}
        ${indented(source, 8)}
`;
}
