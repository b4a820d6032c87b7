import { describe, expect, it } from "vitest";
import { field } from "../../src/core/path.ts";
import { fieldOf } from "../../src/core/value.ts";
import type { Value } from "../../src/core/value.ts";
import { looksLikeNonString, scalarText } from "../../src/codify/scalar-text.ts";
import { add, at, edited, manifest, objectsOf, remove, replace } from "./workbench.ts";

/** What the fast reader reads of field `a` after the edit. */
async function readBack(before: string, live: Value): Promise<Value | undefined> {
  const result = await edited({ text: manifest(before), changes: [replace(at("a"), live)] });
  expect(result.codes).toEqual(["edited"]);
  return fieldOf(objectsOf("a.yaml", result.text)[0]?.value, "a");
}

describe("a hostile live value is written so that it reads as it is", () => {
  const texts: readonly { name: string; text: string }[] = [
    { name: "every character below U+0100", text: String.fromCharCode(...Array(256).keys()) },
    { name: "a megabyte on one line", text: "x ".repeat(512 * 1024) },
    { name: "a megabyte of lines", text: "line\n".repeat(200_000) },
    { name: "document separators", text: "---\n--- x\n...\n%YAML 1.2\n" },
    { name: "direction marks and invisible characters", text: "\u202eabc\u200b\u2066\ufeff" },
    { name: "line separators of YAML 1.1", text: "a\u0085b\u2028c\u2029d\n" },
    { name: "carriage returns", text: "a\r\nb\rc\n" },
    { name: "what ends a quoted scalar", text: "\"'\\\"\\'\n" },
    { name: "the last characters of Unicode", text: "\uffff\u{10ffff}\ufffd" },
    { name: "a million spaces", text: " ".repeat(1_000_000) },
    { name: "what a slow expression would choke on", text: `${"1_".repeat(50_000)}x` },
  ];

  it.each(["a: plain\n", "a: 'single'\n", 'a: "double"\n', "a: |\n  block\n", "a: >-\n  folded\nb: 1\n", "a:\n"])(
    "over %j",
    async (before) => {
      for (const { name, text } of texts)
        expect({ name, same: (await readBack(before, text)) === text }).toEqual({ name, same: true });
    },
  );

  it("also as a key", async () => {
    const keys = [
      "\0",
      "\u202e",
      "a: b",
      "- x",
      "? x",
      "#",
      "yes",
      "1",
      "",
      " ",
      "{{ x }}",
      "it's",
      '"',
      "__proto__",
      "constructor",
      "é",
    ];
    const changes = keys.map((key) => add([field("a"), field(key)], "v"));
    const { text } = await edited({ text: manifest("a:\n  first: 1\n"), changes });
    const value = fieldOf(objectsOf("a.yaml", text)[0]?.value, "a");
    expect(Object.keys(value as object)).toEqual(["first", ...keys].sort((a, b) => order(a) - order(b)));
  });
});

/** JavaScript puts integer keys first. */
function order(key: string): number {
  return /^\d+$/.test(key) ? -1 : 0;
}

describe("many changes of one object", () => {
  it("are edited together", async () => {
    const count = 400;
    const body = `spec:\n${Array.from({ length: count }, (_, index) => `  k${index}: 1\n`).join("")}`;
    const changes = Array.from({ length: count }, (_, index) =>
      index % 2 === 0 ? replace(at(`spec.k${index}`), 2) : remove(at(`spec.k${index}`)),
    );
    const { codes, text } = await edited({ text: manifest(body), changes });
    expect(new Set(codes)).toEqual(new Set(["edited"]));
    expect(text).toBe(
      manifest(`spec:\n${Array.from({ length: count / 2 }, (_, index) => `  k${index * 2}: 2\n`).join("")}`),
    );
  });

  it("that cannot be merged cost only themselves", async () => {
    const changes = [replace(at("a"), 2), replace(at("a"), 3), remove(at("b")), add(at("b.c"), 1)];
    const { codes, text } = await edited({ text: manifest("a: 1\nb:\n  d: 1\n"), changes });
    expect(codes).toEqual(["edited", "ambiguous", "edited", "ambiguous"]);
    expect(text).toBe(manifest("a: 2\n"));
  });
});

describe("a string is quoted where some reader of YAML takes it for something else", () => {
  const words = [
    "y",
    "N",
    "yes",
    "Off",
    "TRUE",
    "null",
    "~",
    "nan",
    ".NaN",
    "-.inf",
    "+1",
    "0644",
    "0o17",
    "0x1f",
    "0b1",
    "1_000",
    "1.",
    ".5",
    "1e3",
    "-1.5E+7",
    "12:30",
    "190:20:30.15",
    "2001-12-14",
    "2001-12-14T21:59:43Z",
    "<<",
    "=",
  ];
  it.each(words)("%s", (word) => {
    expect(scalarText(word, "block")).toBe(`"${word}"`);
    expect(scalarText(word, "flow")).toBe(`"${word}"`);
  });

  it.each([
    "web:1.2.3",
    "1.2.3",
    "v1",
    "10.0.0.0/8",
    "a/b",
    "--flag=x",
    "100m",
    "1Gi",
    "http://x/y#z",
    "$(VAR)",
    "it's",
    "12:30pm",
    "e3",
    "sha256:0abc",
  ])("and %s is not", (word) => {
    expect(scalarText(word, "block")).toBe(word);
    expect(looksLikeNonString(word)).toBe(false);
  });
});
