// Keys that a person wrote as words and Kubernetes reads as booleans are told, with what to write.

import { describe, expect, test } from "vitest";
import { readManifests } from "../../src/desired/manifests.ts";
import { digester, isNamespaced } from "./repositories.ts";

const HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\n";

function told(text: string): readonly string[] {
  const context = { namespace: "default", digester, isNamespaced };
  return readManifests("c.yaml", Buffer.from(text), context).faults.map(
    ({ message, remedy, position, leavesUnknown }) =>
      `${position?.line}:${position?.column} ${message.split(" has ")[0]}, ${message.split(" ").at(-1)}: ${remedy} (${leavesUnknown})`,
  );
}

describe("a key without quotes", () => {
  test.for([
    ["on", "true"],
    ["Yes", "true"],
    ["y", "true"],
    ["off", "false"],
    ["NO", "false"],
    ["n", "false"],
    ["True", "true"],
  ])("that is %s is read as %s, and told", ([word, read]) => {
    expect(told(`${HEAD}data:\n  a: b\n  ${word}: x\n`)).toEqual([
      `6:3 the key ${word}, "${read}": write "${word}" (with the quotes), or "${read}" if that is what is meant (nothing)`,
    ]);
  });

  test.for(['"on": x', "'yes': x", "true: x", "false: x", "one: x", "12: x", "a: on", "b: &y x", "!!str on: x"])(
    "is nothing special where it says %s",
    (line) => {
      expect(told(`${HEAD}data:\n  ${line}\n`)).toEqual([]);
    },
  );

  test("is told in every document that is one of Kubernetes', and in none of other tools'", () => {
    const workflow = "on: push\njobs: { a: 'apiVersion: v1' }\n";
    const places = told(`${workflow}---\n${HEAD}data: { on: x }\n---\n${HEAD}data: { &a off: x }\n`);
    expect(places.map((one) => one.split(" ")[0])).toEqual(["7:9", "12:9"]);
  });

  test("is told a few times, however many there are", () => {
    expect(
      told(`${HEAD}data:\n${Array.from({ length: 50 }, (_, at) => `  k${at}: { on: x }\n`).join("")}`),
    ).toHaveLength(10);
  });
});
