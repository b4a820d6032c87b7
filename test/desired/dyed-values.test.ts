// Whether what came out with dyes in it is the value but for the dyes.

import { expect, test } from "vitest";
import { isValueDyed } from "../../src/desired/field-origins/proof.ts";
import type { Piece } from "../../src/desired/field-origins/pieces.ts";
import type { Dyed } from "../../src/desired/field-origins/scope.ts";

function dyed(text: string, of: string, workedOut = false): Dyed {
  const piece: Piece = {
    file: "web/templates/web.yaml",
    start: 0,
    end: of.length,
    text: of,
    kind: "text",
    before: "",
    after: "",
    lead: "",
    alone: false,
    place: "template",
    ...(workedOut ? { workedOut } : {}),
  };
  return { piece, text };
}

const WRITTEN = dyed("zzd1", "web");
const WORKED_OUT = dyed("zzd2", "unknown", true);

test.each<[string, string, string, readonly Dyed[], boolean]>([
  ["what is written stands there", "a-web", "a-zzd1", [WRITTEN], true],
  ["what is written stands there, and something else changed", "a-web", "b-zzd1", [WRITTEN], false],
  ["all of it is worked out", "anything", "zzd2", [WORKED_OUT], true],
  ["a part of it is worked out", "a-anything-b", "a-zzd2-b", [WORKED_OUT], true],
  ["nothing was worked out", "a-b", "a-zzd2-b", [WORKED_OUT], false],
  ["what stands before it changed", "a-anything-b", "c-zzd2-b", [WORKED_OUT], false],
  ["what stands behind it changed", "a-anything-b", "a-zzd2-c", [WORKED_OUT], false],
  ["what stands around it overlaps", "aba", "ab-zzd2-ba", [WORKED_OUT], false],
  ["it stands there twice", "x.y.x", "zzd2.y.zzd2", [WORKED_OUT], true],
  ["it stands there twice, and what is between changed", "x.y.x", "zzd2.z.zzd2", [WORKED_OUT], false],
  ["both", "web.anything", "zzd1.zzd2", [WRITTEN, WORKED_OUT], true],
  ["both, and something else changed", "web.anything", "zzd1,zzd2", [WRITTEN, WORKED_OUT], false],
  ["the dye does not stand there", "anything", "anything", [WORKED_OUT], false],
])("%s", (_name, value, text, all, is) => {
  expect(isValueDyed(value, text, all)).toBe(is);
});
