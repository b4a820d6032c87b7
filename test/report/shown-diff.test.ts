import { expect, test } from "vitest";
import type { Edit } from "../../src/core/proposal.ts";
import { fields } from "../../src/core/path.ts";
import { shownDiff } from "../../src/report/shown-diff.ts";

const ref = { apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name: "web" };

/** The proposal that writes `now` over each `old`, which stands in the text once. */
function proposal(before: string, replaced: readonly (readonly [old: string, now: string])[]) {
  const splices = replaced.map(([old, now]) => ({
    start: before.indexOf(old),
    end: before.indexOf(old) + old.length,
    text: now,
  }));
  const after = replaced.reduce((text, [old, now]) => text.replace(old, now), before);
  const edit: Edit = {
    file: "web.yaml",
    ref,
    path: fields("spec"),
    operation: "replace",
    splices,
    position: { file: "web.yaml", line: 1 },
  };
  return { files: [{ path: "web.yaml", before, after, mode: "100644" }], edits: [edit] };
}

test.each<[string, string, readonly (readonly [string, string])[]]>([
  ["a file of JSON on one line", '{"data":{"k":"hunter2"},"replicas":1}\n', [['"replicas":1', '"replicas":3']]],
  ["a list on one line", "env: [{name: PASS, value: hunter2}, {name: LOG, value: info}]\n", [["info", "debug"]]],
  ["a map on one line", "data: {pin: hunter2, replicas: 1}\n", [["1", "3"]]],
  ["two entries on one line of a long list", '[\n  "hunter2", "replicas", 1\n]\n', [["1", "3"]]],
  [
    "two changes on one line",
    "a: {x: 1, k: hunter2, y: 2}\n",
    [
      ["1", "3"],
      ["y: 2", "y: 4"],
    ],
  ],
  ["an item on one line with more than its name", "- { name: PIN, hint: hunter2, value: info }\n", [["info", "debug"]]],
  ["a comment with a secret", "replicas: 1 # password: hunter2\n", [["1", "3"]]],
  ["a line without an end", '{"k":"hunter2","replicas":1}', [['"replicas":1', '"replicas":3']]],
])("%s is not repeated", (_what, before, replaced) => {
  expect(shownDiff(proposal(before, replaced))).toEqual({ patch: "", hidden: ["web.yaml"] });
});

test.each<[string, string, readonly (readonly [string, string])[]]>([
  ["a field", "spec:\n  replicas: 1 # by hand\n", [["1", "3"]]],
  ["an item on one line", "- { name: LOG_LEVEL, value: info }\n", [["info", "debug"]]],
  ["an item", "args:\n  - - a\n", [["a", "b"]]],
  ["a field of JSON that is laid out", '{\n  "k": "hunter2",\n  "replicas": 1,\n}\n', [["1", "3"]]],
  ["a list that is replaced whole", "args: [a, b]\n", [["[a, b]", "[a, c]"]]],
  ["lines that go", "a: 1\nb:\n  - x: [1, 2]\n", [["b:\n  - x: [1, 2]\n", ""]]],
  ["lines that are new", "k: {a: hunter2}\nz: 1\n", [["z: 1\n", "z: 1\ny: 2\n"]]],
])("%s is shown, and nothing around it", (_what, before, replaced) => {
  const { patch, hidden } = shownDiff(proposal(before, replaced));
  expect(hidden).toEqual([]);
  expect(patch).toContain("@@");
  expect(patch).not.toContain("hunter2");
});
