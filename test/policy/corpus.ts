/** Reads the public policy collections of the corpus, which a clean clone does not have. */

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { AdmissionRequest, Violation } from "../../src/core/admission.ts";
import { fieldOf, isMap, textOf } from "../../src/core/value.ts";
import type { Value, ValueMap } from "../../src/core/value.ts";
import type { AdmissionPolicy } from "../../src/policy/admission-policy.ts";
import { pluralOf } from "../../src/policy/plural.ts";
import { policyEnvironment } from "../../src/policy/environment.ts";
import { compilePolicy } from "../../src/policy/compile.ts";
import { readDocuments } from "../../src/policy/documents.ts";
import { evaluateRequest } from "../../src/policy/evaluate.ts";

export const CORPUS = fileURLToPath(new URL("../../../shared/corpus/vap/", import.meta.url));

/** Why tests of the corpus are skipped, or `undefined`. */
export function whyWithout(folder: string): string | undefined {
  return existsSync(`${CORPUS}${folder}`) ? undefined : `the corpus (${folder}) is not beside the repository`;
}

export function readCorpus(file: string): string {
  return readFileSync(`${CORPUS}${file}`, "utf8");
}

/** The documents of a file, which must be readable. */
export function documentsOf(file: string): readonly ValueMap[] {
  return readDocuments({ file, text: readCorpus(file) }).documents.map((document) => document.value);
}

const CLUSTER_SCOPED = new Set(["ClusterRole", "ClusterRoleBinding", "Namespace", "PersistentVolume", "StorageClass"]);

/** What the API server would ask about an object: in the namespace `default` where it names none, and with the defaults that policies meet. */
export function requestFor(
  operation: AdmissionRequest["operation"],
  given: Value,
  oldObject?: Value,
): AdmissionRequest {
  const kind = textOf(given, "kind") ?? "";
  const namespaced = !CLUSTER_SCOPED.has(kind);
  const object = namespaced ? withNamespace(given as ValueMap) : given;
  const namespace = textOf(fieldOf(object, "metadata"), "namespace");
  return {
    operation,
    ref: {
      apiVersion: textOf(object, "apiVersion") ?? "",
      kind,
      name: textOf(fieldOf(object, "metadata"), "name") ?? "",
      ...(namespaced && namespace !== undefined ? { namespace } : {}),
    },
    resource: { resource: pluralOf(kind), namespaced },
    object,
    ...(oldObject === undefined ? {} : { oldObject }),
  };
}

function withNamespace(object: ValueMap): ValueMap {
  const metadata = fieldOf(object, "metadata");
  if (!isMap(metadata) || Object.hasOwn(metadata, "namespace")) return object;
  return { ...object, metadata: { ...metadata, namespace: "default" } };
}

const environment = policyEnvironment();

/** What one policy finds, with a parameter object where it takes one. */
export function ask(
  policies: readonly AdmissionPolicy[],
  request: AdmissionRequest,
  params?: ValueMap,
): readonly Violation[] {
  const bound = policies.map((policy): AdmissionPolicy => {
    if (params === undefined) return policy;
    return { ...policy, bindings: [{ severity: "high", params: [params], allowWithoutParams: false }] };
  });
  return evaluateRequest(
    request,
    bound.map((policy) => compilePolicy(policy, environment)),
  );
}
