// `npm run bench [-- start-up compare scan roots large]`: the benchmarks that are named, or all, one after the other, on the built
// program. Figures and what they mean: docs/performance.md.

import { spawnSync } from "node:child_process";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";

const BENCHMARKS: Readonly<Record<string, { readonly title: string; readonly script: string }>> = {
  "start-up": { title: "Start-up", script: "startup.ts" },
  compare: { title: "Comparison, from memory", script: "compare.ts" },
  scan: { title: "Full scan on a real API server", script: "scan.ts" },
  roots: { title: "Full scan of rendered roots", script: "roots.ts" },
  large: { title: "Full scan of 100,000 objects", script: "large.ts" },
};

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(BENCHMARKS);
const cores = cpus();
process.stdout.write(
  `${cores.length} cores (${cores[0]?.model}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, load ${loadavg()[0]?.toFixed(1)}\n`,
);
for (const name of names) {
  const benchmark = BENCHMARKS[name];
  if (benchmark === undefined) {
    process.stderr.write(`no benchmark is called ${name}: there are ${Object.keys(BENCHMARKS).join(", ")}\n`);
    process.exit(1);
  }
  process.stdout.write(`\n## ${benchmark.title}\n\n`);
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, benchmark.script)], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
