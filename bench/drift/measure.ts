// The whole measure: silence, recall, whole objects, equivalence, and the peers beside it; numbers and lists, no prose.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { formatPath } from "../../src/core/path.ts";
import { changesOf } from "../../src/core/drift.ts";
import { formatRef } from "../../src/core/refs.ts";
import { printJson } from "../../src/yaml/json.ts";
import { uncovered } from "./bases.ts";
import { PEER_NAMES, differing } from "./peers.ts";
import type { Peer } from "./peers.ts";
import { casesOf, play, randomOf, titleOf } from "./recall.ts";
import type { Case, Outcome } from "./recall.ts";
import { read } from "./stage.ts";
import type { Stage } from "./stage.ts";

export interface Recall {
  readonly kinds: number;
  readonly objects: number;
  readonly cases: number;
  readonly played: number;
  readonly refused: number;
  readonly nothing: number;
  readonly found: number;
  /** One line for each problem. */
  readonly wrong: readonly string[];
  readonly wrongCases: number;
  /** Cases of which something was not found, and of which more was reported than was planted. */
  readonly missed: number;
  readonly noisy: number;
  /** Cases that the bench itself could not play. */
  readonly broken: readonly string[];
  /** Of the objects as they were deployed. */
  readonly alarms: readonly string[];
  readonly uncovered: readonly string[];
  readonly peers: Readonly<Record<Peer, { readonly asked: number; readonly missed: number; readonly failed: number }>>;
}

export interface RecallOptions {
  readonly seed: number;
  /** At most so many that the server takes; absent: all. */
  readonly planted?: number;
  readonly only?: (one: Case) => boolean;
  /** How many of the planted changes are shown to kubectl too. */
  readonly peers?: number;
  readonly onOutcome?: (one: Case, outcome: Outcome) => void;
}

export async function measureRecall(stage: Stage, options: RecallOptions): Promise<Recall> {
  const { seed, planted = Number.POSITIVE_INFINITY, only = () => true } = options;
  const alarms = await alarmsOf(stage);
  const cases = await casesOf(stage);
  const chosen = inSeededOrder(cases.filter(only), seed);
  const counts = { refused: 0, nothing: 0, found: 0, wrong: 0, missed: 0, noisy: 0, played: 0 };
  const lists = { wrong: [] as string[], broken: [] as string[] };
  const peers = {
    "kubectl diff": { asked: 0, missed: 0, failed: 0 },
    "kubectl diff --server-side": { asked: 0, missed: 0, failed: 0 },
  };
  for (const one of chosen) {
    if (counts.found + counts.wrong >= planted) break;
    counts.played++;
    const beside = async (): Promise<void> => {
      if (counts.found + counts.wrong < (options.peers ?? 0)) await askPeers(stage, one, peers);
    };
    try {
      const outcome = await play(stage, one, seed, beside);
      counts[outcome.kind]++;
      options.onOutcome?.(one, outcome);
      if (outcome.kind !== "wrong") continue;
      if (outcome.problems.some((problem) => problem.startsWith("missed"))) counts.missed++;
      if (outcome.problems.some((problem) => problem.startsWith("also"))) counts.noisy++;
      lists.wrong.push(...outcome.problems.map((problem) => `${titleOf(one)} (${outcome.hand}): ${problem}`));
    } catch (error) {
      lists.broken.push(`${titleOf(one)}: ${String(error).replaceAll(/\s+/g, " ")}`);
    }
  }
  const kinds = new Set(
    stage.subjects.map(({ resource }) =>
      `${resource.apiVersion.split("/")[0]} ${resource.kind}`.replace(/^(csa|ssa|create|helm)\./, ""),
    ),
  );
  const bases = stage.subjects.map(({ file }) => file);
  const rest = { kinds: kinds.size, objects: stage.subjects.length, cases: cases.length, alarms, peers };
  return { ...counts, ...lists, ...rest, wrongCases: counts.wrong, uncovered: uncovered(stage.resources, bases) };
}

/** By chance, and the same for the same seed. */
function inSeededOrder(cases: readonly Case[], seed: number): readonly Case[] {
  const keyed = cases.map((one) => ({ one, key: randomOf(seed, one.number)() }));
  return keyed.toSorted((a, b) => a.key - b.key).map(({ one }) => one);
}

async function alarmsOf(stage: Stage): Promise<readonly string[]> {
  const alarms: string[] = [];
  for (const subject of stage.subjects) {
    const { drifts, unknown } = await stage.compare(subject, await read(stage, subject));
    if (unknown > 0) alarms.push(`${subject.way}: ${formatRef(subject.desired.ref)} is unknown`);
    for (const { drift } of drifts) {
      for (const { operation, path, live } of changesOf(drift)) {
        const value = live === undefined ? "" : `: ${printJson(live).slice(0, 160)}`;
        alarms.push(`${subject.way}: ${formatRef(drift.ref)}: ${operation} ${formatPath(path)}${value}`);
      }
    }
  }
  return alarms;
}

type PeerCounts = Record<Peer, { asked: number; missed: number; failed: number }>;

async function askPeers(stage: Stage, { subject }: Case, counts: PeerCounts): Promise<void> {
  const file = join(stage.folder, "peer.json");
  await writeFile(file, printJson(subject.file.value));
  for (const peer of PEER_NAMES) {
    const found = await differing(stage.cluster, peer, file);
    counts[peer].asked++;
    if (found === undefined) counts[peer].failed++;
    else if (found === 0) counts[peer].missed++;
  }
}
