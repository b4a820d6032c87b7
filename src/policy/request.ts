/** The variables of one request, as the API server builds them (kubernetes/apiserver `pkg/admission/plugin/policy`). */

import type { AdmissionRequest } from "../core/admission.ts";
import { groupOf, versionOf } from "../core/refs.ts";
import { AdmissionRequestRecord, Authorizer, NotKnowable } from "./cel/records.ts";
import { toCel } from "./to-cel.ts";
import type { CelValue } from "./cel/value.ts";

/** What expressions see, but for `variables` and `params`. Reading an unknown `namespaceObject` throws {@link NotKnowable}. */
export interface RequestContext {
  readonly object: CelValue;
  readonly oldObject: CelValue;
  readonly request: AdmissionRequestRecord;
  readonly authorizer: Authorizer;
  readonly namespaceObject: CelValue;
}

/** Converts the request's objects once, for all policies. */
export function requestContext(request: AdmissionRequest): RequestContext {
  return {
    object: request.object === undefined ? null : toCel(request.object),
    oldObject: request.oldObject === undefined ? null : toCel(request.oldObject),
    request: requestRecord(request),
    authorizer: new Authorizer(),
    get namespaceObject() {
      if (request.namespaceObject !== undefined) return toCel(request.namespaceObject);
      if (request.resource.namespaced) throw new NotKnowable("the Namespace object is not known");
      return null;
    },
  };
}

function requestRecord({ ref, resource, operation, fieldManager }: AdmissionRequest): AdmissionRequestRecord {
  const group = groupOf(ref.apiVersion);
  const version = versionOf(ref.apiVersion);
  const kind = new Map([
    ["group", group],
    ["version", version],
    ["kind", ref.kind],
  ]);
  const named = new Map([
    ["group", group],
    ["version", version],
    ["resource", resource.resource],
  ]);
  const options = new Map([
    ["apiVersion", "meta.k8s.io/v1"],
    ["kind", OPTIONS[operation]],
    ...(fieldManager === undefined ? [] : ([["fieldManager", fieldManager]] as const)),
  ]);
  // The API server gives requests for a Namespace its own name as their namespace.
  const namespace = ref.kind === "Namespace" && group === "" ? ref.name : ref.namespace;
  const entries: readonly (readonly [string, () => CelValue])[] = [
    ["kind", () => kind],
    ["requestKind", () => kind],
    ["resource", () => named],
    ["requestResource", () => named],
    ["name", () => ref.name],
    ...(namespace === undefined ? [] : ([["namespace", () => namespace]] as const)),
    ["operation", () => operation],
    ["options", () => options],
    ["dryRun", () => false],
    ["uid", notKnowable("request.uid")],
    ["userInfo", notKnowable("request.userInfo")],
  ];
  return new AdmissionRequestRecord(new Map(entries));
}

const OPTIONS = { CREATE: "CreateOptions", UPDATE: "UpdateOptions", DELETE: "DeleteOptions" } as const;

function notKnowable(what: string): () => never {
  return () => {
    throw new NotKnowable(`${what} is not known after the fact`);
  };
}
