// What must be reported of a change, told from the stored object before and after it, without holdfast's comparison: the
// difference, at the highest place that Git does not cover.

import { field, formatPath } from "../../src/core/path.ts";
import type { FieldPath, PathStep } from "../../src/core/path.ts";
import { fieldOf, isList, isMap } from "../../src/core/value.ts";
import type { Scalar, Value, ValueMap } from "../../src/core/value.ts";
import { isOneValue, itemsOf, keyDefault, listKindOf, propertyOf } from "./schema.ts";
import type { Schema } from "./schema.ts";

export interface StoredChange {
  readonly path: FieldPath;
  readonly before?: Value;
  readonly after?: Value;
}

export interface ExpectedChange {
  readonly path: FieldPath;
  readonly text: string;
  readonly operation: "add" | "remove" | "replace";
  /** The stored value there; absent for a removal. */
  readonly live?: Value;
}

const ROOT_LEFT_OUT: ReadonlySet<string> = new Set(["apiVersion", "kind", "status"]);
const METADATA: ReadonlySet<string> = new Set(["labels", "annotations", "finalizers", "ownerReferences"]);
const BOOKKEEPING = "kubectl.kubernetes.io/last-applied-configuration";

/** Where two stored objects differ, status and bookkeeping aside. */
export function storedChanges(before: ValueMap, after: ValueMap, schema: Schema | undefined): readonly StoredChange[] {
  const changes: StoredChange[] = [];
  compare({ changes, path: [] }, strip(before), strip(after), schema);
  return changes;
}

function strip(object: ValueMap): ValueMap {
  const kept: Record<string, Value> = {};
  for (const [name, value] of Object.entries(object)) {
    if (ROOT_LEFT_OUT.has(name)) continue;
    if (name !== "metadata" || !isMap(value)) kept[name] = value;
    else
      kept[name] = Object.fromEntries(
        Object.entries(value)
          .filter(([inner]) => METADATA.has(inner))
          .map(([inner, one]) => [inner, inner === "annotations" ? withoutKey(one) : one]),
      );
  }
  return kept;
}

function withoutKey(annotations: Value): Value {
  if (!isMap(annotations)) return annotations;
  const { [BOOKKEEPING]: _ours, ...rest } = annotations;
  return rest;
}

interface At {
  readonly changes: StoredChange[];
  readonly path: FieldPath;
}

function compare(at: At, before: Value | undefined, after: Value | undefined, schema: Schema | undefined): void {
  const [b, a] = [before ?? undefined, after ?? undefined];
  if (b === undefined && a === undefined) return;
  if (b === undefined || a === undefined) {
    at.changes.push({
      path: at.path,
      ...(b === undefined ? {} : { before: b }),
      ...(a === undefined ? {} : { after: a }),
    });
  } else if (isMap(b) && isMap(a) && !isOneValue(schema)) {
    for (const name of new Set([...Object.keys(b), ...Object.keys(a)])) {
      compare({ ...at, path: [...at.path, field(name)] }, fieldOf(b, name), fieldOf(a, name), propertyOf(schema, name));
    }
  } else if (isList(b) && isList(a) && listKindOf(schema).kind !== "atomic") {
    compareItems(at, b, a, schema);
  } else if (!same(b, a)) {
    at.changes.push({ path: at.path, before: b, after: a });
  }
}

function compareItems(at: At, before: readonly Value[], after: readonly Value[], schema: Schema | undefined): void {
  const [ours, theirs] = [byStep(before, schema), byStep(after, schema)];
  for (const [text, { step, item }] of [...ours, ...[...theirs].filter(([key]) => !ours.has(key))]) {
    const [b, a] = [ours.get(text)?.item, theirs.get(text)?.item];
    compare(
      { ...at, path: [...at.path, ours.get(text)?.step ?? step] },
      b,
      a,
      isMap(item) ? itemsOf(schema) : undefined,
    );
  }
}

/** Items by what names them; duplicates by position. */
function byStep(
  items: readonly Value[],
  schema: Schema | undefined,
): Map<string, { readonly step: PathStep; readonly item: Value }> {
  const found = new Map<string, { step: PathStep; item: Value }>();
  for (const [index, item] of items.entries()) {
    const step = stepTo(item, schema);
    const text = formatPath([step]);
    const place: PathStep = found.has(text) ? { kind: "index", index } : step;
    found.set(formatPath([place]), { step: place, item });
  }
  return found;
}

export function stepTo(item: Value, schema: Schema | undefined): PathStep {
  const list = listKindOf(schema);
  if (list.kind !== "map") return { kind: "value", value: item as Scalar };
  return { kind: "key", keys: Object.fromEntries(list.keys.map((key) => [key, keyOf(item, key, schema)])) };
}

function keyOf(item: Value, key: string, schema: Schema | undefined): Scalar {
  const value = (fieldOf(item, key) ?? keyDefault(schema, key) ?? null) as Scalar;
  // Go's default of a text that must be given.
  return value === "" ? null : value;
}

export function same(a: Value, b: Value): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: Value): Value {
  if (isList(value)) return value.map(sorted);
  if (!isMap(value)) return typeof value === "bigint" ? value.toString() : value;
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((key) => [key, sorted(value[key] as Value)]),
  );
}

/** The change as holdfast must report it; `undefined` where Git neither has the field nor does live any more. */
export function seenFromGit(
  { path, after }: StoredChange,
  git: ValueMap,
  { live, schema }: { readonly live: ValueMap; readonly schema: Schema | undefined },
): ExpectedChange | undefined {
  const covered = coveredLength(path, git, schema);
  if (after !== undefined && same(valueBy(git, path, schema) ?? null, after)) return undefined;
  if (covered === path.length) {
    return expected(path, after === undefined ? "remove" : "replace", after);
  }
  const lifted = path.slice(0, covered + 1);
  const value = valueBy(live, lifted, schema);
  return value === undefined || value === null ? undefined : expected(lifted, "add", value);
}

function expected(path: FieldPath, operation: ExpectedChange["operation"], live: Value | undefined): ExpectedChange {
  return { path, operation, text: `${operation} ${formatPath(path)}`, ...(live === undefined ? {} : { live }) };
}

/** How many steps of the path Git has. */
export function coveredLength(path: FieldPath, git: Value, schema: Schema | undefined): number {
  let [value, place]: [Value | undefined, Schema | undefined] = [git, schema];
  for (const [index, step] of path.entries()) {
    [value, place] = into(value, step, place);
    if (value === undefined || value === null) return index;
  }
  return path.length;
}

function valueBy(value: Value, path: FieldPath, schema: Schema | undefined): Value | undefined {
  let [current, place]: [Value | undefined, Schema | undefined] = [value, schema];
  for (const step of path) [current, place] = into(current, step, place);
  return current;
}

function into(
  value: Value | undefined,
  step: PathStep,
  schema: Schema | undefined,
): [Value | undefined, Schema | undefined] {
  if (step.kind === "field") return [fieldOf(value, step.name), propertyOf(schema, step.name)];
  const items = isList(value) ? value : [];
  const wanted = formatPath([step]);
  const found =
    step.kind === "index" ? items[step.index] : items.find((item) => formatPath([stepTo(item, schema)]) === wanted);
  return [found, itemsOf(schema)];
}
