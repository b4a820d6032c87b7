/**
 * The mode `server-dry-run`: what a comparison found is corrected by what the API server says would come of applying what
 * Git declares.
 *
 * - A replaced or removed field that the server would leave as it is, is no drift: its own admission keeps it so.
 * - A declared field that the server would change, is drift, whatever the comparison thought it means.
 * - Additions survive an apply, so that they stay as they were found; one that the server puts back when it is taken away
 *   is admission's. So is asked of what reading puts down to admission only because nobody owns it.
 *
 * Where the server does not tell, the object's comparison stays as it was, and a fault says why; none where that is so by
 * design (Secrets).
 */

import type { Change, LeftOutField } from "../core/drift.ts";
import type { Fault } from "../core/fault.ts";
import type { Actor, DesiredObject, LiveObject } from "../core/objects.ts";
import { ownersOf } from "../core/owners.ts";
import { equalPaths, formatPath, startsWith } from "../core/path.ts";
import type { FieldPath, PathStep } from "../core/path.ts";
import { formatRef, kindKey } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import type { FieldSchema } from "../core/schema.ts";
import type { DryRunSource, Progress, Unpredicted } from "../core/stages.ts";
import { compareText, equalValues, fieldOf, isList, isMap, setField, withField } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import type { Comparison } from "../drift/compare.ts";
import { deploymentsOf } from "../drift/deployers.ts";
import { otherNames } from "../kinds/other-names.ts";

/** Objects that the server is asked about at once. */
const AT_ONCE = 4;

/** Objects that a fault names. */
const NAMED = 3;

/** Additions of one object that are taken away alone, where the server refuses to take all of them away. */
const ONE_BY_ONE = 8;

/** Of whoever has deployed nothing yet: nobody's fields are given up in its name. */
const NOBODY = "holdfast";

const KEPT = "applying what Git declares would leave it as it is (server dry-run)";
const PUT_BACK = "put back by the API server when it is taken away (server dry-run)";

/** Of these the API server copies fields of `spec` from the old object, whoever set them (pkg/registry, PrepareForUpdate). */
const COPIED: ReadonlySet<string> = new Set(
  [
    { apiVersion: "v1", kind: "PersistentVolumeClaim" },
    { apiVersion: "v1", kind: "Pod" },
    { apiVersion: "v1", kind: "Service" },
    { apiVersion: "batch/v1", kind: "Job" },
  ].map(kindKey),
);

export interface Compared {
  readonly object: DesiredObject;
  readonly live: LiveObject;
  readonly schema: FieldSchema | undefined;
  readonly comparison: Comparison;
}

export interface PredictorOptions {
  readonly dryRun: DryRunSource;
  /** As the object itself is compared, with the same facts of the cluster. */
  readonly compare: (desired: DesiredObject, live: LiveObject) => Comparison;
  /** The same without what webhooks and policies may have added and would put back; absent: nothing is supposed of them. */
  readonly compareStrictly?: (desired: DesiredObject, live: LiveObject) => Comparison;
  /** Field managers that deploy, besides those that are known to. */
  readonly deployers: readonly string[];
  readonly progress: Progress;
  /** Objects that Git declares. */
  readonly total: number;
}

/** An object that was compared read-only after all. */
export interface ReadOnly {
  readonly ref: ObjectRef;
  readonly why: string;
}

export interface Predictor {
  /** The comparisons, corrected, in their order. */
  predict(compared: readonly Compared[]): Promise<readonly Comparison[]>;
  /** One fault for each cause that kept objects from being asked about, and that somebody can do something about. */
  faults(): readonly Fault[];
  readOnly(): readonly ReadOnly[];
}

export function createPredictor(options: PredictorOptions): Predictor {
  const fallen: { readonly ref: ObjectRef; readonly cause: Unpredicted }[] = [];
  let done = 0;
  const predictOne = async (compared: Compared): Promise<Comparison> => {
    const corrected = await correct(options, compared);
    done++;
    options.progress({ stage: "server dry-run", what: "objects", done, total: options.total });
    if (!("kind" in corrected)) return corrected;
    fallen.push({ ref: compared.object.ref, cause: corrected });
    return compared.comparison;
  };
  return {
    predict: (compared) => eachOf(compared, predictOne),
    faults: () => faultsOf(fallen.filter(({ cause }) => cause.byDesign !== true)),
    readOnly: () => fallen.map(({ ref, cause }) => ({ ref, why: cause.why })),
  };
}

const OTHER_VERSION: Unpredicted = {
  kind: "unpredicted",
  why: "they were read in another API version than Git declares",
  remedy: "Declare all objects of a kind in one version that is served.",
};

async function correct(options: PredictorOptions, compared: Compared): Promise<Comparison | Unpredicted> {
  const { object, live, comparison } = compared;
  if (live.ref.apiVersion !== object.ref.apiVersion) return OTHER_VERSION;
  // By name only: who forges one has the dry run made as that manager, and no more.
  const [deployer] = deploymentsOf(live.managers, options.deployers);
  const manager = deployer === undefined ? NOBODY : managerName(deployer);
  const predicted = await options.dryRun.applied({ desired: object, live, manager });
  if ("kind" in predicted) return predicted;
  // Status is other writers', who go on while this is asked.
  const value = withField(predicted.value, "status", fieldOf(live.value, "status"));
  const told = options.compare({ ...object, value }, live);
  const strict = strictlyCompared(options, compared);
  const decided = decide({ ...compared, comparison: strict }, told, manager);
  const additions = decided.changes.filter((change) => isTried(object, change));
  const bare = await bareOf(options.dryRun, compared, additions);
  return { ...comparison, ...resolved(compared, decided, bare) };
}

/** What reading found, and of what it left out for having no owner, what the server can be asked about. */
function strictlyCompared({ compareStrictly }: PredictorOptions, { object, live, comparison }: Compared): Comparison {
  const isSupposed = comparison.leftOut.some(
    ({ operation, reason, judged }) => operation === "add" && reason === "admission" && judged,
  );
  return isSupposed && compareStrictly !== undefined ? compareStrictly(object, live) : comparison;
}

/** Additions, each with the live object as it would be without it. What the server refuses to take away has none. */
type Bare = ReadonlyMap<Change, LiveObject>;

/** All are taken away at once; where that is refused, the first few one by one: one of them must not hide the others. */
async function bareOf(dryRun: DryRunSource, compared: Compared, additions: readonly Change[]): Promise<Bare> {
  if (additions.length === 0) return new Map();
  const { object, live } = compared;
  const pathsOf = (changes: readonly Change[]): readonly FieldPath[] =>
    changes.flatMap(({ path }) => [path, ...twinPaths(object, live, path)]);
  const together = await dryRun.without(live, withoutInner(pathsOf(additions)));
  if (!("kind" in together)) return new Map(additions.map((change) => [change, together]));
  const found = new Map<Change, LiveObject>();
  if (additions.length === 1) return found;
  for (const change of additions.slice(0, ONE_BY_ONE)) {
    const alone = await dryRun.without(live, pathsOf([change]));
    if (!("kind" in alone)) found.set(change, alone);
  }
  return found;
}

/** The same under its other name, from which the server would fill it in again; not where Git declares that one. */
function twinPaths({ ref, value }: DesiredObject, live: LiveObject, path: FieldPath): readonly FieldPath[] {
  const [holder, last] = [path.at(-2), path.at(-1)];
  if (last?.kind !== "field") return [];
  const name = otherNames(ref)(holder?.kind === "field" ? holder.name : undefined, last.name);
  if (name === undefined) return [];
  const twin: FieldPath = [...path.slice(0, -1), { kind: "field", name }];
  return declaredAt(live.value, twin) === undefined || declaredAt(value, twin) !== undefined ? [] : [twin];
}

/** Each place once: what is in another one goes with it. */
function withoutInner(paths: readonly FieldPath[]): readonly FieldPath[] {
  return paths.filter((path, index) =>
    paths.every((other, at) => at === index || !startsWith(path, other) || (equalPaths(path, other) && index < at)),
  );
}

type Decided = Pick<Comparison, "changes" | "leftOut">;

/** `told`: what differs between the object as the server would have it, and live. */
function decide({ object, live, schema, comparison }: Compared, told: Comparison, manager: string): Decided {
  const differing = [...told.changes, ...told.leftOut].map(({ path }) => path);
  const differs = ({ path }: Change): boolean => [...differing, ...told.unknown].some((one) => overlap(one, path));
  const isKept = (change: Change): boolean =>
    change.operation === "add" || differs(change) || mayHideAddition(change, schema);
  const known = [...comparison.changes, ...comparison.leftOut].map(({ path }) => path).concat(comparison.unknown);
  const found = told.changes
    .filter(({ path }) => !known.some((one) => overlap(one, path)))
    .flatMap((change) => asDeclared(change, { object, live, manager }));
  const changes = [...comparison.changes.filter(isKept), ...found];
  return {
    changes: changes.toSorted((a, b) => compareText(formatPath(a.path), formatPath(b.path))),
    leftOut: [...comparison.leftOut, ...comparison.changes.filter((change) => !isKept(change)).map(leftOut(KEPT))],
  };
}

function leftOut(rule: string): (change: Change) => LeftOutField {
  // Policies are asked all the same: what admission makes of an object may violate them.
  return (change) => ({ ...change, reason: "admission", rule, judged: true });
}

function overlap(a: FieldPath, b: FieldPath): boolean {
  return startsWith(a, b) || startsWith(b, a);
}

/**
 * Whether what was compared as a whole may differ by something that only live has: an apply leaves that alone, unless the
 * API replaces the list or map whole.
 */
function mayHideAddition({ path, desired, live }: Change, schema: FieldSchema | undefined): boolean {
  return desired !== undefined && live !== undefined && hasMore(live, desired) && !isAtomic(schemaAt(schema, path));
}

function hasMore(live: Value, desired: Value): boolean {
  if (isMap(live)) {
    return (
      !isMap(desired) ||
      Object.keys(live).some(
        (name) => !Object.hasOwn(desired, name) || hasMore(live[name] as Value, desired[name] as Value),
      )
    );
  }
  if (!isList(live)) return false;
  return (
    !isList(desired) ||
    live.length > desired.length ||
    live.some((item, index) => hasMore(item, desired[index] as Value))
  );
}

function isAtomic(schema: FieldSchema | undefined): boolean {
  if (schema === undefined) return false;
  if (schema.items !== undefined) return schema.list === undefined || schema.list.kind === "atomic";
  return schema.atomic === true;
}

function schemaAt(schema: FieldSchema | undefined, path: FieldPath): FieldSchema | undefined {
  let current = schema;
  for (const step of path) current = step.kind === "field" ? partOf(current, step.name) : current?.items;
  return current;
}

function partOf(schema: FieldSchema | undefined, name: string): FieldSchema | undefined {
  const fields = schema?.fields;
  return fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : schema?.values;
}

/**
 * What the comparison did not find, as seen from Git: a field that it declares and the server would change; or one that it
 * has given up and that the deployer still owns. Anything else is what follows from other changes (a default that
 * another type of Service brings) or what admission would add today.
 */
function asDeclared(
  change: Change,
  { object, live, manager }: { readonly object: DesiredObject; readonly live: LiveObject; readonly manager: string },
): readonly Change[] {
  const desired = declaredAt(object.value, change.path);
  if (change.operation !== "add") return desired === undefined ? [] : [{ ...change, desired }];
  if (desired !== undefined) return [];
  const owners = ownersOf(live.managers, change.path);
  return owners.some((owner) => owner.operation === "Apply" && owner.manager === manager) ? [change] : [];
}

/** What Git says there; `undefined` for nothing, and for null. */
function declaredAt(value: Value, path: FieldPath): Value | undefined {
  let current: Value | undefined = value;
  for (const step of path) {
    current = step.kind === "field" ? fieldOf(current, step.name) : itemAt(current, step);
  }
  return current ?? undefined;
}

/** A key that an item leaves out has its default (`protocol: TCP`). */
function itemAt(list: Value | undefined, step: Exclude<PathStep, { readonly kind: "field" }>): Value | undefined {
  if (!isList(list)) return undefined;
  switch (step.kind) {
    case "index":
      return list[step.index];
    case "value":
      return list.find((item) => item === step.value);
    case "key":
      return list.find((item) =>
        Object.entries(step.keys).every(([name, key]) => (fieldOf(item, name) ?? key) === key),
      );
  }
}

function isTried({ ref }: DesiredObject, { operation, path }: Change): boolean {
  if (operation !== "add") return false;
  const [root] = path;
  return !COPIED.has(kindKey(ref)) || (root?.kind === "field" && root.name === "metadata");
}

/**
 * What the server puts back is admission's; of a map of any keys, the keys that it puts back. What reading supposed to be
 * admission's stays so where the server could not be asked.
 */
function resolved({ live, schema, comparison }: Compared, { changes, leftOut: left }: Decided, bare: Bare): Decided {
  const kept: Change[] = [];
  const out: LeftOutField[] = [...left];
  for (const change of changes) {
    const now = bare.get(change);
    const known = comparison.changes.find(({ path }) => equalPaths(path, change.path));
    const supposed = comparison.leftOut.filter(({ path }) => startsWith(path, change.path));
    if (change.operation !== "add") {
      kept.push(change);
    } else if (now === undefined) {
      if (known !== undefined || supposed.length === 0) kept.push(known ?? change);
      out.push(...supposed.filter((field) => !out.includes(field)));
    } else {
      const rest = restOf(change, { live, bare: now, schema });
      if (rest !== undefined) kept.push(rest);
      if (rest !== change) out.push(leftOut(PUT_BACK)(change));
    }
  }
  return { changes: kept, leftOut: out };
}

interface Bared {
  readonly live: LiveObject;
  readonly bare: LiveObject;
  readonly schema: FieldSchema | undefined;
}

/** What is not put back of an addition: all of it, nothing, or some keys of a map whose keys are anybody's choice. */
function restOf(change: Change, { live, bare, schema }: Bared): Change | undefined {
  const [was, now] = [declaredAt(live.value, change.path), declaredAt(bare.value, change.path)];
  if (was !== undefined && equalValues(now, was)) return undefined;
  if (!isMap(change.live) || !isMap(now) || schemaAt(schema, change.path)?.values === undefined) return change;
  const added = change.live;
  const rest: Record<string, Value> = {};
  for (const name of Object.keys(added)) {
    if (!equalValues(fieldOf(now, name), added[name])) setField(rest, name, added[name] as Value);
  }
  const left = Object.keys(rest).length;
  if (left === Object.keys(added).length) return change;
  return left === 0 ? undefined : { ...change, live: rest };
}

/** `kubectl apply --server-side` takes over what client-side apply owned (client-go `util/csaupgrade`). */
function managerName({ manager }: Actor): string {
  return manager === "kubectl-client-side-apply" ? "kubectl" : manager;
}

async function eachOf<In, Out>(items: readonly In[], run: (item: In) => Promise<Out>): Promise<readonly Out[]> {
  const results: Out[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await run(items[index] as In);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, work));
  return results;
}

function faultsOf(fallen: readonly { readonly ref: ObjectRef; readonly cause: Unpredicted }[]): readonly Fault[] {
  const groups = Map.groupBy(fallen, ({ cause }) => `${cause.why}\0${cause.remedy}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const names = group.map(({ ref }) => formatRef(ref)).toSorted(compareText);
    const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
    const objects = names.length === 1 ? "1 object was" : `${names.length} objects were`;
    return [
      {
        kind: "fault" as const,
        code: "dry-run-failed" as const,
        about: `${names.slice(0, NAMED).join(", ")}${more}`,
        message: `${objects} compared read-only, without a server dry run: ${first.cause.why} (${names.slice(0, NAMED).join(", ")}${more})`,
        remedy: first.cause.remedy,
        leavesUnknown: "nothing" as const,
      },
    ];
  });
}
