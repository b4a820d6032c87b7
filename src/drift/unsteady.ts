/**
 * What Git does not say, though it is rendered: made up anew each time (a random password, a certificate), encrypted, or a
 * variable that only the cluster has. What stands there in what was rendered is nobody's value, and is never shown as one.
 */

import { NOT_KNOWN } from "../core/drift.ts";
import type { Change, LeftOutField } from "../core/drift.ts";
import type { DesiredObject } from "../core/objects.ts";
import { formatPath, startsWith, valueAt } from "../core/path.ts";
import type { FieldPath } from "../core/path.ts";
import { equalValues, isList, isMap, setField } from "../core/value.ts";
import type { Value } from "../core/value.ts";

/** Whether the path is one of the places, or lies in one. A place in what differs as a whole does not excuse the whole. */
function isIn(places: ReadonlySet<string>, path: FieldPath): boolean {
  for (let length = 1; length <= path.length; length++) {
    if (places.has(formatPath(path.slice(0, length)))) return true;
  }
  return false;
}

/**
 * Maps and lists of which a key itself is not known: what the cluster has there and Git does not name may be that one, and
 * is never written into Git.
 */
function unnamedIn(unsteady: readonly Change[]): ReadonlySet<string> {
  const lost = unsteady.filter(({ operation }) => operation !== "replace");
  return new Set(lost.map(({ path }) => formatPath(path.slice(0, -1))));
}

export interface UnsteadyInput {
  readonly changes: readonly Change[];
  /** What differs between two renderings of the same files. */
  readonly unsteady: readonly Change[];
  readonly desired: DesiredObject;
}

export function withoutUnsteady({ changes, unsteady, desired }: UnsteadyInput): {
  readonly changes: readonly Change[];
  readonly leftOut: readonly LeftOutField[];
} {
  const places = new Set(unsteady.map(({ path }) => formatPath(path)));
  const unnamed = unnamedIn(unsteady);
  const excused = new Set(
    changes.filter(
      ({ path, operation }) =>
        isIn(places, path) || (operation === "add" && unnamed.has(formatPath(path.slice(0, -1)))),
    ),
  );
  const rule = `not known from Git: ${desired.unknownFrom ?? "made up at each rendering, encrypted, or from a Secret"}`;
  const shown = (change: Change): Change =>
    withShown(change, { desired, unsteady, isWhole: excused.has(change), rule });
  return {
    changes: changes.filter((change) => !excused.has(change)).map(shown),
    leftOut: changes
      .filter((change) => excused.has(change))
      .map((change) => ({
        ...shown(change),
        reason: "ignored",
        rule,
        // A policy is asked all the same: somebody may hide behind it.
        judged: true,
      })),
  };
}

interface Showing extends Pick<UnsteadyInput, "desired" | "unsteady"> {
  /** It lies in what is not known. */
  readonly isWhole: boolean;
  readonly rule: string;
}

function withShown(change: Change, { desired, unsteady, isWhole, rule }: Showing): Change {
  if (change.desired === undefined) return change;
  if (!isWhole && !unsteady.some(({ path }) => startsWith(path, change.path))) return change;
  const shown = known(change.desired, valueAt(desired.again, change.path));
  return { ...change, shown, note: change.note === undefined ? rule : `${change.note}; ${rule}` };
}

/** What is the same of both, with {@link NOT_KNOWN} for all else. Keys that the other lacks are as little known. */
function known(value: Value, again: Value | undefined): Value {
  if (isMap(value) && isMap(again)) {
    const map: Record<string, Value> = {};
    for (const key of Object.keys(value)) {
      const isKnown = Object.hasOwn(again, key);
      setField(map, isKnown ? key : NOT_KNOWN, isKnown ? known(value[key] as Value, again[key]) : NOT_KNOWN);
    }
    return map;
  }
  if (isList(value) && isList(again) && value.length === again.length)
    return value.map((item, at) => known(item, again[at]));
  return equalValues(value, again) ? value : NOT_KNOWN;
}
