/**
 * `npm run bench:targets`: what holdfast makes of every kustomization and chart of the public corpus, beside what kustomize
 * and helm print when they are started by hand, read by Kubernetes' own YAML reader. Writes docs/targets.md.
 * Then fields are sampled, and where holdfast says that they are written is proved by changing just that.
 * `--show` prints every root that is not rendered, or not the same, and every field of which the line is not told, or wrong.
 * `--fields N`, `--charts N` (fields of charts besides the corpus), `--seed N` and `--chart-seeds 1,2` choose the samples.
 * `--only charts` measures only the fields of charts, and leaves the other parts of the document as they are.
 */

import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ensureBinary } from "../../test/cluster/binaries.ts";
import { CORPUS, whyNoCorpus } from "../drift/corpus.ts";
import { documentOf } from "./document.ts";
import { chartRepositories } from "./charts.ts";
import { CHARTS, chartsPart, originsPart } from "./origins-document.ts";
import type { ChartSample } from "./origins-document.ts";
import { measureOrigins } from "./origins.ts";
import type { SampledField } from "./origins.ts";
import { measureRepository } from "./measure.ts";
import type { Measured, Programs } from "./measure.ts";

const DOCUMENT = join(import.meta.dirname, "../../docs/targets.md");

const { values: options } = parseArgs({
  options: {
    show: { type: "boolean", default: false },
    fields: { type: "string", default: "1000" },
    charts: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    "chart-seeds": { type: "string", default: "1,2,3,4,5" },
    only: { type: "string" },
  },
});

if (options.only !== undefined && options.only !== "charts") throw new Error("--only takes charts");
const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
try {
  const programs = {
    kustomize: await ensureBinary("kustomize"),
    helm: await ensureBinary("helm"),
    judge: await ensureBinary("yamljudge"),
  };
  writeFileSync(DOCUMENT, options.only === "charts" ? await chartsAnew(programs) : await all(programs));
  console.log(DOCUMENT);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function all(programs: Programs): Promise<string> {
  const reason = whyNoCorpus();
  if (reason !== undefined) throw new Error(reason);
  const measured: Measured[] = [];
  for (const repository of readdirSync(CORPUS).toSorted()) {
    const dir = join(folder, repository);
    cpSync(join(CORPUS, repository), dir, { recursive: true });
    const one = await measureRepository({ repository, dir, home: folder, programs });
    measured.push(one);
    console.log(`${repository}: ${one.roots.length} roots`);
    if (options.show) for (const root of one.roots) if (root.kind !== "same") console.log(root);
  }
  const seed = Number(options.seed);
  const repositories = measured.map(({ repository }) => ({ repository, dir: join(folder, repository) }));
  const count = Number(options.fields);
  const fields = await measureOrigins({ repositories, home: folder, programs, count, seed, told: show });
  return documentOf(measured, [...originsPart(fields, seed), ...(await ofCharts(programs, "with the rest"))]);
}

async function chartsAnew(programs: Programs): Promise<string> {
  const [before = ""] = readFileSync(DOCUMENT, "utf8").split(`${CHARTS}\n`);
  return `${[before.trimEnd(), "", ...(await ofCharts(programs, "alone"))].join("\n").trimEnd()}\n`;
}

async function ofCharts(programs: Programs, when: "with the rest" | "alone"): Promise<readonly string[]> {
  const repositories = chartRepositories(folder, programs.helm);
  const samples: ChartSample[] = [];
  for (const seed of options["chart-seeds"].split(",").map(Number)) {
    let rendered = 0;
    const fields = await measureOrigins({
      repositories,
      home: folder,
      programs,
      count: Number(options.charts),
      seed,
      told: show,
      rendered: (times) => void (rendered += times),
    });
    samples.push({ seed, fields, rendered });
    console.log(`charts, seed ${seed}: ${fields.filter(({ source }) => source !== undefined).length} told`);
  }
  return chartsPart(samples, when);
}

function show(field: SampledField): void {
  if (options.show && field.verdict.kind !== "right") console.log(field);
}
