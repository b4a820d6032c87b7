// What reports say of where a rendered field is written.

import { expect, test } from "vitest";
import type { Change } from "../../src/core/drift.ts";
import { fields } from "../../src/core/path.ts";
import { jsonReport } from "../../src/report/json.ts";
import { changeTable } from "../../src/report/markdown.ts";
import { sourceDetails } from "../../src/report/source-words.ts";
import { textReport } from "../../src/report/text.ts";
import { createStyle } from "../../src/text/style.ts";
import { passOf, resultOf } from "./passes.ts";

const REPLICAS: Change = {
  path: fields("spec", "replicas"),
  operation: "replace",
  desired: 3,
  live: 5,
  direction: "unknown",
};

const SOURCED: Change = {
  ...REPLICAS,
  source: {
    file: "prod/kustomization.yaml",
    line: 4,
    column: 9,
    role: "kustomization",
    path: "images[0].newTag",
    part: true,
    computed: true,
    feeds: 2,
    others: [{ file: "base/web.yaml", line: 6, is: "overlaid", role: "resource", path: "spec.replicas" }],
  },
};

test("the JSON report has what is told of the line, and no more", () => {
  const report = JSON.parse(jsonReport(passOf([resultOf("web", [SOURCED])])));
  const { column: _, ...told } = SOURCED.source ?? { column: 0 };
  expect(report.drifts[0].changes[0].source).toEqual(told);
});

test("texts and tables name the line, and what it is a part of", () => {
  const result = resultOf("web", [SOURCED]);
  expect(textReport(passOf([result]), createStyle(false))).toContain("prod/kustomization.yaml:4 (kustomization)");
  expect(changeTable(result)).toContain("| ` prod/kustomization.yaml:4 (kustomization) ` |");
});

test.each([
  [
    "a part that feeds others, over something",
    SOURCED,
    [
      "in prod/kustomization.yaml:4 (kustomization, at images[0].newTag); worked out there; a part of the value; 2 other fields come from the same line",
      "over what stands in base/web.yaml:6 (manifest, at spec.replicas)",
    ],
  ],
  [
    "a whole value",
    { ...REPLICAS, source: { file: "a.yaml", line: 1, role: "template", feeds: 1 } } as const,
    ["in a.yaml:1 (chart's template); 1 other field comes from the same line"],
  ],
  [
    "what a template works out",
    { ...REPLICAS, source: { file: "a.tpl", line: 3, role: "template", computed: true, part: true } } as const,
    ["in a.tpl:3 (chart's template); worked out there; a part of the value"],
  ],
  [
    "a file of which all is the value",
    { ...REPLICAS, source: { file: "redis.conf", line: 1, role: "generator", whole: true, feeds: 0 } } as const,
    ["in redis.conf (generator)"],
  ],
  ["no line", { ...REPLICAS, unsourced: "why" }, ["not known where: why"]],
  ["a plain manifest's line", { ...REPLICAS, source: { file: "a.yaml", line: 1 } }, []],
  ["nothing", REPLICAS, []],
])("in words: %s", (_name, change, words) => {
  expect(sourceDetails(change)).toEqual(words);
});
