import { describe, expect, test } from "vitest";
import { readYaml } from "../../src/yaml/read.ts";
import { createTextPool } from "../../src/yaml/text-pool.ts";

describe("a text pool", () => {
  test.each([
    "",
    "short",
    "a text that is longer than a slice",
    "Größe in Latin-1, and longer",
    "beyond Latin-1: 日本語のテキスト",
    "half a character: \uD83D is kept as it is",
    "long ".repeat(1000),
  ])("gives %j back", (text) => {
    const keep = createTextPool();
    expect([keep(text), keep(text)]).toEqual([text, text]);
  });

  test("forgets, and goes on", () => {
    const keep = createTextPool();
    const texts = Array.from({ length: 10_000 }, (_, index) => `a text that is number ${index}`);
    expect(texts.map(keep)).toEqual(texts);
  });

  test("changes nothing of what is read", () => {
    const text = "a: &x [one, 'two words that are long enough', 3]\nb: *x\n日本: {c: long enough for a slice, d: ~}\n";
    const plain = readYaml(text, { file: "a.yaml" });
    expect(readYaml(text, { file: "a.yaml", texts: createTextPool() })).toEqual(plain);
    expect(plain.documents[0]?.value).toMatchObject({ b: ["one", "two words that are long enough", 3] });
  });
});
