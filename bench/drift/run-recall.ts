// `node bench/drift/run-recall.ts [--ways csa,ssa] [--seed N] [--limit N] [--case K] [--kind K]`: recall alone.

import { parseArgs } from "node:util";
import { writeFileSync } from "node:fs";
import { SHORT, uncovered } from "./bases.ts";
import { casesOf, play, randomOf, titleOf } from "./recall.ts";
import { openStage } from "./stage.ts";
import { changesOf } from "../../src/core/drift.ts";
import { formatPath } from "../../src/core/path.ts";
import { read } from "./stage.ts";
import { WAYS } from "./ways.ts";

const { values } = parseArgs({
  options: {
    ways: { type: "string" },
    seed: { type: "string", default: "1" },
    limit: { type: "string" },
    case: { type: "string" },
    kind: { type: "string" },
  },
});
const seed = Number(values.seed);
const ways = WAYS.filter((way) => values.ways === undefined || values.ways.split(",").includes(SHORT[way]));
const stage = await openStage(ways);
try {
  for (const one of stage.refused) console.log(`REFUSED ${one}`);
  console.log(
    `kinds without a base: ${
      uncovered(
        stage.resources,
        stage.subjects.map(({ file }) => file),
      ).join(", ") || "none"
    }`,
  );
  for (const subject of stage.subjects) {
    const { drifts } = await stage.compare(subject, await read(stage, subject));
    for (const { drift } of drifts)
      for (const change of changesOf(drift))
        console.log(
          `NOISE ${subject.way} ${drift.ref.kind}/${drift.ref.name}: ${change.operation} ${formatPath(change.path)} ${JSON.stringify(change.live)?.slice(0, 100)}`,
        );
  }
  let cases = await casesOf(stage);
  console.log(`${stage.subjects.length} objects, ${cases.length} cases`);
  if (values.kind !== undefined) cases = cases.filter(({ subject }) => subject.desired.ref.kind === values.kind);
  if (values.case !== undefined) cases = cases.filter(({ number }) => values.case?.split(",").includes(String(number)));
  if (values.limit !== undefined) {
    const order = new Map(cases.map(({ number }) => [number, randomOf(seed, number)()]));
    cases = cases
      .toSorted((a, b) => (order.get(a.number) ?? 0) - (order.get(b.number) ?? 0))
      .slice(0, Number(values.limit));
  }
  const counts: Record<string, number> = {};
  const started = performance.now();
  for (const one of cases) {
    const outcome = await play(stage, one, seed).catch(
      (error: unknown) => ({ kind: "broken", why: String(error) }) as const,
    );
    counts[outcome.kind] = (counts[outcome.kind] ?? 0) + 1;
    if (outcome.kind === "broken") console.log(`BROKEN ${titleOf(one)}: ${outcome.why}`);
    if (outcome.kind === "refused" || outcome.kind === "nothing")
      console.log(
        `${outcome.kind.toUpperCase()} ${titleOf(one)}: ${outcome.why.replaceAll(/\s+/g, " ").slice(0, 200)}`,
      );
    if (outcome.kind === "wrong") {
      for (const problem of outcome.problems) console.log(`WRONG ${titleOf(one)} (${outcome.hand}): ${problem}`);
      if (values.case !== undefined)
        writeFileSync(
          `/tmp/case-${one.number}.json`,
          JSON.stringify(
            {
              git: one.subject.file.value,
              before: outcome.before,
              after: outcome.after,
              problems: outcome.problems,
              title: titleOf(one),
            },
            undefined,
            1,
          ),
        );
    }
  }
  console.log(JSON.stringify({ ...counts, seconds: Math.round((performance.now() - started) / 1000) }));
} finally {
  await stage.close();
}
