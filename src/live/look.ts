/** Asks for the metadata of one object: what was listed a moment ago may have changed since. */

import { isFault } from "../core/fault.ts";
import type { LiveSource } from "../core/stages.ts";
import { fieldOf, isMap } from "../core/value.ts";
import type { Api } from "./api.ts";
import type { Discovery } from "./discovery.ts";
import { parseJson } from "./json.ts";

/** No values: of a Secret only what it is called. */
const METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/** What may stand between two slashes (apimachinery `pkg/api/validation/path/name.go`): names of owners are anybody's text. */
function isSegment(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/%]/.test(name);
}

/** Never rejects. */
export function openLook(api: Api, discovery: Discovery): NonNullable<LiveSource["look"]> {
  return async (ref) => {
    const kind = discovery.served(ref);
    if (kind === undefined || !kind.verbs.includes("get") || !isSegment(ref.name)) return undefined;
    if (kind.namespaced !== (ref.namespace !== undefined) || !isSegment(ref.namespace ?? "all")) return undefined;
    const root = kind.apiVersion.includes("/") ? "/apis" : "/api";
    const scope = ref.namespace === undefined ? "" : `/namespaces/${encodeURIComponent(ref.namespace)}`;
    const path = `${root}/${kind.apiVersion}${scope}/${encodeURIComponent(kind.resource)}/${encodeURIComponent(ref.name)}`;
    const answer = await api.get(path, METADATA);
    if (isFault(answer) || answer.kind !== "answer") return undefined;
    if (answer.status === 404) return "absent";
    const metadata = answer.status === 200 ? fieldOf(parseJson(answer.body), "metadata") : undefined;
    return isMap(metadata) ? { metadata } : undefined;
  };
}
