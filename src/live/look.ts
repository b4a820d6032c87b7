/** Asks for one object, or its metadata: what was listed a moment ago may have changed since. */

import { isFault } from "../core/fault.ts";
import type { ObjectRef } from "../core/refs.ts";
import type { LiveSource } from "../core/stages.ts";
import { fieldOf, isMap } from "../core/value.ts";
import type { ValueMap } from "../core/value.ts";
import type { Digester } from "../text/digest.ts";
import type { Api } from "./api.ts";
import type { Discovery } from "./discovery.ts";
import { parseJson } from "./json.ts";
import { toLiveObject } from "./objects.ts";
import { isSecret } from "./secrets.ts";

/** No values: of a Secret only what it is called. */
const METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/** What may stand between two slashes (apimachinery `pkg/api/validation/path/name.go`): names of owners are anybody's text. */
function isSegment(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/%]/.test(name);
}

/** Never rejects. */
export function openLook(api: Api, discovery: Discovery): NonNullable<LiveSource["look"]> {
  return async (ref) => {
    const found = await ask(api, pathOf(ref, discovery), METADATA);
    const metadata = found === "absent" ? undefined : fieldOf(found, "metadata");
    return isMap(metadata) ? { metadata } : found === "absent" ? found : undefined;
  };
}

/** Never rejects. No Secret is asked for: what is in one is told as it was listed. */
export function openReadAgain(
  api: Api,
  discovery: Discovery,
  digester: Digester,
): NonNullable<LiveSource["readAgain"]> {
  return async (ref) => {
    const found = isSecret({ apiVersion: ref.apiVersion, kind: ref.kind })
      ? undefined
      : await ask(api, pathOf(ref, discovery));
    return found === "absent" || found === undefined ? found : toLiveObject(found, { digester, keepDigests: false });
  };
}

/** `undefined` where it cannot be told what there is. */
async function ask(api: Api, path: string | undefined, accept?: string): Promise<ValueMap | "absent" | undefined> {
  if (path === undefined) return undefined;
  const answer = await api.get(path, accept);
  if (isFault(answer) || answer.kind !== "answer") return undefined;
  if (answer.status === 404) return "absent";
  const found = answer.status === 200 ? parseJson(answer.body) : undefined;
  return isMap(found) ? found : undefined;
}

/** `undefined` where no such object can be asked for. */
function pathOf(ref: ObjectRef, discovery: Discovery): string | undefined {
  const kind = discovery.served(ref);
  if (kind === undefined || !kind.verbs.includes("get") || !isSegment(ref.name)) return undefined;
  if (kind.namespaced !== (ref.namespace !== undefined) || !isSegment(ref.namespace ?? "all")) return undefined;
  const root = kind.apiVersion.includes("/") ? "/apis" : "/api";
  const scope = ref.namespace === undefined ? "" : `/namespaces/${encodeURIComponent(ref.namespace)}`;
  return `${root}/${kind.apiVersion}${scope}/${encodeURIComponent(kind.resource)}/${encodeURIComponent(ref.name)}`;
}
