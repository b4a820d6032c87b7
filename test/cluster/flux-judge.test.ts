// Flux's own code judges the project's substitution: the same text, or both refuse.

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { equalValues } from "../../src/core/value.ts";
import type { Value } from "../../src/core/value.ts";
import { mapCase, fromBytes, toBytes } from "../../src/desired/flux/byte-text.ts";
import { postBuild } from "../../src/desired/flux/post-build.ts";
import { substitute } from "../../src/desired/flux/substitute.ts";
import type { Variable } from "../../src/desired/flux/substitute.ts";
import { splitDocuments } from "../../src/yaml/documents.ts";
import { readJson } from "../../src/yaml/json.ts";
import { readYaml } from "../../src/yaml/read.ts";
import { SUBSTITUTIONS, VARIABLES } from "../desired/flux/substitutions.ts";
import { ensureBinary, whyUnavailable } from "./binaries.ts";
import { judgeBuilds, judgeTemplates, runeTables } from "./flux-judge.ts";
import type { BuildQuestion, BuildVerdict, TemplateQuestion, TemplateVerdict } from "./flux-judge.ts";

const unavailable = whyUnavailable(["fluxjudge", "kustomize"]);
const DYE = "dye";

if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

describe.skipIf(unavailable !== undefined)("substitution after a build, judged by Flux's own", () => {
  let judge = "";
  let kustomize = "";
  beforeAll(async () => {
    judge = await ensureBinary("fluxjudge");
    kustomize = await ensureBinary("kustomize");
  });

  test("the recorded table is what the judge says", async () => {
    const questions = SUBSTITUTIONS.map(([text, , strict]) => ({
      text,
      variables: VARIABLES,
      strict: strict ?? false,
    }));
    const verdicts = await judgeTemplates(judge, questions);
    const wrong = SUBSTITUTIONS.filter(([, expected], index) => textOf(verdicts[index]) !== expected);
    expect(wrong).toEqual([]);
  });

  test.each([
    ["well-formed", 20_000, 1, wellFormed],
    ["broken", 20_000, 2, broken],
    ["of any characters", 40_000, 3, soup],
  ] as const)("%s templates: %d of them", async (_name, count, seed, make) => {
    const random = generator(seed);
    const questions = Array.from({ length: count }, (): TemplateQuestion => {
      return { text: make(random), variables: someVariables(random), strict: random() < 0.2 };
    });
    const verdicts = await judgeTemplates(judge, questions);
    const wrong = questions.flatMap((question, index) => {
      const [judged, ours] = [textOf(verdicts[index]), answerTo(question)];
      return judged === ours ? [] : [{ ...question, judged, ours }];
    });
    const refused = verdicts.filter((verdict) => textOf(verdict) === undefined).length;
    console.log(`${count - refused} texts and ${refused} refusals`);
    expect(wrong.slice(0, 5)).toEqual([]);
    expect(Math.min(refused, count - refused)).toBeGreaterThan(count / 50);
  });

  test("each character's other case, and what a name is made of", async () => {
    const { cases, names } = await runeTables(judge);
    const mapped = new Map(cases.map(([code, lower, upper]) => [code, [lower, upper]]));
    const wrong: number[] = [];
    const newer: number[] = [];
    for (let code = 0; code <= 0x10ffff; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const ours = [mapped1(code, "lower"), mapped1(code, "upper")];
      const [lower = code, upper = code] = mapped.get(code) ?? [];
      if (ours[0] === lower && ours[1] === upper) continue;
      (mapped.has(code) ? wrong : newer).push(code);
    }
    // Letters that Go's Unicode does not have yet, or that had no other case in it.
    expect(newer.length).toBeLessThan(200);
    expect(wrong).toEqual([]);
    // Nor does JavaScript's Unicode lack one of Go's letters.
    const isName = /^[\p{L}\p{Nd}_]$/u;
    expect(names.filter((ends) => ends.some((end) => !isName.test(String.fromCodePoint(end))))).toEqual([]);
  });

  test("kustomize prints each object as the text that Flux substitutes in, and 400 builds come out alike", async () => {
    const random = generator(4);
    const questions = Array.from({ length: 400 }, () => someBuild(random));
    const verdicts = await judgeBuilds(judge, questions);
    const printed = new Map<BuildQuestion, string>();
    for (const question of questions.slice(0, 60)) printed.set(question, await build(kustomize, question));
    const wrongTexts = [...printed].filter(([question, text]) => {
      const documents = splitDocuments(text).map(({ start, end }) => text.slice(start, end));
      const { before, error } = verdicts[questions.indexOf(question)] as BuildVerdict;
      const alike = documents.every((document, index) => index >= before.length || document === before[index]);
      return !alike || (error === undefined && documents.length !== before.length);
    });
    expect(wrongTexts).toEqual([]);
    const wrong = questions.flatMap((question, index) => {
      const verdict = verdicts[index] as BuildVerdict;
      const text = printed.get(question) ?? verdict.before.join("---\n");
      const done = postBuild(text, stepOf(question));
      if (verdict.error !== undefined) return done.kind === "refused" ? [] : [{ question, verdict, done }];
      const objects = done.kind === "refused" ? [] : readYaml(done.text, { file: "built" }).documents;
      const alike =
        objects.length === verdict.after.length && objects.every(({ value }, at) => sameAs(value, verdict.after[at]));
      return alike ? [] : [{ question, verdict, done }];
    });
    const refused = verdicts.filter(({ error }) => error !== undefined).length;
    console.log(`${questions.length - refused} builds and ${refused} refusals; ${printed.size} printed`);
    expect(wrong.slice(0, 3)).toEqual([]);
    expect(Math.min(refused, questions.length - refused)).toBeGreaterThan(20);
  });
});

function mapped1(code: number, to: "lower" | "upper"): number | undefined {
  return fromBytes(mapCase(toBytes(String.fromCodePoint(code)), to))?.codePointAt(0);
}

function sameAs(value: Value, json: unknown): boolean {
  const { values } = readJson(JSON.stringify(json), { file: "judge" });
  return values[0] !== undefined && equalValues(values[0], value);
}

/** `undefined` where it refuses, or where Kubernetes' reader would refuse what it makes: bytes that are no text. */
function textOf(verdict: TemplateVerdict | undefined): string | undefined {
  return Buffer.isBuffer(verdict) ? fromBytes(verdict.toString("latin1")) : undefined;
}

function known(variables: Readonly<Record<string, string>>): ReadonlyMap<string, Variable> {
  return new Map(Object.entries(variables).map(([name, value]) => [name, { kind: "known", value }]));
}

function answerTo({ text, variables, strict = false }: TemplateQuestion): string | undefined {
  const done = substitute(text, known(variables), { dye: DYE, strict });
  return done.kind === "done" ? done.text : undefined;
}

function stepOf({ postBuild: step, strict = false }: BuildQuestion): Parameters<typeof postBuild>[1] {
  const inline = new Map(Object.entries((step["substitute"] ?? {}) as Record<string, string>));
  return { inline, from: [], always: step["substituteStrategy"] === "Always", strict, dye: DYE };
}

async function build(kustomize: string, { files }: BuildQuestion): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "flux-judge-"));
  try {
    mkdirSync(folder, { recursive: true });
    for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
    return (await promisify(execFile)(kustomize, ["build", folder])).stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const NAMES = ["a", "B", "_c1", "path", "gone"] as const;
const VALUES = [
  "",
  "x",
  "abcABC123ABCabc",
  "/home/user/file.tar.gz",
  "héllo wörld ß",
  "日本語 😀",
  "a.b.c",
  "aaaa",
  "[x]*?\\",
  "$a ${a} $$",
  "ǅﬁΣς İı",
  "true",
  "12",
] as const;

function someVariables(random: () => number): Record<string, string> {
  return Object.fromEntries(NAMES.slice(0, 4).map((name) => [name, pick(VALUES, random)]));
}

const WORDS = ["x", "abc", "-", " ", "é", "$", "$$", "1", "A", "/", ".", "true", ":", "\n", "😀"] as const;
const GLOBS = [
  "*",
  "?",
  "*.",
  ".*",
  "*/",
  "/*",
  "a*",
  "[a-c]",
  "[^/]",
  "abc",
  "\\*",
  "b*c",
  "**",
  "[",
  "é?",
  "]c-a[",
  "*[0-9]",
] as const;
const OPERATORS = [":-", ":=", "=", ":+", ":?"] as const;

function wellFormed(random: () => number): string {
  return Array.from({ length: 1 + Math.floor(random() * 4) }, () =>
    random() < 0.4 ? pick(WORDS, random) : use(random, 2),
  ).join("");
}

function use(random: () => number, depth: number): string {
  const name = pick(NAMES, random);
  const arg = (words: readonly string[]): string =>
    depth > 0 && random() < 0.25 ? use(random, depth - 1) : words.length > 0 ? pick(words, random) : "";
  const number = (): string => arg(["0", "1", "2", "7", " -1", " -3", "-2", "+1", "x", "99", "9223372036854775807"]);
  const forms: readonly (() => string)[] = [
    () => `\${${name}}`,
    () => `\${#${name}}`,
    () => `\${${name}${pick([",", ",,", "^", "^^", ",^"], random)}}`,
    () => `\${${name}${pick(OPERATORS, random)}${arg(WORDS)}${arg(WORDS)}}`,
    () => `\${${name}:${number()}}`,
    () => `\${${name}:${number()}:${number()}}`,
    () =>
      `\${${name}${pick(["#", "##", "%", "%%"], random)}${random() < 0.5 ? pick(GLOBS, random) + pick(GLOBS, random) : arg(GLOBS)}}`,
    () =>
      `\${${name}${pick(["/", "//", "/#", "/%"], random)}${arg(["a", "abc", "ABC", "é", "\\/", ".", "\\\\"])}/${arg(["", "x", "\\/", "é", "$$"])}}`,
    () => `$\${${name}}`,
  ];
  return pick(forms, random)();
}

/** A well-formed one with a character taken out or put in. */
function broken(random: () => number): string {
  const text = Array.from(wellFormed(random));
  const at = Math.floor(random() * text.length);
  text.splice(
    at,
    random() < 0.5 ? 1 : 0,
    ...(random() < 0.6 ? [pick(Array.from("${}:/#%^,=-\\a1é😀\0"), random)] : []),
  );
  return text.join("");
}

function soup(random: () => number): string {
  const parts = ["${", "${", "}", "}", "}", "a", "B", "path", ...Array.from("$:/#%^,=-+?\\*[]1é_. ")];
  return Array.from({ length: 1 + Math.floor(random() * 12) }, () => pick(parts, random)).join("");
}

/** Some ConfigMaps and one Deployment-like object of another kind, with variables where a value may stand. */
function someBuild(random: () => number): BuildQuestion {
  const inline: Record<string, string> = {};
  for (const name of ["a", "B", "_c1"]) {
    if (random() < 0.7)
      inline[name] = pick(
        ["true", "12", "1e3", "x y", "a: b", "'q'", "null", "~", "0x10", "é", "two\nlines", "#c", "[1]", "-", ""],
        random,
      );
  }
  if (random() < 0.05) inline["bad-name"] = "x";
  const scalar = (): string =>
    pick(
      [
        "${a}",
        '"${a}"',
        "${B:=5}",
        "'${B}'",
        "x-${_c1}-y",
        "$${a}",
        "${a",
        "${#a}",
        "plain",
        "${_c1:-true}",
        '"line\\n${a}"',
        "${B^^}",
        "|-\n    two ${a}\n    lines",
      ],
      random,
    );
  const object = (index: number): string => {
    const exempt =
      random() < 0.15
        ? `  ${pick(["labels", "annotations"], random)}: {kustomize.toolkit.fluxcd.io/substitute: ${pick(["disabled", "enabled"], random)}}\n`
        : "";
    const fields = Array.from({ length: 1 + Math.floor(random() * 4) }, (_, at) => `  k${at}: ${scalar()}\n`).join("");
    return `apiVersion: example.com/v1\nkind: Thing\nmetadata:\n  name: thing-${index}\n${exempt}spec:\n${fields}  list:\n  - ${pick(["${a}", "1", "z: ${B}"], random)}\n`;
  };
  const count = 1 + Math.floor(random() * 3);
  return {
    files: {
      "kustomization.yaml": "resources: [things.yaml]\nnamePrefix: web-\n",
      "things.yaml": Array.from({ length: count }, (_, index) => object(index)).join("---\n"),
    },
    postBuild: {
      ...(Object.keys(inline).length > 0 ? { substitute: inline } : {}),
      ...(random() < 0.3 ? { substituteStrategy: "Always" } : {}),
    },
    strict: random() < 0.2,
  };
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
