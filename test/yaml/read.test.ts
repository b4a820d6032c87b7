import { describe, expect, it, test } from "vitest";
import { MAX_DEPTH } from "../../src/core/value.ts";
import { decodeText } from "../../src/yaml/content.ts";
import { readYaml } from "../../src/yaml/read.ts";
import { KNOWN_GAPS, READINGS } from "./kubernetes-readings.ts";

const FILE = "apps/web.yaml";

function read(text: string) {
  const { documents, faults } = readYaml(text, { file: FILE });
  const places = faults.map(({ position }) => `${position?.line}:${position?.column}`);
  return { documents, faults, places, values: documents.map(({ value }) => value) };
}

function valueOf(text: string) {
  const { faults, values } = read(text);
  return faults.some((fault) => fault.leavesUnknown === "declared") ? undefined : (values[0] ?? null);
}

describe("what Kubernetes reads", () => {
  it.each(READINGS)("%s", (_what, yaml, value) => {
    expect(valueOf(yaml)).toEqual(value);
  });

  test("known gaps are each written down once", () => {
    expect(new Set(KNOWN_GAPS.map(([, yaml]) => yaml)).size).toBe(KNOWN_GAPS.length);
  });
});

describe("documents of a file", () => {
  const cases: readonly (readonly [string, string, readonly (readonly [number, unknown])[]])[] = [
    ["nothing", "", []],
    ["one", "a: 1", [[0, { a: 1 }]]],
    ["one behind a separator", "---\na: 1\n", [[0, { a: 1 }]]],
    [
      "two",
      "a: 1\n---\nb: 2\n",
      [
        [0, { a: 1 }],
        [1, { b: 2 }],
      ],
    ],
    ["an empty one at the start counts", "---\n---\na: 1\n", [[1, { a: 1 }]]],
    [
      "two separators in a row make no empty one",
      "a: 1\n---\n---\nb: 2\n",
      [
        [0, { a: 1 }],
        [1, { b: 2 }],
      ],
    ],
    [
      "three do",
      "a: 1\n---\n---\n---\nb: 2\n",
      [
        [0, { a: 1 }],
        [2, { b: 2 }],
      ],
    ],
    ["a comment counts", "# x\n---\na: 1\n", [[1, { a: 1 }]]],
    [
      "a comment behind the separator",
      "a: 1\n--- # x\nb: 2\n",
      [
        [0, { a: 1 }],
        [1, { b: 2 }],
      ],
    ],
    [
      "Windows line ends",
      "a: 1\r\n---\r\nb: 2\r\n",
      [
        [0, { a: 1 }],
        [1, { b: 2 }],
      ],
    ],
    ["a separator at the very end", "a: 1\n---", [[0, { a: 1 }]]],
    ["an indented one separates nothing", "a: |\n  ---\n  x\n", [[0, { a: "---\nx\n" }]]],
    [
      "a line end that only Unicode knows is none",
      "a: 1 # \u00e9\n---\nb: 2\n",
      [
        [0, { a: 1 }],
        [1, { b: 2 }],
      ],
    ],
    [
      "JSON values one behind the other",
      '{"a":1}\n{"b":2}{"c":3}',
      [
        [0, { a: 1 }],
        [1, { b: 2 }],
        [2, { c: 3 }],
      ],
    ],
  ];
  it.each(cases)("%s", (_what, text, expected) => {
    const { documents, faults } = read(text);
    expect(faults).toEqual([]);
    expect(documents.map(({ index, value }) => [index, value])).toEqual(expected);
  });
});

describe("a document that Kubernetes refuses", () => {
  test("costs itself alone, and says where in the file", () => {
    const { documents, faults, places } = read("a: 1\n---\nb: [1\n---\nc: 3\n---\nd:\n\te: 1\n");
    expect(documents).toEqual([
      { index: 0, value: { a: 1 } },
      { index: 2, value: { c: 3 } },
    ]);
    expect(faults.map(({ code, leavesUnknown }) => [code, leavesUnknown])).toEqual([
      ["yaml-invalid", "declared"],
      ["yaml-invalid", "declared"],
    ]);
    expect(places).toEqual(["4:1", "8:1"]);
    expect(faults[0]?.position?.file).toBe(FILE);
  });

  const places: readonly (readonly [string, string, string])[] = [
    ["an alias of nothing", "a: 1\nb: *x\n", "2:4"],
    ["infinity as a value", "a: 1\nb: .inf\n", "2:4"],
    ["a map as a key", "a: 1\n{b: 1}: 2\n", "2:1"],
    ["null as a key", "a: 1\n~: 2\n", "2:1"],
    ["a control character", "a: 1\nb: x\u0001y\n", "2:5"],
    ["a NUL", "a: 1\nb: \0\n", "2:4"],
    ["a byte order mark that is not the first character", "a: 1\n---\nb: [\n", "4:1"],
    ["text behind a separator", "a: 1\n--- x\nb: 1\n", "2:1"],
    ["a directive", "# x\n%YAML 1.2\n---\na: 1\n", "2:1"],
    ["lines that end in a lone CR", "a: 1\rb: *x\r", "2:4"],
  ];
  it.each(places)("tells the place of %s", (_what, text, place) => {
    const { faults, places: found } = read(text);
    expect(faults.map(({ leavesUnknown }) => leavesUnknown)).toEqual(["declared"]);
    expect(found).toEqual([place]);
  });

  test("is never quoted: a secret may stand in it", () => {
    const secret = "hunter2";
    const broken = [
      `password: "${secret}`,
      `password: ${secret}: x`,
      `password: !${secret}, [${secret}\n`,
      `password: !${secret}!x y`,
      `password: *${secret}`,
      `password: &${secret}.x 1`,
      `${secret}: 1\n${secret}: 2`,
      `{"password": "${secret}", }}`,
      `{"password": "${secret}"} {"password": ${secret}}`,
      `password: !!int ${secret}`,
      `%${secret}\n---\na: 1`,
      `--- ${secret}\na: 1`,
    ];
    for (const text of broken) {
      const { faults } = read(text);
      expect(faults).not.toEqual([]);
      expect(JSON.stringify(faults)).not.toContain(secret);
    }
  });

  test("is not reached where the file is too large", () => {
    const { documents, faults } = readYaml(`a: ${"é".repeat(60)}`, { file: FILE, maxBytes: 100 });
    expect(documents).toEqual([]);
    expect(faults.map(({ code, leavesUnknown }) => [code, leavesUnknown])).toEqual([["file-too-large", "declared"]]);
    expect(readYaml(`a: ${"e".repeat(60)}`, { file: FILE, maxBytes: 100 }).faults).toEqual([]);
  });
});

describe("keys that stand twice", () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ["in a map", "a: 1\nb: 2\na: 3\n", ["3:1"]],
    ["between brackets", "x: {a: 1, a: 2}\n", ["1:11"]],
    ["in the second document", "a: 1\n---\nb: 1\nb: 2\n", ["4:1"]],
    ["three times", "a: 1\na: 2\na: 3\n", ["2:1", "3:1"]],
    ["that are one only as text", "1: a\n'1': b\n", ["2:1"]],
    ["called __proto__", "__proto__: 1\n__proto__: 2\n", ["2:1"]],
    ["not where one was merged", "a: &x {p: 1}\nb: {<<: *x, p: 2}\n", []],
    ["but where one was merged and two are written", "a: &x {p: 1}\nb: {<<: *x, p: 2, p: 3}\n", ["2:19"]],
    ["not for a name that every object inherits", "constructor: 1\ntoString: 2\n", []],
  ];
  it.each(cases)("%s", (_what, text, expected) => {
    const { faults, places } = read(text);
    expect(places).toEqual(expected);
    expect(faults.every(({ code, leavesUnknown }) => code === "yaml-invalid" && leavesUnknown === "nothing")).toBe(
      true,
    );
  });
});

describe("hostile input", () => {
  test("a field called __proto__ is a field", () => {
    const { values } = read("__proto__: {a: 1}\nb: 2\n");
    expect(Object.keys(values[0] as object)).toEqual(["__proto__", "b"]);
    expect(Object.getPrototypeOf(values[0])).toBe(Object.prototype);
  });

  test("an alias bomb is refused before it costs anything", () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const inner = level === 0 ? "x" : `*l${level - 1}`;
      return `l${level}: &l${level} [${Array.from({ length: 10 }, () => inner).join(", ")}]`;
    });
    const started = performance.now();
    expect(valueOf(`${levels.join("\n")}\n`)).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test("a bomb of merges is refused before it costs anything", () => {
    const keys = Array.from({ length: 1000 }, (_, index) => `k${index}: 1`).join(", ");
    const merges = Array.from({ length: 2000 }, () => "  - {<<: *x}").join("\n");
    const started = performance.now();
    expect(valueOf(`a: &x {${keys}}\nb:\n${merges}\n`)).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  const nested: readonly (readonly [string, (levels: number) => string])[] = [
    ["brackets", (levels) => "[".repeat(levels) + "]".repeat(levels)],
    ["maps between brackets", (levels) => "{a: ".repeat(levels) + "1" + "}".repeat(levels)],
    ["hyphens", (levels) => `${"- ".repeat(levels)}1`],
    ["maps", (levels) => Array.from({ length: levels }, (_, level) => `${" ".repeat(level)}a:`).join("\n")],
    [
      "aliases",
      (levels) => {
        const half = Math.floor((levels - 1) / 2);
        const rest = levels - 1 - half;
        return `- &x ${"[".repeat(half)}${"]".repeat(half)}\n- ${"[".repeat(rest)}*x${"]".repeat(rest)}`;
      },
    ],
  ];
  it.each(nested)("%s are read to the limit of depth and refused behind it", (_what, text) => {
    expect(valueOf(`${text(MAX_DEPTH)}\n`)).toBeDefined();
    expect(valueOf(`${text(MAX_DEPTH + 1)}\n`)).toBeUndefined();
    expect(valueOf(`${text(2_000)}\n`)).toBeUndefined();
  });

  test("bytes that are no UTF-8 never become text", () => {
    expect(decodeText(Uint8Array.of(0x61, 0xff))).toBeUndefined();
    expect(valueOf("a: \ud800\n")).toBeUndefined();
  });

  const slow: readonly (readonly [string, string])[] = [
    ["digits", `a: ${"9".repeat(1_000_000)}\n`],
    ["underscores", `a: 1${"_".repeat(1_000_000)}x\n`],
    ["zeros", `a: 0x${"0".repeat(1_000_000)}\n`],
    ["separators that are none", "-- -\n".repeat(100_000)],
    ["blank lines", `${" \n".repeat(500_000)}a: 1\n`],
    ["comments and a percent sign", `${"# %\n".repeat(200_000)}x`],
    ["open brackets", "[\n".repeat(100_000)],
    ["quotes", `a: "${"\\n".repeat(500_000)}`],
    ["document ends", "...\n".repeat(100_000)],
    ["colons", `a${": ".repeat(100_000)}\n`],
  ];
  it.each(slow)("a megabyte of %s takes linear time", (_what, text) => {
    const started = performance.now();
    read(text);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
