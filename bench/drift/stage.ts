// A cluster on which the rich objects stand, deployed in each way, and holdfast's comparison of one of them at a time:
// the same as a whole pass makes, over a live source that holds one object.

import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DesiredObject } from "../../src/core/objects.ts";
import { isFault } from "../../src/core/fault.ts";
import type { LiveSource, SourceTree } from "../../src/core/stages.ts";
import type { SchemaSource } from "../../src/core/schema.ts";
import { kindKey } from "../../src/core/refs.ts";
import type { KindRef } from "../../src/core/refs.ts";
import { fieldOf, textOf } from "../../src/core/value.ts";
import type { Value, ValueMap } from "../../src/core/value.ts";
import { readManifests } from "../../src/desired/manifests.ts";
import { openWorktree } from "../../src/desired/worktree.ts";
import { printJson } from "../../src/yaml/json.ts";
import { toLiveObject } from "../../src/live/objects.ts";
import { builtinSchemas } from "../../src/kinds/schemas.ts";
import { compareLive } from "../../src/reconcile/compare-live.ts";
import type { TargetDrift } from "../../src/reconcile/compare-live.ts";
import { tellDirections } from "../../src/reconcile/tell-directions.ts";
import type { HistoryTarget } from "../../src/reconcile/tell-directions.ts";
import { startCluster } from "../../test/cluster/cluster.ts";
import type { ClusterOptions, TestCluster } from "../../test/cluster/cluster.ts";
import { asMap, discoverResources, messageOf, openBenchApi, pathOf, settle } from "./api.ts";
import type { BenchApi, Resource } from "./api.ts";
import { basesFor, SHORT } from "./bases.ts";
import { loadSchemas } from "./schema.ts";
import type { Schema } from "./schema.ts";
import { digester, openLive } from "./scan-folder.ts";
import { deploy, nameOf } from "./ways.ts";
import type { File, Way } from "./ways.ts";

/** An object that was deployed, and what Git says of it. */
export interface Subject {
  readonly way: Way;
  readonly file: File;
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly schema: Schema | undefined;
  readonly desired: DesiredObject;
}

export interface Compared {
  readonly drifts: readonly TargetDrift[];
  readonly unknown: number;
}

export interface Stage {
  readonly cluster: TestCluster;
  readonly api: BenchApi;
  readonly folder: string;
  readonly resources: readonly Resource[];
  readonly subjects: readonly Subject[];
  /** What could not be deployed: a mistake in kinds/. */
  readonly refused: readonly string[];
  /** The work tree that declares all subjects. */
  readonly git: string;
  /** Each object as it was deployed last. */
  readonly deployed: Map<Subject, ValueMap>;
  /** Compares one object as the server printed it; `undefined`: it is not there. */
  compare(subject: Subject, live: Value | undefined): Promise<Compared>;
  /** As though Git said `value`. */
  compareWith(subject: Subject, value: ValueMap, live: Value): Promise<Compared>;
  close(): Promise<void>;
}

export async function openStage(ways: readonly Way[], options: ClusterOptions = {}): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-recall-"));
  const cluster = await startCluster({ ...options, controllerManager: true });
  const api = openBenchApi(cluster);
  const refused: string[] = [];
  const all: { way: Way; file: File }[] = [];
  for (const way of ways) all.push(...(await deployWay({ cluster, api, folder, way, refused })));
  await settle(api, 1500, 60_000);

  const resources = await discoverResources(api);
  const schemas = await loadSchemas(api);
  const live = await openLive(cluster);
  const git = join(folder, "git");
  await mkdir(git);
  execFileSync("git", ["init", "--quiet", git]);
  const subjects: Subject[] = [];
  for (const { way, file } of all) {
    if (resourceOf(resources, file.value) === undefined) continue;
    const subject = await subjectOf({ api, resources, schemas, live }, way, file);
    if (subject === undefined) {
      refused.push(`${way}: ${file.file} ${textOf(file.value, "kind")} is not there`);
      continue;
    }
    subjects.push(subject);
    await writeFile(join(git, `${SHORT[way]}-${file.file}`), printJson(file.value));
  }
  await learnSchemas(live, subjects);
  const history = await committed(git, live);
  const layered: SchemaSource = {
    schemaOf: (version, kind) => live.schemas.schemaOf(version, kind) ?? builtinSchemas.schemaOf(version, kind),
  };
  return {
    cluster,
    api,
    folder,
    resources,
    subjects,
    refused,
    git,
    deployed: new Map(),
    compareWith: (subject, value, object) =>
      compareOne({ live, schemas: layered, history, subject: { ...subject, desired: desiredOf(value, live) }, object }),
    compare: (subject, object) => compareOne({ live, schemas: layered, history, subject, object }),
    close: async () => {
      api.close();
      await live.close();
      await cluster.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface WayInput {
  readonly cluster: TestCluster;
  readonly api: BenchApi;
  readonly folder: string;
  readonly way: Way;
  readonly refused: string[];
}

async function deployWay({
  cluster,
  api,
  folder,
  way,
  refused,
}: WayInput): Promise<readonly { way: Way; file: File }[]> {
  const short = SHORT[way];
  for (const name of [short, `${short}-quota`]) await makeNamespace(api, name);
  const files = basesFor(way, () => false);
  const definitions = files.filter(({ value }) => value["kind"] === "CustomResourceDefinition");
  const note = (said: ReadonlyMap<string, string>): void => {
    for (const [file, why] of said) refused.push(`${way}: ${file}: ${why}`);
  };
  note(await deploy({ cluster, way, folder: join(folder, `${short}-first`), files: definitions, namespace: short }));
  const gizmos = `/apis/${short}.bench.example/v1/gizmos`;
  while ((await api.call({ method: "GET", path: gizmos })).status === 404);
  const resources = await discoverResources(api);
  const isNamespaced = (value: ValueMap): boolean => resourceOf(resources, value)?.namespaced === true;
  const placed = basesFor(way, isNamespaced);
  const rest = placed.filter(
    ({ value }) => value["kind"] !== "CustomResourceDefinition" && resourceOf(resources, value) !== undefined,
  );
  note(await deploy({ cluster, way, folder: join(folder, short), files: rest, namespace: short }));
  return placed.map((file) => ({ way, file }));
}

function resourceOf(resources: readonly Resource[], value: ValueMap): Resource | undefined {
  return resources.find(({ apiVersion, kind }) => apiVersion === value["apiVersion"] && kind === value["kind"]);
}

async function makeNamespace(api: BenchApi, name: string): Promise<void> {
  const body = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
  const answer = await api.call({ method: "POST", path: "/api/v1/namespaces", body });
  if (answer.status !== 201) throw new Error(messageOf(answer));
  while (
    (await api.call({ method: "GET", path: `/api/v1/namespaces/${name}/serviceaccounts/default` })).status !== 200
  );
}

interface Known {
  readonly api: BenchApi;
  readonly resources: readonly Resource[];
  readonly schemas: ReadonlyMap<string, Schema>;
  readonly live: LiveSource;
}

async function subjectOf({ api, resources, schemas, live }: Known, way: Way, file: File): Promise<Subject | undefined> {
  const resource = resourceOf(resources, file.value);
  if (resource === undefined) return undefined;
  const namespace = textOf(fieldOf(file.value, "metadata"), "namespace");
  const answer = await api.call({ method: "GET", path: pathOf(resource, namespace, nameOf(file.value)) });
  if (answer.status !== 200) return undefined;
  const schema = schemas.get(`${resource.apiVersion} ${resource.kind}`);
  return { way, file, resource, namespace, schema, desired: desiredOf(file.value, live) };
}

function desiredOf(value: ValueMap, live: LiveSource): DesiredObject {
  const { objects, faults } = readManifests("bench.json", Buffer.from(printJson(value)), {
    namespace: "default",
    digester,
    isNamespaced: scopeOf(live),
  });
  const [desired] = objects;
  if (desired === undefined) throw new Error(`${nameOf(value)}: ${faults[0]?.message}`);
  return desired;
}

/** Schemas of custom resources are known once the kinds were read. */
async function learnSchemas(live: LiveSource, subjects: readonly Subject[]): Promise<void> {
  const kinds = new Map(
    subjects.map(({ desired: { ref } }) => [
      `${ref.apiVersion} ${ref.kind}`,
      { apiVersion: ref.apiVersion, kind: ref.kind },
    ]),
  );
  const query = { kinds: [...kinds.values()], namespaces: "all", secrets: true } as const;
  for await (const event of live.read(query)) {
    if (event.kind === "unread") throw new Error(event.fault.message);
  }
}

/** What Git says was never anything else: one commit. Its history is read once. */
async function committed(git: string, live: LiveSource): Promise<HistoryTarget> {
  const run = (...args: readonly string[]): unknown =>
    execFileSync("git", ["-C", git, "-c", "user.name=a", "-c", "user.email=a@b.example", ...args]);
  run("add", "--all");
  run("commit", "--quiet", "--message=All");
  const tree = await openWorktree(git);
  if (isFault(tree)) throw new Error(tree.message);
  const history = await tree.history?.();
  if (history === undefined || isFault(history)) throw new Error("the work tree has no history");
  const context = { namespace: "default", digester, isNamespaced: scopeOf(live) };
  const kept: SourceTree = { ...tree, history: async () => ({ ...history, close: () => undefined }) };
  return { tree: kept, path: "", exclude: [], context };
}

function scopeOf(live: LiveSource) {
  return (kind: KindRef): boolean | undefined => live.served(kind)?.namespaced;
}

interface One {
  readonly live: LiveSource;
  readonly history: HistoryTarget;
  readonly schemas: SchemaSource;
  readonly subject: Subject;
  readonly object: Value | undefined;
}

async function compareOne({ live, schemas, history, subject, object }: One): Promise<Compared> {
  const found = object === undefined ? undefined : toLiveObject(object, { digester, keepDigests: false });
  const { target, ref } = { target: "bench", ref: subject.desired.ref };
  const source: LiveSource = {
    ...live,
    read: async function* ({ kinds, namespaces }) {
      for (const of of kinds) {
        if (found !== undefined && kindKey(of) === kindKey(ref)) yield { kind: "objects", objects: [found] };
        const places = namespaces === "all" || ref.namespace === undefined ? [undefined] : namespaces;
        for (const namespace of places) yield { kind: "read", of, ...(namespace === undefined ? {} : { namespace }) };
      }
    },
  };
  const { drifts, unknown, compare } = await compareLive({
    declared: [{ target, object: subject.desired }],
    live: source,
    schemas,
    secrets: true,
    scope: { namespaces: new Map() },
    progress: () => undefined,
  });
  const targets = new Map([[target, history]]);
  const told = await tellDirections({ drifts, targets, compare, deployers: [], progress: () => undefined });
  return { drifts: told, unknown };
}

export async function read(stage: Pick<Stage, "api">, subject: Subject): Promise<ValueMap | undefined> {
  const path = pathOf(subject.resource, subject.namespace, nameOf(subject.file.value));
  const answer = await stage.api.call({ method: "GET", path });
  return answer.status === 200 ? asMap(answer.body) : undefined;
}
