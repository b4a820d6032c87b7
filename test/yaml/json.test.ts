import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { MAX_DEPTH } from "../../src/core/value.ts";
import type { Value } from "../../src/core/value.ts";
import { readJson } from "../../src/yaml/json.ts";
import { scanJson } from "../../src/yaml/json-scan.ts";

function read(text: string) {
  const { values, faults } = readJson(text, { file: "live.json" });
  return { values, faults, places: faults.map(({ position }) => `${position?.line}:${position?.column}`) };
}

describe("values", () => {
  const cases: readonly (readonly [string, string, readonly Value[]])[] = [
    ["nothing", " \n", []],
    ["one", '{"a": [1, "x", true, null]}', [{ a: [1, "x", true, null] }]],
    ["lines", '{"a":1}\n{"b":2}\n', [{ a: 1 }, { b: 2 }]],
    ["values one behind the other", '{"a":1}{"b":[2]}\n\n"c" 4', [{ a: 1 }, { b: [2] }, "c", 4]],
    ["behind a byte order mark", '\uFEFF{"a":1}', [{ a: 1 }]],
    ["an integer that a double holds", '{"a":9007199254740991}', [{ a: 9007199254740991 }]],
    ["an integer beyond that", '{"a":9007199254740993}', [{ a: 9007199254740993n }]],
    ["the largest of 64 bits", "[9223372036854775807]", [[9223372036854775807n]]],
    ["the smallest of 64 bits", "[-9223372036854775808]", [[-9223372036854775808n]]],
    ["one too large for 64 bits", "[9223372036854775808]", [[9223372036854775808]]],
    ["a large number with an exponent", '{"a":1e18}', [{ a: 1000000000000000000n }]],
    ["digits within text", '{"a":"x:12345678901234567890"}', [{ a: "x:12345678901234567890" }]],
    ["a large fraction", "[0.12345678901234567890]", [[0.12345678901234568]]],
    ["half a surrogate pair", '{"a":"\\ud800x","b":"\\ud83d\\ude00"}', [{ a: "\uFFFDx", b: "😀" }]],
    ["text with quotes and backslashes", '["\\\\", "\\"", "\\\\\\""] ["\\u0022"]', [["\\", '"', '\\"'], ['"']]],
  ];
  it.each(cases)("%s", (_what, text, values) => {
    expect(read(text)).toEqual({ values, faults: [], places: [] });
  });

  test("a field called __proto__ is a field, also where numbers are read exactly", () => {
    for (const number of ["1", "9007199254740993"]) {
      const [value] = read(`{"__proto__": {"a": ${number}}}`).values;
      expect(Object.keys(value as object)).toEqual(["__proto__"]);
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    }
  });

  test("the same as JSON.parse, of whatever JSON.stringify writes", () => {
    const anything = fc.jsonValue({ noUnicodeString: false });
    fc.assert(
      fc.property(anything, anything, (a, b) => {
        const [first, second] = [JSON.stringify(a), JSON.stringify(b)];
        const expected: unknown[] = [JSON.parse(first), JSON.parse(second)];
        // Large doubles without a fraction are integers to Kubernetes.
        fc.pre(!/\d{16}|e\+/.test(first + second));
        expect(read(`${first} ${second}`).values).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });
});

describe("errors", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["no value", '{"a": x}', "1:7"],
    ["a comma too many", '{"a": 1,}', "1:9"],
    ["a comma too many in a list", "[1,]", "1:4"],
    ["a comma too few", '{"a": 1\n "b": 2}', "2:2"],
    ["a colon too few", '{"a" 1}', "1:6"],
    ["a key that is no string", "{a: 1}", "1:2"],
    ["the wrong bracket", '{"a": [1}', "1:9"],
    ["the end", '{"a": [1', "1:9"],
    ["a string that is not ended", '{"a": "x}', "1:7"],
    ["a line end in a string", '{"a": "x\ny"}', "1:7"],
    ["an unknown escape", '["\\x41"]', "1:2"],
    ["a leading zero", "[01]", "1:2"],
    ["a word with more behind it", "[nullx]", "1:2"],
    ["a closing bracket that closes nothing", '{"a": 1}\n}', "2:1"],
    ["a comment", '{"a": 1} // x', "1:10"],
  ];
  it.each(cases)("%s has a place", (_what, text, place) => {
    expect(read(text).places).toEqual([place]);
    expect(parses(text)).toBe(false);
  });

  it.each([`[${"1".repeat(400)}]`, "[-1e999]"])("a number that is too large: %s", (text) => {
    expect(read(text).places).toEqual(["1:2"]);
  });

  test("come behind the values that were read, and leave what is declared unknown", () => {
    const { values, faults } = read('{"a":1}\n{"b":2}\n{"c":\n');
    expect(values).toEqual([{ a: 1 }, { b: 2 }]);
    expect(faults.map(({ code, leavesUnknown }) => [code, leavesUnknown])).toEqual([["yaml-invalid", "declared"]]);
  });

  test("quote nothing of the text", () => {
    for (const text of ['{"password": hunter2}', '{"hunter2": 1 2}', '["hunter2\n"]', "hunter2"]) {
      const { faults } = read(text);
      expect(faults).toHaveLength(1);
      expect(JSON.stringify(faults)).not.toContain("hunter2");
    }
  });

  test("a megabyte of digits within a string takes linear time", () => {
    const text = JSON.stringify({ a: `:${"1".repeat(1_000_000)}x`, b: `,${"1.".repeat(500_000)}e` });
    const started = performance.now();
    expect(readJson(text, { file: "a.json" }).values).toEqual([JSON.parse(text)]);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test("the scanner takes exactly what JSON.parse takes", () => {
    const parts = [
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"a"',
      '"\\n"',
      '"',
      "1",
      "-0.5e3",
      "01",
      "true",
      "nul",
      " ",
      "\n",
      "\\",
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 8 }), (tokens) => {
        const text = tokens.join("");
        // A number beyond all doubles is an error to Kubernetes' reader, and Infinity to JSON.parse.
        fc.pre(!/e3\d{2}/.test(text));
        const scanned = scanJson(text, 0);
        const whole = scanned.kind === "value" && text.slice(scanned.end).trim() === "";
        expect(whole).toBe(parses(text));
      }),
      { numRuns: 3000 },
    );
  });

  test("depth is limited", () => {
    expect(read(nested(MAX_DEPTH)).faults).toEqual([]);
    expect(read(nested(MAX_DEPTH + 1)).places).toEqual([`1:${MAX_DEPTH + 1}`]);
    expect(read(nested(1_000_000)).places).toEqual([`1:${MAX_DEPTH + 1}`]);
    expect(read(`${'{"a":'.repeat(1_000_000)}9007199254740993`).faults).toHaveLength(1);
  });

  test("a megabyte of anything takes linear time", () => {
    const started = performance.now();
    for (const text of [
      `"${"\\n".repeat(500_000)}`,
      "[1,".repeat(300),
      "1".repeat(1_000_000),
      `${" ".repeat(1_000_000)}x`,
    ]) {
      read(text);
    }
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

function nested(levels: number): string {
  return "[".repeat(levels) + "]".repeat(levels);
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
