/** The one scalar that a field that differs is asked about by. */

import { indexOfStep, valueAt } from "../../core/path.ts";
import type { FieldPath } from "../../core/path.ts";
import { printPointer } from "../../core/pointer.ts";
import { isList, isMap, isScalar } from "../../core/value.ts";
import type { Scalar, Value } from "../../core/value.ts";
import { leavesOf } from "./differences.ts";

interface AskedLeaf {
  readonly pointer: string;
  readonly value: Scalar;
  readonly live?: Value;
}

/** The field's own leaf; of a list or a map the first of which the cluster has something else, or the first. */
export function leafAt(value: Value, path: FieldPath, live: Value | undefined): AskedLeaf | undefined {
  let pointer = "";
  let current: Value | undefined = value;
  for (const step of path) {
    if (current === undefined) return undefined;
    const index = step.kind === "field" ? step.name : indexOfStep(current, step);
    if (index === undefined) return undefined;
    pointer += printPointer([index]);
    current = valueAt(current, [step]);
  }
  if (current === undefined) return undefined;
  if (isScalar(current))
    return current === null ? undefined : { pointer, value: current, ...(live === undefined ? {} : { live }) };
  if (!isMap(current) && !isList(current)) return undefined;
  const leaves = [...leavesOf(current)].filter(([, leaf]) => leaf !== null);
  const there = live === undefined || isScalar(live) ? undefined : leavesOf(live);
  const different = there && leaves.find(([below, leaf]) => there.get(below) !== leaf);
  const [below, leaf] = different ?? leaves[0] ?? [];
  if (below === undefined || leaf === undefined) return undefined;
  const other = there?.get(below);
  return { pointer: `${pointer}${below}`, value: leaf, ...(other === undefined ? {} : { live: other }) };
}
