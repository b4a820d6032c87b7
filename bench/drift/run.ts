/**
 * `npm run bench:drift`: the measure of drift detection, on real API servers. Without options everything is measured and
 * docs/drift-accuracy.md is written; each of these does less:
 *
 *     --seed N        other changes, and other writers
 *     --case K        makes change number K of the seed again, and prints both sides where it is told wrongly
 *     --at-most N     everything, but of N changes that the server takes
 *     --planted N     recall alone, of N changes that the server takes
 *     --kind KIND     recall alone, of one kind
 *     --way WAY       silence alone, of one way (`client-side apply` …); --every N: of each N-th file
 *     --kubernetes V  on `v1.36` or `v1.33`, with the options that do less
 */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { KUBERNETES } from "../../test/cluster/binaries.ts";
import type { KubernetesMinor } from "../../test/cluster/binaries.ts";
import { readCorpus, readSilent, whyNoCorpus } from "./corpus.ts";
import { documentOf } from "./document.ts";
import type { Measured } from "./document.ts";
import { measureEquivalence } from "./equivalence.ts";
import { measureRecall } from "./measure.ts";
import type { Recall } from "./measure.ts";
import { randomOf, titleOf } from "./recall.ts";
import type { Case, Outcome } from "./recall.ts";
import { measureSilence } from "./silence.ts";
import type { Silence } from "./silence.ts";
import { openStage } from "./stage.ts";
import { measureWhole } from "./whole.ts";
import { WAYS } from "./ways.ts";

const DOCUMENT = join(import.meta.dirname, "../../docs/drift-accuracy.md");

/** Of the changes, so many are shown to kubectl too: it takes a tenth of a second for each. */
const SHOWN_TO_PEERS = 100;

const PLANTED_ON_OLDER = 2000;

const MINORS = Object.keys(KUBERNETES) as KubernetesMinor[];

/** Of the rewritings about which the server is asked, one in so many. */
const ONE_REWRITING_IN = 4;

const { values: options } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    case: { type: "string" },
    planted: { type: "string" },
    "at-most": { type: "string" },
    kind: { type: "string" },
    way: { type: "string" },
    every: { type: "string", default: "1" },
    kubernetes: { type: "string", default: "v1.36" },
  },
});
const seed = Number(options.seed);

if (options.way !== undefined || options.every !== "1") {
  for (const way of WAYS.filter((one) => one === (options.way ?? one)))
    print(await silence(way, minorOf(options.kubernetes)));
} else if (options.case !== undefined || options.planted !== undefined || options.kind !== undefined) {
  await recallAlone();
} else {
  await everything();
}

async function everything(): Promise<void> {
  const reason = whyNoCorpus();
  if (reason !== undefined) throw new Error(reason);
  const measured: Measured[] = [];
  for (const minor of MINORS) measured.push(await everythingOn(minor));
  await writeFile(DOCUMENT, documentOf(measured));
  console.log(DOCUMENT);
}

async function everythingOn(kubernetes: KubernetesMinor): Promise<Measured> {
  const quiet: Silence[] = [];
  for (const way of WAYS) {
    const one = await silence(way, kubernetes, true);
    print(one);
    quiet.push(one);
  }
  const stage = await openStage(WAYS, { kubernetes });
  try {
    // The older Kubernetes is there for its defaults above all: of the changes a part is made.
    const most = Number(options["at-most"] ?? Number.POSITIVE_INFINITY);
    const part = { planted: kubernetes === MINORS[0] ? most : Math.min(most, PLANTED_ON_OLDER) };
    const recall = await measureRecall(stage, { seed, peers: SHOWN_TO_PEERS, onOutcome: tell, ...part });
    tellRecall(recall);
    const equivalence = await measureEquivalence(stage, (index) => randomOf(seed, index)() < 1 / ONE_REWRITING_IN);
    const whole = await measureWhole(stage);
    return { kubernetes: KUBERNETES[kubernetes].version, seed, silence: quiet, recall, equivalence, whole };
  } finally {
    await stage.close();
  }
}

async function silence(way: (typeof WAYS)[number], kubernetes: KubernetesMinor, peers = false): Promise<Silence> {
  return await measureSilence([...readSilent(), ...readCorpus(Number(options.every))], way, { peers, kubernetes });
}

function print({ alarms, faults, refused, ...rest }: Silence): void {
  console.log(JSON.stringify({ ...rest, alarms: alarms.length, refused: refused.length }));
  for (const alarm of alarms) console.log(`ALARM ${alarm}`);
  for (const fault of faults) console.log(`FAULT ${fault}`);
  for (const [from, why] of refused) console.log(`REFUSED ${from}: ${why.replaceAll(/\s+/g, " ").slice(0, 300)}`);
}

function minorOf(text: string): KubernetesMinor {
  const minor = MINORS.find((one) => one === text);
  if (minor === undefined) throw new Error(`--kubernetes is one of ${MINORS.join(", ")}`);
  return minor;
}

async function recallAlone(): Promise<void> {
  const stage = await openStage(WAYS, { kubernetes: minorOf(options.kubernetes) });
  try {
    for (const one of stage.refused) console.log(`REFUSED ${one}`);
    const only = ({ number, subject }: Case): boolean =>
      (options.case === undefined || options.case.split(",").includes(String(number))) &&
      (options.kind === undefined || options.kind === subject.resource.kind);
    const planted = options.planted === undefined ? {} : { planted: Number(options.planted) };
    tellRecall(await measureRecall(stage, { seed, only, onOutcome: tell, ...planted }));
  } finally {
    await stage.close();
  }
}

function tell(one: Case, outcome: Outcome): void {
  if (outcome.kind === "refused" || outcome.kind === "nothing") {
    console.log(`${outcome.kind.toUpperCase()} ${titleOf(one)}: ${outcome.why.replaceAll(/\s+/g, " ").slice(0, 200)}`);
  }
  if (outcome.kind !== "wrong") return;
  for (const problem of outcome.problems) console.log(`WRONG ${titleOf(one)} (${outcome.hand}): ${problem}`);
  if (options.case === undefined) return;
  const { before, after } = outcome;
  console.log(JSON.stringify({ git: one.subject.file.value, before, after }, undefined, 1));
}

function tellRecall({ alarms, broken, wrong, uncovered, ...counts }: Recall): void {
  for (const alarm of alarms) console.log(`NOISE ${alarm}`);
  for (const one of broken) console.log(`BROKEN ${one}`);
  console.log(
    JSON.stringify({ ...counts, alarms: alarms.length, problems: wrong.length, broken: broken.length, uncovered }),
  );
}
