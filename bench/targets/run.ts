/**
 * `npm run bench:targets`: what holdfast makes of every kustomization and chart of the public corpus, beside what kustomize
 * and helm print when they are started by hand, read by Kubernetes' own YAML reader. Writes docs/targets.md.
 * Then fields are sampled, and where holdfast says that they are written is proved by changing just that.
 * `--show` prints every root that is not rendered, or not the same, and every field of which the line is not told, or wrong.
 * `--fields N`, `--charts N` (fields of charts besides the corpus) and `--seed N` choose the samples.
 */

import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ensureBinary } from "../../test/cluster/binaries.ts";
import { CORPUS, whyNoCorpus } from "../drift/corpus.ts";
import { documentOf } from "./document.ts";
import { chartRepositories } from "./charts.ts";
import { chartsPart, originsPart } from "./origins-document.ts";
import { measureOrigins } from "./origins.ts";
import { measureRepository } from "./measure.ts";
import type { Measured } from "./measure.ts";

const DOCUMENT = join(import.meta.dirname, "../../docs/targets.md");

const { values: options } = parseArgs({
  options: {
    show: { type: "boolean", default: false },
    fields: { type: "string", default: "1000" },
    charts: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
  },
});

const reason = whyNoCorpus();
if (reason !== undefined) throw new Error(reason);
const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
try {
  const programs = {
    kustomize: await ensureBinary("kustomize"),
    helm: await ensureBinary("helm"),
    judge: await ensureBinary("yamljudge"),
  };
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
  const fields = await measureOrigins({
    repositories: measured.map(({ repository }) => ({ repository, dir: join(folder, repository) })),
    home: folder,
    programs,
    count: Number(options.fields),
    seed,
    told: (field) => {
      if (options.show && field.verdict.kind !== "right") console.log(field);
    },
  });
  const ofCharts = await measureOrigins({
    repositories: chartRepositories(folder, programs.helm),
    home: folder,
    programs,
    count: Number(options.charts),
    seed,
    told: (field) => {
      if (options.show && field.verdict.kind !== "right") console.log(field);
    },
  });
  writeFileSync(DOCUMENT, documentOf(measured, [...originsPart(fields, seed), ...chartsPart(ofCharts)]));
  console.log(DOCUMENT);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
