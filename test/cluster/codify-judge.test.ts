// Kubernetes' own YAML reader judges random edits: it reads what the change says, in texts that were written by splicing.

import { beforeAll, describe, expect, test } from "vitest";
import type { Change } from "../../src/core/drift.ts";
import type { DesiredObject } from "../../src/core/objects.ts";
import { equalValues } from "../../src/core/value.ts";
import type { Value } from "../../src/core/value.ts";
import { splitDocuments } from "../../src/yaml/documents.ts";
import { handWritten, made } from "../codify/awkward.ts";
import { applied, randomChange, randomFrom } from "../codify/random-edits.ts";
import { objectsOf, run } from "../codify/workbench.ts";
import { ensureBinary, whyUnavailable } from "./binaries.ts";
import { judgeTexts } from "./yaml-judge.ts";

const unavailable = whyUnavailable(["yamljudge"]);
const seed = Number(process.env["HOLDFAST_SEED"] ?? Date.now() % 2 ** 31);

if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

interface Edited {
  readonly what: string;
  readonly before: string;
  readonly after: string;
  readonly desired: DesiredObject;
  readonly change: Change;
}

describe.skipIf(unavailable !== undefined)("random edits, judged by Kubernetes' own reader", () => {
  let judge = "";
  beforeAll(async () => {
    judge = await ensureBinary("yamljudge");
  });

  test("of the awkward files", async () => {
    const edits = await randomEdits();
    const before = await judgeTexts(
      judge,
      edits.map((edit) => edit.before),
    );
    const after = await judgeTexts(
      judge,
      edits.map((edit) => edit.after),
    );
    const agreed = [...edits.entries()].filter(([index, { desired }]) => {
      const verdict = before[index];
      // What the project's reader reads otherwise before any edit is that reader's known gap.
      return verdict?.kind === "value" && equalValues(verdict.value, desired.value);
    });
    const wrong = agreed.filter(([index, { desired, change }]) => {
      const verdict = after[index];
      return verdict?.kind !== "value" || !equalValues(verdict.value, applied(desired.value, [change]));
    });
    console.info(`${agreed.length} edits judged of ${edits.length} made (seed ${seed})`);
    expect(wrong.map(([, { what }]) => what)).toEqual([]);
    expect(agreed.length).toBeGreaterThan(1000);
  });
});

async function randomEdits(): Promise<readonly Edited[]> {
  const random = randomFrom(seed);
  const edits: Edited[] = [];
  for (const [file, text] of [...handWritten(), ...made()]) {
    // An item of a `List` is no text of its own.
    const objects = objectsOf(file, text).filter(({ origin }) => origin.items.length === 0);
    for (let round = 0; round < 6 && objects.length > 0; round++) {
      const desired = random.pick(objects);
      const change = randomChange(random, desired.value);
      if (change === undefined) continue;
      const result = await run({ files: { [file]: text }, requests: [{ desired, changes: [change] }] });
      const after = result.files[0]?.after;
      if (after === undefined) continue;
      const { document } = desired.origin;
      edits.push({
        what: `${file} ${show(change)}`,
        before: documentOf(text, document),
        after: documentOf(after, document),
        desired,
        change,
      });
    }
  }
  return edits;
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, inner: Value) => (typeof inner === "bigint" ? inner.toString() : inner)).slice(
    0,
    500,
  );
}

function documentOf(text: string, index: number): string {
  const { start, end } = splitDocuments(text)[index] as { start: number; end: number };
  return text.slice(start, end).replace(/^\uFEFF/, "");
}
