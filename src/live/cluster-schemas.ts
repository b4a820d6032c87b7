/**
 * Schemas of kinds that holdfast does not bring with it: custom resources, and versions of Kubernetes' own groups that are
 * newer or older than those of src/kinds/data. From the API server's OpenAPI v3; of a kind that this does not have, from
 * its CustomResourceDefinition, since the server publishes OpenAPI some seconds after it serves a kind, and old ones not at
 * all (apiextensions-apiserver `pkg/controller/openapiv3`). The definition is also asked where a kind has several versions:
 * the one that objects are stored in may have defaults that the declared one lacks.
 */

import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import type { KindRef } from "../core/refs.ts";
import { groupOf } from "../core/refs.ts";
import type { FieldSchema, SchemaSource, ServedKind } from "../core/schema.ts";
import { textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { crdSchemas, fieldSchema, withDefaultsOf } from "../kinds/openapi.ts";
import { builtinSchemas } from "../kinds/schemas.ts";
import type { Api } from "./api.ts";
import { listFailed, schemaForbidden } from "./faults.ts";
import { parseJson } from "./json.ts";

/** Groups of the API server itself (kubernetes `api/openapi-spec/v3`). */
export const BUILT_IN_GROUPS: ReadonlySet<string> = new Set([
  "",
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "apiregistration.k8s.io",
  "apps",
  "authentication.k8s.io",
  "authorization.k8s.io",
  "autoscaling",
  "batch",
  "certificates.k8s.io",
  "coordination.k8s.io",
  "discovery.k8s.io",
  "events.k8s.io",
  "extensions",
  "flowcontrol.apiserver.k8s.io",
  "internal.apiserver.k8s.io",
  "networking.k8s.io",
  "node.k8s.io",
  "policy",
  "rbac.authorization.k8s.io",
  "resource.k8s.io",
  "scheduling.k8s.io",
  "storage.k8s.io",
  "storagemigration.k8s.io",
]);

export interface ClusterSchemas {
  /** What was loaded so far. */
  readonly source: SchemaSource;
  /**
   * Loads the schema of a kind that is not built in, once. It stays unknown where neither OpenAPI nor a
   * CustomResourceDefinition has it: of an aggregated API without OpenAPI. Any other failure is a fault: compared without
   * its list keys and defaults, the kind would seem to drift.
   */
  load(kind: ServedKind): Promise<Fault | undefined>;
}

type Loaded = { readonly schema: FieldSchema | undefined } | Fault;
type Document = { readonly document: Value | undefined } | Fault;

/** `isVersioned`: whether the kind is served in several versions, of which one may bring the others' objects its defaults. */
export function openSchemas(api: Api, isVersioned: (kind: KindRef) => boolean = () => false): ClusterSchemas {
  const documents = new Map<string, Promise<Document>>();
  const loading = new Map<string, Promise<Loaded>>();
  const schemas = new Map<string, FieldSchema>();
  const find = async (kind: ServedKind): Promise<Loaded> => {
    const published = documents.get(kind.apiVersion) ?? getOpenApi(api, kind);
    documents.set(kind.apiVersion, published);
    const answer = await published;
    if (isFault(answer)) return answer;
    const { document } = answer;
    const schema = document === undefined ? undefined : fieldSchema(document, kind.apiVersion, kind.kind);
    if (schema === undefined) return await definedSchema(api, kind);
    if (!isVersioned(kind)) return { schema };
    const defined = await definedSchema(api, kind);
    // OpenAPI says of a version what it says itself. Who may not read the definition knows as much.
    if (isFault(defined)) return defined.code === "list-forbidden" ? { schema } : defined;
    return { schema: defined.schema === undefined ? schema : withDefaultsOf(schema, defined.schema) };
  };
  return {
    source: { schemaOf: (apiVersion, kind) => schemas.get(`${apiVersion}\0${kind}`) },
    load: async (kind) => {
      if (builtinSchemas.schemaOf(kind.apiVersion, kind.kind) !== undefined) return undefined;
      const key = `${kind.apiVersion}\0${kind.kind}`;
      const loaded = loading.get(key) ?? find(kind);
      loading.set(key, loaded);
      const answer = await loaded;
      if (isFault(answer)) return answer;
      if (answer.schema !== undefined) schemas.set(key, answer.schema);
      return undefined;
    },
  };
}

/** The schemas of a group version. */
async function getOpenApi(api: Api, kind: KindRef): Promise<Document> {
  const path = kind.apiVersion.split("/").map(encodeURIComponent).join("/");
  const root = kind.apiVersion.includes("/") ? "apis" : "api";
  const answer = await getSchema(api, `/openapi/v3/${root}/${path}`, kind);
  if (isFault(answer)) return answer;
  if (answer.status === 404) return { document: undefined };
  if (answer.status === 403)
    return listFailed(kind, "its schema may not be read (every account may that has system:discovery)");
  // Something in between may answer anything with 200: without its schema the kind would seem to drift.
  return textOf(answer.document, "openapi") === undefined
    ? listFailed(kind, "its schema is no OpenAPI document")
    : answer;
}

/** What the kind's CustomResourceDefinition says. */
async function definedSchema(api: Api, kind: ServedKind): Promise<Loaded> {
  const group = groupOf(kind.apiVersion);
  if (BUILT_IN_GROUPS.has(group)) return { schema: undefined };
  const name = encodeURIComponent(`${kind.resource}.${group}`);
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`;
  const answer = await getSchema(api, path, kind);
  if (isFault(answer)) return answer;
  if (answer.status === 404) return { schema: undefined };
  if (answer.status === 403) return schemaForbidden(kind);
  if (textOf(answer.document, "kind") !== "CustomResourceDefinition")
    return listFailed(kind, "its schema is no CustomResourceDefinition");
  const defined = crdSchemas(answer.document);
  return {
    schema: defined.find((one) => one.apiVersion === kind.apiVersion && one.kind === kind.kind)?.schema,
  };
}

type Got = { readonly status: 200; readonly document: Value } | { readonly status: 403 } | { readonly status: 404 };

/** What every other answer means, wherever a schema stands. */
async function getSchema(api: Api, path: string, kind: KindRef): Promise<Got | Fault> {
  const answer = await api.get(path);
  if (isFault(answer)) return answer;
  if (answer.kind === "too-large") return listFailed(kind, "its schema is too large");
  if (answer.status === 404 || answer.status === 403) return { status: answer.status };
  if (answer.status !== 200) return listFailed(kind, `its schema: the API server answered ${answer.status}`);
  const document = parseJson(answer.body);
  return document === undefined ? listFailed(kind, "its schema is no JSON") : { status: 200, document };
}
