/** Asks for one JSON document that is not a list of objects: discovery, the version, a schema. */

import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import type { Value } from "../core/value.ts";
import type { Api } from "./api.ts";
import { parseJson } from "./json.ts";

/** The document. Faults: those of {@link Api.get}, and `list-failed` for any other status, or an answer that is no JSON. */
export async function getJson(api: Api, path: string, accept?: string): Promise<{ readonly document: Value } | Fault> {
  const answer = await api.get(path, accept);
  if (isFault(answer)) return answer;
  if (answer.kind === "too-large") return documentFailed(path, "the answer is too large");
  if (answer.status !== 200) return documentFailed(path, `the API server answered ${answer.status}`);
  const value = parseJson(answer.body);
  return value === undefined ? documentFailed(path, "the answer is no JSON") : { document: value };
}

/** The document at `path` is not what it must be. */
export function documentFailed(path: string, why: string): Fault {
  return {
    kind: "fault",
    code: "list-failed",
    about: path,
    message: `${path} of the cluster could not be read: ${why}`,
    remedy: "Check that the kubeconfig names an API server, and what it logs.",
    leavesUnknown: "declared",
  };
}
