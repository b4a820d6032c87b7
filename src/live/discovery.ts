/** What kinds an API server serves: aggregated discovery (kubernetes 1.26 and newer), or one document a group version. */

import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import { groupOf, kindKey } from "../core/refs.ts";
import type { KindRef } from "../core/refs.ts";
import type { ServedKind } from "../core/schema.ts";
import { fieldOf, isList, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import type { Api } from "./api.ts";
import { documentFailed, getJson } from "./get-json.ts";

/** apidiscovery.k8s.io: v2 since 1.30, v2beta1 since 1.26; older servers answer with plain JSON. */
const ACCEPT = [
  "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
  "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
  "application/json",
].join(",");

export interface Discovery {
  /** The declared version where it is served, else the preferred one that can be listed; `undefined` where there is none. */
  served(kind: KindRef): ServedKind | undefined;
  /** Served in more than one version. */
  isVersioned(kind: KindRef): boolean;
  /** The kind's group could not be asked: what it serves is unknown. */
  isStale(kind: KindRef): boolean;
  /** Not served in this version, as far as all of its group was asked. */
  lacks(kind: KindRef): boolean;
  /** Each kind once, in the version that the server prefers, where that can be listed. */
  readonly listable: readonly ServedKind[];
}

/** Asks for the core group and all others. A group whose own server does not answer is stale; the rest goes on. */
export async function discover(api: Api): Promise<Discovery | Fault> {
  const [core, groups] = await Promise.all([getJson(api, "/api", ACCEPT), getJson(api, "/apis", ACCEPT)]);
  if (isFault(core)) return core;
  if (isFault(groups)) return groups;
  const found: Found = { kinds: [], stale: new Set() };
  for (const [path, { document }] of [
    ["/api", core],
    ["/apis", groups],
  ] as const) {
    // Something in between may answer anything with 200: without its kinds a cluster would seem to have none.
    if (!isDiscovery(document)) return documentFailed(path, "the answer is no list of kinds");
    const problem = isAggregated(document) ? readAggregated(document, found) : await readEach(api, document, found);
    if (problem !== undefined) return problem;
  }
  return tableOf(found);
}

interface Found {
  /** In the server's order of preference. */
  readonly kinds: ServedKind[];
  /** Groups. */
  readonly stale: Set<string>;
}

function tableOf({ kinds, stale }: Found): Discovery {
  const byKind = new Map<string, ServedKind[]>();
  for (const kind of kinds) {
    const versions = byKind.get(kindKey(kind));
    if (versions === undefined) byKind.set(kindKey(kind), [kind]);
    else versions.push(kind);
  }
  const isStale = (kind: KindRef): boolean => stale.has(groupOf(kind.apiVersion));
  return {
    served: (kind) => {
      const versions = byKind.get(kindKey(kind)) ?? [];
      const listed = versions.filter(({ verbs }) => verbs.includes("list"));
      return (
        listed.find(({ apiVersion }) => apiVersion === kind.apiVersion) ??
        listed[0] ??
        versions.find(({ apiVersion }) => apiVersion === kind.apiVersion) ??
        versions[0]
      );
    },
    isVersioned: (kind) => (byKind.get(kindKey(kind)) ?? []).length > 1,
    isStale,
    lacks: (kind) =>
      !isStale(kind) && (byKind.get(kindKey(kind)) ?? []).every(({ apiVersion }) => apiVersion !== kind.apiVersion),
    listable: [...byKind.values()].flatMap((versions) => versions.find(({ verbs }) => verbs.includes("list")) ?? []),
  };
}

function isDiscovery(document: Value): boolean {
  const lists = { APIGroupDiscoveryList: "items", APIVersions: "versions", APIGroupList: "groups" };
  const kind = textOf(document, "kind") ?? "";
  return Object.hasOwn(lists, kind) && isList(fieldOf(document, lists[kind as keyof typeof lists]));
}

function isAggregated(document: Value): boolean {
  return textOf(document, "kind") === "APIGroupDiscoveryList";
}

function readAggregated(document: Value, found: Found): undefined {
  for (const group of listOf(document, "items")) {
    const name = textOf(fieldOf(group, "metadata"), "name") ?? "";
    for (const version of listOf(group, "versions")) {
      if (textOf(version, "freshness") === "Stale") found.stale.add(name);
      const apiVersion = versionName(name, textOf(version, "version") ?? "");
      for (const resource of listOf(version, "resources")) {
        add(found, apiVersion, {
          kind: textOf(fieldOf(resource, "responseKind"), "kind"),
          resource: textOf(resource, "resource"),
          namespaced: textOf(resource, "scope") === "Namespaced",
          verbs: listOf(resource, "verbs"),
        });
      }
    }
  }
}

/** `APIVersions` or `APIGroupList`: one request for each version that they name. */
async function readEach(api: Api, document: Value, found: Found): Promise<Fault | undefined> {
  const versions = listOf(document, "versions").filter((version) => typeof version === "string");
  const asked = versions.map((version) => ({ group: "", apiVersion: version, path: `/api/${version}` }));
  for (const group of listOf(document, "groups")) {
    for (const version of preferredFirst(group)) {
      asked.push({ group: textOf(group, "name") ?? "", apiVersion: version, path: `/apis/${version}` });
    }
  }
  const answers = await Promise.all(asked.map(({ path }) => getJson(api, path)));
  for (const [index, answer] of answers.entries()) {
    const { group, apiVersion } = asked[index] as (typeof asked)[number];
    if (isFault(answer)) {
      if (answer.code !== "list-failed") return answer;
      found.stale.add(group);
      continue;
    }
    if (!isList(fieldOf(answer.document, "resources"))) {
      found.stale.add(group);
      continue;
    }
    for (const resource of listOf(answer.document, "resources")) {
      const name = textOf(resource, "name");
      if (name?.includes("/") === true) continue;
      add(found, apiVersion, {
        kind: textOf(resource, "kind"),
        resource: name,
        namespaced: fieldOf(resource, "namespaced") === true,
        verbs: listOf(resource, "verbs"),
      });
    }
  }
  return undefined;
}

function preferredFirst(group: Value): readonly string[] {
  const names = listOf(group, "versions").flatMap((version) => textOf(version, "groupVersion") ?? []);
  const preferred = textOf(fieldOf(group, "preferredVersion"), "groupVersion");
  return preferred !== undefined && names.includes(preferred)
    ? [preferred, ...names.filter((name) => name !== preferred)]
    : names;
}

interface Resource {
  readonly kind: string | undefined;
  readonly resource: string | undefined;
  readonly namespaced: boolean;
  readonly verbs: readonly Value[];
}

function add(found: Found, apiVersion: string, { kind, resource, namespaced, verbs }: Resource): void {
  if (kind === undefined || resource === undefined || kind === "" || resource === "") return;
  found.kinds.push({ apiVersion, kind, resource, namespaced, verbs: verbs.filter((verb) => typeof verb === "string") });
}

function versionName(group: string, version: string): string {
  return group === "" ? version : `${group}/${version}`;
}

function listOf(value: Value, name: string): readonly Value[] {
  const found = fieldOf(value, name);
  return isList(found) ? found : [];
}
