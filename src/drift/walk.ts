/** Where a comparison stands and what it has found: the one mutable thing of this folder, made anew for each object. */

import type { Change, LeftOutField } from "../core/drift.ts";
import type { Actor, DesiredObject, LiveObject, ManagedFields } from "../core/objects.ts";
import { ownerIndex } from "../core/owners.ts";
import type { OwnerIndex } from "../core/owners.ts";
import { equalSteps } from "../core/path.ts";
import type { FieldPath, PathStep } from "../core/path.ts";
import type { FieldSchema } from "../core/schema.ts";
import { compareText, fieldOf, isMap, MAX_DEPTH } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";
import { leftOutRule } from "../kinds/controllers.ts";
import type { AdmissionContext, DifferenceAt, LeftOutRule } from "../kinds/left-out.ts";
import { isBase64Field } from "../kinds/declared.ts";
import { otherNames } from "../kinds/other-names.ts";
import { digestKey, isSecretPath } from "../kinds/secret-fields.ts";

export interface Walk {
  readonly desired: DesiredObject;
  readonly live: LiveObject;
  readonly context: AdmissionContext;
  /** Who set which of live's fields. */
  readonly owners: OwnerIndex;
  /** Those who write status; asked for by each difference, and read once. */
  readonly statusWriters: () => ReadonlySet<string>;
  /** Nothing is known of the kind's fields: what the server defaults cannot be told from what somebody added. */
  readonly uncharted: boolean;
  /** Live was read in another version than Git declares: what one side lacks may only have another name there. */
  readonly converted: boolean;
  /** The server keeps empty maps and lists as they were written (custom resources); Go's own types drop most of them. */
  readonly verbatim: boolean;
  /** Where the walk stands, as Git names it. */
  readonly steps: PathStep[];
  /** The same as live names it: another key where a key itself was changed. */
  readonly liveSteps: PathStep[];
  /** The names of the fields on the way here. */
  readonly names: string[];
  readonly changes: Change[];
  readonly unknown: FieldPath[];
  readonly leftOut: LeftOutField[];
  /** Inside something atomic, which Git declares whole: free maps may have no keys of live's own. */
  readonly whole: boolean;
  /** Compares what stands at one place; handed in, because lists hold values and values hold lists. */
  readonly compare: (walk: Walk, pair: Pair) => void;
}

export interface Pair {
  readonly desired: Value;
  /** Absent where live lacks the place. */
  readonly live: Value | undefined;
  readonly schema: FieldSchema | undefined;
}

/** A difference at the place where the walk stands; absent on the side that lacks the field. */
export interface Difference {
  readonly desired?: Value;
  readonly live?: Value;
}

export function createWalk(
  input: Pick<Walk, "desired" | "live" | "context" | "uncharted" | "converted" | "verbatim" | "compare">,
  schema: FieldSchema | undefined,
): Walk {
  let statusWriters: ReadonlySet<string> | undefined;
  return {
    ...input,
    statusWriters: () => (statusWriters ??= statusWritersOf(input.live.managers)),
    owners: ownerIndex(input.live.managers, otherNames(input.desired.ref), (path) => isOwnedWhole(schema, path)),
    steps: [],
    liveSteps: [],
    names: [],
    changes: [],
    unknown: [],
    leftOut: [],
    whole: false,
  };
}

/** Unknown fields are taken to be of one owner, and so is what the API replaces whole. */
function isOwnedWhole(schema: FieldSchema | undefined, path: FieldPath): boolean {
  let at = schema;
  for (const step of path) {
    if (at === undefined) return true;
    if (step.kind !== "field") at = at.items;
    else at = at.fields !== undefined && Object.hasOwn(at.fields, step.name) ? at.fields[step.name] : at.values;
  }
  if (at === undefined || at.atomic === true || at.preserveUnknown === true) return true;
  if (at.list !== undefined) return at.list.kind === "atomic" || at.list.kind === "multiset";
  return at.fields === undefined && at.values === undefined;
}

/**
 * Whether `compare` finds a difference in what is compared as a whole. What it finds is thrown away, since the whole is
 * what differs; what it leaves out is kept where nothing differs.
 */
export function differs(walk: Walk, compare: (probe: Walk) => void): boolean {
  const probe: Walk = { ...walk, changes: [], unknown: [], leftOut: [], whole: true };
  compare(probe);
  if (probe.changes.length + probe.unknown.length > 0) return true;
  walk.leftOut.push(...probe.leftOut);
  return false;
}

/** Runs `inside` one step further down; `liveStep` where live names the place differently. */
export function within<Result>(walk: Walk, step: PathStep, inside: () => Result, liveStep: PathStep = step): Result {
  if (walk.steps.length > MAX_DEPTH) throw new Error("a value is deeper than readers accept");
  walk.steps.push(step);
  walk.liveSteps.push(liveStep);
  if (step.kind === "field") walk.names.push(step.name);
  const result = inside();
  if (step.kind === "field") walk.names.pop();
  walk.steps.pop();
  walk.liveSteps.pop();
  return result;
}

/** Whether empty maps and lists are kept here as they were written: metadata is of Go's own type in every kind. */
export function isVerbatim(walk: Walk): boolean {
  return walk.verbatim && walk.names[0] !== "metadata";
}

/** Stands for a difference inside what differs as a whole: what it is, nobody asks. */
const PROBED: Change = { path: [], operation: "replace", direction: "unknown" };

/** Notes a difference where the walk stands, unless it is known to be none. */
export function note(walk: Walk, difference: Difference): void {
  if (cannotBeTold(walk, difference)) {
    walk.unknown.push([...walk.steps]);
  } else if (!sameBytes(walk, difference) && !isLeftOut(walk, difference)) {
    walk.changes.push(walk.whole ? PROBED : changeOf(walk, difference));
  }
}

/** Whether a rule explains the difference where the walk stands; it is then noted as left out. */
export function isLeftOut(walk: Walk, difference: Difference): boolean {
  const rule = ruleOf(walk, difference);
  if (rule === undefined) return false;
  leaveOut(walk, difference, rule);
  return true;
}

export function leaveOut(walk: Walk, difference: Difference, { reason, rule, judged }: LeftOutRule): void {
  walk.leftOut.push({ ...changeOf(walk, difference), reason, rule, judged });
}

function ruleOf(walk: Walk, { desired, live }: Difference): LeftOutRule | undefined {
  const owner = live === undefined ? undefined : walk.owners.of(walk.liveSteps)[0];
  const difference: DifferenceAt = {
    ref: walk.desired.ref,
    path: walk.steps,
    names: walk.names,
    desired: walk.desired.value,
    live: walk.live.value,
    // Owners are told by keys: nothing is known of the owner of one item among several with the same keys.
    managed: walk.live.managers.length > 0 && !(owner === undefined && walk.steps.at(-1)?.kind === "index"),
    ...(desired === undefined ? {} : { desiredValue: desired }),
    ...(live === undefined ? {} : { liveValue: live }),
    ...(owner === undefined ? {} : { actor: owner, statusWriters: walk.statusWriters() }),
    ...(isRekeyed(walk) ? { rekeyed: true } : {}),
  };
  return leftOutRule(difference, walk.context);
}

/** Whether the walk stands at a field of an item that live names otherwise. */
function isRekeyed({ steps, liveSteps }: Walk): boolean {
  const [ours, theirs] = [steps.at(-2), liveSteps.at(-2)];
  return ours !== undefined && theirs !== undefined && !equalSteps(ours, theirs);
}

function statusWritersOf(managers: readonly ManagedFields[]): ReadonlySet<string> {
  const writers = managers.filter(
    ({ subresource, fields }) => subresource === "status" || fieldOf(fields, "f:status") !== undefined,
  );
  return new Set(writers.map(({ manager }) => manager));
}

/** Bytes in base64: the server reads them with line breaks in them, and answers without (Go's `encoding/base64`). */
function sameBytes(walk: Walk, { desired, live }: Difference): boolean {
  return (
    desired !== undefined && live !== undefined && isBase64Field(walk.names) && unwrapped(desired) === unwrapped(live)
  );
}

function unwrapped(value: Value): Value {
  return typeof value === "string" ? value.replaceAll(/[\r\n]/g, "") : value;
}

function cannotBeTold(walk: Walk, { desired, live }: Difference): boolean {
  if (desired === undefined) return false;
  if (live === undefined) return walk.converted;
  // Elsewhere a digest is a text like any other, which anybody could write to keep a change from being seen.
  if (!isSecretPath(walk.desired.ref, walk.steps)) return false;
  if (desired === "" || live === "") return false;
  const keys = [digestKey(desired), digestKey(live)];
  return keys.some((key) => key !== undefined) && keys[0] !== keys[1];
}

/** The difference where the walk stands, as a change. */
function changeOf(walk: Walk, { desired, live }: Difference): Change {
  const path = [...walk.steps];
  const actor = live === undefined ? undefined : actorOf(walk, desired === undefined ? live : undefined);
  const secret = isSecretPath(walk.desired.ref, path) || holdsDigest(desired) || holdsDigest(live);
  return {
    path,
    operation: operationOf(desired, live),
    ...(desired === undefined ? {} : { desired }),
    ...(live === undefined ? {} : { live }),
    direction: "unknown",
    ...(actor === undefined ? {} : { actor }),
    ...(secret ? { sensitive: true } : {}),
  };
}

function operationOf(desired: Value | undefined, live: Value | undefined): Change["operation"] {
  if (live === undefined) return "remove";
  return desired === undefined ? "add" : "replace";
}

/** Leaves of an addition whose owners are looked up; of a larger one the newest owner of the first ones is told. */
const MAX_LEAVES = 64;

/**
 * Who wrote the value where the walk stands: of an addition with fields of its own, the newest of those who wrote what is
 * left of it. Status is another writer's, `kubectl-last-applied` only remembers what was once applied, and
 * `ancient-changes` is what the API server calls everybody whose entry it gave up (apimachinery
 * `managedfields/internal/buildmanagerinfo.go`).
 */
function actorOf(walk: Walk, added: Value | undefined): Actor | undefined {
  const paths = isMap(added) ? leavesOf(added, walk.liveSteps).slice(0, MAX_LEAVES) : [walk.liveSteps];
  const owners = paths.flatMap((path) => walk.owners.of(path).find(isWriter) ?? []);
  return owners.toSorted((a, b) => compareText(b.time ?? "~", a.time ?? "~"))[0];
}

function isWriter({ manager, subresource }: Actor): boolean {
  return subresource !== "status" && manager !== "kubectl-last-applied" && manager !== "ancient-changes";
}

/** The fields of nested maps that hold no map themselves. */
function leavesOf(map: ValueMap, above: FieldPath): readonly FieldPath[] {
  const names = Object.keys(map).slice(0, MAX_LEAVES);
  if (names.length === 0) return [above];
  return names.flatMap((name) => {
    const path: FieldPath = [...above, { kind: "field", name }];
    const value = map[name] as Value;
    return isMap(value) ? leavesOf(value, path).slice(0, MAX_LEAVES) : [path];
  });
}

function holdsDigest(value: Value | undefined): boolean {
  if (typeof value !== "object" || value === null) return digestKey(value) !== undefined;
  const inside: readonly Value[] = Object.values(value);
  return inside.some((inner) => holdsDigest(inner));
}
