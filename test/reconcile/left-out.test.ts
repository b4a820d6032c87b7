import { expect, test } from "vitest";
import type { LeftOutField } from "../../src/core/drift.ts";
import { fields } from "../../src/core/path.ts";
import { leftOutLog } from "../../src/reconcile/left-out.ts";

function leftOut(name: string): LeftOutField {
  return {
    path: fields("spec", name),
    operation: "add",
    live: true,
    direction: "unknown",
    reason: "ignored",
    rule: "a rule",
    judged: true,
  };
}

const REF = { apiVersion: "v1", kind: "Pod", namespace: "shop", name: "web" };

test("what a policy objects to is reported, and not among what is left out", () => {
  const log = leftOutLog();
  log.add("default", REF, [leftOut("hostNetwork"), leftOut("replicas")]);
  const [rule] = log.rules([{ ...leftOut("hostNetwork"), ref: REF }]);
  expect(rule).toMatchObject({ count: 1, examples: ["Pod/web in shop spec.replicas"] });
  expect(log.rules([])[0]?.count).toBe(2);
});

test("a rule of which nothing is left out any more is not named", () => {
  const log = leftOutLog();
  log.add("default", REF, [leftOut("hostNetwork")]);
  expect(log.rules([{ ...leftOut("hostNetwork"), ref: REF }])).toEqual([]);
});
