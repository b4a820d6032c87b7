/**
 * What the repository's `ignore` rules take out of a comparison. A rule without a manager is a decision that was reviewed
 * in Git and stands whatever policies say; one that names a manager rests on a name that anybody can write under, so that
 * policies are asked about what it ignores (`judged`).
 */

import type { Change, LeftOutField } from "../core/drift.ts";
import { formatLine } from "../core/fault.ts";
import { leadsTo, matchesSteps } from "../core/field-pattern.ts";
import type { PatternStep } from "../core/field-pattern.ts";
import { matchesGlob } from "../core/glob.ts";
import type { IgnoreRule } from "../core/ignore.ts";
import type { DesiredObject, LiveObject } from "../core/objects.ts";
import { valueAt } from "../core/path.ts";
import type { FieldPath, PathStep } from "../core/path.ts";
import { itemPlaces } from "../core/item-places.ts";
import type { ItemPlaces } from "../core/item-places.ts";
import { groupOf } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import { equalValues, fieldOf, isList, isMap, setField } from "../core/value.ts";
import type { Scalar, Value, ValueMap } from "../core/value.ts";

/** The rules that are about this object, or some field of it. */
export function rulesFor(rules: readonly IgnoreRule[], ref: ObjectRef): readonly IgnoreRule[] {
  return rules.filter((rule) => isAbout(rule, ref));
}

/** Whether the object is one of those that the rule names. */
export function isAbout(
  { kind, name, namespace }: Pick<IgnoreRule, "kind" | "name" | "namespace">,
  ref: ObjectRef,
): boolean {
  if (kind !== undefined && !matchesKind(kind, ref)) return false;
  if (name !== undefined && !matchesGlob(name, ref.name)) return false;
  return namespace === undefined || (ref.namespace !== undefined && matchesGlob(namespace, ref.namespace));
}

/** `Deployment`, or `Deployment.apps` with its group. */
function matchesKind(pattern: string, { apiVersion, kind }: ObjectRef): boolean {
  const dot = pattern.indexOf(".");
  if (dot < 0) return matchesGlob(pattern, kind);
  return matchesGlob(pattern.slice(0, dot), kind) && matchesGlob(pattern.slice(dot + 1), groupOf(apiVersion));
}

/** The first rule that leaves out the whole object, also where one side lacks it. Of `rulesFor` the object. */
export function wholeObjectRule(rules: readonly IgnoreRule[]): IgnoreRule | undefined {
  return rules.find(({ field, manager }) => field === undefined && manager === undefined);
}

/** What stands at a path of the objects that were compared. */
export type ValueAt = (path: FieldPath) => Value | undefined;

/** What Git says of an item tells what it is called, and what the cluster says only where Git has no such item. */
export function valueFinder(desired: Value, live: Value): ValueAt {
  const [inGit, inCluster] = [finderIn(desired), finderIn(live)];
  return (path) => inGit(path) ?? inCluster(path);
}

/** Lists are looked through once, however many of their items are asked about. */
function finderIn(root: Value): ValueAt {
  const known = new Map<readonly Value[], ItemPlaces>();
  const placesOf = (list: readonly Value[]): ItemPlaces => {
    const places = known.get(list) ?? itemPlaces({ items: list, valueOf: scalarOf });
    known.set(list, places);
    return places;
  };
  return (path) => {
    let value: Value | undefined = root;
    for (const step of path) {
      if (step.kind === "key") value = isList(value) ? value[placesOf(value).first(step.keys)] : undefined;
      else value = valueAt(value, [step]);
    }
    return value;
  };
}

function scalarOf(item: Value, name: string): Scalar | undefined {
  const value = fieldOf(item, name);
  return isList(value) || isMap(value) ? undefined : value;
}

export interface WithoutIgnored {
  /** What stays drift; absent where all of it is ignored. */
  readonly change?: Change;
  /** What was taken out, each part with its rule. */
  readonly left: readonly LeftOutField[];
}

/**
 * The change without what the rules (`rulesFor` its object) ignore. From something that was added the ignored parts are
 * taken, and the rest stays; what was replaced or removed as a whole is ignored only where nothing else in it differs.
 */
export function withoutIgnored(change: Change, rules: readonly IgnoreRule[], find?: ValueAt): WithoutIgnored {
  const able = byStrength(rules.filter((rule) => isBy(rule, change)));
  const place = { path: change.path, valueAt: find };
  const covering = able.find((rule) => covers(rule, place));
  if (covering !== undefined) return { left: [leftOutBy(covering, change)] };
  const inner = able.filter((rule) => reachesInto(rule, place));
  if (inner.length === 0) return { change, left: [] };
  return change.operation === "add" ? withoutParts(change, inner) : withoutWhole(change, inner);
}

/** Rules that no policy is asked about come first: where two rules ignore the same, the reviewed decision counts. */
function byStrength(rules: readonly IgnoreRule[]): readonly IgnoreRule[] {
  return rules.toSorted((a, b) => Number(isForgeable(a)) - Number(isForgeable(b)));
}

function isForgeable({ manager }: IgnoreRule): boolean {
  return manager !== undefined;
}

/** A removal, and what nobody owns, is nobody's that could be named. */
function isBy({ manager }: IgnoreRule, { actor }: Change): boolean {
  return manager === undefined || (actor !== undefined && matchesGlob(manager, actor.manager));
}

interface Place {
  readonly path: FieldPath;
  readonly valueAt: ValueAt | undefined;
}

function covers({ field }: IgnoreRule, place: Place): boolean {
  return field === undefined || matchesSteps({ ...place, steps: field.steps, count: field.steps.length });
}

function reachesInto({ field }: IgnoreRule, place: Place): boolean {
  const { length } = place.path;
  return (
    field !== undefined && field.steps.length > length && matchesSteps({ ...place, steps: field.steps, count: length })
  );
}

/** A difference that the rule ignores. */
export function leftOutBy(rule: IgnoreRule, change: Change): LeftOutField {
  return {
    ...change,
    reason: "ignored",
    rule: `ignored by the rule at ${formatLine(rule.position)} (${ruleWords(rule)})`,
    judged: isForgeable(rule),
  };
}

function withoutParts(change: Change, rules: readonly IgnoreRule[]): WithoutIgnored {
  const left: LeftOutField[] = [];
  let live = change.live;
  for (const rule of rules) {
    const { value, taken } = without(live, stepsBelow(rule, change.path));
    live = value;
    left.push(
      ...taken.map((part) => leftOutBy(rule, { ...change, path: [...change.path, ...part.path], live: part.value })),
    );
  }
  if (left.length === 0) return { change, left };
  return live === undefined ? { left } : { change: { ...change, live }, left };
}

/** Were only a part of it put back or taken over, the whole would be neither side's. */
function withoutWhole(change: Change, rules: readonly IgnoreRule[]): WithoutIgnored {
  let { desired, live } = change;
  for (const rule of rules) {
    const steps = stepsBelow(rule, change.path);
    desired = without(desired, steps).value;
    live = without(live, steps).value;
    if (equalValues(desired, live)) return { left: [leftOutBy(rule, change)] };
  }
  return { change, left: [] };
}

function stepsBelow({ field }: IgnoreRule, path: FieldPath): readonly PatternStep[] {
  return field?.steps.slice(path.length) ?? [];
}

interface Without {
  /** `undefined` where nothing is left. */
  readonly value: Value | undefined;
  readonly taken: readonly { readonly path: FieldPath; readonly value: Value }[];
}

/** The value without what the steps lead to, and without maps and lists that this empties. Recursion ends with the steps. */
function without(value: Value | undefined, steps: readonly PatternStep[]): Without {
  const [step, ...rest] = steps;
  if (value === undefined) return { value, taken: [] };
  if (step === undefined) return { value: undefined, taken: [{ path: [], value }] };
  if (isMap(value)) return withoutFields(value, step, rest);
  return isList(value) ? withoutItems(value, step, rest) : { value, taken: [] };
}

function withoutFields(map: ValueMap, step: PatternStep, rest: readonly PatternStep[]): Without {
  const taken: Without["taken"][number][] = [];
  const kept: Record<string, Value> = {};
  for (const name of Object.keys(map)) {
    const child = map[name] as Value;
    const inner = leadsTo(step, { name }) ? without(child, rest) : { value: child, taken: [] };
    if (inner.value !== undefined) setField(kept, name, inner.value);
    taken.push(...below({ kind: "field", name }, inner));
  }
  if (taken.length === 0) return { value: map, taken };
  return { value: Object.keys(kept).length === 0 ? undefined : kept, taken };
}

function withoutItems(list: readonly Value[], step: PatternStep, rest: readonly PatternStep[]): Without {
  const taken: Without["taken"][number][] = [];
  const kept: Value[] = [];
  for (const [index, item] of list.entries()) {
    const inner = leadsTo(step, { index, item }) ? without(item, rest) : { value: item, taken: [] };
    if (inner.value !== undefined) kept.push(inner.value);
    taken.push(...below(stepTo(item, index, step), inner));
  }
  if (taken.length === 0) return { value: list, taken };
  return { value: kept.length === 0 ? undefined : kept, taken };
}

function below(step: PathStep, { taken }: Without): Without["taken"] {
  return taken.map(({ path, value }) => ({ path: [step, ...path], value }));
}

/** An item by what the rule knows it by; without the schema nothing else tells the list's keys. */
function stepTo(item: Value, index: number, step: PatternStep): PathStep {
  if (step.kind === "key") {
    const keys = Object.keys(step.keys).map((name) => [name, fieldOf(item, name) as Scalar] as const);
    return { kind: "key", keys: Object.fromEntries(keys) };
  }
  return isMap(item) || isList(item) ? { kind: "index", index } : { kind: "value", value: item };
}

/** What a rule would be about is there, whether or not anything differs: a rule of which this never holds is a mistake. */
export function isInUse(
  rule: IgnoreRule,
  {
    ref,
    desired,
    live,
  }: {
    readonly ref: ObjectRef;
    readonly desired?: DesiredObject | undefined;
    readonly live?: LiveObject | undefined;
  },
): boolean {
  const { field, manager } = rule;
  if (!isAbout(rule, ref)) return false;
  if (manager !== undefined && live?.managers.some((entry) => matchesGlob(manager, entry.manager)) !== true)
    return false;
  return field === undefined || [desired, live].some((side) => without(side?.value, field.steps).taken.length > 0);
}

/** `kind Deployment, name web-*, field spec.replicas`. */
export function ruleWords({ kind, name, namespace, field, manager }: IgnoreRule): string {
  const named = Object.entries({ kind, name, namespace, field: field?.text, manager });
  return named.flatMap(([key, value]) => (value === undefined ? [] : [`${key} ${value}`])).join(", ");
}
