/**
 * Random edits over files that people write: not one byte outside the edit changes, and the fast reader reads what the
 * change says. `HOLDFAST_SEED` repeats a run, `HOLDFAST_EDITS` sets how many edits each file gets.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Change } from "../../src/core/drift.ts";
import type { DesiredObject } from "../../src/core/objects.ts";
import { formatPath } from "../../src/core/path.ts";
import type { Edit } from "../../src/core/proposal.ts";
import { equalValues } from "../../src/core/value.ts";
import { readYaml } from "../../src/yaml/read.ts";
import { handWritten, made, makeFiles, writeMade } from "./awkward.ts";
import { applied, randomChange, randomFrom } from "./random-edits.ts";
import type { Random } from "./random-edits.ts";
import { objectsOf, run } from "./workbench.ts";

const seed = Number(process.env["HOLDFAST_SEED"] ?? Date.now() % 2 ** 31);
/** Says more of each edit that is not as it should be, or could be better. */
const SHOW = process.env["HOLDFAST_SHOW"] !== undefined;
const CORPUS = join(import.meta.dirname, "../../../shared/corpus/manifests");

interface Tally {
  made: number;
  oneLine: number;
  scalars: number;
  readonly refused: Map<string, number>;
}

function newTally(): Tally {
  return { made: 0, oneLine: 0, scalars: 0, refused: new Map() };
}

function print(what: string, files: number, tally: Tally): void {
  const refused = [...tally.refused].map(([code, count]) => `${code} ${count}`);
  const share =
    tally.scalars === 0 ? "none" : `${((100 * tally.oneLine) / tally.scalars).toFixed(2)} % of ${tally.scalars}`;
  console.info(
    `${what}: ${files} files, ${tally.made} edits made, refused: ${refused.join(", ") || "none"}; one-line diffs after one scalar edit: ${share} (seed ${seed})`,
  );
}

/** Up to three changes of one object; more than one only where they cannot touch each other. */
function changesFor(random: Random, { value }: DesiredObject): readonly Change[] {
  const wanted = random.below(4) === 0 ? 3 : 1;
  const changes: Change[] = [];
  for (let tries = 0; tries < wanted * 3 && changes.length < wanted; tries++) {
    const change = randomChange(random, value);
    if (change === undefined) continue;
    const top = formatPath(change.path.slice(0, 2));
    if (changes.every((other) => formatPath(other.path.slice(0, 2)) !== top && !sharesList(other, change)))
      changes.push(change);
  }
  return changes;
}

function sharesList(a: Change, b: Change): boolean {
  return topOf(a) === topOf(b) && [a, b].some(({ path }) => path[1]?.kind !== "field");
}

function topOf({ path }: Change): string {
  return formatPath(path.slice(0, 1));
}

async function editAndJudge(
  random: Random,
  { file, text, objects }: { file: string; text: string; objects: readonly DesiredObject[] },
  tally: Tally,
): Promise<void> {
  const desired = random.pick(objects);
  const changes = changesFor(random, desired);
  if (changes.length === 0) return;
  const what = `${file} ${desired.ref.kind}/${desired.ref.name} ${JSON.stringify(changes, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value)).slice(0, 2000)} seed ${seed}`;
  const result = await run({ files: { [file]: text }, requests: [{ desired, changes }] });
  const answers = result.answers[0] ?? [];
  expect({ what, answers: answers.length }).toEqual({ what, answers: changes.length });
  const accepted: Change[] = [];
  const edits: Edit[] = [];
  for (const [index, answer] of answers.entries()) {
    if ("edit" in answer) {
      accepted.push(changes[index] as Change);
      edits.push(answer.edit);
    } else tally.refused.set(answer.refusal.code, (tally.refused.get(answer.refusal.code) ?? 0) + 1);
    if ("refusal" in answer && answer.refusal.code === "proof-failed" && SHOW) console.info("proof-failed", what);
  }
  tally.made += accepted.length;
  const after = result.files[0]?.after ?? text;
  expect({ what, files: result.files.length }).toEqual({ what, files: accepted.length > 0 ? 1 : 0 });
  expect({ what, after }).toEqual({ what, after: spliced(text, edits) });
  judgeValues({ file, text, after, desired, accepted, what });
  judgeLines({ text, after, accepted, tally, desired, what });
}

/** The text with the edits' own splices carried out, each once. */
function spliced(text: string, edits: readonly Edit[]): string {
  const all = new Map(edits.flatMap(({ splices }) => splices).map((splice) => [JSON.stringify(splice), splice]));
  const ordered = [...all.values()].sort((a, b) => a.start - b.start || a.end - b.end);
  let result = text;
  for (const splice of ordered.toReversed())
    result = result.slice(0, splice.start) + splice.text + result.slice(splice.end);
  return result;
}

function judgeValues(edit: {
  file: string;
  text: string;
  after: string;
  desired: DesiredObject;
  accepted: readonly Change[];
  what: string;
}): void {
  const before = objectsOf(edit.file, edit.text);
  const after = objectsOf(edit.file, edit.after);
  const { what } = edit;
  expect({ what, objects: after.length }).toEqual({ what, objects: before.length });
  for (const [index, object] of before.entries()) {
    const isTarget =
      equalValues(object.origin.items, edit.desired.origin.items) &&
      object.origin.document === edit.desired.origin.document;
    const wanted = isTarget ? applied(object.value, edit.accepted) : object.value;
    const value = after[index]?.value;
    // `toEqual` is slow, and takes an absent field for one that is undefined: it only shows the difference.
    if (!equalValues(value, wanted)) expect({ what, text: edit.after, value }).toEqual({ what, value: wanted });
  }
  expect({ what, faults: faultsOf(edit.file, edit.after) }).toEqual({ what, faults: faultsOf(edit.file, edit.text) });
}

function faultsOf(file: string, text: string): readonly string[] {
  return readYaml(text, { file }).faults.map(({ code }) => code);
}

/** One scalar on one line, written over by a scalar that one line can hold, is a diff of one line. */
function judgeLines(edit: {
  text: string;
  after: string;
  accepted: readonly Change[];
  tally: Tally;
  desired: DesiredObject;
  what: string;
}): void {
  const [change, second] = edit.accepted;
  if (change?.operation !== "replace" || second !== undefined || typeof change.live === "object") return;
  if (typeof change.live === "string" && change.live.includes("\n")) return;
  const old = edit.text.split("\n");
  const now = edit.after.split("\n");
  let head = 0;
  while (head < Math.min(old.length, now.length) && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < Math.min(old.length, now.length) - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  // The old value ran over several lines, or was a collection: no edit of it is one line.
  if (old.length !== now.length || /[|>][-+\d]*(?:\s+#.*)?\s*$/.test(old[head] ?? "")) return;
  edit.tally.scalars++;
  if (old.length - tail - head === 1) edit.tally.oneLine++;
  else if (SHOW) console.info("more than one line", edit.what);
}

async function editMany(files: ReadonlyMap<string, string>, rounds: number, what: string): Promise<Tally> {
  const random = randomFrom(seed);
  const tally = newTally();
  let count = 0;
  for (const [file, text] of files) {
    const objects = objectsOf(file, text);
    if (objects.length === 0) continue;
    count++;
    for (let round = 0; round < rounds; round++) await editAndJudge(random, { file, text, objects }, tally);
  }
  print(what, count, tally);
  return tally;
}

describe("the awkward files", () => {
  it("are at least 200, and the made ones are made of the hand-written ones", () => {
    const files = makeFiles(handWritten());
    if (process.env["HOLDFAST_UPDATE"] === "1") writeMade(files);
    expect(files.size + handWritten().size).toBeGreaterThanOrEqual(200);
    expect(made()).toEqual(new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1))));
  });

  it("keep every byte outside of random edits", { timeout: 120_000 }, async () => {
    const files = new Map([...handWritten(), ...made()]);
    const tally = await editMany(files, Number(process.env["HOLDFAST_EDITS"] ?? 6), "awkward files");
    expect(tally.made).toBeGreaterThan(500);
    expect(tally.oneLine / tally.scalars).toBeGreaterThan(0.99);
  });
});

describe("the corpus' files", () => {
  it("keep every byte outside of random edits", { timeout: 300_000 }, async ({ skip }) => {
    if (!existsSync(CORPUS)) {
      console.info("skipped: ../shared/corpus is absent");
      skip("../shared/corpus is absent");
    }
    const files = new Map(corpusFiles().map((file) => [file, readFileSync(join(CORPUS, file), "utf8")] as const));
    const tally = await editMany(files, Number(process.env["HOLDFAST_EDITS"] ?? 1), "corpus");
    expect(tally.made).toBeGreaterThan(500);
    expect(tally.oneLine / tally.scalars).toBeGreaterThan(0.99);
  });
});

/** Larger files than this take time without showing anything new. */
const MAX_BYTES = 60_000;

function corpusFiles(): readonly string[] {
  return readdirSync(CORPUS, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:ya?ml|json)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).length <= MAX_BYTES)
    .map((file) => file.slice(CORPUS.length + 1))
    .sort();
}
