/**
 * How requests to GitHub are made: reads are retried, writes are serial and paced, and what is created is never asked
 * for twice without looking in between. Every failure leaves here as a {@link ForgeError}.
 */

import { setTimeout } from "node:timers/promises";

import type { Clock } from "../core/stages.ts";
import { ForgeError, forgeErrorOf, interrupted, mayHaveHappened } from "./github-faults.ts";

/** What is needed of an Octokit: `@octokit/rest`'s and Probot's fit. */
export interface GitHubClient {
  request(route: string, parameters?: Record<string, unknown>): Promise<GitHubAnswer>;
  graphql(query: string, variables?: Record<string, unknown>): Promise<unknown>;
}

export interface GitHubAnswer {
  readonly status: number;
  readonly data: unknown;
  readonly headers: { readonly link?: string | undefined };
}

/** One pass's way to one repository. */
export interface Session {
  readonly client: GitHubClient;
  readonly owner: string;
  readonly repo: string;
  readonly base: { readonly branch: string; readonly commit: string };
  readonly key: Uint8Array;
  readonly identity: { readonly login: string };
  readonly clock: Clock;
  readonly pacing: Pacing;
  readonly dryRun: boolean;
  readonly signal: AbortSignal | undefined;
  readonly log: (message: string) => void;
  /** When the last write ended, in the clock's milliseconds. */
  readonly lastWrite: { at: number };
}

/** In milliseconds. */
export interface Pacing {
  /** GitHub asks for a second between writes. */
  readonly betweenWrites: number;
  /** Before a failed request is made again (threefold for the second time), and before a list is looked at again. */
  readonly retry: number;
}

export type Parameters = Readonly<Record<string, unknown>>;

const ATTEMPTS = 3;
const TIME_LIMIT = 30_000;
const MOST_PAGES = 300;

/** Reads below `/repos/{owner}/{repo}`; repeated when GitHub or the connection fails. */
export async function read<T>(session: Session, path: string, parameters: Parameters = {}): Promise<T> {
  return (await repeated(session, `GET ${path}`, parameters)).data as T;
}

/** As {@link read}, with `undefined` for what is not there. */
export async function lookUp<T>(session: Session, path: string, parameters: Parameters = {}): Promise<T | undefined> {
  try {
    return await read<T>(session, path, parameters);
  } catch (error) {
    if (error instanceof ForgeError && error.status === 404) return undefined;
    throw error;
  }
}

/** All pages of a list. More than 30,000 entries are a fault: nothing is inferred from half a list. */
export async function readAll<T>(session: Session, path: string, parameters: Parameters = {}): Promise<readonly T[]> {
  const { items, whole } = await readPages<T>(session, path, { parameters, most: MOST_PAGES });
  if (whole) return items;
  const message = `${path} has more than ${MOST_PAGES * 100} entries`;
  throw new ForgeError({ scope: "pass", message, remedy: "close or move old ones" });
}

export interface Pages<T> {
  readonly items: readonly T[];
  /** There was nothing more. */
  readonly whole: boolean;
}

/** The first pages of a list, up to `most` of 100 entries each, and whether that was all. */
export async function readPages<T>(
  session: Session,
  path: string,
  { parameters, most }: { readonly parameters: Parameters; readonly most: number },
): Promise<Pages<T>> {
  const items: T[] = [];
  for (let page = 1; page <= most; page++) {
    const answer = await repeated(session, `GET ${path}`, { ...parameters, per_page: 100, page });
    items.push(...(answer.data as readonly T[]));
    if (answer.headers.link?.includes('rel="next"') !== true) return { items, whole: true };
  }
  return { items, whole: false };
}

/** A write that leads to the same state however often it is made; repeated as reads are. */
export async function write<T>(session: Session, route: string, parameters: Parameters = {}): Promise<T> {
  return (await paced(session, () => repeated(session, route, parameters))).data as T;
}

/** A write that creates something; made once. */
export async function create<T>(session: Session, path: string, parameters: Parameters): Promise<T> {
  return (await paced(session, () => once(session, `POST ${path}`, parameters))).data as T;
}

/** A mutation; made once. */
export async function mutate<T>(session: Session, query: string, variables: Parameters): Promise<T> {
  const send = () => session.client.graphql(query, { ...variables, request: { signal: limited(session) } });
  return (await paced(session, () =>
    send().catch((error: unknown) => fail(session, error, "createCommitOnBranch")),
  )) as T;
}

/** Waits at least that long, with jitter; an interruption ends it. */
export async function pause(session: Session, milliseconds: number): Promise<void> {
  const { signal } = session;
  refuseInterrupted(session);
  if (milliseconds <= 0) return;
  const options = signal === undefined ? {} : { signal };
  await setTimeout(milliseconds * (1 + Math.random() / 2), undefined, options).catch(() => refuseInterrupted(session));
}

function refuseInterrupted({ signal }: Session): void {
  if (signal?.aborted === true) throw interrupted();
}

async function repeated(session: Session, route: string, parameters: Parameters): Promise<GitHubAnswer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await once(session, route, parameters);
    } catch (error) {
      if (attempt === ATTEMPTS || !mayHaveHappened(error)) throw error;
      await pause(session, session.pacing.retry * 3 ** (attempt - 1));
    }
  }
}

async function once(session: Session, route: string, parameters: Parameters): Promise<GitHubAnswer> {
  const [method = "", path = ""] = route.split(" ", 2);
  const { owner, repo } = session;
  refuseInterrupted(session);
  try {
    const full = `${method} /repos/{owner}/{repo}${path}`;
    return await session.client.request(full, { ...parameters, owner, repo, request: { signal: limited(session) } });
  } catch (error) {
    return fail(session, error, route);
  }
}

async function paced<T>(session: Session, work: () => Promise<T>): Promise<T> {
  // A dry run has no business here; a bug is better than a write.
  if (session.dryRun) throw new Error("a dry run may not write");
  await pause(session, session.pacing.betweenWrites - (session.clock.now() - session.lastWrite.at));
  try {
    return await work();
  } finally {
    session.lastWrite.at = session.clock.now();
  }
}

function limited({ signal }: Session): AbortSignal {
  const limit = AbortSignal.timeout(TIME_LIMIT);
  return signal === undefined ? limit : AbortSignal.any([signal, limit]);
}

function fail(session: Session, error: unknown, what: string): never {
  throw session.signal?.aborted === true ? interrupted() : forgeErrorOf(error, what);
}
