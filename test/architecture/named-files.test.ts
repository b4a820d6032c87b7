import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const DOCUMENTS = ["README.md", ...readdirSync(join(ROOT, "docs")).map((file) => `docs/${file}`)];

describe("files that the documents name", () => {
  test.each(DOCUMENTS)("%s", (document) => {
    const text = readFileSync(join(ROOT, document), "utf8");
    const named = [...text.matchAll(/`((?:src|test|bench|deploy|config|fixtures)\/[\w./*-]+)`/g)];
    const patterns = named.map(([, pattern]) => pattern ?? "");
    expect(patterns.filter((pattern) => globSync(pattern, { cwd: ROOT }).length === 0)).toEqual([]);
  });

  test.each(DOCUMENTS)("and their headings: %s", (document) => {
    const links = [
      ...readFileSync(join(ROOT, document), "utf8").matchAll(/\]\((?!https?:)([^)\s#]*)(?:#([^)\s]+))?\)/g),
    ];
    const broken = links.flatMap(([link, file = "", heading]) => {
      const target = file === "" ? join(ROOT, document) : join(ROOT, dirname(document), file);
      if (!existsSync(target)) return [link];
      return heading === undefined || headingsOf(readFileSync(target, "utf8")).has(heading) ? [] : [link];
    });
    expect(broken).toEqual([]);
  });
});

/** As GitHub names them. */
function headingsOf(markdown: string): ReadonlySet<string> {
  const headings = [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, words = ""]) => words);
  return new Set(
    headings.map((words) =>
      words
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, "")
        .replaceAll(" ", "-"),
    ),
  );
}
