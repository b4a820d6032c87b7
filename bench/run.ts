// `npm run bench`: every benchmark, one after the other, on the built program. Figures and what they mean: docs/performance.md.

import { spawnSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";

const cores = cpus();
process.stdout.write(
  `${cores.length} cores (${cores[0]?.model}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}\n`,
);
for (const [title, script] of [
  ["Start-up", "startup.ts"],
  ["Comparison, from memory", "compare.ts"],
  ["Full scan on a real API server", "scan.ts"],
] as const) {
  process.stdout.write(`\n## ${title}\n\n`);
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, script)], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
