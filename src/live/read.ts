/** Reads what a query names of a cluster: which lists are asked for, in which order, and what a refusal leaves unknown. */

import type { Fault } from "../core/fault.ts";
import type { LiveObject } from "../core/objects.ts";
import { groupOf } from "../core/refs.ts";
import type { KindRef } from "../core/refs.ts";
import type { ServedKind } from "../core/schema.ts";
import type { LiveEvent, LiveQuery, Progress } from "../core/stages.ts";
import type { Digester } from "../text/digest.ts";
import type { Api } from "./api.ts";
import type { ClusterSchemas } from "./cluster-schemas.ts";
import type { Discovery } from "./discovery.ts";
import { listFailed, listForbidden, notServed } from "./faults.ts";
import { inOrder } from "./in-order.ts";
import { listObjects } from "./list.ts";

/** Up to so many namespaces are listed one by one; for more, the whole cluster is listed and the rest passed over. */
const MAX_SINGLE_NAMESPACES = 10;

/** Namespaces of one kind that are listed at once. */
const NAMESPACES_AT_ONCE = 2;

const NAMESPACE_NAME = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

export interface ReadOptions {
  readonly api: Api;
  readonly discovery: Discovery;
  readonly schemas: ClusterSchemas;
  readonly digester: Digester;
  /** Kinds that are listed at once. */
  readonly kinds: number;
  readonly progress?: Progress | undefined;
}

/**
 * Events in the order of the query's kinds; those that mean the same served kind are read once and reported each.
 * Where a list of the whole cluster is forbidden and the query names namespaces, they are listed one by one.
 * A kind that is forbidden everywhere is `unread` once, without a namespace.
 */
export async function* readCluster(options: ReadOptions, query: LiveQuery): AsyncGenerator<LiveEvent, void, undefined> {
  const sources = jobsOf(options, query).map((job) => () => runJob(options, query, job));
  let done = 0;
  for await (const event of inOrder(sources, options.kinds)) {
    if (event.kind === "objects") {
      done += event.objects.length;
      options.progress?.({ stage: "live", what: "objects", done });
    }
    yield event;
  }
}

/** One served kind, and the kinds of the query that it answers for. */
interface Job {
  readonly served: ServedKind | undefined;
  readonly of: readonly KindRef[];
  /** Of a kind that Git declares the schema is wanted. */
  readonly declared: boolean;
}

function jobsOf({ discovery }: ReadOptions, query: LiveQuery): readonly Job[] {
  const jobs = new Map<string, Job>();
  for (const kind of query.kinds) {
    if (!query.secrets && kind.kind === "Secret" && groupOf(kind.apiVersion) === "") continue;
    const served = discovery.served(kind);
    const key = served === undefined ? `\0${kind.apiVersion}\0${kind.kind}` : `${served.apiVersion}\0${served.kind}`;
    const before = jobs.get(key);
    const declared = before?.declared === true || kind.undeclared !== true;
    jobs.set(key, { served, declared, of: [...(before?.of ?? []), kind] });
  }
  return [...jobs.values()];
}

async function* runJob(options: ReadOptions, query: LiveQuery, job: Job): AsyncGenerator<LiveEvent, void, undefined> {
  const { served } = job;
  if (served === undefined || !served.verbs.includes("list")) {
    const [first] = job.of as readonly [KindRef];
    return yield* unread(job, notServed(first, options.discovery.isStale(first)));
  }
  const problem = job.declared ? await options.schemas.load(served) : undefined;
  if (problem !== undefined) return yield* unread(job, problem);
  const steps = { options, job, served };
  if (!served.namespaced || query.namespaces === "all") return yield* readAll(steps);
  if (query.namespaces.length <= MAX_SINGLE_NAMESPACES) return yield* readEach(steps, query.namespaces);
  yield* readAll(steps, query.namespaces);
}

interface Steps {
  readonly options: ReadOptions;
  readonly job: Job;
  readonly served: ServedKind;
}

/** The whole cluster in one list; with `only`, what lives elsewhere is passed over. */
async function* readAll(steps: Steps, only?: readonly string[]): AsyncGenerator<LiveEvent, void, undefined> {
  const { options, job, served } = steps;
  const wanted = only === undefined ? undefined : new Set(only);
  for await (const step of listObjects({ api: options.api, kind: served, digester: options.digester })) {
    switch (step.kind) {
      case "page": {
        const objects = wanted === undefined ? step.objects : step.objects.filter((object) => isIn(object, wanted));
        if (objects.length > 0) yield { kind: "objects", objects };
        break;
      }
      case "failed":
        if (step.fault.code === "list-forbidden" && only !== undefined) yield* readEach(steps, only);
        else yield* unread(job, step.fault);
        break;
      case "end":
        for (const of of job.of) {
          if (only === undefined) yield { kind: "read", of };
          else for (const namespace of only) yield { kind: "read", of, namespace };
        }
    }
  }
}

function isIn(object: LiveObject, namespaces: ReadonlySet<string>): boolean {
  return object.ref.namespace !== undefined && namespaces.has(object.ref.namespace);
}

/** One list for each namespace. What is forbidden is told at the end, in one fault. */
async function* readEach(
  { options, job, served }: Steps,
  namespaces: readonly string[],
): AsyncGenerator<LiveEvent, void, undefined> {
  const forbidden: string[] = [];
  const sources = namespaces.map(
    (namespace) => () => readNamespace({ options, job, served }, namespace, () => forbidden.push(namespace)),
  );
  yield* inOrder(sources, NAMESPACES_AT_ONCE);
  if (forbidden.length === 0) return;
  const fault = listForbidden(served, served.resource, forbidden);
  if (forbidden.length === namespaces.length) return yield* unread(job, fault);
  for (const namespace of forbidden) yield* unread(job, fault, namespace);
}

async function* readNamespace(
  { options, job, served }: Steps,
  namespace: string,
  onForbidden: () => void,
): AsyncGenerator<LiveEvent, void, undefined> {
  if (!NAMESPACE_NAME.test(namespace)) {
    return yield* unread(job, listFailed(served, `${JSON.stringify(namespace)} cannot be a namespace`), namespace);
  }
  const { api, digester } = options;
  for await (const step of listObjects({ api, kind: served, namespace, digester })) {
    if (step.kind === "page") yield { kind: "objects", objects: step.objects };
    else if (step.kind === "end") for (const of of job.of) yield { kind: "read", of, namespace };
    else if (step.fault.code === "list-forbidden") onForbidden();
    else yield* unread(job, step.fault, namespace);
  }
}

function* unread(job: Job, fault: Fault, namespace?: string): Generator<LiveEvent, void, undefined> {
  for (const of of job.of) {
    yield namespace === undefined ? { kind: "unread", of, fault } : { kind: "unread", of, namespace, fault };
  }
}
