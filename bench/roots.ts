// `node bench/roots.ts [ROOTS]`: a full scan of a repository of rendered roots, ten objects each, on a real API server: the
// first, with an empty cache; the second, with one changed file; beside kustomize and helm started by hand for each root. All
// in turn. Measures dist/ (`npm run build` first), or what HOLDFAST_BENCH_ENTRY names.

import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBinary } from "../test/cluster/binaries.ts";
import { startCluster } from "../test/cluster/cluster.ts";
import { figuresOf, measure } from "./measure.ts";
import type { Command, Measured } from "./measure.ts";
import { makeRoots, TOUCHED } from "./roots/repository.ts";
import type { Root } from "./roots/repository.ts";

const ENTRY = process.env["HOLDFAST_BENCH_ENTRY"] ?? join(import.meta.dirname, "../dist/cli/holdfast.js");
const OBJECTS_EACH = 10;
const RUNS = Number(process.env["HOLDFAST_BENCH_RUNS"] ?? 3);
const roots = Number(process.argv[2] ?? 200);

const folder = mkdtempSync(join(tmpdir(), "holdfast-roots-"));
try {
  await benchmark();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

interface Programs {
  readonly kustomize: string;
  readonly helm: string;
}

async function benchmark(): Promise<void> {
  const repo = join(folder, "repo");
  const made = makeRoots(repo, roots);
  const programs = { kustomize: await ensureBinary("kustomize"), helm: await ensureBinary("helm") };
  const cluster = await startCluster();
  try {
    const env = { KUBECONFIG: cluster.kubeconfigFor("admin"), HOLDFAST_SECRET: "a key for the benchmark" };
    await deploy(made, repo, { programs, env });
    await compare(made, repo, {
      ...env,
      HOLDFAST_KUSTOMIZE: programs.kustomize,
      HOLDFAST_HELM: programs.helm,
      XDG_CACHE_HOME: join(folder, "cache"),
    });
  } finally {
    await cluster.stop();
  }
}

function renderedBy({ path, renderer }: Root, repo: string, programs: Programs): Command {
  const whole = join(repo, path);
  return renderer === "kustomize"
    ? { file: programs.kustomize, args: ["build", whole] }
    : { file: programs.helm, args: ["template", path.slice(path.lastIndexOf("/") + 1), whole] };
}

async function deploy(
  made: readonly Root[],
  repo: string,
  { programs, env }: { readonly programs: Programs; readonly env: NodeJS.ProcessEnv },
): Promise<void> {
  const kubectl = await ensureBinary("kubectl");
  const all = { env: { ...process.env, ...env }, stdio: "ignore" } as const;
  execFileSync(kubectl, ["create", "namespace", "shop"], all);
  const file = join(folder, "all.yaml");
  const texts: string[] = [];
  for (const root of made) texts.push((await measure(renderedBy(root, repo, programs))).stdout);
  writeFileSync(file, texts.join("\n---\n"));
  execFileSync(kubectl, ["apply", "--server-side", "--field-manager=kubectl-client-side-apply", "-f", file], all);
}

async function compare(made: readonly Root[], repo: string, env: NodeJS.ProcessEnv): Promise<void> {
  const scan: Command = {
    file: process.execPath,
    args: [ENTRY, "scan", "--quiet", "--format", "json", "--repo", repo],
    env,
    codes: [0, 1, 2, 3],
  };
  const programs = { kustomize: env["HOLDFAST_KUSTOMIZE"] ?? "", helm: env["HOLDFAST_HELM"] ?? "" };
  const all: Record<string, Measured[]> = { programs: [], first: [], second: [], same: [] };
  for (let run = 0; run < RUNS; run++) {
    all["programs"]?.push(await byHand(made.map((root) => renderedBy(root, repo, programs))));
    rmSync(join(folder, "cache"), { recursive: true, force: true });
    all["first"]?.push(inSync(await measure(scan)));
    appendFileSync(join(repo, TOUCHED.file), TOUCHED.line);
    all["second"]?.push(inSync(await measure(scan)));
    all["same"]?.push(inSync(await measure(scan)));
  }
  say(`${roots} roots, ${roots * OBJECTS_EACH} objects, in sync; medians of ${RUNS} runs\n`);
  say("| | wall | processor time | peak memory |");
  say("|---|---|---|---|");
  row("kustomize and helm by hand, one after the other", all["programs"] ?? []);
  row("first scan", all["first"] ?? []);
  row("second scan, one file changed", all["second"] ?? []);
  row("third scan, nothing changed", all["same"] ?? []);
}

/** One after the other, as one figure. */
async function byHand(commands: readonly Command[]): Promise<Measured> {
  let seconds = 0;
  let cpuSeconds = 0;
  for (const command of commands) {
    const one = await measure(command);
    seconds += one.seconds;
    cpuSeconds += one.cpuSeconds;
  }
  return { seconds, cpuSeconds, peakMb: Number.NaN, stdout: "" };
}

function inSync(measured: Measured): Measured {
  const { summary } = JSON.parse(measured.stdout) as { readonly summary: { readonly objects: { inSync: number } } };
  if (summary.objects.inSync !== roots * OBJECTS_EACH) {
    throw new Error(
      `${summary.objects.inSync} of ${roots * OBJECTS_EACH} are in sync: ${measured.stdout.slice(0, 4000)}`,
    );
  }
  return measured;
}

function row(title: string, measured: readonly Measured[]): void {
  const { seconds, cpuSeconds, peakMb } = figuresOf(measured);
  const peak = Number.isNaN(peakMb) ? "" : `${peakMb.toFixed(0)} MB`;
  say(`| ${title} | ${seconds.median.toFixed(2)} s | ${cpuSeconds.toFixed(2)} s | ${peak} |`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
