// How people and programs write: whole objects as `kubectl edit` and `replace` send them, patches, server-side apply by
// another manager, the scale subresource. Each write is refused where the object has changed since it was read.

import type { Value, ValueMap } from "../../src/core/value.ts";
import { fieldAt, fieldOf, isList, isMap, withField } from "../../src/core/value.ts";
import { pathOf } from "./api.ts";
import type { Answer, BenchApi, Resource } from "./api.ts";
import type { Route } from "./edits.ts";
import { itemsOf, listKindOf, propertyOf } from "./schema.ts";
import type { Schema } from "./schema.ts";

export const HANDS = ["edit", "json patch", "merge patch", "server-side apply", "scale"] as const;
export type Hand = (typeof HANDS)[number];

/** Who the write is known by afterwards. */
export const ACTOR_OF: Readonly<
  Record<Hand, { readonly manager: string; readonly operation: string; readonly subresource?: string }>
> = {
  edit: { manager: "kubectl-edit", operation: "Update" },
  "json patch": { manager: "kubectl-patch", operation: "Update" },
  "merge patch": { manager: "kubectl-patch", operation: "Update" },
  "server-side apply": { manager: "another-tool", operation: "Apply" },
  scale: { manager: "kubectl", operation: "Update", subresource: "scale" },
};

export interface Writing {
  readonly api: BenchApi;
  readonly resource: Resource;
  readonly before: ValueMap;
  /** The object as it is meant to be. */
  readonly after: ValueMap;
  readonly route: Route;
  readonly removes: boolean;
  readonly schema: Schema | undefined;
}

/** Which hands can make such a change. */
export function handsFor({
  resource,
  route,
  removes,
}: Pick<Writing, "resource" | "route" | "removes">): readonly Hand[] {
  if (resource.subresources.includes("scale") && route.join(".") === "spec.replicas" && !removes)
    return ["scale", "edit"];
  return removes ? ["edit", "json patch", "merge patch"] : ["edit", "json patch", "merge patch", "server-side apply"];
}

export async function write(hand: Hand, writing: Writing): Promise<Answer> {
  const { api, resource, before, after } = writing;
  const metadata = fieldOf(before, "metadata");
  const [namespace, name] = [fieldOf(metadata, "namespace"), fieldOf(metadata, "name")] as [string | undefined, string];
  const path = pathOf(resource, namespace, name);
  const query = `fieldManager=${ACTOR_OF[hand].manager}`;
  const version = fieldOf(metadata, "resourceVersion") as Value;
  switch (hand) {
    case "edit":
      return await api.call({ method: "PUT", path: `${path}?${query}`, body: after });
    case "json patch": {
      const body = [{ op: "test", path: "/metadata/resourceVersion", value: version }, ...operationsFor(before, after)];
      return await api.call({ method: "PATCH", path: `${path}?${query}`, body, type: "application/json-patch+json" });
    }
    case "merge patch": {
      const body = withField(mergePatch(before, after), "metadata", {
        ...(mergePatch(before, after)["metadata"] as ValueMap | undefined),
        resourceVersion: version,
      });
      return await api.call({ method: "PATCH", path: `${path}?${query}`, body, type: "application/merge-patch+json" });
    }
    case "server-side apply": {
      const { value } = onlyAt(after, writing.route, writing.schema);
      const body = {
        ...(isMap(value) ? value : {}),
        apiVersion: resource.apiVersion,
        kind: resource.kind,
        metadata: { ...(fieldOf(value, "metadata") as ValueMap | undefined), name, resourceVersion: version },
      };
      return await api.call({
        method: "PATCH",
        path: `${path}?${query}&force=true`,
        body,
        type: "application/apply-patch+yaml",
      });
    }
    case "scale": {
      const body = {
        metadata: { resourceVersion: version },
        spec: { replicas: fieldAt(after, "spec", "replicas") ?? null },
      };
      const answer = await api.call({
        method: "PATCH",
        path: `${path}/scale?${query}`,
        body,
        type: "application/merge-patch+json",
      });
      return answer.status === 200 ? await api.call({ method: "GET", path }) : answer;
    }
  }
}

/** Top-level fields that differ, set or removed: enough of a JSON patch, and as precise as its sender likes. */
function operationsFor(before: Value, after: Value, at = ""): readonly ValueMap[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (!isMap(before) || !isMap(after)) return [{ op: "replace", path: at, value: after }];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) => {
    const path = `${at}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    const [old, next] = [fieldOf(before, name), fieldOf(after, name)];
    if (next === undefined) return [{ op: "remove", path }];
    return old === undefined ? [{ op: "add", path, value: next }] : operationsFor(old, next, path);
  });
}

function mergePatch(before: ValueMap, after: ValueMap): ValueMap {
  const patch: Record<string, Value> = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, next] = [fieldOf(before, name), fieldOf(after, name)];
    if (JSON.stringify(old) === JSON.stringify(next)) continue;
    if (next === undefined) patch[name] = null;
    else patch[name] = isMap(old) && isMap(next) ? mergePatch(old, next) : next;
  }
  return patch;
}

/** The object with nothing but what stands at the route, and the keys that lead there. Lists that are one value are sent whole. */
function onlyAt(value: Value, route: Route, schema: Schema | undefined): { readonly value: Value } {
  const [step, ...rest] = route;
  if (step === undefined) return { value };
  if (typeof step === "string") {
    const inner = fieldOf(value, step);
    return { value: inner === undefined ? {} : { [step]: onlyAt(inner, rest, propertyOf(schema, step)).value } };
  }
  const list = listKindOf(schema);
  const item = isList(value) ? (value[step] as Value) : null;
  if (list.kind === "atomic") return { value };
  if (list.kind === "set") return { value: [item] };
  const inner = onlyAt(item, rest, itemsOf(schema)).value;
  const keys = Object.fromEntries(
    list.keys.flatMap((key) => (fieldOf(item, key) === undefined ? [] : [[key, fieldOf(item, key) as Value]])),
  );
  return { value: [isMap(inner) ? { ...keys, ...inner } : inner] };
}
