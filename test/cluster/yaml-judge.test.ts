// Kubernetes' own YAML reader judges the project's: the same value, or both refuse.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { equalValues } from "../../src/core/value.ts";
import type { Value } from "../../src/core/value.ts";
import { decodeText } from "../../src/yaml/content.ts";
import { readYaml } from "../../src/yaml/read.ts";
import { KNOWN_GAPS, READINGS } from "../yaml/kubernetes-readings.ts";
import { ensureBinary, whyUnavailable } from "./binaries.ts";
import { judgeFiles, judgeTexts } from "./yaml-judge.ts";
import type { Verdict } from "./yaml-judge.ts";

const unavailable = whyUnavailable(["yamljudge"]);
const CORPUS = resolve(import.meta.dirname, "../../../shared/corpus/manifests");
// A settings file of an editor: JSON with comments, which YAML reads as keys.
const CORPUS_GAPS = new Set(["onedr0p-home-ops/.vscode/settings.json#0"]);

if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);
if (!existsSync(CORPUS)) console.warn(`skipped in part: no corpus of manifests beside the checkout`);

describe.skipIf(unavailable !== undefined)("the reader of YAML, judged by Kubernetes' own", () => {
  let judge = "";
  beforeAll(async () => {
    judge = await ensureBinary("yamljudge");
  });

  test("the recorded table is what the judge says", async () => {
    const verdicts = await judgeTexts(
      judge,
      READINGS.map(([, yaml]) => yaml),
    );
    const wrong = READINGS.filter(([, , value], index) => !sameReading(valueOf(verdicts[index] as Verdict), value));
    expect(wrong).toEqual([]);
  });

  test("the known gaps are gaps still", async () => {
    const verdicts = await judgeTexts(
      judge,
      KNOWN_GAPS.map(([, yaml]) => yaml),
    );
    const closed = KNOWN_GAPS.filter(([, yaml], index) => sameReading(valueOf(verdicts[index] as Verdict), ours(yaml)));
    expect(closed).toEqual([]);
  });

  test("10,000 generated scalars, as values, keys and items", async () => {
    const texts = scalarTexts(10_000);
    expect(await disagreements(judge, texts)).toEqual([]);
  });

  test("5,000 generated maps of anchors, merges, blocks and tags", async () => {
    const texts = mapTexts(5_000);
    expect(await disagreements(judge, texts)).toEqual([]);
  });

  test.skipIf(!existsSync(CORPUS))("every manifest of the corpus, document by document", async () => {
    const files = readdirSync(CORPUS, { recursive: true, encoding: "utf8" }).filter((name) =>
      /\.(ya?ml|json)$/.test(name),
    );
    const verdicts = await judgeFiles(
      judge,
      files.map((file) => join(CORPUS, file)),
    );
    const wrong: string[] = [];
    let documents = 0;
    for (const file of files) {
      const read = readYaml(decodeText(readFileSync(join(CORPUS, file))) ?? "\0", { file });
      const byIndex = new Map(read.documents.map(({ index, value }) => [index, value]));
      for (const [index, verdict] of (verdicts.get(join(CORPUS, file)) ?? []).entries()) {
        documents++;
        const expected = valueOf(verdict);
        // Documents without content are left out.
        const agrees = sameReading(expected ?? undefined, byIndex.get(index));
        if (agrees === CORPUS_GAPS.has(`${file}#${index}`)) wrong.push(`${file}#${index}`);
      }
    }
    console.log(`judged ${documents} documents of ${files.length} files`);
    expect(wrong).toEqual([]);
    expect(documents).toBeGreaterThan(2000);
  });
});

async function disagreements(judge: string, texts: readonly string[]): Promise<readonly string[]> {
  const verdicts = await judgeTexts(judge, texts);
  expect(verdicts.length).toBe(texts.length);
  // Both kinds must be among them, or the judge was asked nothing.
  expect(new Set(verdicts.map(({ kind }) => kind)).size).toBe(2);
  return texts.filter((text, index) => !sameReading(valueOf(verdicts[index] as Verdict), ours(text)));
}

function valueOf(verdict: Verdict): Value | undefined {
  return verdict.kind === "value" ? verdict.value : undefined;
}

function sameReading(a: Value | undefined, b: Value | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equalValues(a, b);
}

function ours(text: string): Value | undefined {
  const { documents, faults } = readYaml(text, { file: "generated.yaml" });
  if (faults.some(({ leavesUnknown }) => leavesUnknown === "declared")) return undefined;
  return documents[0]?.value ?? null;
}

const PARTS =
  "0 1 2 7 8 9 00 10 123456789 9007199254740993 9223372036854775807 9223372036854775808 18446744073709551615 18446744073709551616 " +
  "0x 0X 0o 0O 0b 0B _ - + . e E e+ e- 1e3 p a f F true True yes no on off y N null ~ .inf .nan Inf -01- T :30 Z 2001-12-14 << = é 😀 / // ( ) $ ^ ; \\";

/** Plain scalars of one to four parts, and quoted ones. */
function scalarTexts(count: number): readonly string[] {
  const random = generator(20_261_121);
  const parts = PARTS.split(" ");
  const scalar = (): string => {
    const text = Array.from({ length: 1 + Math.floor(random() * random() * 5) }, () => pick(parts, random)).join("");
    return random() < 0.05 ? `'${text}'` : text;
  };
  const forms: readonly ((text: string) => string)[] = [
    (text) => `a: ${text}\n`,
    (text) => `${text}: b\n`,
    (text) => `- ${text}\n- x\n`,
    (text) => `a:\n  - ${text} # x\n`,
  ];
  return Array.from({ length: count }, () => pick(forms, random)(scalar())).filter((text) => !text.startsWith("---"));
}

const VALUES: readonly string[] = [
  "1",
  "yes",
  "x y",
  "x\n    y",
  "'it''s'",
  '"\\n\\u00e9"',
  "{a: 1}",
  "{<<: *x}",
  "{<<: [*x, *y], p: 0}",
  "{p: 0, <<: *y}",
  "[1, *x, {b: 2}]",
  "*x",
  "*y",
  "*z",
  "&z [1]",
  "&x {p: 9}",
  "!!str 1",
  "!!int '1'",
  "!!int x",
  "!!binary aGk=",
  "!!map {a: 1}",
  "!own x",
  "|\n    x\n     y\n\n    z",
  ">-\n    x\n    y\n\n      z\n",
  "|+\n    x\n\n",
  "|2\n      x",
  "\n    a: 1\n    b: [2]",
  "\n    - 1\n    - a: 2\n      b: 3",
  "\n  - 1\n  -\n  - 3",
  "# note\n    x",
  "",
  ".inf",
  "[1, 2",
  '"x',
];
const KEYS: readonly string[] = [
  "a",
  "b",
  "yes",
  "1",
  "0x10",
  "1e3",
  "'q'",
  '"w"',
  "<<",
  "? e\n  ",
  "*k ",
  "&m n",
  "!!str 2",
  "~",
  "x y",
];

/** Maps with two anchors above and some lines of keys and values below. */
function mapTexts(count: number): readonly string[] {
  const random = generator(42);
  return Array.from({ length: count }, () => {
    const lines = Array.from({ length: 1 + Math.floor(random() * 4) }, () => {
      const value = pick(VALUES, random);
      return `  ${pick(KEYS, random)}:${value.startsWith("\n") || value === "" ? "" : " "}${value}\n`;
    });
    return `x: &x {p: 1, q: 2}\ny: &y {q: 3, r: {s: 4}}\nk: &k key\nmap:\n${lines.join("")}`;
  });
}

function pick<T>(items: readonly T[], random: () => number): T {
  return items[Math.floor(random() * items.length)] as T;
}

/** Mulberry32: the same numbers in every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
