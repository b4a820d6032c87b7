/**
 * Schemas of kinds that holdfast does not bring with it, from the API server's OpenAPI v3: custom resources, and versions
 * of Kubernetes' own groups that are newer or older than those of src/kinds/data.
 */

import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import type { KindRef } from "../core/refs.ts";
import type { FieldSchema, SchemaSource } from "../core/schema.ts";
import { textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { fieldSchema } from "../kinds/openapi.ts";
import { builtinSchemas } from "../kinds/schemas.ts";
import type { Api } from "./api.ts";
import { listFailed } from "./faults.ts";
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
   * Loads the schema of a kind that is not built in, once. A cluster that has no OpenAPI v3 leaves the schema unknown;
   * any other failure is a fault: compared without its list keys, the kind would seem to drift.
   */
  load(kind: KindRef): Promise<Fault | undefined>;
}

export function openSchemas(api: Api): ClusterSchemas {
  const documents = new Map<string, Promise<{ readonly document: Value } | Fault | undefined>>();
  const schemas = new Map<string, FieldSchema>();
  return {
    source: { schemaOf: (apiVersion, kind) => schemas.get(`${apiVersion}\0${kind}`) },
    load: async (kind) => {
      const { apiVersion } = kind;
      if (builtinSchemas.schemaOf(apiVersion, kind.kind) !== undefined) return undefined;
      const document = documents.get(apiVersion) ?? getDocument(api, kind);
      documents.set(apiVersion, document);
      const answer = await document;
      if (answer === undefined || isFault(answer)) return answer;
      const schema = fieldSchema(answer.document, apiVersion, kind.kind);
      if (schema !== undefined) schemas.set(`${apiVersion}\0${kind.kind}`, schema);
      return undefined;
    },
  };
}

async function getDocument(api: Api, kind: KindRef): Promise<{ readonly document: Value } | Fault | undefined> {
  const path = kind.apiVersion.split("/").map(encodeURIComponent).join("/");
  const answer = await api.get(`/openapi/v3/${kind.apiVersion.includes("/") ? "apis" : "api"}/${path}`);
  if (isFault(answer)) return answer;
  if (answer.kind === "too-large") return listFailed(kind, "its schema is too large");
  if (answer.status === 404) return undefined;
  if (answer.status === 403)
    return listFailed(kind, "its schema may not be read (every account may that has system:discovery)");
  if (answer.status !== 200) return listFailed(kind, `its schema: the API server answered ${answer.status}`);
  const document = parseJson(answer.body);
  if (document === undefined) return listFailed(kind, "its schema is no JSON");
  // Something in between may answer anything with 200: without its schema the kind would seem to drift.
  return textOf(document, "openapi") === undefined
    ? listFailed(kind, "its schema is no OpenAPI document")
    : { document };
}
