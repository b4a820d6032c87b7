// `node bench/large.ts [COPIES]`: a full scan of a large cluster: about 100,000 objects of many kinds and sizes, 20,010 of
// them declared in Git. They are what a real API server answered for one namespace, served again and again by a process of
// its own (large/server.ts), whose processor time is told apart. HOLDFAST_BENCH_RECORDING=FILE keeps the recording, and uses
// it where it is there. Measures dist/ (`npm run build` first), or what HOLDFAST_BENCH_ENTRY names.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { text as textOf } from "node:stream/consumers";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { writeKubeconfig } from "../test/cluster/kubeconfig.ts";
import { declaredObjects } from "./large/objects.ts";
import { record } from "./large/recording.ts";
import type { RecordedList, Recording } from "./large/recording.ts";
import { sharesOf } from "./large/profile.ts";
import { figuresOf, measure } from "./measure.ts";
import type { Measured } from "./measure.ts";

const ENTRY = process.env["HOLDFAST_BENCH_ENTRY"] ?? join(import.meta.dirname, "../dist/cli/holdfast.js");
const OBJECTS = 100_000;
const DECLARED_NAMESPACES = 30;
/**
 * Objects that Git declares otherwise than the cluster has them: four replicas, where the cluster has the three that were
 * last applied. Git is ahead of these, so they are pending.
 */
const DRIFTED = 20;
const RUNS = Number(process.env["HOLDFAST_BENCH_RUNS"] ?? 3);

const folder = await mkdtemp(join(tmpdir(), "holdfast-large-"));
try {
  await benchmark();
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function benchmark(): Promise<void> {
  const file = process.env["HOLDFAST_BENCH_RECORDING"] ?? join(folder, "recording.json");
  if (!existsSync(file)) await writeFile(file, JSON.stringify(await record()));
  const recording = JSON.parse(await readFile(file, "utf8")) as Recording;
  const each = recording.lists.filter(isRead).reduce((sum, list) => sum + list.copied.length, 0);
  const copies = Number(process.argv[2] ?? Math.ceil(OBJECTS / each));
  const declared = await makeRepository(Math.min(DECLARED_NAMESPACES, copies));
  describe(recording, copies);
  const server = spawn(process.execPath, [join(import.meta.dirname, "large/server.ts"), file, String(copies)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [first] = (await once(server.stdout, "data")) as [Buffer];
    const address = first.toString().trim();
    await writeKubeconfig(join(folder, "kubeconfig"), {
      context: "large",
      server: address,
      authority: recording.authority,
      token: "any",
    });
    await measureScans(address, recording, declared);
  } finally {
    server.kill();
  }
}

async function makeRepository(namespaces: number): Promise<number> {
  const repo = join(folder, "repo");
  await mkdir(repo);
  execFileSync("git", ["init", "--quiet", repo]);
  let count = 0;
  for (let copy = 0; copy < namespaces; copy++) {
    const made = declaredObjects(`app-${copy}`);
    count += made.length;
    for (const kind of new Set(made.map(({ resource }) => resource))) {
      const objects = made.filter(({ resource }) => resource === kind);
      const texts = objects.map(({ object }, index) =>
        changed(stringify(object), copy === 0 && index < DRIFTED && kind === "deployments"),
      );
      await writeFile(join(repo, `app-${copy}-${kind}.yaml`), texts.join("---\n"));
    }
  }
  return count;
}

function changed(text: string, isDrifted: boolean): string {
  return isDrifted ? text.replace("replicas: 3", "replicas: 4") : text;
}

/** Records of what happens are served, but no scan reads them. */
function isRead({ resource }: RecordedList): boolean {
  return !["events", "endpoints", "endpointslices"].includes(resource);
}

function describe({ lists: all }: Recording, copies: number): void {
  const lists = all.filter(isRead);
  const live = lists.reduce((sum, list) => sum + list.copied.length * copies + list.others.length, 0);
  const bytes = lists.flatMap(({ copied }) => copied).reduce((sum, text) => sum + text.length, 0) * copies;
  say(`${live} live objects in ${copies} namespaces, ${(bytes / 1e6).toFixed(0)} MB of JSON:`);
  for (const list of lists
    .filter(({ copied }) => copied.length > 0)
    .toSorted((a, b) => b.copied.length - a.copied.length)) {
    const mean = list.copied.reduce((sum, text) => sum + text.length, 0) / list.copied.length / 1000;
    const largest = Math.max(...list.copied.map((text) => text.length)) / 1000;
    say(
      `  ${list.copied.length * copies} ${list.resource} (${list.root}), ${mean.toFixed(1)} kB each, ${largest.toFixed(1)} kB at most`,
    );
  }
}

interface Spent {
  readonly user: number;
  readonly system: number;
  readonly bytes: number;
}

async function measureScans(address: string, recording: Recording, declared: number): Promise<void> {
  const args = ["scan", "--quiet", "--format", "json", "--repo", join(folder, "repo")];
  const env = { KUBECONFIG: join(folder, "kubeconfig"), HOLDFAST_SECRET: "a key for the benchmark" };
  const scan = (...flags: readonly string[]) =>
    measure({ file: process.execPath, args: [...flags, ENTRY, ...args], env, codes: [0, 2, 3] });
  const runs: Measured[] = [];
  const servers: number[] = [];
  let sent = 0;
  for (let run = 0; run < RUNS; run++) {
    const before = await spent(address, recording);
    const measured = await scan();
    const after = await spent(address, recording);
    runs.push(measured);
    servers.push((after.user + after.system - before.user - before.system) / 1e6);
    sent = after.bytes - before.bytes;
  }
  check(runs[0]?.stdout ?? "", declared);
  const { seconds, cpuSeconds, peakMb } = figuresOf(runs);
  const server = servers.toSorted((a, b) => a - b)[servers.length >> 1] ?? Number.NaN;
  say(`\n| | wall | processor time | peak memory |\n|---|---|---|---|`);
  say(
    `| holdfast scan, ${declared} declared | ${seconds.median.toFixed(1)} s (${seconds.min.toFixed(1)} to ${seconds.max.toFixed(1)}) | ${cpuSeconds.toFixed(1)} s | ${peakMb.toFixed(0)} MB |`,
  );
  say(`| the server, ${(sent / 1e6).toFixed(0)} MB | | ${server.toFixed(1)} s | |`);
  const profiles = join(folder, "profiles");
  await scan("--cpu-prof", `--cpu-prof-dir=${profiles}`);
  say(`\nWhere the main thread's time goes:\n\n| | share |\n|---|---|`);
  const [name = ""] = (await readdir(profiles)).toSorted();
  for (const { part, share } of sharesOf(await readFile(join(profiles, name), "utf8")))
    say(`| ${part} | ${(share * 100).toFixed(1)} % |`);
}

/** A figure of a scan that did not see everything is none. */
function check(stdout: string, declared: number): void {
  const { summary, faults } = JSON.parse(stdout) as {
    readonly summary: { readonly objects: Readonly<Record<string, number>> };
    readonly faults: readonly unknown[];
  };
  const { objects } = summary;
  say(`\n${JSON.stringify(objects)} (${DRIFTED} were made to be pending)`);
  if (objects["inSync"] !== declared - DRIFTED || objects["pending"] !== DRIFTED || faults.length > 0)
    throw new Error(`not what was expected of ${declared} objects: ${JSON.stringify(faults).slice(0, 2000)}`);
}

async function spent(address: string, { authority }: Recording): Promise<Spent> {
  const body = await new Promise<string>((resolve, reject) => {
    request(`${address}/spent`, { ca: authority, agent: false }, (response) => {
      textOf(response).then(resolve, reject);
    })
      .on("error", reject)
      .end();
  });
  return JSON.parse(body) as Spent;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
