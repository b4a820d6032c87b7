// What the cluster and the repository hold is text of strangers: every output of fixtures/hostile-text shows it as text.

import type { Nodes } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import { beforeAll, describe, expect, test } from "vitest";
import { createStyle } from "../../src/text/style.ts";
import { changesOf } from "../../src/core/drift.ts";
import { leftOutReport } from "../../src/report/left-out.ts";
import { explainReport } from "../../src/report/explain.ts";
import { textReport } from "../../src/report/text.ts";
import { goldensOf, runScenario } from "../reconcile/scenario.ts";
import type { Finished } from "../reconcile/scenario.ts";

let finished: Finished;

beforeAll(async () => {
  finished = await runScenario("hostile-text");
});

/** Control and format characters, and separators that end lines, but for the line's own end. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const FOLD = /^(?:<details><summary>[A-Z][a-z]+<\/summary>|<\/details>)$/;

function unseen(text: string, but: RegExp = /\n/): readonly string[] {
  return [...new Set(text.match(UNSEEN) ?? [])].filter((char) => !but.test(char));
}

test("the scenario is as hostile as it is meant to be", () => {
  const live = JSON.stringify(finished.pass.results.map(({ drift }) => ("live" in drift ? drift.live?.value : "")));
  for (const part of ["\\u001b[31m", "\u202E", "<script>", "<!--", "```", "@octocat", "$(id)"]) {
    expect(live).toContain(part);
  }
});

describe("a terminal", () => {
  test("gets no control or bidirectional character from a report", () => {
    expect(unseen(textReport(finished.pass, createStyle(false)))).toEqual([]);
    const fields = finished.pass.results.flatMap(({ drift }) => changesOf(drift));
    const rule = "written by \u001B[31m a webhook\u202E";
    const leftOut = finished.pass.results.map(({ target, drift }) => ({
      target,
      ref: drift.ref,
      fields: fields.map((one) => ({ ...one, reason: "admission", rule, judged: false }) as const),
    }));
    const leftOutRules = [{ reason: "admission", rule, count: 1, examples: [rule] }] as const;
    const pass = { ...finished.pass, leftOut, leftOutRules };
    const explained = explainReport({
      pass,
      declared: [],
      compared: [],
      deployersOf: (managers) => managers,
      notUnderstood: () => [],
      style: createStyle(false),
      width: 80,
    });
    expect(explained).toContain("a webhook");
    expect(unseen(explained)).toEqual([]);
    expect(unseen(leftOutReport(pass, createStyle(false)))).toEqual([]);
  });

  test("gets no escape sequence but those of holdfast's own colours", () => {
    const text = textReport(finished.pass, createStyle(true));
    expect(text).toContain("\u001B[1m");
    // oxlint-disable-next-line no-control-regex -- colours are what it is about
    expect(unseen(text.replace(/\u001B\[\d{1,2}m/g, ""))).toEqual([]);
  });
});

describe("Markdown", () => {
  test("of the report has cluster text in code only", () => {
    expect(notCode(goldensOf(finished)["report.md"] ?? "")).toEqual([]);
  });

  test("of every title and body has cluster text in code only", () => {
    expect(finished.publications.length).toBeGreaterThan(2);
    for (const { title, body } of finished.publications) {
      expect(notCode(body)).toEqual([]);
      expect(title).toMatch(/^[A-Za-z0-9/. -]+$/);
    }
  });

  test("of commit messages names nothing that a forge acts on", () => {
    const messages = finished.publications.flatMap((one) => (one.kind === "issue" ? [] : [one.commitMessage]));
    expect(messages).not.toEqual([]);
    expect(messages.join("\n")).not.toMatch(/[@#<`[]/);
  });
});

test("HTML has no element but the report's own", () => {
  const html = goldensOf(finished)["report.html"] ?? "";
  const tags = new Set([...html.matchAll(/<\/?([a-z][a-z0-9]*)/gi)].map((match) => match[1]?.toLowerCase()));
  const own = "a b body code dd div dl dt h1 h2 head html li meta p section span style table td th title tr ul".split(
    " ",
  );
  expect([...tags].filter((tag) => !own.includes(tag ?? ""))).toEqual([]);
  expect(html).not.toContain("<!--");
  expect(unseen(html, /[\n\t]/)).toEqual([]);
});

test("JSON gives every text as it is, and no control character stands in it unescaped", () => {
  const json = goldensOf(finished)["report.json"] ?? "";
  expect(json.match(/\p{Cc}/gu)?.filter((char) => char !== "\n") ?? []).toEqual([]);
  expect(JSON.stringify(JSON.parse(json))).toContain("\\u001b[31mred");
});

test("a shell gets quoted words only in the commands that an issue advises", () => {
  const commands = finished.publications.flatMap(({ body }) => body.match(/^kubectl .*$/gm) ?? []);
  expect(commands.length).toBeGreaterThan(1);
  for (const command of commands) {
    expect(command.replace(/'[^']*'|\\'/g, "")).toMatch(/^[A-Za-z0-9 ./:=@%+,-]*$/);
  }
});

/** What is wrong with it: links, images, HTML but the folds, and prose that mentions, refers or hides. */
function notCode(markdown: string): readonly string[] {
  const tree = fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
  const wrong = [...walk(tree)].flatMap((node) => {
    if (["link", "image", "linkReference", "imageReference", "definition"].includes(node.type)) return [node.type];
    if (node.type === "html" && !FOLD.test(node.value)) return [node.value];
    return node.type === "text" && /[@<>]|#\d|GH-|https?:|octocat/.test(node.value) ? [node.value] : [];
  });
  return [...wrong, ...unseen(markdown, /[\n\t]/)];
}

function* walk(node: Nodes): Generator<Nodes> {
  yield node;
  if ("children" in node) for (const child of node.children) yield* walk(child);
}
