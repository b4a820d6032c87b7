/** `authorizer`: who may do what was known when the request was made, and is not now. */

import type { Environment } from "@marcbachmann/cel-js";
import { NotKnowable } from "../records.ts";
import type { Register } from "../register.ts";

const AUTHORIZER = "kubernetes.authorization.Authorizer";

/** The type of the variable itself is registered with it. Every question throws {@link NotKnowable}; only the types of what follows matter. */
export function registerAuthorizer(environment: Environment, register: Register): void {
  const [path, group, resource, decision] = ["PathCheck", "GroupCheck", "ResourceCheck", "Decision"].map((name) => {
    const type = `kubernetes.authorization.${name}`;
    environment.registerType(type, { fields: {} });
    return type;
  });
  register(`${AUTHORIZER}.path(string): ${path}`, ask);
  register(`${path}.check(string): ${decision}`, ask);
  register(`${AUTHORIZER}.group(string): ${group}`, ask);
  register(`${AUTHORIZER}.serviceAccount(string, string): ${AUTHORIZER}`, ask);
  register(`${group}.resource(string): ${resource}`, ask);
  for (const narrowing of ["subresource", "namespace", "name", "fieldSelector", "labelSelector"]) {
    register(`${resource}.${narrowing}(string): ${resource}`, ask);
  }
  register(`${resource}.check(string): ${decision}`, ask);
  for (const answer of ["allowed", "errored"]) register(`${decision}.${answer}(): bool`, ask);
  for (const text of ["reason", "error"]) register(`${decision}.${text}(): string`, ask);
}

function ask(): never {
  throw new NotKnowable("what the requester was allowed (authorizer) is not known after the fact");
}
