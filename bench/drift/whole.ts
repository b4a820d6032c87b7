// Whole objects, by real clients and in real passes: one more object of each kind is unmanaged, one that is deleted is missing.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Pass } from "../../src/core/pass.ts";
import { refKey } from "../../src/core/refs.ts";
import { fieldAt, fieldOf, textOf, withField } from "../../src/core/value.ts";
import type { Value, ValueMap } from "../../src/core/value.ts";
import { printJson } from "../../src/yaml/json.ts";
import { asMap, listAt, pathOf, settle } from "./api.ts";
import { SHORT } from "./bases.ts";
import { PLANTED_FINALIZER } from "./samples.ts";
import { isOfTheHarness, scanFolder } from "./scan-folder.ts";
import { read } from "./stage.ts";
import type { Stage, Subject } from "./stage.ts";
import { nameOf } from "./ways.ts";

export interface Whole {
  readonly planted: number;
  readonly missed: readonly string[];
  /** What was said of objects that nobody touched. */
  readonly alarms: readonly string[];
  /** Kinds of which only what Git declares is looked for: bookkeeping, and most that are cluster-scoped. */
  readonly outOfScope: readonly string[];
}

/** Milliseconds. */
const SETTLING = 300_000;

/** What controllers make for themselves: never called unmanaged, whoever made it (src/kinds/system-made.ts). */
const BOOKKEEPING: ReadonlySet<string> = new Set(["Lease"]);

/** Creates a twin of each subject of one way, scans, deletes twins and subjects, and scans again. The stage is spent then. */
export async function measureWhole(stage: Stage): Promise<{ readonly created: Whole; readonly deleted: Whole }> {
  const [first] = stage.subjects;
  const subjects = stage.subjects.filter(({ way }) => way === first?.way);
  const twins = await createTwins(stage, subjects);
  await release(stage);
  const namespaces = [...new Set(stage.subjects.flatMap(({ namespace }) => namespace ?? []))];
  const before = await scanFolder(stage.cluster, stage.git, namespaces);
  const found = keysOf(before, "unmanaged");
  const missed: string[] = [];
  const alarms: string[] = [];
  const outOfScope: string[] = [];
  for (const { subject, key, label } of twins) {
    if (found.has(key)) continue;
    if (subject.resource.namespaced && !BOOKKEEPING.has(subject.resource.kind))
      missed.push(`missed the created ${label}`);
    else outOfScope.push(subject.resource.kind);
  }
  const wanted = new Set(twins.map(({ key }) => key));
  for (const [key, label] of found) if (!wanted.has(key)) alarms.push(`unmanaged though not planted: ${label}`);

  for (const subject of subjects) await remove(stage, subject);
  const after = await scanFolder(stage.cluster, stage.git, namespaces);
  const missing = keysOf(after, "missing");
  const lost: string[] = [];
  const there: string[] = [];
  const gone = new Set<string>();
  for (const subject of subjects) {
    if ((await read(stage, subject)) !== undefined) continue;
    const { ref } = subject.desired;
    gone.add(refKey(ref));
    // Of a kind that went with its definition nothing can be read: unknown, not missing.
    if (ref.apiVersion.endsWith(".bench.example/v1") || mayHaveFinished(subject)) continue;
    if (!missing.has(refKey(ref))) lost.push(`missed the deleted ${ref.kind}/${ref.name}`);
  }
  for (const [key, label] of missing) if (!gone.has(key)) there.push(`missing though it is there: ${label}`);
  return {
    created: { planted: twins.length, missed, alarms, outOfScope },
    deleted: { planted: gone.size, missed: lost, alarms: there, outOfScope: [] },
  };
}

/**
 * Pods of a template in which a finalizer was planted are held by it, for good: what is told rightly of them is no alarm. Then
 * waits until what controllers are about to take away is gone.
 */
async function release({ api, cluster }: Stage): Promise<void> {
  const { stdout } = await cluster.kubectl(["get", "pods", "--all-namespaces", "--output=json"]);
  for (const pod of listAt(JSON.parse(stdout) as Value, "items")) {
    const metadata = fieldOf(pod, "metadata");
    if (!listAt(metadata, "finalizers").includes(PLANTED_FINALIZER)) continue;
    const path = `/api/v1/namespaces/${textOf(metadata, "namespace")}/pods/${textOf(metadata, "name")}`;
    const body = withField(asMap(pod), "metadata", withField(asMap(metadata), "finalizers", undefined));
    await api.call({ method: "PUT", path, body });
  }
  await settle(api, 3000, SETTLING);
}

interface Twin {
  readonly subject: Subject;
  readonly key: string;
  readonly label: string;
}

/** A finished Job with a TTL deletes itself, and is not missed. */
function mayHaveFinished({ file: { value } }: Subject): boolean {
  return fieldAt(value, "spec", "ttlSecondsAfterFinished") !== undefined;
}

async function createTwins(stage: Stage, subjects: readonly Subject[]): Promise<readonly Twin[]> {
  const folder = join(stage.folder, "twins");
  await mkdir(folder);
  const twins: (Twin & { readonly path: string })[] = [];
  for (const subject of subjects) {
    const name = nameOf(subject.file.value).replace(/^([a-z]+)/, "$1x");
    const { ref } = subject.desired;
    if (name === ref.name) continue;
    const value = twinOf(subject, name);
    await writeFile(join(folder, subject.file.file), printJson(value));
    const path = pathOf(subject.resource, subject.namespace, name);
    twins.push({ subject, key: refKey({ ...ref, name }), label: `${ref.kind}/${name}`, path });
  }
  await stage.cluster.kubectl(["create", "-f", folder]);
  const made: Twin[] = [];
  for (const twin of twins) {
    if ((await stage.api.call({ method: "GET", path: twin.path })).status === 200) made.push(twin);
  }
  return made;
}

/** A definition's twin is of another group, since two of one would disturb each other. */
function twinOf({ file: { value }, way }: Subject, name: string): ValueMap {
  const metadata = { ...(fieldOf(value, "metadata") as ValueMap), name };
  const renamed = withField(value, "metadata", metadata);
  if (textOf(value, "kind") !== "CustomResourceDefinition") return renamed;
  return JSON.parse(
    printJson(renamed)
      .replaceAll(`"plural":"`, `"plural":"`)
      .replace(/"plural":"([a-z]+)"/, (_all, plural: string) => `"plural":"${plural.replace(/^([a-z]+)/, "$1x")}"`)
      .replaceAll(/"(kind|singular)":"(Gizmo|gizmo|Knob|knob)"/g, `"$1":"$2x"`)
      .replaceAll(`"giz"`, `"gizx${SHORT[way]}"`),
  ) as ValueMap;
}

async function remove(stage: Stage, subject: Subject): Promise<void> {
  const path = pathOf(subject.resource, subject.namespace, nameOf(subject.file.value));
  await stage.api.call({ method: "DELETE", path: `${path}?gracePeriodSeconds=0&propagationPolicy=Background` });
  for (let attempt = 0; attempt < 100; attempt++) {
    const now = await read(stage, subject);
    if (now === undefined) return;
    if (fieldOf(fieldOf(now, "metadata"), "finalizers") !== undefined && attempt > 3) {
      const metadata = withField(fieldOf(now, "metadata") as ValueMap, "finalizers", undefined);
      await stage.api.call({ method: "PUT", path, body: { ...now, metadata } });
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function keysOf(pass: Pass, state: "missing" | "unmanaged"): ReadonlyMap<string, string> {
  const drifts = pass.results.flatMap(({ drift }) =>
    drift.state === state && !isOfTheHarness(drift.ref) ? [drift] : [],
  );
  return new Map(drifts.map(({ ref }) => [refKey(ref), `${ref.kind}/${ref.name}`]));
}
