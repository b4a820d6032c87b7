/** A command that puts single fields back to what Git says, for a person to read and run. */

import jsonPatch from "fast-json-patch";

import { applyChanges } from "../core/apply.ts";
import type { Change, Drift } from "../core/drift.ts";
import { field, indexOfStep, valueAt } from "../core/path.ts";
import type { FieldPath } from "../core/path.ts";
import { printPointer } from "../core/pointer.ts";
import { equalValues, isList, isMap } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";
import { sensitiveText } from "../text/redact.ts";
import { objectWords, shellWord } from "./shell.ts";

/** Longer patches are no command that anybody would paste. */
const MAX_CHARACTERS = 2000;

export interface UndoCommand {
  readonly command: string;
  /** Every value that it takes away or replaces is tested first: it does nothing once somebody has changed them again. */
  readonly guarded: boolean;
}

/**
 * `kubectl patch … --type=json` from live to Git for these changes: replaced scalars are put back, and fields and items that
 * only the cluster has are taken away. Each value is tested first, but for those that are secret or too long: the keys of
 * items always are. `undefined` where a replaced value is no plain scalar, or secret, where the API server would refuse it
 * (an immutable field), and where something is no longer where it was.
 */
export function undoCommand(drift: Drift, changes: readonly Change[]): UndoCommand | undefined {
  if (drift.state !== "drifted" || changes.length === 0) return undefined;
  if (changes.some(({ immutable }) => immutable === true)) return undefined;
  const live = drift.live.value;
  const parts = changes
    .flatMap(byKey)
    .map((change) => (change.operation === "add" ? taking(live, change) : puttingBack(live, change)));
  if (!parts.every((part) => part !== undefined)) return undefined;
  return commandFor(drift, parts, true) ?? commandFor(drift, parts, false);
}

type Operation = ReturnType<typeof jsonPatch.compare>[number];

interface Part {
  readonly keys: readonly Operation[];
  /** Tests of the values themselves; absent: they are not to be repeated. */
  readonly values?: readonly Operation[];
  readonly replaces: readonly Operation[];
  readonly removes: readonly Place[];
}

/** Names and positions from the root. */
type Place = readonly (string | number)[];

function commandFor(drift: Drift, parts: readonly Part[], full: boolean): UndoCommand | undefined {
  const tests = parts.flatMap(({ keys, values, replaces }) =>
    full || replaces.length > 0 ? [...keys, ...(values ?? [])] : keys,
  );
  const patch = JSON.stringify([
    ...tests,
    ...parts.flatMap(({ replaces }) => replaces),
    // Taking an item out moves those behind it.
    ...parts
      .flatMap(({ removes }) => removes)
      .toSorted(lastFirst)
      .map((place) => ({ op: "remove", path: printPointer(place) })),
  ]);
  if (patch.length > MAX_CHARACTERS) return undefined;
  const command = `kubectl patch ${objectWords(drift.ref)} --type=json --patch ${shellWord(patch)}`;
  const guarded = parts.every(({ values, removes }) => removes.length === 0 || (full && values !== undefined));
  return { command, guarded };
}

function lastFirst(a: Place, b: Place): number {
  const at = a.findIndex((step, depth) => step !== b[depth]);
  const [one, other] = [a[at], b[at]];
  return typeof one === "number" && typeof other === "number" ? other - one : 0;
}

function puttingBack(live: ValueMap, change: Change): Part | undefined {
  if (!isPlain(change)) return undefined;
  const operations = jsonPatch.compare(live, applyChanges(live, [change], "desired") as object, true);
  const [test, replace] = operations;
  if (operations.length !== 2 || test === undefined || replace === undefined) return undefined;
  return { keys: [], values: [test], replaces: [replace], removes: [] };
}

const FREE_FORM: ReadonlySet<string> = new Set(["annotations", "labels"]);

/** Labels and annotations one by one: the system has its own beside those that somebody added. */
function byKey(change: Change): readonly Change[] {
  const last = change.path.at(-1);
  if (change.operation !== "add" || last?.kind !== "field" || !FREE_FORM.has(last.name)) return [change];
  const { live } = change;
  if (!isMap(live)) return [change];
  return Object.entries(live).map(([name, value]) => ({ ...change, path: [...change.path, field(name)], live: value }));
}

/** A field or an item, and the same field under its other name where the server keeps it under two. */
function taking(live: ValueMap, change: Change): Part | undefined {
  const paths = change.twin === undefined ? [change.path] : [change.path, change.twin];
  const found = paths.map((path) => placeOf(live, path));
  if (!found.every((one) => one !== undefined)) return undefined;
  // What is not shown of it (defaults, what is left out) was not looked through for secrets.
  const told =
    change.sensitive !== true && found.every(({ value }) => equalValues(value, change.live) && mayRepeat(value));
  return {
    keys: found[0]?.keys ?? [],
    ...(told ? { values: found.map(({ place, value }) => testOf(place, value)) } : {}),
    replaces: [],
    removes: found.map(({ place }) => place),
  };
}

interface Found {
  readonly place: Place;
  readonly value: Value;
  /** Tests of the items on the way: they may have moved. */
  readonly keys: readonly Operation[];
}

function placeOf(live: ValueMap, path: FieldPath): Found | undefined {
  const keys: Operation[] = [];
  const place: (string | number)[] = [];
  let at: Value | undefined = live;
  for (const step of path) {
    const name: string | number | undefined = step.kind === "field" ? step.name : indexOfStep(at, step);
    if (name === undefined) return undefined;
    place.push(name);
    at = valueAt(at, [step]);
    if (step.kind === "value") keys.push(testOf(place, step.value));
    if (step.kind !== "key") continue;
    for (const [key, value] of Object.entries(step.keys)) keys.push(testOf([...place, key], value));
  }
  const whole = keys.every(({ op, ...rest }) => op === "test" && "value" in rest && typeof rest.value !== "bigint");
  return at === undefined || !whole ? undefined : { place, value: at, keys };
}

function testOf(place: Place, value: Value): Operation {
  return { op: "test", path: printPointer(place), value };
}

/** JSON text for kubectl cannot be made of integers beyond 2^53 by `JSON.stringify`; a long text is refused for its length, later. */
function mayRepeat(value: Value): boolean {
  if (typeof value === "bigint") return false;
  if (isList(value)) return value.every(mayRepeat);
  if (isMap(value)) return Object.values(value).every(mayRepeat);
  return typeof value !== "string" || (value.length <= MAX_CHARACTERS && !sensitiveText(value));
}

function isPlain(change: Change): boolean {
  return (
    change.operation === "replace" &&
    change.sensitive !== true &&
    change.shown === undefined &&
    isPlainScalar(change.desired) &&
    isPlainScalar(change.live)
  );
}

function isPlainScalar(value: Value | undefined): boolean {
  return value !== undefined && typeof value !== "bigint" && !isList(value) && !isMap(value);
}
