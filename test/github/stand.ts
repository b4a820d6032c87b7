import { join } from "node:path";
import { json, parsed } from "./backend.ts";
import type { Answer, Backend } from "./backend.ts";
import { GitMirror } from "./git-mirror.ts";
import type { Identities, Identity } from "./identities.ts";
import type { PullRequests } from "./pull-requests.ts";
import { Refusal } from "./refusals.ts";

/** What the handlers of requests share: the emulator, and the state that it lacks. */
export interface Stand {
  readonly url: string;
  readonly backend: Backend;
  readonly identities: Identities;
  readonly pulls: PullRequests;
  /** Commits that GitHub would have signed. */
  readonly signed: Set<string>;
  /** Full names of all repositories. */
  readonly repositories: Set<string>;
  readonly sarifs: unknown[];
  readonly mirrors: Map<string, GitMirror>;
  /** A folder for the bare copies, removed at the end. */
  readonly folder: string;
}

/** One request after its identity is known. */
export interface ClientRequest {
  readonly method: string;
  /** Without the query and without `/api/v3`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly identity: Identity;
}

export interface Repository {
  readonly id: number;
  readonly node_id: string;
  readonly name: string;
  readonly full_name: string;
  readonly private: boolean;
  readonly archived: boolean;
  readonly has_issues: boolean;
  readonly default_branch: string;
  readonly owner: { readonly login: string };
}

export async function mirrorOf(stand: Stand, fullName: string): Promise<GitMirror> {
  const known = stand.mirrors.get(fullName);
  if (known) return known;
  const folder = join(stand.folder, `${fullName.replace("/", "~")}.git`);
  const mirror = await GitMirror.create(stand.backend, fullName, folder);
  stand.mirrors.set(fullName, mirror);
  return mirror;
}

/** Passes the request on as it is. */
export function forward(stand: Stand, request: ClientRequest, body?: unknown): Promise<Answer> {
  const search = request.query.size === 0 ? "" : `?${request.query.toString()}`;
  const { authorization: _, ...headers } = request.headers;
  return stand.backend.forward({
    method: request.method,
    path: request.path + search,
    headers: { ...headers, ...authorizationOf(request.identity), host: new URL(stand.url).host },
    body: body === undefined ? request.body : JSON.stringify(body),
  });
}

/** Makes another request in the name of the same client; its failure is the client's answer. */
export async function onBehalf<T>(
  stand: Stand,
  identity: Identity,
  request: { method: string; path: string; body?: unknown },
): Promise<T> {
  const answer = await stand.backend.forward({
    method: request.method,
    path: request.path,
    headers: { ...authorizationOf(identity), "content-type": "application/json" },
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
  });
  if (answer.status >= 400) throw new Refusal(answer);
  return parsed(answer) as T;
}

/** One page of a list, with the Link header that leads to the others. */
export function page(
  stand: Stand,
  request: ClientRequest,
  items: readonly unknown[],
  wrap = (part: readonly unknown[]): unknown => part,
): Answer {
  const size = Math.min(100, Math.max(1, Number(request.query.get("per_page") ?? 30) || 30));
  const current = Math.max(1, Number(request.query.get("page") ?? 1) || 1);
  const last = Math.max(1, Math.ceil(items.length / size));
  const link = (target: number, rel: string) => {
    const query = new URLSearchParams(request.query);
    query.set("page", String(target));
    return `<${stand.url}${request.path}?${query.toString()}>; rel="${rel}"`;
  };
  const links = [
    ...(current < last ? [link(current + 1, "next"), link(last, "last")] : []),
    ...(current > 1 ? [link(1, "first"), link(current - 1, "prev")] : []),
  ];
  const part = items.slice((current - 1) * size, current * size);
  return json(200, wrap(part), links.length > 0 ? { link: links.join(", ") } : {});
}

/** All items of one of the emulator's lists. */
export async function everyItem<T>(stand: Stand, path: string): Promise<readonly T[]> {
  const items: T[] = [];
  for (let number = 1; ; number++) {
    const separator = path.includes("?") ? "&" : "?";
    const part = await stand.backend.staff<T[]>("GET", `${path}${separator}per_page=100&page=${number}`);
    items.push(...part);
    if (part.length < 100) return items;
  }
}

function authorizationOf(identity: Identity): Record<string, string> {
  return identity.kind === "anonymous" ? {} : { authorization: identity.authorization };
}
