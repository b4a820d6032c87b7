import { expect, test } from "vitest";
import type { Fault } from "../../../src/core/fault.ts";
import { withMissingOnce } from "../../../src/desired/render/missing-renderers.ts";

function fault(code: Fault["code"], message: string): Fault {
  return { kind: "fault", code, about: "x", message, remedy: "", leavesUnknown: "declared" };
}

test("a program that is missing is told once, with how many roots need it, and everything else as it is", () => {
  const faults = [
    fault("render-failed", "a"),
    fault("renderer-missing", "helm is not there"),
    fault("renderer-missing", "kustomize is not there"),
    fault("render-failed", "a"),
    fault("renderer-missing", "helm is not there"),
  ];
  expect(withMissingOnce(faults).map(({ message }) => message)).toEqual([
    "a",
    "helm is not there: 2 roots need it",
    "kustomize is not there",
    "a",
  ]);
});
