/** Reads one list of objects, page by page. */

import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import type { LiveObject } from "../core/objects.ts";
import type { ServedKind } from "../core/schema.ts";
import { fieldOf, isList, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import type { Digester } from "../text/digest.ts";
import type { Api } from "./api.ts";
import { listFailed, listForbidden, notServed } from "./faults.ts";
import { parseJson } from "./json.ts";
import { toLiveObject } from "./objects.ts";

/** Objects a page: what kubectl asks for. */
const PAGE = 500;

/** The list's own metadata stands before its items: a token is looked for in so many bytes. */
const HEAD_BYTES = 4096;

/** How often a list is begun anew because its continue token expired (410): tokens live about five minutes. */
const MAX_RESTARTS = 3;

export interface ListRequest {
  readonly api: Api;
  readonly kind: ServedKind;
  /** Absent for the whole cluster. */
  readonly namespace?: string;
  readonly digester: Digester;
}

/** `end`: the list was read to its end. A fault: it was not, whatever pages came before. One of them comes last. */
export type ListStep =
  | { readonly kind: "page"; readonly objects: readonly LiveObject[] }
  | { readonly kind: "end" }
  | { readonly kind: "failed"; readonly fault: Fault };

/**
 * The objects of one kind. Where the server's continue token expires, the list is read anew from its beginning and
 * objects that were handed on already (by namespace and name) are left out: none is lost and none comes twice, but an
 * object that changed or went in between stays as it was first seen. A page that is too large is asked for in parts.
 */
export async function* listObjects(request: ListRequest): AsyncGenerator<ListStep, void, undefined> {
  const { kind } = request;
  const state: State = { seen: new Set(), token: undefined, size: PAGE, restarts: 0, ahead: undefined };
  for (;;) {
    const answer = await nextPage(request, state);
    if (answer === undefined) continue;
    if (isFault(answer)) return yield { kind: "failed", fault: answer };
    const { page } = answer;
    const objects = newObjects(request, page, state.seen);
    if (objects === undefined)
      return yield { kind: "failed", fault: listFailed(kind, "the answer is no list of objects") };
    if (objects.length > 0) yield { kind: "page", objects };
    const token = textOf(fieldOf(page, "metadata"), "continue") ?? "";
    if (token === "") return yield { kind: "end" };
    if (token === state.token) return yield { kind: "failed", fault: listFailed(kind, "the list does not go on") };
    state.token = token;
  }
}

interface State {
  /** `namespace NUL name` of what was handed on. */
  readonly seen: Set<string>;
  token: string | undefined;
  size: number;
  restarts: number;
  /** The next page, asked for while this one is parsed and read. */
  ahead: { readonly path: string; readonly answer: ReturnType<Api["get"]> } | undefined;
}

/** `undefined`: ask again, the state has changed. */
async function nextPage(request: ListRequest, state: State): Promise<{ readonly page: Value } | Fault | undefined> {
  const { kind, namespace } = request;
  const answer = await ask(request, state);
  if (isFault(answer)) return answer.code === "cluster-unreachable" ? failedWithout(kind, answer) : answer;
  if (answer.kind === "too-large") {
    if (state.size === 1) return listFailed(kind, "one object is larger than the limit");
    state.size = Math.max(1, Math.floor(state.size / 8));
    return undefined;
  }
  switch (answer.status) {
    case 200: {
      askAhead(request, state, answer.body);
      const page = parseJson(answer.body);
      return page === undefined ? listFailed(kind, "the answer is no JSON") : { page };
    }
    case 403:
      return listForbidden(kind, kind.resource, namespace === undefined ? [] : [namespace]);
    case 404:
      return notServed(kind, false);
    case 410:
      if (state.token === undefined || state.restarts >= MAX_RESTARTS) {
        return listFailed(kind, `the list expired ${state.restarts + 1} times while it was read`);
      }
      state.restarts++;
      state.token = undefined;
      return undefined;
    default:
      return listFailed(kind, `the API server answered ${answer.status}`);
  }
}

async function ask(request: ListRequest, state: State): ReturnType<Api["get"]> {
  const path = pathOf(request, state);
  const { ahead } = state;
  state.ahead = undefined;
  return await (ahead?.path === path ? ahead.answer : request.api.get(path));
}

/** A guess that the page itself, once it is parsed, bears out or not: then the answer is not used. */
function askAhead(request: ListRequest, state: State, body: Buffer): void {
  const [, token] = /"continue":"([^"\\]+)"/.exec(body.toString("latin1", 0, HEAD_BYTES)) ?? [];
  if (token === undefined || token === state.token) return;
  const path = pathOf(request, { token, size: state.size });
  state.ahead = { path, answer: request.api.get(path) };
}

/** The API server was there when it was opened: what failed is this list, as far as is known. */
function failedWithout(kind: ServedKind, fault: Fault): Fault {
  return { ...listFailed(kind, fault.message), code: "cluster-unreachable", remedy: fault.remedy };
}

/** `/apis/apps/v1/namespaces/shop/deployments?limit=500` */
function pathOf({ kind, namespace }: ListRequest, state: Pick<State, "token" | "size">): string {
  const root = kind.apiVersion.includes("/") ? "/apis" : "/api";
  const scope = namespace === undefined ? "" : `/namespaces/${encodeURIComponent(namespace)}`;
  const token = state.token === undefined ? "" : `&continue=${encodeURIComponent(state.token)}`;
  return `${root}/${kind.apiVersion}${scope}/${encodeURIComponent(kind.resource)}?limit=${state.size}${token}`;
}

function newObjects(
  { kind, digester }: ListRequest,
  page: Value,
  seen: Set<string>,
): readonly LiveObject[] | undefined {
  // An empty list may be `null` (Go's nil slice), but it is always there: anything else is no answer to a list.
  const given = fieldOf(page, "items");
  const items = given === null ? [] : given;
  if (!isList(items) || textOf(page, "kind")?.endsWith("List") !== true) return undefined;
  const objects: LiveObject[] = [];
  for (const item of items) {
    const object = toLiveObject(item, { digester, keepDigests: false, of: kind });
    if (object === undefined) return undefined;
    const key = `${object.ref.namespace ?? ""}\0${object.ref.name}`;
    if (seen.has(key)) continue;
    seen.add(key);
    objects.push(object);
  }
  return objects;
}
