// Silence: applies the corpus in one way to a fresh cluster, lets it settle and scans. Whatever holdfast reports is a false
// alarm.

import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { changesOf } from "../../src/core/drift.ts";
import type { Pass } from "../../src/core/pass.ts";
import { formatPath } from "../../src/core/path.ts";
import { formatRef } from "../../src/core/refs.ts";
import { textOf } from "../../src/core/value.ts";
import type { ValueMap } from "../../src/core/value.ts";
import { printJson } from "../../src/yaml/json.ts";
import { startCluster } from "../../test/cluster/cluster.ts";
import type { ClusterOptions, TestCluster } from "../../test/cluster/cluster.ts";
import { discoverResources, messageOf, openBenchApi, pathOf, settle } from "./api.ts";
import type { BenchApi, Resource } from "./api.ts";
import { slotted } from "./corpus.ts";
import type { CorpusObject, Slotted } from "./corpus.ts";
import { differing, PEER_NAMES } from "./peers.ts";
import type { Peer } from "./peers.ts";
import { isOfTheHarness, scanFolder } from "./scan-folder.ts";
import { deploy, nameOf } from "./ways.ts";
import type { Way } from "./ways.ts";

export interface Silence {
  readonly way: Way;
  readonly applied: number;
  readonly inSync: number;
  /** One line for each false alarm. */
  readonly alarms: readonly string[];
  /** Objects with false alarms. */
  readonly differing: number;
  /** Objects of which holdfast could not tell. */
  readonly unknown: number;
  readonly faults: readonly string[];
  readonly leftOut: Pass["summary"]["leftOut"];
  /** Where the object is from, and why it did not apply. */
  readonly refused: readonly (readonly [from: string, why: string])[];
  /** Objects that a peer calls different; absent where it was not asked, or failed. */
  readonly peers: Partial<Readonly<Record<Peer, number>>>;
}

/** What would keep others from being applied: they come last. */
const LATE: ReadonlySet<string> = new Set([
  "APIService",
  "MutatingAdmissionPolicy",
  "MutatingAdmissionPolicyBinding",
  "MutatingWebhookConfiguration",
  "ResourceQuota",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "ValidatingWebhookConfiguration",
]);

function isLate({ value }: Slotted): boolean {
  return LATE.has(textOf(value, "kind") ?? "");
}

/** Applies the objects to a cluster of their own in one way, and scans them. */
export async function measureSilence(
  objects: readonly CorpusObject[],
  way: Way,
  { peers = false, ...options }: ClusterOptions & { readonly peers?: boolean } = {},
): Promise<Silence> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-silence-"));
  const cluster = await startCluster({ ...options, controllerManager: true });
  const api = openBenchApi(cluster);
  try {
    return await silenceOn({ cluster, api, folder, way, objects, peers });
  } finally {
    api.close();
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Stage {
  readonly cluster: TestCluster;
  readonly api: BenchApi;
  readonly folder: string;
  readonly way: Way;
  readonly objects: readonly CorpusObject[];
  readonly peers: boolean;
}

async function silenceOn(stage: Stage): Promise<Silence> {
  const { cluster, api, folder, way } = stage;
  const refused: (readonly [string, string])[] = [];
  const said = new Map<string, string>();
  const definitions = await placeDefinitions(stage, said);
  const resources = await discoverResources(api);
  const served = new Map(resources.map((resource) => [`${resource.apiVersion} ${resource.kind}`, resource]));
  const rest = stage.objects.filter(({ value }) => !isDefinition(value));
  const { placed, refused: unplaced } = slotted(rest, (version, kind) => served.get(`${version} ${kind}`)?.namespaced);
  refused.push(...unplaced);
  const slots = [...new Set(placed.map(({ slot }) => slot))].filter((slot) => slot !== "cluster").toSorted();
  for (const slot of slots) await makeNamespace(api, slot);

  for (const [round, some] of [placed.filter((one) => !isLate(one)), placed.filter(isLate)].entries()) {
    for (const slot of ["cluster", ...slots]) {
      const files = some.filter((one) => one.slot === slot);
      const namespace = slot === "cluster" ? "default" : slot;
      const answers = await deploy({ cluster, way, folder: join(folder, `apply-${round}-${slot}`), files, namespace });
      for (const [file, answer] of answers) said.set(file, answer);
    }
  }

  const git = join(folder, "git");
  await mkdir(git);
  execFileSync("git", ["init", "--quiet", git]);
  let applied = 0;
  for (const one of [...definitions, ...placed]) {
    const resource = served.get(`${textOf(one.value, "apiVersion")} ${textOf(one.value, "kind")}`);
    const isThere = resource !== undefined && (await isLive(api, resource, one));
    if (isThere) {
      await writeFile(join(git, one.file), printJson(one.value));
      applied++;
    } else {
      refused.push([one.from, said.get(one.file) ?? "gone again, or refused without a word"]);
    }
  }
  await settle(api);
  const pass = await scanFolder(cluster, git, slots);
  const peers: Partial<Record<Peer, number>> = {};
  for (const peer of stage.peers ? PEER_NAMES : []) {
    const count = await differing(cluster, peer, git);
    if (count !== undefined) peers[peer] = count;
  }
  return { way, applied, ...toldOf(pass, [...definitions, ...placed]), refused, peers };
}

/** The CustomResourceDefinitions; where the way refuses one, it is made in another, so that its objects can be there. */
async function placeDefinitions(stage: Stage, said: Map<string, string>): Promise<readonly Slotted[]> {
  const { cluster, api, folder, way } = stage;
  const { placed } = slotted(
    stage.objects.filter(({ value }) => isDefinition(value)),
    () => false,
  );
  const files = placed.map((one) => ({ ...one, file: `crd-${one.file}` }));
  const crds = join(folder, "crds");
  for (const [file, answer] of await deploy({ cluster, way, folder: crds, files, namespace: "default" })) {
    said.set(file, answer);
  }
  await settle(api, 1000, 20_000);
  return files;
}

function isDefinition(value: ValueMap): boolean {
  return value["kind"] === "CustomResourceDefinition" && value["apiVersion"] === "apiextensions.k8s.io/v1";
}

async function makeNamespace(api: BenchApi, name: string): Promise<void> {
  const body = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
  const answer = await api.call({ method: "POST", path: "/api/v1/namespaces", body });
  if (answer.status !== 201) throw new Error(messageOf(answer));
  const account = `/api/v1/namespaces/${name}/serviceaccounts/default`;
  while ((await api.call({ method: "GET", path: account })).status !== 200);
}

async function isLive(api: BenchApi, resource: Resource, { value, slot }: Slotted): Promise<boolean> {
  const path = pathOf(resource, slot, nameOf(value));
  return (await api.call({ method: "GET", path })).status === 200;
}

function toldOf(
  pass: Pass,
  placed: readonly Slotted[],
): Pick<Silence, "inSync" | "alarms" | "differing" | "unknown" | "faults" | "leftOut"> {
  const fromOf = new Map(
    placed.map((one) => [`${textOf(one.value, "kind")} ${one.slot} ${nameOf(one.value)}`, one.from] as const),
  );
  const results = pass.results.filter(({ drift }) => drift.state !== "unmanaged" || !isOfTheHarness(drift.ref));
  const alarms = results.flatMap(({ drift }) => {
    const { kind, namespace, name } = drift.ref;
    const about = `${drift.state} ${formatRef(drift.ref)} (${fromOf.get(`${kind} ${namespace ?? "cluster"} ${name}`) ?? "?"})`;
    const changes = changesOf(drift).map(
      ({ path, operation, desired, live, actor }) =>
        `${about}: ${operation} ${formatPath(path)}: ${short(desired)} -> ${short(live)} by ${actor === undefined ? "?" : `${actor.manager} ${actor.subresource ?? ""}`}`,
    );
    return changes.length === 0 ? [about] : changes;
  });
  return {
    inSync: pass.summary.objects.inSync,
    alarms,
    differing: results.length,
    unknown: pass.summary.objects.unknown,
    faults: pass.faults.map(({ code, about, message }) => `${code} ${about}: ${message}`),
    leftOut: pass.summary.leftOut,
  };
}

function short(value: Parameters<typeof printJson>[0] | undefined): string {
  return value === undefined ? "nothing" : printJson(value).slice(0, 160);
}
