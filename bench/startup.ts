// `node bench/startup.ts [RUNS]`: what it costs to start: the help, and a scan of one object from a snapshot with every
// policy pack, beside Node itself. Measures dist/ (`npm run build` first), or what HOLDFAST_BENCH_ENTRY names.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inTurn } from "./measure.ts";

const ENTRY = process.env["HOLDFAST_BENCH_ENTRY"] ?? join(import.meta.dirname, "../dist/cli/holdfast.js");
const OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: b }\ndata: { x: one }\n";
const runs = Number(process.argv[2] ?? 10);
const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
try {
  const repo = join(folder, "repo");
  execFileSync("git", ["init", "--quiet", repo]);
  writeFileSync(join(repo, "a.yaml"), OBJECT);
  writeFileSync(join(folder, "same.yaml"), OBJECT);
  writeFileSync(join(folder, "other.yaml"), OBJECT.replace("one", "two"));
  const node = process.execPath;
  const scan = (live: string): readonly string[] => [ENTRY, "scan", "--repo", repo, "--live", join(folder, live)];
  const env = { HOLDFAST_SECRET: "a key for the benchmark" };
  const figures = await inTurn(
    {
      "node -e 0": { file: node, args: ["-e", "0"] },
      "holdfast --help": { file: node, args: [ENTRY, "--help"] },
      "scan of one object, in sync": { file: node, args: scan("same.yaml"), env },
      "scan of one object, drifted": { file: node, args: scan("other.yaml"), env, codes: [2] },
    },
    runs,
  );
  const base = figures["node -e 0"].seconds.median;
  for (const [name, { seconds, cpuSeconds, peakMb }] of Object.entries(figures)) {
    const range = `${ms(seconds.min)}–${ms(seconds.max)}`;
    process.stdout.write(
      `| ${name} | ${ms(seconds.median)} ms | ${range} | ${(seconds.median / base).toFixed(1)}× | ${ms(cpuSeconds)} ms | ${peakMb.toFixed(0)} MB |\n`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function ms(seconds: number): string {
  return (seconds * 1000).toFixed(0);
}
