// `node bench/scan.ts [OBJECTS…]`: a full scan of Deployments on a real API server, as one file each and as one file for
// all (as few as the limit of 10 MB a file allows), beside `kubectl diff` and `kubectl diff --server-side
// --force-conflicts` on a sample of the same objects in the same run, and beside what the API server alone needs to list
// them. Measures dist/ (`npm run build` first), or what HOLDFAST_BENCH_ENTRY names.

import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { ensureBinary } from "../test/cluster/binaries.ts";
import { startCluster } from "../test/cluster/cluster.ts";
import type { TestCluster } from "../test/cluster/cluster.ts";
import { askApi } from "../test/cluster/api.ts";
import { deployment } from "./deployments.ts";
import { figuresOf, measure } from "./measure.ts";
import type { Figures, Measured } from "./measure.ts";

const ENTRY = process.env["HOLDFAST_BENCH_ENTRY"] ?? join(import.meta.dirname, "../dist/cli/holdfast.js");
const SAMPLE = 200;
const RUNS = 3;
const AT_ONCE = 16;
/** Objects of 4.4 KB that stay below the limit of a file. */
const PER_FILE = 2000;
const sizes = process.argv.slice(2).map(Number);

for (const objects of sizes.length === 0 ? [1000, 10_000] : sizes) await benchmark(objects);

async function benchmark(objects: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-bench-"));
  const cluster = await startCluster();
  try {
    const texts = Array.from({ length: objects }, (_, index) => stringify(deployment(`web-${index}`, false)));
    await makeRepositories(folder, texts);
    await fill(cluster, objects);
    const bytes = texts.reduce((sum, text) => sum + text.length, 0);
    say(
      `\n${objects} Deployments, ${(bytes / 1e6).toFixed(1)} MB of YAML, 2 containers each; median of ${RUNS} runs\n`,
    );
    say("| | whole | processor time | an object | times holdfast's | peak memory |");
    say("|---|---|---|---|---|---|");
    await compare(cluster, folder, objects);
  } finally {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeRepositories(folder: string, texts: readonly string[]): Promise<void> {
  for (const name of ["many", "one", "sample"]) {
    await mkdir(join(folder, name));
    execFileSync("git", ["init", "--quiet", join(folder, name)]);
  }
  for (const [index, text] of texts.entries()) await writeFile(join(folder, "many", `web-${index}.yaml`), text);
  for (let start = 0; start < texts.length; start += PER_FILE) {
    await writeFile(join(folder, "one", `all-${start}.yaml`), texts.slice(start, start + PER_FILE).join("---\n"));
  }
  await writeFile(join(folder, "sample/some.yaml"), texts.slice(0, SAMPLE).join("---\n"));
}

/** As client-side apply leaves them: the last-applied annotation, and managedFields of `kubectl-client-side-apply`. */
async function fill(cluster: TestCluster, objects: number): Promise<void> {
  const endpoint = { server: cluster.server, authority: cluster.authority, token: cluster.tokenOf("admin") };
  const post = async (path: string, body: unknown): Promise<void> => {
    const answer = await askApi(endpoint, {
      method: "POST",
      path: `${path}?fieldManager=kubectl-client-side-apply`,
      body,
    });
    if (answer.status >= 300) throw new Error(answer.text);
  };
  await post("/api/v1/namespaces", { metadata: { name: "shop" } });
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < objects) {
      const value = deployment(`web-${next++}`, false);
      const annotations = {
        ...(value["metadata"] as { annotations: object }).annotations,
        "kubectl.kubernetes.io/last-applied-configuration": `${JSON.stringify(value)}\n`,
      };
      await post("/apis/apps/v1/namespaces/shop/deployments", {
        ...value,
        metadata: { ...(value["metadata"] as object), annotations },
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function compare(cluster: TestCluster, folder: string, objects: number): Promise<void> {
  const kubectl = await ensureBinary("kubectl");
  const env = { KUBECONFIG: cluster.kubeconfigFor("admin"), HOLDFAST_SECRET: "a key for the benchmark" };
  const scan = (repo: string) => ({
    file: process.execPath,
    args: [ENTRY, "scan", "--quiet", "--format", "json", "--repo", join(folder, repo)],
    env,
  });
  const sample = Math.min(SAMPLE, objects);
  const diff = (...args: readonly string[]) => ({
    file: kubectl,
    args: ["diff", "-f", join(folder, "sample/some.yaml"), ...args],
    env,
    codes: [0, 1],
  });
  const all: Record<string, Measured[]> = { many: [], one: [], diff: [], serverSide: [], list: [] };
  for (let run = 0; run < RUNS; run++) {
    all["many"]?.push(inSync(await measure(scan("many")), objects));
    all["one"]?.push(inSync(await measure(scan("one")), objects));
    all["diff"]?.push(await measure(diff()));
    all["serverSide"]?.push(await measure(diff("--server-side", "--force-conflicts")));
    all["list"]?.push(await listAlone(cluster));
  }
  const figures = Object.fromEntries(
    Object.entries(all).map(([name, measured]) => [name, figuresOf(measured)]),
  ) as Record<string, Figures>;
  const base = (figures["many"]?.seconds.median ?? Number.NaN) / objects;
  row({ title: "holdfast scan, one file each", figures: figures["many"], count: objects, base });
  row({
    title: `holdfast scan, ${Math.ceil(objects / PER_FILE) === 1 ? "one file for all" : `${Math.ceil(objects / PER_FILE)} files`}`,
    figures: figures["one"],
    count: objects,
    base,
  });
  row({ title: `kubectl diff, ${sample} of them`, figures: figures["diff"], count: sample, base });
  row({
    title: `kubectl diff --server-side --force-conflicts, ${sample} of them`,
    figures: figures["serverSide"],
    count: sample,
    base,
  });
  row({ title: "the lists alone, pages of 500, not parsed", figures: figures["list"], count: objects, base });
}

function inSync(measured: Measured, objects: number): Measured {
  const { summary } = JSON.parse(measured.stdout) as {
    readonly summary: { readonly objects: { readonly inSync: number } };
  };
  if (summary.objects.inSync !== objects)
    throw new Error(`${summary.objects.inSync} of ${objects} are in sync: ${measured.stdout.slice(0, 2000)}`);
  return measured;
}

/** The floor: what the API server needs, asked for page after page. */
async function listAlone(cluster: TestCluster): Promise<Measured> {
  const endpoint = { server: cluster.server, authority: cluster.authority, token: cluster.tokenOf("admin") };
  const started = performance.now();
  let token = "";
  do {
    const page = await askApi(endpoint, {
      method: "GET",
      path: `/apis/apps/v1/namespaces/shop/deployments?limit=500${token}`,
      milliseconds: 60_000,
    });
    const next = /"continue":"([^"]+)"/.exec(page.text.slice(0, 4000))?.[1];
    token = next === undefined ? "" : `&continue=${encodeURIComponent(next)}`;
  } while (token !== "");
  return { seconds: (performance.now() - started) / 1000, cpuSeconds: Number.NaN, peakMb: Number.NaN, stdout: "" };
}

interface Row {
  readonly title: string;
  readonly figures: Figures | undefined;
  readonly count: number;
  /** Seconds an object of holdfast's. */
  readonly base: number;
}

function row({ title, figures, count, base }: Row): void {
  if (figures === undefined) return;
  const each = figures.seconds.median / count;
  const peak = Number.isNaN(figures.peakMb) ? "" : `${figures.peakMb.toFixed(0)} MB`;
  const cpu = Number.isNaN(figures.cpuSeconds) ? "" : `${figures.cpuSeconds.toFixed(2)} s`;
  say(
    `| ${title} | ${figures.seconds.median.toFixed(2)} s | ${cpu} | ${(each * 1000).toFixed(2)} ms | ${(each / base).toFixed(1)} | ${peak} |`,
  );
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
