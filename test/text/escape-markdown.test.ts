import * as fc from "fast-check";
import type { Nodes } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import { describe, expect, it, test } from "vitest";
import { codeBlock, codeSpan, tableCell } from "../../src/text/escape-markdown.ts";
import { visibleLine, visibleLines } from "../../src/text/visible.ts";

describe("a code span", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["text", "web", "` web `"],
    ["nothing", "", '` "" `'],
    ["blanks alone", "  ", "`  `"],
    ["a backtick", "a`b", "`` a`b ``"],
    ["runs of backticks", "`a``b`", "``` `a``b` ```"],
    ["a line end", "a\nb", "` a\\nb `"],
    ["a zero-width space", "a\u200Bb", "` a\\u{200b}b `"],
    ["a right-to-left override", "\u202Egpj", "` \\u{202e}gpj `"],
    ["an escape sequence", "\u001B[31m", "` \\u{1b}[31m `"],
    ["half a character", "\uD800", "` \\u{d800} `"],
  ];
  it.each(cases)("of %s", (_what, text, expected) => {
    expect(codeSpan(text)).toBe(expected);
  });
});

describe("a code block", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["a line", "a", "```sh\na\n```"],
    ["a line with its end", "a\n", "```sh\na\n```"],
    ["nothing", "", "```sh\n```"],
    ["fences", "```\n````", "`````sh\n```\n````\n`````"],
    ["Windows line ends", "a\r\nb", "```sh\na\\r\nb\n```"],
  ];
  it.each(cases)("of %s", (_what, text, expected) => {
    expect(codeBlock(text, "sh")).toBe(expected);
  });
});

describe("a table's cell", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["a pipe", "a|b", "a\\|b"],
    ["a pipe behind two backslashes", "a\\\\|b", "a\\\\\\|b"],
    ["a pipe behind one backslash", "a\\|b", "a\\\\\\|b"],
    ["line ends", "a\r\n\nb", "a b"],
  ];
  it.each(cases)("with %s", (_what, text, expected) => {
    expect(tableCell(text)).toBe(expected);
  });
});

/** Pieces that Markdown, HTML and forges act on. */
const PIECES: readonly string[] = [
  ..."` ~ * _ # @ | \\ < > ! [ ] ( ) - + = : & ; \" ' $".split(" "),
  " ",
  "\t",
  "\n",
  "\r",
  "``",
  "```",
  "~~~",
  "`````",
  "\n\n",
  "\r\n",
  "    ",
  "a",
  "web",
  "@octocat",
  "#1",
  "GH-1",
  "https://example.com/x",
  "www.example.com",
  "a@example.com",
  "[x](y)",
  "![x](y)",
  "<b>",
  "</details>",
  "<!--",
  "-->",
  "<script>",
  "&lt;",
  "# ",
  "- ",
  "1. ",
  "> ",
  "- [ ] ",
  "| a | b |\n|---|---|\n",
  "---",
  "===",
  "[^1]",
  "\\|",
  "\\\\|",
  "\u0000",
  "\u001B[31m",
  "\u200B",
  "\u202E",
  "\u2028",
  "\uD800",
  "😀",
];
const hostile = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => pieces.join("")),
  fc.string({ unit: "binary", maxLength: 40 }),
);
const RUNS = { numRuns: 1500 };

describe("hostile text stays code to a real parser", () => {
  test("as a span in a paragraph", () => {
    fc.assert(
      fc.property(hostile, hostile, (a, b) => {
        const nodes = parse(`The object ${codeSpan(a)} of ${codeSpan(b)}, now.`);
        expect(kinds(nodes)).toEqual(["root", "paragraph", "text", "inlineCode", "text", "inlineCode", "text"]);
        expect(codes(nodes)).toEqual([shown(a), shown(b)]);
      }),
      RUNS,
    );
  });

  test("as a span that begins a line, a list item and a heading", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const span = codeSpan(text);
        const nodes = parse(`${span}\n\n- ${span}: ${span}\n\n### ${span}\n`);
        expect(kinds(nodes).filter((kind) => kind !== "text")).toEqual(
          ["root paragraph inlineCode", "list listItem paragraph inlineCode inlineCode", "heading inlineCode"]
            .join(" ")
            .split(" "),
        );
        expect(codes(nodes)).toEqual(Array.from({ length: 4 }, () => shown(text)));
      }),
      RUNS,
    );
  });

  test("as a block", () => {
    fc.assert(
      fc.property(hostile, hostile, (a, b) => {
        const nodes = parse(`Before:\n\n${codeBlock(a, "diff")}\n\nBetween:\n\n${codeBlock(b)}\n\nBehind.\n`);
        expect(kinds(nodes)).toEqual([
          "root",
          "paragraph",
          "text",
          "code",
          "paragraph",
          "text",
          "code",
          "paragraph",
          "text",
        ]);
        expect(codes(nodes)).toEqual([a, b].map((text) => visibleLines(text).replace(/\n$/, "")));
      }),
      RUNS,
    );
  });

  test("as a table's cell, which no pipe ends", () => {
    fc.assert(
      fc.property(hostile, hostile, (a, b) => {
        const cells = [codeSpan(a), codeSpan(b), "end"].map(tableCell);
        const nodes = parse(`| a | b | c |\n|---|---|---|\n| ${cells.join(" | ")} |\n`);
        const row = ["tableRow", "tableCell", "text", "tableCell", "text", "tableCell", "text"];
        const codeRow = ["tableRow", "tableCell", "inlineCode", "tableCell", "inlineCode", "tableCell", "text"];
        expect(kinds(nodes)).toEqual(["root", "table", ...row, ...codeRow]);
        expect(codes(nodes).map(withoutDoubling)).toEqual([shown(a), shown(b)].map(withoutDoubling));
      }),
      RUNS,
    );
  });
});

function parse(markdown: string): Nodes {
  return fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
}

/** The types of a tree's nodes, in the order that they are written. */
function kinds(node: Nodes): readonly string[] {
  return [node.type, ...("children" in node ? node.children.flatMap(kinds) : [])];
}

function codes(node: Nodes): readonly string[] {
  if (node.type === "inlineCode" || node.type === "code") return [node.value];
  return "children" in node ? node.children.flatMap(codes) : [];
}

function shown(text: string): string {
  return text === "" ? '""' : visibleLine(text);
}

/** Before a `|` in a table, code shows an even number of backslashes. */
function withoutDoubling(code: string): string {
  return code.replace(/\\+\|/g, "|");
}
