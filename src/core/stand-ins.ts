/** Words that nobody writes: in what is rendered they stand for what Git does not say, in two renderings two of them. */

import { NOT_KNOWN } from "./drift.ts";
import type { FieldPath, PathStep } from "./path.ts";
import { isMadeOf } from "./text-parts.ts";
import type { Scalar } from "./value.ts";

/** For values that only the cluster has. */
export const UNKNOWN_VALUES = ["holdfast-unknown-value-a", "holdfast-unknown-value-b"] as const;
/** For texts that SOPS encrypted. */
export const ENCRYPTED_VALUES = ["holdfast-encrypted-value-a", "holdfast-encrypted-value-b"] as const;

const WORDS = /holdfast-(?:unknown|encrypted)-value-[ab]/g;

/** The text as it may be shown. */
export function withoutStandIns(text: string): string {
  return text.replaceAll(WORDS, NOT_KNOWN);
}

/** Whether the text is what came out with a stand-in where the other has some text. `false` where it holds none. */
export function standsFor(text: string, other: string): boolean {
  const parts = text.split(WORDS);
  return parts.length > 1 && isMadeOf(other, parts);
}

/** The path as it may be shown: keys may come from what Git does not say, too. */
export function pathWithoutStandIns(path: FieldPath): FieldPath {
  return path.map(shownStep);
}

function shownStep(step: PathStep): PathStep {
  switch (step.kind) {
    case "field":
      return { ...step, name: withoutStandIns(step.name) };
    case "key":
      return {
        ...step,
        keys: Object.fromEntries(Object.entries(step.keys).map(([name, value]) => [name, shownScalar(value)])),
      };
    case "value":
      return { ...step, value: shownScalar(step.value) };
    case "index":
      return step;
  }
}

function shownScalar(value: Scalar): Scalar {
  return typeof value === "string" ? withoutStandIns(value) : value;
}
