import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import type { FileChange } from "../../src/core/proposal.ts";
import { unifiedPatch } from "../../src/text/patch.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-patch-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const LINES = Array.from({ length: 30 }, (_, index) => `line ${index}\n`).join("");

const CASES: readonly (readonly [what: string, sides: readonly [before: string, after: string], path?: string])[] = [
  ["one line in the middle", [LINES, LINES.replace("line 15", "line fifteen")]],
  ["two places far apart", [LINES, LINES.replace("line 2\n", "two\n").replace("line 28\n", "")]],
  ["the only line", ["replicas: 3\n", "replicas: 5\n"]],
  ["a line at the start", [LINES, `first\n${LINES}`]],
  ["a line at the end", [LINES, `${LINES}last\n`]],
  ["no line end before and behind", ["a: 1\nb: 2", "a: 1\nb: 3"]],
  ["a line end that is added", ["a: 1\nb: 2", "a: 1\nb: 2\n"]],
  ["a line end that is taken away", ["a: 1\nb: 2\n", "a: 1\nb: 2"]],
  ["a last line without an end, and a change far above it", [`${LINES}end`, `new\n${LINES}end`]],
  ["Windows line ends", ["a: 1\r\nb: 2\r\nc: 3\r\n", "a: 1\r\nb: 4\r\nc: 3\r\n"]],
  ["mixed line ends", ["a: 1\r\nb: 2\nc: 3\r\n", "a: 1\nb: 2\nc: 4\r\n"]],
  ["a lone CR", ["a: 1\rb: 2\nc\n", "a: 1\rb: 3\nc\n"]],
  ["a byte order mark", ["\uFEFFa: 1\n", "\uFEFFa: 2\n"]],
  ["blank lines and trailing blanks", ["a:  \n\n\n\nb: 1\t\n", "a:  \n\n\nb: 1\t\n"]],
  [
    "lines that look like a patch",
    ["--- a/x\n+++ b/x\n@@ -1 +1 @@\n", "--- a/x\n+++ b/y\n@@ -1 +1 @@\n\\ No newline at end of file\n"],
  ],
  [
    "characters beyond ASCII, and line ends that only Unicode knows",
    ["é: \u2028x\u0085y\n😀\n", "é: \u2028x\u0085z\n😀\n"],
  ],
  ["a new file", ["", "a: 1\n"]],
  ["a new file without a last line end", ["", "a: 1"]],
  ["a deleted file", ["a: 1\nb: 2\n", ""]],
  ["a path with blanks", ["a: 1\n", "a: 2\n"], "my apps/web app.yaml"],
  ["a path with quotes and a backslash", ["a: 1\n", "a: 2\n"], "a\"b'c\\d/web.yaml"],
  ["a path beyond ASCII", ["a: 1\n", "a: 2\n"], "büro/😀.yaml"],
  ["a path with control characters", ["a: 1\n", "a: 2\n"], "a\tb\nc/\u0001.yaml"],
  ["a new file at a path with blanks and quotes", ["", "a: 2\n"], 'x/a "b" c.yaml'],
  ["a path that looks like an option", ["a: 1\n", "a: 2\n"], "-p/--x.yaml"],
];

describe("git apply takes a patch", () => {
  it.each(CASES.map((one) => ({ what: one[0], sides: one[1], path: one[2] })))(
    "of $what",
    ({ sides, path = "apps/web.yaml" }) => {
      const [before, after] = sides;
      expect(applied([{ path, before, after, mode: "100644" }])).toEqual([after === "" ? undefined : after]);
    },
  );

  test("of several files", () => {
    const files = ["a.yaml", "b c.yaml", "d/e.yaml"].map((path, index): FileChange => ({
      path,
      before: LINES,
      after: LINES.replace(`line ${index}\n`, "x\n"),
      mode: "100644",
    }));
    expect(applied(files)).toEqual(files.map(({ after }) => after));
  });

  test("that keeps an executable file's mode", () => {
    const change: FileChange = { path: "run.yaml", before: "a\n", after: "b\n", mode: "100755" };
    expect(applied([change])).toEqual(["b\n"]);
    expect(statSync(join(folder, change.path)).mode & 0o111).not.toBe(0);
    expect(applied([{ ...change, path: "new.yaml", before: "" }])).toEqual(["b\n"]);
    expect(statSync(join(folder, "new.yaml")).mode & 0o111).not.toBe(0);
  });

  test("of whatever lines", () => {
    const line = fc.constantFrom(
      "",
      "a",
      "b",
      "  - c: d",
      "\r",
      "-",
      "+x",
      "\\ No newline at end of file",
      "@@",
      "\u2028",
      "---",
    );
    const text = fc
      .tuple(fc.array(line, { minLength: 1, maxLength: 12 }), fc.boolean())
      .map(([lines, ended]) => lines.join("\n") + (ended ? "\n" : "x"));
    const changes = fc.array(fc.tuple(text, text), { minLength: 40, maxLength: 40 });
    fc.assert(
      fc.property(changes, (pairs) => {
        const files = pairs.map(([before, after], index): FileChange => ({
          path: `${index}.txt`,
          before,
          after,
          mode: "100644",
        }));
        const changed = files.filter(({ before, after }) => before !== after);
        expect(applied(changed)).toEqual(changed.map(({ after }) => after));
      }),
      { numRuns: 15 },
    );
  });
});

test("no change is no patch", () => {
  expect(unifiedPatch([])).toBe("");
  expect(unifiedPatch([{ path: "a", before: "x\n", after: "x\n", mode: "100644" }])).toBe("");
});

test("the text is what git itself writes", () => {
  const before = "a: 1\nb: 2\n";
  const after = "a: 1\nb: 3\n";
  git("init", "-q", ".");
  write({ path: "my web.yaml", before, after, mode: "100644" });
  git("add", "my web.yaml");
  writeFileSync(join(folder, "my web.yaml"), after);
  expect(unifiedPatch([{ path: "my web.yaml", before, after, mode: "100644" }])).toBe(
    git("diff", "--full-index", "my web.yaml"),
  );
});

/** The files' texts after `git apply`, in order; `undefined` where there is no file. */
function applied(files: readonly FileChange[]): readonly (string | undefined)[] {
  for (const file of files) write(file);
  execFileSync("git", ["apply", "--whitespace=nowarn", "-"], {
    cwd: folder,
    input: unifiedPatch(files),
    env: environment(),
  });
  return files.map(({ path }) =>
    existsSync(join(folder, path)) ? readFileSync(join(folder, path), "utf8") : undefined,
  );
}

function write({ path, before, mode }: FileChange): void {
  const target = join(folder, path);
  mkdirSync(dirname(target), { recursive: true });
  rmSync(target, { force: true });
  if (before === "") return;
  writeFileSync(target, before);
  chmodSync(target, mode === "100755" ? 0o755 : 0o644);
}

function git(...args: readonly string[]): string {
  return execFileSync("git", [...args], { cwd: folder, encoding: "utf8", env: environment() });
}

/** Git without the settings of the machine's user, and without a repository above the folder. */
function environment(): NodeJS.ProcessEnv {
  const { PATH } = process.env;
  return { PATH, HOME: folder, GIT_CONFIG_NOSYSTEM: "1", GIT_CEILING_DIRECTORIES: dirname(folder) };
}
