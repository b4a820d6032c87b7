// What is rendered and nobody can know from Git is told as such, wherever it is seen.

import { describe, expect, test } from "vitest";
import { compareObject } from "../../src/drift/compare.ts";
import { NOT_KNOWN } from "../../src/core/drift.ts";
import type { ValueMap } from "../../src/core/value.ts";
import { builtinSchemas } from "../../src/kinds/schemas.ts";
import { createDigester } from "../../src/text/digest.ts";
import { redactChange } from "../../src/text/redact.ts";
import { desiredOf, liveOf, told, yaml } from "./objects.ts";

const WHY = "not known from Git: from ConfigMap/c, which Git does not have";

function deployment(env: string): ValueMap {
  return yaml(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {
    template: {spec: {containers: [{name: web, env: [${env}]}]}}}}`);
}

function configMap(key: string, b: string): ValueMap {
  return yaml(`{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {${key}: "1", b: "${b}"}}`);
}

function compared(text: (value: string) => ValueMap, live: ValueMap) {
  const desired = { ...desiredOf(text("stand-in-a")), again: text("stand-in-b"), unknownFrom: WHY.slice(20) };
  const found = compareObject({
    desired,
    live: liveOf(live),
    schema: builtinSchemas.schemaOf("apps/v1", "Deployment"),
  });
  return { ...found, text: JSON.stringify([found.changes, found.leftOut].flat().map(({ shown }) => shown)) };
}

describe("a value that Git does not say", () => {
  test("is left out, with the reason, and not shown", () => {
    const found = compared(
      (value) => deployment(`{name: A, value: ${value}}`),
      deployment("{name: A, value: example.com}"),
    );
    expect(told(found.changes)).toEqual([]);
    expect(found.leftOut).toMatchObject([
      { rule: WHY, note: WHY, judged: true, shown: NOT_KNOWN, live: "example.com" },
    ]);
  });

  test("is not shown within what differs as a whole, which is drift", () => {
    const found = compared((value) => deployment(`{name: A, value: ${value}}`), deployment("{name: B, value: b}"));
    const removed = found.changes.find(({ operation }) => operation === "remove");
    expect(removed).toMatchObject({ shown: { name: "A", value: NOT_KNOWN }, note: WHY });
    expect(found.changes.filter(({ operation }) => operation === "add").map((one) => "shown" in one)).toEqual([false]);
    expect(found.text).not.toContain("stand-in");
  });

  test("in a key costs the key, and none beside it", () => {
    const desired = { ...desiredOf(configMap("stand-in-a", "2")), again: configMap("stand-in-b", "2") };
    const { changes, leftOut } = compareObject({ desired, live: liveOf(configMap("c", "3")), schema: undefined });
    expect(JSON.stringify([...changes, ...leftOut].map(({ shown }) => shown ?? ""))).not.toContain("stand-in");
    expect(changes.some(({ live }) => live === "3")).toBe(true);
  });

  test.each<readonly [string, (value: string) => ValueMap, ValueMap]>([
    ["a map", (value) => configMap(value, "2"), configMap("c", "2")],
    ["a list", (value) => deployment(`{name: H_${value}, value: b}`), deployment("{name: H_C, value: b}")],
  ])("in a key of %s may be what the cluster has there: left out, and asked about", (_, text, live) => {
    const found = compared(text, live);
    expect(found.changes).toEqual([]);
    expect(new Set(found.leftOut.map(({ operation, judged }) => `${operation}, judged: ${String(judged)}`))).toEqual(
      new Set(["add, judged: true", "remove, judged: true"]),
    );
  });

  test("stays so where it is called like a secret", () => {
    const found = compared(
      (value) => deployment(`{name: API_TOKEN, value: ${value}}`),
      deployment("{name: API_TOKEN, value: example.com}"),
    );
    const digester = createDigester(Buffer.from("a key"));
    const [change] = found.leftOut;
    const redacted =
      change === undefined ? undefined : redactChange({ change, ref: desiredOf(deployment("")).ref, digester });
    expect(redacted).toMatchObject({ shown: NOT_KNOWN, sensitive: true });
    expect(JSON.stringify(redacted?.live)).not.toContain("example.com");
  });
});
