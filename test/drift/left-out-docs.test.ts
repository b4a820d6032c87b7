// docs/drift.md names every rule by which a difference is left out, in the words that reports have.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

/** Fixed sentences only: what a cluster's own names are part of is described there. */
const SENTENCES: readonly string[] = ["src/kinds", "src/drift"].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => [...readFileSync(join(ROOT, folder, file), "utf8").matchAll(/\brule:\s*"([^"]+)"/g)])
    .map(([, sentence = ""]) => sentence),
);

test("docs/drift.md has the sentence of every rule", () => {
  const page = readFileSync(join(ROOT, "docs/drift.md"), "utf8").replace(/\s+/g, " ");
  const named = new Set(SENTENCES);
  expect(named.size).toBeGreaterThan(20);
  expect([...named].filter((sentence) => !page.includes(sentence))).toEqual([]);
});
