/** What a renderer makes up anew each time (a random password, a certificate): what the cluster has there was made up once. */

import type { Change, LeftOutField } from "../core/drift.ts";
import { formatPath } from "../core/path.ts";
import type { FieldPath } from "../core/path.ts";

/** Whether the path is one of the places, or lies in one. A place in what differs as a whole does not excuse the whole. */
function isIn(places: ReadonlySet<string>, path: FieldPath): boolean {
  for (let length = 1; length <= path.length; length++) {
    if (places.has(formatPath(path.slice(0, length)))) return true;
  }
  return false;
}

/** @param unsteady what differs between two renderings of the same files. */
export function withoutUnsteady(
  changes: readonly Change[],
  unsteady: readonly Change[],
): { readonly changes: readonly Change[]; readonly leftOut: readonly LeftOutField[] } {
  const places = new Set(unsteady.map(({ path }) => formatPath(path)));
  const excused = changes.filter(({ path }) => isIn(places, path));
  return {
    changes: changes.filter((change) => !excused.includes(change)),
    leftOut: excused.map((change) => ({
      ...change,
      reason: "ignored",
      rule: "not known from Git: made up at each rendering, encrypted, or from a Secret",
      // A policy is asked all the same: somebody may hide behind it.
      judged: true,
    })),
  };
}
