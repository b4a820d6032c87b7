/** A command that puts single fields back to what Git says, for a person to read and run. */

import jsonPatch from "fast-json-patch";

import { applyChanges } from "../core/apply.ts";
import type { Change, Drift } from "../core/drift.ts";
import { isList, isMap } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { objectWords, shellWord } from "./shell.ts";

/** Longer patches are no command that anybody would paste. */
const MAX_CHARACTERS = 2000;

/**
 * `kubectl patch … --type=json` from live to Git for these changes, with a `test` of each live value first, so that it does
 * nothing once somebody has changed the field again. `undefined` where a secret is among them, or where it would not be
 * plain: only replaced scalars are put back so, since taking list items out moves their neighbours into the patch.
 */
export function undoCommand(drift: Drift, changes: readonly Change[]): string | undefined {
  if (drift.state !== "drifted" || changes.length === 0 || !changes.every(isPlain)) return undefined;
  const before = drift.live.value;
  const operations = jsonPatch.compare(before, applyChanges(before, changes, "desired") as object, true);
  const patch = JSON.stringify(operations);
  if (operations.length !== 2 * changes.length || patch.length > MAX_CHARACTERS) return undefined;
  return `kubectl patch ${objectWords(drift.ref)} --type=json --patch ${shellWord(patch)}`;
}

function isPlain(change: Change): boolean {
  return (
    change.operation === "replace" &&
    change.sensitive !== true &&
    isPlainScalar(change.desired) &&
    isPlainScalar(change.live)
  );
}

/** JSON text for kubectl cannot be made of integers beyond 2^53 by `JSON.stringify`. */
function isPlainScalar(value: Value | undefined): boolean {
  return value !== undefined && typeof value !== "bigint" && !isList(value) && !isMap(value);
}
