/** Where a comparison stands and what it has found: the one mutable thing of this folder, made anew for each object. */

import type { Change } from "../core/drift.ts";
import type { Actor, DesiredObject, LiveObject } from "../core/objects.ts";
import { ownersOf } from "../core/owners.ts";
import type { FieldPath, PathStep } from "../core/path.ts";
import type { FieldSchema } from "../core/schema.ts";
import { MAX_DEPTH } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import {
  addedBySystem,
  continuesDeclared,
  controllerOwns,
  filledIn,
  isBase64Field,
  withoutAllocated,
} from "../kinds/declared.ts";
import type { FieldAt } from "../kinds/declared.ts";
import { digestKey, isSecretPath } from "../kinds/secret-fields.ts";

export interface LeftOut {
  readonly controller: number;
  readonly admission: number;
  readonly ignored: number;
}

export interface Walk {
  readonly desired: DesiredObject;
  readonly live: LiveObject;
  readonly scaled: boolean;
  /** Where the walk stands, as Git names it. */
  readonly steps: PathStep[];
  /** The same as live names it: another key where a key itself was changed. */
  readonly liveSteps: PathStep[];
  readonly changes: Change[];
  readonly unknown: FieldPath[];
  /** Items that only live has and that nobody owns. */
  readonly unowned: Change[];
  readonly leftOut: { -readonly [Kind in keyof LeftOut]: number };
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

export function createWalk(input: Pick<Walk, "desired" | "live" | "scaled" | "compare">): Walk {
  return {
    ...input,
    steps: [],
    liveSteps: [],
    changes: [],
    unknown: [],
    unowned: [],
    leftOut: { controller: 0, admission: 0, ignored: 0 },
    whole: false,
  };
}

/** Whether `compare` finds a difference; what it finds is thrown away. For values that are compared as a whole. */
export function differs(walk: Walk, compare: (probe: Walk) => void): boolean {
  const probe: Walk = { ...walk, changes: [], unknown: [], unowned: [], leftOut: { ...walk.leftOut }, whole: true };
  compare(probe);
  return probe.changes.length + probe.unknown.length > 0;
}

/** Runs `inside` one step further down; `liveStep` where live names the place differently. */
export function within(walk: Walk, step: PathStep, inside: () => void, liveStep: PathStep = step): void {
  if (walk.steps.length > MAX_DEPTH) throw new Error("a value is deeper than readers accept");
  walk.steps.push(step);
  walk.liveSteps.push(liveStep);
  inside();
  walk.steps.pop();
  walk.liveSteps.pop();
}

/** Notes a difference where the walk stands, unless it is known to be none. */
export function note(walk: Walk, difference: Difference): void {
  const path = [...walk.steps];
  const reason = explain(walk, difference);
  if (reason === "unknown") walk.unknown.push(path);
  else if (reason !== undefined) walk.leftOut[reason] += 1;
  else walk.changes.push(changeOf(walk, { ...difference, path }));
}

/** Notes an item that only live has; `step` is its own. */
export function noteAdded(walk: Walk, step: PathStep, item: Value): void {
  const system = addedBySystem(fieldAt(walk), item, walk.live.ref.name);
  if (system !== undefined) {
    walk.leftOut[system] += 1;
    return;
  }
  within(walk, step, () => {
    // The API server works out who owns what before mutating webhooks run: what these add belongs to nobody. Owners are
    // told by keys, so that nothing is known of the owner of one item among several with the same keys.
    if (walk.live.managers.length > 0 && step.kind !== "index" && actorOf(walk) === undefined) {
      walk.leftOut.admission += 1;
      walk.unowned.push(changeOf(walk, { live: item, path: [...walk.steps] }));
    } else note(walk, { live: withoutAllocated(fieldAt(walk), item, walk.desired.value) });
  });
}

/** The names of the fields on the way here. */
export function fieldAt(walk: Walk): FieldAt {
  return {
    kind: walk.desired.ref,
    names: walk.steps.flatMap((step) => (step.kind === "field" ? [step.name] : [])),
  };
}

type Reason = keyof LeftOut | "unknown";

function explain(walk: Walk, { desired, live }: Difference): Reason | undefined {
  const at = fieldAt(walk);
  if (controllerOwns(at, walk.desired.value)) return "controller";
  if (walk.scaled && at.names.length === 2 && at.names[0] === "spec" && at.names[1] === "replicas") return "controller";
  if (desired === undefined) return undefined;
  if (live === undefined) return walk.desired.ref.apiVersion === apiVersionOf(walk.live) ? undefined : "unknown";
  if (filledIn(at, desired, live) || continuesDeclared(at, desired, live)) return "ignored";
  if (isBase64Field(at.names) && unwrapped(desired) === unwrapped(live)) return "ignored";
  // Elsewhere a digest is a text like any other, which anybody could write to keep a change from being seen.
  if (!isSecretPath(walk.desired.ref, walk.steps)) return undefined;
  const keys = [digestKey(desired), digestKey(live)];
  return keys.some((key) => key !== undefined) && keys[0] !== keys[1] ? "unknown" : undefined;
}

function apiVersionOf(live: LiveObject): Value {
  return live.value["apiVersion"] ?? live.ref.apiVersion;
}

function unwrapped(value: Value): Value {
  return typeof value === "string" ? value.replaceAll(/[\r\n]/g, "") : value;
}

function changeOf(walk: Walk, { path, desired, live }: Difference & { readonly path: FieldPath }): Change {
  const actor = live === undefined ? undefined : actorOf(walk);
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

/** Status is another writer's, and `kubectl-last-applied` only remembers what was once applied. */
function actorOf(walk: Walk): Actor | undefined {
  return ownersOf(walk.live.managers, walk.liveSteps).find(
    ({ manager, subresource }) => subresource !== "status" && manager !== "kubectl-last-applied",
  );
}

function holdsDigest(value: Value | undefined): boolean {
  if (typeof value !== "object" || value === null) return digestKey(value) !== undefined;
  const inside: readonly Value[] = Object.values(value);
  return inside.some((inner) => holdsDigest(inner));
}
