// YAML that stands in quotes within YAML: its scalars have their places in the file.

import { expect, test } from "vitest";
import { scalarsOf } from "../../src/desired/field-origins/scalars.ts";

/** Each scalar within the text of `patch`: where it is, what it is, and what the file has in its place. */
function within(file: string): readonly string[] {
  return scalarsOf("a.yaml", file)
    .filter((scalar) => scalar.within.length > 0)
    .map(
      ({ path, value, textStart, start, end }) =>
        `${path.join(".")} ${value} ${textStart === undefined ? file.slice(start, end) : file.slice(textStart, textStart + String(value).length)}`,
    );
}

const TEXTS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  "JSON in single quotes": [`patch: '[{"op": "add", "value": 5}]'\n`, "0.op add add", "0.value 5 5"],
  "JSON in double quotes": [`patch: "[{\\"op\\": \\"add\\", \\"value\\": 5}]"\n`, "0.op add add", "0.value 5 5"],
  "a map in brackets": [`patch: '{spec: {replicas: 3}}'\n`, "spec.replicas 3 3"],
  "lines in double quotes": [`patch: "- op: add\\n  value: five\\n"\n`, "0.op add add", "0.value five five"],
  "a quote in single quotes": [`patch: '{a: ''it'', b: 3}'\n`, "a it it", "b 3 3"],
  "a quote that is escaped twice": [`patch: "{\\"a\\": \\"x\\\\\\"y\\"}"\n`, `a x"y \\"x\\\\\\"y\\"`],
  "a word": [`patch: "word"\n`],
  "a sentence with a colon": [`patch: "note: this is a text"\n`],
  "what goes on over several lines": [`patch: '{a: 1,\n  b: 2}'\n`],
  "an escape that is seldom": [`patch: "{a: \\u0041, b: 2}"\n`],
  "what is no YAML": [`patch: "{a: ["\n`],
};

test.each(Object.entries(TEXTS))("%s", (_name, [file, ...scalars]) => {
  expect(within(file)).toEqual(scalars);
});
