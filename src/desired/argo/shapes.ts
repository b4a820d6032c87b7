/**
 * What the API server or Argo CD refuses in an Application, as far as it is about what is deployed: the types of fields
 * (argo-cd `manifests/crds/application-crd.yaml`), and what a source needs (`util/argo/argo.go`, validateSourcePermissions).
 * Read as if it were not there, such a field would deploy something else.
 */

import { fieldOf, isList, isMap } from "../../core/value.ts";
import type { Value } from "../../core/value.ts";
import type { Application } from "./objects.ts";

type Shape = "text" | "flag" | "map" | "pairs" | "texts" | "maps" | { readonly [field: string]: Shape };

const WORDS = {
  text: "text",
  flag: "true or false",
  map: "map",
  pairs: "map of texts",
  texts: "list of texts",
  maps: "list of maps",
} as const;

const SOURCE: Shape = {
  repoURL: "text",
  path: "text",
  targetRevision: "text",
  chart: "text",
  ref: "text",
  helm: {
    releaseName: "text",
    namespace: "text",
    kubeVersion: "text",
    valueFiles: "texts",
    values: "text",
    valuesObject: "map",
    parameters: "maps",
    fileParameters: "maps",
    apiVersions: "texts",
    ignoreMissingValueFiles: "flag",
    skipCrds: "flag",
    skipTests: "flag",
    skipSchemaValidation: "flag",
  },
  kustomize: {
    namePrefix: "text",
    nameSuffix: "text",
    namespace: "text",
    images: "texts",
    replicas: "maps",
    commonLabels: "map",
    commonAnnotations: "map",
    patches: "maps",
    components: "texts",
  },
  directory: { recurse: "flag", include: "text", exclude: "text" },
  plugin: "map",
};

const SPEC: Shape = {
  project: "text",
  destination: { server: "text", name: "text", namespace: "text" },
  source: SOURCE,
  sources: "maps",
  syncPolicy: { syncOptions: "texts", managedNamespaceMetadata: { labels: "pairs", annotations: "pairs" } },
};

/** The end of a sentence that begins with the Application's name. */
export function shapeProblem({ spec, sources }: Application): string | undefined {
  const several = fieldOf(spec, "sources");
  const items = isList(several) ? several : [];
  const odd =
    oddAt(spec, SPEC, "spec") ??
    items.flatMap((one, index) => oddAt(one, SOURCE, `spec.sources[${index}]`) ?? []).at(0);
  if (odd !== undefined) return odd;
  const poor = sources.find(({ repoURL }) => repoURL === "");
  if (poor !== undefined) return "has a source without repoURL";
  const many = items.length > 0;
  const bare = sources.some(
    ({ path, chart, ref }) => path === "" && chart === undefined && !(many && ref !== undefined),
  );
  return bare ? "has a source with neither path nor chart" : undefined;
}

/** Nothing is what the API server makes of null. */
function oddAt(value: Value | undefined, shape: Shape, path: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof shape === "string") return isShaped(value, shape) ? undefined : `has a ${path} that is no ${WORDS[shape]}`;
  if (!isMap(value)) return `has a ${path} that is no ${WORDS.map}`;
  for (const [name, inner] of Object.entries(shape)) {
    const odd = oddAt(fieldOf(value, name), inner, `${path}.${name}`);
    if (odd !== undefined) return odd;
  }
  return undefined;
}

function isShaped(value: Value, shape: Extract<Shape, string>): boolean {
  switch (shape) {
    case "text":
      return typeof value === "string";
    case "flag":
      return typeof value === "boolean";
    case "map":
      return isMap(value);
    case "pairs":
      return isMap(value) && Object.values(value).every((one) => typeof one === "string");
    case "texts":
      return isList(value) && value.every((one) => typeof one === "string");
    case "maps":
      return isList(value) && value.every(isMap);
  }
}
