/** A command that puts single fields back to what Git says, for a person to read and run. */

import jsonPatch from "fast-json-patch";

import { applyChanges } from "../core/apply.ts";
import type { Change, Drift } from "../core/drift.ts";
import { indexOfStep, valueAt } from "../core/path.ts";
import { isList, isMap } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";
import { objectWords, shellWord } from "./shell.ts";

/** Longer patches are no command that anybody would paste. */
const MAX_CHARACTERS = 2000;

/**
 * `kubectl patch … --type=json` from live to Git for these changes: replaced scalars are put back, with a `test` of each
 * live value first, and fields that only the cluster has are taken away, with a `test` of the keys of the list items on the
 * way. It does nothing once somebody has changed the fields again. `undefined` where a secret is among them, where the API
 * server would refuse it (an immutable field), or where it would not be plain: taking list items out moves their neighbours into the patch.
 */
export function undoCommand(drift: Drift, changes: readonly Change[]): string | undefined {
  if (drift.state !== "drifted" || changes.length === 0) return undefined;
  if (changes.some(({ immutable }) => immutable === true)) return undefined;
  const live = drift.live.value;
  const operations = changes.map((change) =>
    change.operation === "add" ? taking(live, change) : puttingBack(live, change),
  );
  if (!operations.every((part) => part !== undefined)) return undefined;
  const patch = JSON.stringify(operations.flat());
  if (patch.length > MAX_CHARACTERS) return undefined;
  return `kubectl patch ${objectWords(drift.ref)} --type=json --patch ${shellWord(patch)}`;
}

type Operation = ReturnType<typeof jsonPatch.compare>[number];

function puttingBack(live: ValueMap, change: Change): readonly Operation[] | undefined {
  if (!isPlain(change)) return undefined;
  const operations = jsonPatch.compare(live, applyChanges(live, [change], "desired") as object, true);
  return operations.length === 2 ? operations : undefined;
}

/** Says nothing of the value, which may be long or secret. */
function taking(live: ValueMap, { path }: Change): readonly Operation[] | undefined {
  const tests: Operation[] = [];
  let pointer = "";
  let at: Value | undefined = live;
  for (const step of path) {
    const name: string | number | undefined = step.kind === "field" ? step.name : indexOfStep(at, step);
    if (name === undefined) return undefined;
    pointer += `/${escaped(String(name))}`;
    at = valueAt(at, [step]);
    if (step.kind !== "key") continue;
    for (const [key, value] of Object.entries(step.keys)) {
      if (typeof value === "bigint") return undefined;
      tests.push({ op: "test", path: `${pointer}/${escaped(key)}`, value });
    }
  }
  return path.at(-1)?.kind === "field" && at !== undefined ? [...tests, { op: "remove", path: pointer }] : undefined;
}

/** A name in a JSON pointer (RFC 6901). */
function escaped(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
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
