import { describe, expect, test } from "vitest";
import { substitute } from "../../../src/desired/flux/substitute.ts";
import type { Variable } from "../../../src/desired/flux/substitute.ts";
import { SUBSTITUTIONS, VARIABLES } from "./substitutions.ts";

const DYE = "dye0f3c";

function variables(known: Readonly<Record<string, string>>, unknown: readonly string[] = []): Map<string, Variable> {
  return new Map<string, Variable>([
    ...Object.entries(known).map(([name, value]) => [name, { kind: "known", value }] as const),
    ...unknown.map((name) => [name, { kind: "unknown" }] as const),
  ]);
}

describe("variables in a text", () => {
  const rows = SUBSTITUTIONS.map(([text, expected, strict = false]) => {
    // As JSON: some of them hold what a terminal does not show.
    return [JSON.stringify(text), JSON.stringify(expected) ?? "nothing", { text, expected, strict }] as const;
  });
  test.each(rows)("%s becomes %s", (_text, _expected, { text, expected, strict }) => {
    const done = substitute(text, variables(VARIABLES), { dye: DYE, strict });
    expect(done.kind === "done" ? done.text : undefined).toBe(expected);
  });

  test.each([
    ["the line, of a variable that is not closed", "a: 1\nb: ${x}\nc: ${x", /^line 3: .*closing brace/],
    ["the name, of one that is not set", "a: ${x}${missing}", /^line 1: .*"missing" is not set/],
    ["what is the matter, of a value cut within a character", "${x:0:7}", /cut within a character/],
  ])("a refusal tells %s, and no value", (_what, text, why) => {
    const done = substitute(text, variables({ x: "secret\u00e9" }), { dye: DYE, strict: true });
    expect(done).toEqual({ kind: "refused", why: expect.stringMatching(why) as string });
    expect(JSON.stringify(done)).not.toContain("secret");
  });

  test("names of JavaScript's own are names like others", () => {
    const own = substitute("${__proto__}${constructor}${toString:-x}", variables({ constructor: "c" }), { dye: DYE });
    expect(own).toEqual({ kind: "done", text: "cx", unknown: [] });
  });
});

describe("a variable whose value is not known", () => {
  test.each([
    ["gives the dye", "a-${s}-b", `a-${DYE}-b`, ["s"]],
    [
      "gives it whatever is made of the value",
      "${#s} ${s^^} ${s:0:2} ${s%x} ${s//a/b}",
      Array(5).fill(DYE).join(" "),
      ["s"],
    ],
    ["gives it also where a default may count", "${s:-x}", DYE, ["s"]],
    ["gives it in the default that counts", "${none:-a${s}b}", `a${DYE}b`, ["s"]],
    ["says nothing in a default that does not count", "${k:-${s}}", "known", []],
    ["makes what a known value is changed by unknown", "${k/${s}/x} ${k#${s}}", `${DYE} ${DYE}`, ["s"]],
    ["is named once, with the others", "${s}${t}${s}", DYE.repeat(3), ["s", "t"]],
    ["does not touch what is escaped", "$${s}", "${s}", []],
  ])("%s", (_what, text, expected, unknown) => {
    const done = substitute(text, variables({ k: "known", none: "" }, ["s", "t"]), { dye: DYE, strict: true });
    expect(done).toEqual({ kind: "done", text: expected, unknown });
  });

  test("may be any that has no entry", () => {
    const done = substitute("${k} ${other:-x}", variables({ k: "known" }), {
      dye: DYE,
      others: "unknown",
      strict: true,
    });
    expect(done).toEqual({ kind: "done", text: `known ${DYE}`, unknown: ["other"] });
  });
});

describe("a text that would take too much", () => {
  const long = "a".repeat(1_000_000);
  test.each([
    ["a pattern on a long value", "${long##*b*b*c}"],
    ["a suffix's pattern", "${long%%a*b*a}"],
    ["a class of many ranges", `\${long##*[${"x-y".repeat(10_000)}]b}`],
    ["a long value used often", "${long}".repeat(1000)],
    ["one that is dropped each time", "${x:-${long^^}}".repeat(1000)],
    ["each letter replaced by a long value", "${long//a/${long}}"],
    ["each place between letters", "${long//${none}/${long}}"],
    ["variables in variables", "${none:-".repeat(100_000) + "}".repeat(100_000)],
    ["variables that never end", "${x:-".repeat(1_000_000)],
  ])("%s is refused", (_what, text) => {
    expect(substitute(text, variables({ long, none: "", x: "1" }), { dye: DYE })).toMatchObject({ kind: "refused" });
  });

  test("a large one that takes no more than its size is done", () => {
    const text = "${x:-${y}} $$ \\ ${#long}\n".repeat(200_000);
    const done = substitute(text, variables({ x: "", y: "z" }), { dye: DYE });
    expect(done).toEqual({ kind: "done", text: "z $ \\ 0\n".repeat(200_000), unknown: [] });
  });
});
