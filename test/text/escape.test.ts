import { describe, expect, it } from "vitest";
import { htmlAttribute, htmlText } from "../../src/text/escape-html.ts";
import { terminalText } from "../../src/text/escape-terminal.ts";
import { isPlainName, plainTitle } from "../../src/text/plain-title.ts";

describe("HTML", () => {
  it("has no tag, entity or attribute of the text's own", () => {
    expect(htmlText("<b a='1' c=\"2\">&amp;`\n\u0000")).toBe(
      "&lt;b a&#61;&#39;1&#39; c&#61;&quot;2&quot;&gt;&amp;amp;&#96;\n\\u{00}",
    );
  });

  it("has attributes on one line, in quotes", () => {
    expect(htmlAttribute('a"b\n\tc')).toBe('"a&quot;b&#10;&#9;c"');
  });
});

describe("a terminal", () => {
  it.each([
    ["a colour", "\u001B[31mred", "\\u{1b}[31mred"],
    ["a title", "\u001B]0;x\u0007", "\\u{1b}]0;x\\u{07}"],
    ["a C1 control", "\u009B31m", "\\u{9b}31m"],
    ["a second line", "a\r\nb", "a\\r\\nb"],
    ["a right-to-left override", "a\u202Eb\u2066", "a\\u{202e}b\\u{2066}"],
    ["zero-width characters", "a\u200D\uFEFF\u00ADb", "a\\u{200d}\\u{feff}\\u{ad}b"],
    ["tag characters", "a\u{E0041}", "a\\u{e0041}"],
    ["a variation selector", "a\uFE0F", "a\\u{fe0f}"],
    ["halves of characters", "\uDC00\uD800", "\\u{dc00}\\u{d800}"],
    ["a blank that breaks no line", "a\u00A0b", "a\\u{a0}b"],
  ])("shows %s", (_what, text, expected) => {
    expect(terminalText(text)).toBe(expected);
  });

  it.each(["plain text", "é, ß, 漢字, العربية, 😀", "a`b|c<d>"])("leaves %s as it is", (text) => {
    expect(terminalText(text)).toBe(text);
  });
});

describe("a title", () => {
  it.each([
    ["Keep replicas of Deployment/web in shop", "Keep replicas of Deployment/web in shop"],
    ["Keep @octocat's #1", "Keep octocat's 1"],
    ["fixes #12", "12"],
    ["Closes: GH-12", "12"],
    ["[skip ci] web", "web"],
    ["web [ci skip] and ***NO_CI***", "web and"],
    ["skskip ciip ci", "skskip ciip ci"],
    ["no fix no actions ci", ""],
    ["Signed-off-by: x", "Signed-off-by x"],
    ["Co-authored-by: x <a@b>", "Co-authored-by x a b"],
    ["a\nSigned-off-by: x", "a Signed-off-by: x"],
    ["--amend", "amend"],
    ["/approve", "approve"],
    ["<img src=x>", "img src x"],
    ["\u202Eevil", "evil"],
  ])("%j is %j", (text, expected) => {
    const title = plainTitle(text);
    expect(title).toBe(expected);
    expect(plainTitle(title)).toBe(title);
  });

  it("ends after 200 characters", () => {
    expect(plainTitle("a b ".repeat(100)).length).toBeLessThanOrEqual(200);
  });

  it.each(["web", "web-1.example.com", "Deployment", "a".repeat(253)])("takes the name %s", (name) => {
    expect(isPlainName(name)).toBe(true);
  });

  it.each(["", "-a", "a-", "a b", "a@b", "a\n", "fix-web", "skip-ci", "a".repeat(254), "é", "GH-1"])(
    "refuses the name %j",
    (name) => {
      expect(isPlainName(name)).toBe(false);
    },
  );
});
